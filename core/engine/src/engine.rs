//! The engine as front doors see it: cheap to clone, never blocks but where it says so.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use carrack_message::MessageId;
use carrack_message::mo::MoWay;
use carrack_message::record::BatchProgress;
use carrack_queue::{CommitThread, Names, Store, StoreFault};
use carrack_routing::quality::Qualities;
use carrack_routing::suppression::Whose;
use carrack_routing::{CarrierHealth, RouteTable};
use carrack_runtime::{MailboxFull, MailboxSender};

use crate::batches::BatchCounters;
use crate::consent::ConsentSink;
use crate::credit::{Credit, CreditRefused, Credited};
use crate::directory::Directory;
use crate::idempotency::Desk;
use crate::jobs::{JobRefused, JobRequest, JobStatus};
use crate::limits::{LimitSettings, LimitView};
use crate::mail::Mail;
use crate::notice::{NoticeKey, NoticeSink};
use crate::shadow::ShadowDoor;
use crate::shard::Party;
use crate::shared::{Health, Shared};
use crate::snapshot::{ShardSnapshot, Snapshot};
use crate::story::{self, Story};
use crate::submission::{Chunk, Submission};
use crate::suppression::{
    SuppressionChange, SuppressionEntry, SuppressionFault, SuppressionFound, SuppressionListView,
    SuppressionReply, SuppressionSettings, SuppressionsNow,
};

/// Whether new work is taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Readiness {
    /// Yes.
    Ready,
    /// Not yet.
    Starting,
    /// Not any more.
    Draining,
    /// Not while the store cannot be written; the reason for people.
    StoreRefuses(String),
}

/// What became of a wish to cancel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cancelled {
    /// It will not be sent; durable.
    Done,
    /// Some of it has left, or it is final.
    TooLate,
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
    /// It is not waiting here.
    NotFound,
}

/// A letter that must not be lost waits this often for room in a mailbox: first a yield of the thread, then a millisecond.
const TOLD_TRIES_MAX: usize = 5_000;
const YIELDS: usize = 1_000;

/// A handle to the running engine.
#[derive(Clone)]
pub struct Engine {
    pub(crate) inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pub(crate) shared: Arc<Shared>,
    pub(crate) store: Arc<Store>,
    pub(crate) shards: Vec<MailboxSender<Mail>>,
    /// Where submissions with keys pass.
    pub(crate) desk: Arc<Desk>,
    pub(crate) next: AtomicU64,
    pub(crate) committer: Mutex<Option<CommitThread>>,
}

impl Engine {
    /// Hands in a chunk; any shard takes it.
    ///
    /// # Errors
    /// The chunk, when the shard's mailbox is full: answer "too much", or wait a little.
    pub fn submit(&self, chunk: Chunk) -> Result<(), Chunk> {
        let lane = self.inner.next.fetch_add(1, Ordering::Relaxed);
        self.submit_to(lane, chunk)
    }

    /// Hands in a chunk; the same `lane` goes to the same shard. Submissions with a key that was used before are answered
    /// and do not get there.
    ///
    /// # Errors
    /// As [`Self::submit`].
    pub fn submit_to(&self, lane: u64, chunk: Chunk) -> Result<(), Chunk> {
        let keyed = |submission: &Submission| submission.key.is_some();
        match chunk.submissions.iter().any(keyed) {
            true => self.inner.desk.take(lane, chunk),
            false => hand_in(&self.inner.shards, lane, chunk),
        }
    }

    /// Submissions that one chunk may have.
    #[must_use]
    pub fn chunk_submissions_max(&self) -> usize {
        self.inner
            .shared
            .settings
            .frame_messages_max
            .saturating_sub(1)
    }

    /// Accounts and carriers.
    #[must_use]
    pub fn directory(&self) -> Arc<Directory> {
        self.inner.shared.directory()
    }

    /// The number of an account's name for ever, given to it now where it has none. Blocking: it may write the store.
    ///
    /// # Errors
    /// [`StoreFault`] when the store cannot be read or written.
    pub fn number_account(&self, name: &str) -> Result<u32, StoreFault> {
        let store = &self.inner.store;
        Names::load(store, "account")?.number(store, "account", name)
    }

    /// Routes and prices.
    #[must_use]
    pub fn table(&self) -> Arc<RouteTable> {
        self.inner.shared.table()
    }

    /// Replaces accounts, routes and prices without a pause. Carriers keep their places.
    pub fn replace_tables(&self, directory: Directory, table: Arc<RouteTable>) {
        self.inner.shared.replace_tables(directory, table);
        self.wake();
    }

    /// Replaces the limits that are no carrier's. Those of the same name and kind keep their buckets and counts; what waits
    /// in memory takes the new ones at once.
    pub fn replace_limits(&self, limits: LimitSettings) {
        self.inner.shared.replace_limits(limits);
        self.wake();
    }

    /// Puts other suppression lists in place of these; what was added to lists of the same name and form stays. Blocking:
    /// what was added to new ones is read.
    ///
    /// # Errors
    /// That cannot be read; nothing has changed then.
    pub fn replace_suppressions(&self, settings: SuppressionSettings) -> std::io::Result<()> {
        let shared = &self.inner.shared;
        shared.suppressions.replace(settings)?;
        shared.tables_version.fetch_add(1, Ordering::Release);
        self.wake();
        Ok(())
    }

    /// Suppression lists, in the order of the configuration.
    #[must_use]
    pub fn suppression_lists(&self) -> Vec<SuppressionListView> {
        self.inner.shared.suppressions.views()
    }

    /// What suppression lists say of a number, whatever messages they are for; `account` and `sender` are those of entries
    /// by account and sender.
    #[must_use]
    pub fn suppressed(
        &self,
        whose: Whose,
        account: &str,
        sender: &str,
        utc_ns: u64,
    ) -> Vec<SuppressionFound> {
        let suppressions = &self.inner.shared.suppressions;
        suppressions.look_up(whose, account, sender, utc_ns)
    }

    /// Suppression lists as they are set now, to be asked about a message before it is handed in.
    #[must_use]
    pub fn suppressions_now(&self) -> SuppressionsNow {
        self.inner.shared.suppressions.now()
    }

    /// Entries that were added to a list since its last compaction, of one account or sender where `name` says so, keys
    /// rising from behind `after`, so many at most. None: no such list.
    #[must_use]
    pub fn suppression_entries(
        &self,
        list: &str,
        name: Option<&str>,
        after: Option<u64>,
        most: usize,
    ) -> Option<Vec<SuppressionEntry>> {
        let suppressions = &self.inner.shared.suppressions;
        suppressions.added(list, name, after, most)
    }

    /// Changes suppression lists; the reply comes when that is durable and in force on every shard.
    ///
    /// # Errors
    /// [`SuppressionFault`]; nothing was changed, and the reply does not come.
    pub fn suppress(
        &self,
        changes: Vec<SuppressionChange>,
        reply: SuppressionReply,
    ) -> Result<(), SuppressionFault> {
        self.inner.shared.suppressions.change(changes, reply)
    }

    /// A message with this tag may leave until then though its recipient stands on a list: an answer of the node's own. False:
    /// too many may.
    #[must_use]
    pub fn exempt_tag(&self, tag: &str, now_utc_ns: u64, until_utc_ns: u64) -> bool {
        let exempt = &self.inner.shared.suppressions.exempt;
        exempt.add(tag, now_utc_ns, until_utc_ns)
    }

    /// Moves what was added to a list into an index; the reply says how many entries that has.
    ///
    /// # Errors
    /// [`SuppressionFault`]; the reply does not come.
    pub fn compact_suppression(
        &self,
        list: &str,
        reply: Box<dyn FnOnce(Result<u64, SuppressionFault>) + Send>,
    ) -> Result<(), SuppressionFault> {
        self.inner.shared.suppressions.compact(list, reply)
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

    /// Who is shown what becomes of new messages; none: nobody.
    #[must_use]
    pub fn shadow(&self) -> Option<Arc<ShadowDoor>> {
        self.inner.shared.shadow()
    }

    /// Shows what becomes of new messages to somebody else, or to nobody.
    pub fn replace_shadow(&self, door: Option<Arc<ShadowDoor>>) {
        self.inner.shared.replace_shadow(door);
        self.wake();
    }

    /// How carriers do by what is measured.
    #[must_use]
    pub fn quality(&self) -> Arc<Qualities> {
        self.inner.shared.quality()
    }

    /// How a carrier does, by its place in the route table.
    #[must_use]
    pub fn health(&self, carrier: u16) -> CarrierHealth {
        match self.inner.shared.health(carrier) {
            Health::Up => CarrierHealth::Up,
            Health::Down => CarrierHealth::Down,
            Health::Paused => CarrierHealth::Paused,
            Health::Refusing => CarrierHealth::Refusing,
            Health::Capped => CarrierHealth::Capped,
        }
    }

    /// Whether new work is taken.
    #[must_use]
    pub fn readiness(&self) -> Readiness {
        if self.inner.shared.draining.load(Ordering::Acquire) {
            return Readiness::Draining;
        }
        if !self.inner.shared.ready.load(Ordering::Acquire) {
            return Readiness::Starting;
        }
        let committer = self
            .inner
            .committer
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        match committer
            .as_ref()
            .and_then(|committer| committer.gate().reason())
        {
            Some(reason) => Readiness::StoreRefuses(reason),
            None => Readiness::Ready,
        }
    }

    /// The whole life of a message. Blocking: it reads the log.
    ///
    /// # Errors
    /// [`StoreFault`] when the store cannot be read.
    pub fn story(&self, id: MessageId) -> Result<Option<Story>, StoreFault> {
        Ok(self.stories(&[id])?.pop().flatten())
    }

    /// The whole lives of different messages, in their order, by one reading of the log. Blocking.
    ///
    /// # Errors
    /// As [`Self::story`].
    pub fn stories(&self, ids: &[MessageId]) -> Result<Vec<Option<Story>>, StoreFault> {
        let shared = &self.inner.shared;
        story::read(
            &self.inner.store,
            &shared.directory(),
            ids,
            shared.settings.history_frames_max,
        )
    }

    /// Takes a message back; the reply comes when it is durable.
    pub fn cancel(&self, id: MessageId, reply: Box<dyn FnOnce(Cancelled) + Send>) {
        let reply = |answer: Option<Cancelled>| reply(answer.unwrap_or(Cancelled::NotFound));
        self.wish(reply, |part| Mail::Cancel(id, part));
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
        self.wish(reply, |part| Mail::SendAt(id, at_utc_ns, part));
    }

    /// Asks every shard; the one that has the message answers.
    fn wish<T: Send + 'static>(
        &self,
        reply: impl FnOnce(Option<T>) + Send + 'static,
        mail: impl Fn(Box<dyn FnOnce(Option<T>) + Send>) -> Mail,
    ) {
        let gather = Gather::new(self.inner.shards.len(), move |answers: Vec<Option<T>>| {
            reply(answers.into_iter().flatten().next());
        });
        for shard in &self.inner.shards {
            match shard.send(mail(Box::new(gather.part()))) {
                Err(MailboxFull(Mail::Cancel(_, reply))) => reply(None),
                Err(MailboxFull(Mail::SendAt(_, _, reply))) => reply(None),
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

    /// Messages accepted and not final.
    #[must_use]
    pub fn waiting(&self) -> u64 {
        self.inner.shared.waiting.load(Ordering::Relaxed)
    }

    /// Stops a carrier taking messages, or lets it again. False: there is none of that name.
    #[must_use]
    pub fn pause_carrier(&self, name: &str, paused: bool) -> bool {
        self.table()
            .carrier_number(name)
            .is_some_and(|place| self.inner.shared.set_paused(place, paused))
    }

    /// Begins a queue job; [`Self::jobs`] tells how it does.
    ///
    /// # Errors
    /// [`JobRefused`]; nothing was touched.
    pub fn start_job(&self, request: JobRequest) -> Result<JobStatus, JobRefused> {
        let shared = &self.inner.shared;
        if shared.draining.load(Ordering::Acquire) {
            return Err(JobRefused::Draining);
        }
        let (table, directory) = (shared.table(), shared.directory());
        let shards = self.inner.shards.len();
        let status = shared.jobs.start(request, &table, &directory, shards)?;
        self.wake();
        Ok(status)
    }

    /// Queue jobs of this run that are remembered, the newest first.
    #[must_use]
    pub fn jobs(&self) -> Vec<JobStatus> {
        self.inner.shared.jobs.all()
    }

    /// Stops the queue job that is at work; what it has done stays. None: there is none.
    #[must_use]
    pub fn stop_job(&self) -> Option<JobStatus> {
        let stopped = self.inner.shared.jobs.stop();
        self.wake();
        stopped
    }

    /// A full mailbox wakes its shard too.
    fn wake(&self) {
        for shard in &self.inner.shards {
            let _ = shard.send(Mail::Snapshot(Box::new(|_| ())));
        }
    }

    /// Counters of a batch.
    #[must_use]
    pub fn batch(&self, batch: u64) -> Arc<BatchCounters> {
        self.inner.shared.batches.counters(batch)
    }

    /// How far the log said at start that a batch was taken: furthest position, sums of accepted and refused rows.
    #[must_use]
    pub fn batch_resume(&self, batch: u64) -> Option<BatchProgress> {
        self.inner.shared.batches.resume(batch)
    }

    /// Says that a subscriber can hold `credits` more notices of an account, for this way, from each shard. The ends of
    /// messages go to binds. A credit is used by a notice
    /// and free again when that is told.
    pub fn grant(
        &self,
        account: u32,
        way: MoWay,
        subscriber: u64,
        credits: u32,
        sink: &NoticeSink,
    ) {
        let party = Party { account, way };
        for shard in &self.inner.shards {
            let sink = Arc::clone(sink);
            let grant = Mail::Grant {
                party,
                subscriber,
                credits,
                sink,
            };
            send_patiently(shard, grant);
        }
    }

    /// From now on a message from a handset in which this word stands is this account's, before all rules; it is told to
    /// the account's binds. False: the word is awaited already, or too many are.
    #[must_use]
    pub fn await_word(&self, word: &str, account: u32) -> bool {
        self.inner.shared.awaited.add(word, account)
    }

    /// The word is not awaited any more.
    pub fn forget_word(&self, word: &str) {
        self.inner.shared.awaited.remove(word);
    }

    /// Who hears what handsets said, once what follows from it is durable and in force; none: nobody.
    pub fn on_consent(&self, sink: Option<ConsentSink>) {
        self.inner.shared.consents.listen(sink);
    }

    /// Parts of messages from handsets that the node did not take since the start: their carriers keep them.
    #[must_use]
    pub fn mo_refused(&self) -> u64 {
        self.inner.shared.mo_refused.load(Ordering::Relaxed)
    }

    /// Says that a subscriber is gone.
    pub fn revoke(&self, account: u32, way: MoWay, subscriber: u64) {
        let party = Party { account, way };
        for shard in &self.inner.shards {
            send_patiently(shard, Mail::Revoke { party, subscriber });
        }
    }

    /// Says that the customer has taken a notice.
    pub fn told(&self, notice: &NoticeKey) {
        if let Some(shard) = self.inner.shards.get(usize::from(notice.shard)) {
            send_patiently(shard, Mail::Told(*notice));
        }
    }
}

/// Puts a chunk into the mailbox of its shard.
pub(crate) fn hand_in(
    shards: &[MailboxSender<Mail>],
    lane: u64,
    chunk: Chunk,
) -> Result<(), Chunk> {
    let Some(shard) = lane
        .checked_rem(shards.len() as u64)
        .and_then(|place| shards.get(place as usize))
    else {
        return Err(chunk);
    };
    shard
        .send(Mail::Chunk(chunk))
        .map_err(|MailboxFull(mail)| match mail {
            Mail::Chunk(chunk) => chunk,
            _ => Chunk {
                submissions: Vec::new(),
                progress: None,
                parts: 1,
                reply: Box::new(|_| ()),
            },
        })
}

/// Mail that must not be lost while a shard is busy; bounded all the same.
pub(crate) fn send_patiently(shard: &MailboxSender<Mail>, mut mail: Mail) {
    for tries in 0..TOLD_TRIES_MAX {
        match shard.send(mail) {
            Ok(()) => return,
            Err(MailboxFull(back)) => mail = back,
        }
        if tries < YIELDS {
            std::thread::yield_now();
        } else {
            std::thread::sleep(std::time::Duration::from_millis(1));
        }
    }
    tracing::error!("a shard's mailbox stayed full; a notice may be told twice");
}

/// Collects one answer from each shard.
struct Gather<T> {
    inner: Arc<Mutex<Gathering<T>>>,
}

type Done<T> = Box<dyn FnOnce(Vec<T>) + Send>;

struct Gathering<T> {
    answers: Vec<T>,
    expected: usize,
    done: Option<Done<T>>,
}

impl<T: Send + 'static> Gather<T> {
    fn new(expected: usize, done: impl FnOnce(Vec<T>) + Send + 'static) -> Self {
        Self {
            inner: Arc::new(Mutex::new(Gathering {
                answers: Vec::new(),
                expected,
                done: Some(Box::new(done)),
            })),
        }
    }

    fn part(&self) -> impl FnOnce(T) + Send + 'static {
        let inner = Arc::clone(&self.inner);
        move |answer| {
            let mut gathering = inner.lock().unwrap_or_else(PoisonError::into_inner);
            gathering.answers.push(answer);
            if gathering.answers.len() == gathering.expected
                && let Some(done) = gathering.done.take()
            {
                let answers = std::mem::take(&mut gathering.answers);
                drop(gathering);
                done(answers);
            }
        }
    }
}
