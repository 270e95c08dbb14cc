//! A receipt as a deliver_sm: the text of SMPP 3.4 appendix B and the two optional parameters that carry the same facts.

use super::address::kept;
use super::desk::Desk;
use super::identity::ID_OCTETS_MAX;
use super::post::Receipt;
use carrack_message::receipt::{self, ReceiptFields, ReceiptState};
use carrack_smpp::{
    DeliverRefused, DeliverSm, ESM_CLASS_DELIVERY_RECEIPT, ServerSession, Tlvs, tag, write_tlv,
};

/// Buffers that are used again for each receipt.
#[derive(Debug, Default)]
pub(super) struct Drafts {
    text: Vec<u8>,
    tlvs: Vec<u8>,
}

/// What became of a receipt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sent {
    /// It is in the session's output.
    Written,
    /// This session takes none now.
    NotNow,
    /// It cannot be written at all.
    Never,
}

/// Writes the receipt of a ticket into a session.
pub(super) fn deliver(
    desk: &mut Desk,
    drafts: &mut Drafts,
    session: &mut ServerSession,
    now_ns: u64,
    ticket: u64,
) -> Sent {
    let Some(receipt) = desk.post.receipt_mut(ticket).cloned() else {
        return Sent::Never;
    };
    drafts.write(desk, &receipt, desk.utc_s(now_ns));
    let sm = DeliverSm {
        source: receipt.source.view(),
        destination: receipt.destination.view(),
        esm_class: ESM_CLASS_DELIVERY_RECEIPT,
        short_message: &drafts.text,
        tlvs: Tlvs::new(&drafts.tlvs),
        ..DeliverSm::default()
    };
    match session.deliver(now_ns, ticket, &sm) {
        Ok(_) => {}
        Err(DeliverRefused::Unwritable(_)) => return Sent::Never,
        Err(_) => return Sent::NotNow,
    }
    desk.counts.receipts_sent += 1;
    desk.counts.receipts_resent += u64::from(receipt.was_sent);
    if let Some(receipt) = desk.post.receipt_mut(ticket) {
        receipt.was_sent = true;
    }
    Sent::Written
}

impl Drafts {
    fn write(&mut self, desk: &Desk, receipt: &Receipt, done_utc_s: u64) {
        let mut id_buffer = [0; ID_OCTETS_MAX];
        let id = desk.message_id(receipt.serial, &mut id_buffer);
        let (state, error) = if receipt.undelivered {
            (ReceiptState::Undeliverable, &b"001"[..])
        } else {
            (ReceiptState::Delivered, &b"000"[..])
        };
        let text = kept(&receipt.text, receipt.text_length);
        self.text.clear();
        let fields = ReceiptFields {
            id,
            sub: 1,
            dlvrd: u16::from(!receipt.undelivered),
            submit_utc_s: i64::try_from(receipt.submit_utc_s).unwrap_or_default(),
            done_utc_s: i64::try_from(done_utc_s).unwrap_or_default(),
            state,
            error,
            text: std::str::from_utf8(text).unwrap_or_default(),
        };
        receipt::write(&mut self.text, &fields);
        let mut id_with_nul = [0; ID_OCTETS_MAX + 1];
        for (to, from) in id_with_nul.iter_mut().zip(id) {
            *to = *from;
        }
        let id_with_nul = id_with_nul.get(..=id.len()).unwrap_or_default();
        self.tlvs.clear();
        // Both values are far below the 65,535 octets that could be refused.
        let _ = write_tlv(&mut self.tlvs, tag::RECEIPTED_MESSAGE_ID, id_with_nul);
        let _ = write_tlv(&mut self.tlvs, tag::MESSAGE_STATE, &[state.code()]);
    }
}
