//! Words for people.

use carrack_message::receipt::date;

use super::desk::{Rest, SimIdentity};

/// A moment as RFC 3339 has it, to the second.
pub(super) fn moment(utc_ns: u64) -> String {
    let mut digits = Vec::with_capacity(12);
    date::write_seconds((utc_ns / 1_000_000_000).cast_signed(), &mut digits);
    let mut text = String::from("20");
    for (place, digit) in digits.iter().enumerate() {
        text.push_str(match place {
            2 | 4 => "-",
            6 => "T",
            8 | 10 => ":",
            _ => "",
        });
        text.push(char::from(*digit));
    }
    text.push('Z');
    text
}

/// The end of a number that is nobody's business: its last six digits.
pub(super) fn masked(digits: &str) -> String {
    let from = digits.len().saturating_sub(6);
    format!("…{}", digits.get(from..).unwrap_or(digits))
}

/// A SIM, for people.
pub(super) fn sim(identity: &SimIdentity) -> String {
    let digits = identity.iccid.as_ref().or(identity.imsi.as_ref());
    format!(
        "SIM {}",
        digits.map_or_else(String::new, |digits| masked(digits))
    )
}

/// Why a SIM rests, and until when.
pub(super) fn rest(identity: &SimIdentity, rest: Rest, utc_ns: u64) -> String {
    let why = match rest {
        Rest::Minute => "sent all that it may in a minute",
        Rest::Hour => "sent all that it may in an hour",
        Rest::Day => "sent all that it may today",
        Rest::Month => "sent all that it may this month",
        Rest::Recipients => "sent to as many recipients as it may this month",
        Rest::Turn => "rests, others have their turn",
        Rest::Suspected => "looks blocked and rests",
        Rest::Disabled => "is switched off",
        Rest::OtherNetwork => "is of a network that is not of this pool",
    };
    let until = if utc_ns == u64::MAX {
        "until somebody says that it may go on".to_owned()
    } else {
        format!("goes on at {}", moment(utc_ns))
    };
    format!("{} {why}; {until}", sim(identity))
}
