//! query_sm, cancel_sm and replace_sm, answered from what really became of the message.
//!
//! An id that was never given, or was forgotten, is ESME_RINVMSGID; another source than the submit's is ESME_RINVSRCADR; what has
//! come to its end can be neither cancelled nor replaced.

use super::address::keep;
use super::desk::{Desk, Due};
use super::post::Content;
use super::register::{NO_TICKET, restated};
use crate::chance::Digest;
use carrack_message::receipt::ReceiptState;
use carrack_smpp::{
    BodyError, CancelSm, CommandId, CommandStatus, QuerySm, QuerySmResp, ReplaceSm, Strictness,
    time,
};

/// The answer to a request beside submits.
#[derive(Debug)]
pub(super) enum Served {
    /// A header with this status.
    Status(CommandStatus),
    /// A message's state.
    State(Asked),
}

/// What query_sm found.
#[derive(Debug)]
pub(super) struct Asked {
    id: Vec<u8>,
    state: ReceiptState,
    final_date: Option<[u8; 16]>,
}

impl Asked {
    /// The body of the answer.
    pub(super) fn response(&self) -> QuerySmResp<'_> {
        let error_code = u8::from(self.state.is_final() && self.state != ReceiptState::Delivered);
        QuerySmResp {
            message_id: &self.id,
            final_date: self.final_date.as_ref().map_or(&[], |date| date),
            message_state: Some(self.state.code()),
            error_code: Some(error_code),
            ..QuerySmResp::default()
        }
    }
}

impl Desk {
    /// Serves a request; its body as it came.
    pub(super) fn serve(&mut self, now_ns: u64, command_id: CommandId, body: &[u8]) -> Served {
        let offers = self.settings.quirks.service;
        let served = match command_id {
            CommandId::QUERY_SM if !offers.no_query => self.query(now_ns, body),
            CommandId::CANCEL_SM if !offers.no_cancel => self.cancel(now_ns, body),
            CommandId::REPLACE_SM if !offers.no_replace => self.replace(now_ns, body),
            _ => Err(CommandStatus::ESME_RINVCMDID),
        };
        served.unwrap_or_else(Served::Status)
    }

    fn query(&mut self, now_ns: u64, body: &[u8]) -> Result<Served, CommandStatus> {
        self.counts.queries += 1;
        let query = QuerySm::decode(body, Strictness::Tolerant)
            .map_err(answer_of)?
            .value;
        let serial = self.find(query.message_id, query.source.addr)?;
        let entry = *self
            .register
            .get_mut(serial)
            .ok_or(CommandStatus::ESME_RINVMSGID)?;
        let state = entry.state_at(now_ns);
        let final_date = state.is_final().then(|| {
            let utc_s = i64::try_from(self.utc_s(entry.done_ns)).unwrap_or_default();
            time::absolute(utc_s)
        });
        self.counts.queries_answered += 1;
        Ok(Served::State(Asked {
            id: query.message_id.to_vec(),
            state,
            final_date,
        }))
    }

    fn cancel(&mut self, now_ns: u64, body: &[u8]) -> Result<Served, CommandStatus> {
        let cancel = CancelSm::decode(body, Strictness::Tolerant)
            .map_err(answer_of)?
            .value;
        let fail = CommandStatus::ESME_RCANCELFAIL;
        let serials = if cancel.message_id.is_empty() {
            let parties = digest(cancel.source.addr)
                .field(without_plus(cancel.destination.addr))
                .finish();
            self.register.waiting(parties as u32, now_ns)
        } else {
            vec![self.find(cancel.message_id, cancel.source.addr)?]
        };
        if serials.is_empty() {
            return Err(fail);
        }
        for serial in serials {
            self.delete(now_ns, serial).ok_or(fail)?;
        }
        Ok(Served::Status(CommandStatus::ESME_ROK))
    }

    /// Ends a message; its receipt goes now and says so.
    fn delete(&mut self, now_ns: u64, serial: u64) -> Option<()> {
        let entry = self.register.get_mut(serial)?;
        if entry.state_at(now_ns).is_final() {
            return None;
        }
        entry.state = ReceiptState::Deleted;
        entry.done_ns = now_ns;
        let ticket = std::mem::replace(&mut entry.ticket, NO_TICKET);
        self.counts.cancelled += 1;
        if let Some(mut parcel) = self.post.remove(ticket) {
            if let Content::Receipt(receipt) = parcel.content {
                parcel.content = Content::Receipt(restated(receipt, ReceiptState::Deleted));
            }
            let ticket = self.post.put(parcel);
            self.put(now_ns, Due::Parcel(ticket));
        }
        Some(())
    }

    fn replace(&mut self, now_ns: u64, body: &[u8]) -> Result<Served, CommandStatus> {
        let replace = ReplaceSm::decode(body, Strictness::Tolerant)
            .map_err(answer_of)?
            .value;
        let fail = CommandStatus::ESME_RREPLACEFAIL;
        let serial = self.find(replace.message_id, replace.source.addr)?;
        let entry = self.register.get_mut(serial).ok_or(fail)?;
        if entry.state_at(now_ns).is_final() {
            return Err(fail);
        }
        let parcel = self.post.parcel_mut(entry.ticket);
        if let Some(Content::Receipt(receipt)) = parcel.map(|parcel| &mut parcel.content) {
            (receipt.text, receipt.text_length) = keep(replace.user_data());
        }
        self.counts.replaced += 1;
        Ok(Served::Status(CommandStatus::ESME_ROK))
    }

    /// The message with this id from this source.
    fn find(&mut self, id: &[u8], source: &[u8]) -> Result<u64, CommandStatus> {
        let unknown = CommandStatus::ESME_RINVMSGID;
        let ids = &self.settings.quirks.identity;
        let serial = self.identity.serial(ids, id, self.serial).ok_or(unknown)?;
        let entry = self.register.get_mut(serial).ok_or(unknown)?;
        if !source.is_empty() && entry.source != digest(source).finish() as u32 {
            return Err(CommandStatus::ESME_RINVSRCADR);
        }
        Ok(serial)
    }
}

fn answer_of(fault: BodyError) -> CommandStatus {
    fault.answer
}

fn digest(source: &[u8]) -> Digest {
    Digest::new(0).field(without_plus(source))
}

/// An address as it is compared: without a plus sign.
pub(super) fn without_plus(address: &[u8]) -> &[u8] {
    address.strip_prefix(b"+").unwrap_or(address)
}
