//! Septets packed eight to seven octets, with fill bits after a header (3GPP TS 23.038, 6.1.2.1).
//!
//! Septets in and out are one an octet, as [`gsm7`](super::gsm7) reads and writes them. Total: bits past
//! the seventh of a septet are cut off, and what is not there is not read.

/// What is put where seven bits are left over, which a receiver that knows only octets would read as `@`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Padding {
    /// Zero bits, as in a short message, where the count of septets is known.
    Zero,
    /// A carriage return (TS 23.038, 6.1.2.3.1), where it is not.
    CarriageReturn,
}

const CARRIAGE_RETURN: u8 = 0x0D;

/// Fill bits after a header of so many octets (its length octet included), so that text begins at a septet.
#[must_use]
pub const fn fill_bits(header_octets: usize) -> u8 {
    ((7 - (header_octets * 8) % 7) % 7) as u8
}

/// Septets that fit so many octets after `fill_bits`.
#[must_use]
pub const fn septets_held(octets: usize, fill_bits: u8) -> usize {
    (octets * 8).saturating_sub(fill_bits as usize) / 7
}

/// Appends the packed octets of septets; `fill_bits` is 0 to 6.
pub fn pack(septets: &[u8], fill_bits: u8, padding: Padding, out: &mut Vec<u8>) {
    out.reserve((septets.len() * 7).div_ceil(8) + 2);
    let mut held = 0_u16;
    let mut bits = u32::from(fill_bits % 7);
    let mut put = |septet: u8, bits: &mut u32, out: &mut Vec<u8>| {
        held |= u16::from(septet & 0x7F) << *bits;
        *bits += 7;
        if *bits >= 8 {
            out.push(held as u8);
            held >>= 8;
            *bits -= 8;
        }
    };
    for &septet in septets {
        put(septet, &mut bits, out);
    }
    if padding == Padding::CarriageReturn {
        let ends_on_octet = bits == 0 && septets.last() == Some(&CARRIAGE_RETURN);
        if bits == 1 || ends_on_octet {
            put(CARRIAGE_RETURN, &mut bits, out);
        }
    }
    if bits > 0 {
        out.push(held as u8);
    }
}

/// Packs the septets that stand in a buffer from `from` on, where they stand; as [`pack`], without another buffer.
pub fn pack_in_place(octets: &mut Vec<u8>, from: usize, fill_bits: u8, padding: Padding) {
    let end = octets.len();
    let mut held = 0_u16;
    let mut bits = u32::from(fill_bits % 7);
    let (mut place, mut last) = (from, None);
    // Octet n is whole at the earliest when septet n has been read: nothing unread is overwritten.
    for read in from..end {
        let septet = octets.get(read).copied().unwrap_or_default() & 0x7F;
        last = Some(septet);
        held |= u16::from(septet) << bits;
        bits += 7;
        if bits >= 8 {
            if let Some(octet) = octets.get_mut(place) {
                *octet = held as u8;
            }
            place += 1;
            held >>= 8;
            bits -= 8;
        }
    }
    octets.truncate(place);
    if padding == Padding::CarriageReturn {
        let ends_on_octet = bits == 0 && last == Some(CARRIAGE_RETURN);
        if bits == 1 || ends_on_octet {
            held |= u16::from(CARRIAGE_RETURN) << bits;
            bits += 7;
            if bits >= 8 {
                octets.push(held as u8);
                held >>= 8;
                bits -= 8;
            }
        }
    }
    if bits > 0 {
        octets.push(held as u8);
    }
}

/// Appends at most `count` septets of packed octets, one an octet.
pub fn unpack(octets: &[u8], fill_bits: u8, count: usize, out: &mut Vec<u8>) {
    let fill_bits = fill_bits % 7;
    let count = count.min(septets_held(octets.len(), fill_bits));
    out.reserve(count);
    let mut held = 0_u16;
    let mut bits = 0_u32;
    let mut skip = u32::from(fill_bits);
    let mut left = count;
    for &octet in octets {
        held |= u16::from(octet) << bits;
        bits += 8;
        if skip > 0 {
            held >>= skip;
            bits -= skip;
            skip = 0;
        }
        while bits >= 7 && left > 0 {
            out.push((held & 0x7F) as u8);
            held >>= 7;
            bits -= 7;
            left -= 1;
        }
        if left == 0 {
            break;
        }
    }
}

/// Appends the septets of packed octets whose count nobody told, without the padding that
/// [`Padding::CarriageReturn`] put there.
pub fn unpack_padded(octets: &[u8], fill_bits: u8, out: &mut Vec<u8>) {
    let before = out.len();
    unpack(octets, fill_bits, usize::MAX, out);
    let whole = (octets.len() * 8).saturating_sub(usize::from(fill_bits % 7)) % 7 == 0;
    if whole && out.len() > before && out.last() == Some(&CARRIAGE_RETURN) {
        out.pop();
    }
}
