//! Where to connect, and from where one may.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;

use toml::de::DeValue;

use crate::kind;
use crate::reader::Read;

/// A host and a port to connect to; the name is resolved when the link connects.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Address {
    /// A name or an IP address, without brackets.
    pub host: String,
    /// The TCP port, 1..=65535.
    pub port: u16,
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.host.contains(':') {
            write!(f, "[{}]:{}", self.host, self.port)
        } else {
            write!(f, "{}:{}", self.host, self.port)
        }
    }
}

impl FromStr for Address {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const CURE: &str =
            "write host and port, such as \"smsc.example.com:2775\" or \"[2001:db8::1]:2775\"";
        let (host, port) = text.rsplit_once(':').ok_or(CURE)?;
        let port: u16 = port.parse().ok().filter(|port| *port > 0).ok_or(CURE)?;
        if let Some(inner) = host
            .strip_prefix('[')
            .and_then(|host| host.strip_suffix(']'))
        {
            inner.parse::<std::net::Ipv6Addr>().map_err(|_| CURE)?;
            return Ok(Self {
                host: inner.to_owned(),
                port,
            });
        }
        let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
        if host.is_empty() || host.len() > 253 || !host.chars().all(fits) {
            return Err(CURE);
        }
        Ok(Self {
            host: host.to_owned(),
            port,
        })
    }
}

/// A block of IP addresses: an address, or an address and a count of leading bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network {
    /// The first address of the block.
    pub address: IpAddr,
    /// How many leading bits have to agree: 0..=32 or 0..=128.
    pub bits: u8,
}

impl Network {
    /// Whether the address lies in the block. An IPv4 address in IPv6 form counts as IPv4.
    pub fn contains(&self, address: IpAddr) -> bool {
        let (own, own_bits) = number(self.address);
        let (other, other_bits) = number(address.to_canonical());
        own_bits == other_bits
            && shifted(own, own_bits, self.bits) == shifted(other, own_bits, self.bits)
    }
}

fn number(address: IpAddr) -> (u128, u8) {
    match address {
        IpAddr::V4(address) => (u128::from(u32::from(address)), 32),
        IpAddr::V6(address) => (u128::from(address), 128),
    }
}

/// The leading `bits` of a number of `width` bits.
fn shifted(number: u128, width: u8, bits: u8) -> u128 {
    number
        .checked_shr(u32::from(width.saturating_sub(bits)))
        .unwrap_or(0)
}

impl FromStr for Network {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const CURE: &str = "write an address or a block, such as \"192.0.2.7\" or \"10.0.0.0/8\"";
        let (address, bits) = text
            .split_once('/')
            .map_or((text, None), |(address, bits)| (address, Some(bits)));
        let address: IpAddr = address.parse().map_err(|_| CURE)?;
        let (value, width) = number(address);
        let bits: u8 = bits.map_or(Ok(width), str::parse).map_err(|_| CURE)?;
        if bits > width {
            return Err(CURE);
        }
        let back = shifted(value, width, bits)
            .checked_shl(u32::from(width - bits))
            .unwrap_or(0);
        if back != value {
            return Err(
                "the address has bits set beyond the block; write the first address of the block",
            );
        }
        Ok(Self { address, bits })
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.bits)
    }
}

/// An address to listen on; a name is refused, because it may mean several.
pub(crate) fn listen(value: &DeValue<'_>) -> Read<SocketAddr> {
    let text = kind::text(value)?;
    text.parse().map_err(|_| {
        format!("is {text:?}; write an IP address and a port, such as \"127.0.0.1:8080\" or \"[::]:8080\"").into()
    })
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing
    )]

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_block_holds_what_shares_its_bits(a in any::<u32>(), b in any::<u32>(), bits in 0..=32u8) {
            let first = if bits == 0 { 0 } else { a >> (32 - bits) << (32 - bits) };
            let block: Network = format!("{}/{bits}", IpAddr::V4(first.into())).parse().unwrap();
            let same = bits == 0 || (a >> (32 - bits)) == (b >> (32 - bits));
            prop_assert!(block.contains(IpAddr::V4(a.into())));
            prop_assert_eq!(block.contains(IpAddr::V4(b.into())), same);
            prop_assert!(block.contains(IpAddr::V6(std::net::Ipv4Addr::from(a).to_ipv6_mapped())));
            prop_assert_eq!(block.to_string().parse::<Network>(), Ok(block));
        }

        #[test]
        fn no_text_panics(text in "[0-9a-f:./\\[\\]]{0,30}") {
            let _ = (text.parse::<Network>(), text.parse::<Address>());
        }
    }

    #[test]
    fn an_address_without_port_or_host_is_refused() {
        for text in [
            "smsc",
            "smsc:0",
            ":2775",
            "smsc:70000",
            "2001:db8::1:2775",
            "[nonsense]:1",
            "a b:1",
            "",
        ] {
            assert!(text.parse::<Address>().is_err(), "{text}");
        }
        let six: Address = "[2001:db8::1]:2775".parse().unwrap();
        assert_eq!(six.to_string(), "[2001:db8::1]:2775");
    }

    #[test]
    fn a_block_with_stray_bits_is_refused() {
        assert!("10.1.0.0/8".parse::<Network>().is_err());
        assert!("10.0.0.0/33".parse::<Network>().is_err());
        assert!(
            "::/0"
                .parse::<Network>()
                .unwrap()
                .contains("::1".parse().unwrap())
        );
    }
}
