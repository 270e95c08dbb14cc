//! A token bucket counted in segments.
//!
//! Promise: never more than `rate` segments in any half-open second `[t, t + 1 s)`, whatever the moments of the
//! calls; of a contract never more in any window of a second and 13 ms. At least 97 % of it over time for takings of one
//! segment; of a contract from 1000 a second on 98 %, for a caller that comes every few milliseconds.
//!
//! Why the window of a contract is longer than a second: what was granted evenly does not come to a carrier evenly, and
//! the carrier counts where it arrives. What is late by up to 13 ms more than the rest still finds room in its second.
//!
//! A caller that says when it had written what it took ([`Bucket::written`]) is counted from then on, so that what stood
//! between its granting and its writing takes nothing from those 13 ms.
//!
//! Why it holds for a contract: every taking is granted only if the [`History`] of that window leaves room for it. The
//! store only makes it even: it holds a twenty-fifth of the rate, so that a caller that comes late loses nothing, and refills
//! with 56 of 57 parts of the rate, which the window always has room for. With a burst of its own it holds that and refills
//! with the rate.
//!
//! Why it holds for other rates, and for one below a contract, which was found and is approached gently. The store holds `c`, a hundredth
//! of the rate or a fiftieth of a small one, and refills with `rate - c` a second, so a second sees at most `c` from the
//! store and `rate - c` from the refill. Where `c` is one, the refill is `rate`: the first taking empties the store and
//! fewer than `rate` more can be refilled in less than a second. A taking larger than `c` (a long message) needs a full
//! store and goes into debt. Until the debt is paid nothing else is granted, so a second that ends in debt ends with such
//! a taking, and this was granted only if the history left room for all of it. With a burst of its own, above that `c`,
//! every taking asks the history of the last second. The window of a contract is kept all the same.
//!
//! Failure: a taking larger than the rate can never be granted whole and is answered with [`NEVER_NS`];
//! [`Bucket::take_up_to`] serves such a message in parts.

use crate::NEVER_NS;
use crate::history::History;

/// One token is a billion units, so that one nanosecond of refill is a whole number of units.
const TOKEN: i64 = 1_000_000_000;

/// A limit in segments a second that holds in every sliding second. See the module for the argument.
#[derive(Debug, Clone)]
pub struct Bucket {
    limit: Option<Box<Limit>>,
}

#[derive(Debug, Clone)]
struct Limit {
    rate: u32,
    burst: Option<u32>,
    capacity: u32,
    refill: u32,
    /// From so many segments on a taking asks the history.
    asks_from: u32,
    /// The rate that the window never sees more of; none: nobody counts but we.
    contract: Option<u32>,
    /// Units in the bucket; below zero is debt of a taking larger than the capacity.
    level: i64,
    last_ns: u64,
    history: History,
    /// Granted at `last_ns` or before, and not written yet as far as is known: when, and how much.
    unwritten: (u64, u32),
}

impl Bucket {
    /// A bucket of `rate` segments a second, full at the start. A rate of 0 grants nothing, ever.
    pub fn per_second(rate: u32) -> Self {
        Self::shaped(rate, None, None)
    }

    /// A bucket of `rate` segments a second, `burst` of them at once where the second has room.
    pub fn with_burst(rate: u32, burst: u32) -> Self {
        Self::shaped(rate, Some(burst), None)
    }

    /// A bucket of `rate` segments a second that somebody else counts where they arrive; `burst` as above.
    pub fn of_contract(rate: u32, burst: Option<u32>) -> Self {
        Self::shaped(rate, burst, Some(rate))
    }

    fn shaped(rate: u32, burst: Option<u32>, contract: Option<u32>) -> Self {
        let shape = shape(rate, burst, contract);
        Self {
            limit: Some(Box::new(Limit {
                rate,
                burst,
                capacity: shape.capacity,
                refill: shape.refill,
                asks_from: shape.asks_from,
                contract,
                level: i64::from(shape.capacity) * TOKEN,
                last_ns: 0,
                history: match contract {
                    None => History::of_second(),
                    Some(_) => History::of_window(),
                },
                unwritten: (0, 0),
            })),
        }
    }

    /// A bucket that grants everything.
    pub const fn unlimited() -> Self {
        Self { limit: None }
    }

    /// A bucket of `rate` segments a second, or without limit where none is given.
    pub fn of(rate: Option<u32>) -> Self {
        rate.map_or_else(Self::unlimited, Self::per_second)
    }

    /// Segments a second, none where unlimited.
    pub fn rate(&self) -> Option<u32> {
        self.limit.as_ref().map(|limit| limit.rate)
    }

    /// Takes `n` segments at `now_ns` (monotonic), all or nothing.
    ///
    /// # Errors
    /// The moment in nanoseconds at which asking again succeeds if nobody else takes meanwhile;
    /// [`NEVER_NS`] where `n` is larger than the rate.
    #[inline]
    pub fn take(&mut self, now_ns: u64, n: u32) -> Result<(), u64> {
        match &mut self.limit {
            None => Ok(()),
            Some(limit) => limit.take(now_ns, n),
        }
    }

    /// As [`Bucket::take`], and takes nothing.
    ///
    /// # Errors
    /// As [`Bucket::take`].
    pub fn ready(&mut self, now_ns: u64, n: u32) -> Result<(), u64> {
        match &mut self.limit {
            None => Ok(()),
            Some(limit) => limit.ready(now_ns, n),
        }
    }

    /// Takes as many of `n` segments as fit without debt, and says how many: 0..=`n`.
    pub fn take_up_to(&mut self, now_ns: u64, n: u32) -> u32 {
        match &mut self.limit {
            None => n,
            Some(limit) => limit.take_up_to(now_ns, n),
        }
    }

    /// What was taken at one moment, the last, has been written at `now_ns` at the latest: whoever counts it where it arrives
    /// counts it from then on. Only a contract is counted so.
    #[inline]
    pub fn written(&mut self, now_ns: u64) {
        if let Some(limit) = &mut self.limit {
            limit.written(now_ns);
        }
    }

    /// Changes the rate from `now_ns` on. A second that sees the change sees at most the greater of the two rates.
    /// Nothing happens to an unlimited bucket.
    pub fn set_rate(&mut self, now_ns: u64, rate: u32) {
        if let Some(limit) = &mut self.limit {
            limit.refill(now_ns);
            limit.rate = rate;
            let shape = shape(rate, limit.burst, limit.contract);
            limit.capacity = shape.capacity;
            limit.refill = shape.refill;
            limit.asks_from = shape.asks_from;
            limit.level = limit.level.min(i64::from(limit.capacity) * TOKEN);
        }
    }

    /// Segments granted in the window, or second, before `now_ns`, rounded up to whole slots of 1/512 s; 0 where unlimited.
    pub(crate) fn granted_last_window(&mut self, now_ns: u64) -> u64 {
        match &mut self.limit {
            None => 0,
            Some(limit) => limit.history.sum(now_ns.max(limit.last_ns)),
        }
    }
}

/// How a rate is kept.
struct Shape {
    capacity: u32,
    /// A second.
    refill: u32,
    asks_from: u32,
}

fn shape(rate: u32, burst: Option<u32>, contract: Option<u32>) -> Shape {
    // Of a small rate a hundredth is too few to make up for a caller that comes late.
    let even = (rate / 100).max((rate / 50).min(4)).max(1);
    if contract.is_some_and(|contract| rate >= contract) {
        let even = (rate / 25).max(even);
        let capacity = burst.unwrap_or(even).max(1).min(rate);
        return Shape {
            capacity,
            refill: if capacity > even {
                rate
            } else {
                rate - rate / 57
            },
            asks_from: 1,
        };
    }
    let capacity = burst.unwrap_or(even).max(1).min(rate);
    if capacity > even {
        return Shape {
            capacity,
            refill: rate,
            asks_from: 1,
        };
    }
    Shape {
        capacity,
        refill: if capacity <= 1 { rate } else { rate - capacity },
        asks_from: capacity.saturating_add(1),
    }
}

impl Limit {
    fn take(&mut self, now_ns: u64, n: u32) -> Result<(), u64> {
        self.ready(now_ns, n)?;
        self.level = self.level.saturating_sub(i64::from(n) * TOKEN);
        self.history.add(self.last_ns, n);
        if self.contract.is_some() {
            let (taken_ns, before) = self.unwritten;
            let before = if taken_ns == self.last_ns { before } else { 0 };
            self.unwritten = (self.last_ns, before.saturating_add(n));
        }
        Ok(())
    }

    fn written(&mut self, now_ns: u64) {
        let (taken_ns, n) = std::mem::take(&mut self.unwritten);
        if n > 0 {
            self.history.put_off(taken_ns, now_ns, n);
        }
    }

    fn ready(&mut self, now_ns: u64, n: u32) -> Result<(), u64> {
        if n > self.rate {
            return Err(NEVER_NS);
        }
        self.refill(now_ns);
        let now_ns = self.last_ns;
        let mut ready_ns = now_ns;
        let missing = (i64::from(n.min(self.capacity)) * TOKEN).saturating_sub(self.level);
        if missing > 0 {
            let wait_ns = missing
                .unsigned_abs()
                .div_ceil(u64::from(self.refill.max(1)));
            ready_ns = now_ns.saturating_add(wait_ns);
        }
        let room = u64::from(self.most(n)).saturating_sub(u64::from(n));
        ready_ns = ready_ns.max(self.history.at_most(now_ns, room));
        if ready_ns > now_ns {
            Err(ready_ns)
        } else {
            Ok(())
        }
    }

    fn take_up_to(&mut self, now_ns: u64, n: u32) -> u32 {
        self.refill(now_ns);
        let whole = u32::try_from(self.level.max(0) / TOKEN).unwrap_or(u32::MAX);
        let granted = n.min(whole);
        let sum = self.history.sum(self.last_ns);
        let room = u64::from(self.most(1)).saturating_sub(sum);
        let granted = granted.min(u32::try_from(room).unwrap_or(u32::MAX));
        // Not more than the capacity and the second hold, so the taking succeeds.
        match self.take(now_ns, granted) {
            Ok(()) => granted,
            Err(_) => 0,
        }
    }

    /// The most that the window may have with a taking of `n`: the contract, also where a lower rate is kept by the store.
    fn most(&self, n: u32) -> u32 {
        match n >= self.asks_from {
            true => self.rate,
            false => self
                .contract
                .map_or(u32::MAX, |contract| contract.max(self.rate)),
        }
    }

    /// Credits the time since the last call. A clock that goes back counts as one that stands.
    fn refill(&mut self, now_ns: u64) {
        let elapsed_ns = now_ns.saturating_sub(self.last_ns);
        if elapsed_ns == 0 {
            return;
        }
        self.last_ns = now_ns;
        let full = i128::from(self.capacity) * i128::from(TOKEN);
        let level = i128::from(self.level) + i128::from(elapsed_ns) * i128::from(self.refill);
        self.level = i64::try_from(level.min(full)).unwrap_or(i64::MAX);
    }
}
