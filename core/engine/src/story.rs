//! The stories of messages, read from the log: an id says where its message begins.
//!
//! Bound: the frames that a history may read, each read once for all that are asked for. Blocking: it reads the store.

use carrack_message::record::{ArchivedAccepted, ArchivedBody, FrameReader, RecordView, Submitted};
use carrack_message::{
    Alphabet, MessageId, Micros, Msisdn, Network, ReceiptState, Status, alphabet,
};
use carrack_queue::{FrameKey, ShelfQuestion, Store, StoreFault, histories};

use crate::directory::Directory;
use crate::facts::Facts;

/// Something that happened to a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoryEvent {
    /// When, UTC nanoseconds.
    pub at_utc_ns: u64,
    /// `accepted`, `submitted`, `refused`, `uncertain`, `receipt`, `told`, or the final status.
    pub state: String,
    /// The carrier it happened with.
    pub carrier: Option<String>,
    /// More for people.
    pub detail: Option<String>,
}

/// A message's whole life.
#[derive(Debug, Clone)]
pub struct Story {
    /// Its id.
    pub id: MessageId,
    /// The account's number.
    pub account: u32,
    /// The account's name; its number where it is not configured any more.
    pub account_name: String,
    /// Recipient.
    pub to: Msisdn,
    /// Sender.
    pub from: String,
    /// Its text; `None` where it is binary.
    pub text: Option<String>,
    /// Alphabet of its text.
    pub alphabet: Option<Alphabet>,
    /// Status.
    pub status: Status,
    /// Segments.
    pub segments: u8,
    /// The carrier that has it, or had it last.
    pub carrier: Option<String>,
    /// Attempts: segments taken, refused or uncertain.
    pub attempts: u32,
    /// Price to the customer.
    pub price: Option<Micros>,
    /// What carriers charge.
    pub cost: Micros,
    /// The customer's own reference.
    pub client_ref: Option<String>,
    /// The carrier's last error or status at its end, 0 where none.
    pub error: u32,
    /// Final at, UTC nanoseconds; 0: not yet.
    pub done_utc_ns: u64,
    /// Not to be sent before, UTC nanoseconds; 0: at once.
    pub send_at_utc_ns: u64,
    /// What happened, in order.
    pub events: Vec<StoryEvent>,
    /// When it went to the shelf last.
    aside_utc_ns: u64,
    /// It was on the shelf.
    came_back: bool,
}

/// The stories of different messages, in their order; none where the log knows nothing of one.
pub(crate) fn read(
    store: &Store,
    directory: &Directory,
    ids: &[MessageId],
    frames_max: usize,
) -> Result<Vec<Option<Story>>, StoreFault> {
    let mut stories: Vec<Option<Story>> = ids.iter().map(|_| None).collect();
    let read_from = |stories: &mut [Option<Story>], begins: &[(usize, FrameKey)]| {
        let asked: Vec<(MessageId, FrameKey)> = begins
            .iter()
            .filter_map(|(place, begin)| Some((*ids.get(*place)?, *begin)))
            .collect();
        histories(store, &asked, frames_max, &mut |place, record| {
            let Some((place, (id, _))) =
                begins.get(place).map(|found| found.0).zip(asked.get(place))
            else {
                return false;
            };
            let Some(story) = stories.get_mut(place) else {
                return false;
            };
            follow(story, directory, *id, record);
            !story.as_ref().is_some_and(|story| story.status.is_final())
        })
    };
    let begins: Vec<(usize, FrameKey)> = (ids.iter().map(|id| FrameKey::of_message(*id)))
        .enumerate()
        .collect();
    read_from(&mut stories, &begins)?;
    // What was on the shelf is further on in the log.
    let mut homes = Vec::new();
    for (place, (id, story)) in ids.iter().zip(&stories).enumerate() {
        let seen = |story: &Story| story.came_back || story.status.is_final();
        if !story.as_ref().is_some_and(seen)
            && let Some(home) = store.home(*id)?
        {
            homes.push((place, home, story.is_none()));
        }
    }
    let begins: Vec<(usize, FrameKey)> =
        (homes.iter().map(|(place, home, _)| (*place, *home))).collect();
    read_from(&mut stories, &begins)?;
    for (place, _, first) in homes {
        if let Some(Some(story)) = stories.get_mut(place).filter(|_| first) {
            story.is_due();
        }
    }
    for (id, story) in ids.iter().zip(&mut stories) {
        match story {
            None => *story = on_the_shelf(store, directory, *id)?,
            Some(story) if story.status == Status::Scheduled => {
                story.read_time(store, directory)?
            }
            Some(_) => {}
        }
    }
    Ok(stories)
}

/// Its part of the log may be gone while it waits on the shelf.
fn on_the_shelf(
    store: &Store,
    directory: &Directory,
    id: MessageId,
) -> Result<Option<Story>, StoreFault> {
    let mut story: Option<Story> = None;
    for entry in store.ask_shelf(&ShelfQuestion::Id(id))? {
        let Ok(reader) = FrameReader::new(&entry.octets) else {
            continue;
        };
        for (_, _, record) in reader.iter() {
            if let Ok(record) = record {
                follow(&mut story, directory, id, record);
            }
        }
    }
    Ok(story)
}

/// Takes the next record of a message into its story, which begins with its acceptance.
pub(crate) fn follow(
    story: &mut Option<Story>,
    directory: &Directory,
    id: MessageId,
    record: RecordView<'_>,
) {
    match story {
        Some(story) => story.add(directory, record),
        None => *story = begin(directory, id, record),
    }
}

fn begin(directory: &Directory, id: MessageId, record: RecordView<'_>) -> Option<Story> {
    let RecordView::Accepted(record) = record else {
        return None;
    };
    let account = record.account.to_native();
    let text = match &record.body {
        ArchivedBody::Text(text) => Some(text.as_str().to_owned()),
        ArchivedBody::Raw { .. } => None,
    };
    let price = record.price_micros.to_native();
    let at_utc_ns = record.at_utc_ns.to_native();
    let mut story = Story {
        id,
        account,
        account_name: directory
            .account(account)
            .map_or_else(|| account.to_string(), |entry| entry.name.clone()),
        to: Msisdn::from_u64(record.to.to_native())?,
        from: record.from.as_str().to_owned(),
        alphabet: text.as_deref().map(alphabet::choose),
        text,
        status: match record.send_at_utc_ns.to_native() {
            0 => Status::Accepted,
            _ => Status::Scheduled,
        },
        segments: record.segments,
        carrier: None,
        attempts: 0,
        price: (price >= 0).then_some(Micros(price)),
        cost: Micros(0),
        client_ref: record
            .client_ref
            .as_ref()
            .map(|reference| reference.as_str().to_owned()),
        events: vec![StoryEvent {
            at_utc_ns,
            state: "accepted".to_owned(),
            carrier: None,
            detail: None,
        }],
        error: 0,
        done_utc_ns: 0,
        send_at_utc_ns: 0,
        aside_utc_ns: at_utc_ns,
        came_back: false,
    };
    story.takes_time(directory, record);
    Some(story)
}

impl Story {
    /// When it is to be sent, and by which quiet hours, as the shelf has it: they may have come after its acceptance.
    fn read_time(&mut self, store: &Store, directory: &Directory) -> Result<(), StoreFault> {
        for entry in store.ask_shelf(&ShelfQuestion::Id(self.id))? {
            let Ok(reader) = FrameReader::new(&entry.octets) else {
                continue;
            };
            for (_, _, record) in reader.iter() {
                if let Ok(RecordView::Accepted(record)) = record {
                    self.takes_time(directory, record);
                }
            }
        }
        Ok(())
    }

    /// It is to be sent at another moment from here on: quiet hours hold it, or its customer wanted it so.
    fn takes_time(&mut self, directory: &Directory, record: &ArchivedAccepted) {
        let at_utc_ns = record.send_at_utc_ns.to_native();
        if at_utc_ns == self.send_at_utc_ns {
            return;
        }
        self.send_at_utc_ns = at_utc_ns;
        let before_ns = at_utc_ns.saturating_sub(1_000_000_000);
        let (Some(quiet), Some(facts)) = (directory.quiet(), Facts::of_record(record)) else {
            return;
        };
        let query = facts.query(directory, before_ns);
        let held = quiet.held_until(&query, Network::UNKNOWN, before_ns);
        if let Some((_, rule)) = held.filter(|(until_ns, _)| *until_ns == at_utc_ns) {
            let detail = format!("by the quiet hours {rule}, until `send_at`");
            self.push(self.aside_utc_ns, "held", None, detail);
        }
    }

    /// What was for later is on its way.
    fn is_due(&mut self) {
        if self.status == Status::Scheduled {
            self.status = Status::Accepted;
        }
    }

    fn push(&mut self, at_utc_ns: u64, state: &str, carrier: Option<String>, detail: String) {
        let detail = (!detail.is_empty()).then_some(detail);
        self.events.push(StoryEvent {
            at_utc_ns,
            state: state.to_owned(),
            carrier,
            detail,
        });
    }

    fn add(&mut self, directory: &Directory, record: RecordView<'_>) {
        let name = |number: u32| {
            (number != u32::MAX).then(|| {
                directory
                    .carrier_name(number)
                    .map_or_else(|| number.to_string(), str::to_owned)
            })
        };
        match record {
            RecordView::Accepted(record) => {
                self.takes_time(directory, record);
                self.is_due();
                self.came_back = true;
            }
            // Written again; what it says is known.
            RecordView::Submitted(record)
                if self.came_back && record.attempt == Submitted::COPY => {}
            RecordView::Submitted(record) => {
                self.attempts += 1;
                self.status = Status::Submitted;
                self.carrier = name(record.carrier.to_native());
                let id = String::from_utf8_lossy(&record.carrier_message_id);
                let detail = format!(
                    "segment {} of {}, carrier's id {id}",
                    record.segment.saturating_add(1),
                    record.parts
                );
                self.push(
                    record.at_utc_ns.to_native(),
                    "submitted",
                    self.carrier.clone(),
                    detail,
                );
            }
            RecordView::Refused(record) => {
                self.attempts += 1;
                self.status = Status::Sending;
                // Without it the message pauses, or ends: then its end comes next.
                let then = if record.next_carrier {
                    "; the next carrier is tried"
                } else {
                    ""
                };
                let detail = format!("status {:#x}{then}", record.status.to_native());
                self.push(
                    record.at_utc_ns.to_native(),
                    "refused",
                    name(record.carrier.to_native()),
                    detail,
                );
            }
            RecordView::Uncertain(record) => {
                self.attempts += 1;
                self.status = Status::Sending;
                let detail = format!(
                    "segment {} may or may not have been taken",
                    record.segment.saturating_add(1)
                );
                self.push(
                    record.at_utc_ns.to_native(),
                    "uncertain",
                    name(record.carrier.to_native()),
                    detail,
                );
            }
            RecordView::ReceiptSeen(record) => {
                let state = ReceiptState::from_code(record.state).unwrap_or(ReceiptState::Unknown);
                let detail = format!(
                    "segment {}: {}, error {}",
                    record.segment.saturating_add(1),
                    state.word(),
                    record.error.to_native()
                );
                self.push(
                    record.at_utc_ns.to_native(),
                    "receipt",
                    name(record.carrier.to_native()),
                    detail,
                );
            }
            RecordView::Final(record) => {
                self.status = Status::from_u8(record.status).unwrap_or(Status::Unknown);
                self.cost = Micros(record.cost_micros.to_native());
                self.error = record.error.to_native();
                self.done_utc_ns = record.at_utc_ns.to_native();
                self.carrier = name(record.carrier.to_native());
                let detail = record.detail.as_str().to_owned();
                self.push(
                    record.at_utc_ns.to_native(),
                    self.status.name(),
                    self.carrier.clone(),
                    detail,
                );
            }
            RecordView::Told(record) => {
                self.push(record.at_utc_ns.to_native(), "told", None, String::new())
            }
            RecordView::ToldSubmitted(record) => {
                let detail = "that a carrier has it".to_owned();
                self.push(record.at_utc_ns.to_native(), "told", None, detail);
            }
            RecordView::GivenUp(record) => {
                let detail = "its customer did not take its end in time".to_owned();
                self.push(record.at_utc_ns.to_native(), "not told", None, detail);
            }
            // One that waits for receipts goes there as well, and nothing is said of it.
            RecordView::Aside(record) => {
                self.aside_utc_ns = record.at_utc_ns.to_native();
                if self.status == Status::Accepted {
                    self.status = Status::Scheduled;
                }
            }
            RecordView::Tried(_)
            | RecordView::ValidFrom(_)
            | RecordView::EarlyReceipt(_)
            | RecordView::BatchProgress(_)
            | RecordView::Credited(_)
            | RecordView::MoReceived(_)
            | RecordView::MoSettled(_)
            | RecordView::Other(_) => {}
        }
    }
}
