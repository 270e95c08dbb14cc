//! `[[route]]`: which messages go to which carriers.

use std::time::Duration;

use carrack_message::Micros;
use toml::de::DeValue;

use crate::delivery::{ON_NO_RESPONSE, OnNoResponse};
use crate::kind;
use crate::reader::{Read, Section, Wrong, nearest};
use crate::route_match::Match;

/// How a route orders its carriers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Policy {
    /// The cheapest first.
    LeastCost,
    /// The cheapest for a delivered message first.
    LeastCostDelivered(Delivered),
    /// As listed.
    Ordered,
    /// Shares by weight.
    Weighted {
        /// One for each carrier.
        weights: Vec<u32>,
        /// A recipient keeps its carrier.
        sticky: bool,
    },
}

/// What least cost per delivered message keeps to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Delivered {
    /// Percent; who delivers less comes after all others (key `delivery_min`).
    pub delivery_percent_min: u8,
    /// Whose receipts take longer comes after all others; none: no matter (key `receipt_time_max`).
    pub receipt_time_max: Option<Duration>,
    /// Percent of messages for carriers of which too little is known (key `explore`).
    pub explore_percent: u8,
}

/// What a message has to earn (keys `margin_min` and `at_a_loss`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Margin {
    /// Sell price less buy price of a segment.
    AtLeast(Micros),
    /// It may be sent at a loss.
    Any,
}

/// `[[route]]`; the first in the file that matches decides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// Its name; `route-N`, counted from 1, where the file gives none.
    pub name: String,
    /// Which messages it takes (key `match`).
    pub matches: Match,
    /// Names of carriers, in order; at least one; each exists.
    pub carriers: Vec<String>,
    /// The same carriers by their place in [`crate::Settings::carriers`].
    pub carrier_numbers: Vec<usize>,
    /// How they are ordered.
    pub policy: Policy,
    /// Attempts before a message has failed; none: that of `[delivery]`.
    pub attempts_max: Option<u16>,
    /// What happens without a submit response; none: that of `[delivery]`.
    pub on_no_response: Option<OnNoResponse>,
    /// Whether the register of `[hlr]` is asked for the recipient's network before its messages go (key `lookup`).
    pub looks_up: bool,
    /// What a message has to earn.
    pub margin: Margin,
    /// Whether a message goes to the next carrier when a receipt says that it did not arrive (key `on_failed_receipt`).
    pub failed_receipt_goes_on: bool,
    /// A message goes to the next carrier when no receipt came for so long (key `missing_receipt_goes_on`).
    pub missing_receipt_goes_on: Option<Duration>,
    /// Line of its header in the file.
    pub line: usize,
}

/// Names that a route may use.
#[derive(Debug)]
pub(crate) struct Names<'a> {
    pub(crate) carriers: Vec<&'a str>,
    pub(crate) accounts: Vec<&'a str>,
    pub(crate) groups: Vec<&'a str>,
}

impl Route {
    pub(crate) fn read(section: &Section<'_>, place: usize, names: &Names<'_>) -> Self {
        let carriers = section
            .required("carriers", "[\"NAME\"]", |value| {
                let carriers = kind::list(known("carrier", &names.carriers))(value)?;
                check_list(&carriers)?;
                Ok(carriers)
            })
            .unwrap_or_default();
        let number = |name: &String| names.carriers.iter().position(|known| known == name);
        let route = Self {
            name: section.or("name", format!("route-{}", place + 1), kind::name),
            matches: section
                .inner("match")
                .map(|inner| Match::read(&inner, names))
                .unwrap_or_default(),
            carrier_numbers: carriers.iter().filter_map(number).collect(),
            policy: policy(section, carriers.len()),
            carriers,
            attempts_max: section.optional("attempts_max", kind::integer(1..=1_000)),
            on_no_response: section.optional("on_no_response", kind::choice(ON_NO_RESPONSE)),
            looks_up: section.or(
                "lookup",
                false,
                kind::choice(&[("none", false), ("hlr", true)]),
            ),
            margin: margin(section),
            failed_receipt_goes_on: section.or(
                "on_failed_receipt",
                false,
                kind::choice(&[("fail", false), ("next", true)]),
            ),
            missing_receipt_goes_on: section.optional(
                "missing_receipt_goes_on",
                kind::time(Duration::from_secs(1)..=Duration::from_secs(86_400)),
            ),
            line: section.line,
        };
        section.finish();
        route
    }
}

/// Percent that least cost per delivered message explores where the file says nothing, and at the most.
const EXPLORE_PERCENT: u8 = 2;
const EXPLORE_PERCENT_MAX: u64 = 5;

#[derive(Clone, Copy, PartialEq, Eq)]
enum PolicyName {
    LeastCost,
    Delivered,
    Ordered,
    Weighted,
}

const POLICIES: &[(&str, PolicyName)] = &[
    ("least_cost", PolicyName::LeastCost),
    ("least_cost_delivered", PolicyName::Delivered),
    ("ordered", PolicyName::Ordered),
    ("weighted", PolicyName::Weighted),
];

/// Keys that mean something with one policy only.
const OF_POLICIES: &[(&str, PolicyName)] = &[
    ("weights", PolicyName::Weighted),
    ("sticky", PolicyName::Weighted),
    ("delivery_min", PolicyName::Delivered),
    ("receipt_time_max", PolicyName::Delivered),
    ("explore", PolicyName::Delivered),
];

fn policy(section: &Section<'_>, carriers: usize) -> Policy {
    let name = section.or("policy", PolicyName::LeastCost, kind::choice(POLICIES));
    let weights = section.optional("weights", kind::list(kind::integer(0..=1_000_000)));
    let sticky = section.or("sticky", false, kind::boolean);
    let delivered = Delivered {
        delivery_percent_min: section.or("delivery_min", 0, kind::integer(0..=100)),
        receipt_time_max: section.optional(
            "receipt_time_max",
            kind::time(Duration::from_millis(1)..=Duration::from_secs(4 * 86_400)),
        ),
        explore_percent: section.or(
            "explore",
            EXPLORE_PERCENT,
            kind::integer(0..=EXPLORE_PERCENT_MAX),
        ),
    };
    for (key, of) in OF_POLICIES {
        if *of != name && section.holds(key) {
            let needed = POLICIES.iter().find(|(_, policy)| policy == of);
            let needed = needed.map_or("", |(name, _)| *name);
            section.fault(
                key,
                format!(
                    "means nothing with this policy; take policy = \"{needed}\" or leave it out"
                ),
            );
        }
    }
    match name {
        PolicyName::LeastCost => Policy::LeastCost,
        PolicyName::Ordered => Policy::Ordered,
        PolicyName::Delivered => Policy::LeastCostDelivered(delivered),
        PolicyName::Weighted => {
            let weights: Vec<u32> = weights.unwrap_or_default();
            if weights.len() != carriers || weights.iter().all(|weight| *weight == 0) {
                let place = if section.holds("weights") {
                    "weights"
                } else {
                    "policy"
                };
                section.fault(
                    place,
                    format!(
                        "needs `weights` with one number for each of the {carriers} carriers, at least one above 0, such as [3, 1]"
                    ),
                );
            }
            Policy::Weighted { weights, sticky }
        }
    }
}

fn margin(section: &Section<'_>) -> Margin {
    let least = section.optional("margin_min", kind::money);
    let at_a_loss = section.or("at_a_loss", false, kind::boolean);
    match (least, at_a_loss) {
        (Some(_), true) => {
            section.fault(
                "at_a_loss",
                "stands beside `margin_min`; keep one of the two",
            );
            Margin::Any
        }
        (None, true) => Margin::Any,
        (least, false) => Margin::AtLeast(least.unwrap_or(Micros::ZERO)),
    }
}

/// A name that stands elsewhere in the file.
pub(crate) fn known<'a>(
    what: &'a str,
    names: &'a [&'a str],
) -> impl Fn(&DeValue<'_>) -> Read<String> + 'a {
    move |value| {
        let name = kind::text(value)?;
        if names.contains(&name.as_str()) {
            return Ok(name);
        }
        let cure = if names.is_empty() {
            format!("the file has no [[{what}]]")
        } else {
            nearest(&name, names)
        };
        Err(format!("names the {what} {name:?}, which does not exist; {cure}").into())
    }
}

fn check_list(carriers: &[String]) -> Result<(), Wrong> {
    if carriers.is_empty() {
        return Err("is empty; name at least one carrier".into());
    }
    let twice = carriers
        .iter()
        .enumerate()
        .find(|(place, name)| carriers.iter().take(*place).any(|c| c == *name));
    match twice {
        Some((_, name)) => Err(format!("names {name:?} twice; keep one").into()),
        None => Ok(()),
    }
}
