//! Digits of a PDU as a message from a handset or a status report.

use carrack_message::tpdu::{
    Address, Coding, SmsDeliver, SmsStatusReport, coding_of, from_line, message_type, receipt_state,
};
use carrack_message::{Msisdn, ReceiptState};
use smallvec::SmallVec;

use super::country::complete;
use super::desk::SimEvent;
use super::link::ModemLink;
use crate::link::{HandsetPart, LinkEvent, ReceiptHandle, WireAddress};

impl ModemLink {
    /// What a line says, to be told under a number; and what the book of SIMs is to hear of it.
    pub(super) fn read_line(
        &self,
        number: u32,
        line: &str,
    ) -> Result<(LinkEvent, Option<SimEvent>), String> {
        let handle = ReceiptHandle {
            session: 0,
            data_sm: false,
            sequence_number: number,
            connection: 0,
        };
        let tpdu = from_line(line).map_err(|fault| fault.to_string())?.tpdu;
        let kind = tpdu.first().map(|first| first & message_type::MASK);
        if kind == Some(message_type::STATUS_REPORT) {
            let report = SmsStatusReport::of_octets(&tpdu).map_err(|fault| fault.to_string())?;
            return Ok(self.receipt(handle, &report));
        }
        let deliver = SmsDeliver::of_octets(&tpdu).map_err(|fault| fault.to_string())?;
        let part = Box::new(self.part(&deliver));
        Ok((LinkEvent::Mo { handle, part }, None))
    }

    fn receipt(
        &self,
        handle: ReceiptHandle,
        report: &SmsStatusReport,
    ) -> (LinkEvent, Option<SimEvent>) {
        let reference = report.message_reference;
        let known = self
            .incoming
            .sent
            .recipient(reference, &report.recipient.text);
        // What was sent is not known after a restart, nor in another modem.
        let digits = &report.recipient.text;
        let recipient = known
            .or_else(|| report.recipient.msisdn())
            .or_else(|| complete(digits, self.identity.own, &self.identity.sim));
        let state = receipt_state(report.status);
        let event = LinkEvent::Receipt {
            handle,
            id: recipient.map_or_else(SmallVec::new, |to| self.name_of(reference, to)),
            state,
            error: u32::from(report.status),
            source: recipient,
            destination: self.identity.own,
        };
        let noted = match state {
            ReceiptState::Delivered => Some(SimEvent::Delivered),
            ReceiptState::Undeliverable | ReceiptState::Expired | ReceiptState::Rejected => {
                Some(SimEvent::Undelivered)
            }
            _ => None,
        };
        (event, noted)
    }

    fn part(&self, deliver: &SmsDeliver) -> HandsetPart {
        HandsetPart {
            from: address(&deliver.originator),
            to: self.identity.own.map(own).unwrap_or_default(),
            data_coding: match coding_of(deliver.data_coding_scheme) {
                Coding::Septets => 0,
                Coding::Octets => 4,
                Coding::Ucs2 => 8,
            },
            esm_class: if deliver.user_data.has_header() {
                0x40
            } else {
                0
            },
            octets: deliver.user_data.to_short_message(),
            sar: None,
        }
    }
}

/// Whether a line is a status report, as far as its first octet says it.
pub(super) fn is_report(line: &str) -> bool {
    let first = from_line(line)
        .ok()
        .and_then(|pdu| pdu.tpdu.first().copied());
    first.is_some_and(|first| first & message_type::MASK == message_type::STATUS_REPORT)
}

/// Type of number and numbering plan have the same values in both (TS 23.040, 9.1.2.5; SMPP 3.4, 5.2.5).
fn address(found: &Address) -> WireAddress {
    WireAddress {
        ton: found.type_of_address >> 4 & 0x07,
        npi: found.type_of_address & 0x0F,
        addr: SmallVec::from_slice(found.text.as_bytes()),
    }
}

fn own(number: Msisdn) -> WireAddress {
    WireAddress {
        ton: 1,
        npi: 1,
        addr: SmallVec::from_slice(number.to_string().as_bytes()),
    }
}
