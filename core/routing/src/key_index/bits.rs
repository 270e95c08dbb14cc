//! Numbers of a few bits side by side, the lowest bits first.
//!
//! Reading takes eight octets at a time, so eight are to lie behind the last; without them a number reads as none.

/// Most bits of one number: with seven bits before it, it still lies within eight octets.
pub(super) const WIDTH_MAX: u32 = 57;

/// The eight octets at a place, lowest first.
#[inline]
pub(super) fn u64_at(octets: &[u8], at: usize) -> Option<u64> {
    let eight = octets.get(at..)?.first_chunk::<8>()?;
    Some(u64::from_le_bytes(*eight))
}

/// The four octets at a place, lowest first.
#[inline]
pub(super) fn u32_at(octets: &[u8], at: usize) -> Option<u32> {
    let four = octets.get(at..)?.first_chunk::<4>()?;
    Some(u32::from_le_bytes(*four))
}

/// Number `index` of those of `width` bits that begin at octet `at`.
#[inline]
pub(super) fn read(octets: &[u8], at: usize, index: usize, width: u32) -> Option<u64> {
    if width == 0 {
        return Some(0);
    }
    let bit = index * width as usize;
    let word = u64_at(octets, at + bit / 8)?;
    Some((word >> (bit % 8)) & mask(width))
}

const fn mask(width: u32) -> u64 {
    if width >= u64::BITS {
        u64::MAX
    } else {
        (1 << width) - 1
    }
}

/// How many bits a number needs.
pub(super) const fn width_of(number: u64) -> u32 {
    u64::BITS - number.leading_zeros()
}

/// Octets that `count` numbers of `width` bits take.
pub(super) const fn octets_of(count: usize, width: u32) -> usize {
    (count * width as usize).div_ceil(8)
}

/// Appends numbers of `width` bits, to a whole octet.
pub(super) fn write(out: &mut Vec<u8>, width: u32, numbers: impl Iterator<Item = u64>) {
    let (mut held, mut bits) = (0_u128, 0_u32);
    for number in numbers {
        held |= u128::from(number & mask(width)) << bits;
        bits += width;
        while bits >= 8 {
            out.push(held as u8);
            held >>= 8;
            bits -= 8;
        }
    }
    if bits > 0 {
        out.push(held as u8);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_is_written_is_read(width in 0..=WIDTH_MAX, numbers in proptest::collection::vec(any::<u64>(), 0..200)) {
            let mut out = vec![7, 7, 7];
            write(&mut out, width, numbers.iter().copied());
            prop_assert_eq!(out.len(), 3 + octets_of(numbers.len(), width));
            out.extend([0xff; 8]);
            for (index, number) in numbers.iter().enumerate() {
                prop_assert_eq!(read(&out, 3, index, width), Some(number & mask(width)));
            }
        }
    }

    #[test]
    fn a_number_fits_its_width() {
        assert_eq!(
            (width_of(0), width_of(1), width_of(255), width_of(256)),
            (0, 1, 8, 9)
        );
    }
}
