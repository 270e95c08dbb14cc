//! A message from a handset as `deliver_sm`s to its customer.
//!
//! Promise: what is read back from them is what the handset sent, in the account's alphabet where that holds it, else in
//! UCS-2; octets that are no text stay as they are. What 254 octets do not hold goes whole by `message_payload` or, where
//! the account wants that or the client's SMPP has no optional parameters, in parts behind a header. The parts of a message
//! are the same whenever they are written: their reference is made of its id. Bound: 255 parts, 65,535 octets; what is
//! longer cannot be told.

use carrack_engine::{Incoming, IncomingBody};
use carrack_message::MessageId;
use carrack_message::alphabet::dcs::{Charset, DataCoding};
use carrack_message::alphabet::packed::{self, Padding};
use carrack_message::alphabet::ucs2;
use carrack_message::segment::udh::{HeaderWriter, Ports, element};
use carrack_message::segment::{SEGMENT_OCTETS, Udh8};
use carrack_message::wire::{Latin1Use, LongMethod, TextForm, WireAlphabet};
use carrack_smpp::{
    Address, DeliverSm, ESM_CLASS_UDHI, SHORT_MESSAGE_OCTETS_MAX, Tlvs, tag, write_tlv,
};

use super::telling::Line;
use crate::accounts::{DefaultAlphabet, MoForm};

/// Name of the carrier that brought it.
const CARRIER_TAG: u16 = 0x14CB;
/// Our id of it, 32 hexadecimal digits.
const ID_TAG: u16 = 0x14CC;
/// How many of its parts never came, one octet.
const MISSING_TAG: u16 = 0x14CD;

const DEFAULT: u8 = 0;
const OCTETS: u8 = 4;
const UCS2: u8 = 8;
/// Octets of a header's element that names ports.
const PORTS_OCTETS: usize = 6;

/// How what is in [`MoWriter::body`] goes.
#[derive(Clone, Copy)]
struct Piece {
    data_coding: u8,
    parts: u8,
    /// Septets that are still to be packed, behind whatever header there is.
    to_pack: bool,
}

impl Piece {
    const fn whole(data_coding: u8) -> Self {
        Self {
            data_coding,
            parts: 1,
            to_pack: false,
        }
    }
}

/// Buffers of the `deliver_sm` being written.
#[derive(Debug, Default)]
pub(crate) struct MoWriter {
    /// User data without its header.
    body: Vec<u8>,
    data: Vec<u8>,
    tlvs: Vec<u8>,
}

impl MoWriter {
    /// Builds one part and shows it to `send`; gives its answer, and how many parts there are. `None`: there is no such
    /// part, or this client cannot be told so much.
    pub(crate) fn write<R>(
        &mut self,
        mo: &Incoming,
        line: Line,
        send: impl FnOnce(&DeliverSm<'_>) -> R,
    ) -> Option<(R, u8)> {
        self.body.clear();
        let piece = match &mo.body {
            IncomingBody::Text(text) => self.text(mo, text, line),
            IncomingBody::Octets(octets) => self.octets(mo, octets, line),
        }?;
        self.data.clear();
        let mut header = HeaderWriter::new(&mut self.data);
        if piece.parts > 1 {
            let part = line.part.checked_add(1)?;
            header.concatenation(u16::from(reference(mo.id)), false, piece.parts, part);
        }
        if let Some(ports) = ports_of_header(mo, line) {
            let ([a, b], [c, d]) = (ports.destination.to_be_bytes(), ports.source.to_be_bytes());
            header.element(element::PORTS_16, &[a, b, c, d]);
        }
        let header_octets = header.finish();
        self.data.extend_from_slice(&self.body);
        if piece.to_pack {
            let fill_bits = packed::fill_bits(header_octets);
            packed::pack_in_place(
                &mut self.data,
                header_octets,
                fill_bits,
                Padding::CarriageReturn,
            );
        }
        self.write_tlvs(mo, line)?;
        let is_short = self.data.len() <= SHORT_MESSAGE_OCTETS_MAX;
        let answer = send(&DeliverSm {
            source: Address {
                ton: mo.from.ton,
                npi: mo.from.npi,
                addr: &mo.from.addr,
            },
            destination: Address {
                ton: mo.to.ton,
                npi: mo.to.npi,
                addr: &mo.to.addr,
            },
            esm_class: if header_octets > 0 { ESM_CLASS_UDHI } else { 0 },
            data_coding: piece.data_coding,
            short_message: if is_short { &self.data } else { &[] },
            tlvs: Tlvs::new(&self.tlvs),
            ..DeliverSm::default()
        });
        Some((answer, piece.parts))
    }

    fn text(&mut self, mo: &Incoming, text: &str, line: Line) -> Option<Piece> {
        let alphabet = line.dialect.alphabet;
        let utf8 = alphabet == DefaultAlphabet::Utf8 && mo.class.is_none() && !text.is_ascii();
        // A part of UTF-8 is no text: what needs parts is UCS-2.
        if utf8 && (!in_parts(line) || text.len() <= SEGMENT_OCTETS) {
            self.body.extend_from_slice(text.as_bytes());
            return Some(Piece::whole(DEFAULT));
        }
        let mut form = form(alphabet, mo.class);
        if in_parts(line) {
            // Packed septets are cut for their place behind a header, and only then taken apart for whatever header is here.
            let cut_packed = form.default_alphabet == WireAlphabet::Gsm7Packed;
            form.long_method = match cut_packed {
                true => LongMethod::Udh,
                false => LongMethod::Sar,
            };
            if let Ok(plan) = form.plan(text) {
                let encoded = form.encode(&plan, text, line.part, 0, &mut self.body);
                let encoded = encoded.ok()?;
                let to_pack = plan.alphabet == WireAlphabet::Gsm7Packed;
                if cut_packed {
                    self.take_header_off(encoded.esm_class, to_pack);
                }
                return Some(Piece {
                    data_coding: of_class(encoded.data_coding, mo.class),
                    parts: plan.parts,
                    to_pack,
                });
            }
            if !line.has_tlvs {
                return None;
            }
        }
        form.long_method = LongMethod::Payload;
        let data_coding = match form.plan(text) {
            Ok(plan) => {
                let encoded = form.encode(&plan, text, 0, 0, &mut self.body);
                encoded.ok()?.data_coding
            }
            // Of more segments than a plan counts.
            Err(_) => {
                ucs2::encode(text, &mut self.body);
                UCS2
            }
        };
        Some(Piece::whole(of_class(data_coding, mo.class)))
    }

    /// Leaves what is behind the header, septets one an octet.
    fn take_header_off(&mut self, esm_class: u8, is_packed: bool) {
        let header_octets = match esm_class & ESM_CLASS_UDHI {
            0 => 0,
            _ => Udh8::OCTETS,
        };
        if is_packed {
            let mut septets = Vec::new();
            let body = self.body.get(header_octets..).unwrap_or_default();
            packed::unpack_padded(body, packed::fill_bits(header_octets), &mut septets);
            self.body = septets;
        } else {
            self.body.drain(..header_octets.min(self.body.len()));
        }
    }

    fn octets(&mut self, mo: &Incoming, octets: &[u8], line: Line) -> Option<Piece> {
        let data_coding = of_octets(mo);
        let ports = ports_of_header(mo, line).map_or(0, |_| PORTS_OCTETS);
        let alone = SEGMENT_OCTETS - if ports > 0 { 1 + ports } else { 0 };
        if in_parts(line) && octets.len() > alone {
            let of_part = SEGMENT_OCTETS - Udh8::OCTETS - ports;
            if let Ok(parts) = u8::try_from(octets.len().div_ceil(of_part)) {
                let part = octets.chunks(of_part).nth(usize::from(line.part))?;
                self.body.extend_from_slice(part);
                return Some(Piece {
                    parts,
                    ..Piece::whole(data_coding)
                });
            }
        }
        self.body.extend_from_slice(octets);
        Some(Piece::whole(data_coding))
    }

    /// `None`: it needs parameters that the client does not have, or that cannot be so long.
    fn write_tlvs(&mut self, mo: &Incoming, line: Line) -> Option<()> {
        self.tlvs.clear();
        let tlvs = &mut self.tlvs;
        let is_long = self.data.len() > SHORT_MESSAGE_OCTETS_MAX;
        if !line.has_tlvs {
            return (!is_long).then_some(());
        }
        if let Some(ports) = mo.ports {
            write_tlv(tlvs, tag::SOURCE_PORT, &ports.source.to_be_bytes()).ok()?;
            write_tlv(
                tlvs,
                tag::DESTINATION_PORT,
                &ports.destination.to_be_bytes(),
            )
            .ok()?;
        }
        if line.dialect.mo_link_tlv {
            write_tlv(tlvs, CARRIER_TAG, mo.carrier.as_bytes()).ok()?;
            write_tlv(tlvs, ID_TAG, &mo.id.hex()).ok()?;
            if mo.missing > 0 {
                write_tlv(tlvs, MISSING_TAG, &[mo.missing]).ok()?;
            }
        }
        if is_long {
            write_tlv(tlvs, tag::MESSAGE_PAYLOAD, &self.data).ok()?;
        }
        Some(())
    }
}

fn in_parts(line: Line) -> bool {
    !line.has_tlvs || line.dialect.mo_form == MoForm::Parts
}

/// Ports that are said by a header, as parameters cannot say them.
fn ports_of_header(mo: &Incoming, line: Line) -> Option<Ports> {
    mo.ports.filter(|_| !line.has_tlvs)
}

/// Successive messages have other references, as far as eight bits go.
fn reference(id: MessageId) -> u8 {
    let parts = id.parts();
    let [.., frame] = parts.frame.to_be_bytes();
    let [.., index] = parts.index.to_be_bytes();
    frame.wrapping_add(index)
}

/// How text is written for an account. A class is said of GSM 7-bit and of UCS-2 only: of these two then.
fn form(alphabet: DefaultAlphabet, class: Option<u8>) -> TextForm {
    let (default_alphabet, latin1) = match alphabet {
        DefaultAlphabet::Gsm7 => (WireAlphabet::Gsm7, Latin1Use::Never),
        DefaultAlphabet::Gsm7Packed => (WireAlphabet::Gsm7Packed, Latin1Use::Never),
        // Those mean: wherever the octets hold it.
        DefaultAlphabet::Latin1 => (WireAlphabet::Latin1, Latin1Use::Always),
        DefaultAlphabet::Windows1252 => (WireAlphabet::Windows1252, Latin1Use::Always),
        DefaultAlphabet::Ascii | DefaultAlphabet::Utf8 => (WireAlphabet::Ascii, Latin1Use::Always),
    };
    let has_septets = matches!(
        alphabet,
        DefaultAlphabet::Gsm7 | DefaultAlphabet::Gsm7Packed
    );
    let is_ucs2 = class.is_some() && !has_septets;
    let taken: &[u8] = if is_ucs2 { &[UCS2] } else { &[DEFAULT, UCS2] };
    TextForm {
        default_alphabet,
        latin1,
        data_codings_allowed: taken.iter().copied().collect(),
        ..TextForm::default()
    }
}

/// The same characters with a message class (3GPP TS 23.038, 4: general data coding).
const fn of_class(data_coding: u8, class: Option<u8>) -> u8 {
    match class {
        Some(class) => data_coding | 0x10 | class & 0x03,
        None => data_coding,
    }
}

/// What came, unless that would say they are text.
fn of_octets(mo: &Incoming) -> u8 {
    match DataCoding::of(mo.data_coding).charset {
        Charset::Default | Charset::Ascii | Charset::Latin1 | Charset::Ucs2 => {
            of_class(OCTETS, mo.class)
        }
        _ => mo.data_coding,
    }
}

#[cfg(test)]
#[path = "mo_tests.rs"]
pub(crate) mod tests;
