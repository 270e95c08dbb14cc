//! What stands behind a quirk's `=`: one or two values with `:` between them, each with a default.

use super::{Quirk, QuirkFault};
use crate::chance::Percent;
use crate::duration;
use carrack_smpp::CommandStatus;
use std::net::SocketAddr;

/// The kind of one value, with its default.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Kind {
    /// A share of cases, 0 to 100 per cent.
    Percent(f64),
    /// A whole number above zero.
    Count(u64),
    /// A whole number above zero whose default depends on the value before it.
    CountOrOwn,
    /// A duration; a bare number counts as seconds. The default is in milliseconds.
    Time(u64),
    /// A `command_status`: a name of the specification, `0x..` or a decimal number.
    Status(u32),
    /// A `command_status` whose default is the quirk's own choice.
    StatusOrOwn,
    /// A text.
    Text(&'static str),
    /// `IP:PORT`; has no default.
    Address,
}

/// The values of one quirk. What a quirk does not take is zero or empty.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Values {
    /// A share of cases.
    pub percent: Percent,
    /// A whole number.
    pub count: u64,
    /// The second whole number, where one was given.
    pub every: Option<u64>,
    /// A time.
    pub time_ns: u64,
    /// A status, where one was given or is the default.
    pub status: Option<CommandStatus>,
    /// A text.
    pub text: String,
    /// An address.
    pub address: Option<SocketAddr>,
}

impl Kind {
    /// How the value is written in help texts.
    #[must_use]
    pub const fn placeholder(self) -> &'static str {
        match self {
            Self::Percent(_) => "PERCENT",
            Self::Count(_) => "N",
            Self::CountOrOwn => "EVERY",
            Self::Time(_) => "DURATION",
            Self::Status(_) | Self::StatusOrOwn => "STATUS",
            Self::Text(_) => "TEXT",
            Self::Address => "ADDR",
        }
    }

    /// The default as it could be written; `None` where there is none to show.
    #[must_use]
    pub fn default_shown(self) -> Option<String> {
        match self {
            Self::Percent(percent) => Some(percent.to_string()),
            Self::Count(count) => Some(count.to_string()),
            Self::Time(ms) if ms % 1_000 == 0 => Some(format!("{}s", ms / 1_000)),
            Self::Time(ms) => Some(format!("{ms}ms")),
            Self::Status(status) => Some(
                CommandStatus(status)
                    .name()
                    .map_or_else(|| format!("{:#X}", CommandStatus(status)), str::to_owned),
            ),
            Self::Text(text) => Some(text.to_owned()),
            Self::CountOrOwn | Self::StatusOrOwn | Self::Address => None,
        }
    }

    const fn wanted(self) -> &'static str {
        match self {
            Self::Percent(_) => "per cent, 0 to 100",
            Self::Count(_) | Self::CountOrOwn => "a whole number above zero",
            Self::Time(_) => "a duration such as 500ms or 2s, or seconds",
            Self::Status(_) | Self::StatusOrOwn => "a status name, 0xHEX or a number",
            Self::Text(_) => "a text",
            Self::Address => "an address IP:PORT",
        }
    }

    fn take_default(self, values: &mut Values) -> bool {
        match self {
            Self::Percent(percent) => values.percent = Percent::new(percent).unwrap_or_default(),
            Self::Count(count) => values.count = count,
            Self::Time(ms) => values.time_ns = ms * 1_000_000,
            Self::Status(status) => values.status = Some(CommandStatus(status)),
            Self::Text(text) => values.text = text.to_owned(),
            Self::CountOrOwn | Self::StatusOrOwn => {}
            Self::Address => return false,
        }
        true
    }

    fn take(self, given: &str, values: &mut Values) -> Option<()> {
        let positive = || given.parse::<u64>().ok().filter(|count| *count > 0);
        match self {
            Self::Percent(_) => {
                let percent = given.trim_end_matches('%').parse().ok()?;
                values.percent = Percent::new(percent)?;
            }
            Self::Count(_) => values.count = positive()?,
            Self::CountOrOwn => values.every = Some(positive()?),
            Self::Time(_) => values.time_ns = time_ns(given)?,
            Self::Status(_) | Self::StatusOrOwn => values.status = Some(status(given)?),
            Self::Text(_) => given.clone_into(&mut values.text),
            Self::Address => values.address = Some(given.parse().ok()?),
        }
        Some(())
    }
}

fn time_ns(given: &str) -> Option<u64> {
    let parsed = match given.parse::<f64>() {
        Ok(_) => duration::parse(&format!("{given}s")),
        Err(_) => duration::parse(given),
    };
    parsed.ok().map(duration::nanoseconds)
}

/// A status by name or number.
fn status(given: &str) -> Option<CommandStatus> {
    if let Some(named) = CommandStatus::from_name(given) {
        return Some(named);
    }
    let number = match given.strip_prefix("0x").or(given.strip_prefix("0X")) {
        Some(hex) => u32::from_str_radix(hex, 16).ok()?,
        None => given.parse().ok()?,
    };
    Some(CommandStatus(number))
}

/// Reads what was given for a quirk.
pub(super) fn read(quirk: &'static Quirk, given: Option<&str>) -> Result<Values, QuirkFault> {
    let fault = |wanted| QuirkFault::Value {
        name: quirk.name,
        wanted,
        given: given.unwrap_or_default().to_owned(),
    };
    let mut values = Values::default();
    let mut rest = given;
    if quirk.takes.is_empty() && given.is_some() {
        return Err(fault("no value"));
    }
    for (place, kind) in quirk.takes.iter().enumerate() {
        let is_last = place + 1 == quirk.takes.len();
        let (own, after) = match rest.and_then(|rest| rest.split_once(':')) {
            Some((own, after)) if !is_last => (Some(own), Some(after)),
            _ => (rest, None),
        };
        rest = after;
        let is_taken = match own {
            Some(own) => kind.take(own.trim(), &mut values).is_some(),
            None => kind.take_default(&mut values),
        };
        if !is_taken {
            return Err(fault(kind.wanted()));
        }
    }
    Ok(values)
}
