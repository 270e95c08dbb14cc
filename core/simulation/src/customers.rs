//! The simulated customers: they hand in chunks, take messages back, and are told ends, which they answer or not.
//!
//! Bound: the messages of the plan; a subscriber's credits.

use std::sync::{Arc, MutexGuard, PoisonError};

use carrack_engine::{
    Cancelled, Chunk, IdempotencyKey, News, Notice, NoticeKey, NoticeSink, Refusal, SimulatedNode,
    Submission, Verdict,
};
use carrack_message::record::{Body, ReceiptWish};
use carrack_message::{Class, MessageId, Msisdn, Segmentation, Sender};

use crate::book::{Text, text_of};
use crate::faults::Fault;
use crate::money::price;
use crate::report::SimulationFault;
use crate::run::Run;
use crate::scenario::{MS, Mutant, SECOND};
use crate::world::{Act, World};

/// How often a letter that must not be lost is tried.
const PATIENCE: usize = 20;

/// What the node says to customers.
pub(crate) enum Letter {
    Verdicts(Vec<usize>, Vec<Verdict>),
    Notices(usize, Vec<Notice>),
    Cancelled(usize, Option<Cancelled>),
    Parked(usize),
}

pub(crate) type Letters = Vec<Letter>;

/// A bind of a customer that takes notices.
pub(crate) struct Subscriber {
    account: u32,
    id: u64,
    credits: u32,
    silent: bool,
    gone: bool,
    /// Handed out and not answered.
    held: usize,
}

/// A notice with a customer.
pub(crate) struct Held {
    key: NoticeKey,
    id: u128,
    subscriber: usize,
    run: u32,
}

fn class(number: u64) -> Class {
    let all = Class::ALL;
    all.get(number as usize % all.len().max(1))
        .copied()
        .unwrap_or(Class::Bulk)
}

/// Characters of a part, by alphabet and by what ties parts together.
const PART_CHARACTERS: [u64; 8] = [152, 153, 160, 134, 140, 66, 67, 70];

impl World {
    /// So many that, wherever the text is cut, the number stands in its last part too.
    fn long_characters(&mut self, wide: bool) -> u64 {
        let fits = |characters: &u64| {
            let cut = characters + u64::from(wide);
            PART_CHARACTERS
                .iter()
                .all(|part| cut % part >= 17 || cut < *part)
        };
        let lengths: Vec<u64> = (21..54).map(|tags| tags * 8).filter(fits).collect();
        self.rng.pick(&lengths).unwrap_or(192)
    }

    /// The next text of a customer.
    fn text(&mut self) -> Result<(usize, Submission), SimulationFault> {
        let number = self.book.texts.len();
        let long = self.plan.long_texts > 0 && self.rng.chance(self.plan.long_texts);
        let wide = self.rng.chance(100);
        let characters = match long {
            true => self.long_characters(wide),
            false => self.rng.between(8, 56),
        };
        let text = text_of(number, characters as usize, wide);
        let to = 447_700_000_000 + self.rng.below(self.plan.recipients);
        let wants_receipt = match (self.rng.chance(self.plan.wants_receipt), number % 8) {
            (false, _) => ReceiptWish::Never,
            (true, 0) => ReceiptWish::Failure,
            (true, 1) => ReceiptWish::Success,
            (true, _) => ReceiptWish::Always,
        };
        let later = self.rng.chance(self.plan.later);
        let send_at_utc_ns = match later {
            true => self.now().utc_ns + self.rng.between(500, 20_000) * MS,
            false => 0,
        };
        let segments = Segmentation::of(&text, 255)
            .map_err(|_| SimulationFault::Input("text"))?
            .segments;
        let submission = Submission {
            account: self.rng.between(1, u64::from(self.plan.accounts)) as u32,
            class: class(self.rng.next()),
            to: Msisdn::from_u64(to).ok_or(SimulationFault::Input("recipient"))?,
            from: Sender::parse("ACME").map_err(|_| SimulationFault::Input("sender"))?,
            segments,
            body: Body::Text(text),
            send_at_utc_ns,
            validity_ns: if self.rng.chance(900) {
                0
            } else {
                self.rng.between(2, 20) * SECOND
            },
            wants_receipt,
            price: price(number, segments),
            client_ref: None,
            batch: None,
            tlvs: Vec::new(),
            group: None,
            key: None,
        };
        if long {
            self.fault(Fault::LongText);
        }
        self.book.texts.push(Text {
            wants_receipt,
            long,
            send_at_utc_ns: 0,
            ..Text::default()
        });
        Ok((number, submission))
    }
}

impl Run {
    pub(crate) fn letters(&self) -> MutexGuard<'_, Letters> {
        self.inbox.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A customer hands in a chunk.
    pub(crate) fn submit(&mut self) -> Result<(), SimulationFault> {
        let mut world = self.world.borrow_mut();
        let left =
            world.plan.messages as usize - world.book.texts.len().min(world.plan.messages as usize);
        if left == 0 || world.healthy {
            return Ok(());
        }
        let mean_ns = world.plan.horizon_ns / u64::from(world.plan.messages).max(1);
        let burst = world.rng.chance(200);
        let next_ns = if burst {
            0
        } else {
            world.rng.between(0, 4 * mean_ns)
        };
        world.after(next_ns, Act::Submit);
        let Some(node) = &self.node else {
            return Ok(());
        };
        let count = world.rng.between(1, 6).min(left as u64);
        let (mut numbers, mut submissions) = (Vec::new(), Vec::new());
        for _ in 0..count {
            let (number, mut submission) = world.text()?;
            if world.plan.repeats > 0 {
                let key = IdempotencyKey::of_call(&number.to_be_bytes(), &submission, b"");
                submission.key = Some(Box::new(key));
                self.keyed.push((number, submission.clone()));
            }
            numbers.push(number);
            submissions.push(submission);
        }
        let earlier = self.repeats.below(self.keyed.len().max(1) as u64) as usize;
        if self.repeats.chance(world.plan.repeats)
            && let Some((number, submission)) = self.keyed.get(earlier).cloned()
        {
            world.fault(Fault::SentAgain);
            world.note("hand in again", [number as u64, 0, 0]);
            numbers.push(number);
            submissions.push(submission);
        }
        let first = numbers.first().map_or(0, |number| *number as u64);
        world.note("hand in", [first, count, 0]);
        let shard = world.rng.below(node.shards() as u64) as usize;
        let inbox = Arc::clone(&self.inbox);
        let chunk = Chunk {
            submissions,
            progress: None,
            parts: 1,
            reply: Box::new(move |verdicts| {
                let mut inbox = inbox.lock().unwrap_or_else(PoisonError::into_inner);
                inbox.push(Letter::Verdicts(numbers, verdicts));
            }),
        };
        if !node.submit(shard, chunk) {
            world.fault(Fault::MailboxFull);
        }
        world.wake(shard);
        Ok(())
    }

    /// A customer takes a message back.
    pub(crate) fn cancel(&mut self) {
        let mut world = self.world.borrow_mut();
        let Some(node) = self.node.as_ref().filter(|_| !world.healthy) else {
            return;
        };
        let alive = |text: &Text| {
            let id = text.acknowledged?;
            let logged = world.book.log.get(&id)?;
            (logged.end.is_none() && !text.cancelled).then_some(id)
        };
        let texts = world.book.texts.iter().enumerate();
        let alive: Vec<(usize, u128)> = texts
            .filter_map(|(number, text)| Some((number, alive(text)?)))
            .collect();
        let Some((number, id)) = world.rng.pick(&alive) else {
            return;
        };
        world.note("cancel", [number as u64, 0, 0]);
        for shard in 0..node.shards() {
            let inbox = Arc::clone(&self.inbox);
            let reply = move |answer| {
                let mut inbox = inbox.lock().unwrap_or_else(PoisonError::into_inner);
                inbox.push(Letter::Cancelled(number, answer));
            };
            if !node.cancel(shard, MessageId(id), Box::new(reply)) {
                world.fault(Fault::MailboxFull);
            }
            world.wake(shard);
        }
    }

    /// Asks a shard what it holds, to see that its bounds hold.
    pub(crate) fn look(&mut self) {
        let mut world = self.world.borrow_mut();
        if world.healthy {
            return;
        }
        world.after(400 * MS, Act::Look);
        let Some(node) = &self.node else {
            return;
        };
        let shard = world.rng.below(node.shards() as u64) as usize;
        let inbox = Arc::clone(&self.inbox);
        let reply = move |seen: carrack_engine::Snapshot| {
            let mut inbox = inbox.lock().unwrap_or_else(PoisonError::into_inner);
            inbox.push(Letter::Parked(seen.receipts_parked));
        };
        if !node.ask(shard, Box::new(reply)) {
            world.fault(Fault::MailboxFull);
        }
        world.wake(shard);
    }

    /// Tries as often as a front door does; shards take turns meanwhile.
    fn patiently(&mut self, send: impl Fn(&SimulatedNode) -> Option<usize>) {
        for _ in 0..PATIENCE {
            let Some(node) = &self.node else {
                return;
            };
            if let Some(shard) = send(node) {
                return self.world.borrow_mut().wake(shard);
            }
            let shards = node.shards();
            self.world.borrow_mut().fault(Fault::MailboxFull);
            (0..shards).for_each(|shard| self.turn(shard));
        }
    }

    /// A customer binds and can take notices.
    pub(crate) fn bind(&mut self, account: u32) {
        let shards = self.node.as_ref().map_or(0, |node| node.shards());
        if shards == 0 {
            return;
        }
        let place = self.subscribers.len();
        let (credits, silent) = {
            let mut world = self.world.borrow_mut();
            let credits = world.rng.between(1, 12) as u32;
            let silent = world.goes_wrong(150);
            if silent {
                world.fault(Fault::CustomerSilent);
                let leaves_ns = world.rng.between(SECOND, 5 * SECOND);
                world.after(leaves_ns, Act::Unbind(place));
            }
            world.note(
                "bind",
                [u64::from(account), place as u64, u64::from(credits)],
            );
            (credits, silent)
        };
        self.bound += 1;
        let id = self.bound;
        self.subscribers.push(Subscriber {
            account,
            id,
            credits,
            silent,
            gone: false,
            held: 0,
        });
        let inbox = Arc::clone(&self.inbox);
        let sink: NoticeSink = Arc::new(move |notices| {
            let mut inbox = inbox.lock().unwrap_or_else(PoisonError::into_inner);
            inbox.push(Letter::Notices(place, notices));
        });
        for shard in 0..shards {
            self.patiently(|node| {
                let granted = node.grant(shard, account, id, credits, &sink);
                granted.then_some(shard)
            });
        }
    }

    /// A customer's bind is lost.
    pub(crate) fn unbind(&mut self, place: usize) {
        let Some(subscriber) = self.subscribers.get_mut(place).filter(|known| !known.gone) else {
            return;
        };
        subscriber.gone = true;
        let (account, id, held) = (subscriber.account, subscriber.id, subscriber.held);
        {
            let mut world = self.world.borrow_mut();
            world.note("unbind", [u64::from(account), place as u64, held as u64]);
            if held > 0 {
                world.fault(Fault::CustomerUnbound);
            }
            world.book.handed.retain(|_, to| *to != id);
            let again_ns = world.rng.between(MS, SECOND);
            world.after(again_ns, Act::Bind(account));
        }
        let shards = self.node.as_ref().map_or(0, |node| node.shards());
        for shard in 0..shards {
            self.patiently(|node| node.revoke(shard, account, id).then_some(shard));
        }
    }

    /// Silent subscribers go, so that each account has somebody who answers.
    pub(crate) fn wake_customers(&mut self) {
        let silent: Vec<usize> = (0..self.subscribers.len())
            .filter(|place| {
                self.subscribers
                    .get(*place)
                    .is_some_and(|known| known.silent)
            })
            .collect();
        for place in silent {
            self.unbind(place);
        }
    }

    /// A customer answers a notice.
    pub(crate) fn answer(&mut self, place: usize) {
        let Some(held) = self.held.get(place) else {
            return;
        };
        let (key, id, run, subscriber) = (held.key, held.id, held.run, held.subscriber);
        let there = run == self.world.borrow().run && self.node.is_some();
        let Some(known) = self
            .subscribers
            .get_mut(subscriber)
            .filter(|known| there && !known.gone)
        else {
            return;
        };
        known.held = known.held.saturating_sub(1);
        {
            let mut world = self.world.borrow_mut();
            world.note("told", [id as u64, 0, 0]);
            world.book.handed.remove(&id);
            world.book.answered.insert(id);
            if world.mutant == Some(Mutant::AnswerForgotten) {
                return;
            }
        }
        self.patiently(|node| node.told(&key));
    }

    /// Reads what the node said.
    pub(crate) fn read_letters(&mut self) {
        let letters = std::mem::take(&mut *self.letters());
        for letter in letters {
            match letter {
                Letter::Verdicts(numbers, verdicts) => self.verdicts(&numbers, &verdicts),
                Letter::Notices(subscriber, notices) => {
                    for notice in &notices {
                        self.notice(subscriber, notice);
                    }
                }
                Letter::Cancelled(number, answer) => self.cancelled(number, answer),
                Letter::Parked(parked) => {
                    let mut world = self.world.borrow_mut();
                    let most = world.plan.settings.early_receipts_max;
                    if parked > most {
                        world
                            .book
                            .violated(|| format!("{parked} receipts are parked, {most} may be"));
                    }
                }
            }
        }
    }

    fn verdicts(&mut self, numbers: &[usize], verdicts: &[Verdict]) {
        let mut world = self.world.borrow_mut();
        if numbers.len() != verdicts.len() {
            world
                .book
                .violated(|| "a chunk gets another number of verdicts".to_owned());
        }
        for (number, verdict) in numbers.iter().zip(verdicts) {
            let accepted = matches!(verdict, Verdict::Accepted(_) | Verdict::Repeated(..));
            world.note("verdict", [*number as u64, u64::from(accepted), 0]);
            world.book.verdict(*number, verdict);
            match verdict {
                Verdict::Refused(Refusal::QueueFull | Refusal::AccountQueueFull) => {
                    world.fault(Fault::QueueFull);
                }
                Verdict::Refused(Refusal::Store(_)) => world.fault(Fault::StoreRefused),
                Verdict::Repeated(..) => world.fault(Fault::AnsweredAgain),
                _ => {}
            }
        }
    }

    fn cancelled(&mut self, number: usize, answer: Option<Cancelled>) {
        let mut world = self.world.borrow_mut();
        match answer {
            Some(Cancelled::Done) => {
                world.fault(Fault::CancelDone);
                world.note("cancelled", [number as u64, 0, 0]);
                if let Some(text) = world.book.texts.get_mut(number) {
                    text.cancelled = true;
                }
            }
            Some(Cancelled::TooLate) => world.fault(Fault::CancelTooLate),
            _ => {}
        }
    }

    fn notice(&mut self, place: usize, notice: &Notice) {
        let Some(subscriber) = self.subscribers.get_mut(place) else {
            return;
        };
        let mut world = self.world.borrow_mut();
        let News::End(ending) = &notice.news else {
            return;
        };
        let id = ending.id.0;
        let name = ending.id;
        let logged = world.book.log.get(&id).cloned();
        let end = logged.as_ref().and_then(|logged| logged.end);
        world.note(
            "notice",
            [id as u64, place as u64, u64::from(ending.status.as_u8())],
        );
        if end != Some(ending.status) {
            world
                .book
                .violated(|| format!("message {name} is told and its end is not durable so"));
        }
        if logged.as_ref().is_some_and(|logged| logged.told > 0)
            || world.book.answered.contains(&id)
        {
            world
                .book
                .violated(|| format!("message {name} is told again, and was answered"));
        }
        if subscriber.gone {
            // On its way when the bind was lost: nobody takes it.
            return;
        }
        if world.book.handed.insert(id, subscriber.id).is_some() {
            world
                .book
                .violated(|| format!("message {name} is with two subscribers"));
        }
        subscriber.held += 1;
        let most = subscriber.credits as usize * world.wakes.len();
        if subscriber.held > most {
            let held = subscriber.held;
            world
                .book
                .violated(|| format!("a subscriber holds {held} notices and gave {most} credits"));
        }
        if !self.handed_before.insert(id) {
            world.fault(Fault::ToldAgain);
        }
        self.held.push(Held {
            key: notice.key,
            id,
            subscriber: place,
            run: world.run,
        });
        if !subscriber.silent {
            let answer_ns = world.rng.between(100_000, 300 * MS);
            world.after(answer_ns, Act::Answer(self.held.len() - 1));
        }
    }
}
