//! Receipts as Kannel's smsbox tells them: its caller's `dlr-url` is asked, with its escapes filled.

use carrack_message::{CALLBACK_URL_OCTETS_MAX, StateEvents, Status};
use jiff::Timestamp;

use super::super::change::StateChange;
use super::Rendered;
use super::escapes::{filled, filled_first};
use super::jasmin::{line, seconds, told_utc_ns, uuid};
use super::url::push_value;

/// Bits of `dlr-mask`.
const DELIVERED: u8 = 0x01;
const FAILED: u8 = 0x02;
const TAKEN: u8 = 0x08;
const REFUSED: u8 = 0x10;

/// What is known when the message comes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Constant<'a> {
    /// Sender and recipient as the caller wrote them.
    pub(crate) from: &'a str,
    pub(crate) to: &'a str,
    /// Name of the account.
    pub(crate) service: &'a str,
    /// What the caller gave as `smsc`, `account`, `binfo` and `meta-data`.
    pub(crate) smsc: &'a str,
    pub(crate) account: &'a str,
    pub(crate) binfo: &'a str,
    pub(crate) meta_data: &'a str,
}

/// The states that a mask asks for. 4 and 32 are of receipts that are no end, which carriers' links do not tell on.
pub(crate) fn events(mask: u8) -> StateEvents {
    let ends = StateEvents::UNDELIVERED
        .with(StateEvents::EXPIRED)
        .with(StateEvents::CANCELLED)
        .with(StateEvents::UNKNOWN);
    let bits = [
        (DELIVERED, StateEvents::DELIVERED),
        // Whoever asks for failures is told of this one too, though no carrier had the message.
        (FAILED, ends.with(StateEvents::REJECTED)),
        (TAKEN, StateEvents::SUBMITTED),
        (REFUSED, StateEvents::REJECTED),
    ];
    let asked = bits.into_iter().filter(|(bit, _)| mask & bit != 0);
    asked.fold(StateEvents::NONE, |all, (_, some)| all.with(some))
}

/// Fills the escapes that do not change. None: it is longer than what is kept of a message, filled or before.
pub(crate) fn constant(pattern: &str, known: &Constant<'_>) -> Option<String> {
    filled_first(pattern, CALLBACK_URL_OCTETS_MAX, |escape, out| {
        match escape {
            // Kannel's own: of a receipt the handset is who sends.
            'p' => push_value(known.to.as_bytes(), out),
            'P' => push_value(known.from.as_bytes(), out),
            'q' => push_number(known.to, out),
            'Q' => push_number(known.from, out),
            'n' => push_value(known.service.as_bytes(), out),
            'i' => push_value(known.smsc.as_bytes(), out),
            'o' => push_value(known.account.as_bytes(), out),
            'B' => push_value(known.binfo.as_bytes(), out),
            'D' => push_value(known.meta_data.as_bytes(), out),
            _ => return false,
        }
        true
    })
}

/// A leading `00` is a plus sign.
fn push_number(number: &str, out: &mut String) {
    match number.strip_prefix("00") {
        Some(rest) => {
            out.push_str("%2B");
            push_value(rest.as_bytes(), out);
        }
        None => push_value(number.as_bytes(), out),
    }
}

/// The value of `%d`.
const fn state(change: &StateChange, mask: u8) -> u8 {
    match change.state {
        Status::Delivered => DELIVERED,
        Status::Rejected if mask & REFUSED != 0 => REFUSED,
        Status::Accepted | Status::Scheduled | Status::Sending | Status::Submitted => TAKEN,
        _ => FAILED,
    }
}

/// What the carrier said, as Kannel writes it.
fn reply(change: &StateChange, state: u8) -> String {
    match state {
        TAKEN => "ACK/".to_owned(),
        REFUSED => format!("NACK/{}/{}", change.error, change.state),
        _ => line(change),
    }
}

/// The request that tells it.
///
/// # Errors
/// None today: every state has its words.
pub(crate) fn render(change: &StateChange) -> Result<Option<Rendered>, String> {
    let state = state(change, change.telling.level);
    let reply = reply(change, state);
    let at_s = seconds(told_utc_ns(change));
    let mut words = reply.split_ascii_whitespace();
    let url = filled(&change.telling.url, |escape, out| {
        match escape {
            'd' => out.push_str(&state.to_string()),
            'A' | 'b' => push_value(reply.as_bytes(), out),
            'a' => {
                let words: Vec<&str> = reply.split_ascii_whitespace().collect();
                push_value(words.join(" ").as_bytes(), out);
            }
            'k' => push_value(words.clone().next().unwrap_or_default().as_bytes(), out),
            's' | 'S' => push_value(words.nth(1).unwrap_or_default().as_bytes(), out),
            'F' => out.push_str(&change.id.to_string()),
            'I' => out.push_str(&uuid(change)),
            'T' => out.push_str(&at_s.to_string()),
            't' => {
                let at = Timestamp::from_second(at_s).unwrap_or_default();
                out.push_str(&at.strftime("%Y-%m-%d+%H:%M:%S").to_string());
            }
            'C' => out.push_str("UTF-8"),
            // Nothing of these is known of a receipt.
            'r' | 'f' | 'u' | 'v' | 'V' => {}
            _ => return false,
        }
        true
    });
    Ok(Some(Rendered {
        get: true,
        url,
        content_type: "",
        body: Vec::new(),
    }))
}

/// Whether an answer says that it was taken.
pub(crate) fn is_taken(status: u16, _: &[u8]) -> bool {
    (200..300).contains(&status)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::super::carrack::tests::change;
    use super::*;

    fn told(url: &str, mask: u8, state: Status, error: u32) -> String {
        let mut change = change(state);
        change.error = error;
        (change.telling.level, change.telling.url) = (mask, url.into());
        render(&change).unwrap().unwrap().url
    }

    #[test]
    fn the_guides_example_is_asked_with_the_state() {
        let url = "http://www.xyz.com/cgi/dlr.php?myId=123456&type=%d";
        for (status, state) in [
            (Status::Submitted, 8),
            (Status::Rejected, 16),
            (Status::Delivered, 1),
            (Status::Undelivered, 2),
            (Status::Expired, 2),
            (Status::Cancelled, 2),
            (Status::Unknown, 2),
        ] {
            let asked = format!("http://www.xyz.com/cgi/dlr.php?myId=123456&type={state}");
            assert_eq!(told(url, 31, status, 0), asked, "{status}");
            assert!(events(31).covers(status));
        }
        assert_eq!(told("http://h/%d", 3, Status::Rejected, 0), "http://h/2");
    }

    #[test]
    fn escapes_that_are_constant_are_filled_when_the_message_comes() {
        let known = Constant {
            from: "ACME & Co",
            to: "0049170",
            service: "foo",
            smsc: "north",
            account: "a%d",
            binfo: "",
            meta_data: "?x?y=1",
        };
        let first = constant("http://h/%p|%P|%q|%Q|%n|%i|%o|%B|%D|%d|%%d", &known).unwrap();
        let asked = told(&first, 31, Status::Delivered, 0);
        assert_eq!(
            asked,
            "http://h/0049170%7CACME+%26+Co%7C%2B49170%7CACME+%26+Co%7Cfoo%7Cnorth%7Ca%25d%7C%7C%3Fx%3Fy%3D1%7C1%7C%d"
        );
    }

    #[test]
    fn what_the_carrier_said_is_told_as_kannel_tells_it() {
        let url = "http://h/?a=%A&t=%t&T=%T&F=%F&I=%I";
        let taken = told(url, 31, Status::Submitted, 0);
        assert!(taken.starts_with("http://h/?a=ACK%2F&t=2023-11-14+22:13:22&T=1700000002&F="));
        assert!(taken.ends_with("&I=00000000-0000-0000-0123-456789abcdef"));
        let refused = told("http://h/?a=%A", 31, Status::Rejected, 11);
        assert_eq!(refused, "http://h/?a=NACK%2F11%2Frejected");
        let line = told("http://h/?a=%A", 31, Status::Delivered, 0);
        assert!(line.contains("stat%3ADELIVRD+err%3A000"), "{line}");
    }

    #[test]
    fn a_mask_asks_for_what_it_says_and_nothing_else() {
        assert!(events(0).is_empty() && events(4 | 32).is_empty());
        assert_eq!(events(1), StateEvents::DELIVERED);
        assert_eq!(
            events(8 | 16),
            StateEvents::SUBMITTED.with(StateEvents::REJECTED)
        );
        assert_eq!(events(31), StateEvents::ALL);
    }
}
