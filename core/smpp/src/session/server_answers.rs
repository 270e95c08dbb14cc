//! What the application says through an SMSC's session: verdicts on binds, answers, delivers.
//!
//! An answer for a connection that has ended is dropped; a deliver is refused before it takes a slot.

use crate::session::event::{CloseReason, DeliverRefused};
use crate::session::server::{Phase, ServerSession};
use crate::writer::{BodyWriter, EncodeError, write_pdu};
use crate::{
    CommandId, CommandStatus, DeliverSm, encode_bind_resp, encode_data_sm, encode_deliver_sm,
    encode_message_id,
};

/// Our `sc_interface_version`, told to peers of 3.4 and later.
const INTERFACE_VERSION: u8 = 0x34;

impl ServerSession {
    /// Accepts the bind that was reported with this number; any other number does nothing.
    pub fn accept_bind(&mut self, sequence_number: u32) {
        let Phase::Judging {
            sequence,
            kind,
            interface_version,
        } = self.phase
        else {
            return;
        };
        if sequence != sequence_number {
            return;
        }
        let version = (interface_version >= INTERFACE_VERSION).then_some(INTERFACE_VERSION);
        let written = encode_bind_resp(
            &mut self.link.output,
            sequence,
            kind,
            CommandStatus::ESME_ROK,
            &self.settings.system_id,
            version,
        );
        self.phase = match written {
            Ok(()) => Phase::Bound(kind),
            Err(fault) => Phase::Ending(CloseReason::BindUnwritable(fault)),
        };
    }

    /// Refuses the bind that was reported with this number; the session closes at the next tick.
    pub fn refuse_bind(&mut self, sequence_number: u32, status: CommandStatus) {
        let Phase::Judging { sequence, kind, .. } = self.phase else {
            return;
        };
        if sequence != sequence_number {
            return;
        }
        // A refusal is never a success.
        let status = if status.is_ok() {
            CommandStatus::ESME_RBINDFAIL
        } else {
            status
        };
        let command_id = kind.command_id().response();
        self.link.header_only(command_id, status, sequence);
        self.phase = Phase::Ending(CloseReason::BindRefused(status));
    }

    /// Answers a request that was reported. `command` is the request's; `message_id` counts for
    /// submit_sm, submit_multi and data_sm only. For query_sm see [`ServerSession::answer_with`].
    /// An id that cannot be written is answered by `ESME_RSYSERR`.
    #[inline]
    pub fn answer(
        &mut self,
        sequence_number: u32,
        command: CommandId,
        status: CommandStatus,
        message_id: &[u8],
    ) {
        if !self.settle_owed() {
            return;
        }
        let response = command.response();
        let link = &mut self.link;
        let written = match command {
            CommandId::SUBMIT_SM | CommandId::DATA_SM => encode_message_id(
                &mut link.output,
                response,
                sequence_number,
                status,
                message_id,
            ),
            CommandId::SUBMIT_MULTI if status.is_ok() => {
                write_pdu(&mut link.output, response, status, sequence_number, |w| {
                    w.cstring(message_id);
                    // no_unsuccess
                    w.octet(0);
                })
            }
            _ => {
                link.header_only(response, status, sequence_number);
                Ok(())
            }
        };
        if written.is_err() {
            link.header_only(response, CommandStatus::ESME_RSYSERR, sequence_number);
        }
    }

    /// Answers a request that was reported with a body of the caller's.
    ///
    /// # Errors
    /// [`EncodeError`]; nothing was written and the request still waits.
    pub fn answer_with(
        &mut self,
        sequence_number: u32,
        command: CommandId,
        status: CommandStatus,
        fill: impl FnOnce(&mut BodyWriter<'_>),
    ) -> Result<(), EncodeError> {
        if matches!(self.phase, Phase::Closed | Phase::Ending(_)) {
            return Ok(());
        }
        let output = &mut self.link.output;
        write_pdu(output, command.response(), status, sequence_number, fill)?;
        self.settle_owed();
        Ok(())
    }

    /// A request that was reported will never be answered: its place in the inbound window is free.
    pub fn leave_unanswered(&mut self) {
        self.settle_owed();
    }

    /// One answer less is owed; false when the connection is past answering.
    #[inline]
    fn settle_owed(&mut self) -> bool {
        self.owed = self.owed.saturating_sub(1);
        !matches!(self.phase, Phase::Closed | Phase::Ending(_))
    }

    /// Takes a slot and writes a `deliver_sm`; gives its sequence number.
    ///
    /// # Errors
    /// [`DeliverRefused`]; nothing was written and no slot taken.
    #[inline]
    pub fn deliver(
        &mut self,
        now_ns: u64,
        ticket: u64,
        sm: &DeliverSm<'_>,
    ) -> Result<u32, DeliverRefused> {
        self.deliver_as(CommandId::DELIVER_SM, now_ns, ticket, sm)
    }

    /// As `deliver`, by `data_sm`, for accounts that want receipts so.
    ///
    /// # Errors
    /// [`DeliverRefused`]; nothing was written and no slot taken.
    pub fn deliver_data_sm(
        &mut self,
        now_ns: u64,
        ticket: u64,
        sm: &DeliverSm<'_>,
    ) -> Result<u32, DeliverRefused> {
        self.deliver_as(CommandId::DATA_SM, now_ns, ticket, sm)
    }

    #[inline]
    fn deliver_as(
        &mut self,
        command: CommandId,
        now_ns: u64,
        ticket: u64,
        sm: &DeliverSm<'_>,
    ) -> Result<u32, DeliverRefused> {
        let kind = self.bound().ok_or(DeliverRefused::NotBound)?;
        if !kind.can_receive() {
            return Err(DeliverRefused::NotReceiver);
        }
        let link = &mut self.link;
        if link.is_output_full() {
            return Err(DeliverRefused::OutputFull);
        }
        let sequence = link
            .window
            .open(command, ticket, now_ns)
            .ok_or(DeliverRefused::WindowFull)?;
        let written = if command == CommandId::DATA_SM {
            encode_data_sm(&mut link.output, sequence, sm)
        } else {
            encode_deliver_sm(&mut link.output, sequence, sm)
        };
        if let Err(fault) = written {
            link.window.revoke(sequence);
            return Err(fault.into());
        }
        Ok(sequence)
    }
}
