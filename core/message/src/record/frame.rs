//! A frame: all that one shard accepted or settled since its last one; one value in the log.
//!
//! Format, little-endian: `"CRKF"`, version u16, reserved u16, records u32, body octets u32, CRC-32C u32 of all that
//! follows, stamp u64; then for each record its kind u8, three reserved octets, its length u32, and its rkyv archive.
//!
//! The stamp orders frames of several shards in time: of two frames of one epoch, the one with the lower stamp was closed
//! first, and whatever a shard did because of the other's frame has the higher one.
//!
//! Promise: a frame is read only when length and CRC hold, a record only when its archive validates. Bound:
//! [`FRAME_RECORDS_MAX`], [`FRAME_OCTETS_MAX`]. Fails by [`FrameFault`]; a bad record ends only itself, a bad frame only
//! that frame.

use rkyv::api::high::{HighSerializer, HighValidator};
use rkyv::bytecheck::CheckBytes;
use rkyv::rancor::Error as RkyvError;
use rkyv::ser::allocator::ArenaHandle;
use rkyv::{Archive, Serialize};
use thiserror::Error;

use super::accepted::{Accepted, ArchivedAccepted};
use super::batch::{ArchivedBatchProgress, BatchProgress};
use super::mo::{ArchivedMoReceived, ArchivedMoSettled, MoReceived, MoSettled};
use super::outcome::{
    ArchivedAside, ArchivedCredited, ArchivedEarlyReceipt, ArchivedFinal, ArchivedGivenUp,
    ArchivedReceiptSeen, ArchivedRefused, ArchivedSubmitted, ArchivedTold, ArchivedToldSubmitted,
    ArchivedTried, ArchivedUncertain, ArchivedValidFrom, Aside, Credited, EarlyReceipt, Final,
    GivenUp, ReceiptSeen, Refused, Submitted, Told, ToldSubmitted, Tried, Uncertain, ValidFrom,
};

/// Octets before the first record.
pub const FRAME_HEADER_OCTETS: usize = 28;
/// Version that this code writes.
pub const FRAME_VERSION: u16 = 5;
/// Records a frame may hold: an index within it has 16 bits.
pub const FRAME_RECORDS_MAX: usize = 65_535;
/// Octets a frame may hold.
pub const FRAME_OCTETS_MAX: usize = 64 << 20;

const MAGIC: [u8; 4] = *b"CRKF";
/// Octets before the stamp: what the checksum does not cover.
const UNCHECKED_OCTETS: usize = 20;
const RECORD_HEADER_OCTETS: usize = 8;

/// Why a frame or a record in it cannot be read.
#[derive(Debug, Error, Clone, PartialEq, Eq)]
pub enum FrameFault {
    /// Shorter than its header says, or no header at all.
    #[error("frame is cut: {found} octets where {expected} were written")]
    Cut {
        /// Octets that must be there.
        expected: usize,
        /// Octets that are there.
        found: usize,
    },
    /// The first octets are not a frame's.
    #[error("not a frame: it does not begin with CRKF")]
    NotAFrame,
    /// Written by a later version.
    #[error("frame version {0} is newer than this program knows; start the version that wrote it")]
    Version(u16),
    /// Written by an earlier version whose records lie otherwise.
    #[error(
        "frame version {0} is older than this program reads; let the version that wrote it empty its queue, then start with a new data_dir"
    )]
    OldVersion(u16),
    /// The body is not what was written.
    #[error("checksum of the frame is {found:#010x}, written was {expected:#010x}")]
    Checksum {
        /// CRC-32C in the header.
        expected: u32,
        /// CRC-32C of what is there.
        found: u32,
    },
    /// One record does not validate.
    #[error("record at octet {offset}: {reason}")]
    Record {
        /// Where it begins in the frame.
        offset: usize,
        /// What validation said.
        reason: String,
    },
}

mod sealed {
    pub trait Kind {
        const KIND: u8;
    }
}
use sealed::Kind;

macro_rules! kinds {
    ($($number:literal $record:ident $archived:ident $doc:literal;)*) => {
        $(impl Kind for $record { const KIND: u8 = $number; })*

        /// One record of a frame, borrowed.
        #[derive(Clone, Copy)]
        pub enum RecordView<'a> {
            $(#[doc = $doc] $record(&'a $archived),)*
            /// A kind that this version does not know, carried untouched.
            Other(u8),
        }

        fn view(kind: u8, bytes: &[u8]) -> Result<RecordView<'_>, RkyvError> {
            Ok(match kind {
                $($number => RecordView::$record(access::<$archived>(bytes)?),)*
                other => RecordView::Other(other),
            })
        }
    };
}

kinds! {
    1 Accepted ArchivedAccepted "A message as it was accepted.";
    2 Submitted ArchivedSubmitted "A carrier took a segment.";
    3 Refused ArchivedRefused "A carrier refused a segment.";
    4 Uncertain ArchivedUncertain "Perhaps sent, perhaps not.";
    5 ReceiptSeen ArchivedReceiptSeen "A receipt was matched.";
    6 EarlyReceipt ArchivedEarlyReceipt "A receipt before its response.";
    7 Final ArchivedFinal "The end of a message.";
    8 Told ArchivedTold "The customer has taken the final state.";
    9 BatchProgress ArchivedBatchProgress "How far a batch file was taken.";
    10 Aside ArchivedAside "A message left the log for the shelf.";
    11 Credited ArchivedCredited "An account was given money.";
    12 MoReceived ArchivedMoReceived "A message from a handset, or a part of one.";
    13 MoSettled ArchivedMoSettled "Something became of a message from a handset.";
    14 GivenUp ArchivedGivenUp "The customer did not take the final state in time.";
    15 Tried ArchivedTried "What was tried before, of a message on the shelf or back from it.";
    16 ToldSubmitted ArchivedToldSubmitted "The customer has taken that a carrier has the message.";
    17 ValidFrom ArchivedValidFrom "From when on a message that is held is valid.";
}

fn access<T>(bytes: &[u8]) -> Result<&T, RkyvError>
where
    T: rkyv::Portable + for<'b> CheckBytes<HighValidator<'b, RkyvError>>,
{
    rkyv::access::<T, RkyvError>(bytes)
}

/// A record that a frame can hold.
pub trait Storable:
    Kind + for<'a> Serialize<HighSerializer<Vec<u8>, ArenaHandle<'a>, RkyvError>> + Archive
{
}
impl<T> Storable for T where
    T: Kind + for<'a> Serialize<HighSerializer<Vec<u8>, ArenaHandle<'a>, RkyvError>> + Archive
{
}

/// Builds one frame.
#[derive(Debug)]
pub struct FrameWriter {
    octets: Vec<u8>,
    records: usize,
}

impl Default for FrameWriter {
    fn default() -> Self {
        Self::with_capacity(4096)
    }
}

impl FrameWriter {
    /// An empty frame with room for `octets`.
    #[must_use]
    pub fn with_capacity(octets: usize) -> Self {
        let mut buffer = Vec::with_capacity(octets.max(FRAME_HEADER_OCTETS));
        buffer.resize(FRAME_HEADER_OCTETS, 0);
        Self {
            octets: buffer,
            records: 0,
        }
    }

    /// Records so far; also the index the next one gets.
    #[must_use]
    pub fn records(&self) -> usize {
        self.records
    }

    /// Whether nothing stands in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.records == 0
    }

    /// Octets so far, header included.
    #[must_use]
    pub fn octets(&self) -> usize {
        self.octets.len()
    }

    /// Appends a record and says at which octet it begins.
    ///
    /// # Errors
    /// [`FrameFault::Record`] when the frame is full or the record cannot be archived; the frame is as it was before.
    pub fn push<T: Storable>(&mut self, record: &T) -> Result<u32, FrameFault> {
        let start = self.octets.len();
        let fault = |reason: String| FrameFault::Record {
            offset: start,
            reason,
        };
        if self.records >= FRAME_RECORDS_MAX || start >= FRAME_OCTETS_MAX {
            return Err(fault("the frame is full".to_owned()));
        }
        self.octets
            .extend_from_slice(&[T::KIND, 0, 0, 0, 0, 0, 0, 0]);
        let buffer = std::mem::take(&mut self.octets);
        match rkyv::api::high::to_bytes_in::<_, RkyvError>(record, buffer) {
            Ok(buffer) => self.octets = buffer,
            // Archiving into memory fails only where an allocation does; what the frame held is gone with the buffer.
            Err(error) => return Err(fault(error.to_string())),
        }
        let length = (self.octets.len() - start - RECORD_HEADER_OCTETS) as u32;
        if let Some(slot) = self.octets.get_mut(start + 4..start + RECORD_HEADER_OCTETS) {
            slot.copy_from_slice(&length.to_le_bytes());
        }
        self.records += 1;
        Ok(start as u32)
    }

    /// Closes the frame: stamp, header and checksum are set.
    #[must_use]
    pub fn seal(mut self, stamp: u64) -> Vec<u8> {
        let length = self.octets.len().saturating_sub(FRAME_HEADER_OCTETS) as u32;
        if let Some(slot) = self.octets.get_mut(UNCHECKED_OCTETS..FRAME_HEADER_OCTETS) {
            slot.copy_from_slice(&stamp.to_le_bytes());
        }
        let crc = crc32c::crc32c(self.octets.get(UNCHECKED_OCTETS..).unwrap_or(&[]));
        let fields = u128::from(FRAME_VERSION)
            | u128::from(self.records as u32) << 32
            | u128::from(length) << 64
            | u128::from(crc) << 96;
        let header = MAGIC.into_iter().chain(fields.to_le_bytes());
        for (slot, octet) in self.octets.iter_mut().zip(header) {
            *slot = octet;
        }
        self.octets
    }
}

/// The stamp of a frame, unchecked; 0 where the octets are no frame.
#[must_use]
pub fn frame_stamp(octets: &[u8]) -> u64 {
    let stamp = octets.get(UNCHECKED_OCTETS..FRAME_HEADER_OCTETS);
    stamp
        .and_then(|stamp| stamp.try_into().ok())
        .map_or(0, u64::from_le_bytes)
}

/// The version that wrote a frame, unchecked; `None` where the octets are no frame.
#[must_use]
pub fn frame_version(octets: &[u8]) -> Option<u16> {
    let rest = octets.strip_prefix(&MAGIC)?;
    let version = rest.first_chunk::<2>()?;
    Some(u16::from_le_bytes(*version))
}

/// Reads one frame whose header and checksum hold.
#[derive(Clone, Copy)]
pub struct FrameReader<'a> {
    octets: &'a [u8],
    records: u32,
}

impl<'a> FrameReader<'a> {
    /// Checks header, length and CRC.
    ///
    /// # Errors
    /// All of [`FrameFault`] but `Record`.
    pub fn new(octets: &'a [u8]) -> Result<Self, FrameFault> {
        let cut = |expected| FrameFault::Cut {
            expected,
            found: octets.len(),
        };
        let (header, checked) = octets
            .split_at_checked(UNCHECKED_OCTETS)
            .ok_or_else(|| cut(FRAME_HEADER_OCTETS))?;
        let (magic, fields) = header.split_at(4);
        if magic != MAGIC {
            return Err(FrameFault::NotAFrame);
        }
        let fields = u128::from_le_bytes(fields.try_into().map_err(|_| FrameFault::NotAFrame)?);
        let version = fields as u16;
        if version > FRAME_VERSION {
            return Err(FrameFault::Version(version));
        }
        if version < FRAME_VERSION {
            return Err(FrameFault::OldVersion(version));
        }
        let (records, length) = ((fields >> 32) as u32, (fields >> 64) as u32 as usize);
        if octets.len() != FRAME_HEADER_OCTETS.saturating_add(length) {
            return Err(cut(FRAME_HEADER_OCTETS.saturating_add(length)));
        }
        let (expected, found) = ((fields >> 96) as u32, crc32c::crc32c(checked));
        if found != expected {
            return Err(FrameFault::Checksum { expected, found });
        }
        Ok(Self { octets, records })
    }

    /// Records the header speaks of.
    #[must_use]
    pub fn records(&self) -> u32 {
        self.records
    }

    /// The records in order: index, octet at which each begins, and the record or why it cannot be read.
    pub fn iter(
        &self,
    ) -> impl Iterator<Item = (u16, u32, Result<RecordView<'a>, FrameFault>)> + use<'a> {
        let octets = self.octets;
        let mut offset = FRAME_HEADER_OCTETS;
        (0..self.records).map_while(move |index| {
            let (kind, bytes) = raw_record(octets, offset)?;
            let at = offset;
            offset += RECORD_HEADER_OCTETS + bytes.len();
            let record = view(kind, bytes).map_err(|error| FrameFault::Record {
                offset: at,
                reason: error.to_string(),
            });
            Some((index as u16, at as u32, record))
        })
    }
}

impl<'a> FrameReader<'a> {
    /// What was accepted and what ended, each with its index; all else is passed over unread.
    pub fn accepted_and_final(
        &self,
    ) -> impl Iterator<Item = (u16, Result<RecordView<'a>, FrameFault>)> + use<'a> {
        let octets = self.octets;
        let mut offset = FRAME_HEADER_OCTETS;
        let raw = (0..self.records).map_while(move |index| {
            let (kind, bytes) = raw_record(octets, offset)?;
            let at = offset;
            offset += RECORD_HEADER_OCTETS + bytes.len();
            Some((index as u16, at, kind, bytes))
        });
        raw.filter(|(_, _, kind, _)| [Accepted::KIND, Final::KIND].contains(kind))
            .map(|(index, offset, kind, bytes)| {
                let record = view(kind, bytes).map_err(|error| FrameFault::Record {
                    offset,
                    reason: error.to_string(),
                });
                (index, record)
            })
    }
}

fn raw_record(octets: &[u8], offset: usize) -> Option<(u8, &[u8])> {
    let header = octets.get(offset..offset.checked_add(RECORD_HEADER_OCTETS)?)?;
    let (kind, length) = (*header.first()?, header.get(4..)?);
    let length = u32::from_le_bytes(length.try_into().ok()?) as usize;
    let start = offset + RECORD_HEADER_OCTETS;
    Some((kind, octets.get(start..start.checked_add(length)?)?))
}

/// The record at `offset` of a frame that was checked before (its own writer, or [`FrameReader::new`]).
///
/// # Errors
/// [`FrameFault::Record`] when no valid record begins there.
pub fn record_at(octets: &[u8], offset: u32) -> Result<RecordView<'_>, FrameFault> {
    let offset = offset as usize;
    let fault = |reason: String| FrameFault::Record { offset, reason };
    let (kind, bytes) =
        raw_record(octets, offset).ok_or_else(|| fault("no record begins here".to_owned()))?;
    view(kind, bytes).map_err(|error| fault(error.to_string()))
}

/// The record behind the one at `offset` of a frame that was checked before; none where that is the last one.
///
/// # Errors
/// [`FrameFault::Record`] when no valid record begins there, or behind it.
pub fn record_behind(octets: &[u8], offset: u32) -> Result<Option<RecordView<'_>>, FrameFault> {
    let begins = offset as usize;
    let (_, bytes) = raw_record(octets, begins).ok_or_else(|| FrameFault::Record {
        offset: begins,
        reason: "no record begins here".to_owned(),
    })?;
    let next = begins + RECORD_HEADER_OCTETS + bytes.len();
    match next >= octets.len() {
        true => Ok(None),
        false => record_at(octets, next as u32).map(Some),
    }
}

/// A record that was read, to be written again elsewhere.
///
/// # Errors
/// [`FrameFault::Record`] when it cannot be taken out of its archive.
pub fn owned<A, T>(archived: &A) -> Result<T, FrameFault>
where
    A: rkyv::Deserialize<T, rkyv::api::high::HighDeserializer<RkyvError>>,
{
    rkyv::deserialize::<T, RkyvError>(archived).map_err(|error| FrameFault::Record {
        offset: 0,
        reason: error.to_string(),
    })
}
