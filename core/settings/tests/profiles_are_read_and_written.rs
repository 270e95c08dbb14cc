//! What a profile's file says is what the profile holds, and what is written of a profile reads back as the same.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use carrack_message::ReceiptState;
use carrack_message::carrier_id::{IdBase, IdCase, IdPad};
use carrack_message::receipt::{ReceiptSign, ReceiptSource};
use carrack_message::wire::{FlashForm, Latin1Use, LongMethod, NationalLanguage, WireAlphabet};
use carrack_settings::{
    AddressKind, Bind, ErrorBody, InterfaceVersion, NoResponse, PlusSign, Profile, QueueFullScope,
    SpecLimits, StatusClass, ThrottleMode, TlsUse, TonNpiRule,
};
use proptest::prelude::*;

fn parse(text: &str) -> Profile {
    Profile::parse(text, "north.toml").unwrap_or_else(|faults| panic!("{faults}"))
}

/// A text with every key away from its default.
const WHOLE: &str = "name = \"whole\"\ndescription = \"A \\\"test\\\".\"\ndrawn_from = \"nothing\"\n\
    interface_version = \"5.0\"\nversion_lie_ok = false\nbind = \"receiver\"\nsystem_type = \"VMA\"\naddr_ton = 1\naddr_npi = 2\n\
    addr_range = \"^44\"\nbinds = 3\nwindow = 7\nresp_timeout = \"1m\"\nslot_patience = false\non_resp_timeout = \"query\"\n\
    enquire_idle = \"15s\"\nenquire_misses = 9\nrebind_backoff = { first = \"2s\", max = \"5m\" }\nalready_bound_wait = \"130s\"\n\
    id_submit_base = \"hex\"\nid_receipt_base = \"decimal\"\nid_case = \"keep\"\nid_pad = \"keep\"\nreceipt_source = \"text_first\"\n\
    receipt_grammar = { id_labels = [\"msgid\", \"mid\"], state_labels = \"result\", error_labels = [\"code\"], \
    states = { ARRIVED = \"delivered\", \"GONE AWAY\" = \"undeliverable\" } }\n\
    receipt_esm_rule = \"bits_tlv_or_text\"\nreceipt_tz = \"-03:30\"\nearly_receipt_hold = \"1h\"\nreceipt_query_after = \"2d\"\n\
    status_map = { 0x45 = \"message_fault\", 88 = \"throttled\", 0x400 = \"account_fault\", 0x401 = \"link_fault\" }\n\
    throttle_mode = \"pause\"\npause_on_throttle = \"90s\"\nqueue_full_scope = \"destination\"\nrate_segments = 50\nburst = 5\n\
    dc0_packed = true\ndcs_allowed = [0, 8, 0xF1]\ndcs_map = { default = 0xF1, binary = 2 }\nlatin1 = \"always\"\nflash_form = \"subunit\"\n\
    long_method = \"sar\"\nmax_parts = 8\nref_bits = 16\npayload_over = 140\nnational_tables = [\"turkish\", \"urdu\"]\n\
    ton_npi_rules = [{ kind = \"alphanumeric\", ton = 5, npi = 1 }, { kind = \"short\", ton = 6, npi = 0 }]\nplus_sign = \"always\"\n\
    strict = true\nspec_limits = \"strict\"\nmax_pdu = 4096\n\
    tlv_out = [{ tag = 0x1400, text = \"1101\" }, { tag = 0x1401, c_string = \"x\" }, { tag = 3, hex = \"00ff\" }, { tag = 4, u8 = 7 }, \
    { tag = 5, u16 = 258 }, { tag = 6, u32 = 1 }]\ntlv_pass = [0x1402, 0x1403]\nerror_body = \"empty_id\"\ntls = true\n";

#[test]
fn every_key_is_read() {
    let profile = parse(WHOLE);
    assert_eq!(
        (profile.name.as_str(), profile.description.as_str()),
        ("whole", "A \"test\".")
    );
    assert_eq!(
        (
            profile.interface_version,
            profile.version_lie_ok,
            profile.bind,
            profile.system_type.as_str()
        ),
        (InterfaceVersion::V50, false, Bind::Receiver, "VMA")
    );
    assert_eq!(
        (
            profile.addr_ton,
            profile.addr_npi,
            profile.addr_range.as_str()
        ),
        (1, 2, "^44")
    );
    assert_eq!(
        (profile.binds, profile.window, profile.slot_patience),
        (3, 7, false)
    );
    assert_eq!(
        (profile.resp_timeout, profile.enquire_idle),
        (Duration::from_secs(60), Duration::from_secs(15))
    );
    assert_eq!(
        (profile.on_resp_timeout, profile.enquire_misses),
        (Some(NoResponse::Query), 9)
    );
    assert_eq!(
        (profile.rebind_first, profile.rebind_max),
        (Duration::from_secs(2), Duration::from_secs(300))
    );
    assert_eq!(profile.already_bound_wait, Duration::from_secs(130));
    let ids = profile.ids;
    assert_eq!(
        (ids.submit, ids.receipt, ids.case, ids.pad),
        (IdBase::Hex, IdBase::Decimal, IdCase::Keep, IdPad::Keep)
    );
    assert_eq!(
        (profile.receipt_source, profile.receipt_sign),
        (ReceiptSource::TextFirst, ReceiptSign::BitsTlvOrText)
    );
    let grammar = &profile.receipt_grammar;
    assert_eq!(
        (
            grammar.id_labels.len(),
            &*grammar.id_labels[0],
            &*grammar.state_labels[0]
        ),
        (2, "msgid", "result")
    );
    assert_eq!(
        (&*grammar.error_labels[0], grammar.utc_offset_minutes),
        ("code", -210)
    );
    let state = |word: &str| {
        grammar
            .states
            .iter()
            .find(|(own, _)| &**own == word)
            .map(|(_, state)| *state)
    };
    assert_eq!(state("ARRIVED"), Some(ReceiptState::Delivered));
    assert_eq!(state("GONE AWAY"), Some(ReceiptState::Undeliverable));
    assert_eq!(profile.early_receipt_hold, Some(Duration::from_secs(3_600)));
    assert_eq!(
        profile.receipt_query_after,
        Some(Duration::from_secs(2 * 86_400))
    );
    let map = [
        (0x45, StatusClass::MessageFault),
        (0x58, StatusClass::Throttled),
        (0x400, StatusClass::AccountFault),
        (0x401, StatusClass::LinkFault),
    ];
    assert_eq!(profile.status_map, BTreeMap::from(map));
    assert_eq!(
        (
            profile.throttle_mode,
            profile.pause_on_throttle,
            profile.queue_full_scope
        ),
        (
            ThrottleMode::Pause,
            Duration::from_secs(90),
            QueueFullScope::Destination
        )
    );
    assert_eq!((profile.rate_segments, profile.burst), (Some(50), Some(5)));
    let text = &profile.text;
    assert_eq!(
        (text.default_alphabet, text.latin1, text.flash),
        (
            WireAlphabet::Gsm7Packed,
            Latin1Use::Always,
            FlashForm::Subunit
        )
    );
    assert_eq!(
        (
            text.data_codings_allowed.as_slice(),
            text.data_codings.default_alphabet
        ),
        ([0, 8, 0xF1].as_slice(), 0xF1)
    );
    assert_eq!(
        (
            text.data_codings.binary,
            text.data_codings.ucs2,
            text.long_method
        ),
        (2, 8, LongMethod::Sar)
    );
    assert_eq!(
        (text.parts_max, text.reference_bits, text.payload_over),
        (8, 16, 140)
    );
    assert_eq!(
        text.national.as_slice(),
        [NationalLanguage::Turkish, NationalLanguage::Urdu]
    );
    let rules = [
        TonNpiRule {
            kind: AddressKind::Alphanumeric,
            ton: 5,
            npi: 1,
        },
        TonNpiRule {
            kind: AddressKind::Short,
            ton: 6,
            npi: 0,
        },
    ];
    assert_eq!(profile.ton_npi_rules, rules);
    assert_eq!(
        (profile.plus_sign, profile.strict, profile.spec_limits),
        (PlusSign::Always, true, SpecLimits::Strict)
    );
    let tlvs: Vec<(u16, &[u8])> = profile
        .tlv_out
        .iter()
        .map(|(tag, value)| (*tag, value.as_slice()))
        .collect();
    assert_eq!(
        tlvs,
        [
            (0x1400, b"1101".as_slice()),
            (0x1401, b"x\0"),
            (3, &[0, 255]),
            (4, &[7]),
            (5, &[1, 2]),
            (6, &[0, 0, 0, 1])
        ]
    );
    assert_eq!(
        (profile.max_pdu, profile.tlv_pass.as_slice()),
        (4_096, [0x1402, 0x1403].as_slice())
    );
    assert_eq!(
        (profile.error_body, profile.tls),
        (ErrorBody::EmptyId, TlsUse::Required)
    );
}

#[test]
fn every_key_is_written() {
    let written = parse(WHOLE).to_toml();
    for key in Profile::keys() {
        // The alphabet of a packed form is the default's; its own test is below.
        if key.name != "dc0_alphabet" {
            assert!(
                written.contains(&format!("# {}\n{} = ", key.why, key.name)),
                "{} in\n{written}",
                key.name
            );
        }
    }
    assert_eq!(parse(&written), parse(WHOLE));
    assert!(
        parse("dc0_alphabet = \"latin1\"")
            .to_toml()
            .contains("\ndc0_alphabet = \"latin1\"\n")
    );
    let usual = Profile::default().to_toml();
    assert_eq!(
        usual
            .lines()
            .filter(|line| !line.starts_with('#'))
            .collect::<Vec<_>>(),
        ["name = \"default\""]
    );
}

#[test]
fn an_empty_file_is_the_default_by_the_name_of_the_file() {
    let profile = parse("");
    assert_eq!(
        profile,
        Profile {
            name: "north".to_owned(),
            ..Profile::default()
        }
    );
}

#[test]
fn a_name_is_looked_for_beside_the_configuration_and_then_inside() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::create_dir(dir.path().join("profiles")).unwrap();
    let write = |name: &str, text: &str| std::fs::write(dir.path().join(name), text).unwrap();
    write("profiles/mine.toml", "window = 3\n");
    write("profiles/uuid-ids.toml", "window = 4\n");
    write("other.toml", "window = 5\n");
    let window = |which: &str| Profile::find(which, dir.path()).unwrap().window;
    assert_eq!(
        (
            window("mine"),
            window("uuid-ids"),
            window("other.toml"),
            window("./other.toml")
        ),
        (3, 4, 5, 5)
    );
    let inside = Profile::find("strict-throttle", dir.path()).unwrap();
    assert_eq!(inside.throttle_mode, ThrottleMode::Pause);
    assert_eq!(Profile::load("strict-throttle"), Ok(inside));
    let path = dir.path().join("other.toml");
    assert_eq!(Profile::load(path.to_str().unwrap()).unwrap().name, "other");
    let gone = Profile::find("uuid-idz", dir.path())
        .unwrap_err()
        .to_string();
    assert!(
        gone.contains("profiles/uuid-idz.toml") && gone.contains("did you mean `uuid-ids`?"),
        "{gone}"
    );
    assert!(
        Profile::find("gone.toml", dir.path())
            .unwrap_err()
            .to_string()
            .contains("cannot be read")
    );
    assert!(Profile::built_in("reference").is_none() && Profile::built_in("").is_none());
}

#[test]
fn a_bad_profile_names_all_its_faults_by_line() {
    let text = "name = \"North!\"\nwindw = 5\nwindow = 0\nbind = \"tranceiver\"\nresp_timeout = 10\n\
        rebind_backoff = { first = \"90s\", mx = \"1s\" }\nid_submit_base = \"hexadecimal\"\n\
        receipt_grammar = { id_labels = [\"id:\"], states = { GONE = \"vanished\", \"\" = \"unknown\" } }\nreceipt_tz = \"CET\"\n\
        status_map = { 0x45 = \"elsewhere\", ESME_RTHROTTLED = \"throttled\", 0 = \"retry_here\", 69 = \"next_route\", 0x045 = \"retry_here\" }\n\
        dc0_alphabet = \"latin1\"\ndc0_packed = true\nref_bits = 12\npayload_over = 255\nnational_tables = [\n  \"turkish\",\n  \"klingon\",\n]\n\
        ton_npi_rules = [\n  { kind = \"short\", ton = 3 },\n  { kind = \"short\", ton = 3, npi = 0 },\n  { kind = \"short\", ton = 6, npi = 0 },\n  7,\n]\n\
        tlv_out = [{ tag = 0, text = \"x\" }, { tag = 5, text = \"x\", u8 = 1 }, { tag = 6, hex = \"0\" }]\ntlv_pass = [65536]\ntls = \"yes\"\n";
    let shown = Profile::parse(text, "bad.toml").unwrap_err().to_string();
    let expected = [
        (1, "use 1 to 32 of a-z"),
        (
            2,
            "unknown key `windw` in the profile; did you mean `window`?",
        ),
        (3, "from 1 to 65535"),
        (4, "did you mean `transceiver`?"),
        (5, "a time with its unit"),
        (6, "`first` that is longer than its `max`"),
        (
            6,
            "unknown key `mx` in rebind_backoff of the profile; did you mean `max`?",
        ),
        (7, "one of learn, text, hex, decimal"),
        (8, "without colon"),
        (
            8,
            "`GONE` in states of receipt_grammar of the profile is \"vanished\"",
        ),
        (8, "`` in states of receipt_grammar of the profile has \"\""),
        (9, "hours and minutes east of UTC"),
        (10, "`0x45` in status_map of the profile is \"elsewhere\""),
        (
            10,
            "`ESME_RTHROTTLED` in status_map of the profile is \"ESME_RTHROTTLED\"; write the command_status as a number",
        ),
        (10, "success and no refusal"),
        (10, "is 0x45, which has a class already"),
        (12, "packs septets"),
        (13, "8 or 16"),
        (14, "from 0 to 254"),
        (17, "is \"klingon\""),
        (20, "`npi` is missing in ton_npi_rules of the profile"),
        (22, "has a rule already"),
        (23, "a list of tables"),
        (25, "from 1 to 65535"),
        (25, "one of text, c_string, hex, u8, u16, u32"),
        (25, "pairs of hexadecimal digits"),
        (26, "from 1 to 65535"),
        (27, "true or false"),
    ];
    let lines: Vec<&str> = shown.lines().collect();
    for (line, part) in expected {
        let begin = format!("bad.toml:{line}: ");
        assert!(
            lines
                .iter()
                .any(|shown| shown.starts_with(&begin) && shown.contains(part)),
            "{begin}{part} in\n{shown}"
        );
    }
    assert_eq!(lines.len(), expected.len(), "{shown}");
}

#[test]
fn version_3_3_has_no_parameters() {
    for key in [
        "long_method = \"sar\"",
        "long_method = \"payload\"",
        "flash_form = \"subunit\"",
        "receipt_source = \"tlv_only\"",
        "tlv_pass = [5120]",
    ] {
        let text = format!("interface_version = \"3.3\"\n{key}\n");
        let shown = Profile::parse(&text, "p").unwrap_err().to_string();
        assert!(
            shown.starts_with("p:2: ") && shown.contains("which interface_version \"3.3\" lacks"),
            "{shown}"
        );
        assert!(Profile::parse(&text.replace("3.3", "3.4"), "p").is_ok());
    }
}

fn pick<T: Clone + std::fmt::Debug + 'static>(choices: &'static [T]) -> impl Strategy<Value = T> {
    prop::sample::select(choices)
}

fn millis(range: std::ops::RangeInclusive<u64>) -> impl Strategy<Value = Duration> {
    range.prop_map(Duration::from_millis)
}

fn label() -> impl Strategy<Value = Box<str>> {
    "[!-9;-~]{1,16}".prop_map(String::into_boxed_str)
}

prop_compose! {
    fn session()(
        (version, bind, lie) in (pick(&[InterfaceVersion::V34, InterfaceVersion::V50]), pick(&[Bind::Transceiver, Bind::TransmitterReceiver, Bind::Transmitter, Bind::Receiver]), any::<bool>()),
        (system_type, range, ton, npi) in ("[ -~]{0,12}", "[ -~]{0,40}", any::<u8>(), any::<u8>()),
        (binds, window, misses, patience) in (1..=256u16, 1..=65_535u32, 1..=100u8, any::<bool>()),
        (resp, enquire, first, more, bound) in (millis(10..=3_600_000), millis(1_000..=3_600_000), millis(10..=1_000_000), millis(0..=1_000_000), millis(1..=3_600_000)),
        choice in prop::option::of(pick(&[NoResponse::Resend, NoResponse::Wait, NoResponse::Query, NoResponse::Fail])),
    ) -> Profile {
        Profile {
            interface_version: version, bind, version_lie_ok: lie, system_type, addr_range: range, addr_ton: ton, addr_npi: npi,
            binds, window, enquire_misses: misses, slot_patience: patience, resp_timeout: resp, enquire_idle: enquire,
            rebind_first: first, rebind_max: first + more, already_bound_wait: bound, on_resp_timeout: choice, ..Profile::default()
        }
    }
}

prop_compose! {
    fn receipts(base: Profile)(
        (submit, receipt) in (pick(&[IdBase::Learn, IdBase::Text, IdBase::Hex, IdBase::Decimal]), pick(&[IdBase::Learn, IdBase::Text, IdBase::Hex, IdBase::Decimal])),
        (case, pad) in (pick(&[IdCase::Ignore, IdCase::Keep]), pick(&[IdPad::Ignore, IdPad::Keep])),
        source in pick(&[ReceiptSource::TlvFirst, ReceiptSource::TextFirst, ReceiptSource::TlvOnly, ReceiptSource::TextOnly]),
        sign in pick(&[ReceiptSign::Bits, ReceiptSign::BitsOrTlv, ReceiptSign::BitsTlvOrText]),
        (ids, states, errors) in (prop::collection::vec(label(), 0..4), prop::collection::vec(label(), 0..4), prop::collection::vec(label(), 0..4)),
        words in prop::collection::btree_map(label(), pick(&[ReceiptState::Delivered, ReceiptState::Scheduled, ReceiptState::Skipped, ReceiptState::Unknown]), 0..5),
        offset in -840..=840i16,
        (hold, query) in (prop::option::of(millis(1_000..=604_800_000)), prop::option::of(millis(1_000..=2_592_000_000))),
        map in prop::collection::btree_map(1..=u32::MAX, pick(&[StatusClass::Throttled, StatusClass::QueueFull, StatusClass::RetryHere, StatusClass::NextRoute]), 0..5),
    ) -> Profile {
        let mut profile = base.clone();
        profile.ids = carrack_message::carrier_id::IdRule { submit, receipt, case, pad };
        (profile.receipt_source, profile.receipt_sign) = (source, sign);
        let grammar = &mut profile.receipt_grammar;
        grammar.id_labels = ids.into_iter().collect();
        grammar.state_labels = states.into_iter().collect();
        grammar.error_labels = errors.into_iter().collect();
        grammar.states = words.into_iter().collect();
        grammar.utc_offset_minutes = offset;
        (profile.early_receipt_hold, profile.receipt_query_after, profile.status_map) = (hold, query, map);
        profile
    }
}

prop_compose! {
    fn text_and_pdus(base: Profile)(
        alphabet in pick(&[WireAlphabet::Gsm7, WireAlphabet::Gsm7Packed, WireAlphabet::Ascii, WireAlphabet::Latin1, WireAlphabet::Windows1252]),
        (allowed, codings) in (prop::collection::vec(any::<u8>(), 0..10), prop::sample::subsequence((0..=255u8).collect::<Vec<_>>(), 5).prop_shuffle()),
        (latin1, flash) in (pick(&[Latin1Use::Never, Latin1Use::IfGsmSafe, Latin1Use::Always]), pick(&[FlashForm::GeneralCoding, FlashForm::ClassCoding, FlashForm::Subunit])),
        (method, bits, over, parts) in (pick(&[LongMethod::Udh, LongMethod::Sar, LongMethod::Payload]), pick(&[8u8, 16]), 0..=254u16, 1..=255u8),
        languages in prop::sample::subsequence(vec![NationalLanguage::Turkish, NationalLanguage::Spanish, NationalLanguage::Urdu], 0..=3),
        rules in prop::sample::subsequence(vec![AddressKind::Alphanumeric, AddressKind::International, AddressKind::Short], 0..=3),
        (ton, npi, plus, strict) in (any::<u8>(), any::<u8>(), any::<bool>(), any::<bool>()),
        tlvs in prop::collection::btree_map(1..=u16::MAX, prop_oneof![prop::collection::vec(any::<u8>(), 0..9), "[ -~]{0,9}\0?".prop_map(String::into_bytes)], 0..5),
        (pass, pdu) in (prop::collection::vec(1..=u16::MAX, 0..5), 1_024..=16_777_216u32),
        (rate, burst) in (prop::option::of(1..=1_000_000u32), prop::option::of(1..=1_000_000u32)),
        (mode, pause) in (pick(&[ThrottleMode::Adaptive, ThrottleMode::Fixed, ThrottleMode::Pause]), millis(10..=3_600_000)),
        words in (".{0,20}", "(?s).{0,40}"),
    ) -> Profile {
        let mut profile = base.clone();
        let text = &mut profile.text;
        (text.default_alphabet, text.latin1, text.flash) = (alphabet, latin1, flash);
        let [default_alphabet, ascii, latin, ucs2, binary]: [u8; 5] = codings.try_into().unwrap();
        let some = (!allowed.is_empty()).then_some(ucs2);
        text.data_codings_allowed = allowed.into_iter().chain(some).collect();
        text.data_codings = carrack_message::wire::DataCodings { default_alphabet, ascii, latin1: latin, ucs2, binary };
        (text.long_method, text.reference_bits, text.payload_over, text.parts_max) = (method, bits, over, parts);
        text.national = languages.into_iter().collect();
        profile.ton_npi_rules = rules.into_iter().map(|kind| TonNpiRule { kind, ton, npi }).collect();
        profile.plus_sign = if plus { PlusSign::Always } else { PlusSign::Never };
        profile.error_body = if plus { ErrorBody::EmptyId } else { ErrorBody::None };
        profile.spec_limits = if strict { SpecLimits::Strict } else { SpecLimits::Relaxed };
        profile.queue_full_scope = if strict { QueueFullScope::Destination } else { QueueFullScope::Link };
        profile.tls = if plus { TlsUse::Required } else { TlsUse::Off };
        let leaves_the_text = |tag: &u16| ![0x0204, 0x020C, 0x020E, 0x020F, 0x0424].contains(tag);
        let tlvs = tlvs.into_iter().filter(|(tag, _)| leaves_the_text(tag));
        let pass = pass.into_iter().filter(leaves_the_text).collect();
        let burst = burst.map(|burst| rate.map_or(burst, |rate| rate.min(burst)));
        (profile.strict, profile.tlv_out, profile.tlv_pass, profile.max_pdu) = (strict, tlvs.collect(), pass, pdu);
        (profile.rate_segments, profile.burst, profile.throttle_mode, profile.pause_on_throttle) = (rate, burst, mode, pause);
        (profile.description, profile.drawn_from) = words;
        profile
    }
}

fn any_profile() -> impl Strategy<Value = Profile> {
    session()
        .prop_flat_map(receipts)
        .prop_flat_map(text_and_pdus)
}

proptest! {
    #[test]
    fn what_is_written_reads_back(profile in any_profile()) {
        let text = profile.to_toml();
        let read = Profile::parse(&text, "x.toml");
        prop_assert_eq!(read, Ok(profile), "{}", text);
    }

    /// Whatever the text, there is an answer; and a fault's line is a line of the text.
    #[test]
    fn no_text_panics(
        lines in prop::collection::vec(
            prop_oneof![
                prop::sample::select(WHOLE.lines().collect::<Vec<_>>()).prop_map(str::to_owned),
                (prop::sample::select(Profile::keys().to_vec()), "[0-9\"a-z{}=\\[\\].-]{0,12}").prop_map(|(key, value)| format!("{} = {value}", key.name)),
                ".{0,12}",
            ],
            0..25,
        )
    ) {
        let text = lines.join("\n");
        if let Err(faults) = Profile::parse(&text, "p") {
            prop_assert!(!faults.0.is_empty());
            for fault in &faults.0 {
                prop_assert!(fault.line <= text.split('\n').count(), "{}", fault);
                prop_assert!(!fault.what.contains('\n'), "{:?}", fault);
            }
        }
    }

    /// One line in disorder does not hide the others: each of two faults is told.
    #[test]
    fn faults_do_not_hide_each_other(first in 0..48usize, second in 0..48usize) {
        prop_assume!(first != second);
        let keys = Profile::keys();
        let (first, second) = (keys[first].name, keys[second].name);
        let text = format!("{first} = 1979-05-27\n{second} = 1979-05-27\n");
        let shown = Profile::parse(&text, "p").unwrap_err().to_string();
        prop_assert!(shown.contains(&format!("`{first}`")) && shown.contains(&format!("`{second}`")), "{}", shown);
    }
}

#[test]
fn a_path_that_is_no_file_is_a_fault() {
    let shown = Profile::find("/", Path::new("")).unwrap_err().to_string();
    assert!(shown.contains("cannot be read"), "{shown}");
}

#[test]
fn keys_that_contradict_each_other_are_refused() {
    for (text, key, words) in [
        (
            "rate_segments = 5\nburst = 100",
            "burst",
            "more than rate_segments = 5",
        ),
        ("[dcs_map]\ndefault = 8", "dcs_map", "that of ucs2"),
        ("[dcs_map]\nlatin1 = 4", "dcs_map", "that of binary"),
        ("[dcs_map]\nucs2 = 4", "dcs_map", "ucs2 and binary"),
        ("dcs_allowed = [4]", "dcs_allowed", "no text could go"),
        ("tlv_pass = [0x0424]", "tlv_pass", "message_payload"),
        ("tlv_pass = [0x020C]", "tlv_pass", "sar_msg_ref_num"),
        (
            "[[tlv_out]]\ntag = 0x0424\ntext = \"x\"",
            "tag",
            "message_payload",
        ),
        (
            "[[tlv_out]]\ntag = 0x020E\nu8 = 2",
            "tag",
            "sar_total_segments",
        ),
        (
            "[[tlv_out]]\ntag = 0x0204\nu16 = 2",
            "tag",
            "user_message_reference",
        ),
    ] {
        let shown = Profile::parse(text, "p.toml").unwrap_err().to_string();
        assert!(
            shown.contains(key) && shown.contains(words),
            "{text}: {shown}"
        );
    }
}

#[test]
fn keys_that_go_together_are_taken() {
    for text in [
        "rate_segments = 5\nburst = 5",
        "burst = 100",
        "dcs_allowed = [1]",
        "dcs_allowed = [0]",
        "[dcs_map]\ndefault = 241",
        "tlv_pass = [0x0204, 0x1400]",
    ] {
        assert!(Profile::parse(text, "p.toml").is_ok(), "{text}");
    }
}

#[test]
fn faults_name_a_path_without_a_dot_before_it() {
    let shown = Profile::find("no/such.toml", Path::new("./"))
        .unwrap_err()
        .to_string();
    assert!(shown.starts_with("no/such.toml"), "{shown}");
}
