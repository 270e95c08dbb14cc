//! One account's money in memory. Shared by all shards and doors; never locked.

use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};

use carrack_queue::Turnover;

use super::Terms;

/// Not enough may be spent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Short;

const NO_LIMIT: i64 = i64::MAX;
const NEVER_LOW: i64 = i64::MIN;

/// What an account has and may spend.
#[derive(Debug)]
pub struct Balance {
    /// Reserved and charged, less what was given: what counts against the limit.
    used: AtomicI64,
    limit: AtomicI64,
    low: AtomicI64,
    is_low: AtomicBool,
    credited: AtomicI64,
    charged: AtomicI64,
    reserved: AtomicI64,
}

/// A balance at one moment, micro-units.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BalanceView {
    /// Given to it, what the settings say left out.
    pub credited: i64,
    /// Charged for messages that have ended.
    pub charged: i64,
    /// Held for messages that have not.
    pub reserved: i64,
    /// What may still be spent; none: without limit.
    pub available: Option<i64>,
    /// Whether that is less than its alert says.
    pub is_low: bool,
}

impl Default for Balance {
    fn default() -> Self {
        Self {
            used: AtomicI64::new(0),
            limit: AtomicI64::new(NO_LIMIT),
            low: AtomicI64::new(NEVER_LOW),
            is_low: AtomicBool::new(false),
            credited: AtomicI64::new(0),
            charged: AtomicI64::new(0),
            reserved: AtomicI64::new(0),
        }
    }
}

impl Balance {
    /// Terms that hold from now on; what was spent stays.
    pub(crate) fn agree(&self, terms: &Terms) {
        let limit = terms.limit_micros.unwrap_or(NO_LIMIT);
        self.limit.store(limit, Ordering::Release);
        let low = terms.low_micros.unwrap_or(NEVER_LOW);
        self.low.store(low, Ordering::Release);
        self.look(self.used.load(Ordering::Acquire));
    }

    /// What the log says at start.
    pub(crate) fn restore(&self, turnover: &Turnover) {
        let used = turnover
            .priced
            .saturating_sub(turnover.released)
            .saturating_sub(turnover.credited);
        self.used.store(used, Ordering::Release);
        self.credited.store(turnover.credited, Ordering::Release);
        self.charged.store(turnover.charged, Ordering::Release);
        self.reserved.store(turnover.reserved(), Ordering::Release);
        self.look(used);
    }

    /// Holds a price for a message that is to be accepted. True: the account has less than its alert says since this one.
    pub(crate) fn reserve(&self, price_micros: i64) -> Result<bool, Short> {
        let limit = self.limit.load(Ordering::Acquire);
        let within = |used: i64| {
            let used = used.saturating_add(price_micros);
            (used <= limit || price_micros <= 0).then_some(used)
        };
        let before = self
            .used
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, within)
            .map_err(|_| Short)?;
        self.reserved.fetch_add(price_micros, Ordering::Relaxed);
        Ok(self.look(before.saturating_add(price_micros)))
    }

    /// The message was not accepted after all.
    pub(crate) fn give_back(&self, price_micros: i64) {
        self.reserved.fetch_sub(price_micros, Ordering::Relaxed);
        self.less_used(price_micros);
    }

    /// What a durable frame says of ends and of money given. Prices were reserved before.
    pub(crate) fn settle(&self, turnover: &Turnover) {
        self.charged.fetch_add(turnover.charged, Ordering::Relaxed);
        let ended = turnover.charged.saturating_add(turnover.released);
        self.reserved.fetch_sub(ended, Ordering::Relaxed);
        self.credited
            .fetch_add(turnover.credited, Ordering::Relaxed);
        self.less_used(turnover.released.saturating_add(turnover.credited));
    }

    fn less_used(&self, by: i64) {
        let before = self.used.fetch_sub(by, Ordering::AcqRel);
        self.look(before.saturating_sub(by));
    }

    /// Whether it has become low just now.
    fn look(&self, used: i64) -> bool {
        let low = self.low.load(Ordering::Relaxed);
        if low == NEVER_LOW {
            return false;
        }
        let available = self.limit.load(Ordering::Relaxed).saturating_sub(used);
        let is_low = available < low;
        is_low != self.is_low.load(Ordering::Relaxed)
            && self.is_low.swap(is_low, Ordering::Relaxed) != is_low
            && is_low
    }

    /// As it is now.
    #[must_use]
    pub fn view(&self) -> BalanceView {
        let limit = self.limit.load(Ordering::Acquire);
        let used = self.used.load(Ordering::Acquire);
        BalanceView {
            credited: self.credited.load(Ordering::Relaxed),
            charged: self.charged.load(Ordering::Relaxed),
            reserved: self.reserved.load(Ordering::Relaxed),
            available: (limit != NO_LIMIT).then(|| limit.saturating_sub(used)),
            is_low: self.is_low.load(Ordering::Relaxed),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn with_limit(limit: i64) -> Balance {
        let balance = Balance::default();
        balance.agree(&Terms {
            limit_micros: Some(limit),
            low_micros: Some(30),
            ..Terms::default()
        });
        balance
    }

    fn available(balance: &Balance) -> i64 {
        balance.view().available.unwrap()
    }

    #[test]
    fn many_threads_never_spend_beyond_the_limit() {
        let balance = with_limit(1_000_003);
        let taken: i64 = std::thread::scope(|scope| {
            let spend = |price: i64| {
                let balance = &balance;
                scope.spawn(move || {
                    let mut taken = 0;
                    for round in 0..50_000 {
                        if balance.reserve(price).is_ok() {
                            taken += price;
                        }
                        // Some are refused later on, some end and go back.
                        if round % 7 == 0 && taken >= price {
                            balance.give_back(price);
                            taken -= price;
                        }
                        assert!(balance.view().available.unwrap() >= 0);
                    }
                    taken
                })
            };
            let threads: Vec<_> = [3, 7, 11, 19].into_iter().map(spend).collect();
            threads
                .into_iter()
                .map(|thread| thread.join().unwrap())
                .sum()
        });
        assert_eq!(available(&balance), 1_000_003 - taken);
        assert!(
            (0..19).contains(&available(&balance)),
            "all that fits was spent"
        );
    }

    #[test]
    fn end_of_a_message_moves_its_price_from_reserved_to_charged_and_back() {
        let balance = with_limit(100);
        balance.reserve(60).unwrap();
        assert_eq!(balance.reserve(50), Err(Short));
        balance.settle(&Turnover {
            charged: 20,
            released: 40,
            ..Turnover::default()
        });
        let view = balance.view();
        assert_eq!(
            (view.reserved, view.charged, available(&balance)),
            (0, 20, 80)
        );
        balance.settle(&Turnover {
            credited: 50,
            ..Turnover::default()
        });
        assert_eq!(available(&balance), 130);
    }

    #[test]
    fn low_balance_is_said_once_until_there_is_more_again() {
        let balance = with_limit(100);
        assert_eq!(balance.reserve(60), Ok(false));
        assert_eq!(balance.reserve(15), Ok(true));
        assert_eq!(balance.reserve(15), Ok(false));
        assert!(balance.view().is_low);
        balance.give_back(30);
        assert!(!balance.view().is_low);
        assert_eq!(balance.reserve(20), Ok(true));
    }

    #[test]
    fn account_without_limit_is_counted_and_never_short() {
        let balance = Balance::default();
        for _ in 0..3 {
            balance.reserve(i64::MAX / 4).unwrap();
        }
        assert_eq!(balance.view().available, None);
    }

    #[test]
    fn account_below_its_new_limit_spends_nothing_and_free_messages_go() {
        let balance = with_limit(100);
        balance.reserve(100).unwrap();
        balance.agree(&Terms {
            limit_micros: Some(10),
            ..Terms::default()
        });
        assert_eq!(available(&balance), -90);
        assert_eq!(balance.reserve(1), Err(Short));
        assert_eq!(balance.reserve(0), Ok(false));
    }

    #[test]
    fn log_is_the_balance_after_a_start() {
        let balance = with_limit(0);
        balance.restore(&Turnover {
            credited: 500,
            priced: 300,
            charged: 120,
            released: 80,
        });
        let view = balance.view();
        assert_eq!((view.reserved, view.charged), (100, 120));
        assert_eq!(available(&balance), 280);
    }
}
