//! Binds that are not answered at once: passwords that take time to verify, refusals whose answer waits.
//!
//! Promise: verifications run a few at a time beside the door; whom nobody suspects comes first, so that a storm of wrong
//! passwords holds up the storm. Whoever has left is not verified. Bound: connections, for each has one bind; held
//! answers [`HELD_MAX`], above which refusals are answered at once. Time comes in.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap, VecDeque};
use std::net::IpAddr;

use carrack_smpp::{BindKind, CommandStatus};

use super::guard::{Guard, Penalty, Visitor};
use crate::accounts::Proof;

/// Far fewer than the connections that may be without a bind: held answers are not to be what fills the door.
const HELD_MAX: usize = 512;

/// A bind whose password is to be verified.
#[derive(Debug)]
pub(crate) struct Applicant {
    pub(crate) connection: u64,
    pub(crate) sequence_number: u32,
    pub(crate) kind: BindKind,
    pub(crate) from: IpAddr,
    pub(crate) system_id: String,
    pub(crate) visitor: Visitor,
    pub(crate) proof: Proof,
}

/// A refusal that waits for its time: ordered by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Held {
    due_ns: u64,
    pub(crate) connection: u64,
    pub(crate) sequence_number: u32,
    status: u32,
    address: Visitor,
}

impl Held {
    /// The answer.
    pub(crate) const fn status(&self) -> CommandStatus {
        CommandStatus(self.status)
    }
}

/// What is to be done next.
#[derive(Debug)]
pub(crate) enum Step {
    /// Verify this; [`Judgement::verified`] is to hear of it.
    Verify(u64, Proof),
    /// Tell this one to come later.
    Throttle(u64),
}

/// How a failed bind is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    /// Now; else by [`Judgement::due`].
    pub(crate) now: bool,
    /// Failures so far.
    pub(crate) failures: u32,
}

/// All binds that wait.
#[derive(Debug)]
pub(crate) struct Judgement {
    pub(crate) guard: Guard,
    unsuspected: VecDeque<Applicant>,
    /// Each of them is one of its address' outstanding.
    suspected: VecDeque<Applicant>,
    verifying: HashMap<u64, (Applicant, bool)>,
    verifying_max: usize,
    held: BinaryHeap<Reverse<Held>>,
}

impl Judgement {
    /// So many verifications at a time.
    pub(crate) fn new(verifying_max: usize) -> Self {
        Self {
            guard: Guard::new(),
            unsuspected: VecDeque::new(),
            suspected: VecDeque::new(),
            verifying: HashMap::new(),
            verifying_max: verifying_max.max(1),
            held: BinaryHeap::new(),
        }
    }

    /// A bind is to be verified.
    pub(crate) fn apply(&mut self, applicant: Applicant, now_ns: u64) {
        if self.guard.suspects(applicant.visitor, now_ns) {
            self.suspect(applicant);
        } else {
            self.unsuspected.push_back(applicant);
        }
    }

    fn suspect(&mut self, applicant: Applicant) {
        self.guard.enter(applicant.visitor);
        self.suspected.push_back(applicant);
    }

    /// Whether [`Judgement::next`] may have something.
    pub(crate) fn is_waiting(&self) -> bool {
        !(self.unsuspected.is_empty() && self.suspected.is_empty())
    }

    /// What can be begun now; `is_here` says whether a connection still waits.
    pub(crate) fn next(&mut self, now_ns: u64, is_here: impl Fn(u64) -> bool) -> Option<Step> {
        if self.verifying.len() >= self.verifying_max {
            return None;
        }
        while let Some(applicant) = self.unsuspected.pop_front() {
            if !is_here(applicant.connection) {
                continue;
            }
            // Others may have failed since it came.
            if !self.guard.suspects(applicant.visitor, now_ns) {
                return Some(self.begin(applicant, false));
            }
            if self.guard.is_crowded(applicant.visitor) {
                return Some(Step::Throttle(applicant.connection));
            }
            self.suspect(applicant);
        }
        while let Some(applicant) = self.suspected.pop_front() {
            if is_here(applicant.connection) {
                return Some(self.begin(applicant, true));
            }
            self.guard.leave(applicant.visitor);
        }
        None
    }

    fn begin(&mut self, applicant: Applicant, suspected: bool) -> Step {
        let (connection, proof) = (applicant.connection, applicant.proof.clone());
        self.verifying.insert(connection, (applicant, suspected));
        Step::Verify(connection, proof)
    }

    /// The verification of this connection's password has ended.
    pub(crate) fn verified(&mut self, connection: u64) -> Option<Applicant> {
        let (applicant, suspected) = self.verifying.remove(&connection)?;
        if suspected {
            self.guard.leave(applicant.visitor);
        }
        Some(applicant)
    }

    /// A bind has failed by its credentials: to be answered now, or held.
    pub(crate) fn refuse(
        &mut self,
        (connection, sequence_number): (u64, u32),
        visitor: Visitor,
        status: CommandStatus,
        now_ns: u64,
    ) -> Refusal {
        let Penalty { delay_ns, failures } = self.guard.failed(visitor, now_ns);
        let now = delay_ns == 0 || self.held.len() >= HELD_MAX;
        if !now {
            self.guard.enter(visitor);
            self.held.push(Reverse(Held {
                due_ns: now_ns.saturating_add(delay_ns),
                connection,
                sequence_number,
                status: status.0,
                address: visitor,
            }));
        }
        Refusal { now, failures }
    }

    /// A refusal that is to be answered by now.
    pub(crate) fn due(&mut self, now_ns: u64) -> Option<Held> {
        let first = self
            .held
            .peek()
            .filter(|Reverse(held)| held.due_ns <= now_ns);
        first?;
        let Reverse(held) = self.held.pop()?;
        self.guard.leave(held.address);
        Some(held)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]
    use super::*;

    const WRONG: CommandStatus = CommandStatus::ESME_RINVPASWD;
    const SECOND_NS: u64 = 1_000_000_000;

    struct Office(Judgement);

    impl Office {
        fn new() -> Self {
            Self(Judgement::new(1))
        }

        fn visitor(&self, last: u8, system_id: &str) -> Visitor {
            let from = IpAddr::from([192, 0, 2, last]);
            self.0.guard.visitor(from, system_id.as_bytes())
        }

        fn apply(&mut self, connection: u64, last: u8, system_id: &str) {
            let applicant = Applicant {
                connection,
                sequence_number: 1,
                kind: BindKind::Transceiver,
                from: IpAddr::from([192, 0, 2, last]),
                system_id: system_id.into(),
                visitor: self.visitor(last, system_id),
                proof: Proof::of_nothing(),
            };
            self.0.apply(applicant, 0);
        }

        /// The connection whose password is verified next.
        fn next(&mut self) -> Option<u64> {
            match self.0.next(0, |connection| connection < 1000)? {
                Step::Verify(connection, _) => Some(connection),
                Step::Throttle(connection) => panic!("{connection} was throttled"),
            }
        }

        fn fail(&mut self, connection: u64, last: u8, system_id: &str, now_ns: u64) -> bool {
            let visitor = self.visitor(last, system_id);
            self.0.refuse((connection, 1), visitor, WRONG, now_ns).now
        }
    }

    #[test]
    fn one_is_verified_at_a_time_in_order_and_who_left_is_not() {
        let mut office = Office::new();
        for connection in [1, 2000, 2] {
            office.apply(connection, 1, "acme");
        }
        assert_eq!(office.next(), Some(1));
        assert_eq!(office.next(), None);
        assert_eq!(office.0.verified(1).unwrap().connection, 1);
        assert!(office.0.verified(1).is_none());
        assert_eq!(office.next(), Some(2));
        office.0.verified(2).unwrap();
        assert!(!office.0.is_waiting());
    }

    #[test]
    fn a_storm_that_came_first_is_overtaken_and_told_to_slow_down() {
        let mut office = Office::new();
        for connection in 0..100 {
            office.apply(connection, 1, "acme");
        }
        office.apply(500, 2, "shop");
        assert_eq!(office.next(), Some(0));
        office.0.verified(0).unwrap();
        assert!(office.fail(0, 1, "acme", 0));
        let (mut throttled, mut verified) = (0, Vec::new());
        while let Some(step) = office.0.next(0, |_| true) {
            match step {
                Step::Throttle(_) => throttled += 1,
                Step::Verify(connection, _) => {
                    verified.push(connection);
                    office.0.verified(connection).unwrap();
                }
            }
        }
        assert_eq!(verified.first(), Some(&500));
        assert_eq!((throttled, verified.len()), (99 - 16, 17));
        assert!(!office.0.guard.is_crowded(office.visitor(1, "acme")));
    }

    #[test]
    fn refusals_are_answered_in_their_time() {
        let mut office = Office::new();
        assert!(office.fail(1, 1, "acme", 0));
        assert!(!office.fail(2, 1, "acme", 0));
        assert!(!office.fail(3, 1, "acme", 0));
        assert!(office.0.due(SECOND_NS / 4 - 1).is_none());
        let held = office.0.due(SECOND_NS / 4).unwrap();
        assert_eq!((held.connection, held.status()), (2, WRONG));
        assert!(office.0.due(SECOND_NS / 4).is_none());
        assert_eq!(office.0.due(SECOND_NS).unwrap().connection, 3);
    }

    #[test]
    fn held_answers_are_bounded() {
        let mut office = Office::new();
        for connection in 0..2000 {
            office.fail(connection, (connection % 250) as u8, "acme", 0);
        }
        assert_eq!(office.0.held.len(), HELD_MAX);
        assert!(office.fail(1, 1, "acme", 0), "answered at once");
    }
}
