//! The record of a message as it was accepted. Written once, never changed.

use rkyv::{Archive, Deserialize, Serialize};

use super::wish::ReceiptWish;

/// What is to be sent, as the customer gave it.
#[derive(Archive, Serialize, Deserialize, Debug, Clone, PartialEq, Eq)]
pub enum Body {
    /// Unicode text; alphabet and segments are chosen anew for each carrier.
    Text(String),
    /// Octets to be relayed untouched: binary, or one part of a text that the customer split himself.
    Raw {
        /// SMPP `data_coding` as submitted.
        data_coding: u8,
        /// SMPP `esm_class` bits that describe the body (UDHI 0x40).
        esm_class: u8,
        /// User data, header included.
        octets: Vec<u8>,
    },
}

/// The row of a batch that a message came from.
#[derive(Archive, Serialize, Deserialize, Debug, Clone, Copy, PartialEq, Eq)]
pub struct BatchRow {
    /// Number of the batch.
    pub batch: u64,
    /// Data row in the file, from 1.
    pub row: u64,
}

/// A message as it was accepted.
#[derive(Archive, Serialize, Deserialize, Debug, Clone, PartialEq, Eq)]
pub struct Accepted {
    /// The message's id as its 128 bits.
    pub id: u128,
    /// Number of the account in the dictionary of names.
    pub account: u32,
    /// Class, by its number.
    pub class: u8,
    /// Recipient: the digits of its E.164 number.
    pub to: u64,
    /// Sender as the customer wrote it, tidied.
    pub from: String,
    /// What to send.
    pub body: Body,
    /// Segments it was priced as.
    pub segments: u8,
    /// Concatenation reference, fixed so that a segment that is sent again is the same segment.
    pub reference: u8,
    /// Which final states the customer is to be told.
    pub wants_receipt: ReceiptWish,
    /// Accepted at, UTC nanoseconds.
    pub at_utc_ns: u64,
    /// Not to be sent before, UTC nanoseconds; 0: at once. Until then it is on the shelf, from the moment of this record on.
    pub send_at_utc_ns: u64,
    /// Not to be sent after, UTC nanoseconds.
    pub expires_utc_ns: u64,
    /// Price to the customer in micro-units, all segments; negative: no sell deck applies.
    pub price_micros: i64,
    /// The customer's own reference.
    pub client_ref: Option<String>,
    /// The batch row it came from.
    pub batch: Option<BatchRow>,
    /// Parameters of the customer that a carrier may be given, encoded as on the wire; mostly empty.
    pub tlvs: Vec<u8>,
    /// The id text that the customer was given instead of the message's own; mostly empty. Messages of one group say the
    /// same, the first of them too.
    pub told_as: Vec<u8>,
}
