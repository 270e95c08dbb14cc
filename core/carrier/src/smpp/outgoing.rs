//! A segment as the `submit_sm` of one carrier.
//!
//! Optional parameters are put together in a buffer that is kept, so that a segment costs no allocation.

use carrack_settings::Profile;
use carrack_smpp::{SubmitSm, Tlvs, tag, time, write_tlv};

use super::addressing::{AddressBuffer, Addressing};
use crate::link::Outgoing;

/// A receipt is wanted, be it good or bad (SMPP 3.4, 5.2.17).
const RECEIPT_WANTED: u8 = 1;

/// Room for what a `submit_sm` borrows.
#[derive(Default)]
pub(super) struct Room {
    source: AddressBuffer,
    destination: AddressBuffer,
    validity: [u8; 16],
}

/// How segments are written.
pub(super) struct Writer {
    addressing: Addressing,
    /// The profile's parameters, encoded.
    tlv_out: Vec<u8>,
    tlvs: Vec<u8>,
}

impl Writer {
    pub(super) fn new(profile: &Profile) -> Self {
        let mut tlv_out = Vec::new();
        for (tag, value) in &profile.tlv_out {
            // A value that is too long for a parameter leaves nothing behind.
            let _ = write_tlv(&mut tlv_out, *tag, value);
        }
        Self {
            addressing: Addressing::new(profile),
            tlv_out,
            tlvs: Vec::new(),
        }
    }

    pub(super) const fn addressing(&self) -> &Addressing {
        &self.addressing
    }

    /// The segment as a `submit_sm`.
    pub(super) fn submit<'a>(
        &'a mut self,
        segment: &'a Outgoing<'a>,
        room: &'a mut Room,
    ) -> SubmitSm<'a> {
        let validity_period: &[u8] = if segment.validity_s > 0 {
            room.validity = time::relative(segment.validity_s);
            &room.validity
        } else {
            b""
        };
        let addressing = self.addressing;
        SubmitSm {
            source: addressing.source(segment.from, &mut room.source),
            destination: addressing.destination(segment.to, &mut room.destination),
            esm_class: segment.esm_class,
            registered_delivery: RECEIPT_WANTED,
            data_coding: segment.data_coding,
            short_message: if segment.payload { b"" } else { segment.octets },
            validity_period,
            tlvs: Tlvs::new(self.parameters(segment)),
            ..SubmitSm::default()
        }
    }

    fn parameters(&mut self, segment: &Outgoing<'_>) -> &[u8] {
        let is_plain = segment.sar.is_none()
            && !segment.payload
            && !segment.flash_subunit
            && segment.tlvs.is_empty();
        if is_plain {
            return &self.tlv_out;
        }
        let tlvs = &mut self.tlvs;
        tlvs.clear();
        if segment.flash_subunit {
            put(tlvs, tag::DEST_ADDR_SUBUNIT, &[1]);
        }
        if let Some(sar) = segment.sar {
            put(tlvs, tag::SAR_MSG_REF_NUM, &sar.reference.to_be_bytes());
            put(tlvs, tag::SAR_TOTAL_SEGMENTS, &[sar.total]);
            put(tlvs, tag::SAR_SEGMENT_SEQNUM, &[sar.part]);
        }
        tlvs.extend_from_slice(&self.tlv_out);
        // The carrier's wishes go before the customer's: no parameter stands twice.
        let own = Tlvs::new(&self.tlv_out);
        for tlv in Tlvs::new(segment.tlvs) {
            if own.find(tlv.tag).is_none() {
                put(tlvs, tlv.tag, tlv.value);
            }
        }
        if segment.payload {
            put(tlvs, tag::MESSAGE_PAYLOAD, segment.octets);
        }
        tlvs
    }
}

fn put(out: &mut Vec<u8>, tag: u16, value: &[u8]) {
    // Values come from fields of one or two octets, from parameters that were read, or from a text of at most 255 segments.
    let _ = write_tlv(out, tag, value);
}
