//! User data of a `submit_sm`: text where it reads cleanly, else octets that are relayed untouched.
//!
//! Promise: nothing is dropped. `data_coding` 0 is what the account says ([`default_alphabet`](super::default_alphabet)),
//! else GSM 03.38 unpacked; 1 is ASCII, 3 Latin-1, 8 UCS-2. What does not read
//! cleanly in these, has a header of its own (UDHI) or another `data_coding` travels raw as one segment. A header whose
//! bit is missing gets it where nobody would write such text, and UCS-2 in the wrong order, with a mark of its order or a
//! NUL too many is read as it was meant. Parts marked
//! by the SAR parameters get the header that says the same. An empty message is raw too: it has no text to judge.
//! Bound: one segment of raw octets; text is counted later. Fails by the status to answer: `ESME_RINVMSGLEN` for too
//! long, `ESME_RINVPARLEN` for a header beyond the data, `ESME_RINVOPTPARAMVAL` for SAR parameters that contradict
//! each other.

use carrack_message::alphabet::{ascii, gsm7, latin1, ucs2_repair};
use carrack_message::record::Body;
use carrack_message::segment::Udh8;
use carrack_message::segment::udh::Header;
use carrack_smpp::{CommandStatus, ESM_CLASS_UDHI, SubmitSm, Tlvs, tag};

use super::default_alphabet::{ASCII, LATIN1, Meant, meant};
use crate::accounts::DefaultAlphabet;
use crate::submission::octets_max;

/// Reads the user data.
///
/// # Errors
/// The status to answer.
pub(crate) fn read(sm: &SubmitSm<'_>, alphabet: DefaultAlphabet) -> Result<Body, CommandStatus> {
    let header_octets = header_octets(sm)?;
    let part = match header_octets {
        0 => part(&sm.tlvs)?,
        _ => None,
    };
    let whole = header_octets == 0 && part.is_none();
    let (header, own) = sm
        .user_data()
        .split_at_checked(header_octets)
        .unwrap_or_default();
    let (data_coding, own) = match meant(alphabet, sm.data_coding, own, header_octets, whole)? {
        Meant::Text(text) => return Ok(Body::Text(text)),
        Meant::Octets(data_coding, octets) => (data_coding, octets),
    };
    if whole && let Some(text) = text(data_coding, &own) {
        return Ok(Body::Text(text));
    }
    let mut joined = Vec::with_capacity(Udh8::OCTETS.max(header_octets) + own.len());
    match part {
        Some(part) => part.write(&mut joined),
        None => joined.extend_from_slice(header),
    }
    let header_octets = joined.len();
    joined.extend_from_slice(&own);
    raw(data_coding, header_octets, joined)
}

/// Octets of the header, its length octet included; 0: there is none.
fn header_octets(sm: &SubmitSm<'_>) -> Result<usize, CommandStatus> {
    if sm.has_udh() {
        let (header, _) = sm.split_udh().ok_or(CommandStatus::ESME_RINVPARLEN)?;
        return Ok(1 + header.len());
    }
    let unsaid = Header::repaired(sm.user_data(), false);
    Ok(unsaid.map_or(0, |(header, _)| header.octets().len()))
}

/// The text, if every octet of it can be read.
fn text(data_coding: u8, octets: &[u8]) -> Option<String> {
    let mut text = String::new();
    let replaced = match data_coding {
        0 => gsm7::decode(octets, &mut text),
        ASCII => ascii::decode(octets, &mut text),
        LATIN1 => latin1::decode(octets, &mut text),
        8 => ucs2_repair::decode(octets, &mut text).replaced,
        _ => return None,
    };
    (replaced == 0 && !text.is_empty()).then_some(text)
}

/// Which part of how many the SAR parameters (5.3.2.22 to 24) say; one of one is no part.
fn part(tlvs: &Tlvs<'_>) -> Result<Option<Udh8>, CommandStatus> {
    if tlvs.is_empty() {
        return Ok(None);
    }
    let (Some(reference), Some(total), Some(part)) = (
        tlvs.find_number(tag::SAR_MSG_REF_NUM),
        tlvs.find_number(tag::SAR_TOTAL_SEGMENTS),
        tlvs.find_number(tag::SAR_SEGMENT_SEQNUM),
    ) else {
        return Ok(None);
    };
    match (u8::try_from(total), u8::try_from(part)) {
        (Ok(1), Ok(1)) => Ok(None),
        (Ok(total), Ok(part)) if part >= 1 && part <= total => Ok(Some(Udh8 {
            // Eight bits, so that 153 septets still fit behind the header.
            reference: (reference & 0xFF) as u8,
            total,
            part,
        })),
        _ => Err(CommandStatus::ESME_RINVOPTPARAMVAL),
    }
}

fn raw(data_coding: u8, header_octets: usize, octets: Vec<u8>) -> Result<Body, CommandStatus> {
    if octets.len() > octets_max(data_coding, header_octets) {
        return Err(CommandStatus::ESME_RINVMSGLEN);
    }
    let esm_class = if header_octets > 0 { ESM_CLASS_UDHI } else { 0 };
    Ok(Body::Raw {
        data_coding,
        esm_class,
        octets,
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]
    use super::*;
    use carrack_smpp::write_tlv;
    use proptest::prelude::*;

    fn sm(data_coding: u8, esm_class: u8, octets: &[u8]) -> SubmitSm<'_> {
        SubmitSm {
            data_coding,
            esm_class,
            short_message: octets,
            ..SubmitSm::default()
        }
    }

    fn read(sm: &SubmitSm<'_>) -> Result<Body, CommandStatus> {
        super::read(sm, DefaultAlphabet::Gsm7)
    }

    #[test]
    fn default_alphabet_is_the_accounts_and_nothing_is_relayed_under_another_name() {
        use DefaultAlphabet as A;
        let of =
            |alphabet, esm_class, octets: &[u8]| super::read(&sm(0, esm_class, octets), alphabet);
        let text = |text: &str| Ok(Body::Text(text.to_owned()));
        assert_eq!(of(A::Gsm7, 0, b"@\x00"), text("\u{a1}@"));
        assert_eq!(of(A::Latin1, 0, b"@\xe9"), text("@\u{e9}"));
        assert_eq!(of(A::Ascii, 0, b"a@$"), text("a@$"));
        assert_eq!(
            of(A::Utf8, 0, "\u{e9}\u{20ac}@".as_bytes()),
            text("\u{e9}\u{20ac}@")
        );
        assert_eq!(of(A::Utf8, 0, b"a@$"), text("a@$"));
        let code_of = |alphabet, esm_class, octets: &[u8]| match of(alphabet, esm_class, octets) {
            Ok(Body::Raw { data_coding, .. }) => data_coding,
            other => panic!("{other:?}"),
        };
        let part = b"\x05\x00\x03\x07\x02\x01hello";
        assert_eq!(code_of(A::Gsm7, 0x40, part), 0);
        assert_eq!(code_of(A::Latin1, 0x40, part), 3);
        assert_eq!(code_of(A::Ascii, 0x40, part), 1);
        assert_eq!(code_of(A::Utf8, 0x40, part), 1);
        assert_eq!(code_of(A::Ascii, 0, b"\xe9"), 1);
        let refused = Err(CommandStatus::ESME_RSUBMITFAIL);
        assert_eq!(of(A::Utf8, 0, b"\xe9"), refused);
        assert_eq!(
            of(A::Utf8, 0x40, b"\x05\x00\x03\x07\x02\x01\xc3\xa9"),
            refused
        );
        // Another data_coding says itself what it is.
        let named = super::read(&sm(3, 0, b"\xe9"), A::Utf8);
        assert_eq!(named, text("\u{e9}"));
    }

    fn text_of(data_coding: u8, octets: &[u8]) -> Option<String> {
        match read(&sm(data_coding, 0, octets)).unwrap() {
            Body::Text(text) => Some(text),
            Body::Raw { .. } => None,
        }
    }

    #[test]
    fn each_alphabet_reads_to_the_same_text() {
        assert_eq!(text_of(0, b"\x1b\x65 \x00").unwrap(), "€ @");
        assert_eq!(text_of(1, b"a@b").unwrap(), "a@b");
        assert_eq!(text_of(3, b"\xe9t\xe9").unwrap(), "été");
        assert_eq!(text_of(8, b"\x04\x1f\xd8\x3d\xde\x00").unwrap(), "П😀");
        assert_eq!(text_of(8, b"\xff\xfeA\x00").unwrap(), "A");
    }

    #[test]
    fn what_does_not_read_cleanly_travels_untouched() {
        for (data_coding, octets) in [
            (0, &b""[..]),
            (0, b"caf\xe9"),
            (1, b"caf\xe9"),
            (8, b"\x00A\x42"),
            (8, b"\xfe\xff"),
            (8, b"\xd8\x3d"),
            (4, b"\x00\x01\x02"),
            (0xF0, b"flash"),
        ] {
            let read = read(&sm(data_coding, 0, octets)).unwrap();
            let body = Body::Raw {
                data_coding,
                esm_class: 0,
                octets: octets.to_vec(),
            };
            assert_eq!(read, body);
        }
    }

    #[test]
    fn payload_wins() {
        let long = vec![b'a'; 161];
        let mut tlvs = Vec::new();
        write_tlv(&mut tlvs, tag::MESSAGE_PAYLOAD, &long).unwrap();
        let mut both = sm(0, 0, b"short");
        both.tlvs = Tlvs::new(&tlvs);
        assert_eq!(read(&both), Ok(Body::Text("a".repeat(161))));
    }

    #[test]
    fn header_is_kept_and_one_beyond_the_data_is_refused() {
        let part = b"\x05\x00\x03\x07\x02\x01hello";
        let read_part = read(&sm(0, 0xC3, part)).unwrap();
        let body = Body::Raw {
            data_coding: 0,
            esm_class: 0x40,
            octets: part.to_vec(),
        };
        assert_eq!(read_part, body);
        for broken in [&b"\xff\x00\x03hi"[..], b""] {
            assert_eq!(
                read(&sm(0, 0x40, broken)),
                Err(CommandStatus::ESME_RINVPARLEN)
            );
        }
    }

    #[test]
    fn raw_octets_beyond_one_segment_are_refused() {
        let with_header = |data_coding, octets: usize| {
            let mut data = b"\x05\x00\x03\x07\x02\x01".to_vec();
            data.resize(6 + octets, b'a');
            read(&sm(data_coding, 0x40, &data)).map(|_| ())
        };
        assert_eq!(with_header(0, 153), Ok(()));
        assert_eq!(with_header(0, 154), Err(CommandStatus::ESME_RINVMSGLEN));
        assert_eq!(with_header(8, 134), Ok(()));
        assert_eq!(with_header(8, 135), Err(CommandStatus::ESME_RINVMSGLEN));
        assert!(read(&sm(4, 0, &[0; 140])).is_ok());
        assert!(read(&sm(4, 0, &[0; 141])).is_err());
        assert!(read(&sm(0, 0, &[0xFF; 160])).is_ok());
        assert!(read(&sm(0, 0, &[0xFF; 161])).is_err());
    }

    #[test]
    fn sar_parameters_become_the_header_that_says_the_same() {
        let sar = |reference: u16, total: u8, part: u8| {
            let mut tlvs = Vec::new();
            write_tlv(&mut tlvs, tag::SAR_MSG_REF_NUM, &reference.to_be_bytes()).unwrap();
            write_tlv(&mut tlvs, tag::SAR_TOTAL_SEGMENTS, &[total]).unwrap();
            write_tlv(&mut tlvs, tag::SAR_SEGMENT_SEQNUM, &[part]).unwrap();
            let mut sm = sm(0, 0, b"hi");
            sm.tlvs = Tlvs::new(&tlvs);
            read(&sm)
        };
        let body = Body::Raw {
            data_coding: 0,
            esm_class: 0x40,
            octets: b"\x05\x00\x03\x34\x03\x02hi".to_vec(),
        };
        assert_eq!(sar(0x1234, 3, 2).unwrap(), body);
        assert_eq!(sar(1, 1, 1).unwrap(), Body::Text("hi".into()));
        for (total, part) in [(2, 0), (2, 3), (0, 0)] {
            assert_eq!(
                sar(1, total, part),
                Err(CommandStatus::ESME_RINVOPTPARAMVAL)
            );
        }
    }

    proptest! {
        #[test]
        fn any_octets_are_read_or_refused_and_none_is_lost(
            data_coding: u8, esm_class: u8, octets in proptest::collection::vec(any::<u8>(), 0..=300)
        ) {
            let read = read(&sm(data_coding, esm_class, &octets));
            match read {
                Ok(Body::Raw { octets: kept, .. }) => prop_assert_eq!(kept, octets),
                Ok(Body::Text(text)) => {
                    prop_assert!(esm_class & 0x40 == 0);
                    // UCS-2 may say U+FFFD itself; elsewhere it would be an octet that was lost.
                    let lost = text.contains(char::REPLACEMENT_CHARACTER);
                    prop_assert!(!lost || data_coding == 8);
                }
                Err(status) => prop_assert!(!status.is_ok()),
            }
        }
    }
}
