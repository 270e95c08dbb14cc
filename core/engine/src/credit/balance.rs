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
    /// An alert was raised, and it has not had enough since.
    alerted: AtomicBool,
    credited: AtomicI64,
    charged: AtomicI64,
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
            alerted: AtomicBool::new(false),
            credited: AtomicI64::new(0),
            charged: AtomicI64::new(0),
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
    }

    /// Holds a price for a message that is to be accepted.
    pub(crate) fn reserve(&self, price_micros: i64) -> Result<(), Short> {
        let limit = self.limit.load(Ordering::Acquire);
        let within = |used: i64| {
            let used = used.saturating_add(price_micros);
            (used <= limit || price_micros <= 0).then_some(used)
        };
        self.used
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, within)
            .map(|_| ())
            .map_err(|_| Short)
    }

    /// The message was not accepted after all.
    pub(crate) fn give_back(&self, price_micros: i64) {
        self.used.fetch_sub(price_micros, Ordering::AcqRel);
    }

    /// What a durable frame says of ends and of money given. Prices were reserved before.
    pub(crate) fn settle(&self, turnover: &Turnover) {
        self.charged.fetch_add(turnover.charged, Ordering::Relaxed);
        self.credited
            .fetch_add(turnover.credited, Ordering::Relaxed);
        let less = turnover.released.saturating_add(turnover.credited);
        self.used.fetch_sub(less, Ordering::AcqRel);
    }

    /// Whether an alert is to be raised: it may spend less than its terms say, and nobody was told since it had enough.
    pub(crate) fn is_to_be_alerted(&self) -> bool {
        let is_low = self.view().is_low;
        !self.alerted.swap(is_low, Ordering::Relaxed) && is_low
    }

    /// As it is now.
    #[must_use]
    pub fn view(&self) -> BalanceView {
        let limit = self.limit.load(Ordering::Acquire);
        let used = self.used.load(Ordering::Acquire);
        let low = self.low.load(Ordering::Acquire);
        let (credited, charged) = (
            self.credited.load(Ordering::Relaxed),
            self.charged.load(Ordering::Relaxed),
        );
        let available = (limit != NO_LIMIT).then(|| limit.saturating_sub(used));
        BalanceView {
            credited,
            charged,
            reserved: used.saturating_add(credited).saturating_sub(charged),
            available,
            is_low: available.is_some_and(|available| available < low),
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
        balance.reserve(60).unwrap();
        assert!(!balance.is_to_be_alerted());
        balance.reserve(15).unwrap();
        assert!(balance.is_to_be_alerted());
        balance.reserve(15).unwrap();
        assert!(balance.view().is_low && !balance.is_to_be_alerted());
        balance.give_back(30);
        assert!(!balance.view().is_low && !balance.is_to_be_alerted());
        balance.reserve(20).unwrap();
        assert!(balance.is_to_be_alerted());
    }

    #[test]
    fn alert_follows_terms_a_start_and_money_taken_back() {
        let balance = with_limit(100);
        let taken = Turnover {
            credited: -80,
            ..Turnover::default()
        };
        balance.settle(&taken);
        assert!(balance.is_to_be_alerted());
        let limit_micros = Some(100);
        balance.agree(&Terms {
            limit_micros,
            ..Terms::default()
        });
        assert!(!balance.view().is_low, "its alert was taken away");
        assert!(!balance.is_to_be_alerted());
        let balance = with_limit(100);
        balance.restore(&taken);
        assert!(balance.is_to_be_alerted());
    }

    #[test]
    fn account_without_limit_is_counted_and_never_short() {
        let balance = Balance::default();
        for _ in 0..3 {
            balance.reserve(i64::MAX / 4).unwrap();
        }
        let view = balance.view();
        assert_eq!((view.available, view.is_low), (None, false));
        assert_eq!(view.reserved, i64::MAX / 4 * 3);
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
        assert_eq!(balance.reserve(0), Ok(()));
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
