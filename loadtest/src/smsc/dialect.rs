//! The dialects in which carriers write a receipt's text (T07). Which one a receipt gets, its message's number says.

use carrack_message::receipt::{ReceiptFields, ReceiptState, date, write as write_plain};

/// How many dialects there are.
pub(super) const DIALECTS: u64 = 14;

/// The fields of a receipt as words.
struct Words {
    id: String,
    submitted: String,
    done: String,
    stat: &'static str,
    err: String,
    text: String,
}

impl Words {
    fn of(fields: &ReceiptFields<'_>) -> Self {
        let when = |utc_s| {
            let mut written = Vec::new();
            date::write(utc_s, &mut written);
            lossy(&written)
        };
        Self {
            id: lossy(fields.id),
            submitted: when(fields.submit_utc_s),
            done: when(fields.done_utc_s),
            stat: fields.state.word(),
            err: lossy(fields.error),
            text: fields.text.chars().filter(char::is_ascii).collect(),
        }
    }
}

fn lossy(octets: &[u8]) -> String {
    String::from_utf8_lossy(octets).into_owned()
}

/// The word of a state as carriers misspell it.
fn misspelt(state: ReceiptState) -> &'static str {
    match state {
        ReceiptState::Delivered => "DELIVERED",
        ReceiptState::Undeliverable => "FAILED",
        ReceiptState::Expired => "EXPRD",
        ReceiptState::Rejected => "REJECTED",
        ReceiptState::Deleted => "DELETD",
        other => other.word(),
    }
}

/// Writes a receipt's text in the dialect of this number.
pub(super) fn write(out: &mut Vec<u8>, number: u64, fields: &ReceiptFields<'_>) {
    let Words {
        id,
        submitted,
        done,
        stat,
        err,
        text,
    } = Words::of(fields);
    let small = stat.to_ascii_lowercase();
    let wrong = misspelt(fields.state);
    let code = fields.state.code();
    let line = match number % DIALECTS {
        // No counts.
        1 => format!(
            "id:{id} submit date:{submitted} done date:{done} stat:{stat} err:{err} text:{text}"
        ),
        // Four digits of error.
        2 => format!(
            "id:{id} sub:001 dlvrd:001 submit date:{submitted} done date:{done} stat:{stat} err:0{err} Text:{text}"
        ),
        // Another word.
        3 => format!(
            "id:{id} sub:001 dlvrd:001 submit date:{submitted} done date:{done} stat:{wrong} err:{err} text:{text}"
        ),
        // Blanks after the colons.
        4 => format!(
            "id: {id} sub: 001 dlvrd: 001 submit date: {submitted} done date: {done} stat: {stat} err: {err} text: {text}"
        ),
        // The state without its label.
        5 => format!(
            "id:{id} sub:001 dlvrd:001 submit date:{submitted} done date:{done} {stat} err:{err} text:{text}"
        ),
        // Dates with seconds.
        6 => format!(
            "id:{id} sub:001 dlvrd:001 submit date:{submitted}07 done date:{done}59 stat:{stat} err:{err} text:{text}"
        ),
        // Years of four digits.
        7 => format!(
            "id:{id} sub:001 dlvrd:001 submit date:20{submitted} done date:20{done} stat:{stat} err:{err} text:{text}"
        ),
        // Whole SMPP times.
        8 => format!(
            "id:{id} sub:001 dlvrd:001 submit date:{submitted}07000+ done date:{done}59000+ stat:{stat} err:{err} text:{text}"
        ),
        // Small letters.
        9 => format!(
            "id:{id} sub:001 dlvrd:001 submit date:{submitted} done date:{done} stat:{small} err:{err} text:{text}"
        ),
        // Labels in capitals.
        10 => format!(
            "ID:{id} SUB:001 DLVRD:001 SUBMIT DATE:{submitted} DONE DATE:{done} STAT:{stat} ERR:{err} TEXT:{text}"
        ),
        // Further fields, another order.
        11 => format!(
            "stat:{stat} err:{err} id:{id} mcc:234 mnc:15 price:0.0041 done date:{done} submit date:{submitted} sub:1 dlvrd:1 text:"
        ),
        // No text.
        12 => format!(
            "id:{id} sub:1 dlvrd:1 submit date:{submitted} done date:{done} stat:{stat} err:{err}"
        ),
        // The state as a number.
        13 => format!(
            "id:{id} sub:001 dlvrd:001 submit date:{submitted} done date:{done} stat:{code} err:{err} text:{text}"
        ),
        // As the specification has it.
        _ => return write_plain(out, fields),
    };
    out.extend_from_slice(line.as_bytes());
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing
    )]

    use super::*;
    use std::collections::HashSet;

    #[test]
    fn every_dialect_differs_and_carries_id_and_state() {
        let fields = ReceiptFields {
            id: b"4a7f",
            sub: 1,
            dlvrd: 1,
            submit_utc_s: 1_700_000_000,
            done_utc_s: 1_700_000_060,
            state: ReceiptState::Delivered,
            error: b"000",
            text: "Your parcel",
        };
        let mut seen = HashSet::new();
        for number in 0..DIALECTS {
            let mut line = Vec::new();
            write(&mut line, number, &fields);
            let parsed = carrack_message::receipt::parse(&line);
            assert_eq!(parsed.id, Some(&b"4a7f"[..]), "{}", lossy(&line));
            assert_eq!(
                parsed.state,
                Some(ReceiptState::Delivered),
                "{}",
                lossy(&line)
            );
            assert!(seen.insert(line));
        }
    }
}
