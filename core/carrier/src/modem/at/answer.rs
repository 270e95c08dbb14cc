//! How a command ended (3GPP TS 27.007, 9.2; TS 27.005, 3.2.5; ITU-T V.250, 5.7.1).

/// A final result code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Final {
    /// `OK`
    Ok,
    /// `ERROR`, without a reason; also `COMMAND NOT SUPPORT` and its kin.
    Error,
    /// `+CMS ERROR: <n>`: of the message service.
    Cms(u16),
    /// `+CME ERROR: <n>`: of the modem or its SIM.
    Cme(u16),
    /// `NO CARRIER`, `NO DIALTONE`, `BUSY`, `NO ANSWER`: of a call that nobody asked for.
    Call,
}

/// Errors that some modems write in words though numbers were asked for.
const WORDS: &[(&str, Final)] = &[
    ("SIM NOT INSERTED", Final::Cme(10)),
    ("SIM PIN REQUIRED", Final::Cme(11)),
    ("SIM PUK REQUIRED", Final::Cme(12)),
    ("SIM FAILURE", Final::Cme(13)),
    ("SIM BUSY", Final::Cme(14)),
    ("SIM WRONG", Final::Cme(15)),
    ("OPERATION NOT ALLOWED", Final::Cme(3)),
    ("OPERATION NOT SUPPORTED", Final::Cme(4)),
    ("NO NETWORK SERVICE", Final::Cme(30)),
    ("NETWORK TIMEOUT", Final::Cme(31)),
];

/// What a line says of a command's end; `None` where it is no final result.
#[must_use]
pub fn final_result(line: &str) -> Option<Final> {
    match line {
        "OK" => return Some(Final::Ok),
        "ERROR" | "COMMAND NOT SUPPORT" | "TOO MANY PARAMETERS" => return Some(Final::Error),
        "NO CARRIER" | "NO DIALTONE" | "BUSY" | "NO ANSWER" => return Some(Final::Call),
        _ => {}
    }
    if let Some(code) = line.strip_prefix("+CMS ERROR:") {
        return Some(number(code).map_or(Final::Cms(500), Final::Cms));
    }
    let code = line.strip_prefix("+CME ERROR:")?.trim();
    let in_words = WORDS
        .iter()
        .find(|(words, _)| code.eq_ignore_ascii_case(words));
    Some(match (number(code), in_words) {
        (Some(code), _) => Final::Cme(code),
        (None, Some((_, found))) => *found,
        (None, None) => Final::Cme(100),
    })
}

fn number(text: &str) -> Option<u16> {
    text.trim().parse().ok()
}
