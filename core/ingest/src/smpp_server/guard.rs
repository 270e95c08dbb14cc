//! Who has failed to bind, and how long the next to fail waits for its answer.
//!
//! Promise: right credentials are never refused and never wait, whatever failed before, with one exception: an address
//! from which [`OUTSTANDING_MAX`] failures wait at once, and from which this system id never bound, is told to slow down.
//! The first failure is answered at once, those after it later and later, counted by address (an IPv6 /64) and by system
//! id. A bind that comes in forgets the failures that it explains: those of its own address for its own system id; time
//! forgets all. Bound: [`RECORDS_MAX`] records and as many pairs that bound; a full table records no more and delays
//! newcomers as a first repetition. Time comes in.

use std::collections::HashMap;
use std::hash::{BuildHasher, Hash, RandomState};
use std::net::{IpAddr, Ipv6Addr};

const SECOND_NS: u64 = 1_000_000_000;
/// Answer of a second failure; doubles with each more.
const DELAY_FIRST_NS: u64 = SECOND_NS / 4;
/// Clients wait longer than that for an answer.
const DELAY_NS_MAX: u64 = 8 * SECOND_NS;
/// So long without failure forgets those before.
const QUIET_NS: u64 = 600 * SECOND_NS;
/// Addresses and system ids that are remembered.
const RECORDS_MAX: usize = 65_536;
/// Failures of one address that wait for their answer.
const OUTSTANDING_MAX: u32 = 16;
/// Looks through the table for what can go at most so often.
const SWEEP_NS: u64 = SECOND_NS;

/// Failures of one address, or of one system id.
#[derive(Clone, Copy, Debug)]
struct Record {
    failures: u32,
    last_ns: u64,
    /// The system id of the last failure of an address, the address of that of a system id.
    other: u64,
}

/// A client that knocks, as the guard knows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Visitor {
    address: u64,
    system_id: u64,
    pair: u64,
}

/// What a failure costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Penalty {
    /// Nanoseconds until the answer.
    pub(crate) delay_ns: u64,
    /// Failures so far, of the address or of the system id, whichever has more.
    pub(crate) failures: u32,
}

/// The guard.
#[derive(Debug)]
pub(crate) struct Guard {
    hasher: RandomState,
    records: HashMap<u64, Record>,
    /// Pairs of address and system id that bound.
    known: HashMap<u64, ()>,
    outstanding: HashMap<u64, u32>,
    records_max: usize,
    swept_ns: u64,
}

impl Guard {
    pub(crate) fn new() -> Self {
        Self::bounded(RECORDS_MAX)
    }

    fn bounded(records_max: usize) -> Self {
        Self {
            hasher: RandomState::new(),
            records: HashMap::new(),
            known: HashMap::new(),
            outstanding: HashMap::new(),
            records_max,
            swept_ns: 0,
        }
    }

    /// Who knocks.
    pub(crate) fn visitor(&self, from: IpAddr, system_id: &[u8]) -> Visitor {
        let from = network(from);
        Visitor {
            address: self.key(("address", from)),
            system_id: self.key(("system_id", system_id)),
            pair: self.key((from, system_id)),
        }
    }

    fn key(&self, of: impl Hash) -> u64 {
        self.hasher.hash_one(of)
    }

    /// Whether it bound before from there, so that nothing that others do concerns it.
    pub(crate) fn knows(&self, visitor: Visitor) -> bool {
        self.known.contains_key(&visitor.pair)
    }

    /// Whether something failed before that it may have to do with.
    pub(crate) fn suspects(&self, visitor: Visitor, now_ns: u64) -> bool {
        let failed = |key| self.record(key, now_ns).is_some();
        !self.knows(visitor) && (failed(visitor.address) || failed(visitor.system_id))
    }

    /// Whether so many failures of its address wait already that it is not judged now.
    pub(crate) fn is_crowded(&self, visitor: Visitor) -> bool {
        let outstanding = self.outstanding.get(&visitor.address);
        outstanding.is_some_and(|count| *count >= OUTSTANDING_MAX) && !self.knows(visitor)
    }

    /// Something of this address waits from now on: an answer, or a judgement.
    pub(crate) fn enter(&mut self, visitor: Visitor) {
        *self.outstanding.entry(visitor.address).or_default() += 1;
    }

    /// It waits no longer.
    pub(crate) fn leave(&mut self, visitor: Visitor) {
        if let Some(count) = self.outstanding.get_mut(&visitor.address) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                self.outstanding.remove(&visitor.address);
            }
        }
    }

    fn record(&self, key: u64, now_ns: u64) -> Option<&Record> {
        let record = self.records.get(&key)?;
        (now_ns.saturating_sub(record.last_ns) < QUIET_NS).then_some(record)
    }

    /// Its credentials are right.
    pub(crate) fn succeeded(&mut self, visitor: Visitor) {
        for (key, other) in [
            (visitor.address, visitor.system_id),
            (visitor.system_id, visitor.address),
        ] {
            let explained = self
                .records
                .get(&key)
                .is_some_and(|record| record.other == other);
            if explained {
                self.records.remove(&key);
            }
        }
        if self.known.len() >= self.records_max && !self.knows(visitor) {
            let any = self.known.keys().next().copied();
            any.map(|key| self.known.remove(&key));
        }
        self.known.insert(visitor.pair, ());
    }

    /// Its credentials are wrong.
    pub(crate) fn failed(&mut self, visitor: Visitor, now_ns: u64) -> Penalty {
        let by_address = self.count(visitor.address, visitor.system_id, now_ns);
        let by_system_id = self.count(visitor.system_id, visitor.address, now_ns);
        let failures = by_address.max(by_system_id);
        let delay_ns = match failures {
            0 | 1 => 0,
            more => DELAY_FIRST_NS.saturating_mul(1 << (more - 2).min(16)),
        };
        Penalty {
            delay_ns: delay_ns.min(DELAY_NS_MAX),
            failures,
        }
    }

    /// Counts a failure; gives how many there are.
    fn count(&mut self, key: u64, other: u64, now_ns: u64) -> u32 {
        let failures = self.record(key, now_ns).map_or(0, |record| record.failures);
        let failures = failures.saturating_add(1);
        if self.records.len() >= self.records_max && !self.records.contains_key(&key) {
            self.sweep(now_ns);
            if self.records.len() >= self.records_max {
                return 2;
            }
        }
        let record = Record {
            failures,
            last_ns: now_ns,
            other,
        };
        self.records.insert(key, record);
        failures
    }

    fn sweep(&mut self, now_ns: u64) {
        if now_ns.saturating_sub(self.swept_ns) < SWEEP_NS {
            return;
        }
        self.swept_ns = now_ns;
        self.records
            .retain(|_, record| now_ns.saturating_sub(record.last_ns) < QUIET_NS);
    }
}

/// What one household of addresses has in common.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            let bits = u128::from(address) & !u128::from(u64::MAX);
            IpAddr::V6(Ipv6Addr::from(bits))
        }
        short => short,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;

    fn at(last: u8) -> IpAddr {
        IpAddr::from([192, 0, 2, last])
    }

    #[test]
    fn the_first_failure_costs_nothing_and_more_cost_more_up_to_a_bound() {
        let mut guard = Guard::new();
        let visitor = guard.visitor(at(1), b"acme");
        let delays: Vec<u64> = (0..9)
            .map(|second| guard.failed(visitor, second * SECOND_NS).delay_ns)
            .collect();
        let ms = |ms: u64| ms * 1_000_000;
        let expected = [0, 250, 500, 1000, 2000, 4000, 8000, 8000, 8000];
        assert_eq!(delays, expected.map(ms));
    }

    #[test]
    fn failures_count_by_address_and_by_system_id() {
        let mut guard = Guard::new();
        let ids: [&[u8]; 3] = [b"a", b"b", b"c"];
        for id in ids {
            guard.failed(guard.visitor(at(1), id), 0);
        }
        assert_eq!(guard.failed(guard.visitor(at(1), b"d"), 0).failures, 4);
        for last in 2..5 {
            guard.failed(guard.visitor(at(last), b"acme"), 0);
        }
        assert_eq!(guard.failed(guard.visitor(at(9), b"acme"), 0).failures, 4);
        assert_eq!(guard.failed(guard.visitor(at(10), b"z"), 0).failures, 1);
    }

    #[test]
    fn one_household_of_ipv6_counts_as_one() {
        let mut guard = Guard::new();
        for last in 0..3_u16 {
            let address: IpAddr = format!("2001:db8:0:1::{last:x}").parse().unwrap();
            guard.failed(guard.visitor(address, &last.to_be_bytes()), 0);
        }
        let near = "2001:db8:0:1:ffff::1".parse().unwrap();
        assert_eq!(guard.failed(guard.visitor(near, b"x"), 0).failures, 4);
        let far = "2001:db8:0:2::1".parse().unwrap();
        assert_eq!(guard.failed(guard.visitor(far, b"y"), 0).failures, 1);
    }

    #[test]
    fn a_bind_forgets_its_own_failures_and_no_others() {
        let mut guard = Guard::new();
        let own = guard.visitor(at(1), b"acme");
        for _ in 0..5 {
            guard.failed(own, 0);
        }
        guard.succeeded(own);
        assert!(!guard.suspects(own, 0));
        assert_eq!(guard.failed(own, 0).failures, 1);

        // Someone with an account of his own guesses at another's.
        let (victim, his) = (
            guard.visitor(at(2), b"shop"),
            guard.visitor(at(2), b"thief"),
        );
        for round in 1..6 {
            assert_eq!(guard.failed(victim, 0).failures, round);
            guard.succeeded(his);
        }
    }

    #[test]
    fn time_forgets() {
        let mut guard = Guard::new();
        let visitor = guard.visitor(at(1), b"acme");
        for _ in 0..5 {
            guard.failed(visitor, 0);
        }
        assert!(guard.suspects(visitor, QUIET_NS - 1));
        assert!(!guard.suspects(visitor, QUIET_NS));
        assert_eq!(guard.failed(visitor, QUIET_NS).failures, 1);
    }

    #[test]
    fn who_bound_before_is_no_suspect_whatever_others_do_in_its_name() {
        let mut guard = Guard::new();
        let own = guard.visitor(at(1), b"acme");
        guard.succeeded(own);
        for last in 2..200 {
            let other = guard.visitor(at(last), b"acme");
            guard.failed(other, 0);
            guard.enter(other);
        }
        assert!(!guard.suspects(own, 0) && !guard.is_crowded(own));
        // From a new address it is judged after those that nobody suspects, and no other way.
        let moved = guard.visitor(at(201), b"acme");
        assert!(guard.suspects(moved, 0) && !guard.is_crowded(moved));
    }

    #[test]
    fn an_address_is_crowded_by_what_waits_and_free_when_that_is_answered() {
        let mut guard = Guard::new();
        let (storm, neighbour) = (guard.visitor(at(1), b"a"), guard.visitor(at(1), b"b"));
        guard.succeeded(neighbour);
        for _ in 0..OUTSTANDING_MAX {
            assert!(!guard.is_crowded(storm));
            guard.enter(storm);
        }
        assert!(guard.is_crowded(storm));
        assert!(!guard.is_crowded(neighbour), "it bound from there before");
        assert!(!guard.is_crowded(guard.visitor(at(2), b"a")));
        guard.leave(storm);
        assert!(!guard.is_crowded(storm));
        for _ in 1..OUTSTANDING_MAX {
            guard.leave(storm);
        }
        assert!(guard.outstanding.is_empty());
    }

    #[test]
    fn a_full_table_shuts_nobody_out_and_is_emptied_by_time() {
        let mut guard = Guard::bounded(4);
        for last in 1..=200 {
            guard.failed(guard.visitor(at(last), &[last]), 0);
        }
        assert_eq!(guard.records.len(), 4);
        let late = guard.visitor(at(201), b"acme");
        assert_eq!(guard.failed(late, 0).delay_ns, DELAY_FIRST_NS);
        assert!(!guard.is_crowded(late));
        guard.succeeded(late);
        for last in 1..=200 {
            guard.succeeded(guard.visitor(at(last), b"many"));
        }
        assert!(guard.known.len() <= 4);
        assert_eq!(guard.failed(late, QUIET_NS).failures, 1);
    }

    proptest! {
        #[test]
        fn no_delay_is_beyond_the_bound_and_none_grows_by_time_alone(
            steps in proptest::collection::vec((0..4_u8, 0..4_u8, 0..700_u64), 1..60)
        ) {
            let mut guard = Guard::bounded(5);
            let mut now_ns = 0;
            for (address, system_id, seconds) in steps {
                now_ns += seconds * SECOND_NS;
                let visitor = guard.visitor(at(address), &[system_id]);
                let penalty = guard.failed(visitor, now_ns);
                prop_assert!(penalty.delay_ns <= DELAY_NS_MAX);
                prop_assert!(guard.records.len() <= 5);
            }
        }
    }
}
