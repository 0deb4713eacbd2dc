//! Events of requests, links, packets and messages, which may give an engine an input.

mod http;
mod link;
mod packet;
mod tracker;
