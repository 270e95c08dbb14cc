//! Parcels as deliver_sm or data_sm: receipts with the text of SMPP 3.4 appendix B and the two optional parameters that carry the
//! same facts, each in the dress that quirks ask for; messages from handsets as they were composed.

use super::address::kept;
use super::desk::Desk;
use super::dialect;
use super::identity::Face;
use super::mo::MoPart;
use super::post::{Content, Parcel, Receipt};
use super::quirk::receipt::{Carrier, Carries, Coding, Disagreement, Dress, EsmClass};
use carrack_message::alphabet::ucs2;
use carrack_message::receipt::{self, ReceiptFields, ReceiptState};
use carrack_smpp::{
    DeliverRefused, DeliverSm, ESM_CLASS_DELIVERY_RECEIPT, ESM_CLASS_INTERMEDIATE_NOTIFICATION,
    ServerSession, Tlvs, tag, write_tlv,
};

/// Added to a serial number for an id that no message has.
const NOBODY: u64 = 0x0800_0000;
/// Octets of `receipted_message_id` that is too long for any table.
const LONG_TLV_OCTETS: usize = 96;
/// `esm_class` bits beside the receipt's own: modes and reply path.
const OTHER_BITS: [u8; 4] = [0x01, 0x03, 0x80, 0x82];

/// Buffers that are used again for each parcel.
#[derive(Debug, Default)]
pub(super) struct Drafts {
    text: Vec<u8>,
    tlvs: Vec<u8>,
    id: Vec<u8>,
    other_id: Vec<u8>,
    middle: Middle,
}

/// What stands between the id and the text of a receipt. It is the same for all receipts of one minute and state, so it is
/// written once for these.
#[derive(Debug, Default)]
struct Middle {
    key: Option<(u64, u64, ReceiptState)>,
    octets: Vec<u8>,
}

const ID_LABEL: &[u8] = b"id:";

impl Middle {
    /// Appends a receipt's text as [`receipt::write`] would.
    fn write(&mut self, out: &mut Vec<u8>, fields: &ReceiptFields<'_>) {
        let minute = |utc_s: i64| utc_s.unsigned_abs() / 60;
        let key = (
            minute(fields.submit_utc_s),
            minute(fields.done_utc_s),
            fields.state,
        );
        if self.key != Some(key) {
            self.key = Some(key);
            self.octets.clear();
            let without = ReceiptFields {
                id: b"",
                text: "",
                ..*fields
            };
            receipt::write(&mut self.octets, &without);
            self.octets.drain(..ID_LABEL.len());
        }
        out.extend_from_slice(ID_LABEL);
        out.extend_from_slice(fields.id);
        out.extend_from_slice(&self.octets);
        let shown = fields.text.as_bytes();
        if shown.len() <= receipt::RECEIPT_TEXT_MAX
            && shown.iter().all(|octet| matches!(octet, b' '..=b'~'))
        {
            out.extend_from_slice(shown);
            return;
        }
        let shown = fields.text.chars().take(receipt::RECEIPT_TEXT_MAX);
        out.extend(shown.map(|found| match found {
            ' '..='~' => found as u8,
            _ => b'?',
        }));
    }
}

/// What became of a parcel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sent {
    /// It is in the session's output.
    Written,
    /// This session takes none now.
    NotNow,
    /// It cannot be written at all.
    Never,
}

/// Writes the parcel of a ticket into a session.
pub(super) fn deliver(
    desk: &mut Desk,
    drafts: &mut Drafts,
    session: &mut ServerSession,
    now_ns: u64,
    ticket: u64,
) -> Sent {
    let Some(parcel) = desk.post.parcel(ticket) else {
        return Sent::Never;
    };
    let written = match &parcel.content {
        Content::Receipt(receipt) => drafts.receipt(desk, parcel, receipt, session, now_ns, ticket),
        Content::Mo(part) => message(parcel, part, session, now_ns, ticket),
    };
    match written {
        Ok(()) => {}
        Err(DeliverRefused::Unwritable(_)) => return Sent::Never,
        Err(_) => return Sent::NotNow,
    }
    let counts = &mut desk.counts;
    let Some(parcel) = desk.post.parcel_mut(ticket) else {
        return Sent::Written;
    };
    match parcel.content {
        Content::Receipt(_) => {
            counts.receipts_sent += 1;
            counts.receipts_resent += u64::from(parcel.was_sent);
        }
        Content::Mo(_) => counts.mo_sent += 1,
    }
    parcel.was_sent = true;
    parcel.sent_ns = now_ns;
    Sent::Written
}

fn message(
    parcel: &Parcel,
    part: &MoPart,
    session: &mut ServerSession,
    now_ns: u64,
    ticket: u64,
) -> Result<(), DeliverRefused> {
    let sm = DeliverSm {
        source: parcel.source.view(),
        destination: parcel.destination.view(),
        esm_class: part.esm_class,
        data_coding: part.data_coding,
        short_message: &part.short_message,
        tlvs: Tlvs::new(&part.tlvs),
        ..DeliverSm::default()
    };
    if part.by_data_sm {
        return session.deliver_data_sm(now_ns, ticket, &sm).map(drop);
    }
    let begin = session.output().len();
    session.deliver(now_ns, ticket, &sm)?;
    part.bend(begin, session.output());
    Ok(())
}

impl MoPart {
    /// Puts in what no encoder would write: octets behind the text, a false `sm_length`.
    fn bend(&self, begin: usize, output: &mut Vec<u8>) {
        let text_end = output.len() - self.tlvs.len();
        let sm_length_at = text_end
            .checked_sub(self.short_message.len() + 1)
            .and_then(|at| output.get_mut(at));
        if let (Some(octet), Some(sm_length)) = (sm_length_at, self.sm_length) {
            *octet = sm_length;
        }
        output.splice(text_end..text_end, self.behind.iter().copied());
        let length = (output.len() - begin) as u32;
        if let Some(field) = output
            .get_mut(begin..)
            .and_then(|pdu| pdu.first_chunk_mut())
        {
            *field = length.to_be_bytes();
        }
    }
}

impl Drafts {
    fn receipt(
        &mut self,
        desk: &Desk,
        parcel: &Parcel,
        receipt: &Receipt,
        session: &mut ServerSession,
        now_ns: u64,
        ticket: u64,
    ) -> Result<(), DeliverRefused> {
        let dress = desk.settings.quirks.receipt.dress;
        self.write(desk, receipt, &dress, desk.utc_s(now_ns));
        let sm = DeliverSm {
            source: parcel.source.view(),
            destination: parcel.destination.view(),
            esm_class: esm_class(&dress, receipt),
            data_coding: if dress.coding == Coding::Ascii { 0 } else { 8 },
            short_message: &self.text,
            tlvs: Tlvs::new(&self.tlvs),
            ..DeliverSm::default()
        };
        if dress.carrier == Carrier::DataSm {
            session.deliver_data_sm(now_ns, ticket, &sm).map(drop)
        } else {
            session.deliver(now_ns, ticket, &sm).map(drop)
        }
    }

    fn write(&mut self, desk: &Desk, receipt: &Receipt, dress: &Dress, done_utc_s: u64) {
        let ids = &desk.settings.quirks.identity;
        let identity = desk.identity;
        identity.write(ids, Face::Receipt, receipt.serial, &mut self.id);
        if dress.disagreement != Disagreement::None {
            let nobody = receipt.serial.wrapping_add(NOBODY);
            identity.write(ids, Face::Receipt, nobody, &mut self.other_id);
        }
        let (text_id, tlv_id) = match dress.disagreement {
            Disagreement::None => (&self.id, &self.id),
            Disagreement::TextIsWrong => (&self.other_id, &self.id),
            Disagreement::TlvIsWrong => (&self.id, &self.other_id),
        };
        self.text.clear();
        self.tlvs.clear();
        if dress.carries != Carries::Tlvs {
            let middle = &mut self.middle;
            write_text(&mut self.text, middle, text_id, receipt, dress, done_utc_s);
        }
        if dress.carries != Carries::Text {
            write_parameters(&mut self.tlvs, tlv_id, receipt.state, dress);
        }
        if dress.carrier == Carrier::Payload && !self.text.is_empty() {
            // Far below the 65,535 octets that could be refused.
            let _ = write_tlv(&mut self.tlvs, tag::MESSAGE_PAYLOAD, &self.text);
            self.text.clear();
        }
    }
}

fn write_text(
    text: &mut Vec<u8>,
    middle: &mut Middle,
    id: &[u8],
    receipt: &Receipt,
    dress: &Dress,
    done_utc_s: u64,
) {
    let shown = kept(&receipt.text, receipt.text_length);
    let fields = ReceiptFields {
        id,
        sub: 1,
        dlvrd: u16::from(receipt.state == ReceiptState::Delivered),
        submit_utc_s: i64::try_from(receipt.submit_utc_s).unwrap_or_default(),
        done_utc_s: i64::try_from(done_utc_s).unwrap_or_default(),
        state: receipt.state,
        error: if has_failed(receipt.state) {
            b"001"
        } else {
            b"000"
        },
        text: std::str::from_utf8(shown).unwrap_or_default(),
    };
    if dress.has_dialects {
        dialect::write(text, receipt.serial, &fields);
    } else {
        middle.write(text, &fields);
    }
    if dress.coding == Coding::Ucs2 {
        let ascii = String::from_utf8_lossy(text).into_owned();
        text.clear();
        ucs2::encode(&ascii, text);
    }
}

fn write_parameters(tlvs: &mut Vec<u8>, id: &[u8], state: ReceiptState, dress: &Dress) {
    let begin = tlvs.len();
    // All values are far below the 65,535 octets that could be refused.
    let _ = write_tlv(tlvs, tag::RECEIPTED_MESSAGE_ID, id);
    let padding = if dress.is_tlv_unterminated {
        0
    } else if dress.is_tlv_long {
        LONG_TLV_OCTETS.saturating_sub(id.len()).max(1)
    } else {
        1
    };
    tlvs.resize(tlvs.len() + padding, 0);
    let length = ((id.len() + padding) as u16).to_be_bytes();
    if let Some(field) = tlvs
        .get_mut(begin + 2..)
        .and_then(|tlv| tlv.first_chunk_mut())
    {
        *field = length;
    }
    let _ = write_tlv(tlvs, tag::MESSAGE_STATE, &[state.code()]);
}

fn esm_class(dress: &Dress, receipt: &Receipt) -> u8 {
    let own = if receipt.state.is_final() {
        ESM_CLASS_DELIVERY_RECEIPT
    } else {
        ESM_CLASS_INTERMEDIATE_NOTIFICATION
    };
    match dress.esm_class {
        EsmClass::Right => own,
        EsmClass::Zero => 0,
        EsmClass::Bits => {
            let place = receipt.serial as usize % OTHER_BITS.len();
            own | OTHER_BITS.get(place).copied().unwrap_or_default()
        }
    }
}

fn has_failed(state: ReceiptState) -> bool {
    state.is_final() && state != ReceiptState::Delivered
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing
    )]

    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_text_written_from_its_middle_is_the_text(
            receipts in proptest::collection::vec(("[0-9a-f]{0,20}", 1_700_000_000_i64..1_700_000_200, 0_i64..200, 0_usize..10, ".{0,30}"), 1..50),
        ) {
            let mut middle = Middle::default();
            for (id, submit_utc_s, later_s, state, text) in &receipts {
                let state = ReceiptState::ALL[*state];
                let fields = ReceiptFields {
                    id: id.as_bytes(),
                    sub: 1,
                    dlvrd: u16::from(state == ReceiptState::Delivered),
                    submit_utc_s: *submit_utc_s,
                    done_utc_s: submit_utc_s + later_s,
                    state,
                    error: if has_failed(state) { b"001" } else { b"000" },
                    text,
                };
                let (mut quick, mut plain) = (Vec::new(), Vec::new());
                middle.write(&mut quick, &fields);
                receipt::write(&mut plain, &fields);
                prop_assert_eq!(quick, plain);
            }
        }
    }
}
