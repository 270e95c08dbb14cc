//! Any octets as a stream of PDUs: no panic, nothing read outside its frame, and what is read and
//! written again reads the same.
#![no_main]

use carrack_smpp::{
    Body, Oddities, PDU_OCTETS_MAX_DEFAULT, Pdu, Strictness, split_frame, tag, time,
};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|octets: &[u8]| {
    let mut rest = octets;
    while let Ok(Some((pdu, length))) = split_frame(rest, PDU_OCTETS_MAX_DEFAULT) {
        one(&pdu);
        rest = &rest[length..];
    }
    let _ = time::parse(octets);
});

fn one(pdu: &Pdu<'_>) {
    let command_id = pdu.header.command_id;
    let strict = Body::decode(command_id, pdu.body, Strictness::Strict);
    let tolerant = Body::decode(command_id, pdu.body, Strictness::Tolerant);
    if let Ok(strict) = strict {
        let tolerant = tolerant.expect("what the strict take, the tolerant take");
        assert_eq!(strict.value, tolerant.value);
    }
    let Ok(decoded) = tolerant else { return };
    if let Body::Message(sm) | Body::DataSm(sm) = decoded.value {
        if let Some((header, text)) = sm.split_udh() {
            assert_eq!(header.len() + text.len() + 1, sm.user_data().len());
        }
        let _ = sm.tlvs.find_number(tag::MESSAGE_STATE);
        let _ = sm.tlvs.find_cstring(tag::RECEIPTED_MESSAGE_ID);
    }
    let mut again = Vec::new();
    let (status, sequence) = (pdu.header.command_status, pdu.header.sequence_number);
    if decoded
        .value
        .encode(&mut again, command_id, status, sequence)
        .is_err()
    {
        assert!(again.is_empty(), "a refused PDU writes nothing");
        return;
    }
    // A payload that grew out of short_message may pass the default bound by its own header.
    let (written, length) = split_frame(&again, PDU_OCTETS_MAX_DEFAULT + 16)
        .expect("what we write is framed")
        .expect("whole");
    assert_eq!(length, again.len());
    assert_eq!(written.header.sequence_number, sequence);
    if decoded.oddities == Oddities::default() {
        assert_eq!(written.body, pdu.body, "read without oddities, written alike");
    } else {
        Body::decode(command_id, written.body, Strictness::Tolerant).expect("ours reads");
    }
}
