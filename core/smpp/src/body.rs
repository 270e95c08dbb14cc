//! Any body, by its `command_id`: for tools, traces and tests. Sessions read the bodies they know.
//!
//! Promise: what is decoded without oddities is encoded to the same octets. A command that is not
//! known, and a body where there should be none, are carried as they came.

use crate::encode::{write_data_sm, write_message};
use crate::oddity::{BodyError, Decoded, Oddities, Strictness};
use crate::writer::{EncodeError, write_pdu};
use crate::{
    AlertNotification, Bind, BindKind, BindResp, BroadcastSm, CancelBroadcastSm, CancelSm,
    CommandId, CommandStatus, MessageIdBody, Outbind, QueryBroadcastSm, QuerySm, QuerySmResp,
    ReplaceSm, ShortMessage, SubmitMulti, SubmitMultiResp,
};

/// The body of one PDU.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Body<'a> {
    /// No octets, where none must be.
    Empty,
    /// A bind of any kind.
    Bind(Bind<'a>),
    /// The response to a bind of any kind.
    BindResp(BindResp<'a>),
    /// `outbind`.
    Outbind(Outbind<'a>),
    /// `submit_sm` or `deliver_sm`.
    Message(ShortMessage<'a>),
    /// `data_sm`.
    DataSm(ShortMessage<'a>),
    /// A response that is an id and optional parameters.
    MessageId(MessageIdBody<'a>),
    /// `submit_multi`.
    SubmitMulti(SubmitMulti<'a>),
    /// `submit_multi_resp`.
    SubmitMultiResp(SubmitMultiResp<'a>),
    /// `query_sm`.
    QuerySm(QuerySm<'a>),
    /// `query_sm_resp`.
    QuerySmResp(QuerySmResp<'a>),
    /// `cancel_sm`.
    CancelSm(CancelSm<'a>),
    /// `replace_sm`.
    ReplaceSm(ReplaceSm<'a>),
    /// `alert_notification`.
    AlertNotification(AlertNotification<'a>),
    /// `broadcast_sm`.
    BroadcastSm(BroadcastSm<'a>),
    /// `query_broadcast_sm`.
    QueryBroadcastSm(QueryBroadcastSm<'a>),
    /// `cancel_broadcast_sm`.
    CancelBroadcastSm(CancelBroadcastSm<'a>),
    /// Octets of a command that is not known, or behind one that has no body.
    Opaque(&'a [u8]),
}

impl<'a> Body<'a> {
    /// Reads the body of a PDU with this `command_id`.
    ///
    /// # Errors
    /// [`BodyError`] for a request that cannot be taken, with the status to answer. Responses and
    /// unknown commands always decode.
    pub fn decode(
        command_id: CommandId,
        body: &'a [u8],
        strictness: Strictness,
    ) -> Result<Decoded<Self>, BodyError> {
        if command_id.is_response() {
            return Ok(Self::decode_response(command_id, body));
        }
        Ok(match command_id {
            CommandId::SUBMIT_SM | CommandId::DELIVER_SM => {
                ShortMessage::decode(body, strictness)?.map(Self::Message)
            }
            CommandId::DATA_SM => ShortMessage::decode_data_sm(body, strictness)?.map(Self::DataSm),
            CommandId::SUBMIT_MULTI => {
                SubmitMulti::decode(body, strictness)?.map(Self::SubmitMulti)
            }
            CommandId::QUERY_SM => QuerySm::decode(body, strictness)?.map(Self::QuerySm),
            CommandId::CANCEL_SM => CancelSm::decode(body, strictness)?.map(Self::CancelSm),
            CommandId::REPLACE_SM => ReplaceSm::decode(body, strictness)?.map(Self::ReplaceSm),
            CommandId::OUTBIND => Outbind::decode(body, strictness)?.map(Self::Outbind),
            CommandId::ALERT_NOTIFICATION => {
                AlertNotification::decode(body, strictness)?.map(Self::AlertNotification)
            }
            CommandId::BROADCAST_SM => {
                BroadcastSm::decode(body, strictness)?.map(Self::BroadcastSm)
            }
            CommandId::QUERY_BROADCAST_SM => {
                QueryBroadcastSm::decode(body, strictness)?.map(Self::QueryBroadcastSm)
            }
            CommandId::CANCEL_BROADCAST_SM => {
                CancelBroadcastSm::decode(body, strictness)?.map(Self::CancelBroadcastSm)
            }
            other => match BindKind::from_command(other) {
                Some(_) => Bind::decode(body, strictness)?.map(Self::Bind),
                None => Self::bare(body),
            },
        })
    }

    fn decode_response(command_id: CommandId, body: &'a [u8]) -> Decoded<Self> {
        match command_id {
            CommandId::SUBMIT_SM_RESP
            | CommandId::DELIVER_SM_RESP
            | CommandId::DATA_SM_RESP
            | CommandId::BROADCAST_SM_RESP
            | CommandId::QUERY_BROADCAST_SM_RESP
                if !body.is_empty() =>
            {
                MessageIdBody::decode(body).map(Self::MessageId)
            }
            CommandId::SUBMIT_MULTI_RESP if !body.is_empty() => {
                SubmitMultiResp::decode(body).map(Self::SubmitMultiResp)
            }
            CommandId::QUERY_SM_RESP if !body.is_empty() => {
                QuerySmResp::decode(body).map(Self::QuerySmResp)
            }
            other => match BindKind::from_command(other) {
                Some(_) if !body.is_empty() => BindResp::decode(body).map(Self::BindResp),
                _ => Self::bare(body),
            },
        }
    }

    fn bare(body: &'a [u8]) -> Decoded<Self> {
        Decoded {
            value: if body.is_empty() {
                Self::Empty
            } else {
                Self::Opaque(body)
            },
            oddities: Oddities::default(),
        }
    }

    /// Appends a PDU of this body.
    ///
    /// # Errors
    /// [`EncodeError`]; `out` is then as it was.
    pub fn encode(
        &self,
        out: &mut Vec<u8>,
        command_id: CommandId,
        command_status: CommandStatus,
        sequence_number: u32,
    ) -> Result<(), EncodeError> {
        write_pdu(
            out,
            command_id,
            command_status,
            sequence_number,
            |w| match self {
                Self::Empty => {}
                Self::Bind(body) => body.write(w),
                Self::BindResp(body) => body.write(w),
                Self::Outbind(body) => body.write(w),
                Self::Message(body) => write_message(w, body),
                Self::DataSm(body) => write_data_sm(w, body, false),
                Self::MessageId(body) => body.write(w),
                Self::SubmitMulti(body) => body.write(w),
                Self::SubmitMultiResp(body) => body.write(w),
                Self::QuerySm(body) => body.write(w),
                Self::QuerySmResp(body) => body.write(w),
                Self::CancelSm(body) => body.write(w),
                Self::ReplaceSm(body) => body.write(w),
                Self::AlertNotification(body) => body.write(w),
                Self::BroadcastSm(body) => body.write(w),
                Self::QueryBroadcastSm(body) => body.write(w),
                Self::CancelBroadcastSm(body) => body.write(w),
                Self::Opaque(octets) => w.octets(octets),
            },
        )
    }
}
