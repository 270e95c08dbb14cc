//! A message as it was accepted, with those that its customer knows by the same id.
//!
//! Bound: the frames where they lie, and [`Group::MESSAGES_MAX`] questions of the shelf. Blocking: it reads the store.

use carrack_message::record::{ArchivedAccepted, FrameReader, RecordView};
use carrack_message::{MessageId, Msisdn};
use carrack_queue::{FrameKey, ShelfQuestion, Store, StoreFault};

use crate::engine::Engine;
use crate::submission::Group;

/// A message and the rest of its group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Together {
    /// The account's number.
    pub account: u32,
    /// The id that the customer was given instead of the message's own; mostly empty.
    pub told_as: Vec<u8>,
    /// The message and its recipient, then those of its group that were accepted after it.
    pub messages: Vec<(MessageId, Msisdn)>,
}

impl Together {
    fn begin(record: &ArchivedAccepted) -> Option<Self> {
        let (id, to) = message(record)?;
        Some(Self {
            account: record.account.to_native(),
            told_as: record.told_as.to_vec(),
            messages: vec![(id, to)],
        })
    }

    fn holds(&self, record: &ArchivedAccepted) -> bool {
        record.account.to_native() == self.account && *record.told_as == *self.told_as
    }
}

fn message(record: &ArchivedAccepted) -> Option<(MessageId, Msisdn)> {
    let to = Msisdn::from_u64(record.to.to_native())?;
    Some((MessageId(record.id.to_native()), to))
}

/// Accepted messages of a frame in order, until `visit` says false.
fn visit_accepted(octets: &[u8], visit: &mut dyn FnMut(&ArchivedAccepted) -> bool) {
    let Ok(reader) = FrameReader::new(octets) else {
        return;
    };
    for (_, _, record) in reader.iter() {
        if let Ok(RecordView::Accepted(record)) = record
            && !visit(record)
        {
            return;
        }
    }
}

impl Engine {
    /// A message as it was accepted, with those that its customer knows by the same id. Blocking: it reads the store.
    ///
    /// # Errors
    /// [`StoreFault`] when the store cannot be read.
    pub fn together(&self, id: MessageId) -> Result<Option<Together>, StoreFault> {
        read(&self.inner.store, id)
    }
}

fn read(store: &Store, id: MessageId) -> Result<Option<Together>, StoreFault> {
    let mut found: Option<Together> = None;
    if let Some(octets) = store.frame(FrameKey::of_message(id))? {
        // A group lies in one frame.
        visit_accepted(&octets, &mut |record| {
            match &mut found {
                None if record.id.to_native() == id.0 => found = Together::begin(record),
                None => {}
                Some(found) if found.told_as.is_empty() => return false,
                Some(found) if found.holds(record) => found.messages.extend(message(record)),
                Some(_) => return false,
            }
            true
        });
    }
    if found.is_some() {
        return Ok(found);
    }
    // Its frame may be gone while it waits on the shelf, or since it came back from there.
    elsewhere(store, id, &mut |record| found = Together::begin(record))?;
    let Some(group) = found.as_mut().filter(|found| !found.told_as.is_empty()) else {
        return Ok(found);
    };
    for further in 1..u128::from(Group::MESSAGES_MAX) {
        let next = MessageId(id.0.saturating_add(further));
        elsewhere(store, next, &mut |record| {
            if group.holds(record) {
                group.messages.extend(message(record));
            }
        })?;
    }
    Ok(found)
}

/// Shows the record of a message that is not where its id says.
fn elsewhere(
    store: &Store,
    id: MessageId,
    show: &mut dyn FnMut(&ArchivedAccepted),
) -> Result<(), StoreFault> {
    let mut places = Vec::new();
    for entry in store.ask_shelf(&ShelfQuestion::Id(id))? {
        places.push(entry.octets);
    }
    if places.is_empty()
        && let Some(home) = store.home(id)?
    {
        places.extend(store.frame(home)?);
    }
    for octets in &places {
        visit_accepted(octets, &mut |record| {
            let this = record.id.to_native() == id.0;
            if this {
                show(record);
            }
            !this
        });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use carrack_message::MessageIdParts;
    use carrack_message::record::{Accepted, Body, FrameWriter, ReceiptWish};
    use carrack_queue::{FrameSummary, SealedFrame, ShelfChange, ShelfEntry, ShelfMarks};

    use super::*;

    const TO: u64 = 447_700_900_000;

    fn id(index: u16) -> MessageId {
        MessageId::new(MessageIdParts {
            utc_ms: 1,
            epoch: 1,
            node: 0,
            shard: 0,
            frame: 0,
            index,
        })
    }

    fn accepted(index: u16, account: u32, told_as: &[u8]) -> Accepted {
        Accepted {
            id: id(index).0,
            account,
            class: 3,
            to: TO + u64::from(index),
            from: "ACME".into(),
            body: Body::Text("x".into()),
            segments: 1,
            reference: 0,
            wants_receipt: ReceiptWish::Never,
            at_utc_ns: 1,
            send_at_utc_ns: 0,
            expires_utc_ns: 2,
            price_micros: -1,
            client_ref: None,
            batch: None,
            tlvs: Vec::new(),
            told_as: told_as.to_vec(),
        }
    }

    fn octets<'a>(records: impl IntoIterator<Item = &'a Accepted>) -> Vec<u8> {
        let mut writer = FrameWriter::default();
        for record in records {
            writer.push(record).unwrap();
        }
        writer.seal(0)
    }

    fn frame(number: u64, records: &[Accepted], shelf: Vec<ShelfChange>) -> SealedFrame {
        SealedFrame {
            key: FrameKey {
                epoch: 1,
                shard: 0,
                number,
            },
            ticket: 0,
            octets: octets(records),
            summary: FrameSummary::default(),
            shelf,
            keys: Vec::new(),
        }
    }

    fn found(store: &Store, index: u16) -> Option<Vec<u64>> {
        let found = read(store, id(index)).unwrap()?;
        let last = |(_, to): &(MessageId, Msisdn)| to.as_u64() - TO;
        Some(found.messages.iter().map(last).collect())
    }

    fn chunk() -> Vec<Accepted> {
        vec![
            accepted(0, 1, b""),
            accepted(1, 1, b"a"),
            accepted(2, 1, b"a"),
            accepted(3, 1, b"b"),
            accepted(4, 2, b"b"),
            accepted(5, 1, b""),
        ]
    }

    #[test]
    fn group_ends_with_its_account_and_its_id() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).unwrap();
        store
            .write_frames([frame(0, &chunk(), vec![])].iter(), true)
            .unwrap();
        assert_eq!(found(&store, 0).unwrap(), [0]);
        assert_eq!(found(&store, 1).unwrap(), [1, 2]);
        assert_eq!(found(&store, 2).unwrap(), [2]);
        assert_eq!(found(&store, 3).unwrap(), [3]);
        assert_eq!(found(&store, 4).unwrap(), [4]);
        assert_eq!(found(&store, 6), None);
    }

    #[test]
    fn group_is_found_on_the_shelf_and_where_it_came_back_once_its_frame_is_gone() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).unwrap();
        let marks = |index| ShelfMarks {
            id: id(index),
            account: 1,
            keeper: 1,
            due_ms: 5,
            receipts: Vec::new(),
        };
        let chunk = chunk();
        let put = chunk.iter().zip(0..).map(|(record, index)| {
            ShelfChange::Put(ShelfEntry {
                marks: marks(index),
                octets: octets([record]),
            })
        });
        let gone = frame(7, &[], put.collect());
        let back = frame(
            8,
            &chunk[1..2],
            vec![ShelfChange::Take(
                marks(1),
                FrameKey {
                    epoch: 1,
                    shard: 0,
                    number: 8,
                },
            )],
        );
        store.write_frames([gone, back].iter(), true).unwrap();
        assert_eq!(found(&store, 0).unwrap(), [0]);
        assert_eq!(found(&store, 1).unwrap(), [1, 2]);
        assert_eq!(found(&store, 3).unwrap(), [3]);
        assert_eq!(found(&store, 6), None);
    }
}
