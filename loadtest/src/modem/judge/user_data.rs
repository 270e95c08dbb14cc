//! TP-UDL, TP-UDH and TP-UD (3GPP TS 23.040, 9.2.3.16 and 9.2.3.24).

use super::Alphabet;
use super::fields::Reader;

/// Which part of a long text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Part {
    /// What ties the parts together, 8 or 16 bits.
    pub reference: u16,
    /// How many there are.
    pub total: u8,
    /// Which one it is, from 1.
    pub number: u8,
}

pub(super) struct UserData {
    pub(super) header: Vec<u8>,
    pub(super) part: Option<Part>,
    pub(super) body: Vec<u8>,
}

/// Reads to the end of the TPDU.
pub(super) fn read(
    has_header: bool,
    alphabet: Alphabet,
    tpdu: &mut Reader<'_>,
) -> Result<UserData, &'static str> {
    let units = usize::from(tpdu.one("ends before the length of its user data")?);
    let octets = tpdu.rest();
    let (most, expected) = match alphabet {
        Alphabet::Gsm => (160, (units * 7).div_ceil(8)),
        Alphabet::Binary | Alphabet::Ucs2 => (140, units),
    };
    if units > most {
        return Err("user data longer than one short message");
    }
    if octets.len() != expected {
        return Err("user data length is not that of the octets");
    }
    let (header, part) = if has_header {
        header(octets)?
    } else {
        (&[] as &[u8], None)
    };
    let rest = octets.get(header.len()..).unwrap_or_default();
    let body = match alphabet {
        Alphabet::Gsm => septets(octets, units, header.len())?,
        Alphabet::Ucs2 if rest.len() % 2 != 0 => return Err("half a UTF-16 unit at the end"),
        Alphabet::Ucs2 | Alphabet::Binary => rest.to_vec(),
    };
    Ok(UserData {
        header: header.to_vec(),
        part,
        body,
    })
}

/// Septets behind the header; every bit that belongs to none must be zero.
fn septets(octets: &[u8], units: usize, header_octets: usize) -> Result<Vec<u8>, &'static str> {
    let bit = |at: usize| octets.get(at / 8).map_or(0, |octet| octet >> (at % 8) & 1);
    let first = (header_octets * 8).div_ceil(7);
    if first > units {
        return Err("header longer than the user data says");
    }
    if (header_octets * 8..first * 7).any(|at| bit(at) != 0) {
        return Err("fill bits before the text are not zero");
    }
    if (units * 7..octets.len() * 8).any(|at| bit(at) != 0) {
        return Err("unused bits behind the text are not zero");
    }
    let septet = |place: usize| (0..7).fold(0, |septet, at| septet | bit(place * 7 + at) << at);
    Ok((first..units).map(septet).collect())
}

/// The header with its length octet, element by element.
fn header(octets: &[u8]) -> Result<(&[u8], Option<Part>), &'static str> {
    let length = usize::from(*octets.first().ok_or("header indicated, and no user data")?);
    let header = octets
        .get(..=length)
        .ok_or("header longer than the user data")?;
    if length == 0 {
        return Err("header without an element");
    }
    let mut elements = Reader::new(header.get(1..).unwrap_or_default());
    let mut part = None;
    while elements.left() > 0 {
        let kind = elements.one("")?;
        let size = usize::from(elements.one("header ends in an element")?);
        let value = elements.take(size, "header element longer than the header")?;
        if let Some(found) = element(kind, value)?
            && part.replace(found).is_some()
        {
            return Err("two concatenation elements");
        }
    }
    Ok((header, part))
}

/// Lengths of elements that have one (9.2.3.24), and what concatenation says.
fn element(kind: u8, value: &[u8]) -> Result<Option<Part>, &'static str> {
    let lengths: &[usize] = match kind {
        0x00 => &[3],
        0x01 => &[2],
        0x02 => return Err("reserved header element"),
        0x04 => &[2],
        0x05 => &[4],
        0x06 | 0x07 | 0x21 | 0x24 | 0x25 => &[1],
        0x08 => &[4],
        _ => &[],
    };
    if !lengths.is_empty() && !lengths.contains(&value.len()) {
        return Err("header element of a length that its kind has not");
    }
    let part = match (kind, value) {
        (0x00, [reference, total, number]) => Part {
            reference: u16::from(*reference),
            total: *total,
            number: *number,
        },
        (0x08, [high, low, total, number]) => Part {
            reference: u16::from_be_bytes([*high, *low]),
            total: *total,
            number: *number,
        },
        _ => return Ok(None),
    };
    if part.number == 0 || part.number > part.total {
        return Err("part 0, or beyond the last one");
    }
    Ok(Some(part))
}

impl UserData {
    /// What a handset would show wrongly.
    pub(super) fn odd(&self, alphabet: Alphabet) -> Option<&'static str> {
        match alphabet {
            Alphabet::Gsm if self.body.last() == Some(&0x1B) => Some("escape at the end"),
            Alphabet::Ucs2 if has_lone_surrogate(&self.body) => Some("lone surrogate"),
            _ if self.body.is_empty() => Some("no text"),
            _ => None,
        }
    }
}

fn has_lone_surrogate(body: &[u8]) -> bool {
    let units = body.chunks_exact(2).map(|pair| {
        u16::from_be_bytes([
            pair.first().copied().unwrap_or(0),
            pair.last().copied().unwrap_or(0),
        ])
    });
    char::decode_utf16(units).any(|found| found.is_err())
}
