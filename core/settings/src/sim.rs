//! `[[sim]]`: what is known of one card, whichever modem it sits in.

use carrack_message::{Msisdn, Network, number};
use toml::de::DeValue;

use crate::kind;
use crate::reader::{Read, Section, Wrong};
use crate::secret::secret;
use crate::sim_terms::SimTermsGiven;
use crate::{Secret, SimTerms};

/// Networks of one operator.
const ON_NET_MAX: usize = 16;

/// `[[sim]]`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sim {
    /// Number of the card, 18 to 20 digits; it, or `imsi`, is there.
    pub iccid: Option<String>,
    /// Number of the subscriber, 14 or 15 digits.
    pub imsi: Option<String>,
    /// Its own number: whom messages to it are for.
    pub number: Option<Msisdn>,
    /// Networks to which it sends at the price of its own; empty: by its IMSI.
    pub on_net: Vec<Network>,
    /// Tried once where the card asks for one.
    pub pin: Option<Secret>,
    /// Whether it is used at all.
    pub enabled: bool,
    given: SimTermsGiven,
    /// Line of its header in the file.
    pub line: usize,
}

impl Sim {
    /// What it may send in a pool with these terms.
    #[must_use]
    pub fn terms(&self, pool: &SimTerms) -> SimTerms {
        self.given.over(pool)
    }

    /// As far as this section says it.
    pub(crate) const fn recipients_per_month(&self) -> Option<u32> {
        self.given.recipients_per_month
    }

    pub(crate) fn read(section: &Section<'_>) -> Self {
        let sim = Self {
            iccid: section.optional("iccid", iccid),
            imsi: section.optional("imsi", imsi),
            number: section.optional("number", msisdn),
            on_net: section.or("on_net", Vec::new(), kind::one_or_list(network)),
            pin: section.optional("pin", pin(section)),
            enabled: section.or("enabled", true, kind::boolean),
            given: SimTermsGiven::read(section),
            line: section.line,
        };
        if sim.on_net.len() > ON_NET_MAX {
            section.fault("on_net", format!("has more than {ON_NET_MAX}"));
        }
        if !section.holds("iccid") && !section.holds("imsi") {
            let what = "`iccid` is missing in [[sim]]; write iccid = \"8949...\", which `carrack modem list` shows the end of, or imsi";
            section.context.faults.add(section.line, what);
        }
        section.finish();
        sim
    }
}

fn network(value: &DeValue<'_>) -> Read<Network> {
    let text = kind::text(value)?;
    text.parse()
        .map_err(|fault| Wrong::from(format!("is {text:?}: {fault}")))
}

/// Digits of a PIN (3GPP TS 31.101, 9.5.1).
pub(crate) fn pin<'s>(section: &'s Section<'_>) -> impl Fn(&DeValue<'_>) -> Read<Secret> + 's {
    move |value| {
        let pin = secret(section.context, 8)(value)?;
        let digits = pin.expose();
        let fits = (4..=8).contains(&digits.len());
        if !fits || !digits.bytes().all(|octet| octet.is_ascii_digit()) {
            // Says nothing of the text itself.
            return Err("has to be 4 to 8 digits in quotes".into());
        }
        Ok(pin)
    }
}

/// A card's number (ITU-T E.118): 89, at most 19 digits with a check digit of Luhn; some cards have 20, of which the last is none.
fn iccid(value: &DeValue<'_>) -> Read<String> {
    let digits = digits(value)?;
    let length = digits.len();
    if !(18..=20).contains(&length) {
        return Err(
            format!("has {length} digits; the number printed on a card has 18 to 20").into(),
        );
    }
    if !digits.starts_with("89") {
        return Err(
            "does not begin with 89, as cards of telecommunications do; look at the card again"
                .into(),
        );
    }
    let checked = |length: usize| digits.get(..length).is_some_and(luhn);
    // Of 20 digits the check digit may be the 19th, with a filler behind it, or the last.
    if length == 19 && !checked(19) || length == 20 && !checked(20) && !checked(19) {
        return Err("is mistyped: its check digit (Luhn) is wrong; look at the card again".into());
    }
    Ok(digits)
}

fn luhn(digits: &str) -> bool {
    let sum: u32 = digits
        .bytes()
        .rev()
        .enumerate()
        .map(|(place, octet)| {
            let digit = u32::from(octet - b'0');
            match place % 2 {
                0 => digit,
                _ if digit > 4 => digit * 2 - 9,
                _ => digit * 2,
            }
        })
        .sum();
    sum.is_multiple_of(10)
}

/// A subscriber's number (ITU-T E.212).
fn imsi(value: &DeValue<'_>) -> Read<String> {
    let digits = digits(value)?;
    match digits.len() {
        14 | 15 => Ok(digits),
        length => Err(format!(
            "has {length} digits; an IMSI has 15, MCC and MNC first, and rarely 14"
        )
        .into()),
    }
}

fn digits(value: &DeValue<'_>) -> Read<String> {
    let text = kind::text(value)?;
    let digits: String = text.chars().filter(|c| !matches!(c, ' ' | '-')).collect();
    if digits.is_empty() || !digits.bytes().all(|octet| octet.is_ascii_digit()) {
        return Err(Wrong::from(format!(
            "is {text:?}; write its digits in quotes"
        )));
    }
    Ok(digits)
}

fn msisdn(value: &DeValue<'_>) -> Read<Msisdn> {
    let text = kind::text(value)?;
    number::tidy(&text, None).map_err(|fault| Wrong::from(format!("is {text:?}: {fault}")))
}
