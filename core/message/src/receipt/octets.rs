//! The octets of a receipt as ASCII, whatever `data_coding` claims (trap T11).
//!
//! Carriers mark ASCII as UCS-2 because the message was, and write UTF-16 under `data_coding` 0; the
//! octets themselves tell. Borrowed where nothing has to be changed. Bound: twice the text.

use std::borrow::Cow;

use super::scan::parse;
use crate::alphabet::packed;

/// Octets that are looked at to find out what they are: the beginning is labels, the end is anybody's text.
const SAMPLE_MAX: usize = 32;
/// An underscore in the GSM 7-bit default alphabet.
const GSM_UNDERSCORE: u8 = 0x11;

/// The octets as they are to be scanned: UTF-16 of either order becomes UTF-8, packed septets are
/// unpacked, the GSM underscore becomes that of ASCII.
#[must_use]
pub fn octets_of(data_coding: u8, octets: &[u8]) -> Cow<'_, [u8]> {
    if is_ascii_text(octets) {
        return Cow::Borrowed(octets);
    }
    looked_into(data_coding, octets)
}

/// [`octets_of`] for all octets.
fn looked_into(data_coding: u8, octets: &[u8]) -> Cow<'_, [u8]> {
    match order_of(octets) {
        Some(order) => return Cow::Owned(utf8_of(octets, order)),
        None if is_default_alphabet(data_coding) => {
            if let Some(text) = unpacked(octets) {
                return Cow::Owned(text);
            }
        }
        None => {}
    }
    if octets.contains(&GSM_UNDERSCORE) {
        let ascii = |octet: &u8| {
            if *octet == GSM_UNDERSCORE {
                b'_'
            } else {
                *octet
            }
        };
        return Cow::Owned(octets.iter().map(ascii).collect());
    }
    Cow::Borrowed(octets)
}

/// True if no octet is past ASCII, a NUL or the GSM underscore, one of which is in all that has to be
/// changed: UTF-16 of ASCII has NULs, packed septets have octets past ASCII.
///
/// No way out before the end: the compiler makes vectors of it.
fn is_ascii_text(octets: &[u8]) -> bool {
    let mut other = false;
    for &octet in octets {
        other |= (octet.wrapping_sub(1) >= 0x7F) | (octet == GSM_UNDERSCORE);
    }
    !other
}

type Order = fn([u8; 2]) -> u16;

/// The order of octets if they are UTF-16: by a byte order mark, or because three of four pairs of an
/// ASCII text would have a NUL in the same place.
fn order_of(octets: &[u8]) -> Option<Order> {
    if octets.starts_with(&[0xFE, 0xFF]) {
        return Some(u16::from_be_bytes);
    }
    if octets.starts_with(&[0xFF, 0xFE]) {
        return Some(u16::from_le_bytes);
    }
    let sample = octets.get(..SAMPLE_MAX).unwrap_or(octets);
    let (pairs, _) = sample.as_chunks::<2>();
    let ascii_of = |order: Order| {
        let printable = |pair: &&[u8; 2]| matches!(order(**pair), 0x09..=0x7E);
        pairs.iter().filter(printable).count()
    };
    let needed = (pairs.len() * 3).div_ceil(4).max(2);
    [u16::from_be_bytes as Order, u16::from_le_bytes]
        .into_iter()
        .find(|order| ascii_of(*order) >= needed)
}

fn utf8_of(octets: &[u8], order: Order) -> Vec<u8> {
    let (pairs, _) = octets.as_chunks::<2>();
    let units = pairs.iter().map(|pair| order(*pair));
    let text: String = char::decode_utf16(units)
        .map(|found| found.unwrap_or(char::REPLACEMENT_CHARACTER))
        .filter(|found| *found != '\u{FEFF}')
        .collect();
    text.into_bytes()
}

/// 3GPP TS 23.038, 4: the general groups and the message class group, where the alphabet is the default.
const fn is_default_alphabet(data_coding: u8) -> bool {
    data_coding == 0 || matches!(data_coding & 0xFC, 0x10 | 0xF0)
}

/// The septets if packed ones are what it is: many octets above ASCII, and a receipt comes out.
fn unpacked(octets: &[u8]) -> Option<Vec<u8>> {
    let high = octets.iter().filter(|octet| **octet >= 0x80).count();
    if high * 4 < octets.len() || octets.is_empty() {
        return None;
    }
    let mut septets = Vec::new();
    packed::unpack(
        octets,
        0,
        packed::septets_held(octets.len(), 0),
        &mut septets,
    );
    for septet in &mut septets {
        if *septet == GSM_UNDERSCORE {
            *septet = b'_';
        }
    }
    let found = parse(&septets);
    (found.id.is_some() || found.state_known).then_some(septets)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn octets_of_ascii_are_what_they_are_without_a_look_into_them(
            octets in prop::collection::vec(prop_oneof![9 => 1..0x80_u8, 1 => any::<u8>(), 1 => Just(0)], 0..60),
            wide in any::<bool>(),
            data_coding in any::<u8>(),
        ) {
            let octets: Vec<u8> = match wide {
                true => octets.iter().flat_map(|octet| [0, *octet]).collect(),
                false => octets,
            };
            prop_assert_eq!(octets_of(data_coding, &octets), looked_into(data_coding, &octets));
        }
    }
}
