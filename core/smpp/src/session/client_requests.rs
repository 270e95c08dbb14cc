//! What an ESME's session sends when its caller asks: the bind, requests through the window, answers
//! to delivers, the unbind.
//!
//! A request that is refused has written nothing and taken no slot.

use crate::session::client::{ClientSession, Phase};
use crate::session::event::{CloseReason, SubmitRefused};
use crate::session::request::Request;
use crate::session::settings::SpecLimits;
use crate::session::version::{fit, has_tlvs};
use crate::{
    Bind, CommandId, CommandStatus, EncodeError, ReplaceSm, SubmitSm, Tlvs, encode_bind,
    encode_deliver_sm_resp, encode_message_id, encode_submit_sm,
};

/// The longest string of a bind where limits are relaxed.
const RELAXED_OCTETS_MAX: usize = 64;

impl ClientSession {
    /// Writes the bind; for a connection that the SMSC made, once its `outbind` was found good.
    /// Does nothing in any other state.
    pub fn bind(&mut self, now_ns: u64) {
        if matches!(self.phase, Phase::AwaitingOutbind { .. }) {
            self.write_bind(now_ns);
        }
    }

    pub(crate) fn write_bind(&mut self, now_ns: u64) {
        let settings = &self.settings;
        let bind = Bind {
            system_id: &settings.system_id,
            password: &settings.password,
            system_type: &settings.system_type,
            interface_version: settings.interface_version,
            addr_ton: settings.address_ton,
            addr_npi: settings.address_npi,
            address_range: &settings.address_range,
            tlvs: Tlvs::default(),
        };
        let sequence = self.link.window.control_sequence();
        let written = check_limits(&bind, settings.spec_limits)
            .and_then(|()| encode_bind(&mut self.link.output, sequence, settings.bind, &bind));
        self.phase = match written {
            Ok(()) => Phase::Binding {
                sequence,
                deadline_ns: now_ns.saturating_add(settings.bind_timeout_ns),
            },
            Err(fault) => Phase::Ending(CloseReason::BindUnwritable(fault)),
        };
    }

    /// Takes a slot and writes a `submit_sm`; gives its sequence number.
    ///
    /// # Errors
    /// [`SubmitRefused`]; nothing was written and no slot taken.
    #[inline]
    pub fn submit(
        &mut self,
        now_ns: u64,
        ticket: u64,
        sm: &SubmitSm<'_>,
    ) -> Result<u32, SubmitRefused> {
        self.request(now_ns, ticket, &Request::Submit(sm))
    }

    /// Takes a slot and writes any request; gives its sequence number.
    ///
    /// # Errors
    /// [`SubmitRefused`]; nothing was written and no slot taken.
    #[inline]
    pub fn request(
        &mut self,
        now_ns: u64,
        ticket: u64,
        request: &Request<'_>,
    ) -> Result<u32, SubmitRefused> {
        if self.phase != Phase::Bound {
            return Err(SubmitRefused::NotBound);
        }
        if !self.settings.bind.can_submit() {
            return Err(SubmitRefused::NotAllowedOnReceiver);
        }
        if self.link.is_output_full() {
            return Err(SubmitRefused::OutputFull);
        }
        let link = &mut self.link;
        let sequence = link
            .window
            .open(request.command_id(), ticket, now_ns)
            .ok_or(SubmitRefused::WindowFull)?;
        let written = if has_tlvs(self.version) {
            request.encode(&mut link.output, sequence)
        } else {
            let left_out = &mut link.counters.tlvs_left_out;
            encode_without_tlvs(request, &mut link.output, sequence, left_out)
        };
        if let Err(fault) = written {
            link.window.revoke(sequence);
            return Err(fault.into());
        }
        Ok(sequence)
    }

    /// Answers a `deliver_sm` or `data_sm`. `command` is what the event named.
    pub fn answer_deliver(
        &mut self,
        sequence_number: u32,
        command: CommandId,
        status: CommandStatus,
    ) {
        if matches!(self.phase, Phase::Closed | Phase::Ending(_)) {
            return;
        }
        if !status.is_ok() {
            self.link.error(command.response(), status, sequence_number);
        } else if command == CommandId::DATA_SM {
            // An empty id can always be written.
            let command = CommandId::DATA_SM_RESP;
            let output = &mut self.link.output;
            let _ = encode_message_id(output, command, sequence_number, status, b"");
        } else {
            encode_deliver_sm_resp(&mut self.link.output, sequence_number, status);
        }
    }

    /// Submits no more; says goodbye once all that is in flight is answered or has timed out, each after
    /// `response_timeout_ns` at the latest. Does nothing unless bound.
    pub fn leave(&mut self, now_ns: u64) {
        if self.phase != Phase::Bound {
            return;
        }
        self.phase = Phase::Leaving;
        if self.in_flight() == 0 {
            self.unbind(now_ns);
        }
    }

    /// Says goodbye. Submits in flight may still be answered until the peer's `unbind_resp`; a
    /// caller that wants them all calls [`Self::leave`].
    pub fn unbind(&mut self, now_ns: u64) {
        match self.phase {
            Phase::Bound | Phase::Leaving => {
                self.link.request(CommandId::UNBIND);
                let deadline_ns = now_ns.saturating_add(self.settings.unbind_timeout_ns);
                self.phase = Phase::Unbinding { deadline_ns };
            }
            Phase::Binding { .. } | Phase::AwaitingOutbind { .. } => {
                self.phase = Phase::Ending(CloseReason::Unbound);
            }
            _ => {}
        }
    }
}

/// A request for a peer of a version before optional parameters.
#[cold]
fn encode_without_tlvs(
    request: &Request<'_>,
    out: &mut Vec<u8>,
    sequence: u32,
    left_out: &mut u64,
) -> Result<(), EncodeError> {
    match request {
        Request::Submit(sm) => encode_submit_sm(out, sequence, &fit(sm, left_out)?),
        // Came with 3.4.
        Request::Data(_) => Err(EncodeError::NotInThisVersion),
        Request::Replace(replace) => {
            let text = replace.user_data();
            if text.len() > crate::SHORT_MESSAGE_OCTETS_MAX || text != replace.short_message {
                return Err(EncodeError::NotInThisVersion);
            }
            let replace = ReplaceSm {
                tlvs: Tlvs::default(),
                ..**replace
            };
            Request::Replace(&replace).encode(out, sequence)
        }
        other => other.encode(out, sequence),
    }
}

/// The specification's lengths, or those that carriers hand out.
fn check_limits(bind: &Bind<'_>, limits: SpecLimits) -> Result<(), EncodeError> {
    let fields = [
        ("system_id", bind.system_id, 15),
        ("password", bind.password, 8),
        ("system_type", bind.system_type, 12),
        ("address_range", bind.address_range, 40),
    ];
    for (field, value, spec_octets_max) in fields {
        let octets_max = match limits {
            SpecLimits::Strict => spec_octets_max,
            SpecLimits::Relaxed => RELAXED_OCTETS_MAX,
        };
        if value.len() > octets_max {
            return Err(EncodeError::FieldTooLong { field, octets_max });
        }
    }
    Ok(())
}
