//! What the simulator shows of the engine: each test is a behaviour. One binary, so that it is linked once.

mod audience;
mod churn;
mod floors;
mod harvester;
mod http_only_twin;
mod hybrid_loader;
mod live_edge;
mod mirrors;
mod nat_islands;
mod origin_outage;
mod poisoned_peer;
mod quality_switch;
mod same_seed;
mod seek_storm;
mod setup;
mod slow_uploader;
mod switched_off_in_mid_play;
mod traces;
mod tracker_outage;
mod vod_offload;
