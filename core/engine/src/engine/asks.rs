//! What is asked of shards, and answered when all have spoken, or the one that knows.
//!
//! Promise: each reply comes once, also from a shard whose mailbox is full. Bound: one letter a shard.

use std::sync::atomic::Ordering;

use carrack_message::MessageId;
use carrack_runtime::MailboxFull;

use super::Engine;
use super::gather::Gather;
use crate::credit::{Credit, CreditRefused, Credited};
use crate::limits::LimitView;
use crate::mail::Mail;
use crate::snapshot::{ShardSnapshot, Snapshot};

/// What became of a wish to cancel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cancelled {
    /// It will not be sent; durable.
    Done,
    /// Some of it has left, or it is final.
    TooLate,
    /// Not now: it is being written or moved, or a shard has more at hand than it can take. Try again.
    Busy,
    /// It is not waiting here.
    NotFound,
}

/// What became of a wish to have a message sent at another moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rescheduled {
    /// It is sent at this moment, UTC nanoseconds; durable. One that has come: it is on its way.
    To(u64),
    /// Some of it has left, or it is final.
    TooLate,
    /// Its validity would end before quiet hours let it leave; it has the moment that it had.
    WouldExpire,
    /// Not now: it is being written or moved, or a shard has more at hand than it can take. Try again.
    Busy,
    /// It is not waiting here.
    NotFound,
}

impl Engine {
    /// Takes a message back; the reply comes when it is durable.
    pub fn cancel(&self, id: MessageId, reply: Box<dyn FnOnce(Cancelled) + Send>) {
        let reply = |answer: Option<Cancelled>| reply(answer.unwrap_or(Cancelled::NotFound));
        self.wish(Cancelled::Busy, reply, |part| Mail::Cancel(id, part));
    }

    /// Has a message of which nothing has left sent at another moment, UTC nanoseconds; its validity moves with it, and
    /// quiet hours hold it there. The reply comes when that is durable.
    pub fn reschedule(
        &self,
        id: MessageId,
        at_utc_ns: u64,
        reply: Box<dyn FnOnce(Rescheduled) + Send>,
    ) {
        let reply = |answer: Option<Rescheduled>| reply(answer.unwrap_or(Rescheduled::NotFound));
        self.wish(Rescheduled::Busy, reply, |part| {
            Mail::SendAt(id, at_utc_ns, part)
        });
    }

    /// Asks every shard; the one that has the message answers.
    fn wish<T: Copy + PartialEq + Send + 'static>(
        &self,
        busy: T,
        reply: impl FnOnce(Option<T>) + Send + 'static,
        mail: impl Fn(Box<dyn FnOnce(Option<T>) + Send>) -> Mail,
    ) {
        let gather = Gather::new(self.inner.shards.len(), move |answers: Vec<Option<T>>| {
            // What one knows counts for more than that another had no room for the question.
            let known = answers.into_iter().flatten();
            reply(known.min_by_key(|answer| *answer == busy));
        });
        for shard in &self.inner.shards {
            match shard.send(mail(Box::new(gather.part()))) {
                Err(MailboxFull(Mail::Cancel(_, reply))) => reply(Some(Cancelled::Busy)),
                Err(MailboxFull(Mail::SendAt(_, _, reply))) => {
                    reply(Some(Rescheduled::Busy));
                }
                _ => {}
            }
        }
    }

    /// Gives an account money (micro-units), or takes it back; the reply comes when it is durable. The same reference is
    /// booked once.
    pub fn credit(
        &self,
        account: &str,
        amount_micros: i64,
        reference: String,
        reply: Box<dyn FnOnce(Result<Credited, CreditRefused>) + Send>,
    ) {
        let Some(number) = self.directory().account_number(account) else {
            return reply(Err(CreditRefused::UnknownAccount(account.to_owned())));
        };
        let credit = Credit {
            account: number,
            amount_micros,
            reference,
            reply,
        };
        // All of one account's to one shard, so that its references are seen in order.
        let count = self.inner.shards.len().max(1);
        let Some(shard) = self.inner.shards.get(number as usize % count) else {
            return (credit.reply)(Err(CreditRefused::Busy));
        };
        if let Err(MailboxFull(Mail::Credit(credit))) = shard.send(Mail::Credit(credit)) {
            (credit.reply)(Err(CreditRefused::Busy));
        }
    }

    /// What the node does at this moment.
    pub fn snapshot(&self, reply: Box<dyn FnOnce(Snapshot) + Send>) {
        let waiting = self.waiting();
        let shelved = self.inner.shared.shelved.load(Ordering::Relaxed);
        let gather = Gather::new(
            self.inner.shards.len(),
            move |shards: Vec<ShardSnapshot>| reply(Snapshot::of(waiting, shelved, shards)),
        );
        for shard in &self.inner.shards {
            let part = gather.part();
            if let Err(MailboxFull(Mail::Snapshot(reply))) =
                shard.send(Mail::Snapshot(Box::new(part)))
            {
                reply(ShardSnapshot::default());
            }
        }
    }

    /// How limits do, in the order of the configuration, those that count recipients last. The reply comes when all shards
    /// have said what waits.
    pub fn limits(&self, reply: Box<dyn FnOnce(Vec<LimitView>) + Send>) {
        let mut views = self.inner.shared.limits.view();
        self.snapshot(Box::new(move |snapshot| {
            for view in &mut views {
                let waiting = snapshot.limits.get(view.name.as_str());
                view.waiting = waiting.copied().unwrap_or(0);
            }
            reply(views);
        }));
    }
}
