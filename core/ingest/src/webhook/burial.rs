//! What nobody is told any more: it is written down before the engine hears that it is done with; and told again where somebody asks.
//!
//! Promise: an event that was given up is in its account's list before it is forgotten; a letter leaves the list when it was taken. What the
//! disk refuses is tried again after a while. Bound: one writing an account at a time; [`RESENT_MAX`] letters on their way again.

use std::collections::HashSet;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use carrack_message::CallbackKind;
use carrack_runtime::Clock;
use carrack_telemetry::names;
use tokio::sync::oneshot;
use tokio::task::JoinSet;

use super::dead::Added;
use super::desk::{DeadBook, RESENT_MAX, Resent};
use super::event::Posting;
use super::intake::Intake;
use super::letter::{Letter, Which};
use super::request::render;
use super::subscriber::{Item, Subscriber};
use super::waiting::Why;

/// Before the disk is asked again.
const DISK_PAUSE: Duration = Duration::from_secs(10);

/// Letters that are to be told again, and who wants to know how many.
pub(crate) type Again = (Which, oneshot::Sender<Resent>);

/// What the disk did not take, and why.
type Unwritten<K> = (Vec<(Posting<K>, Letter)>, io::Error);

/// A writing that has come to its end.
pub(super) enum Buried<K> {
    /// These are in the list; so many older ones went for them. The others are not, and why.
    Written(Vec<Posting<K>>, u64, Option<Unwritten<K>>),
    /// These are out of the list.
    Gone(Vec<u64>),
    /// Letters to be told again.
    Found(Vec<Letter>, u64, oneshot::Sender<Resent>),
}

/// What an account has to write down.
pub(super) struct Burials<K> {
    dying: Vec<(Posting<K>, Letter)>,
    taken: Vec<u64>,
    again: HashSet<u64>,
    at_work: JoinSet<Buried<K>>,
}

impl<K> Default for Burials<K> {
    fn default() -> Self {
        Self {
            dying: Vec::new(),
            taken: Vec::new(),
            again: HashSet::new(),
            at_work: JoinSet::new(),
        }
    }
}

impl<K: Send + 'static> Burials<K> {
    /// The next one that ends.
    pub(super) async fn done(&mut self) -> Option<Buried<K>> {
        loop {
            match self.at_work.join_next().await? {
                Ok(buried) => return Some(buried),
                Err(error) => tracing::error!(%error, "dead letters could not be written"),
            }
        }
    }

    /// A letter was taken: it leaves the list.
    pub(super) fn taken(&mut self, serial: u64) {
        self.taken.push(serial);
    }

    /// Letters on their way again.
    pub(super) fn resending(&self) -> usize {
        self.again.len()
    }
}

/// Puts letters into the list of an account. Blocks, and for a while longer where the disk refuses.
fn write_down<K>(
    dead: &DeadBook,
    account: u32,
    most: u64,
    mut dying: Vec<(Posting<K>, Letter)>,
) -> Buried<K> {
    let letters: Vec<Letter> = dying.iter().map(|(_, letter)| letter.clone()).collect();
    let added = dead.with(account, |list| {
        list.set_most(most);
        Ok(list.add(&letters))
    });
    let added = added.unwrap_or_else(|error| Added {
        fault: Some(error),
        ..Added::default()
    });
    let left = dying.split_off(added.durable.min(dying.len()));
    if added.fault.is_some() {
        std::thread::sleep(DISK_PAUSE);
    }
    let told = dying.into_iter().map(|(posting, _)| posting);
    let unwritten = added.fault.map(|error| (left, error));
    Buried::Written(told.collect(), added.went, unwritten)
}

impl<I: Intake> Subscriber<I> {
    /// Nobody is told it any more.
    pub(super) fn give_up(&mut self, item: Item<I::Key>, why: Why) {
        let reason = match why {
            Why::Expired => "expired",
            Why::Refused => "refused",
        };
        metrics::counter!(names::WEBHOOK_GIVEN_UP, "why" => reason).increment(1);
        let posting = match item {
            Item::Posting(posting) => posting,
            // It is in the list still.
            Item::Letter(letter) => {
                self.burials.again.remove(&letter.serial);
                return;
            }
        };
        let account = &self.party.name;
        let id = posting.event.id();
        tracing::warn!(%id, %account, reason, "the webhook never took an event; it is a dead letter");
        let mut letter = Letter::new(id, posting.event.kind());
        letter.at_utc_ns = posting.event.at_utc_ns();
        letter.given_up_utc_ns = self.clock.now().utc_ns;
        reason.clone_into(&mut letter.why);
        let events = std::slice::from_ref(&posting.event);
        if let Ok(Some(asked)) = render(&self.book, account, &self.receiver, events) {
            letter.get = asked.get;
            asked.content_type.clone_into(&mut letter.content_type);
            letter.body = String::from_utf8_lossy(&asked.body).into_owned();
            // A webhook's may change, and may have a secret in it.
            if posting.event.kind() != CallbackKind::Webhook {
                letter.url = asked.url;
            }
        }
        self.burials.dying.push((posting, letter));
    }

    /// Writes down what there is, if nothing is being written.
    pub(super) fn bury(&mut self) {
        let burials = &mut self.burials;
        if !burials.at_work.is_empty() || burials.dying.is_empty() && burials.taken.is_empty() {
            return;
        }
        let (account, dead) = (self.party.account, Arc::clone(&self.desk.dead));
        let most = self.receiver.terms().dead_max;
        if !burials.taken.is_empty() {
            let taken = std::mem::take(&mut burials.taken);
            burials.at_work.spawn_blocking(move || {
                if let Err(error) = dead.with(account, |list| list.take_away(&taken)) {
                    tracing::error!(%error, "letters that were taken are in the list of dead letters still");
                }
                Buried::Gone(taken)
            });
            return;
        }
        let dying = std::mem::take(&mut burials.dying);
        burials
            .at_work
            .spawn_blocking(move || write_down(&dead, account, most, dying));
    }

    /// A writing has ended.
    pub(super) fn buried(&mut self, buried: Buried<I::Key>) {
        let account = &self.party.name;
        match buried {
            Buried::Written(told, went, unwritten) => {
                if went > 0 {
                    metrics::counter!(names::WEBHOOK_LETTERS_DROPPED).increment(went);
                    tracing::warn!(%account, went, "dead letters went, as there are more than `dead_max`");
                }
                if let Some((dying, error)) = unwritten {
                    tracing::error!(%error, %account, "dead letters cannot be written; it is tried again");
                    self.burials.dying.extend(dying);
                }
                for posting in told {
                    self.go_on(posting);
                }
            }
            Buried::Gone(serials) => {
                for serial in serials {
                    self.burials.again.remove(&serial);
                }
            }
            Buried::Found(letters, total, reply) => self.found(letters, total, reply),
        }
    }

    /// Letters are to be told again.
    pub(super) fn resend(&mut self, (which, reply): Again) {
        let (account, dead) = (self.party.account, Arc::clone(&self.desk.dead));
        let known = self.burials.again.clone();
        let room = RESENT_MAX.saturating_sub(known.len());
        self.burials.at_work.spawn_blocking(move || {
            let mut letters = Vec::new();
            let read = dead.with(account, |list| {
                list.each(0, &mut |letter| {
                    if which.takes(&letter)
                        && !known.contains(&letter.serial)
                        && letters.len() < room
                    {
                        letters.push(letter);
                    }
                    letters.len() < room
                })?;
                Ok(list.len())
            });
            let total = read.unwrap_or_else(|error| {
                tracing::error!(%error, "the list of dead letters cannot be read");
                0
            });
            Buried::Found(letters, total, reply)
        });
    }

    fn found(&mut self, letters: Vec<Letter>, total: u64, reply: oneshot::Sender<Resent>) {
        let keep_ns = u64::try_from(self.receiver.terms().keep.as_nanos()).unwrap_or(u64::MAX);
        let until_ns = self.now_ns().saturating_add(keep_ns);
        let mut resent = 0;
        for letter in letters {
            if self.burials.again.insert(letter.serial) {
                resent += 1;
                self.waiting.push(Item::Letter(letter), until_ns, true);
            }
        }
        let left = total.saturating_sub(self.burials.again.len() as u64);
        // Whoever asked may have gone.
        let _ = reply.send(Resent { resent, left });
    }
}
