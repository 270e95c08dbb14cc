//! SMPP 3.4 (tolerant of 3.3 and 5.0): PDUs as borrowed views of an exact frame, an encoder into the
//! caller's buffer, and sessions of both sides that do no I/O.
//!
//! Promise: no input panics, reads outside its frame or allocates by what it claims. A PDU with a
//! sane header can always be answered. Hot paths allocate nothing. Time and bytes come from the
//! caller; nothing here knows a socket, a clock or a thread.

mod address;
mod bind;
mod command;
mod encode;
mod frame;
mod header;
mod oddity;
mod reader;
mod response;
pub mod session;
mod short_message;
mod status;
pub mod tag;
pub mod time;
mod tlv;
mod writer;

pub use address::Address;
pub use bind::{Bind, BindKind, BindResp};
pub use command::CommandId;
pub use encode::{
    encode_bind, encode_bind_resp, encode_data_sm, encode_deliver_sm, encode_deliver_sm_resp,
    encode_message_id, encode_submit_sm, encode_submit_sm_resp,
};
pub use frame::{FrameError, PDU_OCTETS_MAX_DEFAULT, Pdu, split_frame};
pub use header::{HEADER_OCTETS, Header};
pub use oddity::{BodyError, BodyFault, Decoded, Oddities, OddityCounts, Strictness};
pub use response::{MESSAGE_ID_OCTETS_MAX, MessageIdBody, SubmitSmResp};
pub use session::{
    ClientEvent, ClientSession, ClientSettings, CloseReason, Counters, DeliverRefused, ServerEvent,
    ServerSession, ServerSettings, SubmitRefused,
};
pub use short_message::{
    DeliverSm, ESM_CLASS_DELIVERY_RECEIPT, ESM_CLASS_INTERMEDIATE_NOTIFICATION,
    ESM_CLASS_TYPE_MASK, ESM_CLASS_UDHI, SHORT_MESSAGE_OCTETS_MAX, ShortMessage, SubmitSm,
};
pub use status::CommandStatus;
pub use tlv::{Tlv, TlvIter, Tlvs};
pub use writer::{
    BodyWriter, EncodeError, STRING_OCTETS_MAX, encode_header_only, write_pdu, write_tlv,
};
