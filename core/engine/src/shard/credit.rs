//! Money given to an account: one record in the log, answered when it is durable; and alerts of what is left.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use carrack_message::record;
use carrack_runtime::Now;
use carrack_telemetry::names;

use super::Shard;
use crate::credit::{Balance, Credit, CreditRefused, CreditReply, Credited};

const ALERT_EVERY_NS: u64 = 1_000_000_000;

impl Shard {
    pub(super) fn credit(&mut self, now: Now, credit: Credit) {
        let Credit {
            account,
            amount_micros,
            reference,
            reply,
        } = credit;
        let shared = Arc::clone(&self.shared);
        if shared.draining.load(Ordering::Acquire) {
            return reply(Err(CreditRefused::Busy));
        }
        if self.committer.refuses() {
            return reply(Err(CreditRefused::Store));
        }
        let balance = shared.balances.of(account);
        if let Some(booked_micros) = shared.balances.book(account, &reference, amount_micros) {
            if booked_micros != amount_micros {
                return reply(Err(CreditRefused::OtherAmount { booked_micros }));
            }
            return self.answer_booked(&balance, reply);
        }
        let record = record::Credited {
            account,
            amount_micros,
            at_utc_ns: now.utc_ns,
            reference,
        };
        self.make_room(1);
        if let Err(fault) = self.frames.push(self.committer.as_ref(), &record) {
            tracing::error!(%fault, "money given to an account could not be written");
            shared.balances.strike(account, &record.reference);
            return reply(Err(CreditRefused::Store));
        }
        let summary = self.frames.summary();
        summary.money.credited(account, amount_micros);
        let done = move |_| {
            reply(Ok(Credited {
                is_new: true,
                balance: balance.view(),
            }));
        };
        self.frames.after.replies.push((Box::new(done), Vec::new()));
    }

    /// It was booked before; whether that is durable is known only when all is that is under way. One account's money goes
    /// through one shard.
    fn answer_booked(&mut self, balance: &Arc<Balance>, reply: CreditReply) {
        let balance = Arc::clone(balance);
        let answer = move || {
            reply(Ok(Credited {
                is_new: false,
                balance: balance.view(),
            }));
        };
        match self.frames.after_all() {
            Some(after) => after
                .replies
                .push((Box::new(move |_| answer()), Vec::new())),
            None => answer(),
        }
    }

    /// Says which accounts have come to have less to spend than their alert says. One shard says it for all.
    pub(super) fn alert_low_balances(&mut self, now: Now) {
        let due = now.mono_ns.saturating_sub(self.balances_seen_ns) >= ALERT_EVERY_NS;
        if self.number != 0 || !due {
            return;
        }
        self.balances_seen_ns = now.mono_ns;
        for account in self.directory.accounts() {
            if account.balance.is_to_be_alerted() {
                let name = account.name.as_str();
                tracing::warn!(
                    account = name,
                    "an account has less to spend than its alert says"
                );
                metrics::counter!(names::ACCOUNTS_LOW, "account" => name.to_owned()).increment(1);
            }
        }
    }
}
