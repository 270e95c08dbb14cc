//! The shelf: messages that nothing is to be done about for long, on disk only, found by their id, by the ids that their
//! receipts will name, and by time.
//!
//! Promise: a message is in the log or on the shelf, never in both: what goes there or comes from there is written in one
//! batch with the frame that says so. Bound: no memory a message; disk for as many as the node may hold. Fails by
//! [`StoreFault`]; an entry that cannot be read is passed over and said so.
//!
//! Keys, big-endian: `m | id u128` holds the entry; `r | name u64 | id` and `d | keeper u32 | due ms u64 | id` hold
//! nothing. Of what came back, `h | id` says in which frame it lies now, and `e | epoch u32 | id` when that is forgotten: with
//! the epoch. The name is a hash of the carrier and the id that a receipt will bring; the keeper says which shard looks after it.

use std::collections::BTreeMap;

use carrack_message::MessageId;

use crate::fault::StoreFault;
use crate::frame::FrameKey;

/// What an entry is found by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShelfMarks {
    /// The message.
    pub id: MessageId,
    /// Its account's number.
    pub account: u32,
    /// Who looks after it when it is due.
    pub keeper: u32,
    /// UTC millisecond at which something is to be done about it.
    pub due_ms: u64,
    /// Names of the receipts that are to come, at most 255.
    pub receipts: Vec<u64>,
}

/// A message on the shelf.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShelfEntry {
    /// What it is found by.
    pub marks: ShelfMarks,
    /// All that is known of it: records, as a sealed frame.
    pub octets: Vec<u8>,
}

/// What a frame changes on the shelf.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ShelfChange {
    /// A message goes there.
    Put(ShelfEntry),
    /// It comes back, to this frame.
    Take(ShelfMarks, FrameKey),
}

/// Where a question for what is due begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DueFrom {
    /// Whose.
    pub keeper: u32,
    /// UTC millisecond.
    pub due_ms: u64,
    /// And within it this message.
    pub id: MessageId,
}

impl DueFrom {
    /// All of a keeper's.
    #[must_use]
    pub fn all(keeper: u32) -> Self {
        Self {
            keeper,
            due_ms: 0,
            id: MessageId(0),
        }
    }
}

/// What is asked of the shelf.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ShelfQuestion {
    /// This message.
    Id(MessageId),
    /// Those with a receipt of one of these names to come.
    Receipts(Vec<u64>),
    /// Those that are due by then, earliest first for each keeper.
    Due {
        /// Whose, and from where on: what lies before was taken, and to pass what was taken costs.
        keepers: Vec<DueFrom>,
        /// UTC millisecond.
        until_ms: u64,
        /// At most so many.
        most: usize,
    },
}

/// Entries of one name that are looked at: more messages of a carrier cannot wait under one id.
const SAME_NAME_MAX: usize = 64;

const ENTRY: u8 = b'm';
pub(crate) const RECEIPT: u8 = b'r';
const DUE: u8 = b'd';
const HOME: u8 = b'h';
const EPOCH: u8 = b'e';
/// Octets of every key that its neighbours in a question share.
pub(crate) const PREFIX_OCTETS: usize = 9;
const FORMAT: u8 = 1;

/// The name of a receipt: carrier and id as it is compared. The same on every machine and for ever (FNV-1a).
#[must_use]
pub fn receipt_name(carrier: u32, id: &[u8]) -> u64 {
    let octets = carrier.to_be_bytes().into_iter().chain(id.iter().copied());
    octets.fold(0xcbf2_9ce4_8422_2325, |hash, octet| {
        (hash ^ u64::from(octet)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

fn key(kind: u8, fields: &[&[u8]], id: MessageId) -> Vec<u8> {
    let mut key = Vec::with_capacity(32);
    key.push(kind);
    for field in fields {
        key.extend_from_slice(field);
    }
    key.extend_from_slice(&id.0.to_be_bytes());
    key
}

fn entry_key(id: MessageId) -> Vec<u8> {
    key(ENTRY, &[], id)
}

fn receipt_key(name: u64, id: MessageId) -> Vec<u8> {
    key(RECEIPT, &[&name.to_be_bytes()], id)
}

fn due_key(keeper: u32, due_ms: u64, id: MessageId) -> Vec<u8> {
    key(DUE, &[&keeper.to_be_bytes(), &due_ms.to_be_bytes()], id)
}

fn home_key(id: MessageId) -> Vec<u8> {
    key(HOME, &[], id)
}

fn epoch_key(epoch: u32, id: MessageId) -> Vec<u8> {
    key(EPOCH, &[&epoch.to_be_bytes()], id)
}

/// The id at the end of a key.
fn id_of(key: &[u8]) -> Option<MessageId> {
    let id = key.last_chunk::<16>()?;
    Some(MessageId(u128::from_be_bytes(*id)))
}

impl ShelfMarks {
    fn keys(&self) -> impl Iterator<Item = Vec<u8>> + '_ {
        let receipts = self.receipts.iter();
        receipts
            .map(|name| receipt_key(*name, self.id))
            .chain([due_key(self.keeper, self.due_ms, self.id)])
    }
}

impl ShelfEntry {
    fn to_octets(&self) -> Vec<u8> {
        let marks = &self.marks;
        let mut octets = Vec::with_capacity(24 + 8 * marks.receipts.len() + self.octets.len());
        octets.push(FORMAT);
        octets.extend_from_slice(&marks.account.to_be_bytes());
        octets.extend_from_slice(&marks.keeper.to_be_bytes());
        octets.extend_from_slice(&marks.due_ms.to_be_bytes());
        let receipts = marks.receipts.iter().take(usize::from(u8::MAX));
        octets.push(receipts.len() as u8);
        octets.extend(receipts.flat_map(|name| name.to_be_bytes()));
        octets.extend_from_slice(&self.octets);
        octets
    }

    fn from_octets(id: MessageId, octets: &[u8]) -> Option<Self> {
        let (format, rest) = octets.split_first()?;
        let (account, rest) = rest.split_first_chunk::<4>()?;
        let (keeper, rest) = rest.split_first_chunk::<4>()?;
        let (due_ms, rest) = rest.split_first_chunk::<8>()?;
        let (count, mut rest) = rest.split_first()?;
        let mut receipts = Vec::with_capacity(usize::from(*count));
        for _ in 0..*count {
            let (name, behind) = rest.split_first_chunk::<8>()?;
            receipts.push(u64::from_be_bytes(*name));
            rest = behind;
        }
        (*format == FORMAT).then(|| Self {
            marks: ShelfMarks {
                id,
                account: u32::from_be_bytes(*account),
                keeper: u32::from_be_bytes(*keeper),
                due_ms: u64::from_be_bytes(*due_ms),
                receipts,
            },
            octets: rest.to_vec(),
        })
    }
}

impl ShelfChange {
    /// What it changes, key by key: a value to put, or none to delete.
    pub fn writes(&self, write: &mut dyn FnMut(Vec<u8>, Option<Vec<u8>>)) {
        match self {
            Self::Put(entry) => {
                write(entry_key(entry.marks.id), Some(entry.to_octets()));
                for key in entry.marks.keys() {
                    write(key, Some(Vec::new()));
                }
            }
            Self::Take(marks, home) => {
                write(home_key(marks.id), Some(home.to_octets().to_vec()));
                write(epoch_key(home.epoch, marks.id), Some(Vec::new()));
                write(entry_key(marks.id), None);
                for key in marks.keys() {
                    write(key, None);
                }
            }
        }
    }
}

/// An ordered map of keys and values, as the store has one.
pub trait ShelfKeys {
    /// One value.
    ///
    /// # Errors
    /// [`StoreFault`].
    fn value(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreFault>;
    /// Many values, in the order of their keys: neighbours cost one look.
    ///
    /// # Errors
    /// [`StoreFault`].
    fn values(&self, keys: &[Vec<u8>]) -> Result<Vec<Option<Vec<u8>>>, StoreFault> {
        keys.iter().map(|key| self.value(key)).collect()
    }
    /// Visits keys from one on and below another, until `visit` says false.
    ///
    /// # Errors
    /// [`StoreFault`].
    fn visit_from(
        &self,
        key: &[u8],
        below: &[u8],
        visit: &mut dyn FnMut(&[u8], &[u8]) -> bool,
    ) -> Result<(), StoreFault>;
}

impl ShelfKeys for BTreeMap<Vec<u8>, Vec<u8>> {
    fn value(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreFault> {
        Ok(self.get(key).cloned())
    }

    fn visit_from(
        &self,
        key: &[u8],
        below: &[u8],
        visit: &mut dyn FnMut(&[u8], &[u8]) -> bool,
    ) -> Result<(), StoreFault> {
        if key >= below {
            return Ok(());
        }
        for (key, value) in self.range(key.to_vec()..below.to_vec()) {
            if !visit(key, value) {
                break;
            }
        }
        Ok(())
    }
}

/// Answers a question. Fewer due ones than asked for: there are no more.
///
/// # Errors
/// [`StoreFault`] where the store cannot be read.
pub fn shelf_answer(
    keys: &impl ShelfKeys,
    question: &ShelfQuestion,
) -> Result<Vec<ShelfEntry>, StoreFault> {
    let mut entries = Vec::new();
    match question {
        ShelfQuestion::Id(id) => read_entries(keys, &[*id], &mut entries)?,
        ShelfQuestion::Receipts(names) => {
            let mut ids: Vec<MessageId> = Vec::new();
            for name in names {
                let begin = receipt_key(*name, MessageId(0));
                let behind = receipt_key(*name, MessageId(u128::MAX));
                let most = ids.len() + SAME_NAME_MAX;
                keys.visit_from(&begin, &behind, &mut |key, _| {
                    ids.extend(id_of(key));
                    ids.len() < most
                })?;
            }
            read_entries(keys, &ids, &mut entries)?;
        }
        ShelfQuestion::Due {
            keepers,
            until_ms,
            most,
        } => {
            for from in keepers {
                read_due(keys, *from, *until_ms, *most, &mut entries)?;
            }
        }
    }
    Ok(entries)
}

/// Reads on behind entries that were taken meanwhile or cannot be read, until there are so many, or no more.
fn read_due(
    keys: &impl ShelfKeys,
    from: DueFrom,
    until_ms: u64,
    most: usize,
    entries: &mut Vec<ShelfEntry>,
) -> Result<(), StoreFault> {
    let mut begin = due_key(from.keeper, from.due_ms, from.id);
    // Behind the last key of that millisecond, whatever its id.
    let behind = due_key(from.keeper, until_ms.saturating_add(1), MessageId(0));
    loop {
        let wanted = most.saturating_sub(entries.len());
        if wanted == 0 {
            return Ok(());
        }
        let mut ids: Vec<MessageId> = Vec::new();
        let mut last = Vec::new();
        keys.visit_from(&begin, &behind, &mut |key, _| {
            ids.extend(id_of(key));
            last = key.to_vec();
            ids.len() < wanted
        })?;
        read_entries(keys, &ids, entries)?;
        if ids.len() < wanted {
            return Ok(());
        }
        last.push(0);
        begin = last;
    }
}

fn read_entries(
    keys: &impl ShelfKeys,
    ids: &[MessageId],
    entries: &mut Vec<ShelfEntry>,
) -> Result<(), StoreFault> {
    let wanted: Vec<Vec<u8>> = ids.iter().map(|id| entry_key(*id)).collect();
    entries.reserve(ids.len());
    for (id, octets) in ids.iter().zip(keys.values(&wanted)?) {
        match octets.map(|octets| ShelfEntry::from_octets(*id, &octets)) {
            Some(Some(entry)) => entries.push(entry),
            Some(None) => tracing::error!(%id, "an entry of the shelf cannot be read"),
            // It came back meanwhile.
            None => {}
        }
    }
    Ok(())
}

/// The frame to which a message came back, while that is in the log.
pub(crate) fn home_of(
    keys: &impl ShelfKeys,
    id: MessageId,
) -> Result<Option<FrameKey>, StoreFault> {
    let octets = keys.value(&home_key(id))?;
    Ok(octets.and_then(|octets| FrameKey::from_octets(&octets)))
}

/// Keys that are of no use any more when the epochs below this one are gone.
pub(crate) fn homes_below(keys: &impl ShelfKeys, epoch: u32) -> Result<Vec<Vec<u8>>, StoreFault> {
    let mut gone = Vec::new();
    let below = epoch_key(epoch, MessageId(0));
    keys.visit_from(&[EPOCH], &below, &mut |key, _| {
        gone.push(key.to_vec());
        true
    })?;
    let ids: Vec<MessageId> = gone.iter().filter_map(|key| id_of(key)).collect();
    for id in ids {
        // It may have come back once more, later.
        if home_of(keys, id)?.is_some_and(|home| home.epoch < epoch) {
            gone.push(home_key(id));
        }
    }
    Ok(gone)
}

/// All keepers, each once.
///
/// # Errors
/// [`StoreFault`] where the store cannot be read.
pub fn shelf_keepers(keys: &impl ShelfKeys) -> Result<Vec<u32>, StoreFault> {
    let mut found: Vec<u32> = Vec::new();
    let mut next = Some(0u32);
    while let Some(from) = next {
        let mut begin = vec![DUE];
        begin.extend_from_slice(&from.to_be_bytes());
        let mut keeper = None;
        keys.visit_from(&begin, &[DUE + 1], &mut |key, _| {
            let octets = key.split_first().filter(|(kind, _)| **kind == DUE);
            let octets = octets.and_then(|(_, rest)| rest.first_chunk::<4>());
            keeper = octets.map(|octets| u32::from_be_bytes(*octets));
            false
        })?;
        found.extend(keeper);
        next = keeper.and_then(|keeper| keeper.checked_add(1));
    }
    Ok(found)
}

/// Visits all entries, by id; `None` for one that cannot be read.
pub(crate) fn visit_entries(
    keys: &impl ShelfKeys,
    visit: &mut dyn FnMut(MessageId, Option<ShelfEntry>),
) -> Result<(), StoreFault> {
    keys.visit_from(&[ENTRY], &[ENTRY + 1], &mut |key, value| {
        let id = id_of(key).filter(|_| key.first() == Some(&ENTRY));
        if let Some(id) = id {
            visit(id, ShelfEntry::from_octets(id, value));
        }
        id.is_some()
    })
}

/// How many messages of each account are on the shelf.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ShelfCounts(pub BTreeMap<u32, u64>);

impl ShelfCounts {
    /// All of them.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.0.values().sum()
    }

    pub(crate) fn note(&mut self, change: &ShelfChange) {
        match change {
            ShelfChange::Put(entry) => *self.0.entry(entry.marks.account).or_default() += 1,
            ShelfChange::Take(marks, _) => {
                let count = self.0.entry(marks.account).or_default();
                *count = count.saturating_sub(1);
                if *count == 0 {
                    self.0.remove(&marks.account);
                }
            }
        }
    }

    pub(crate) fn to_octets(&self) -> Vec<u8> {
        let rows = self.0.iter();
        rows.flat_map(|(account, count)| {
            let (account, count) = (account.to_be_bytes(), count.to_be_bytes());
            account.into_iter().chain(count)
        })
        .collect()
    }

    pub(crate) fn from_octets(octets: &[u8]) -> Self {
        let rows = octets.chunks_exact(12).filter_map(|row| {
            let (account, count) = row.split_first_chunk::<4>()?;
            let count = u64::from_be_bytes(count.try_into().ok()?);
            Some((u32::from_be_bytes(*account), count))
        });
        Self(rows.collect())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use proptest::prelude::*;

    use super::*;

    const FRAME: FrameKey = FrameKey {
        epoch: 3,
        shard: 0,
        number: 9,
    };

    #[test]
    fn home_is_known_until_its_epoch_is_gone_and_a_later_one_stays() {
        let mut keys = BTreeMap::new();
        let mut back = |id: u128, epoch: u32| {
            let marks = ShelfMarks {
                id: MessageId(id),
                account: 1,
                keeper: 1,
                due_ms: 1,
                receipts: Vec::new(),
            };
            ShelfChange::Take(marks, FrameKey { epoch, ..FRAME }).writes(&mut |key, value| {
                match value {
                    Some(value) => drop(keys.insert(key, value)),
                    None => drop(keys.remove(&key)),
                }
            });
        };
        back(1, 3);
        back(2, 4);
        back(3, 3);
        back(3, 5);
        for key in homes_below(&keys, 4).unwrap() {
            keys.remove(&key);
        }
        let epoch = |id| {
            home_of(&keys, MessageId(id))
                .unwrap()
                .map(|home| home.epoch)
        };
        assert_eq!((epoch(1), epoch(2), epoch(3)), (None, Some(4), Some(5)));
        assert_eq!(keys.len(), 4);
    }

    fn entry() -> impl Strategy<Value = ShelfEntry> {
        let names = prop::collection::vec(0u64..6, 0..3);
        (0u128..20, 0u32..3, 0u32..3, 0u64..8, names).prop_map(
            |(id, account, keeper, due_ms, receipts)| ShelfEntry {
                marks: ShelfMarks {
                    id: MessageId(id << 64 | id),
                    account,
                    keeper,
                    due_ms,
                    receipts,
                },
                octets: vec![id as u8; id as usize],
            },
        )
    }

    proptest! {
        /// Whatever goes and comes back, each question finds what is there and nothing else.
        #[test]
        fn what_is_put_is_found_by_all_its_marks(
            puts in prop::collection::vec((entry(), any::<bool>()), 0..40),
            asked in (0u64..7, 0u32..4, 0u64..9),
        ) {
            let mut keys = BTreeMap::new();
            let mut there: BTreeMap<MessageId, ShelfEntry> = BTreeMap::new();
            let mut counts = ShelfCounts::default();
            for (entry, stays) in puts {
                let mut apply = |change: ShelfChange| {
                    counts.note(&change);
                    change.writes(&mut |key, value| match value {
                        Some(value) => drop(keys.insert(key, value)),
                        None => drop(keys.remove(&key)),
                    });
                };
                if let Some(before) = there.remove(&entry.marks.id) {
                    apply(ShelfChange::Take(before.marks, FRAME));
                }
                apply(ShelfChange::Put(entry.clone()));
                if stays {
                    there.insert(entry.marks.id, entry);
                } else {
                    apply(ShelfChange::Take(entry.marks, FRAME));
                }
            }
            let (name, keeper, until_ms) = asked;
            let answer = |question| {
                let found = shelf_answer(&keys, &question).unwrap();
                found.into_iter().map(|entry| (entry.marks.id, entry)).collect::<BTreeMap<_, _>>()
            };
            let those = |which: &dyn Fn(&ShelfMarks) -> bool| {
                let found = there.values().filter(|entry| which(&entry.marks)).cloned();
                found.map(|entry| (entry.marks.id, entry)).collect::<BTreeMap<_, _>>()
            };
            prop_assert_eq!(
                answer(ShelfQuestion::Receipts(vec![name])),
                those(&|marks| marks.receipts.contains(&name))
            );
            prop_assert_eq!(
                answer(ShelfQuestion::Due { keepers: vec![DueFrom::all(keeper)], until_ms, most: 100 }),
                those(&|marks| marks.keeper == keeper && marks.due_ms <= until_ms)
            );
            for id in 0u128..20 {
                let id = MessageId(id << 64 | id);
                prop_assert_eq!(answer(ShelfQuestion::Id(id)), those(&|marks| marks.id == id));
            }
            let mut all = BTreeMap::new();
            visit_entries(&keys, &mut |id, entry| drop(all.insert(id, entry.unwrap()))).unwrap();
            let kept: std::collections::BTreeSet<u32> =
                there.values().map(|entry| entry.marks.keeper).collect();
            prop_assert_eq!(shelf_keepers(&keys).unwrap(), Vec::from_iter(kept));
            prop_assert_eq!(counts.total(), there.len() as u64);
            prop_assert_eq!(ShelfCounts::from_octets(&counts.to_octets()), counts);
            prop_assert_eq!(all, there);
        }
    }

    #[test]
    fn no_more_are_given_than_were_asked_for() {
        let mut keys = BTreeMap::new();
        for id in 0..10u128 {
            let marks = ShelfMarks {
                id: MessageId(id),
                account: 1,
                keeper: 7,
                due_ms: 20 - id as u64,
                receipts: Vec::new(),
            };
            let put = ShelfChange::Put(ShelfEntry {
                marks,
                octets: Vec::new(),
            });
            put.writes(&mut |key, value| drop(keys.insert(key, value.unwrap())));
        }
        let question = ShelfQuestion::Due {
            keepers: [6, 7, 8].map(DueFrom::all).to_vec(),
            until_ms: 100,
            most: 3,
        };
        let found = shelf_answer(&keys, &question).unwrap();
        let due: Vec<u64> = found.iter().map(|entry| entry.marks.due_ms).collect();
        assert_eq!(due, [11, 12, 13]);
        let further = ShelfQuestion::Due {
            keepers: vec![DueFrom {
                keeper: 7,
                due_ms: 13,
                id: MessageId(8),
            }],
            until_ms: 14,
            most: 9,
        };
        let found = shelf_answer(&keys, &further).unwrap();
        let due: Vec<u64> = found.iter().map(|entry| entry.marks.due_ms).collect();
        assert_eq!(due, [14]);
    }
}
