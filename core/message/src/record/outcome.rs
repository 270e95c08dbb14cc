//! What happened to a message after it was accepted. Appended, never changed; order in the log is order in time.

use rkyv::{Archive, Deserialize, Serialize};

/// A carrier took one part of a text.
#[derive(Archive, Serialize, Deserialize, Debug, Clone, PartialEq, Eq)]
pub struct Submitted {
    /// Message id.
    pub id: u128,
    /// Carrier's number in the dictionary of names.
    pub carrier: u32,
    /// Part of the text, from 0.
    pub segment: u8,
    /// Parts of the text at this carrier.
    pub parts: u8,
    /// Segments on air that this part takes: more than 1 where the carrier cuts the text.
    pub segments: u8,
    /// How many tries this part took, from 1; [`Submitted::COPY`] in a record that is written again.
    pub attempt: u8,
    /// The answer came at, UTC nanoseconds.
    pub at_utc_ns: u64,
    /// What the carrier charges for it, all its segments, micro-units.
    pub price_micros: i64,
    /// The carrier's `message_id`, raw octets; empty when it gave none.
    pub carrier_message_id: Vec<u8>,
}

impl Submitted {
    /// The `attempt` of a record that was in the log before, and is written again because its message came back there.
    pub const COPY: u8 = 0;
}

/// A carrier refused a segment and the message goes on (here again, or elsewhere).
#[derive(Archive, Serialize, Deserialize, Debug, Clone, Copy, PartialEq, Eq)]
pub struct Refused {
    /// Message id.
    pub id: u128,
    /// Carrier's number.
    pub carrier: u32,
    /// SMPP `command_status`, or the driver's own number.
    pub status: u32,
    /// Segment, from 0.
    pub segment: u8,
    /// Whether the next candidate is tried; false: the same carrier again.
    pub next_carrier: bool,
    /// At, UTC nanoseconds.
    pub at_utc_ns: u64,
}

/// What was tried of a message before it went to the shelf: with what its present carrier said, all that decides where it
/// may go next. Written where all else is written again, and only if something was tried in vain.
#[derive(Archive, Serialize, Deserialize, Debug, Clone, PartialEq, Eq)]
pub struct Tried {
    /// Message id.
    pub id: u128,
    /// Attempts that came to nothing.
    pub attempts: u32,
    /// The last status or error code of a carrier.
    pub last_error: u32,
    /// Numbers of the carriers before the present one.
    pub carriers: Vec<u32>,
    /// At, UTC nanoseconds.
    pub at_utc_ns: u64,
}

/// From when on a message is valid, where its record has another moment to be sent at: quiet hours hold it. Directly behind
/// that record, on the shelf and back from it.
#[derive(Archive, Serialize, Deserialize, Debug, Clone, Copy, PartialEq, Eq)]
pub struct ValidFrom {
    /// Message id.
    pub id: u128,
    /// UTC nanoseconds.
    pub utc_ns: u64,
}

/// Why it is not known whether a carrier has taken a segment.
#[derive(Archive, Serialize, Deserialize, Debug, Clone, Copy, PartialEq, Eq)]
#[rkyv(derive(Debug, PartialEq), compare(PartialEq))]
pub enum UncertainReason {
    /// No response came in time.
    NoResponse,
    /// The link was lost with the segment in its window.
    LinkLost,
    /// Our process ended with the segment in the window.
    Crash,
    /// A carrier has it, and its whole text is sent again, there or elsewhere (with `parts` 0: it was, before a crash).
    SentAgain,
}

/// A segment left for a carrier and no response was recorded: perhaps sent, perhaps not.
#[derive(Archive, Serialize, Deserialize, Debug, Clone, Copy, PartialEq, Eq)]
pub struct Uncertain {
    /// Message id.
    pub id: u128,
    /// Carrier's number.
    pub carrier: u32,
    /// Segment, from 0.
    pub segment: u8,
    /// Parts of the text at this carrier; 0: not known any more.
    pub parts: u8,
    /// Why.
    pub reason: UncertainReason,
    /// Noticed at, UTC nanoseconds.
    pub at_utc_ns: u64,
    /// Until then a late response or a receipt is waited for before anything follows from it, UTC nanoseconds.
    pub waits_until_utc_ns: u64,
}

/// A receipt was matched to a segment.
#[derive(Archive, Serialize, Deserialize, Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReceiptSeen {
    /// Message id.
    pub id: u128,
    /// Carrier's number.
    pub carrier: u32,
    /// The carrier's error code from the receipt text, 0 where none.
    pub error: u32,
    /// Segment, from 0.
    pub segment: u8,
    /// SMPP `message_state` value.
    pub state: u8,
    /// At, UTC nanoseconds.
    pub at_utc_ns: u64,
}

/// A receipt that came before the response that names its message, or that such a one was matched and waits no more.
#[derive(Archive, Serialize, Deserialize, Debug, Clone, PartialEq, Eq)]
pub struct EarlyReceipt {
    /// Carrier's number.
    pub carrier: u32,
    /// The carrier's error code, 0 where none.
    pub error: u32,
    /// SMPP `message_state` value.
    pub state: u8,
    /// Whether it was matched under an id that is written otherwise than its response's: it waits no more.
    pub taken: bool,
    /// At, UTC nanoseconds.
    pub at_utc_ns: u64,
    /// Digits of its source address, 0 where it is no number.
    pub source: u64,
    /// Digits of its destination address, 0 where it is no number.
    pub destination: u64,
    /// The id that the receipt names.
    pub carrier_message_id: Vec<u8>,
}

/// The end of a message: exactly one a message.
#[derive(Archive, Serialize, Deserialize, Debug, Clone, PartialEq, Eq)]
pub struct Final {
    /// Message id.
    pub id: u128,
    /// Number of its account in the dictionary of names.
    pub account: u32,
    /// Final status, by its number.
    pub status: u8,
    /// Last carrier's number; `u32::MAX` where none was tried.
    pub carrier: u32,
    /// The carrier's last status or error code.
    pub error: u32,
    /// Segments that carriers took.
    pub segments_sent: u8,
    /// Whether the customer is still to be told.
    pub tell: bool,
    /// Epoch of the log that holds it: that of its id, or of its last return from the shelf.
    pub epoch: u32,
    /// What the carriers charge, micro-units.
    pub cost_micros: i64,
    /// What its account is charged, micro-units.
    pub charged_micros: i64,
    /// What of its price its account has back, micro-units: charged and released are the price it was accepted at.
    pub released_micros: i64,
    /// At, UTC nanoseconds.
    pub at_utc_ns: u64,
    /// One sentence for people; empty where the status says all.
    pub detail: String,
}

/// An account was given money, or money was taken back from it.
#[derive(Archive, Serialize, Deserialize, Debug, Clone, PartialEq, Eq)]
pub struct Credited {
    /// Number of the account in the dictionary of names.
    pub account: u32,
    /// Micro-units; negative: taken back.
    pub amount_micros: i64,
    /// At, UTC nanoseconds.
    pub at_utc_ns: u64,
    /// What it was given for: the same words are not booked twice.
    pub reference: String,
}

/// The customer has taken the final state.
#[derive(Archive, Serialize, Deserialize, Debug, Clone, Copy, PartialEq, Eq)]
pub struct Told {
    /// Message id.
    pub id: u128,
    /// Epoch of the log that holds it, as in [`Final`].
    pub epoch: u32,
    /// At, UTC nanoseconds.
    pub at_utc_ns: u64,
}

/// The customer has taken that a carrier has the message.
#[derive(Archive, Serialize, Deserialize, Debug, Clone, Copy, PartialEq, Eq)]
pub struct ToldSubmitted {
    /// Message id.
    pub id: u128,
    /// At, UTC nanoseconds.
    pub at_utc_ns: u64,
}

/// The customer did not take the final state in time, and is not told any more.
#[derive(Archive, Serialize, Deserialize, Debug, Clone, Copy, PartialEq, Eq)]
pub struct GivenUp {
    /// Message id.
    pub id: u128,
    /// Epoch of the log that holds it, as in [`Final`].
    pub epoch: u32,
    /// At, UTC nanoseconds.
    pub at_utc_ns: u64,
}

/// Nothing is to be done about a message for long: it leaves the log for the shelf, with all that is known of it. When it
/// comes back, its records are appended again, the first one where its id does not say.
#[derive(Archive, Serialize, Deserialize, Debug, Clone, Copy, PartialEq, Eq)]
pub struct Aside {
    /// Message id.
    pub id: u128,
    /// Epoch of the log that held it, as in [`Final`].
    pub epoch: u32,
    /// At, UTC nanoseconds.
    pub at_utc_ns: u64,
}
