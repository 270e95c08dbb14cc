//! An engine that hands out events against credits, as the real one does, and writes down what it is told.

use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{SystemTime, UNIX_EPOCH};

use carrack_carrier::WireAddress;
use carrack_engine::{Chunk, Incoming, IncomingBody, Refusal, Submission, Telling, Verdict};
use carrack_ingest::webhook::{Event, Intake, Posting, PostingSink, StateChange};
use carrack_message::record::Body;
use carrack_message::{MessageId, Msisdn, Status};

/// A handset, and the number it writes to.
pub(crate) fn numbers() -> (Msisdn, Msisdn) {
    let number = |digits| Msisdn::from_u64(digits).unwrap();
    (number(447_700_900_123), number(447_946_000_001))
}

/// What it was told, in order.
#[derive(Debug, Clone)]
pub(crate) enum Act {
    Accepted(Box<Submission>),
    Told,
}

/// Account and message.
type Key = (u32, MessageId);

struct Subscriber {
    number: u64,
    credits: u32,
    sink: PostingSink<Key>,
}

#[derive(Default)]
struct Tray {
    waiting: VecDeque<Posting<Key>>,
    handed: BTreeMap<MessageId, Posting<Key>>,
    subscriber: Option<Subscriber>,
    told: HashSet<MessageId>,
}

impl Tray {
    fn hand_out(&mut self) {
        let Some(subscriber) = &mut self.subscriber else {
            return;
        };
        let mut bundle = Vec::new();
        while subscriber.credits > 0 {
            let Some(posting) = self.waiting.pop_front() else {
                break;
            };
            subscriber.credits -= 1;
            self.handed.insert(posting.key.1, posting.clone());
            bundle.push(posting);
        }
        (subscriber.sink)(bundle);
    }
}

#[derive(Default)]
struct Inner {
    trays: HashMap<u32, Tray>,
    refusals: VecDeque<Refusal>,
    acts: Vec<Act>,
    serial: u128,
    folder: Option<tempfile::TempDir>,
}

impl Inner {
    fn put(&mut self, account: u32, id: MessageId, event: Event, then: Option<Event>) {
        let tray = self.trays.entry(account).or_default();
        tray.waiting.push_back(Posting {
            key: (account, id),
            event,
            then,
        });
        tray.hand_out();
    }
}

fn utc_ns() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    u64::try_from(now.as_nanos()).unwrap()
}

#[derive(Clone, Default)]
pub(crate) struct Desk(Arc<Mutex<Inner>>);

impl Desk {
    /// Where its node has its files.
    pub(crate) fn folder(&self) -> std::path::PathBuf {
        let mut inner = self.inner();
        let folder = inner
            .folder
            .get_or_insert_with(|| tempfile::tempdir().unwrap());
        folder.path().to_owned()
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap()
    }

    /// A handset writes.
    pub(crate) fn comes(&self, account: u32, text: &str) -> MessageId {
        let address = |number: Msisdn| WireAddress {
            ton: 1,
            npi: 1,
            addr: number.to_string().into_bytes().into(),
        };
        let mut inner = self.inner();
        inner.serial += 1;
        let id = MessageId(inner.serial);
        let incoming = Incoming {
            id,
            from: address(numbers().0),
            to: address(numbers().1),
            carrier: "north".into(),
            rule: "all".into(),
            meaning: None,
            body: IncomingBody::Text(text.to_owned()),
            data_coding: 0,
            class: None,
            ports: None,
            parts: 1,
            missing: 0,
            received_utc_ns: utc_ns(),
        };
        inner.put(
            account,
            id,
            Event::MessageReceived(Arc::new(incoming)),
            None,
        );
        id
    }

    /// A message of the account came to a state; `before`: and to that one before, which was not told.
    pub(crate) fn ends(
        &self,
        account: u32,
        state: Status,
        before: bool,
        telling: &Telling,
    ) -> MessageId {
        let mut inner = self.inner();
        inner.serial += 1;
        let id = MessageId(inner.serial);
        let at_utc_ns = utc_ns();
        let change = |state| {
            Event::State(Arc::new(StateChange {
                state,
                id,
                to: numbers().0,
                from: "ACME".to_owned(),
                error: 0,
                segments: 1,
                price_micros: -1,
                accepted_utc_ns: at_utc_ns,
                submitted_utc_ns: at_utc_ns,
                at_utc_ns,
                telling: telling.clone(),
            }))
        };
        match before {
            true => inner.put(account, id, change(Status::Submitted), Some(change(state))),
            false => inner.put(account, id, change(state), None),
        }
        id
    }

    /// Submissions to come are refused so.
    pub(crate) fn refuse(&self, refusals: impl IntoIterator<Item = Refusal>) {
        self.inner().refusals.extend(refusals);
    }

    pub(crate) fn acts(&self) -> Vec<Act> {
        self.inner().acts.clone()
    }

    pub(crate) fn told(&self, account: u32) -> HashSet<MessageId> {
        let inner = self.inner();
        let tray = inner.trays.get(&account);
        tray.map(|tray| tray.told.clone()).unwrap_or_default()
    }

    pub(crate) fn told_count(&self, account: u32) -> usize {
        let inner = self.inner();
        inner.trays.get(&account).map_or(0, |tray| tray.told.len())
    }

    fn sum(&self, of: impl Fn(&Tray) -> usize) -> usize {
        self.inner().trays.values().map(of).sum()
    }

    /// Handed out and neither told nor given back.
    pub(crate) fn handed(&self) -> usize {
        self.sum(|tray| tray.handed.len())
    }

    /// Not handed out.
    pub(crate) fn waiting(&self) -> usize {
        self.sum(|tray| tray.waiting.len())
    }

    pub(crate) fn subscribers(&self) -> usize {
        self.sum(|tray| usize::from(tray.subscriber.is_some()))
    }
}

impl Intake for Desk {
    type Key = Key;

    fn grant(&self, account: u32, subscriber: u64, credits: u32, sink: &PostingSink<Key>) {
        let mut inner = self.inner();
        let tray = inner.trays.entry(account).or_default();
        let known = tray.subscriber.get_or_insert_with(|| Subscriber {
            number: subscriber,
            credits: 0,
            sink: Arc::clone(sink),
        });
        assert_eq!(known.number, subscriber, "two subscribers of an account");
        known.credits += credits;
        tray.hand_out();
    }

    fn revoke(&self, account: u32, subscriber: u64) {
        let mut inner = self.inner();
        let tray = inner.trays.get_mut(&account).unwrap();
        let gone = tray.subscriber.take().unwrap();
        assert_eq!(gone.number, subscriber);
        for (_, posting) in std::mem::take(&mut tray.handed).into_iter().rev() {
            tray.waiting.push_front(posting);
        }
    }

    fn told(&self, &(account, id): &Key) {
        let mut inner = self.inner();
        inner.acts.push(Act::Told);
        let tray = inner.trays.get_mut(&account).unwrap();
        assert!(tray.handed.remove(&id).is_some(), "told twice");
        assert!(tray.told.insert(id));
        if let Some(subscriber) = &mut tray.subscriber {
            subscriber.credits += 1;
        }
        tray.hand_out();
    }

    fn submit(&self, chunk: Chunk) -> Result<(), Chunk> {
        let is_fatal = |submission: &Submission| submission.body == Body::Text("panic".into());
        assert!(!chunk.submissions.iter().any(is_fatal), "as the text says");
        let mut inner = self.inner();
        let mut verdicts = Vec::new();
        for submission in chunk.submissions {
            verdicts.push(match inner.refusals.pop_front() {
                Some(refusal) => Verdict::Refused(refusal),
                None => {
                    inner.acts.push(Act::Accepted(Box::new(submission)));
                    Verdict::Accepted(MessageId(1 << 100))
                }
            });
        }
        (chunk.reply)(verdicts);
        Ok(())
    }
}
