//! The header that ties segments together (3GPP TS 23.040, 9.2.3.24.1 and 9.2.3.24.8).
//!
//! Writing is the 8-bit form, which every handset reads. Reading takes both forms among any other
//! elements, never past the header's end, and gives nothing rather than a header that contradicts itself.

const EIGHT_BIT: u8 = 0x00;
const SIXTEEN_BIT: u8 = 0x08;

/// The 8-bit concatenation header: six octets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Udh8 {
    /// The same in every part of one message, different in the next to the same recipient.
    pub reference: u8,
    /// Parts in all, from 1.
    pub total: u8,
    /// This part, from 1.
    pub part: u8,
}

impl Udh8 {
    /// Octets of the header.
    pub const OCTETS: usize = 6;

    /// The header as it stands before the text.
    #[must_use]
    pub const fn octets(self) -> [u8; Self::OCTETS] {
        [0x05, EIGHT_BIT, 0x03, self.reference, self.total, self.part]
    }

    /// Appends the header.
    pub fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.octets());
    }
}

/// What a segment's header says of the message it belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Concatenation {
    /// Reference of 8 or 16 bits.
    pub reference: u16,
    /// Parts in all, from 1.
    pub total: u8,
    /// This part, from 1 to `total`.
    pub part: u8,
    /// Octets of the whole header, where the text begins.
    pub header_octets: usize,
}

/// Octets of the header before the text, its length octet included; `None` if it is cut short.
#[must_use]
pub fn header_octets(user_data: &[u8]) -> Option<usize> {
    let octets = usize::from(*user_data.first()?) + 1;
    (octets <= user_data.len()).then_some(octets)
}

/// Reads the concatenation of user data whose `esm_class` says (`udhi`) that it begins with a header.
///
/// Of several such elements the last counts (TS 23.040, 9.2.3.24).
#[must_use]
pub fn parse_concatenation(user_data: &[u8], udhi: bool) -> Option<Concatenation> {
    if !udhi {
        return None;
    }
    let header_octets = header_octets(user_data)?;
    let mut elements = user_data.get(1..header_octets)?;
    let mut found = None;
    while let [name, length, rest @ ..] = elements {
        let (value, after) = rest.split_at_checked(usize::from(*length))?;
        elements = after;
        let (reference, total, part) = match (*name, value) {
            (EIGHT_BIT, &[reference, total, part]) => (u16::from(reference), total, part),
            (SIXTEEN_BIT, &[high, low, total, part]) => {
                (u16::from_be_bytes([high, low]), total, part)
            }
            _ => continue,
        };
        if part >= 1 && part <= total {
            found = Some(Concatenation {
                reference,
                total,
                part,
                header_octets,
            });
        }
    }
    found
}
