//! Whatever a modem writes, in whatever pieces, each command ends once.
#![no_main]

use carrack_carrier::modem::at::{Ask, Dialogue, Heard};
use libfuzzer_sys::fuzz_target;

const SECOND_NS: u64 = 1_000_000_000;

fuzz_target!(|octets: &[u8]| {
    let mut dialogue = Dialogue::default();
    let mut heard = Vec::new();
    let (mut now_ns, mut asked) = (0, 0);
    for piece in octets.chunks(7) {
        if dialogue.is_free() {
            asked += 1;
            let ask = Ask {
                pdu: (asked % 2 == 0).then(|| "0011".to_owned()),
                prompt_timeout_ns: SECOND_NS,
                ..Ask::plain(["+CSQ", "+CMGS=2", "+CREG?", "+CMGL=4"][asked % 4], SECOND_NS)
            };
            assert!(dialogue.ask(now_ns, ask));
        }
        dialogue.receive(piece, &mut heard);
        dialogue.output().clear();
        now_ns += SECOND_NS / 8;
        dialogue.tick(now_ns, &mut heard);
    }
    heard.extend(dialogue.abandon().map(Heard::Ended));
    let ended = heard.iter().filter(|found| matches!(found, Heard::Ended(_)));
    assert_eq!(ended.count(), asked);
});
