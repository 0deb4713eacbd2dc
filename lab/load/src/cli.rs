//! The command line.

use std::{net::SocketAddr, path::PathBuf};

use clap::{Parser, Subcommand};

/// Load a WebTorrent tracker on this machine with many viewers
#[derive(Debug, Parser)]
#[command(version)]
pub(crate) struct Cli {
    /// The tracker, such as ws://127.0.0.1:8090/. Loopback only
    #[arg(value_parser = url)]
    pub(crate) url: Url,
    /// The tracker's process, whose memory and processor time are measured
    #[arg(long, value_name = "PID")]
    pub(crate) pid: u32,
    /// Viewers, each with a connection and a loopback address of its own
    #[arg(long, value_name = "N", default_value = "10000", value_parser = clap::value_parser!(u32).range(2..=60_000))]
    pub(crate) viewers: u32,
    /// Swarms that the viewers are spread over
    #[arg(long, value_name = "N", default_value = "100", value_parser = clap::value_parser!(u32).range(1..=60_000))]
    pub(crate) swarms: u32,
    /// The one swarm that all viewers are in, as 40 hexadecimal digits, instead of made up ones
    #[arg(long, value_name = "HEX", value_parser = swarm)]
    pub(crate) swarm: Option<[u8; 20]>,
    /// Offers in each announce
    #[arg(long, value_name = "N", default_value = "5", value_parser = clap::value_parser!(u32).range(1..=10))]
    pub(crate) offers: u32,
    /// Bytes of each session description
    #[arg(long, value_name = "BYTES", default_value = "1000", value_parser = clap::value_parser!(u32).range(1..=8_000))]
    pub(crate) sdp: u32,
    /// Connections that mean no good, beside the viewers during the load: silent, of one byte a second, never reading
    #[arg(long, value_name = "N", default_value = "0", value_parser = clap::value_parser!(u32).range(0..=60_000))]
    pub(crate) hostile: u32,
    /// Addresses that these come from
    #[arg(long, value_name = "N", default_value = "16", value_parser = clap::value_parser!(u32).range(1..=60_000))]
    pub(crate) hostile_addresses: u32,
    /// How long these are let alone before the load, in seconds
    #[arg(long, value_name = "S", default_value = "5", value_parser = clap::value_parser!(u32).range(0..=600))]
    pub(crate) hostile_ahead: u32,
    /// Print one line of JSON instead of a table
    #[arg(long)]
    pub(crate) json: bool,
    #[command(subcommand)]
    pub(crate) load: Load,
}

#[derive(Clone, Debug, Subcommand)]
pub(crate) enum Load {
    /// Everybody announces once and then only watches
    Idle {
        /// How long the tracker's processor time is measured
        #[arg(long, value_name = "S", default_value = "10", value_parser = clap::value_parser!(u32).range(1..=600))]
        seconds: u32,
    },
    /// So many announces are under way at any time; the next begins when one is complete
    Saturated {
        /// Announces under way
        #[arg(long, value_name = "N", default_value = "256", value_parser = clap::value_parser!(u32).range(1..=10_000))]
        in_flight: u32,
        /// Announces in all. Limits by connection allow each viewer a few at once: three are none too many
        #[arg(long, value_name = "N", default_value = "30000", value_parser = clap::value_parser!(u32).range(1..=10_000_000))]
        announces: u32,
    },
    /// So many announces per second, whether the tracker keeps up or not
    Open {
        /// Announces per second
        #[arg(long, value_name = "N", default_value = "150", value_parser = clap::value_parser!(u32).range(1..=10_000))]
        rate: u32,
        /// How long
        #[arg(long, value_name = "S", default_value = "15", value_parser = clap::value_parser!(u32).range(1..=3_600))]
        seconds: u32,
    },
    /// Gives an order to switch sharing off; measures until the last viewer has heard of it
    Switch {
        /// The command that gives it, and its arguments
        #[arg(required = true, trailing_var_arg = true)]
        order: Vec<PathBuf>,
    },
}

/// Where a tracker listens.
#[derive(Clone, Debug)]
pub(crate) struct Url {
    pub(crate) text: String,
    pub(crate) server: SocketAddr,
}

fn url(text: &str) -> Result<Url, &'static str> {
    let host = text
        .strip_prefix("ws://")
        .ok_or("give ws:// and an address")?;
    let host = host.split('/').next().unwrap_or_default();
    let server: SocketAddr = host
        .parse()
        .map_err(|_| "give an IPv4 address and a port")?;
    if !server.is_ipv4() || !server.ip().is_loopback() {
        return Err("only a tracker on this machine is loaded: give an address of 127.0.0.0/8");
    }
    let text = text.into();
    Ok(Url { text, server })
}

fn swarm(text: &str) -> Result<[u8; 20], &'static str> {
    let mistake = "a swarm's name has 40 hexadecimal digits";
    let mut bytes = [0; 20];
    if text.len() != 40 || !text.is_ascii() {
        return Err(mistake);
    }
    for (at, byte) in bytes.iter_mut().enumerate() {
        let digits = text.get(2 * at..2 * at + 2).ok_or(mistake)?;
        *byte = u8::from_str_radix(digits, 16).map_err(|_| mistake)?;
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machine_is_loaded() {
        assert!(url("ws://127.0.0.1:8090/").is_ok());
        for other in [
            "ws://192.0.2.1:80/",
            "wss://127.0.0.1:1/",
            "ws://[::1]:80/",
            "ws://a:80",
        ] {
            assert!(url(other).is_err(), "{other}");
        }
    }

    #[test]
    fn a_swarm_is_named_in_hexadecimal() {
        assert_eq!(swarm(&"0f".repeat(20)), Ok([15; 20]));
        assert!(swarm("0f").is_err() && swarm(&"xy".repeat(20)).is_err());
    }
}
