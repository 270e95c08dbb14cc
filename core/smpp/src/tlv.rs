//! Optional parameters (SMPP 3.4 5.3): walked where they lie, opaque, any tag, any order, any repeat.
//!
//! Decision: a TLV that runs past the body ends the walk and is dropped alone; those before it
//! stand. A strict decoder refuses the PDU with `ESME_RINVPARLEN` instead.

use crate::reader::until_nul;

const TLV_HEADER_OCTETS: usize = 4;

/// One optional parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tlv<'a> {
    /// Its tag; see [`crate::tag`].
    pub tag: u16,
    /// Its value, possibly empty.
    pub value: &'a [u8],
}

/// The optional part of a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Tlvs<'a> {
    octets: &'a [u8],
}

/// How the optional part of a body ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    Whole,
    /// A length that runs past the body.
    Overrun,
    /// One to three octets, too few for a TLV.
    Stray,
}

impl<'a> Tlvs<'a> {
    /// Views `octets` as TLVs; any octets will do.
    #[must_use]
    pub const fn new(octets: &'a [u8]) -> Self {
        Self { octets }
    }

    /// The octets as they came, a cut TLV included.
    #[must_use]
    pub const fn as_octets(&self) -> &'a [u8] {
        self.octets
    }

    /// The octets of the whole TLVs only.
    #[must_use]
    pub fn whole_octets(&self) -> &'a [u8] {
        let left = self.walk().0;
        self.octets
            .get(..self.octets.len().saturating_sub(left))
            .unwrap_or_default()
    }

    /// As [`Self::whole_octets`], and whether the first TLV with this tag has a value; one walk.
    #[inline]
    pub(crate) fn whole_octets_and(&self, tag: u16) -> (&'a [u8], bool) {
        let mut iter = self.iter();
        let mut first = None;
        for tlv in iter.by_ref() {
            if tlv.tag == tag {
                first.get_or_insert(!tlv.value.is_empty());
            }
        }
        let whole = self.octets.len().saturating_sub(iter.rest.len());
        let octets = self.octets.get(..whole).unwrap_or_default();
        (octets, first == Some(true))
    }

    /// True when there is nothing.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.octets.is_empty()
    }

    /// True when the last TLV claims more octets than are left, or stray octets follow it.
    #[must_use]
    pub fn is_cut(&self) -> bool {
        self.ending() != Ending::Whole
    }

    #[inline]
    pub(crate) fn ending(&self) -> Ending {
        self.walk().1
    }

    /// Octets left behind the last whole TLV, and why.
    #[inline]
    fn walk(&self) -> (usize, Ending) {
        let mut iter = self.iter();
        while iter.next().is_some() {}
        let left = iter.rest.len();
        let ending = match left {
            0 => Ending::Whole,
            1..TLV_HEADER_OCTETS => Ending::Stray,
            _ => Ending::Overrun,
        };
        (left, ending)
    }

    /// Walks the whole TLVs in order.
    #[must_use]
    #[inline]
    pub const fn iter(&self) -> TlvIter<'a> {
        TlvIter { rest: self.octets }
    }

    /// The first value with this tag.
    #[must_use]
    #[inline]
    pub fn find(&self, tag: u16) -> Option<&'a [u8]> {
        self.iter().find(|tlv| tlv.tag == tag).map(|tlv| tlv.value)
    }

    /// The first value with this tag as a number, whatever its width up to four octets: peers
    /// send `message_state` in four.
    #[must_use]
    pub fn find_number(&self, tag: u16) -> Option<u32> {
        let value = self.find(tag)?;
        if value.is_empty() || value.len() > 4 {
            return None;
        }
        Some(value.iter().fold(0, |sum, &b| sum << 8 | u32::from(b)))
    }

    /// The first value with this tag up to its NUL, which it may miss.
    #[must_use]
    pub fn find_cstring(&self, tag: u16) -> Option<&'a [u8]> {
        self.find(tag).map(until_nul)
    }
}

impl<'a> IntoIterator for Tlvs<'a> {
    type Item = Tlv<'a>;
    type IntoIter = TlvIter<'a>;

    fn into_iter(self) -> TlvIter<'a> {
        self.iter()
    }
}

/// Walks TLVs; ends at the first that is cut.
#[derive(Clone, Debug)]
pub struct TlvIter<'a> {
    rest: &'a [u8],
}

impl<'a> Iterator for TlvIter<'a> {
    type Item = Tlv<'a>;

    #[inline]
    fn next(&mut self) -> Option<Tlv<'a>> {
        let (&[t0, t1, l0, l1], after) = self.rest.split_first_chunk::<TLV_HEADER_OCTETS>()?;
        let length = usize::from(u16::from_be_bytes([l0, l1]));
        let (value, rest) = after.split_at_checked(length)?;
        self.rest = rest;
        Some(Tlv {
            tag: u16::from_be_bytes([t0, t1]),
            value,
        })
    }
}
