//! The messages a probe sends: what each is for, and its octets.

use carrack_message::alphabet::{gsm7, ucs2};
use carrack_message::{Msisdn, Sender};
use carrack_smpp::{Address, ESM_CLASS_UDHI, SubmitSm, Tlvs, tag, write_tlv};

/// An alphabet or class that is tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Coding {
    /// `data_coding`.
    pub(super) data_coding: u8,
    /// What people call it.
    pub(super) name: &'static str,
}

impl Coding {
    /// How its text begins.
    pub(super) const fn shows(self) -> &'static str {
        match self.data_coding {
            0x01 => "Carrack probe",
            0x08 => "\u{4e2d} @\u{a3}$_ Carrack probe",
            _ => "@\u{a3}$_ Carrack probe",
        }
    }
}

/// The values of `data_coding` that are tried.
pub(super) const CODINGS: [Coding; 8] = [
    Coding {
        data_coding: 0x00,
        name: "default alphabet",
    },
    Coding {
        data_coding: 0x01,
        name: "ASCII",
    },
    Coding {
        data_coding: 0x03,
        name: "Latin-1",
    },
    Coding {
        data_coding: 0x04,
        name: "binary",
    },
    Coding {
        data_coding: 0x08,
        name: "UCS-2",
    },
    Coding {
        data_coding: 0x10,
        name: "flash, general coding",
    },
    Coding {
        data_coding: 0xF0,
        name: "flash, class coding",
    },
    Coding {
        data_coding: 0xF1,
        name: "default alphabet, class 1",
    },
];

/// What ties the parts of a long text together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Method {
    Udh8,
    Udh16,
    Sar,
    Payload,
}

impl Method {
    pub(super) const ALL: [Self; 4] = [Self::Udh8, Self::Udh16, Self::Sar, Self::Payload];

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Udh8 => "header with 8 bits of reference",
            Self::Udh16 => "header with 16 bits of reference",
            Self::Sar => "SAR parameters",
            Self::Payload => "message_payload",
        }
    }

    /// Submits of the long text that is sent.
    pub(super) const fn submits(self) -> u8 {
        match self {
            Self::Payload => 1,
            _ => 2,
        }
    }
}

/// How a destination or source is dressed otherwise than usual.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Dress {
    /// Destination with TON 0, NPI 0.
    UnknownType,
    /// Destination with a plus sign.
    Plus,
    /// Source with TON 0, NPI 0.
    SourceUnknownType,
}

impl Dress {
    pub(super) const ALL: [Self; 3] = [Self::UnknownType, Self::Plus, Self::SourceUnknownType];

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::UnknownType => "destination with TON 0 and NPI 0",
            Self::Plus => "destination with a plus sign",
            Self::SourceUnknownType => "source with TON 0 and NPI 0",
        }
    }
}

/// What a message is sent for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    Sample,
    Coding(Coding),
    Part { method: Method, part: u8 },
    Dress(Dress),
    Parameter { tag: u16 },
    Impossible,
    Window,
    Rate,
}

/// One message, ready but for its sequence number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Message {
    pub(super) purpose: Purpose,
    source: (u8, u8, Vec<u8>),
    destination: (u8, u8, Vec<u8>),
    esm_class: u8,
    pub(super) data_coding: u8,
    pub(super) octets: Vec<u8>,
    tlvs: Vec<u8>,
    /// What its text ends in.
    pub(super) mark: String,
}

/// Writes messages from one sender, each with a number of its own.
pub(super) struct Writer<'a> {
    from: &'a Sender,
    to: &'a [Msisdn],
    data_coding: u8,
    seed: u64,
    written: u32,
}

impl<'a> Writer<'a> {
    pub(super) const fn new(
        from: &'a Sender,
        to: &'a [Msisdn],
        data_coding: u8,
        seed: u64,
    ) -> Self {
        Self {
            from,
            to,
            data_coding,
            seed,
            written: 0,
        }
    }

    /// A text that no other message of this run has.
    fn text(&self) -> String {
        format!("Carrack probe {}", self.mark())
    }

    fn mark(&self) -> String {
        format!("{:04x}-{}", self.seed & 0xFFFF, self.written)
    }

    fn blank(&mut self, purpose: Purpose) -> Message {
        self.written += 1;
        let turn = self.written as usize % self.to.len().max(1);
        let to = self.to.get(turn).map(Msisdn::to_string).unwrap_or_default();
        let digits = to.trim_start_matches('+').as_bytes().to_vec();
        Message {
            purpose,
            source: (
                self.from.ton(),
                self.from.npi(),
                self.from.as_bytes().to_vec(),
            ),
            destination: (1, 1, digits),
            esm_class: 0,
            data_coding: self.data_coding,
            octets: gsm(&self.text()),
            tlvs: Vec::new(),
            mark: self.mark(),
        }
    }

    /// A plain text.
    pub(super) fn plain(&mut self, purpose: Purpose) -> Message {
        self.blank(purpose)
    }

    /// A text under one `data_coding`, with characters that tell alphabets apart.
    pub(super) fn coding(&mut self, coding: Coding) -> Message {
        let mut message = self.blank(Purpose::Coding(coding));
        message.data_coding = coding.data_coding;
        let text = format!("@\u{a3}$_ {}", self.text());
        message.octets = match coding.data_coding {
            0x01 => self.text().into_bytes(),
            0x03 => text
                .chars()
                .filter_map(|each| u8::try_from(u32::from(each)).ok())
                .collect(),
            0x08 => {
                let mut octets = Vec::new();
                ucs2::encode(&format!("\u{4e2d} {text}"), &mut octets);
                octets
            }
            _ => gsm(&text),
        };
        message
    }

    /// The parts of a text of two segments.
    pub(super) fn long(&mut self, method: Method) -> Vec<Message> {
        let reference = (self.seed as u16).wrapping_add(self.written as u16) | 1;
        let total = method.submits();
        (1..=total)
            .map(|part| {
                let mut message = self.blank(Purpose::Part { method, part });
                let body = format!("{} {}", self.text(), "long text ".repeat(14));
                let body = gsm(&body);
                let [high, low] = reference.to_be_bytes();
                match method {
                    Method::Udh8 => {
                        message.esm_class = ESM_CLASS_UDHI;
                        message.octets = with_header(&[5, 0, 3, low, total, part], &body, 153);
                    }
                    Method::Udh16 => {
                        message.esm_class = ESM_CLASS_UDHI;
                        message.octets =
                            with_header(&[6, 8, 4, high, low, total, part], &body, 152);
                    }
                    Method::Sar => {
                        message.octets = with_header(&[], &body, 153);
                        for (tag, value) in [
                            (tag::SAR_MSG_REF_NUM, &[high, low][..]),
                            (tag::SAR_TOTAL_SEGMENTS, &[total]),
                            (tag::SAR_SEGMENT_SEQNUM, &[part]),
                        ] {
                            parameter(&mut message.tlvs, tag, value);
                        }
                    }
                    Method::Payload => {
                        let twice = [&body[..], &body[..]].concat();
                        parameter(
                            &mut message.tlvs,
                            tag::MESSAGE_PAYLOAD,
                            &with_header(&[], &twice, 300),
                        );
                        message.octets = Vec::new();
                    }
                }
                message
            })
            .collect()
    }

    /// A plain text to an address in another dress.
    pub(super) fn dressed(&mut self, dress: Dress) -> Message {
        let mut message = self.blank(Purpose::Dress(dress));
        match dress {
            Dress::UnknownType => (message.destination.0, message.destination.1) = (0, 0),
            Dress::Plus => message.destination.2.insert(0, b'+'),
            Dress::SourceUnknownType => (message.source.0, message.source.1) = (0, 0),
        }
        message
    }

    /// A plain text with one parameter.
    pub(super) fn with_parameter(&mut self, tag: u16, value: &[u8]) -> Message {
        let mut message = self.blank(Purpose::Parameter { tag });
        parameter(&mut message.tlvs, tag, value);
        message
    }

    /// A text to nobody.
    pub(super) fn impossible(&mut self) -> Message {
        let mut message = self.blank(Purpose::Impossible);
        message.destination = (1, 1, Vec::new());
        message
    }

    /// Whether sources in letters are to be dressed otherwise.
    pub(super) const fn is_named(&self) -> bool {
        const ALPHANUMERIC: u8 = 5;
        self.from.ton() == ALPHANUMERIC
    }
}

impl Message {
    /// As a PDU's body.
    pub(super) fn submit(&self) -> SubmitSm<'_> {
        SubmitSm {
            source: address(&self.source),
            destination: address(&self.destination),
            esm_class: self.esm_class,
            data_coding: self.data_coding,
            registered_delivery: 1,
            short_message: &self.octets,
            tlvs: Tlvs::new(&self.tlvs),
            ..SubmitSm::default()
        }
    }

    /// The same once more: with another mark, and to the next recipient unless it belongs to a text of many parts.
    pub(super) fn again(&self, turn: usize, to: &[Msisdn]) -> Self {
        let mut message = self.clone();
        let sign = if turn.is_multiple_of(2) { '/' } else { '.' };
        message.mark = self.mark.replace(['-', '.', '/'], &sign.to_string());
        // Its characters are one octet in each alphabet, and two in UCS-2.
        let wide = |mark: &str| {
            mark.bytes()
                .flat_map(|octet| [0, octet])
                .collect::<Vec<u8>>()
        };
        for octets in [&mut message.octets, &mut message.tlvs] {
            swap(octets, self.mark.as_bytes(), message.mark.as_bytes());
            swap(octets, &wide(&self.mark), &wide(&message.mark));
        }
        let place = to.iter().position(|each| {
            each.to_string().trim_start_matches('+').as_bytes() == self.recipient()
        });
        let next = place.and_then(|place| to.get((place + 1) % to.len().max(1)));
        if let Some(next) = next.filter(|_| !matches!(self.purpose, Purpose::Part { .. })) {
            let plus = self.destination.2.starts_with(b"+");
            let digits = next.to_string();
            let digits = digits.trim_start_matches('+');
            message.destination.2 = if plus {
                format!("+{digits}")
            } else {
                digits.to_owned()
            }
            .into_bytes();
        }
        message
    }

    /// Digits of the recipient.
    pub(super) fn recipient(&self) -> &[u8] {
        digits(&self.destination.2)
    }
}

/// An address without what may stand before its digits.
pub(super) fn digits(address: &[u8]) -> &[u8] {
    address.strip_prefix(b"+").unwrap_or(address)
}

fn address((ton, npi, addr): &(u8, u8, Vec<u8>)) -> Address<'_> {
    Address {
        ton: *ton,
        npi: *npi,
        addr,
    }
}

fn gsm(text: &str) -> Vec<u8> {
    let mut octets = Vec::with_capacity(text.len());
    // Its characters are all of this alphabet.
    let _ = gsm7::encode(text, &mut octets);
    octets
}

/// Puts `new` where `old` is; both are of one length.
fn swap(octets: &mut [u8], old: &[u8], new: &[u8]) {
    let place = octets
        .windows(old.len().max(1))
        .position(|window| window == old);
    let found = place.and_then(|place| octets.get_mut(place..place + old.len()));
    if let Some(found) = found.filter(|found| found.len() == new.len()) {
        found.copy_from_slice(new);
    }
}

fn with_header(header: &[u8], body: &[u8], octets_max: usize) -> Vec<u8> {
    let mut octets = header.to_vec();
    octets.extend(body.iter().take(octets_max));
    octets
}

fn parameter(tlvs: &mut Vec<u8>, tag: u16, value: &[u8]) {
    // No value here comes near 65,535 octets.
    let _ = write_tlv(tlvs, tag, value);
}
