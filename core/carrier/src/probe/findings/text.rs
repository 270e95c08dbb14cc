//! Alphabets, long texts, addresses and parameters: what is taken, and what receipts tell about how it was read.

use carrack_message::alphabet::{gsm7, packed};
use carrack_message::receipt;
use carrack_message::wire::{FlashForm, LongMethod, WireAlphabet};
use carrack_settings::{PlusSign, TonNpiRule};
use carrack_smpp::CommandStatus;

use super::{Finding, Sheet, odd, plain, shown, trouble};
use crate::probe::analysis::Analysis;
use crate::probe::doubt::Verdict;
use crate::probe::message::{CODINGS, Coding, Dress, Method, Purpose};
use crate::probe::observation::SubmitSeen;
use crate::probe::script::VENDOR_TAG;

/// Shortest piece of a text in a receipt that says something about its alphabet.
const ECHO_OCTETS_MIN: usize = 4;

pub(super) fn find(all: &Analysis<'_>, sheet: &mut Sheet) {
    if all.plan.asks(crate::probe::Question::Alphabets) {
        codings(all, sheet);
        echo(all, sheet);
    }
    long_texts(all, sheet);
    addresses(all, sheet);
    parameters(all, sheet);
}

/// It was refused each time, as other messages are as well.
fn open(question: &'static str, what: &str) -> Finding {
    plain(
        question,
        format!(
            "whether it takes {what} is open: each try was refused as plain messages are as well"
        ),
    )
}

fn codings(all: &Analysis<'_>, sheet: &mut Sheet) {
    const DEFAULT: u8 = 0;
    const ASCII: u8 = 1;
    const CLASS_1: u8 = 0xF1;
    // Where nothing at all is taken, it is not for the alphabet.
    if !all.seen.submits.iter().any(SubmitSeen::is_accepted) {
        return;
    }
    let verdicts: Vec<(Coding, Verdict)> = CODINGS
        .iter()
        .filter_map(|coding| Some((*coding, all.verdict(Purpose::Coding(*coding))?)))
        .collect();
    let is = |verdict: Verdict, wanted: Verdict| {
        std::mem::discriminant(&verdict) == std::mem::discriminant(&wanted)
    };
    let of = |wanted: Verdict| {
        let of = verdicts
            .iter()
            .filter(move |(_, verdict)| is(*verdict, wanted));
        of.map(|(coding, _)| *coding).collect::<Vec<Coding>>()
    };
    let list = |codings: &[Coding]| {
        let named = codings.iter();
        let named = named.map(|coding| format!("{:#04x} {}", coding.data_coding, coding.name));
        named.collect::<Vec<_>>().join(", ")
    };
    let any = CommandStatus::ESME_ROK;
    let (taken, refused) = (of(Verdict::Taken), of(Verdict::Refused(any)));
    let unclear = of(Verdict::Unclear(any));
    if taken.is_empty() {
        return;
    }
    sheet.add(plain(
        "alphabets",
        format!("it takes data_coding {}", list(&taken)),
    ));
    if !unclear.is_empty() {
        sheet.add(open(
            "alphabets",
            &format!("data_coding {}", list(&unclear)),
        ));
    }
    if refused.is_empty() {
        return;
    }
    let text = &mut sheet.profile.text;
    let is_taken = |data_coding| taken.iter().any(|coding| coding.data_coding == data_coding);
    // What is not known to be refused stays allowed.
    text.data_codings_allowed = taken
        .iter()
        .chain(&unclear)
        .map(|coding| coding.data_coding)
        .collect();
    text.data_codings_allowed.sort_unstable();
    let seen = format!("refused: {}", list(&refused));
    let refused: Vec<u8> = refused.iter().map(|coding| coding.data_coding).collect();
    let finding = if refused.contains(&DEFAULT) && is_taken(CLASS_1) {
        text.data_codings.default_alphabet = CLASS_1;
        odd(
            "alphabets",
            "T30",
            "dcs-241",
            "it wants data_coding 241 for its default alphabet: ask again with --data-coding 241",
        )
        .keys(&["dcs_map", "dcs_allowed"])
    } else if refused == [ASCII] {
        odd("alphabets", "T30", "dcs-no-1", "it refuses data_coding 1").keys(&["dcs_allowed"])
    } else {
        plain("alphabets", "it refuses some values of data_coding").keys(&["dcs_allowed"])
    };
    if refused.contains(&0x10) && is_taken(0xF0) {
        text.flash = FlashForm::ClassCoding;
    }
    let codings = &text.data_codings;
    let of_texts = [
        codings.default_alphabet,
        codings.ascii,
        codings.latin1,
        codings.ucs2,
    ];
    // A profile under which no text could go helps nobody.
    if !text
        .data_codings_allowed
        .iter()
        .any(|each| of_texts.contains(each))
    {
        text.data_codings_allowed.clear();
    }
    sheet.add(finding.seen(seen));
}

/// How the text of a receipt shows what was read under `data_coding` 0.
fn echo(all: &Analysis<'_>, sheet: &mut Sheet) {
    let place = all.seen.submits.iter().position(|submit| {
        let is_default =
            matches!(submit.message.purpose, Purpose::Coding(coding) if coding.data_coding == 0);
        is_default && submit.is_accepted()
    });
    let Some((place, sent)) = place.and_then(|place| Some((place, all.seen.submits.get(place)?)))
    else {
        return;
    };
    let found = all
        .receipts_of(place)
        .filter(|receipt| receipt.dressing.is_some())
        .find_map(|receipt| receipt::parse(&receipt.text).text);
    let Some(found) = found.filter(|found| found.len() >= ECHO_OCTETS_MIN) else {
        sheet.add(plain("alphabets", "receipts do not show how texts were read: compare what the handset shows with the list of texts in this report"));
        return;
    };
    let octets = &sent.message.octets;
    let text = &mut sheet.profile.text;
    let finding = match read_as(octets, found) {
        ReadAs::Gsm7 => plain(
            "alphabets",
            "data_coding 0 is GSM 7-bit, one septet an octet, as receipts show it",
        ),
        ReadAs::Packed => {
            text.default_alphabet = WireAlphabet::Gsm7Packed;
            odd(
                "alphabets",
                "T28",
                "dc0-packed",
                "data_coding 0 is read as packed septets, as receipts show it",
            )
            .keys(&["dc0_packed"])
        }
        ReadAs::Hidden => plain(
            "alphabets",
            "receipts give texts back octet by octet: what data_coding 0 is must be seen on the handset",
        ),
        ReadAs::Other => trouble(
            "alphabets",
            "T29",
            "",
            "receipts show another text than was sent under data_coding 0: look at the handset",
        )
        .without_quirk()
        .keys(&["dc0_alphabet"]),
    };
    sheet.add(finding.seen(format!("sent {}, receipt {}", shown(octets), shown(found))));
}

/// What an SMSC took octets under `data_coding` 0 for.
#[derive(Debug, PartialEq, Eq)]
enum ReadAs {
    Gsm7,
    Packed,
    /// It gives them back as they came, or hides what cannot be printed.
    Hidden,
    Other,
}

fn read_as(sent: &[u8], found: &[u8]) -> ReadAs {
    let mut septets = Vec::new();
    packed::unpack(sent, 0, packed::septets_held(sent.len(), 0), &mut septets);
    let decoded = |octets: &[u8]| {
        let mut text = String::new();
        gsm7::decode(octets, &mut text);
        text
    };
    let latin: String = sent.iter().map(|octet| char::from(*octet)).collect();
    if begins_with(&decoded(sent), found) {
        ReadAs::Gsm7
    } else if begins_with(&decoded(&septets), found) {
        ReadAs::Packed
    } else if begins_with(&latin, found) || is_replaced(sent, found) {
        ReadAs::Hidden
    } else {
        ReadAs::Other
    }
}

/// Whether only what cannot be printed was put aside, always by the same character.
fn is_replaced(sent: &[u8], found: &[u8]) -> bool {
    let pairs = || sent.iter().zip(found);
    let mut aside = pairs()
        .filter(|(sent, _)| !(0x20..0x7F).contains(*sent))
        .map(|(_, found)| *found);
    let first = aside.next();
    aside.all(|each| Some(each) == first)
        && pairs()
            .filter(|(sent, _)| (0x20..0x7F).contains(*sent))
            .all(|(sent, found)| sent == found)
}

/// Whether octets are the beginning of a text, in Latin-1 or UTF-8.
fn begins_with(text: &str, found: &[u8]) -> bool {
    let latin: Option<Vec<u8>> = text
        .chars()
        .map(|each| u8::try_from(u32::from(each)).ok())
        .collect();
    let trimmed = text.trim_start();
    text.as_bytes().starts_with(found)
        || trimmed.as_bytes().starts_with(found)
        || latin.is_some_and(|latin| latin.starts_with(found))
}

fn long_texts(all: &Analysis<'_>, sheet: &mut Sheet) {
    let verdict = |method: Method| {
        let parts = (1..=method.submits())
            .filter_map(move |part| all.verdict(Purpose::Part { method, part }));
        parts.max_by_key(|verdict| match verdict {
            Verdict::Taken => 0,
            Verdict::Unclear(_) => 1,
            Verdict::Refused(_) => 2,
        })
    };
    let (mut taken, mut refused) = (Vec::new(), Vec::new());
    for method in Method::ALL {
        let Some(verdict) = verdict(method) else {
            continue;
        };
        let finding = match verdict {
            Verdict::Taken => {
                taken.push(method);
                plain(
                    "long-texts",
                    format!("it takes long texts by {}", method.name()),
                )
            }
            Verdict::Refused(status) => {
                refused.push(method);
                plain(
                    "long-texts",
                    format!("it refuses long texts by {}", method.name()),
                )
                .seen(status.to_string())
                .keys(&["long_method"])
            }
            Verdict::Unclear(_) => open("long-texts", &format!("long texts by {}", method.name())),
        };
        sheet.add(finding);
    }
    let text = &mut sheet.profile.text;
    // The usual way stays where nothing speaks against it.
    if !refused.contains(&Method::Udh8) {
        return;
    }
    match taken.first() {
        Some(Method::Udh16) => text.reference_bits = 16,
        Some(Method::Sar) => text.long_method = LongMethod::Sar,
        Some(Method::Payload) => text.long_method = LongMethod::Payload,
        Some(Method::Udh8) | None => {}
    }
}

fn addresses(all: &Analysis<'_>, sheet: &mut Sheet) {
    // A plus proves something only where texts without it were refused.
    let mut samples = all.seen.submits.iter();
    let mut samples = samples
        .by_ref()
        .filter(|submit| submit.message.purpose == Purpose::Sample && submit.answer().is_some())
        .peekable();
    let samples_taken = samples.peek().is_none() || samples.any(SubmitSeen::is_accepted);
    let mut refused = Vec::new();
    for dress in Dress::ALL {
        match all.verdict(Purpose::Dress(dress)) {
            Some(Verdict::Taken) => {
                sheet.add(plain("addresses", format!("it takes a {}", dress.name())));
                if dress == Dress::Plus && !samples_taken {
                    sheet.profile.plus_sign = PlusSign::Always;
                }
            }
            Some(Verdict::Refused(status)) => refused.push(format!("{}: {status}", dress.name())),
            Some(Verdict::Unclear(_)) => {
                sheet.add(open("addresses", &format!("a {}", dress.name())));
            }
            None => {}
        }
    }
    if !refused.is_empty() {
        // Its custom is the usual one, which needs no rule.
        sheet.profile.ton_npi_rules = Vec::<TonNpiRule>::new();
        sheet.add(
            odd(
                "addresses",
                "T38",
                "ton-npi-strict",
                "it refuses types of number and signs that do not fit the address",
            )
            .examples(refused)
            .keys(&["ton_npi_rules", "plus_sign"]),
        );
    }
}

fn parameters(all: &Analysis<'_>, sheet: &mut Sheet) {
    for tag in [carrack_smpp::tag::USER_MESSAGE_REFERENCE, VENDOR_TAG] {
        let Some(verdict) = all.verdict(Purpose::Parameter { tag }) else {
            continue;
        };
        let name = carrack_smpp::tag::name(tag).map_or_else(
            || format!("a vendor's parameter ({tag:#06x})"),
            |name| format!("the parameter {name}"),
        );
        let finding = match verdict {
            Verdict::Taken => plain("parameters", format!("it takes a submit with {name}")),
            Verdict::Refused(status) => {
                let finding = plain("parameters", format!("it refuses a submit with {name}"))
                    .seen(status.to_string());
                if tag == VENDOR_TAG {
                    finding.keys(&["tlv_pass"])
                } else {
                    finding
                }
            }
            Verdict::Unclear(_) => open("parameters", &format!("a submit with {name}")),
        };
        sheet.add(finding);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `@`, pound, dollar, underscore, in GSM 7-bit.
    const SENT: &[u8] = b"\x00\x01\x02\x11 probe";

    #[test]
    fn receipts_tell_how_a_text_was_read() {
        for (found, wanted) in [
            (&b"@\xA3$_ probe"[..], ReadAs::Gsm7),
            ("@\u{a3}$_ pro".as_bytes(), ReadAs::Gsm7),
            (SENT, ReadAs::Hidden),
            (b"???? probe", ReadAs::Hidden),
            (b".... pro", ReadAs::Hidden),
            (b"something else", ReadAs::Other),
        ] {
            assert_eq!(read_as(SENT, found), wanted, "{}", shown(found));
        }
        let mut septets = Vec::new();
        packed::unpack(SENT, 0, packed::septets_held(SENT.len(), 0), &mut septets);
        let mut text = String::new();
        gsm7::decode(&septets, &mut text);
        assert_eq!(read_as(SENT, text.as_bytes()), ReadAs::Packed);
    }
}
