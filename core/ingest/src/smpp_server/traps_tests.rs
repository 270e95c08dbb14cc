//! The traps of real peers (docs/interop.md), from the side of our server: what a customer's program sends, octet by octet.

use super::super::super::message_id;
use super::*;
use crate::accounts::{DefaultAlphabet, Dialect, ErrorBody, IdFormat};
use carrack_engine::Submission;
use carrack_message::record::Body;
use carrack_smpp::{DeliverSm, Header, Strictness, encode_bind, tag, write_tlv};

#[path = "alphabet_tests.rs"]
mod alphabets;

const REFUSED: Result<Body, CommandStatus> = Err(CommandStatus::ESME_RINVPARLEN);
const UDHI: u8 = 0x40;
const PART: &[u8] = b"\x05\x00\x03\x07\x02\x01";

/// What the server wrote: header and body.
type Told = (Header, Vec<u8>);

/// A program that writes what it likes.
struct Odd {
    connection: Connection<u32>,
    office: Office,
    now: Now,
}

/// The body of a `submit_sm`, with nothing put right.
struct Written<'a> {
    service_type: &'a [u8],
    esm_class: u8,
    data_coding: u8,
    /// None: as many as there are.
    sm_length: Option<u8>,
    short_message: &'a [u8],
    tlvs: &'a [u8],
}

const WRITTEN: Written<'static> = Written {
    service_type: b"",
    esm_class: 0,
    data_coding: 0,
    sm_length: None,
    short_message: b"hello",
    tlvs: b"",
};

impl Written<'_> {
    fn body(&self) -> Vec<u8> {
        let mut body = self.service_type.to_vec();
        body.extend(b"\0\x05\0ACME\0\x01\x01447700900123\0");
        body.extend([self.esm_class, 0, 0, 0, 0, 1, 0, self.data_coding, 0]);
        let length = u8::try_from(self.short_message.len());
        body.push(self.sm_length.unwrap_or_else(|| length.unwrap()));
        body.extend(self.short_message);
        body.extend(self.tlvs);
        body
    }
}

fn pdu(command: CommandId, status: u32, sequence: u32, body: &[u8]) -> Vec<u8> {
    let length = 16 + body.len() as u32;
    let mut pdu = Vec::new();
    for number in [length, command.0, status, sequence] {
        pdu.extend(number.to_be_bytes());
    }
    pdu.extend(body);
    pdu
}

fn payload(octets: &[u8]) -> Vec<u8> {
    let mut tlvs = Vec::new();
    write_tlv(&mut tlvs, tag::MESSAGE_PAYLOAD, octets).unwrap();
    tlvs
}

impl Odd {
    fn connected(spec: AccountSpec, settings: ServerSettings) -> Self {
        let now = Now {
            mono_ns: SECOND_NS,
            utc_ns: 1_800_000_000 * SECOND_NS,
        };
        Self {
            connection: Connection::new(settings, 1, now.mono_ns),
            office: Office::new(spec),
            now,
        }
    }

    fn bound(spec: AccountSpec) -> Self {
        let mut odd = Self::connected(spec, ServerSettings::default());
        let told = odd.says(&script());
        assert!(told[0].0.command_status.is_ok());
        odd
    }

    fn speaking(dialect: Dialect) -> Self {
        Self::bound(AccountSpec { dialect, ..spec() })
    }

    fn told(&mut self) -> Vec<Told> {
        self.connection.settle(self.now.mono_ns, &mut self.office);
        let mut told = Vec::new();
        let left = std::mem::take(self.connection.output());
        let mut left = &left[..];
        while let Some((pdu, octets)) = split_frame(left, 100_000).unwrap() {
            told.push((pdu.header, pdu.body.to_vec()));
            left = &left[octets..];
        }
        assert!(left.is_empty());
        told
    }

    fn says(&mut self, octets: &[u8]) -> Vec<Told> {
        self.connection.receive(self.now, octets, &mut self.office);
        self.told()
    }

    /// Submits; gives what was taken, or the status it is refused by. Either way it is answered once and the bind stays.
    fn submits(&mut self, written: &Written<'_>) -> Result<Submission, CommandStatus> {
        let submit = pdu(CommandId::SUBMIT_SM, 0, 77, &written.body());
        let mut told = self.says(&submit);
        let taken = self.connection.take_submits(9).map(|mut submits| {
            assert!(told.is_empty());
            let verdicts = [Verdict::Accepted(MessageId(1))];
            self.connection.verdicts(&submits.asked, &verdicts);
            submits.submissions.remove(0)
        });
        if taken.is_some() {
            told = self.told();
        }
        assert!(self.connection.closing().is_none());
        let [(header, _)] = &told[..] else {
            panic!("{told:?}");
        };
        assert_eq!(
            (header.command_id, header.sequence_number),
            (CommandId::SUBMIT_SM_RESP, 77)
        );
        assert_eq!(header.command_status.is_ok(), taken.is_some());
        taken.ok_or(header.command_status)
    }

    /// As [`submits`](Self::submits), of these octets.
    fn sends(&mut self, data_coding: u8, esm_class: u8, octets: &[u8]) -> Body {
        let tlvs = payload(octets);
        let short = octets.len() <= 254;
        let written = Written {
            data_coding,
            esm_class,
            short_message: if short { octets } else { b"" },
            tlvs: if short { b"" } else { &tlvs },
            ..WRITTEN
        };
        self.submits(&written).unwrap().body
    }
}

fn text(text: &str) -> Body {
    Body::Text(text.to_owned())
}

fn raw(data_coding: u8, esm_class: u8, octets: &[u8]) -> Body {
    Body::Raw {
        data_coding,
        esm_class,
        octets: octets.to_vec(),
    }
}

#[test]
fn t03_ids_told_to_a_customer_are_in_the_form_of_the_account_everywhere() {
    for format in [IdFormat::Hex, IdFormat::Decimal, IdFormat::Uuid] {
        let mut odd = Odd::speaking(Dialect {
            message_id: format,
            ..Dialect::default()
        });
        // The id of the receipt below.
        let mut id = Vec::new();
        message_id::write(format, MessageId(8), &mut id);
        odd.says(&pdu(CommandId::SUBMIT_SM, 0, 2, &WRITTEN.body()));
        let asked = odd.connection.take_submits(9).unwrap().asked;
        odd.connection
            .verdicts(&asked, &[Verdict::Accepted(MessageId(8))]);
        let with_nul = [&id[..], b"\0"].concat();
        assert_eq!(odd.told()[0].1, with_nul);
        odd.connection.news();
        odd.connection.tellings(vec![telling(7)]);
        let (header, body) = odd.told().remove(0);
        assert_eq!(header.command_id, CommandId::DELIVER_SM);
        let receipt = DeliverSm::decode(&body, Strictness::Strict).unwrap().value;
        let line = [b"id:", &id[..], b" "].concat();
        assert!(receipt.user_data().starts_with(&line), "{format:?}");
        let told = receipt.tlvs.find(tag::RECEIPTED_MESSAGE_ID).unwrap();
        assert_eq!(told.strip_suffix(b"\0").unwrap_or(told), id);
    }
}

#[test]
fn t03_id_of_any_length_from_a_customer_is_answered_and_is_no_fault_of_the_pdu() {
    use CommandStatus as S;
    for length in [0, 1, 8, 9, 31, 33, 64, 65, 66, 254, 255] {
        let mut odd = Odd::bound(spec());
        let mut id = vec![b'9'; length];
        id.push(0);
        let replace = [&id[..], b"\0\0\0\0\0\x01\0\x02hi"].concat();
        for (command, body, status) in [
            (
                CommandId::QUERY_SM,
                [&id[..], b"\0\0\0"].concat(),
                S::ESME_RINVMSGID,
            ),
            (
                CommandId::CANCEL_SM,
                [b"\0", &id[..], b"\0\0\0\0\0\0"].concat(),
                if length == 0 {
                    S::ESME_RCANCELFAIL
                } else {
                    S::ESME_RINVMSGID
                },
            ),
            (CommandId::REPLACE_SM, replace, S::ESME_RINVMSGID),
        ] {
            let told = odd.says(&pdu(command, 0, 5, &body));
            let [(header, _)] = &told[..] else {
                panic!("{told:?}");
            };
            assert_eq!(
                (
                    header.command_id,
                    header.command_status,
                    header.sequence_number
                ),
                (command.response(), status, 5),
                "{length}"
            );
        }
        assert!(odd.connection.next_question().is_none());
        assert_eq!(odd.connection.session().counters().malformed_bodies, 0);
        assert!(odd.connection.closing().is_none());
    }
}

#[test]
fn t17_errors_to_a_customer_have_one_nul_where_his_account_asks_and_else_nothing() {
    let speaking = |error_body| Dialect {
        error_body,
        ..Dialect::default()
    };
    let refused = Written {
        esm_class: UDHI,
        ..WRITTEN
    };
    let refused = pdu(CommandId::SUBMIT_SM, 0, 5, &refused.body());
    let query = pdu(CommandId::QUERY_SM, 0, 6, b"no id\0\0\0\0");
    let mut odd = Odd::speaking(speaking(ErrorBody::EmptyId));
    for (error_body, body) in [
        (ErrorBody::EmptyId, &b"\0"[..]),
        (ErrorBody::None, b""),
        (ErrorBody::EmptyId, b"\0"),
    ] {
        // The bind stays where the account changes.
        let account = AccountSpec {
            dialect: speaking(error_body),
            ..spec()
        };
        let book = Accounts::build(&[account], |_| Some(7)).unwrap();
        let account = Arc::clone(book.by_name("shop").unwrap());
        odd.connection.retune(odd.now.mono_ns, Some(account));
        let told = odd.says(&refused);
        assert_eq!(told[0].0.command_status, CommandStatus::ESME_RINVPARLEN);
        assert_eq!(told[0].1, body);
        // What has no string first in its body is a header alone for everybody.
        let told = odd.says(&query);
        assert_eq!(told[0].0.command_status, CommandStatus::ESME_RINVMSGID);
        assert!(odd.submits(&WRITTEN).is_ok());
    }
    // As it is bound.
    let mut odd = Odd::speaking(speaking(ErrorBody::EmptyId));
    assert_eq!(odd.says(&refused)[0].1, b"\0");
}

#[test]
fn t23_customer_that_answers_no_enquire_link_is_left_after_two_and_not_while_it_talks() {
    let settings = || ServerSettings {
        enquire_link_idle_ns: 10 * SECOND_NS,
        response_timeout_ns: 5 * SECOND_NS,
        ..ServerSettings::default()
    };
    for talks in [false, true] {
        let mut odd = Odd::connected(spec(), settings());
        odd.says(&script());
        let mut asked = 0;
        for second in 0..600 {
            odd.now.mono_ns += SECOND_NS;
            let told = match talks {
                true => odd.says(&pdu(CommandId::ENQUIRE_LINK, 0, second, b"")),
                false => odd.told(),
            };
            let is_question = |told: &&Told| told.0.command_id == CommandId::ENQUIRE_LINK;
            asked += told.iter().filter(is_question).count();
            if odd.connection.closing().is_some() {
                break;
            }
        }
        let left = (!talks).then_some(CloseReason::EnquireLinkUnanswered);
        assert_eq!(odd.connection.closing(), left);
        assert_eq!(asked, if talks { 0 } else { 2 });
    }
}

#[test]
fn t29_default_alphabet_of_a_customer_is_what_the_account_says() {
    use DefaultAlphabet as A;
    let latin: String = ('\u{20}'..='\u{7e}').chain('\u{a0}'..='\u{ff}').collect();
    let latin_octets: Vec<u8> = (0x20..=0x7e).chain(0xa0..=0xff).collect();
    let ascii: String = (' '..='~').collect();
    for (alphabet, octets, meant) in [
        (
            A::Gsm7,
            &b"\x00\x01\x02\x03\x1b\x65 \x1b\x3c\x1b\x3e\x40\x24\x11"[..],
            "@£$¥€ []¡¤_",
        ),
        (A::Latin1, &latin_octets, &latin[..]),
        (A::Ascii, ascii.as_bytes(), &ascii),
        (A::Utf8, "@$_[]é€я😀".as_bytes(), "@$_[]é€я😀"),
    ] {
        let mut odd = Odd::speaking(Dialect {
            alphabet,
            ..Dialect::default()
        });
        assert_eq!(odd.sends(0, 0, octets), text(meant), "{alphabet:?}");
        // What says itself what it is, is that whatever the account says.
        assert_eq!(odd.sends(3, 0, b"\xe9"), text("é"));
        assert_eq!(odd.sends(1, 0, b"@_"), text("@_"));
        assert_eq!(odd.sends(8, 0, b"\x04\x4f"), text("я"));
    }
}

#[test]
fn t29_no_octet_of_a_customer_is_dropped_silently_in_any_alphabet() {
    use DefaultAlphabet as A;
    for (alphabet, data_coding) in [(A::Gsm7, 0), (A::Latin1, 3), (A::Ascii, 1), (A::Utf8, 1)] {
        let mut odd = Odd::speaking(Dialect {
            alphabet,
            ..Dialect::default()
        });
        for octet in 0..=255_u8 {
            let octets = [b'a', octet, b'z'];
            let written = Written {
                short_message: &octets,
                ..WRITTEN
            };
            match odd.submits(&written).map(|taken| taken.body) {
                Ok(Body::Text(text)) => {
                    assert!(!text.contains('\u{fffd}'), "{alphabet:?} {octet:#x}");
                    assert!(text.starts_with('a') && text.ends_with('z') && text.len() > 2);
                }
                Ok(other) => assert_eq!(other, raw(data_coding, 0, &octets)),
                Err(status) => assert_eq!(
                    (alphabet, status),
                    (A::Utf8, CommandStatus::ESME_RSUBMITFAIL)
                ),
            }
        }
    }
}

#[test]
fn t32_odd_ucs2_of_a_customer_is_mended_where_that_can_be_told_and_else_untouched() {
    let mut odd = Odd::bound(spec());
    let little =
        |text: &str| -> Vec<u8> { text.encode_utf16().flat_map(u16::to_le_bytes).collect() };
    let big = |text: &str| -> Vec<u8> { text.encode_utf16().flat_map(u16::to_be_bytes).collect() };
    for meant in ["Hello, world", "Привет мир, как дела?", "ok 😀 done"] {
        for octets in [
            big(meant),
            little(meant),
            [b"\xfe\xff", &big(meant)[..]].concat(),
            [b"\xff\xfe", &little(meant)[..]].concat(),
            [&big(meant)[..], b"\0"].concat(),
        ] {
            assert_eq!(odd.sends(8, 0, &octets), text(meant), "{octets:x?}");
        }
    }
    for octets in [
        // Halves of pairs, an octet too many, a mark and nothing behind it.
        &b"\xd8\x3d"[..],
        b"\x00A\xd8\x3d",
        b"\xde\x00\x00A",
        b"\x00A\x42",
        b"\xfe\xff",
    ] {
        assert_eq!(odd.sends(8, 0, octets), raw(8, 0, octets));
    }
}

#[test]
fn t32_pair_that_a_customer_cut_between_two_parts_goes_on_as_it_came() {
    let mut odd = Odd::bound(spec());
    for half in [b"\xd8\x3d", b"\xde\x00"] {
        let part = [PART, b"\x00A", half].concat();
        assert_eq!(odd.sends(8, UDHI, &part), raw(8, UDHI, &part));
    }
}

#[test]
fn t34_lengths_at_the_edge_from_a_customer_keep_every_octet() {
    let mut odd = Odd::bound(spec());
    for length in [0, 1, 160, 253, 254, 255] {
        let octets = vec![b'a'; length];
        let written = Written {
            short_message: &octets,
            ..WRITTEN
        };
        let meant = "a".repeat(length);
        let body = match length {
            0 => raw(0, 0, b""),
            _ => text(&meant),
        };
        assert_eq!(odd.submits(&written).unwrap().body, body, "{length}");
    }
    for length in [1, 254, 255, 256, 1000] {
        let octets = vec![b'a'; length];
        let written = Written {
            short_message: b"",
            tlvs: &payload(&octets),
            ..WRITTEN
        };
        let taken = odd.submits(&written).unwrap();
        assert_eq!(taken.body, text(&"a".repeat(length)));
    }
}

#[test]
fn t34_payload_beside_a_short_message_wins_and_neither_is_an_empty_message() {
    let mut odd = Odd::bound(spec());
    let both = Written {
        short_message: b"the text",
        tlvs: &payload(b"the payload"),
        ..WRITTEN
    };
    assert_eq!(odd.submits(&both).unwrap().body, text("the payload"));
    let neither = Written {
        short_message: b"",
        ..WRITTEN
    };
    assert_eq!(odd.submits(&neither).unwrap().body, raw(0, 0, b""));
    let empty_payload = Written {
        short_message: b"the text",
        tlvs: &payload(b""),
        ..WRITTEN
    };
    assert_eq!(odd.submits(&empty_payload).unwrap().body, text("the text"));
    let mut oddities = odd.connection.session().counters().oddities.iter();
    assert!(oddities.any(|(_, count)| count == 1), "counted");
}

#[test]
fn t34_length_beyond_the_octets_of_a_customer_reads_nothing_else() {
    let mut odd = Odd::bound(spec());
    for (sm_length, taken) in [
        (6, Ok(text("hello"))),
        (7, REFUSED),
        (254, REFUSED),
        (255, REFUSED),
    ] {
        let written = Written {
            sm_length: Some(sm_length),
            ..WRITTEN
        };
        let body = odd.submits(&written).map(|taken| taken.body);
        assert_eq!(body, taken, "{sm_length}");
    }
}

#[test]
fn t36_header_of_a_customer_whose_bit_is_missing_gets_it() {
    for alphabet in [
        DefaultAlphabet::Gsm7,
        DefaultAlphabet::Latin1,
        DefaultAlphabet::Ascii,
        DefaultAlphabet::Utf8,
    ] {
        let mut odd = Odd::speaking(Dialect {
            alphabet,
            ..Dialect::default()
        });
        for header in [PART, b"\x06\x08\x04\x07\x08\x02\x01"] {
            let part = [header, b"hello"].concat();
            let said = odd.sends(0, UDHI, &part);
            assert!(matches!(
                said,
                Body::Raw {
                    esm_class: UDHI,
                    ..
                }
            ));
            assert_eq!(odd.sends(0, 0, &part), said, "{alphabet:?}");
            let ucs2 = [header, b"\x04\x2f"].concat();
            assert_eq!(odd.sends(8, 0, &ucs2), raw(8, UDHI, &ucs2));
        }
    }
}

#[test]
fn t36_text_of_a_customer_that_only_begins_like_a_header_stays_text() {
    let mut odd = Odd::bound(spec());
    for (octets, meant) in [
        // The third part of two; one part of one; a wrong length; nothing else of a header.
        (&b"\x05\x00\x03\x07\x02\x03hello"[..], "é@¥ì$¥hello"),
        (b"\x05\x00\x03\x07\x01\x01hello", "é@¥ì££hello"),
        (b"\x05\x00\x02\x07\x02\x01hello", "é@$ì$£hello"),
        (b"\x05hello", "éhello"),
    ] {
        assert_eq!(odd.sends(0, 0, octets), text(meant));
    }
}

#[test]
fn t36_bit_of_a_customer_without_a_header_that_fits_is_refused_and_not_guessed() {
    let mut odd = Odd::bound(spec());
    for octets in [&b""[..], b"\x05\x00\x03", b"hello", b"\xff"] {
        let written = Written {
            esm_class: UDHI,
            short_message: octets,
            ..WRITTEN
        };
        let refused = odd.submits(&written).map(|taken| taken.body);
        assert_eq!(refused, Err(CommandStatus::ESME_RINVPARLEN));
    }
    // Reply path is no header.
    assert_eq!(odd.sends(0, 0x80, b"hello"), text("hello"));
    let part = [PART, b"hello"].concat();
    assert_eq!(odd.sends(0, 0x80 | UDHI, &part), raw(0, UDHI, &part));
}

#[test]
fn t37_password_of_a_customer_may_have_64_octets_and_is_compared_whole() {
    let long = "p".repeat(64);
    for (octets, status) in [
        (64, CommandStatus::ESME_ROK),
        (63, CommandStatus::ESME_RINVPASWD),
        (65, CommandStatus::ESME_RINVPASWD),
        (8, CommandStatus::ESME_RINVPASWD),
        (9, CommandStatus::ESME_RINVPASWD),
        (1000, CommandStatus::ESME_RINVPARLEN),
    ] {
        let account = AccountSpec {
            password: Some(long.as_str().into()),
            ..spec()
        };
        let mut odd = Odd::connected(account, ServerSettings::default());
        let password = vec![b'p'; octets];
        let body = [&b"acme\0"[..], &password, b"\0\0\x34\0\0\0"].concat();
        let told = odd.says(&pdu(CommandId::BIND_TRANSCEIVER, 0, 1, &body));
        assert_eq!(told[0].0.command_status, status, "{octets}");
    }
}

#[test]
fn t37_system_type_and_long_strings_of_a_customer_are_no_reason_to_refuse() {
    let long = "a-system-id-of-more-than-16-octets";
    for system_type in [
        &b""[..],
        b"VMA",
        b"anything",
        b"more than twelve characters",
    ] {
        let account = AccountSpec {
            system_id: Some(long.into()),
            ..spec()
        };
        let mut odd = Odd::connected(account, ServerSettings::default());
        let mut bind = Vec::new();
        let asked = Bind {
            system_id: long.as_bytes(),
            password: b"pw",
            system_type,
            interface_version: 0x34,
            address_range: b"an address range that is longer than forty-one octets",
            ..Bind::default()
        };
        encode_bind(&mut bind, 1, BindKind::Transceiver, &asked).unwrap();
        let told = odd.says(&bind);
        assert!(told[0].0.command_status.is_ok());
        for service_type in [&b""[..], b"CMT", b"WAP", b"sixsix", b"longer than six"] {
            let written = Written {
                service_type,
                ..WRITTEN
            };
            assert_eq!(odd.submits(&written).unwrap().body, text("hello"));
        }
    }
}

#[test]
fn t42_nack_of_a_customer_completes_what_it_names_and_one_that_names_none_nothing() {
    let mut odd = Odd::bound(spec());
    odd.connection.news();
    odd.connection.tellings(vec![telling(3)]);
    let first = odd.told().remove(0).0;
    let nameless = pdu(CommandId::GENERIC_NACK, 3, 0, b"");
    assert!(odd.says(&nameless).is_empty());
    assert!(odd.connection.news().told.is_empty());
    // Named: an error by which it is not told, so it comes again.
    assert!(
        odd.says(&pdu(CommandId::GENERIC_NACK, 3, first.sequence_number, b""))
            .is_empty()
    );
    assert!(odd.connection.news().told.is_empty());
    odd.now.mono_ns += 2 * SECOND_NS;
    let again = odd.told().remove(0).0;
    assert_eq!(again.command_id, CommandId::DELIVER_SM);
    assert_ne!(again.sequence_number, first.sequence_number);
    odd.says(&pdu(
        CommandId::DELIVER_SM_RESP,
        0,
        again.sequence_number,
        b"\0",
    ));
    assert_eq!(odd.connection.news().told, [3]);
    assert!(odd.connection.closing().is_none());
    for _ in 0..17 {
        odd.says(&nameless);
    }
    assert_eq!(odd.connection.closing(), Some(CloseReason::TooManyNacks));
}

#[test]
fn t42_unknown_requests_of_a_customer_are_nacked_and_the_bind_stays() {
    let mut odd = Odd::bound(spec());
    for command in [0_u32, 0x0A, 0x0001_0203, 0x7FFF_FFFF] {
        let told = odd.says(&pdu(CommandId(command), 0, 31, b"whatever"));
        let [(header, body)] = &told[..] else {
            panic!("{told:?}");
        };
        assert_eq!(
            (
                header.command_id,
                header.command_status,
                header.sequence_number
            ),
            (CommandId::GENERIC_NACK, CommandStatus::ESME_RINVCMDID, 31)
        );
        assert!(body.is_empty());
    }
    assert_eq!(odd.submits(&WRITTEN).unwrap().body, text("hello"));
}
