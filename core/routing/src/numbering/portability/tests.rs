//! Any numbers are found again, and no octets whatever break the reader.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

use std::collections::BTreeMap;
use std::io::Cursor;
use std::sync::Arc;

use carrack_message::{Msisdn, Network};
use proptest::collection::{btree_map, vec};
use proptest::prelude::*;

use super::*;

const NUMBER_MIN: u64 = 1_000_000;
const NUMBER_END: u64 = 1_000_000_000_000_000;

fn network(place: u32) -> Network {
    let text = format!("{:03}{:02}", 1 + place / 100 % 999, place % 100);
    text.parse().unwrap()
}

/// Numbers of which many lie close together and some alone, of all lengths.
fn ported() -> impl Strategy<Value = BTreeMap<u64, u32>> {
    let near = (0..40_u64, 0..2_000_u64)
        .prop_map(|(range, rest)| 447_000_000_000 + range * 10_000_000 + rest);
    let short = NUMBER_MIN..NUMBER_MIN * 20;
    let any = NUMBER_MIN..NUMBER_END;
    let number = prop_oneof![8 => near, 1 => short, 1 => any, 1 => Just(NUMBER_END - 1)];
    prop_oneof![
        4 => btree_map(number.clone(), 0..40_u32, 0..3_000),
        1 => btree_map(number, 0..9_000_u32, 0..600),
    ]
}

fn written(numbers: &BTreeMap<u64, u32>) -> Vec<u8> {
    let mut writer = IndexWriter::new(Cursor::new(Vec::new()), 1_700_000_000).unwrap();
    for (number, place) in numbers {
        let number = Msisdn::from_u64(*number).unwrap();
        writer.push(number, network(*place)).unwrap();
    }
    let (out, summary) = writer.finish().unwrap();
    let octets = out.into_inner();
    assert_eq!(summary.octets, octets.len() as u64);
    assert_eq!(summary.keys, numbers.len() as u64);
    octets
}

fn opened(octets: Vec<u8>) -> Result<Portability, PortabilityFault> {
    Portability::open(Arc::new(octets))
}

/// Makes the checksums right again, as somebody who means ill would.
fn sign(octets: &mut [u8]) {
    let block_octets = u64::from_le_bytes(octets[40..48].try_into().unwrap());
    let end = usize::try_from(block_octets)
        .ok()
        .and_then(|octets| octets.checked_add(64));
    if let Some(rest) = end.and_then(|end| octets.get(end..)) {
        let crc = crc32c::crc32c(rest).to_le_bytes();
        octets[56..60].copy_from_slice(&crc);
    }
    let crc = crc32c::crc32c(&octets[..60]).to_le_bytes();
    octets[60..64].copy_from_slice(&crc);
}

/// Asks for all it may hold and all around; what comes back matters not.
fn ask_all(index: &Portability, numbers: &BTreeMap<u64, u32>) {
    for number in numbers.keys() {
        for near in [number - 1, *number, number + 1] {
            if let Some(number) = Msisdn::from_u64(near) {
                let _ = index.network(number);
            }
        }
    }
    let _ = index.numbers().take(10_000).count();
    let _ = index.networks().count();
    let _ = index.verify();
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn every_number_is_found_and_no_other(numbers in ported()) {
        let octets = written(&numbers);
        prop_assert!(octets.len() <= 1_000 + numbers.len() * 12 + numbers.values().max().map_or(0, |most| *most as usize * 4));
        let index = opened(octets).unwrap();
        prop_assert_eq!(index.verify(), Ok(()));
        prop_assert_eq!(index.len(), numbers.len() as u64);
        for (number, place) in &numbers {
            for near in number - 1..=number + 1 {
                let Some(asked) = Msisdn::from_u64(near) else { continue };
                let expected = numbers.get(&near).map(|place| network(*place));
                prop_assert_eq!(index.network(asked), expected, "{}", near);
            }
            prop_assert_eq!(index.network(Msisdn::from_u64(*number).unwrap()), Some(network(*place)));
        }
        let walked: Vec<(u64, Network)> = index.numbers().map(|(n, network)| (n.as_u64(), network)).collect();
        let expected: Vec<(u64, Network)> = numbers.iter().map(|(n, place)| (*n, network(*place))).collect();
        prop_assert_eq!(walked, expected);
    }

    #[test]
    fn a_file_that_was_cut_is_refused(numbers in ported(), cut in 0.0..1.0_f64) {
        let mut octets = written(&numbers);
        octets.truncate((octets.len() as f64 * cut) as usize);
        let refused = opened(octets).err();
        let is_told = matches!(refused, Some(PortabilityFault::Length { .. } | PortabilityFault::Foreign(_)));
        prop_assert!(is_told, "{:?}", refused);
    }

    #[test]
    fn a_spoiled_octet_is_found(numbers in ported(), at in any::<prop::sample::Index>(), bit in 0..8_u32) {
        let mut octets = written(&numbers);
        let at = at.index(octets.len());
        octets[at] ^= 1 << bit;
        let fault = match opened(octets) {
            Ok(index) => index.verify().err(),
            Err(fault) => Some(fault),
        };
        prop_assert!(fault.is_some(), "octet {} bit {}", at, bit);
    }

    #[test]
    fn no_octets_break_the_reader(
        numbers in ported(),
        changes in vec((any::<prop::sample::Index>(), any::<u8>()), 1..40),
        front in any::<bool>(),
    ) {
        let mut octets = written(&numbers);
        let reach = if front { 256.min(octets.len()) } else { octets.len() };
        for (at, octet) in changes {
            let at = at.index(reach);
            if !(0..12).contains(&at) && !(16..24).contains(&at) {
                octets[at] = octet;
            }
        }
        sign(&mut octets);
        if let Ok(index) = opened(octets) {
            ask_all(&index, &numbers);
        }
    }

    #[test]
    fn no_foreign_octets_are_an_index(octets in vec(any::<u8>(), 0..500)) {
        prop_assert_eq!(opened(octets).err(), Some(PortabilityFault::Foreign(KIND)));
    }
}

#[test]
fn an_empty_index_holds_nothing() {
    let index = opened(written(&BTreeMap::new())).unwrap();
    assert!(index.is_empty());
    assert_eq!(index.verify(), Ok(()));
    assert_eq!(
        index.network(Msisdn::from_u64(447_700_900_123).unwrap()),
        None
    );
}

#[test]
fn another_version_is_told_apart_from_another_file() {
    let mut octets = written(&BTreeMap::from([(447_700_900_123, 5)]));
    octets[8] = 9;
    let (found, known) = (9, 1);
    assert_eq!(
        opened(octets).err(),
        Some(PortabilityFault::Version { found, known })
    );
}

#[test]
fn numbers_that_do_not_rise_and_numbers_without_network_are_not_written() {
    let mut writer = IndexWriter::new(Cursor::new(Vec::new()), 0).unwrap();
    let number = |value| Msisdn::from_u64(value).unwrap();
    writer.push(number(447_700_900_123), network(1)).unwrap();
    for value in [447_700_900_123, 447_700_900_122] {
        let again = writer.push(number(value), network(1));
        assert!(matches!(
            again,
            Err(WriteFault::Index(
                crate::key_index::KeyWriteFault::Order { .. }
            ))
        ));
    }
    let none = writer.push(number(447_700_900_124), Network::UNKNOWN);
    assert!(matches!(none, Err(WriteFault::NoNetwork { .. })));
}

#[test]
fn numbers_that_lie_close_take_three_octets() {
    let numbers: BTreeMap<u64, u32> = (0..100_000)
        .map(|place| (447_000_000_000 + place * 17, (place % 5) as u32))
        .collect();
    let octets = written(&numbers).len();
    assert!(octets < numbers.len() * 3, "{octets}");
}
