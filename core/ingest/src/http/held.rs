//! What one account, or one address, has open at a time.
//!
//! Promise: nobody has more of it than is set, so that no one takes what all others need. Bound: an entry for each who has
//! something open. Fails with nothing, which is counted where it is asked for.

use std::hash::Hash;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, PoisonError};

use rustc_hash::FxHashMap;

/// Bits of an IPv6 address that say whose it is; the others its owner chooses.
const OWNER_BITS: u32 = 64;

/// How many each has. A clone is the same.
#[derive(Debug)]
pub(crate) struct Held<K> {
    most: usize,
    counts: Arc<Mutex<FxHashMap<K, usize>>>,
}

impl<K> Clone for Held<K> {
    fn clone(&self) -> Self {
        Self {
            most: self.most,
            counts: Arc::clone(&self.counts),
        }
    }
}

/// One that is open; dropped, another may be.
#[derive(Debug)]
pub(crate) struct HeldPlace<K: Hash + Eq> {
    counts: Arc<Mutex<FxHashMap<K, usize>>>,
    who: K,
}

impl<K: Hash + Eq + Clone> Held<K> {
    pub(crate) fn new(most: usize) -> Self {
        Self {
            most,
            counts: Arc::default(),
        }
    }

    pub(crate) fn most(&self) -> usize {
        self.most
    }

    /// One more; none: there are as many as may be.
    pub(crate) fn take(&self, who: K) -> Option<HeldPlace<K>> {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let count = counts.entry(who.clone()).or_default();
        if *count >= self.most {
            return None;
        }
        *count += 1;
        drop(counts);
        Some(HeldPlace {
            counts: Arc::clone(&self.counts),
            who,
        })
    }
}

impl<K: Hash + Eq> Drop for HeldPlace<K> {
    fn drop(&mut self) {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = counts.get_mut(&self.who) {
            *count -= 1;
            if *count == 0 {
                counts.remove(&self.who);
            }
        }
    }
}

/// By what connections are counted: an address, or the network that one customer has of IPv6.
pub(crate) fn origin(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            let network = address.to_bits() >> OWNER_BITS << OWNER_BITS;
            IpAddr::V6(Ipv6Addr::from_bits(network))
        }
        address => address,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn one_who_has_as_many_as_may_be_keeps_no_other_out() {
        let held = Held::new(2);
        let first = held.take(1_u32).unwrap();
        let _second = held.take(1).unwrap();
        assert!(held.clone().take(1).is_none());
        assert!(held.take(2).is_some());
        drop(first);
        assert!(held.take(1).is_some());
        assert_eq!(
            held.counts.lock().unwrap().len(),
            1,
            "who has none is forgotten"
        );
    }

    #[test]
    fn addresses_of_one_owner_are_one() {
        let of = |text: &str| origin(text.parse().unwrap());
        assert_eq!(of("::ffff:192.0.2.1"), of("192.0.2.1"));
        assert_ne!(of("192.0.2.1"), of("192.0.2.2"));
        assert_eq!(of("2001:db8::1"), of("2001:db8::ffff:1"));
        assert_ne!(of("2001:db8:0:1::1"), of("2001:db8:0:2::1"));
    }
}
