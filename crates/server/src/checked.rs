//! Values of the configuration that check themselves, so that an error names the line that holds it.

use std::net::SocketAddr;

use ipnet::IpNet;
use serde::{Deserialize, Serialize};
use shoal_wire::index::P2p;

/// A whole number within bounds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "i64", into = "u64")]
pub(crate) struct Within<const MIN: u64, const MAX: u64>(u64);

impl<const MIN: u64, const MAX: u64> Within<MIN, MAX> {
    /// The nearest number within the bounds.
    pub(crate) fn near(number: impl TryInto<u64>) -> Self {
        Self(number.try_into().unwrap_or(MAX).clamp(MIN, MAX))
    }

    pub(crate) fn get(self) -> u64 {
        self.0
    }

    /// As a length or a count in memory.
    pub(crate) fn size(self) -> usize {
        usize::try_from(self.0).unwrap_or(usize::MAX)
    }

    pub(crate) fn small(self) -> u32 {
        u32::try_from(self.0).unwrap_or(u32::MAX)
    }
}

impl<const MIN: u64, const MAX: u64> TryFrom<i64> for Within<MIN, MAX> {
    type Error = String;

    fn try_from(number: i64) -> Result<Self, String> {
        u64::try_from(number)
            .ok()
            .filter(|number| (MIN..=MAX).contains(number))
            .map(Self)
            .ok_or_else(|| format!("give a whole number from {MIN} to {MAX}"))
    }
}

impl<const MIN: u64, const MAX: u64> From<Within<MIN, MAX>> for u64 {
    fn from(number: Within<MIN, MAX>) -> Self {
        number.0
    }
}

/// A text that is checked when it is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
#[serde(bound = "T: Text")]
pub struct Checked<T>(pub T)
where
    T: Text;

/// Value that a checked text stands for.
pub trait Text: Clone + Sized {
    /// Reads it.
    ///
    /// # Errors
    /// A sentence that says what to write.
    fn read(text: &str) -> Result<Self, &'static str>;
    /// Writes it so that it can be read again.
    fn write(&self) -> String;
}

impl<T: Text> TryFrom<String> for Checked<T> {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, &'static str> {
        T::read(&text).map(Self)
    }
}

impl<T: Text> From<Checked<T>> for String {
    fn from(checked: Checked<T>) -> Self {
        checked.0.write()
    }
}

impl Text for SocketAddr {
    fn read(text: &str) -> Result<Self, &'static str> {
        text.parse()
            .map_err(|_| "give an address and a port, such as 127.0.0.1:8080 or [::]:8080")
    }

    fn write(&self) -> String {
        self.to_string()
    }
}

impl Text for IpNet {
    fn read(text: &str) -> Result<Self, &'static str> {
        network(text)
    }

    fn write(&self) -> String {
        self.to_string()
    }
}

impl Text for P2p {
    fn read(text: &str) -> Result<Self, &'static str> {
        match text {
            "ask" => Ok(Self::Ask),
            "off" => Ok(Self::Off),
            "on" => Ok(Self::On),
            _ => Err("write on, ask or off"),
        }
    }

    fn write(&self) -> String {
        match self {
            Self::Ask => "ask",
            Self::Off => "off",
            Self::On => "on",
        }
        .into()
    }
}

/// A host's name, or its address as in a URL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Host(pub(crate) String);

impl Text for Host {
    fn read(text: &str) -> Result<Self, &'static str> {
        let is_v6 = text.starts_with('[') && text.ends_with(']');
        let plain = |c: char| {
            c.is_ascii_alphanumeric() || matches!(c, '-' | '.') || (is_v6 && "[:]".contains(c))
        };
        (!text.is_empty() && text.chars().all(plain))
            .then(|| Self(text.into()))
            .ok_or("give a host's name alone, such as origin.example, or an address, such as [2001:db8::1]")
    }

    fn write(&self) -> String {
        self.0.clone()
    }
}

/// Texts that are kept as they were read.
macro_rules! kept {
    ($($(#[$doc:meta])* $name:ident $read:ident,)*) => {
        $(
            $(#[$doc])*
            #[derive(Clone, Debug, PartialEq, Eq)]
            pub(crate) struct $name(pub(crate) String);

            impl Text for $name {
                fn read(text: &str) -> Result<Self, &'static str> {
                    $read(text).map(Self)
                }

                fn write(&self) -> String {
                    self.0.clone()
                }
            }
        )*
    };
}

kept! {
    /// The URL of a STUN server.
    StunUrl stun_url,
    /// The URL of a TURN server.
    TurnUrl turn_url,
    /// The top of a copy of the served directory.
    MirrorUrl mirror_url,
}

/// Reads the URL of a mirror, and puts a slash at its end.
///
/// # Errors
/// A sentence that says what to write.
pub fn mirror_url(text: &str) -> Result<String, &'static str> {
    let url = url(text, &["http://", "https://"]).filter(|url| !url.contains(['?', '#', ' ']));
    let url = url.ok_or("a mirror's address begins with http:// or https:// and names a folder")?;
    Ok(format!("{}/", url.trim_end_matches('/')))
}

/// Reads an address, or a network in the form of CIDR.
///
/// # Errors
/// A sentence that says what to write.
pub fn network(text: &str) -> Result<IpNet, &'static str> {
    let address = text.parse::<std::net::IpAddr>().map(IpNet::from);
    address
        .or_else(|_| text.parse())
        .map_err(|_| "give an address or a network, such as 10.0.0.0/8 or ::1")
}

/// Reads the URL of a STUN server.
///
/// # Errors
/// A sentence that says what to write.
pub fn stun_url(text: &str) -> Result<String, &'static str> {
    url(text, &["stun:", "stuns:"]).ok_or("a STUN server's address begins with stun: or stuns:")
}

/// Reads the URL of a TURN server.
///
/// # Errors
/// A sentence that says what to write.
pub fn turn_url(text: &str) -> Result<String, &'static str> {
    url(text, &["turn:", "turns:"]).ok_or("a TURN server's address begins with turn: or turns:")
}

fn url(text: &str, beginnings: &[&str]) -> Option<String> {
    let known = beginnings
        .iter()
        .any(|beginning| text.starts_with(beginning));
    known.then(|| text.to_owned())
}
