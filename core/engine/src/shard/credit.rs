//! Money given to an account: one record in the log, answered when it is durable.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use carrack_message::record;
use carrack_runtime::Now;

use super::Shard;
use crate::credit::{Credit, CreditRefused, Credited};

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
        if !shared.balances.book(account, &reference) {
            return reply(Ok(Credited {
                is_new: false,
                balance: balance.view(),
            }));
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
}
