//! Parameters of a customer that a carrier is to have.

use carrack_message::{HOPS_TAG, each_tlv, hops, write_hops};

/// Copies those parameters of a customer that the carrier is to have; one that is cut short ends the list. Where the
/// carrier is a node like this one, the count of nodes passed is one more than it was.
pub(super) fn pass_on(tlvs: &[u8], tags: &[u16], out: &mut Vec<u8>) {
    let wanted = |tag: &u16| *tag != HOPS_TAG && tags.contains(tag);
    for (_, whole) in each_tlv(tlvs).filter(|(tag, _)| wanted(tag)) {
        out.extend_from_slice(whole);
    }
    if tags.contains(&HOPS_TAG) {
        write_hops(hops(tlvs).saturating_add(1), out);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_named_parameters_are_passed_on_and_a_cut_one_is_not() {
        let tlvs = [
            [0x02, 0x04, 0, 2, 1, 2].as_slice(),
            &[0x14, 0x00, 0, 0],
            &[0x14, 0x01, 0, 1, 9],
            &[0x14, 0x00, 0, 9, 1],
        ]
        .concat();
        let mut out = Vec::new();
        pass_on(&tlvs, &[0x1400, 0x0204], &mut out);
        assert_eq!(out, [0x02, 0x04, 0, 2, 1, 2, 0x14, 0x00, 0, 0]);
    }
}
