//! What comes of requests, links, packets and messages: events that may give an engine an input.

mod http;
mod link;
mod packet;
mod tracker;
