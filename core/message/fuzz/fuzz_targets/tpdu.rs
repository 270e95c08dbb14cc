//! No line of a modem makes the reading of TPDUs panic, and what is read is written as it was.
#![no_main]

use carrack_message::tpdu::{SmsDeliver, SmsStatusReport, SmsSubmit, from_line, to_line};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|octets: &[u8]| {
    let _ = SmsDeliver::of_octets(octets).map(|deliver| deliver.octets());
    let _ = SmsStatusReport::of_octets(octets).map(|report| report.octets());
    let _ = SmsSubmit::of_octets(octets).map(|submit| submit.octets());
    let Ok(line) = std::str::from_utf8(octets) else {
        return;
    };
    if let Ok(pdu) = from_line(line) {
        let written = to_line(&pdu).map(|line| from_line(&line));
        assert_eq!(written, Ok(Ok(pdu)));
    }
});
