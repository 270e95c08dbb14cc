//! What the application says through an SMSC's session: verdicts on binds, answers, delivers.
//!
//! An answer for a connection that has ended is dropped; a deliver is refused before it takes a slot.

use crate::session::event::{CloseReason, DeliverRefused};
use crate::session::server::{Phase, ServerSession};
use crate::session::version::{fit, has_tlvs};
use crate::writer::{BodyWriter, EncodeError, write_pdu};
use crate::{
    AlertNotification, CommandId, CommandStatus, DeliverSm, Outbind, encode_alert_notification,
    encode_bind_resp, encode_data_sm, encode_deliver_sm, encode_message_id, encode_outbind,
};

/// Our `sc_interface_version`, told to peers of 3.4 and later.
const INTERFACE_VERSION: u8 = 0x34;

impl ServerSession {
    /// Accepts the bind that was reported with this number; any other number does nothing.
    pub fn accept_bind(&mut self, sequence_number: u32) {
        let Phase::Judging { sequence, kind } = self.phase else {
            return;
        };
        if sequence != sequence_number {
            return;
        }
        let version = (self.peer_version >= INTERFACE_VERSION).then_some(INTERFACE_VERSION);
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
        let Phase::Judging { sequence, kind } = self.phase else {
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
        self.link.error(command_id, status, sequence);
        self.phase = Phase::Ending(CloseReason::BindRefused(status));
    }

    /// Answers a request that was reported. `command` is the request's; `message_id` counts for
    /// submit_sm, submit_multi, data_sm and broadcast_sm only. For query_sm see [`ServerSession::answer_with`].
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
        if !status.is_ok() && message_id.is_empty() {
            link.error(response, status, sequence_number);
            return;
        }
        let written = match command {
            CommandId::SUBMIT_SM | CommandId::DATA_SM | CommandId::BROADCAST_SM => {
                encode_message_id(
                    &mut link.output,
                    response,
                    sequence_number,
                    status,
                    message_id,
                )
            }
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
            link.error(response, CommandStatus::ESME_RSYSERR, sequence_number);
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
        let written = if !has_tlvs(self.peer_version) {
            let left_out = &mut link.counters.tlvs_left_out;
            deliver_without_tlvs(&mut link.output, command, sequence, sm, left_out)
        } else if command == CommandId::DATA_SM {
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

    /// Asks the ESME that we connected to for a bind (3.4 4.1.7); only before one.
    ///
    /// # Errors
    /// [`EncodeError`]; nothing was written.
    pub fn outbind(&mut self, outbind: &Outbind<'_>) -> Result<(), EncodeError> {
        if !matches!(self.phase, Phase::Open { .. }) {
            return Ok(());
        }
        let sequence = self.link.window.control_sequence();
        encode_outbind(&mut self.link.output, sequence, outbind)
    }

    /// Tells a bound receiver that a handset can be reached again. It has no response and takes no slot.
    ///
    /// # Errors
    /// [`DeliverRefused`]; nothing was written.
    pub fn alert(&mut self, alert: &AlertNotification<'_>) -> Result<(), DeliverRefused> {
        let kind = self.bound().ok_or(DeliverRefused::NotBound)?;
        if !kind.can_receive() {
            return Err(DeliverRefused::NotReceiver);
        }
        if self.link.is_output_full() {
            return Err(DeliverRefused::OutputFull);
        }
        let sequence = self.link.window.control_sequence();
        encode_alert_notification(&mut self.link.output, sequence, alert)?;
        Ok(())
    }
}

/// A deliver for a peer of a version before optional parameters.
#[cold]
fn deliver_without_tlvs(
    out: &mut Vec<u8>,
    command: CommandId,
    sequence: u32,
    sm: &DeliverSm<'_>,
    left_out: &mut u64,
) -> Result<(), EncodeError> {
    // data_sm came with 3.4.
    if command == CommandId::DATA_SM {
        return Err(EncodeError::NotInThisVersion);
    }
    encode_deliver_sm(out, sequence, &fit(sm, left_out)?)
}
