//! The door for simulations: shards of this crate built from given parts, turned by hand, and put back from frames.
//!
//! Promise: nothing here decides anything. Recovery, distribution and the loop are the node's own; only threads, clock,
//! disk and links come from the caller, so that one seed replays a run. Bound and failure as a shard's.

use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use carrack_carrier::Link;
use carrack_message::record::{FrameFault, FrameReader};
use carrack_message::{MessageId, References};
use carrack_queue::{
    Committer, DayCounts, FrameKey, InFlight, InFlightJournal, KeptKey, KeyName, RecordPlace,
    SealedFrame, ShelfCounts, ShelfEntry, ShelfQuestion, Turnovers,
};
use carrack_routing::RouteTable;
use carrack_runtime::{Mailbox, MailboxFull, MailboxSender, Now, Wake, mailbox};

use crate::credit::BalanceView;
use crate::directory::Directory;
use crate::engine::{Cancelled, hand_in};
use crate::idempotency::{Desk, DeskSettings};
use crate::limits::{LimitSettings, Limits};
use crate::mail::Mail;
use crate::notice::{NoticeKey, NoticeSink};
use crate::recovery::{Recovered, Ways};
use crate::rules::CarrierRules;
use crate::settings::EngineSettings;
use crate::shard::{Carrier, Party, Shard, ShardParts};
use crate::shared::Shared;
use crate::snapshot::Snapshot;
use crate::submission::{Chunk, Submission};

use super::distribution;
use crate::pager::{Ask, Page, PageRequest, Pager, Read};

/// Reads at the next turn.
struct AtOnce {
    log: SimulatedLog,
    shelf: SimulatedShelf,
    asked: VecDeque<PageRequest>,
}

impl Pager for AtOnce {
    fn ask(&mut self, request: PageRequest) -> bool {
        self.asked.push_back(request);
        true
    }

    fn take(&mut self) -> Option<Page> {
        let request = self.asked.pop_front()?;
        let read = match request.ask {
            Ask::Frames(keys) => {
                let read = |key| (key, Ok((self.log)(key)));
                Read::Frames(keys.into_iter().map(read).collect())
            }
            Ask::Shelf(question) => Read::Shelf((self.shelf)(&question)),
        };
        Some(Page {
            number: request.number,
            read,
        })
    }
}

/// The durable log: a frame's octets by its key.
pub type SimulatedLog = Box<dyn FnMut(FrameKey) -> Option<Vec<u8>>>;

/// The durable shelf: answers a question, or says why it cannot.
pub type SimulatedShelf = Box<dyn FnMut(&ShelfQuestion) -> Result<Vec<ShelfEntry>, String>>;

/// Durable keys of requests, by name.
pub type SimulatedKeys = Arc<Mutex<BTreeMap<KeyName, KeptKey>>>;

/// What the durable frames say, in the order in which they are given.
pub struct SimulatedRecovery {
    found: Recovered,
    money: Turnovers,
    limits: Arc<Limits>,
}

impl SimulatedRecovery {
    /// Nothing yet. Accounts, carriers and routes are those of the run to come.
    #[must_use]
    pub fn new(directory: Directory, table: Arc<RouteTable>, mut log: SimulatedLog) -> Self {
        let read = move |key| {
            let octets = log(key)?;
            Some(Arc::new(SealedFrame::read_back(key, octets)))
        };
        let limits = Arc::new(Limits::new(LimitSettings::default()));
        let ways = Ways::new(directory, table, Arc::clone(&limits));
        Self {
            found: Recovered::new(ways, Box::new(read)),
            money: Turnovers::default(),
            limits,
        }
    }

    /// Reads one frame.
    ///
    /// # Errors
    /// [`FrameFault`] where it or a record of it cannot be read.
    pub fn apply(&mut self, frame: &Arc<SealedFrame>) -> Result<(), FrameFault> {
        for (index, offset, record) in FrameReader::new(&frame.octets)?.iter() {
            let place = RecordPlace { index, offset };
            let record = record?;
            self.money.note(frame.key, record);
            self.found.apply(frame, place, record);
        }
        Ok(())
    }

    /// Makes uncertain what the journals held; gives the frame that says so, if there is anything to say.
    ///
    /// # Errors
    /// [`FrameFault`] where a record cannot be written.
    pub fn left_in_windows(
        &mut self,
        left_over: &[InFlight],
        at_utc_ns: u64,
    ) -> Result<Option<Vec<u8>>, FrameFault> {
        let frame = self.found.left_in_windows(left_over, at_utc_ns)?;
        Ok((!frame.is_empty()).then(|| frame.seal(0)))
    }

    /// Messages that still live.
    #[must_use]
    pub fn messages(&self) -> usize {
        self.found.count()
    }

    /// Receipts that wait for their response.
    #[must_use]
    pub fn receipts_parked(&self) -> usize {
        self.found.early.len()
    }
}

/// A carrier with its links.
pub struct SimulatedCarrier {
    /// Its name.
    pub name: String,
    /// Segments a second over all links.
    pub rate: Option<u32>,
    /// How it is dealt with.
    pub rules: CarrierRules,
    /// Its links.
    pub links: Vec<Box<dyn Link>>,
}

/// What a shard is given.
pub struct SimulatedPart {
    /// Its end of the committer.
    pub committer: Box<dyn Committer>,
    /// Its journal, empty.
    pub journal: InFlightJournal,
    /// What it reads of the log.
    pub log: SimulatedLog,
    /// What it reads of the shelf.
    pub shelf: SimulatedShelf,
}

/// What a node is made of.
pub struct SimulatedSpec {
    /// The engine's settings.
    pub settings: EngineSettings,
    /// Accounts and carriers by number.
    pub directory: Directory,
    /// Routes and prices.
    pub table: Arc<RouteTable>,
    /// Carriers in the order of the route table.
    pub carriers: Vec<SimulatedCarrier>,
    /// One for each shard.
    pub parts: Vec<SimulatedPart>,
    /// References of long texts.
    pub references: Arc<References>,
    /// Messages on the shelf.
    pub shelf_counts: ShelfCounts,
    /// Who looked after them.
    pub keepers_found: Vec<u32>,
    /// Whether there was a run before, which may have used up this second's rates.
    pub used_before: bool,
    /// Keys of requests that are durable.
    pub keys: SimulatedKeys,
}

/// A node without threads.
pub struct SimulatedNode {
    shared: Arc<Shared>,
    shards: Vec<Shard>,
    mail: Vec<MailboxSender<Mail>>,
    desk: Arc<Desk>,
    utc_ns: Arc<AtomicU64>,
}

impl Drop for SimulatedNode {
    fn drop(&mut self) {
        self.desk.stop();
    }
}

impl SimulatedNode {
    /// Builds the shards and gives them what was recovered.
    #[must_use]
    pub fn start(spec: SimulatedSpec, recovery: SimulatedRecovery, now: Now) -> Self {
        let shards = spec.parts.len().max(1);
        let owners = (0..spec.carriers.len()).map(|place| (place % shards) as u8);
        let mut shared = Shared::new(
            spec.settings,
            owners.collect(),
            spec.directory,
            spec.table,
            recovery.limits,
            &recovery.money,
        );
        shared.keepers_found = spec.keepers_found;
        let shared = Arc::new(shared);
        let mut recovered = recovery.found;
        distribution::count_shelf(&shared, &spec.shelf_counts);
        let mut found = distribution::distribute(&shared, &mut recovered, shards);
        let remembered = std::mem::take(&mut recovered.remembered);
        distribution::give_batches(&shared, recovered);
        let size = shared.settings.mailbox_size;
        let (mail, inboxes): (Vec<MailboxSender<Mail>>, Vec<Mailbox<Mail>>) =
            (0..shards).map(|_| mailbox(size, Wake::default())).unzip();
        let directory = shared.directory();
        let mut carriers: Vec<Vec<(u16, Carrier)>> = (0..shards).map(|_| Vec::new()).collect();
        for (place, found) in (0u16..).zip(spec.carriers) {
            let number = directory.carrier(place).map_or(0, |entry| entry.number);
            let carrier = Carrier::new(
                found.name,
                number,
                found.rate,
                found.rules,
                shared.settings.quality,
                found.links,
            );
            if let Some(owned) = carriers.get_mut(usize::from(place) % shards) {
                owned.push((place, carrier));
            }
        }
        let parts = spec.parts.into_iter().zip(inboxes).zip(carriers);
        let built = (0u8..)
            .zip(parts)
            .map(|(number, ((part, inbox), carriers))| {
                let mut shard = Shard::new(ShardParts {
                    number,
                    shared: Arc::clone(&shared),
                    committer: part.committer,
                    journal: part.journal,
                    day_counts: DayCounts::in_memory(),
                    inbox,
                    peers: mail.clone(),
                    carriers,
                    references: Arc::clone(&spec.references),
                    pager: Box::new(AtOnce {
                        log: part.log,
                        shelf: part.shelf,
                        asked: VecDeque::new(),
                    }),
                });
                if spec.used_before {
                    shard.keep_quiet(now);
                }
                shard.remember(now, &remembered);
                // The map they come from has no order; a replay needs one.
                let mut parked = found.early.pop_front().unwrap_or_default();
                parked.sort_by(|a, b| {
                    (a.at_utc_ns, a.carrier, &a.id).cmp(&(b.at_utc_ns, b.carrier, &b.id))
                });
                for early in parked {
                    shard.restore_early(now, early);
                }
                for message in found.messages.pop_front().unwrap_or_default() {
                    shard.restore(now, message);
                }
                for lane in found.lanes.pop_front().unwrap_or_default() {
                    shard.restore_lane(lane);
                }
                shard.match_restored(now);
                shard.restore_mo(now, &found.handsets.pop_front().unwrap_or_default());
                for (party, end) in found.ends.pop_front().unwrap_or_default() {
                    shard.restore_end(party, end);
                }
                shard
            });
        let shards = built.collect();
        shared.ready.store(true, Ordering::Release);
        let utc_ns = Arc::new(AtomicU64::new(now.utc_ns));
        let desk = Arc::new(desk(&shared.settings, spec.keys, mail.clone(), &utc_ns));
        Self {
            shared,
            shards,
            mail,
            desk,
            utc_ns,
        }
    }

    /// Shards.
    #[must_use]
    pub fn shards(&self) -> usize {
        self.shards.len()
    }

    /// What an account has.
    #[must_use]
    pub fn balance(&self, account: u32) -> Option<BalanceView> {
        let directory = self.shared.directory();
        directory.account(account).map(|entry| entry.balance.view())
    }

    /// One turn of a shard. True: it has more to do at once.
    pub fn turn(&mut self, shard: usize, now: Now) -> bool {
        self.utc_ns.store(now.utc_ns, Ordering::Relaxed);
        let shard = self.shards.get_mut(shard);
        let busy = shard.is_some_and(|shard| shard.turn(now));
        self.desk.work_off();
        busy
    }

    /// How long a shard may sleep if nothing wakes it.
    pub fn patience_ns(&mut self, shard: usize, now: Now) -> u64 {
        let shard = self.shards.get_mut(shard);
        shard.map_or(u64::MAX, |shard| shard.patience_ns(now))
    }

    /// Letters that wait for a shard.
    #[must_use]
    pub fn letters(&self, shard: usize) -> usize {
        self.mail.get(shard).map_or(0, MailboxSender::waiting)
    }

    fn send(&self, shard: usize, mail: Mail) -> Result<(), Mail> {
        match self.mail.get(shard) {
            Some(sender) => sender.send(mail).map_err(|MailboxFull(mail)| mail),
            None => Err(mail),
        }
    }

    /// Hands in a chunk. False: the mailbox was full, and the chunk is gone.
    #[must_use]
    pub fn submit(&self, shard: usize, chunk: Chunk) -> bool {
        let keyed = |submission: &Submission| submission.key.is_some();
        if !chunk.submissions.iter().any(keyed) {
            return self.send(shard, Mail::Chunk(chunk)).is_ok();
        }
        let taken = self.desk.take(shard as u64, chunk).is_ok();
        self.desk.work_off();
        taken
    }

    /// Asks one shard to take a message back; `None` in the reply: it does not have it.
    #[must_use]
    pub fn cancel(
        &self,
        shard: usize,
        id: MessageId,
        reply: Box<dyn FnOnce(Option<Cancelled>) + Send>,
    ) -> bool {
        self.send(shard, Mail::Cancel(id, reply)).is_ok()
    }

    /// Gives credits to one shard. False: its mailbox was full.
    #[must_use]
    pub fn grant(
        &self,
        shard: usize,
        account: u32,
        subscriber: u64,
        credits: u32,
        sink: &NoticeSink,
    ) -> bool {
        let sink = Arc::clone(sink);
        let grant = Mail::Grant {
            party: Party::binds(account),
            subscriber,
            credits,
            sink,
        };
        self.send(shard, grant).is_ok()
    }

    /// Tells one shard that a subscriber is gone. False: its mailbox was full.
    #[must_use]
    pub fn revoke(&self, shard: usize, account: u32, subscriber: u64) -> bool {
        let revoke = Mail::Revoke {
            party: Party::binds(account),
            subscriber,
        };
        self.send(shard, revoke).is_ok()
    }

    /// The customer has taken a notice; gives the shard that was told, none where its mailbox was full.
    #[must_use]
    pub fn told(&self, key: &NoticeKey) -> Option<usize> {
        let shard = usize::from(key.shard);
        self.send(shard, Mail::Told(*key)).is_ok().then_some(shard)
    }

    /// Asks a shard what it holds; the reply comes with its next turn. False: its mailbox was full.
    #[must_use]
    pub fn ask(&self, shard: usize, reply: Box<dyn FnOnce(Snapshot) + Send>) -> bool {
        let waiting = self.waiting();
        let shelved = self.shared.shelved.load(Ordering::Relaxed);
        let whole = move |part| reply(Snapshot::of(waiting, shelved, vec![part]));
        self.send(shard, Mail::Snapshot(Box::new(whole))).is_ok()
    }

    /// Replaces accounts, routes and prices.
    pub fn replace_tables(&self, directory: Directory, table: Arc<RouteTable>) {
        self.shared.replace_tables(directory, table);
    }

    /// Stops a carrier taking messages, or lets it again.
    pub fn pause_carrier(&self, place: u16, paused: bool) {
        self.shared.set_paused(place, paused);
    }

    /// Messages accepted and not final.
    #[must_use]
    pub fn waiting(&self) -> u64 {
        self.shared.waiting.load(Ordering::Relaxed)
    }

    /// Refuses new work and lets windows empty.
    pub fn drain(&self) {
        self.shared.draining.store(true, Ordering::Release);
    }

    /// Whether every shard has drained.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.shards.iter().all(Shard::is_done)
    }
}

/// Where submissions with keys pass, without threads.
fn desk(
    settings: &EngineSettings,
    keys: SimulatedKeys,
    shards: Vec<MailboxSender<Mail>>,
    utc_ns: &Arc<AtomicU64>,
) -> Desk {
    let settings = DeskSettings {
        keep_ns: settings.idempotency_keep_ns,
        names_max: settings.idempotency_under_way_max,
        waiting_max: settings.idempotency_under_way_max,
        threads: 0,
    };
    let hand_in = move |lane, chunk| hand_in(&shards, lane, chunk);
    let utc_ns = Arc::clone(utc_ns);
    let utc_now = move || utc_ns.load(Ordering::Relaxed);
    Desk::new(settings, keys, Box::new(hand_in), Box::new(utc_now))
}
