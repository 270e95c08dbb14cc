//! How many nodes of this kind a message has passed: what keeps it from going round for ever where two of them are each
//! other's carrier.
//!
//! It travels as an optional parameter of a vendor's (SMPP 3.4, 5.3.2, 0x1400 to 0x3FFF) in `submit_sm`, one octet. Promise: a
//! node adds one, and refuses what has passed [`HOPS_MAX`]. Parameters are tag, length and value as on the wire. Pure.

/// The parameter.
pub const HOPS_TAG: u16 = 0x14CA;
/// Nodes that a message may pass.
pub const HOPS_MAX: u8 = 8;

/// Each parameter with its tag, as encoded; one that is cut short ends the list.
pub fn each_tlv(mut tlvs: &[u8]) -> impl Iterator<Item = (u16, &[u8])> {
    std::iter::from_fn(move || {
        let ([tag_high, tag_low, high, low], _) = tlvs.split_first_chunk::<4>()?;
        let octets = usize::from(u16::from_be_bytes([*high, *low]));
        let (whole, next) = tlvs.split_at_checked(4 + octets)?;
        tlvs = next;
        Some((u16::from_be_bytes([*tag_high, *tag_low]), whole))
    })
}

/// Nodes that a message with these parameters has passed.
#[must_use]
pub fn hops(tlvs: &[u8]) -> u8 {
    let count = each_tlv(tlvs).find(|(tag, _)| *tag == HOPS_TAG);
    count.map_or(0, |(_, whole)| match whole {
        [_, _, _, _, count] => *count,
        // Of another form: nobody of ours wrote it, and it may not make the guard forget.
        _ => HOPS_MAX,
    })
}

/// Appends the parameter.
pub fn write_hops(count: u8, out: &mut Vec<u8>) {
    let [tag_high, tag_low] = HOPS_TAG.to_be_bytes();
    out.extend_from_slice(&[tag_high, tag_low, 0, 1, count]);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn count_is_read_among_others_and_a_strange_one_is_no_zero() {
        let mut tlvs = vec![0x14, 0x00, 0, 2, 1, 2];
        assert_eq!(hops(&tlvs), 0);
        write_hops(3, &mut tlvs);
        assert_eq!(hops(&tlvs), 3);
        assert_eq!(hops(&[0x14, 0xCA, 0, 2, 0, 0]), HOPS_MAX);
    }

    proptest! {
        #[test]
        fn any_octets_are_read(octets: Vec<u8>) {
            let read: usize = each_tlv(&octets).map(|(_, whole)| whole.len()).sum();
            prop_assert!(read <= octets.len());
            let counted = each_tlv(&octets).any(|(tag, _)| tag == HOPS_TAG);
            prop_assert!(counted || hops(&octets) == 0);
        }
    }
}
