//! SMPP 3.3, 3.4 and 5.0: every PDU as a borrowed view of an exact frame, an encoder into the caller's
//! buffer, and sessions of both sides that do no I/O.
//!
//! Promise: no input panics, reads outside its frame or allocates by what it claims. A PDU with a
//! sane header can always be answered. Hot paths allocate nothing. Time and bytes come from the
//! caller; nothing here knows a socket, a clock or a thread.

mod address;
mod alert_notification;
mod bind;
mod body;
mod broadcast;
mod cancel_sm;
mod command;
mod encode;
mod fields;
mod frame;
mod header;
mod oddity;
mod outbind;
mod query_sm;
mod reader;
mod replace_sm;
mod response;
pub mod session;
mod short_message;
mod status;
mod submit_multi;
mod submit_multi_resp;
pub mod tag;
pub mod time;
mod tlv;
mod writer;

pub use address::Address;
pub use alert_notification::{AlertNotification, encode_alert_notification};
pub use bind::{Bind, BindKind, BindResp};
pub use body::Body;
pub use broadcast::{
    BroadcastSm, CancelBroadcastSm, QueryBroadcastSm, encode_broadcast_sm,
    encode_cancel_broadcast_sm, encode_query_broadcast_sm,
};
pub use cancel_sm::{CancelSm, encode_cancel_sm};
pub use command::CommandId;
pub use encode::{
    encode_bind, encode_bind_resp, encode_data_sm, encode_deliver_sm, encode_deliver_sm_resp,
    encode_message_id, encode_submit_sm, encode_submit_sm_resp,
};
pub use fields::SHORT_MESSAGE_OCTETS_MAX;
pub use frame::{FrameError, PDU_OCTETS_MAX_DEFAULT, Pdu, split_frame};
pub use header::{HEADER_OCTETS, Header};
pub use oddity::{BodyError, BodyFault, Decoded, Oddities, OddityCounts, Strictness};
pub use outbind::{Outbind, encode_outbind};
pub use query_sm::{QuerySm, QuerySmResp, encode_query_sm, encode_query_sm_resp};
pub use replace_sm::{ReplaceSm, encode_replace_sm};
pub use response::{
    BroadcastSmResp, DataSmResp, DeliverSmResp, MESSAGE_ID_OCTETS_MAX, MessageIdBody,
    QueryBroadcastSmResp, SubmitSmResp,
};
pub use session::{
    ClientEvent, ClientSession, ClientSettings, CloseReason, Counters, DeliverRefused, Request,
    ServerEvent, ServerSession, ServerSettings, SpecLimits, SubmitRefused,
};
pub use short_message::{
    DataSm, DeliverSm, ESM_CLASS_DELIVERY_RECEIPT, ESM_CLASS_INTERMEDIATE_NOTIFICATION,
    ESM_CLASS_TYPE_MASK, ESM_CLASS_UDHI, ShortMessage, SubmitSm,
};
pub use status::CommandStatus;
pub use submit_multi::{
    Destination, DestinationIter, Destinations, SubmitMulti, encode_submit_multi, write_destination,
};
pub use submit_multi_resp::{
    SubmitMultiResp, UnsuccessSme, UnsuccessSmeIter, UnsuccessSmes, encode_submit_multi_resp,
    write_unsuccess_sme,
};
pub use tlv::{Tlv, TlvIter, Tlvs};
pub use writer::{
    BodyWriter, EncodeError, STRING_OCTETS_MAX, encode_header_only, write_pdu, write_tlv,
};
