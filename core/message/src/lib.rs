//! What a message is: its id, its numbers, its money, its text on the wire and its receipt.
//!
//! Promise: pure. No sockets, clocks, threads or global state; the same input gives the same output.
//! No input makes a function here panic: what comes from outside is refused with a typed fault that
//! names the place, or taken with a count of what had to be replaced.

pub mod alphabet;
mod callback;
pub mod carrier_id;
mod charge;
mod class;
pub mod explain;
mod hops;
mod id;
mod idempotency;
pub mod mo;
pub mod money;
mod network;
pub mod number;
pub mod receipt;
pub mod record;
pub mod reference;
pub mod segment;
pub mod sender;
pub mod smart;
mod status;
mod tag;
pub mod tpdu;
pub mod wire;

pub use alphabet::Alphabet;
pub use callback::{
    CALLBACK_TAG, CALLBACK_URL_OCTETS_MAX, Callback, CallbackKind, StateEvents, callback,
    write_callback,
};
pub use charge::{ChargeOn, ChargeOnFault};
pub use class::{Class, ClassFault};
pub use hops::{HOPS_MAX, HOPS_TAG, each_tlv, hops, write_hops};
pub use id::{MessageId, MessageIdFault, MessageIdParts};
pub use idempotency::{IDEMPOTENCY_TAG, idempotency_key};
pub use money::{Currency, Micros};
pub use network::{Network, NetworkFault};
pub use number::{Msisdn, NumberFault};
pub use receipt::{Receipt, ReceiptState};
pub use reference::References;
pub use segment::{SegmentFault, Segmentation};
pub use sender::{Sender, SenderFault};
pub use status::{Status, StatusFault};
pub use tag::{TAG_OCTETS_MAX, TAG_TAG, is_tag, tag, write_tag};
