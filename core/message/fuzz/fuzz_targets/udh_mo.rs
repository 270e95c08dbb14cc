//! Whatever octets come as parts: nothing panics, bounds hold, each part is handed over once.
#![no_main]

use carrack_message::mo::{MoPart, Reassembly, ReassemblySettings, Taken};
use carrack_message::wire::{LongMethod, Sar, TextForm, WireAlphabet};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let mut reassembly = Reassembly::new(ReassemblySettings {
        timeout_ns: 50,
        messages_max: 4,
        octets_max: 400,
    });
    let (mut rest, mut now_ns, mut taken, mut out) = (data, 0, 0_usize, Vec::new());
    while let Some((&[kind, length, data_coding, esm_class, later], after)) =
        rest.split_first_chunk::<5>()
    {
        let (octets, after) = after.split_at(usize::from(length).min(after.len()));
        rest = after;
        now_ns += u64::from(later);
        let form = TextForm {
            default_alphabet: [
                WireAlphabet::Gsm7,
                WireAlphabet::Gsm7Packed,
                WireAlphabet::Latin1,
            ][usize::from(kind % 3)],
            long_method: [LongMethod::Udh, LongMethod::Sar, LongMethod::Payload]
                [usize::from(kind >> 2) % 3],
            reference_bits: if kind & 0x40 == 0 { 8 } else { 16 },
            ..TextForm::default()
        };
        let sar = (kind & 0x80 != 0).then_some(Sar {
            reference: u16::from(kind),
            total: later % 5,
            part: esm_class % 5,
        });
        let part = MoPart {
            tag: 0,
            origin_kind: (1, 1),
            destination_kind: (1, 1),
            origin: b"1",
            destination: b"2",
            data_coding,
            esm_class,
            octets,
            sar,
        };
        taken += usize::from(reassembly.take(now_ns, &form, &part, &mut out) != Taken::Repeated);
        reassembly.expire(now_ns, &mut out);
        assert!(reassembly.waiting() <= 4 && reassembly.octets() <= 400);
        let mut converted = vec![7];
        match form.convert(data_coding, esm_class, octets, &mut converted) {
            Ok(encoded) => assert!(encoded.payload || converted.len() <= 255),
            Err(_) => assert_eq!(converted, [7]),
        }
        let mut text = String::new();
        let decoded = form.decode(data_coding, esm_class, octets, &mut text);
        assert!(decoded.header_octets <= octets.len());
    }
    reassembly.expire(u64::MAX, &mut out);
    let parts: usize = out
        .iter()
        .map(|mo| usize::from(mo.parts - mo.missing))
        .sum();
    assert_eq!(parts, taken);
});
