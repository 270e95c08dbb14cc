//! Receipts as Jasmin's DLRThrower tells them: parameters at the caller's `dlr-url`, which answers `ACK/Jasmin`.

use carrack_message::receipt::{self, ReceiptFields, ReceiptForm};
use carrack_message::{ReceiptState, StateEvents, Status};
use carrack_smpp::CommandStatus;
use jiff::Timestamp;

use super::super::change::StateChange;
use super::Rendered;
use super::url::push_value;
use crate::accounts::IdFormat;
use crate::smpp_server::{message_id, receipt_state};

/// How a receiver says that it has it.
const TAKEN: &[u8] = b"ACK/Jasmin";
/// Whom we send by is not the customer's.
const CONNECTOR: &str = "carrack";
const FORM: &str = "application/x-www-form-urlencoded";

/// The states that a `dlr-level` asks for: 1 that a carrier has it or would not take it, 2 its end, 3 both.
pub(crate) fn events(level: u8) -> StateEvents {
    match level {
        1 => StateEvents::SUBMITTED.with(StateEvents::REJECTED),
        2 => StateEvents::FINALS,
        _ => StateEvents::ALL,
    }
}

/// Of level 1 is that a carrier has it, and, for who asked for that, that none would take it.
const fn is_of_carrier(status: Status, level: u8) -> bool {
    match status {
        Status::Accepted | Status::Scheduled | Status::Sending | Status::Submitted => true,
        Status::Rejected => level != 2,
        _ => false,
    }
}

/// The request that tells it.
///
/// # Errors
/// None today: every state has its words.
pub(crate) fn render(change: &StateChange) -> Result<Option<Rendered>, String> {
    let (form, url) = (form(change), &change.telling.url);
    Ok(Some(match change.telling.get {
        true => {
            let sign = if url.contains('?') { '&' } else { '?' };
            Rendered {
                get: true,
                url: format!("{url}{sign}{form}"),
                content_type: "",
                body: Vec::new(),
            }
        }
        false => Rendered {
            get: false,
            url: url.to_string(),
            content_type: FORM,
            body: form.into_bytes(),
        },
    }))
}

/// Whether an answer says that it was taken: a receiver of Jasmin's says so in words.
pub(crate) fn is_taken(status: u16, body: &[u8]) -> bool {
    (200..300).contains(&status) && body.trim_ascii() == TAKEN
}

fn form(change: &StateChange) -> String {
    let is_of_carrier = is_of_carrier(change.state, change.telling.level);
    let state = receipt_state(change.state);
    let mut form = String::new();
    let mut add = |name: &str, value: &str| {
        if !form.is_empty() {
            form.push('&');
        }
        form.push_str(name);
        form.push('=');
        push_value(value.as_bytes(), &mut form);
    };
    let id = uuid(change);
    add("id", &id);
    add("level", if is_of_carrier { "1" } else { "2" });
    if is_of_carrier {
        add("message_status", command_status(change));
        add("connector", CONNECTOR);
    } else {
        let delivered = match state {
            ReceiptState::Delivered => change.segments,
            _ => 0,
        };
        add("message_status", state.word());
        add("connector", CONNECTOR);
        add("id_smsc", &id);
        add("sub", &format!("{:03}", change.segments));
        add("dlvrd", &format!("{delivered:03}"));
        add("subdate", &minute(change.accepted_utc_ns));
        add("donedate", &minute(told_utc_ns(change)));
        add("err", &format!("{:03}", change.error));
        add("text", "");
    }
    form
}

/// What the carrier answered; where that has no name, that it would not take it.
fn command_status(change: &StateChange) -> &'static str {
    if change.state != Status::Rejected {
        return "ESME_ROK";
    }
    let status = CommandStatus(change.error);
    match status.name() {
        Some(name) if !status.is_ok() => name,
        _ => "ESME_RSUBMITFAIL",
    }
}

/// `YYMMDDhhmm`, UTC.
fn minute(utc_ns: u64) -> String {
    let at = Timestamp::from_second(seconds(utc_ns)).unwrap_or_default();
    at.strftime("%y%m%d%H%M").to_string()
}

/// The message's id as a UUID.
pub(super) fn uuid(change: &StateChange) -> String {
    let mut text = Vec::new();
    message_id::write(IdFormat::Uuid, change.id, &mut text);
    String::from_utf8_lossy(&text).into_owned()
}

/// When it came to its state, or what is known nearest to that.
pub(super) fn told_utc_ns(change: &StateChange) -> u64 {
    let known = [change.at_utc_ns, change.submitted_utc_ns];
    let known = known.into_iter().find(|utc_ns| *utc_ns > 0);
    known.unwrap_or(change.accepted_utc_ns)
}

pub(super) fn seconds(utc_ns: u64) -> i64 {
    i64::try_from(utc_ns / 1_000_000_000).unwrap_or(0)
}

/// The line that a carrier would have written (SMPP 3.4, Appendix B).
pub(super) fn line(change: &StateChange) -> String {
    let state = receipt_state(change.state);
    let (id, error) = (change.id.to_string(), format!("{:03}", change.error));
    let mut line = Vec::new();
    let fields = ReceiptFields {
        id: id.as_bytes(),
        sub: u16::from(change.segments),
        dlvrd: match state {
            ReceiptState::Delivered => u16::from(change.segments),
            _ => 0,
        },
        submit_utc_s: seconds(change.accepted_utc_ns),
        done_utc_s: seconds(told_utc_ns(change)),
        state,
        error: error.as_bytes(),
        text: "",
    };
    receipt::write_as(ReceiptForm::default(), &mut line, &fields);
    String::from_utf8_lossy(&line).into_owned()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::super::carrack::tests::change;
    use super::*;

    fn told(level: u8, get: bool, state: Status, error: u32) -> Rendered {
        let mut change = change(state);
        change.error = error;
        (change.telling.level, change.telling.get) = (level, get);
        change.telling.url = "http://myserver/acknowledgement?mine=1".into();
        render(&change).unwrap().unwrap()
    }

    const ID: &str = "id=00000000-0000-0000-0123-456789abcdef";

    #[test]
    fn level_one_says_what_the_carrier_answered() {
        for (state, error, said) in [
            (Status::Submitted, 0, "ESME_ROK"),
            (Status::Rejected, 11, "ESME_RINVDSTADR"),
            (Status::Rejected, 0, "ESME_RSUBMITFAIL"),
            (Status::Rejected, 0xF000, "ESME_RSUBMITFAIL"),
        ] {
            let asked = told(3, false, state, error);
            assert_eq!(asked.url, "http://myserver/acknowledgement?mine=1");
            assert_eq!(asked.content_type, FORM);
            let body = String::from_utf8(asked.body).unwrap();
            let expected = format!("{ID}&level=1&message_status={said}&connector=carrack");
            assert_eq!(body, expected);
        }
    }

    #[test]
    fn level_two_says_how_it_ended() {
        let asked = told(2, true, Status::Delivered, 0);
        assert!(asked.get && asked.body.is_empty());
        let expected = format!(
            "http://myserver/acknowledgement?mine=1&{ID}&level=2&message_status=DELIVRD&connector=carrack\
             &id_smsc=00000000-0000-0000-0123-456789abcdef&sub=002&dlvrd=002&subdate=2311142213&donedate=2311142213&err=000&text="
        );
        assert_eq!(asked.url, expected);
        let refused = told(2, true, Status::Rejected, 11);
        assert!(refused.url.contains("level=2&message_status=REJECTD"));
        assert!(refused.url.contains("dlvrd=000") && refused.url.contains("err=011"));
    }

    #[test]
    fn a_level_asks_for_what_it_says() {
        assert!(!events(1).covers(Status::Delivered) && events(1).covers(Status::Submitted));
        assert!(!events(2).covers(Status::Submitted) && events(2).covers(Status::Rejected));
        assert_eq!(events(3), StateEvents::ALL);
    }

    #[test]
    fn a_receiver_of_jasmins_has_to_say_that_it_has_it() {
        assert!(is_taken(200, b" ACK/Jasmin\n"));
        assert!(!is_taken(200, b"<html>ACK/Jasmin"));
        assert!(!is_taken(500, b"ACK/Jasmin"));
    }
}
