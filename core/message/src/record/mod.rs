//! What the log stores: records, and the frames that carry them.
//!
//! Promise: a record that was written by this version is read back exactly, one of another version is refused with the
//! reason; nothing is read before its frame's CRC-32C has been checked and its bytes validated. Bound: a frame holds at
//! most [`FRAME_RECORDS_MAX`] records and [`FRAME_OCTETS_MAX`] octets. Fails by [`FrameFault`], naming the record.
//!
//! A message is written once ([`Accepted`]); all that happens to it later is appended as an outcome. Carriers and
//! accounts are stored by number; the store keeps the dictionary of their names.

mod accepted;
mod batch;
mod frame;
mod mo;
mod outcome;
mod wish;

pub use accepted::{Accepted, ArchivedAccepted, ArchivedBody, BatchRow, Body};
pub use batch::{ArchivedBatchProgress, BatchProgress};
pub use frame::{
    FRAME_HEADER_OCTETS, FRAME_OCTETS_MAX, FRAME_RECORDS_MAX, FRAME_VERSION, FrameFault,
    FrameReader, FrameWriter, RecordView, Storable, frame_stamp, frame_version, owned, record_at,
    record_behind,
};
pub use mo::{ArchivedMoReceived, ArchivedMoSettled, MoOutcome, MoReceived, MoSettled};
pub use outcome::{
    ArchivedAside, ArchivedCredited, ArchivedEarlyReceipt, ArchivedFinal, ArchivedGivenUp,
    ArchivedReceiptSeen, ArchivedRefused, ArchivedSubmitted, ArchivedTold, ArchivedToldSubmitted,
    ArchivedTried, ArchivedUncertain, ArchivedValidFrom, Aside, Credited, EarlyReceipt, Final,
    GivenUp, ReceiptSeen, Refused, Submitted, Told, ToldSubmitted, Tried, Uncertain,
    UncertainReason, ValidFrom,
};
pub use wish::{ArchivedReceiptWish, ReceiptWish};
