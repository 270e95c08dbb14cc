//! Secrets and contents out of a PDU: its lengths stay, so that every tool still reads it.
//!
//! Overwritten with `x`: passwords, user data after its header, the end of numbers, subaddresses, call-back numbers, and
//! whatever this module does not know: bodies of unknown commands, values of unknown parameters. The text of a receipt
//! stays up to its `text:`. Total: a PDU that is cut short loses the rest of its body.

use std::ops::Range;

use carrack_message::receipt;
use carrack_smpp::{CommandId, ESM_CLASS_UDHI, HEADER_OCTETS, tag};

/// What stands in place of a secret.
const MASK: u8 = b'x';
/// Last characters of a number that are taken away.
const NUMBER_END: usize = 4;
/// Addresses with fewer digits are short codes, nobody's own.
const NUMBER_DIGITS_MIN: usize = 7;

/// What follows the fields that are known by their place.
#[derive(Clone, Copy)]
struct Kind {
    esm_class: u8,
    data_coding: u8,
}

/// Takes secrets and contents out of one PDU.
pub fn mask(pdu: &mut [u8]) {
    let Some((header, body)) = pdu.split_at_mut_checked(HEADER_OCTETS) else {
        return;
    };
    let command = match header.get(4..8).and_then(|octets| octets.try_into().ok()) {
        Some(octets) => CommandId(u32::from_be_bytes(octets)),
        None => return,
    };
    let mut walker = Walker { body, at: 0 };
    if walker.command(command).is_none() {
        // It ended too early, or nobody knows what it is.
        let rest = walker.at..walker.body.len();
        walker.cover(rest);
    }
}

/// Walks a body; every step gives nothing where the body ends too early.
struct Walker<'a> {
    body: &'a mut [u8],
    at: usize,
}

impl Walker<'_> {
    fn command(&mut self, command: CommandId) -> Option<()> {
        match command {
            CommandId::BIND_RECEIVER
            | CommandId::BIND_TRANSMITTER
            | CommandId::BIND_TRANSCEIVER
            | CommandId::OUTBIND => {
                self.string()?;
                let password = self.string()?;
                self.cover(password);
                Some(())
            }
            CommandId::SUBMIT_SM | CommandId::DELIVER_SM => {
                self.string()?;
                self.address()?;
                self.address()?;
                self.message()
            }
            CommandId::SUBMIT_MULTI => {
                self.string()?;
                self.address()?;
                self.destinations()?;
                self.message()
            }
            CommandId::DATA_SM => {
                self.string()?;
                self.address()?;
                self.address()?;
                let [esm_class, _, data_coding] = self.octets()?;
                self.parameters(Kind {
                    esm_class,
                    data_coding,
                })
            }
            CommandId::REPLACE_SM => self.replacement(),
            CommandId::QUERY_SM | CommandId::QUERY_BROADCAST_SM => {
                self.string()?;
                self.address()?;
                self.plain_parameters()
            }
            CommandId::CANCEL_SM => {
                self.string()?;
                self.string()?;
                self.address()?;
                self.address()
            }
            CommandId::CANCEL_BROADCAST_SM => {
                self.string()?;
                self.string()?;
                self.address()?;
                self.plain_parameters()
            }
            CommandId::ALERT_NOTIFICATION => {
                self.address()?;
                self.address()?;
                self.plain_parameters()
            }
            CommandId::BROADCAST_SM => self.broadcast(),
            CommandId::SUBMIT_MULTI_RESP => self.multi_response(),
            CommandId::QUERY_SM_RESP => {
                self.string()?;
                self.string()?;
                self.octets::<2>()?;
                self.plain_parameters()
            }
            _ if self.body.is_empty() => Some(()),
            _ if command.is_response() && command.name().is_some() => {
                self.string()?;
                self.plain_parameters()
            }
            _ => None,
        }
    }

    /// `esm_class` to `short_message`, and the parameters.
    fn message(&mut self) -> Option<()> {
        let [esm_class, _, _] = self.octets()?;
        self.string()?;
        self.string()?;
        let [_, _, data_coding, _, length] = self.octets()?;
        let kind = Kind {
            esm_class,
            data_coding,
        };
        let text = self.take(usize::from(length))?;
        self.cover_user_data(text, kind);
        self.parameters(kind)
    }

    fn replacement(&mut self) -> Option<()> {
        self.string()?;
        self.address()?;
        self.string()?;
        self.string()?;
        let [_, _, length] = self.octets()?;
        let text = self.take(usize::from(length))?;
        self.cover(text);
        self.plain_parameters()
    }

    fn broadcast(&mut self) -> Option<()> {
        self.string()?;
        self.address()?;
        self.string()?;
        self.octets::<1>()?;
        self.string()?;
        self.string()?;
        let [_, data_coding, _] = self.octets()?;
        self.parameters(Kind {
            esm_class: 0,
            data_coding,
        })
    }

    fn destinations(&mut self) -> Option<()> {
        const DISTRIBUTION_LIST: u8 = 2;
        let [count] = self.octets()?;
        for _ in 0..count {
            let [flag] = self.octets()?;
            if flag == DISTRIBUTION_LIST {
                self.string()?;
            } else {
                self.address()?;
            }
        }
        Some(())
    }

    fn multi_response(&mut self) -> Option<()> {
        self.string()?;
        let [count] = self.octets()?;
        for _ in 0..count {
            self.address()?;
            self.octets::<4>()?;
        }
        self.plain_parameters()
    }

    /// TON, NPI and the address itself.
    fn address(&mut self) -> Option<()> {
        self.octets::<2>()?;
        let address = self.string()?;
        self.cover_number(address);
        Some(())
    }

    fn plain_parameters(&mut self) -> Option<()> {
        self.parameters(Kind {
            esm_class: 0,
            data_coding: 0,
        })
    }

    fn parameters(&mut self, kind: Kind) -> Option<()> {
        while self.at < self.body.len() {
            let [tag_high, tag_low, length_high, length_low] = self.octets()?;
            let length = usize::from(u16::from_be_bytes([length_high, length_low]));
            let value = self.take(length)?;
            match u16::from_be_bytes([tag_high, tag_low]) {
                tag::MESSAGE_PAYLOAD => self.cover_user_data(value, kind),
                tag::SOURCE_SUBADDRESS
                | tag::DEST_SUBADDRESS
                | tag::CALLBACK_NUM
                | tag::CALLBACK_NUM_ATAG
                | BROADCAST_CONTENT_TYPE_INFO => self.cover(value),
                tag if tag::name(tag).is_none() => self.cover(value),
                _ => {}
            }
        }
        Some(())
    }

    fn octets<const N: usize>(&mut self) -> Option<[u8; N]> {
        let range = self.take(N)?;
        self.body.get(range)?.try_into().ok()
    }

    fn take(&mut self, octets: usize) -> Option<Range<usize>> {
        let end = self.at.checked_add(octets)?;
        let range = self.at..end;
        self.body.get(range.clone())?;
        self.at = end;
        Some(range)
    }

    /// A string without its NUL.
    fn string(&mut self) -> Option<Range<usize>> {
        let rest = self.body.get(self.at..)?;
        let length = rest.iter().position(|octet| *octet == 0)?;
        let range = self.at..self.at + length;
        self.at = range.end + 1;
        Some(range)
    }

    fn cover(&mut self, range: Range<usize>) {
        if let Some(octets) = self.body.get_mut(range) {
            octets.fill(MASK);
        }
    }

    fn cover_number(&mut self, range: Range<usize>) {
        let address = self.body.get(range.clone()).unwrap_or(&[]);
        let digits = address
            .iter()
            .filter(|octet| octet.is_ascii_digit())
            .count();
        if digits >= NUMBER_DIGITS_MIN {
            self.cover(range.end - NUMBER_END..range.end);
        }
    }

    fn cover_user_data(&mut self, range: Range<usize>, kind: Kind) {
        let octets = self.body.get(range.clone()).unwrap_or(&[]);
        let kept = if kind.esm_class & ESM_CLASS_UDHI != 0 {
            header_octets(octets)
        } else {
            receipt_octets(octets, kind)
        };
        self.cover(range.start + kept.min(octets.len())..range.end);
    }
}

/// `broadcast_content_type_info` (SMPP 5.0, 4.8.4.9).
const BROADCAST_CONTENT_TYPE_INFO: u16 = 0x0602;

/// The user data header with its length; only the length where it is longer than the data.
fn header_octets(octets: &[u8]) -> usize {
    let length = octets.first().map_or(0, |length| usize::from(*length) + 1);
    if length <= octets.len() { length } else { 1 }
}

/// What of a receipt may be seen: all before `text:`; of anything else nothing.
fn receipt_octets(octets: &[u8], kind: Kind) -> usize {
    const UCS2: u8 = 8;
    let is_wide = kind.data_coding == UCS2 && octets.first() == Some(&0);
    let narrow: Vec<u8> = if is_wide {
        octets.iter().skip(1).step_by(2).copied().collect()
    } else {
        octets.to_vec()
    };
    if !receipt::looks_like_receipt(&narrow) {
        return 0;
    }
    let label = narrow
        .windows(TEXT_LABEL.len())
        .position(|window| window.eq_ignore_ascii_case(TEXT_LABEL));
    let kept = label.map_or(narrow.len(), |at| at + TEXT_LABEL.len());
    if is_wide { kept * 2 } else { kept }
}

const TEXT_LABEL: &[u8] = b"text:";

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use super::*;
    use carrack_smpp::{
        Address, Bind, BindKind, ShortMessage, Strictness, Tlvs, encode_bind, encode_deliver_sm,
        encode_submit_sm, write_tlv,
    };

    fn masked(pdu: &[u8]) -> Vec<u8> {
        let mut copy = pdu.to_vec();
        mask(&mut copy);
        assert_eq!(copy.len(), pdu.len());
        copy
    }

    fn message<'a>(octets: &'a [u8], tlvs: &'a [u8]) -> ShortMessage<'a> {
        let address = |addr| Address {
            ton: 1,
            npi: 1,
            addr,
        };
        ShortMessage {
            source: address(b"ACME"),
            destination: address(b"447700900123"),
            short_message: octets,
            tlvs: Tlvs::new(tlvs),
            ..ShortMessage::default()
        }
    }

    fn read(pdu: &[u8]) -> ShortMessage<'_> {
        ShortMessage::decode(&pdu[16..], Strictness::Strict)
            .unwrap()
            .value
    }

    #[test]
    fn a_bind_loses_its_password_only() {
        let mut pdu = Vec::new();
        let bind = Bind {
            system_id: b"user",
            password: b"secret",
            system_type: b"type",
            ..Bind::default()
        };
        encode_bind(&mut pdu, 1, BindKind::Transceiver, &bind).unwrap();
        let masked = masked(&pdu);
        assert_eq!(
            Bind::decode(&masked[16..], Strictness::Strict)
                .unwrap()
                .value,
            Bind {
                password: b"xxxxxx",
                ..bind
            }
        );
    }

    #[test]
    fn contents_and_the_end_of_numbers_go() {
        let mut tlvs = Vec::new();
        write_tlv(&mut tlvs, tag::CALLBACK_NUM, b"secret").unwrap();
        write_tlv(&mut tlvs, 0x1401, b"vendor").unwrap();
        write_tlv(&mut tlvs, tag::SAR_TOTAL_SEGMENTS, b"\x02").unwrap();
        let mut pdu = Vec::new();
        encode_submit_sm(&mut pdu, 1, &message(b"secret", &tlvs)).unwrap();
        let masked = masked(&pdu);
        let read = read(&masked);
        assert_eq!(read.source.addr, b"ACME");
        assert_eq!(read.destination.addr, b"44770090xxxx");
        assert_eq!(read.short_message, b"xxxxxx");
        assert_eq!(read.tlvs.find(tag::CALLBACK_NUM), Some(&b"xxxxxx"[..]));
        assert_eq!(read.tlvs.find(0x1401), Some(&b"xxxxxx"[..]));
        assert_eq!(read.tlvs.find(tag::SAR_TOTAL_SEGMENTS), Some(&b"\x02"[..]));
    }

    #[test]
    fn a_payload_goes_like_a_text() {
        let mut tlvs = Vec::new();
        write_tlv(&mut tlvs, tag::MESSAGE_PAYLOAD, b"secret").unwrap();
        let mut pdu = Vec::new();
        encode_submit_sm(&mut pdu, 1, &message(b"", &tlvs)).unwrap();
        assert_eq!(read(&masked(&pdu)).user_data(), b"xxxxxx");
    }

    #[test]
    fn a_user_data_header_stays_whole() {
        let mut pdu = Vec::new();
        let sm = ShortMessage {
            esm_class: ESM_CLASS_UDHI,
            ..message(b"\x05\x00\x03\x07\x02\x01secret", b"")
        };
        encode_submit_sm(&mut pdu, 1, &sm).unwrap();
        assert_eq!(
            read(&masked(&pdu)).short_message,
            b"\x05\x00\x03\x07\x02\x01xxxxxx"
        );
    }

    #[test]
    fn a_receipt_stays_up_to_the_text_of_its_message() {
        let text = b"id:17 sub:001 dlvrd:001 submit date:2501010000 done date:2501010001 stat:DELIVRD err:000 Text:";
        let wide: Vec<u8> = text.iter().flat_map(|octet| [0, *octet]).collect();
        for (text, data_coding) in [(text.to_vec(), 0), (wide, 8)] {
            let mut pdu = Vec::new();
            let octets = [&text[..], b"\0s\0e\0c"].concat();
            let sm = ShortMessage {
                esm_class: 4,
                data_coding,
                ..message(&octets, b"")
            };
            encode_deliver_sm(&mut pdu, 1, &sm).unwrap();
            let wanted = [&text[..], b"xxxxxx"].concat();
            assert_eq!(read(&masked(&pdu)).short_message, wanted);
        }
    }

    #[test]
    fn what_nobody_knows_and_what_is_cut_is_covered() {
        let unknown = [&[0, 0, 0, 22, 0, 0, 0x77, 0][..], &[0; 8], b"secret"].concat();
        assert_eq!(&masked(&unknown)[16..], b"xxxxxx");
        let mut pdu = Vec::new();
        encode_submit_sm(&mut pdu, 1, &message(b"secret", b"")).unwrap();
        // Cut inside the text: its length is more than there is.
        pdu.truncate(pdu.len() - 3);
        assert!(masked(&pdu).ends_with(b"xxx"));
        for length in 0..pdu.len() {
            masked(&pdu[..length]);
        }
    }
}
