//! The rig: one shard, two carriers "north" (cheap) and "south" (dear), everything else scripted.

use std::cell::RefCell;
use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};

use carrack_carrier::{
    CarrierMessageId, Disposition, Link, LinkEvent, LinkState, Outgoing, ReceiptHandle, Refusal,
    SarPart, SubmitRefused,
};
use carrack_message::record::{
    BatchProgress, BatchRow, Body, FrameReader, ReceiptWish, RecordView,
};
use carrack_message::{
    Class, MessageId, Micros, Msisdn, Network, ReceiptState, References, Segmentation, Sender,
    Status,
};
use carrack_queue::{
    CommitRefused, Committer, DayCounts, FrameKey, FrameSummary, InFlightJournal, RecordPlace,
    SealedFrame, ShelfChange, ShelfCounts, Turnovers, read_left_over, shelf_answer,
};
use carrack_routing::{CarrierRow, Margin, Matcher, Policy, RouteRow, RouteTable};
use carrack_runtime::{Mailbox, MailboxSender, Now, Wake, mailbox};

use crate::credit::Terms;
use crate::directory::{AccountEntry, CarrierEntry, Directory};
use crate::limits::{LimitRule, LimitSettings, Limits};
use crate::mail::Mail;
use crate::node::count_shelf;
use crate::pager::{Ask, Page, PageRequest, Pager, Read};
use crate::recovery::{Recovered, Ways};
use crate::rules::CarrierRules;
use crate::settings::EngineSettings;
use crate::shard::{Carrier, Shard, ShardParts};
use crate::shared::Shared;
use crate::story::{self, Story};
use crate::submission::{Chunk, Submission, Verdict};

mod crash;
mod log;
mod wire;
mod world;

pub(super) use log::Log;
use log::{LogPager, MemoryCommitter, money};
use wire::ScriptedLink;
pub(super) use wire::Wire;
use world::table;
pub(super) use world::{directory, directory_with, settings};

pub(super) const NORTH: usize = 0;
pub(super) const SOUTH: usize = 1;
/// A second link of NORTH, down until a test brings it up.
pub(super) const TWIN: usize = 2;
pub(super) const ACCOUNT: u32 = 1;
/// Of share 2.
pub(super) const OTHER_ACCOUNT: u32 = 2;
pub(super) const MS: u64 = 1_000_000;
pub(super) const SECOND: u64 = 1000 * MS;
/// Time-out of responses in the rules' default.
pub(super) const GRACE: u64 = 10 * SECOND;
const WINDOW: u32 = 10;
const JOURNAL: u32 = 64;

pub(super) fn recipient(last: u64) -> Msisdn {
    Msisdn::from_u64(447_700_900_000 + last).unwrap()
}

pub(super) struct Rig {
    pub(super) shard: Shard,
    pub(super) wires: Vec<Rc<RefCell<Wire>>>,
    pub(super) log: Rc<RefCell<Log>>,
    pub(super) now: Now,
    pub(super) shared: Arc<Shared>,
    pub(super) settings: EngineSettings,
    /// Those of the next start.
    pub(super) limits: LimitSettings,
    rules: [CarrierRules; 2],
    folder: tempfile::TempDir,
    mail: MailboxSender<Mail>,
    epoch: u32,
    receipts: u32,
    /// What the next start has before it reads the log.
    pub(super) on_start: Option<OnStart>,
}

pub(super) type OnStart = Arc<dyn Fn(&Arc<Shared>)>;

impl Rig {
    pub(super) fn new() -> Self {
        Self::with(settings())
    }

    pub(super) fn with(settings: EngineSettings) -> Self {
        Self::with_rates(settings, [None, None])
    }

    pub(super) fn with_rates(settings: EngineSettings, rates: [Option<u32>; 2]) -> Self {
        Self::whole(settings, rates, Default::default())
    }

    /// NORTH with rules of its own.
    pub(super) fn with_rules(settings: EngineSettings, rules: CarrierRules) -> Self {
        Self::whole(settings, [None, None], [rules, CarrierRules::default()])
    }

    /// With limits that are no carrier's.
    pub(super) fn limited(settings: EngineSettings, limits: Vec<LimitRule>) -> Self {
        let limits = LimitSettings {
            rules: limits,
            ..LimitSettings::default()
        };
        Self::first(settings, [None, None], Default::default(), limits)
    }

    /// A shard of the same node as another, as far as limits go.
    pub(super) fn beside(other: &Self) -> Self {
        let limits = Arc::clone(&other.shared.limits);
        let (settings, rules) = (other.settings.clone(), Default::default());
        let log = Rc::default();
        let mut rig = Self::build(settings, log, 1, other.now, [None, None], rules, limits);
        rig.up(NORTH);
        rig.up(SOUTH);
        rig.turn();
        rig
    }

    pub(super) fn whole(
        settings: EngineSettings,
        rates: [Option<u32>; 2],
        rules: [CarrierRules; 2],
    ) -> Self {
        Self::first(settings, rates, rules, LimitSettings::default())
    }

    fn first(
        settings: EngineSettings,
        rates: [Option<u32>; 2],
        rules: [CarrierRules; 2],
        limits: LimitSettings,
    ) -> Self {
        let now = Now {
            mono_ns: 1_000_000_000,
            utc_ns: 1_700_000_000_000_000_000,
        };
        let held = Arc::new(Limits::new(limits.clone()));
        let mut rig = Self::build(settings, Rc::default(), 1, now, rates, rules, held);
        rig.limits = limits;
        rig.up(NORTH);
        rig.up(SOUTH);
        rig.turn();
        rig
    }

    fn build(
        settings: EngineSettings,
        log: Rc<RefCell<Log>>,
        epoch: u32,
        now: Now,
        rates: [Option<u32>; 2],
        rules: [CarrierRules; 2],
        limits: Arc<Limits>,
    ) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let shared = Arc::new(Shared::new(
            settings.clone(),
            vec![0, 0],
            directory(),
            table(),
            limits,
            &money(&log.borrow()),
        ));
        let (mail, inbox): (MailboxSender<Mail>, Mailbox<Mail>) = mailbox(64, Wake::default());
        let wires: Vec<Rc<RefCell<Wire>>> = (0..3).map(|_| Rc::default()).collect();
        let carriers = [(0u16, 11, "north"), (1, 12, "south")].map(|(place, number, name)| {
            let link =
                |wire: usize| -> Box<dyn Link> { Box::new(ScriptedLink(Rc::clone(&wires[wire]))) };
            let mut links = vec![link(usize::from(place))];
            if usize::from(place) == NORTH {
                links.push(link(TWIN));
            }
            (
                place,
                Carrier::new(
                    name.to_owned(),
                    number,
                    rates[usize::from(place)],
                    rules[usize::from(place)].clone(),
                    settings.quality,
                    links,
                ),
            )
        });
        let shard = Shard::new(ShardParts {
            number: 0,
            shared: Arc::clone(&shared),
            committer: Box::new(MemoryCommitter(Rc::clone(&log), epoch)),
            day_counts: DayCounts::open(&folder.path().join("sent-today")).unwrap(),
            journal: InFlightJournal::create(&folder.path().join("in-flight"), JOURNAL).unwrap(),
            inbox,
            peers: vec![mail.clone()],
            carriers: carriers.into_iter().collect(),
            references: Arc::new(References::new(7)),
            pager: Box::new(LogPager(Rc::clone(&log), VecDeque::new())),
        });
        Self {
            shard,
            wires,
            log,
            now,
            shared,
            settings,
            limits: LimitSettings::default(),
            rules,
            folder,
            mail,
            epoch,
            receipts: 0,
            on_start: None,
        }
    }

    pub(super) fn turn(&mut self) {
        self.shard.turn(self.now);
    }

    pub(super) fn after(&mut self, ns: u64) {
        self.now.mono_ns += ns;
        self.now.utc_ns += ns;
        self.turn();
    }

    /// A few turns, as many as it takes for what one turn starts to be finished.
    pub(super) fn settle(&mut self) {
        for _ in 0..6 {
            self.after(MS);
        }
    }

    /// What the file says that a carrier was sent: day and segments.
    pub(super) fn sent_today(&self, carrier: usize) -> (u32, u32) {
        let counts = DayCounts::open(&self.folder.path().join("sent-today")).unwrap();
        counts.get([11, 12][carrier])
    }

    /// So many segments a day, of which so many are used.
    pub(super) fn cap(&mut self, carrier: usize, cap: u32, (day, used): (u32, u32)) {
        let found = self.shard.carriers.get_mut(&(carrier as u16)).unwrap();
        found.cap = Some(carrack_throttle::DayCap::new(cap, day, used));
    }

    pub(super) fn up(&mut self, carrier: usize) {
        let mut wire = self.wires[carrier].borrow_mut();
        wire.up = true;
        wire.events.push_back(LinkEvent::Up);
    }

    pub(super) fn down(&mut self, carrier: usize) {
        let mut wire = self.wires[carrier].borrow_mut();
        wire.up = false;
        for (ticket, _) in std::mem::take(&mut wire.open) {
            wire.events.push_back(LinkEvent::Unanswered { ticket });
        }
        wire.events.push_back(LinkEvent::Down("cut".to_owned()));
    }

    pub(super) fn submission(&self, text: &str) -> Submission {
        let segments = Segmentation::of(text, 255).unwrap().segments;
        Submission {
            account: ACCOUNT,
            class: Class::Transactional,
            to: Msisdn::from_u64(447_700_900_001).unwrap(),
            from: Sender::parse("ACME").unwrap(),
            body: Body::Text(text.to_owned()),
            segments,
            send_at_utc_ns: 0,
            validity_ns: 0,
            wants_receipt: ReceiptWish::Never,
            price: None,
            client_ref: None,
            batch: None,
            tlvs: Vec::new(),
            group: None,
            key: None,
        }
    }

    /// A submission to the number that ends so.
    pub(super) fn submission_to(&self, text: &str, last: u64) -> Submission {
        Submission {
            to: recipient(last),
            ..self.submission(text)
        }
    }

    /// Hands in a chunk; the verdicts appear in the shared vector once they are given.
    pub(super) fn hand_in(
        &mut self,
        submissions: Vec<Submission>,
        progress: Option<BatchProgress>,
    ) -> Arc<Mutex<Vec<Verdict>>> {
        self.hand_in_parts(submissions, progress, 1)
    }

    /// The same of messages of so many parts.
    pub(super) fn hand_in_parts(
        &mut self,
        submissions: Vec<Submission>,
        progress: Option<BatchProgress>,
        parts: u8,
    ) -> Arc<Mutex<Vec<Verdict>>> {
        let given = Arc::new(Mutex::new(Vec::new()));
        let into = Arc::clone(&given);
        let reply = Box::new(move |verdicts: Vec<Verdict>| into.lock().unwrap().extend(verdicts));
        assert!(
            self.mail
                .send(Mail::Chunk(Chunk {
                    submissions,
                    progress,
                    parts,
                    reply,
                }))
                .is_ok()
        );
        given
    }

    pub(super) fn send(&self, mail: Mail) -> bool {
        self.mail.send(mail).is_ok()
    }

    /// Accepts texts and gives their ids.
    pub(super) fn accept(&mut self, texts: &[&str]) -> Vec<MessageId> {
        let submissions = texts.iter().map(|text| self.submission(text)).collect();
        let given = self.hand_in(submissions, None);
        self.settle();
        let verdicts = given.lock().unwrap().clone();
        verdicts
            .into_iter()
            .map(|verdict| match verdict {
                Verdict::Accepted(id) | Verdict::Repeated(id, _) => id,
                Verdict::Refused(refusal) => panic!("{refusal}"),
            })
            .collect()
    }

    /// The carrier answers its oldest open submit; gives the ticket.
    pub(super) fn answer(&mut self, carrier: usize, id: &str) -> u64 {
        let mut wire = self.wires[carrier].borrow_mut();
        let (ticket, _) = wire.open.remove(0);
        let id = CarrierMessageId::from_slice(id.as_bytes());
        wire.events.push_back(LinkEvent::Accepted {
            ticket,
            id,
            late: false,
        });
        ticket
    }

    pub(super) fn refuse(&mut self, carrier: usize, status: u32, disposition: Disposition) {
        let mut wire = self.wires[carrier].borrow_mut();
        let (ticket, _) = wire.open.remove(0);
        wire.events.push_back(LinkEvent::Refused {
            ticket,
            refusal: Refusal {
                status,
                disposition,
            },
            late: false,
        });
    }

    pub(super) fn time_out(&mut self, carrier: usize) -> u64 {
        let mut wire = self.wires[carrier].borrow_mut();
        let (ticket, _) = wire.open.remove(0);
        wire.events.push_back(LinkEvent::TimedOut { ticket });
        ticket
    }

    pub(super) fn receipt(&mut self, carrier: usize, id: &str, state: ReceiptState) -> u32 {
        self.receipt_of(carrier, id, state, None)
    }

    /// A receipt whose source address is the number that ends so.
    pub(super) fn receipt_of(
        &mut self,
        carrier: usize,
        id: &str,
        state: ReceiptState,
        last: Option<u64>,
    ) -> u32 {
        self.receipts += 1;
        let handle = ReceiptHandle {
            session: 0,
            data_sm: false,
            sequence_number: self.receipts,
            connection: 1,
        };
        let id = CarrierMessageId::from_slice(id.as_bytes());
        self.wires[carrier]
            .borrow_mut()
            .events
            .push_back(LinkEvent::Receipt {
                handle,
                id,
                state,
                error: 0,
                source: last.map(recipient),
                destination: Msisdn::from_u64(3_312_345),
            });
        if last.is_none()
            && let Some(LinkEvent::Receipt { destination, .. }) =
                self.wires[carrier].borrow_mut().events.back_mut()
        {
            *destination = None;
        }
        self.receipts
    }

    /// The answer to a submit whose slot was given on, after its time.
    pub(super) fn answer_late(&mut self, carrier: usize, ticket: u64, id: &str) {
        let id = CarrierMessageId::from_slice(id.as_bytes());
        let late = true;
        self.event(carrier, LinkEvent::Accepted { ticket, id, late });
    }

    pub(super) fn event(&mut self, carrier: usize, event: LinkEvent) {
        self.wires[carrier].borrow_mut().events.push_back(event);
    }

    /// The carrier answers its open submit to the number that ends so.
    pub(super) fn answer_to(&mut self, carrier: usize, last: u64, id: &str) {
        let mut wire = self.wires[carrier].borrow_mut();
        let to = recipient(last).to_string();
        let place = wire
            .open
            .iter()
            .position(|(_, octets)| octets.starts_with(to.as_bytes()))
            .expect("an open submit to it");
        let (ticket, _) = wire.open.remove(place);
        let id = CarrierMessageId::from_slice(id.as_bytes());
        let late = false;
        wire.events
            .push_back(LinkEvent::Accepted { ticket, id, late });
    }

    /// Nothing is kept for messages that are gone: no slot, no journal entry, nothing to be found.
    pub(super) fn assert_nothing_kept(&self) {
        let shard = &self.shard;
        assert_eq!(shard.live.len(), 0, "live messages");
        assert_eq!(shard.correlation.len(), 0, "correlations");
        assert_eq!(shard.unnamed.len(), 0, "segments without id");
        assert!(shard.in_window.is_empty(), "numbers in windows");
        assert_eq!(shard.journal.free(), JOURNAL as usize, "journal entries");
        for carrier in shard.carriers.values() {
            assert_eq!(carrier.unsettled, 0, "{} has unsettled parts", carrier.name);
        }
    }

    /// Messages accepted and not final.
    pub(super) fn waiting(&self) -> u64 {
        self.shared.waiting.load(Ordering::Relaxed)
    }

    pub(super) fn open(&self, carrier: usize) -> usize {
        self.wires[carrier].borrow().open.len()
    }

    /// The text that has been in the window longest.
    pub(super) fn first_open(&self, carrier: usize) -> String {
        let wire = self.wires[carrier].borrow();
        String::from_utf8_lossy(&wire.open[0].1).into_owned()
    }

    pub(super) fn sent(&self, carrier: usize) -> Vec<String> {
        self.wires[carrier]
            .borrow()
            .sent
            .iter()
            .map(|octets| String::from_utf8_lossy(octets).into_owned())
            .collect()
    }

    pub(super) fn row(batch: u64, row: u64) -> Option<BatchRow> {
        Some(BatchRow { batch, row })
    }
}
