//! The user data header as its information elements (3GPP TS 23.040, 9.2.3.24), read and written.
//!
//! Reading never goes past the header and refuses one that does not fill its own length; elements that nobody here
//! knows are kept as octets. Writing is into the caller's buffer; elements past 255 octets in all are not taken.

use super::Concatenation;
use super::concatenation::parse_concatenation;
use crate::alphabet::national::Shift;
use crate::wire::NationalLanguage;

/// Names of information elements that are read here.
pub mod element {
    /// Concatenation with a reference of 8 bits (9.2.3.24.1).
    pub const CONCATENATION_8: u8 = 0x00;
    /// Application ports of 8 bits (9.2.3.24.3).
    pub const PORTS_8: u8 = 0x04;
    /// Application ports of 16 bits (9.2.3.24.4).
    pub const PORTS_16: u8 = 0x05;
    /// Concatenation with a reference of 16 bits (9.2.3.24.8).
    pub const CONCATENATION_16: u8 = 0x08;
    /// National language single shift (9.2.3.24.15).
    pub const SINGLE_SHIFT: u8 = 0x24;
    /// National language locking shift (9.2.3.24.16).
    pub const LOCKING_SHIFT: u8 = 0x25;
}

/// Application ports: where the text is for a program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Ports {
    /// Port that it is for.
    pub destination: u16,
    /// Port that it is from.
    pub source: u16,
}

/// One information element.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Element<'a> {
    /// Information element identifier; see [`element`].
    pub name: u8,
    /// Its octets.
    pub value: &'a [u8],
}

/// A header that fills its own length.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Header<'a> {
    octets: &'a [u8],
}

impl<'a> Header<'a> {
    /// The header at the beginning of user data, and what follows it; `None` where its length or an element's goes
    /// beyond what there is, or where elements do not fill it.
    #[must_use]
    pub fn parse(user_data: &'a [u8]) -> Option<(Self, &'a [u8])> {
        let length = usize::from(*user_data.first()?);
        let (octets, body) = user_data.split_at_checked(1 + length)?;
        let header = Self { octets };
        let mut rest = header.body();
        while let [_, length, after @ ..] = rest {
            rest = after.get(usize::from(*length)..)?;
        }
        rest.is_empty().then_some((header, body))
    }

    /// As [`Header::parse`], for user data whose `esm_class` may be wrong (trap T36): with the UDHI bit any header that
    /// fills its length or says at least which part this is, without it only one that nobody would write as text: it
    /// holds a concatenation of two parts or more that makes sense, and nothing but elements of the lengths that they have.
    #[must_use]
    pub fn repaired(user_data: &'a [u8], udhi: bool) -> Option<(Self, &'a [u8])> {
        let Some((header, body)) = Self::parse(user_data) else {
            let part = parse_concatenation(user_data, udhi)?;
            let (octets, body) = user_data.split_at_checked(part.header_octets)?;
            return Some((Self { octets }, body));
        };
        let told = udhi
            || (header
                .concatenation()
                .is_some_and(|concatenation| concatenation.total >= 2)
                && header.elements().all(Element::is_plausible));
        told.then_some((header, body))
    }

    /// The octets, length octet included.
    #[must_use]
    pub const fn octets(self) -> &'a [u8] {
        self.octets
    }

    /// The elements in order.
    #[must_use]
    pub fn elements(self) -> Elements<'a> {
        Elements { rest: self.body() }
    }

    /// Which part of which message it is; of several the last counts.
    #[must_use]
    pub fn concatenation(self) -> Option<Concatenation> {
        parse_concatenation(self.octets, true)
    }

    /// The ports.
    #[must_use]
    pub fn ports(self) -> Option<Ports> {
        let ports = self
            .elements()
            .filter_map(|element| match (element.name, element.value) {
                (element::PORTS_8, &[destination, source]) => Some(Ports {
                    destination: u16::from(destination),
                    source: u16::from(source),
                }),
                (element::PORTS_16, &[a, b, c, d]) => Some(Ports {
                    destination: u16::from_be_bytes([a, b]),
                    source: u16::from_be_bytes([c, d]),
                }),
                _ => None,
            });
        ports.last()
    }

    /// The national language tables; a language that nobody knows stands for none (TS 23.038, 6.2.1.2.4).
    #[must_use]
    pub fn shift(self) -> Shift {
        let mut shift = Shift::NONE;
        for element in self.elements() {
            let &[language] = element.value else {
                continue;
            };
            let language = NationalLanguage::from_identifier(language);
            match element.name {
                element::SINGLE_SHIFT => shift.single = language,
                element::LOCKING_SHIFT => shift.locking = language,
                _ => {}
            }
        }
        shift
    }

    fn body(self) -> &'a [u8] {
        self.octets.get(1..).unwrap_or_default()
    }
}

impl Element<'_> {
    /// Whether it says which part of which message this is.
    #[must_use]
    pub const fn is_concatenation(self) -> bool {
        matches!(
            self.name,
            element::CONCATENATION_8 | element::CONCATENATION_16
        )
    }

    /// Whether it names a national language table.
    #[must_use]
    pub const fn is_shift(self) -> bool {
        matches!(self.name, element::SINGLE_SHIFT | element::LOCKING_SHIFT)
    }

    /// Whether it is an element of the length that it should have.
    const fn is_plausible(self) -> bool {
        match self.name {
            element::CONCATENATION_8 => self.value.len() == 3,
            element::CONCATENATION_16 | element::PORTS_16 => self.value.len() == 4,
            element::PORTS_8 => self.value.len() == 2,
            element::SINGLE_SHIFT | element::LOCKING_SHIFT => self.value.len() == 1,
            _ => false,
        }
    }
}

/// The elements of a header.
#[derive(Clone, Debug)]
pub struct Elements<'a> {
    rest: &'a [u8],
}

impl<'a> Iterator for Elements<'a> {
    type Item = Element<'a>;

    fn next(&mut self) -> Option<Element<'a>> {
        let [name, length, rest @ ..] = self.rest else {
            return None;
        };
        let (value, after) = rest.split_at_checked(usize::from(*length))?;
        self.rest = after;
        Some(Element { name: *name, value })
    }
}

/// Writes a header into a buffer.
#[derive(Debug)]
pub struct HeaderWriter<'a> {
    out: &'a mut Vec<u8>,
    before: usize,
}

impl<'a> HeaderWriter<'a> {
    /// A header at the end of `out`, as yet of no elements.
    pub fn new(out: &'a mut Vec<u8>) -> Self {
        let before = out.len();
        out.push(0);
        Self { out, before }
    }

    /// Adds an element; one that does not fit is left out and `false`.
    pub fn element(&mut self, name: u8, value: &[u8]) -> bool {
        let length = self.out.len() - self.before - 1 + 2 + value.len();
        let (Ok(length), Ok(value_length)) = (u8::try_from(length), u8::try_from(value.len()))
        else {
            return false;
        };
        self.out.extend_from_slice(&[name, value_length]);
        self.out.extend_from_slice(value);
        if let Some(place) = self.out.get_mut(self.before) {
            *place = length;
        }
        true
    }

    /// Adds the part that it is, with a reference of 8 or 16 bits.
    pub fn concatenation(&mut self, reference: u16, wide: bool, total: u8, part: u8) {
        let [high, low] = reference.to_be_bytes();
        if wide {
            self.element(element::CONCATENATION_16, &[high, low, total, part]);
        } else {
            self.element(element::CONCATENATION_8, &[low, total, part]);
        }
    }

    /// Adds the tables in force.
    pub fn shift(&mut self, shift: Shift) {
        if let Some(language) = shift.single {
            self.element(element::SINGLE_SHIFT, &[language as u8]);
        }
        if let Some(language) = shift.locking {
            self.element(element::LOCKING_SHIFT, &[language as u8]);
        }
    }

    /// Octets of the whole header; one without elements is taken back and has none.
    pub fn finish(self) -> usize {
        let octets = self.out.len() - self.before;
        if octets == 1 {
            self.out.truncate(self.before);
            return 0;
        }
        octets
    }
}
