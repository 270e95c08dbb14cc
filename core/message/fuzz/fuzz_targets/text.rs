//! Any text goes to any form of carrier within its limits, and is the same text there.
#![no_main]

use carrack_message::mo::{MoPart, Reassembly, ReassemblySettings};
use carrack_message::wire::{
    DataCodings, FlashForm, Latin1Use, LongMethod, NationalLanguage, TextForm, WireAlphabet,
};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Some((&[alphabet, method, national, over], text)) = data.split_first_chunk::<4>() else {
        return;
    };
    let text = String::from_utf8_lossy(text);
    let form = TextForm {
        default_alphabet: [
            WireAlphabet::Gsm7,
            WireAlphabet::Gsm7Packed,
            WireAlphabet::Ascii,
            WireAlphabet::Latin1,
            WireAlphabet::Windows1252,
        ][usize::from(alphabet % 5)],
        data_codings: DataCodings {
            default_alphabet: if alphabet & 0x80 == 0 { 0 } else { 241 },
            ..DataCodings::default()
        },
        data_codings_allowed: if alphabet & 0x40 == 0 {
            &[][..]
        } else {
            &[0, 241, 8]
        }
        .into(),
        latin1: [Latin1Use::Never, Latin1Use::IfGsmSafe, Latin1Use::Always]
            [usize::from(method >> 2) % 3],
        flash: [
            FlashForm::GeneralCoding,
            FlashForm::ClassCoding,
            FlashForm::Subunit,
        ][usize::from(method >> 5) % 3],
        long_method: [LongMethod::Udh, LongMethod::Sar, LongMethod::Payload]
            [usize::from(method) % 3],
        reference_bits: if alphabet & 0x20 == 0 { 8 } else { 16 },
        payload_over: over.into(),
        parts_max: 255,
        national: NationalLanguage::from_identifier(national % 14)
            .into_iter()
            .collect(),
    };
    let Ok(plan) = form.plan(&text) else {
        return;
    };
    let plan = plan.with_flash(method & 0x80 != 0);
    let mut reassembly = Reassembly::new(ReassemblySettings {
        timeout_ns: 1,
        messages_max: 1,
        octets_max: 1 << 20,
    });
    let mut out = Vec::new();
    for part in (0..plan.parts).rev() {
        assert!(out.is_empty());
        let mut octets = Vec::new();
        let encoded = form
            .encode(&plan, &text, part, 0x1234, &mut octets)
            .expect("it is this text's plan");
        assert!(encoded.payload || octets.len() <= 254);
        let part = MoPart {
            tag: 0,
            origin_kind: (1, 1),
            destination_kind: (1, 1),
            origin: b"1",
            destination: b"2",
            data_coding: encoded.data_coding,
            esm_class: encoded.esm_class,
            octets: &octets,
            sar: encoded.sar,
        };
        reassembly.take(0, &form, &part, &mut out);
    }
    assert_eq!(out.len(), 1);
    let returns_joined = |text: &str| {
        let mut joined = String::new();
        for found in text.chars() {
            if found != '\r' || !joined.ends_with('\r') {
                joined.push(found);
            }
        }
        joined
    };
    if plan.alphabet == WireAlphabet::Gsm7Packed {
        // A carriage return at the end of a part may be there twice (TS 23.038, 6.1.2.3.1).
        assert_eq!(returns_joined(&out[0].text), returns_joined(&text));
    } else if plan.parts > 1 && plan.alphabet != WireAlphabet::Ucs2 {
        // One part alone may begin as a header does, and UCS-2 may look turned round: text that nobody writes.
        assert_eq!(out[0].text, text);
    } else {
        assert_eq!((out[0].missing, out[0].parts), (0, plan.parts));
    }
});
