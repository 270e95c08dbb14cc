//! Keys of `[[account]]` that say what a customer may and how he is spoken to.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

use std::path::Path;

use carrack_message::Sender;
use carrack_settings::{
    Account, BindKinds, DefaultAlphabet, DuplicatesAnswer, ErrorBody, Faults, IdFormat, MoForm,
    ReceiptDialect, ReceiptError, Settings,
};

fn account(keys: &str) -> Result<Account, Faults> {
    let text = format!(
        "[node]\ndata_dir = \"data\"\n[[account]]\nname = \"shop\"\nsystem_id = \"acme\"\n{keys}\n"
    );
    Settings::parse(&text, "test.toml", Path::new("")).map(|settings| settings.accounts[0].clone())
}

fn with_password(keys: &str) -> Result<Account, Faults> {
    account(&format!("password = \"pw\"\n{keys}"))
}

const HASH: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc";

#[test]
fn an_account_that_says_nothing_may_everything_and_speaks_the_usual() {
    let account = with_password("").unwrap();
    assert_eq!(account.binds, BindKinds::ALL);
    assert!(account.senders.is_empty());
    assert_eq!(account.alphabet, DefaultAlphabet::Gsm7);
    assert_eq!(account.message_id, IdFormat::Hex);
    assert_eq!(account.error_body, ErrorBody::None);
    assert_eq!(account.receipt, ReceiptDialect::default());
    assert_eq!(
        (account.mo_form, account.mo_link_tlv),
        (MoForm::Payload, false)
    );
}

#[test]
fn every_key_is_read() {
    let account = with_password(
        "binds = [\"receiver\", \"transmitter\"]\nsenders = [\"ACME\", \"+447700*\"]\nalphabet = \"latin1\"\n\
         error_body = \"empty_id\"\nmessage_id = \"uuid\"\nreceipt = { err = \"hex\", tlvs = false }\nmo_form = \"parts\"\nmo_link_tlv = true",
    )
    .unwrap();
    assert!(account.binds.receiver && account.binds.transmitter && !account.binds.transceiver);
    let number = Sender::parse("+447700900123").unwrap();
    assert!(account.senders.iter().any(|pattern| pattern.takes(&number)));
    assert_eq!(account.alphabet, DefaultAlphabet::Latin1);
    assert_eq!(account.message_id, IdFormat::Uuid);
    assert_eq!(account.error_body, ErrorBody::EmptyId);
    let receipt = ReceiptDialect {
        err: ReceiptError::Hex,
        tlvs: false,
        ..ReceiptDialect::default()
    };
    assert_eq!(account.receipt, receipt);
    assert_eq!(
        (account.mo_form, account.mo_link_tlv),
        (MoForm::Parts, true)
    );
}

#[test]
fn ids_of_smpp_3_3_are_a_format() {
    let account = with_password("message_id = \"short\"").unwrap();
    assert_eq!(account.message_id, IdFormat::Short);
}

#[test]
fn data_coding_0_has_the_names_of_carrier_profiles() {
    let of = |keys| with_password(keys).unwrap().alphabet;
    use DefaultAlphabet as A;
    assert_eq!(of("alphabet = \"windows1252\""), A::Windows1252);
    assert_eq!(of("dc0_packed = true"), A::Gsm7Packed);
    assert_eq!(of("alphabet = \"gsm7\"\ndc0_packed = true"), A::Gsm7Packed);
    assert_eq!(of("alphabet = \"ascii\"\ndc0_packed = false"), A::Ascii);
}

#[test]
fn passwords_are_long_or_hashed_and_no_fault_shows_one() {
    let of = |password: &str| account(&format!("password = \"{password}\""));
    let long = "p".repeat(64);
    assert_eq!(of(&long).unwrap().password.unwrap().expose(), long);
    assert_eq!(of(HASH).unwrap().password.unwrap().expose(), HASH);
    for bad in [
        "p".repeat(65),
        HASH.replace("id$", "i$"),
        HASH[..60].to_owned(),
    ] {
        let faults = of(&bad).unwrap_err().to_string();
        assert!(faults.contains("test.toml:6: `password`"), "{faults}");
        assert!(!faults.contains(&bad[10..]), "{faults}");
    }
    let key = with_password(&format!("api_key = \"{HASH}\"")).unwrap_err();
    assert!(key.to_string().contains("`api_key`"), "{key}");
}

#[test]
fn what_contradicts_itself_is_a_fault_at_its_line() {
    for (keys, named) in [
        ("binds = []", "`binds`"),
        ("binds = [\"trx\"]", "transceiver"),
        ("senders = [\"*\"]", "leave `senders` out"),
        ("senders = [\"A*B\"]", "`senders`"),
        ("sender = \"OTHER\"\nsenders = [\"ACME\"]", "`sender`"),
        ("alphabet = \"utf16\"", "utf8"),
        ("dc0_packed = true\nalphabet = \"utf8\"", "packs septets"),
        ("error_body = \"nul\"", "empty_id"),
        ("message_id = \"octal\"", "short"),
        ("receipt = { txt = true }", "did you mean `text`?"),
    ] {
        let faults = with_password(keys).unwrap_err().to_string();
        assert!(faults.contains("test.toml:7:"), "{faults}");
        assert!(faults.contains(named), "{faults}");
    }
}

#[test]
fn duplicates_have_a_time_and_an_answer() {
    let read = |keys: &str| with_password(keys).map(|account| account.duplicates.unwrap());
    let duplicates = read("duplicates = { within = \"10m\" }").unwrap();
    assert_eq!(duplicates.within.as_secs(), 600);
    assert_eq!(duplicates.answer, DuplicatesAnswer::Repeat);
    let duplicates =
        read("duplicates = { within = \"2d\", of = \"content\", answer = \"refuse\" }");
    assert_eq!(duplicates.unwrap().answer, DuplicatesAnswer::Refuse);
    for (keys, part) in [
        ("duplicates = {}", "within"),
        ("duplicates = { within = \"3d\" }", "within"),
        ("duplicates = { within = \"1m\", of = \"text\" }", "content"),
        (
            "duplicates = { within = \"1m\", answers = \"refuse\" }",
            "answer",
        ),
    ] {
        let fault = with_password(keys).unwrap_err().to_string();
        assert!(fault.contains(part), "{keys}: {fault}");
    }
}
