//! What happened in a run: a digest of all of it, and the last of it in words.
//!
//! Bound: `TAIL_MAX` events, or all where the scenario asks for a trace.

use std::collections::VecDeque;
use std::fmt;

const TAIL_MAX: usize = 60;

/// One event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Event {
    /// Simulated nanoseconds since the run began.
    pub at_ns: u64,
    /// What happened.
    pub what: &'static str,
    /// To whom, and how: what the numbers mean depends on the event.
    pub numbers: [u64; 3],
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b, c] = self.numbers;
        let seconds = self.at_ns as f64 / 1e9;
        write!(f, "{seconds:>12.6} s  {:<26} {a} {b} {c}", self.what)
    }
}

#[derive(Debug)]
pub(crate) struct Events {
    digest: u64,
    count: u64,
    tail: VecDeque<Event>,
    all: bool,
}

impl Events {
    pub(crate) fn new(all: bool) -> Self {
        Self {
            digest: 0xcbf2_9ce4_8422_2325,
            count: 0,
            tail: VecDeque::new(),
            all,
        }
    }

    fn absorb(&mut self, number: u64) {
        self.digest = (self.digest.rotate_left(5) ^ number).wrapping_mul(0x517c_c1b7_2722_0a95);
    }

    pub(crate) fn note(&mut self, at_ns: u64, what: &'static str, numbers: [u64; 3]) {
        self.absorb(at_ns);
        for octets in what.as_bytes().chunks(8) {
            self.absorb(
                octets
                    .iter()
                    .fold(0, |word, octet| word << 8 | u64::from(*octet)),
            );
        }
        numbers.into_iter().for_each(|number| self.absorb(number));
        self.count += 1;
        if self.tail.len() >= TAIL_MAX && !self.all {
            self.tail.pop_front();
        }
        self.tail.push_back(Event {
            at_ns,
            what,
            numbers,
        });
    }

    pub(crate) fn digest(&self) -> u64 {
        self.digest
    }

    pub(crate) fn count(&self) -> u64 {
        self.count
    }

    pub(crate) fn into_tail(self) -> Vec<Event> {
        self.tail.into()
    }
}
