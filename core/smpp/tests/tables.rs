//! Tags, statuses and commands: as the specifications number them, and as an independent codec does.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic)]

use carrack_smpp::*;
use rusmpp_core::tlvs::TlvTag;

/// Letters and digits only, lower case: the two sides write the same names differently.
fn plain(name: &str) -> String {
    name.chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|c| c.to_ascii_lowercase())
        .collect()
}

#[test]
fn every_tag_of_both_specifications_is_known_by_name_and_section() {
    assert!(tag::ALL.is_sorted());
    let (mut of_3_4, mut of_5_0) = (Vec::new(), Vec::new());
    for &value in tag::ALL {
        let name = tag::name(value).unwrap();
        assert_eq!(tag::from_name(&name.to_uppercase()), Some(value));
        let section = tag::section(value).unwrap();
        let number = |after: &str| -> Option<u32> {
            let found = section.split(after).nth(1)?;
            found.split(',').next()?.parse().ok()
        };
        of_3_4.extend(number("3.4 5.3.2."));
        of_5_0.push(number("5.0 4.8.4.").unwrap());
    }
    // Each chapter describes its parameters one by one: none is missing, none twice.
    of_3_4.sort_unstable();
    of_5_0.sort_unstable();
    assert!(of_3_4.into_iter().eq(1..=44));
    assert!(of_5_0.into_iter().eq(1..=64));
    assert_eq!(tag::from_name("dest_port"), Some(tag::DESTINATION_PORT));
    assert_eq!(tag::name(0x1400), None);
    assert_eq!(tag::section(0x1400), None);
}

#[test]
fn an_independent_codec_knows_the_same_tags() {
    for value in 0..=u16::MAX {
        let theirs = format!("{:?}", TlvTag::from(value));
        match tag::name(value) {
            None => assert!(theirs.starts_with("Other"), "{value:#x}: {theirs}"),
            // 5.0 calls it dest_port.
            Some("destination_port") => assert_eq!(theirs, "DestPort"),
            Some(name) => assert_eq!(plain(name), plain(&theirs)),
        }
    }
}

#[test]
fn every_status_of_both_specifications_is_known_by_name() {
    for value in 0..=0x500u32 {
        let theirs = format!("{:?}", rusmpp::CommandStatus::from(value));
        let status = CommandStatus(value);
        match status.name() {
            None => assert!(theirs.starts_with("Other"), "{value:#x}: {theirs}"),
            Some(name) => {
                // They use the names of 5.0 where 3.4 has others.
                let same = CommandStatus::from_name(name);
                assert_eq!(same, Some(status));
                assert!(!theirs.starts_with("Other"), "{name}");
            }
        }
    }
    assert!(CommandStatus::ALL.is_sorted());
    let of_5_0 = CommandStatus::from_name("esme_rinvtlvlen");
    assert_eq!(of_5_0, Some(CommandStatus::ESME_RINVPARLEN));
    assert_eq!(CommandStatus::from_name("ESME_NONE"), None);
    assert_eq!(CommandStatus(0x55F).to_string(), "0x55F");
}

#[test]
fn an_independent_codec_knows_the_same_commands() {
    for value in (0..0x400u32).flat_map(|id| [id, id | 0x8000_0000]) {
        let theirs = format!("{:?}", rusmpp::CommandId::from(value));
        match CommandId(value).name() {
            None => assert!(theirs.starts_with("Other"), "{value:#x}: {theirs}"),
            Some(name) => assert_eq!(plain(name), plain(&theirs)),
        }
    }
}
