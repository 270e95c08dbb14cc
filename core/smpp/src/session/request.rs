//! What an ESME may ask of an SMSC through its window.

use crate::encode::encode_submit_sm;
use crate::writer::{EncodeError, write_pdu};
use crate::{
    BindKind, CancelSm, CommandId, CommandStatus, DataSm, QuerySm, ReplaceSm, SubmitSm,
    encode_cancel_sm, encode_data_sm, encode_query_sm, encode_replace_sm,
};

/// A request of an ESME that takes a slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Request<'a> {
    /// `submit_sm`: a message. Answered by `Response`, everything else by `Answer`.
    Submit(&'a SubmitSm<'a>),
    /// `data_sm`: a message, its text in `message_payload`.
    Data(&'a DataSm<'a>),
    /// `query_sm`: what became of a message?
    Query(&'a QuerySm<'a>),
    /// `cancel_sm`: do not send it after all.
    Cancel(&'a CancelSm<'a>),
    /// `replace_sm`: another text for it.
    Replace(&'a ReplaceSm<'a>),
    /// Any other request, a broadcast or a vendor's own.
    Other {
        /// Which; no response, and none that the session sends by itself.
        command_id: CommandId,
        /// Its body, written as it is.
        body: &'a [u8],
    },
}

impl Request<'_> {
    /// The command it is sent by.
    #[must_use]
    #[inline]
    pub const fn command_id(&self) -> CommandId {
        match self {
            Self::Submit(_) => CommandId::SUBMIT_SM,
            Self::Data(_) => CommandId::DATA_SM,
            Self::Query(_) => CommandId::QUERY_SM,
            Self::Cancel(_) => CommandId::CANCEL_SM,
            Self::Replace(_) => CommandId::REPLACE_SM,
            Self::Other { command_id, .. } => *command_id,
        }
    }

    #[inline]
    pub(crate) fn encode(&self, out: &mut Vec<u8>, sequence: u32) -> Result<(), EncodeError> {
        match self {
            Self::Submit(sm) => encode_submit_sm(out, sequence, sm),
            Self::Data(sm) => encode_data_sm(out, sequence, sm),
            Self::Query(query) => encode_query_sm(out, sequence, query),
            Self::Cancel(cancel) => encode_cancel_sm(out, sequence, cancel),
            Self::Replace(replace) => encode_replace_sm(out, sequence, replace),
            Self::Other { command_id, body } => encode_other(out, sequence, *command_id, body),
        }
    }
}

fn encode_other(
    out: &mut Vec<u8>,
    sequence: u32,
    command_id: CommandId,
    body: &[u8],
) -> Result<(), EncodeError> {
    let is_sessions_own = BindKind::from_command(command_id).is_some()
        || matches!(
            command_id,
            CommandId::UNBIND
                | CommandId::ENQUIRE_LINK
                | CommandId::OUTBIND
                | CommandId::ALERT_NOTIFICATION
        );
    if command_id.is_response() || is_sessions_own {
        return Err(EncodeError::NotARequest);
    }
    let status = CommandStatus::ESME_ROK;
    write_pdu(out, command_id, status, sequence, |w| w.octets(body))
}
