//! Several nodes of one site: with a real Redis, and behind real proxies, where these are installed.

mod alone;
mod crowd;
#[path = "../server/harness.rs"]
#[allow(dead_code, reason = "the tests of a single server use more of it")]
mod harness;
mod programs;
mod proxies;
mod sharing;
mod site;
mod viewer;
