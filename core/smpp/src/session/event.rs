//! What a session tells its edge, and why it refuses or ends.

use crate::{
    Address, Bind, BindKind, CommandId, CommandStatus, DeliverSm, EncodeError, FrameError,
    Oddities, SubmitSm, Tlvs,
};
use thiserror::Error;

/// Why the edge must close the socket, after it has drained the output.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum CloseReason {
    /// The peer refused our bind, or we refused the peer's.
    #[error("bind refused: {0}")]
    BindRefused(CommandStatus),
    /// No bind or no bind response in time.
    #[error("no bind in time")]
    BindTimedOut,
    /// Our settings make no bind that can be written.
    #[error("bind cannot be written: {0}")]
    BindUnwritable(EncodeError),
    /// Our unbind was answered, or asked for before the bind.
    #[error("unbound")]
    Unbound,
    /// Our unbind was not answered in time.
    #[error("no unbind_resp in time")]
    UnbindTimedOut,
    /// The peer unbound and nothing is in flight any more.
    #[error("the peer unbound")]
    PeerUnbound,
    /// The stream cannot be followed.
    #[error("{0}")]
    Frame(FrameError),
    /// The peer began a PDU and did not finish it in time.
    #[error("a PDU was begun and not finished in time")]
    PartialPduTimedOut,
    /// The peer was silent through all our `enquire_link`.
    #[error("enquire_link not answered")]
    EnquireLinkUnanswered,
    /// Nothing but `enquire_link` for too long.
    #[error("no traffic")]
    Inactive,
    /// Too many `generic_nack` that name no request.
    #[error("too many generic_nack without a request")]
    TooManyNacks,
    /// The peer sends requests and does not read the answers.
    #[error("the peer does not read its answers")]
    OutputFull,
}

/// Why a submit was not taken. Nothing was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum SubmitRefused {
    /// Not bound, or unbinding. Retry when bound.
    #[error("not bound")]
    NotBound,
    /// Every slot is in flight. Retry after a response.
    #[error("window full")]
    WindowFull,
    /// A receiver bind does not submit. Do not retry here.
    #[error("a receiver does not submit")]
    NotAllowedOnReceiver,
    /// The output was not drained. Retry after a write.
    #[error("output full")]
    OutputFull,
    /// The message cannot be written. Do not retry.
    #[error("{0}")]
    Unwritable(#[from] EncodeError),
}

/// Why a deliver was not taken. Nothing was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum DeliverRefused {
    /// Not bound, or unbinding. Retry when bound.
    #[error("not bound")]
    NotBound,
    /// A transmitter bind does not receive. Use another bind.
    #[error("a transmitter does not receive")]
    NotReceiver,
    /// Every slot is in flight. Retry after a response.
    #[error("window full")]
    WindowFull,
    /// The output was not drained. Retry after a write.
    #[error("output full")]
    OutputFull,
    /// The message cannot be written. Do not retry.
    #[error("{0}")]
    Unwritable(#[from] EncodeError),
}

/// What an ESME's session reports. `ticket` is what the caller gave with the request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClientEvent<'a> {
    /// The SMSC took the bind.
    Bound {
        /// The SMSC's name; may be empty.
        system_id: &'a [u8],
        /// Its `sc_interface_version`, if it says.
        interface_version: Option<u8>,
    },
    /// The SMSC refused the bind; `Close` follows.
    BindRefused {
        /// Its status.
        status: CommandStatus,
    },
    /// A submit was answered in time; its slot is free.
    Response {
        /// The submit's ticket.
        ticket: u64,
        /// The SMSC's status.
        status: CommandStatus,
        /// The SMSC's id; may be empty.
        message_id: &'a [u8],
        /// Optional parameters of the response.
        tlvs: Tlvs<'a>,
    },
    /// A request other than `submit_sm` was answered.
    Answer {
        /// The request's ticket.
        ticket: u64,
        /// Which request it was.
        command: CommandId,
        /// The SMSC's status.
        status: CommandStatus,
        /// The body of the response, undecoded; empty where a `generic_nack` was the answer.
        body: &'a [u8],
        /// The request had timed out.
        late: bool,
    },
    /// No response in time, or, by `slot_patience`, not while later requests were answered; the slot
    /// is free, the outcome uncertain.
    TimedOut {
        /// The request's ticket.
        ticket: u64,
    },
    /// The response to a submit that had timed out; at most once a ticket.
    LateResponse {
        /// The submit's ticket.
        ticket: u64,
        /// The SMSC's status.
        status: CommandStatus,
        /// The SMSC's id; may be empty.
        message_id: &'a [u8],
        /// Optional parameters of the response.
        tlvs: Tlvs<'a>,
    },
    /// The connection ended before the response; the outcome is uncertain.
    Unanswered {
        /// The request's ticket.
        ticket: u64,
    },
    /// The SMSC that connected to us asks for a bind; check it, then call `bind` or `unbind`.
    Outbind {
        /// Who asks.
        system_id: &'a [u8],
        /// Its secret.
        password: &'a [u8],
    },
    /// `alert_notification`: a handset can be reached again. Needs no answer.
    Alert {
        /// The handset.
        source: Address<'a>,
        /// The ESME that had asked to be told.
        esme: Address<'a>,
        /// Optional parameters, `ms_availability_status` among them.
        tlvs: Tlvs<'a>,
    },
    /// A `deliver_sm` or `data_sm`; answer by `answer_deliver`.
    Deliver {
        /// To be given back with the answer.
        sequence_number: u32,
        /// The message or receipt.
        sm: DeliverSm<'a>,
        /// `DELIVER_SM` or `DATA_SM`.
        command: CommandId,
        /// What was odd about it.
        oddities: Oddities,
    },
    /// Unbound, by either side: submit no more. What is in flight is still reported.
    Unbound,
    /// The edge must close the socket after it has drained the output.
    Close {
        /// Why.
        reason: CloseReason,
    },
}

/// What an SMSC's session reports. `ticket` is what the caller gave with the deliver.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ServerEvent<'a> {
    /// A bind; answer by `accept_bind` or `refuse_bind`.
    Bind {
        /// To be given back with the answer.
        sequence_number: u32,
        /// Which bind.
        kind: BindKind,
        /// Its body.
        bind: Bind<'a>,
    },
    /// A submit; answer by `answer`.
    Submit {
        /// To be given back with the answer.
        sequence_number: u32,
        /// The message.
        sm: SubmitSm<'a>,
        /// What was odd about it.
        oddities: Oddities,
    },
    /// Any other request of the specification: query_sm, cancel_sm, replace_sm, submit_multi, data_sm
    /// and the broadcasts. Answer by `answer` or `answer_with`.
    Other {
        /// To be given back with the answer.
        sequence_number: u32,
        /// Which request.
        command_id: CommandId,
        /// Its body, undecoded.
        body: &'a [u8],
    },
    /// A deliver was answered in time; its slot is free.
    DeliverResponse {
        /// The deliver's ticket.
        ticket: u64,
        /// The ESME's status.
        status: CommandStatus,
    },
    /// No response in time; the slot is free.
    DeliverTimedOut {
        /// The deliver's ticket.
        ticket: u64,
    },
    /// The response to a deliver that had timed out; at most once a ticket.
    DeliverLateResponse {
        /// The deliver's ticket.
        ticket: u64,
        /// The ESME's status.
        status: CommandStatus,
    },
    /// The connection ended before the response.
    DeliverUnanswered {
        /// The deliver's ticket.
        ticket: u64,
    },
    /// Unbound, by either side: deliver no more.
    Unbound,
    /// The edge must close the socket after it has drained the output.
    Close {
        /// Why.
        reason: CloseReason,
    },
}
