//! Senders are told apart as carriers expect them (T38).
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

use carrack_message::alphabet::gsm7;
use carrack_message::sender::{Sender, SenderFault, SenderKind};
use carrack_message::{Msisdn, NumberFault};
use proptest::prelude::*;

fn parsed(text: &str) -> (u8, u8, String) {
    let sender = Sender::parse(text).unwrap();
    (sender.ton(), sender.npi(), sender.as_str().to_owned())
}

#[test]
fn names_short_codes_and_numbers_get_their_type_and_plan() {
    for (text, ton, npi, address) in [
        ("Carrack", 5, 0, "Carrack"),
        ("  My Bank-1. ", 5, 0, "My Bank-1."),
        ("A", 5, 0, "A"),
        ("12345678901", 1, 1, "12345678901"),
        ("€€€€€", 5, 0, "€€€€€"),
        (
            "\u{3a9}\u{3a9}\u{3a9}\u{3a9}\u{3a9}\u{3a9}\u{3a9}\u{3a9}\u{3a9}\u{3a9}\u{3a9}",
            5,
            0,
            "\u{3a9}\u{3a9}\u{3a9}\u{3a9}\u{3a9}\u{3a9}\u{3a9}\u{3a9}\u{3a9}\u{3a9}\u{3a9}",
        ),
        ("123", 3, 0, "123"),
        ("12345678", 3, 0, "12345678"),
        ("80-888", 3, 0, "80888"),
        ("123456789", 1, 1, "123456789"),
        ("+44 7911 123456", 1, 1, "447911123456"),
        ("00447911123456", 1, 1, "447911123456"),
        ("+1234567", 1, 1, "1234567"),
        ("1-800-CALL", 5, 0, "1-800-CALL"),
    ] {
        assert_eq!(parsed(text), (ton, npi, address.to_owned()), "{text:?}");
    }
}

#[test]
fn a_wrong_sender_is_refused_for_its_reason() {
    let fault = |text: &str| Sender::parse(text).unwrap_err();
    assert_eq!(fault(""), SenderFault::Empty);
    assert_eq!(fault(" \t"), SenderFault::Empty);
    assert_eq!(fault("TwelveLetter"), SenderFault::TooLong { septets: 12 });
    assert_eq!(fault("€€€€€€"), SenderFault::TooLong { septets: 12 });
    assert_eq!(
        fault("Банк"),
        SenderFault::Character {
            position: 0,
            found: 'Б'
        }
    );
    assert_eq!(
        fault("a\nb"),
        SenderFault::Character {
            position: 1,
            found: '\n'
        }
    );
    assert_eq!(fault("12"), SenderFault::TooFewDigits { digits: 2 });
    assert_eq!(
        fault("07911123456"),
        SenderFault::Number(NumberFault::LeadingZero)
    );
    assert_eq!(
        fault("+1234"),
        SenderFault::Number(NumberFault::TooShort { digits: 4 })
    );
    assert_eq!(
        fault("1234567890123456"),
        SenderFault::Number(NumberFault::TooLong { digits: 16 })
    );
}

proptest! {
    #[test]
    fn what_was_read_is_read_again_the_same(text in "[ -~à-üА-я€]{0,16}") {
        if let Ok(sender) = Sender::parse(&text) {
            let again = match sender.kind() {
                SenderKind::International => Sender::parse(&format!("+{sender}")),
                _ => Sender::parse(sender.as_str()),
            };
            prop_assert_eq!(again, Ok(sender));
            prop_assert!(sender.as_bytes().len() <= 22);
            if sender.kind() == SenderKind::Alphanumeric {
                prop_assert!(gsm7::fits(sender.as_str()).unwrap() <= 11);
            } else {
                prop_assert!(sender.as_bytes().iter().all(u8::is_ascii_digit));
            }
        }
    }

    #[test]
    fn no_text_panics(text in any::<String>()) {
        let _ = Sender::parse(&text);
    }

    #[test]
    fn a_number_is_a_sender(value in 1_000_000_u64..1_000_000_000_000_000) {
        let sender = Sender::from(Msisdn::from_u64(value).unwrap());
        prop_assert_eq!((sender.ton(), sender.npi()), (1, 1));
        prop_assert_eq!(sender.to_string(), value.to_string());
    }
}
