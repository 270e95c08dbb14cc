//! Messages from handsets in every form (T10, T32 to T36, T39).

use super::support::{Esme, MS, Raw, pass};
use super::{play, smsc};
use carrack_loadtest::smsc::{MoText, Settings, Smsc};
use carrack_message::alphabet::{gsm7, ucs2};
use carrack_message::segment::parse_concatenation;
use carrack_smpp::tag;

/// What a handset wrote in this form, and how it came.
fn mos(quirk: &str) -> (Vec<MoText>, Vec<Raw>) {
    let mut smsc = smsc(&["mo=100", quirk]);
    let esme = play(&mut smsc, 5);
    let (texts, raws) = (smsc.mos(), esme.mos());
    let report = smsc.report();
    assert_eq!((texts.len(), report.mo), (5, 5), "{quirk}");
    let parts: usize = texts.iter().map(|text| text.parts).sum();
    assert_eq!(raws.len(), parts, "{quirk}");
    assert_eq!(
        (report.mo_sent, report.mo_answered),
        (parts as u64, parts as u64)
    );
    assert_eq!((report.receipts_sent, report.receipts_answered), (5, 5));
    (texts, raws)
}

fn septets(octets: &[u8]) -> String {
    let mut text = String::new();
    gsm7::decode(octets, &mut text);
    text
}

fn units(octets: &[u8]) -> (String, usize) {
    let mut text = String::new();
    let replaced = ucs2::decode(octets, &mut text);
    (text, replaced)
}

#[test]
fn short_forms_are_as_their_names_say() {
    let (texts, raws) = mos("mo-like-receipt");
    assert!(
        raws.iter()
            .all(|raw| raw.esm_class == 0 && raw.short_message.starts_with(b"id:"))
    );
    assert_eq!(septets(&raws[0].user_data), texts[0].text);
    let (_, raws) = mos("mo-flash");
    assert!(raws.iter().all(|raw| raw.data_coding == 0x10));
    let (texts, raws) = mos("mo-payload");
    assert!(raws.iter().all(|raw| raw.short_message.is_empty()));
    assert_eq!(septets(&raws[0].user_data), texts[0].text);
    let (texts, raws) = mos("mo-both-payload");
    assert!(
        raws.iter()
            .all(|raw| raw.oddities.contains(&"both_payloads"))
    );
    assert_eq!(septets(&raws[0].user_data), texts[0].text);
    let (texts, raws) = mos("mo-length-255");
    assert!(raws.iter().all(|raw| raw.short_message.len() == 255));
    assert_eq!(septets(&raws[0].user_data), texts[0].text);
    let (_, raws) = mos("mo-empty");
    assert!(
        raws.iter()
            .all(|raw| raw.user_data.is_empty() && raw.tlvs.is_empty())
    );
    let (_, raws) = mos("mo-data-sm");
    assert!(
        raws.iter()
            .all(|raw| raw.by_data_sm && !raw.user_data.is_empty())
    );
    let (_, raws) = mos("mo-udhi-false");
    assert!(
        raws.iter()
            .all(|raw| raw.esm_class == 0x40 && raw.short_message.starts_with(b"MO "))
    );
    let (texts, raws) = mos("mo-trailing-nul");
    assert!(raws.iter().all(|raw| !raw.oddities.is_empty()));
    assert_eq!(septets(&raws[0].user_data), texts[0].text);
    let (texts, raws) = mos("mo-no-nul");
    assert!(
        raws.iter()
            .all(|raw| raw.oddities.contains(&"sm_length_repaired"))
    );
    assert_eq!(septets(&raws[0].user_data), texts[0].text);
}

#[test]
fn ucs2_is_broken_as_asked() {
    let (texts, raws) = mos("mo-ucs2-little-endian");
    let swapped: Vec<u8> = raws[0]
        .user_data
        .chunks(2)
        .flat_map(|unit| [unit[1], unit[0]])
        .collect();
    assert_eq!(units(&swapped), (texts[0].text.clone(), 0));
    let (texts, raws) = mos("mo-ucs2-bom");
    assert!(raws[0].user_data.starts_with(&[0xFE, 0xFF]));
    assert_eq!(units(&raws[0].user_data[2..]), (texts[0].text.clone(), 0));
    let (_, raws) = mos("mo-ucs2-odd");
    assert_eq!(raws[0].user_data.len() % 2, 1);
    let (_, raws) = mos("mo-ucs2-lone");
    assert_eq!(units(&raws[0].user_data).1, 1);
    let (texts, raws) = mos("mo-split-pair");
    assert_eq!(units(&raws[0].user_data[6..]).1, 1);
    let whole = [&raws[0].user_data[6..], &raws[1].user_data[6..]].concat();
    assert_eq!(units(&whole), (texts[0].text.clone(), 0));
}

#[test]
fn long_forms_join_to_the_whole_text() {
    for quirk in [
        "mo-udh8",
        "mo-udh16",
        "mo-sar",
        "mo-two-methods",
        "mo-out-of-order",
        "mo-repeated-part",
        "mo-udhi-missing",
    ] {
        let (texts, raws) = mos(quirk);
        let count = texts[0].parts;
        let mut parts: Vec<(u8, String)> = raws[..count]
            .iter()
            .map(|raw| {
                let by_header = parse_concatenation(&raw.user_data, quirk != "mo-sar");
                let by_sar = raw.tlv(tag::SAR_SEGMENT_SEQNUM).map(|value| value[0]);
                assert_eq!(
                    by_sar.is_some(),
                    matches!(quirk, "mo-sar" | "mo-two-methods")
                );
                let place = by_header.map(|found| found.part).or(by_sar).unwrap();
                let header = by_header.map_or(0, |found| found.header_octets);
                assert_eq!(
                    raw.esm_class & 0x40 != 0,
                    header > 0 && quirk != "mo-udhi-missing"
                );
                (place, septets(&raw.user_data[header..]))
            })
            .collect();
        let came: Vec<_> = parts.iter().map(|(place, _)| *place).collect();
        match quirk {
            "mo-out-of-order" => assert_eq!(came, [3, 2, 1]),
            "mo-repeated-part" => assert_eq!(came, [1, 1, 2, 3]),
            _ => assert_eq!(came, [1, 2, 3]),
        }
        parts.sort_unstable();
        parts.dedup();
        let joined: String = parts.into_iter().map(|(_, text)| text).collect();
        assert_eq!(joined, texts[0].text, "{quirk}");
    }
}

#[test]
fn forms_take_turns_and_a_form_alone_implies_a_share() {
    let mut smsc = smsc(&["mo=100", "mo-flash", "mo-payload"]);
    play(&mut smsc, 10);
    let report = smsc.report();
    assert_eq!(
        (report.quirks["mo-flash"], report.quirks["mo-payload"]),
        (5, 5)
    );
    let mut smsc = super::smsc(&["mo-flash"]);
    play(&mut smsc, 200);
    assert!((8..=35).contains(&smsc.report().mo), "{}", smsc.report().mo);
}

#[test]
fn handsets_write_by_themselves_at_their_rate() {
    let mut smsc = Smsc::new(Settings {
        mo_rate: 100,
        mo_text: Some("hello {n} ω".into()),
        texts_kept: 1_000,
        ..Settings::default()
    });
    let mut esme = Esme::bound(&mut smsc, 0);
    pass(&mut smsc, &mut [&mut esme], 0, 500 * MS);
    let raws = esme.mos();
    assert!((49..=51).contains(&raws.len()), "{}", raws.len());
    assert_eq!(units(&raws[6].user_data).0, "hello 7 ω");
    assert!(smsc.write_from_handset(500 * MS, None, Some("at once")));
    smsc.tick(501 * MS);
    esme.exchange(&mut smsc, 501 * MS);
    assert_eq!(esme.mos().last().unwrap().short_message, b"at once");
}

#[test]
fn nobody_to_write_to_is_no_debt() {
    let mut smsc = Smsc::new(Settings {
        mo_rate: 1_000,
        ..Settings::default()
    });
    smsc.tick(10_000 * MS);
    let mut esme = Esme::bound(&mut smsc, 10_000 * MS);
    pass(&mut smsc, &mut [&mut esme], 10_000 * MS, 10 * MS);
    assert!((5..=15).contains(&esme.mos().len()), "{}", esme.mos().len());
}

#[test]
fn what_goes_to_a_loop_number_comes_back_from_whom_it_was_and_all_else_does_not() {
    let mut smsc = Smsc::new(Settings {
        loops: vec!["447700900002".into(), "447700900003".into()],
        ..super::settings(&[])
    });
    let esme = play(&mut smsc, 5);
    let raws = esme.mos();
    let texts: Vec<String> = raws.iter().map(|raw| septets(&raw.user_data)).collect();
    assert_eq!(texts, ["text 2", "text 3"]);
    let kept: Vec<MoText> = smsc.mos();
    assert_eq!(
        (kept[0].to.as_str(), kept[0].text.as_str()),
        ("447700900002", "text 2")
    );
    let report = smsc.report();
    assert_eq!((report.mo, report.receipts_sent), (2, 5));
    assert!(!report.quirks.contains_key("mo"), "it is no quirk");
}
