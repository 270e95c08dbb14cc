//! `[hlr]`: the register that is asked by HTTP where a number is. Absent: nobody is asked.

use std::time::Duration;

use carrack_message::Micros;
use http::{HeaderName, HeaderValue};
use toml::de::DeValue;

use crate::reader::{Context, Entry, Read, Section};
use crate::secret::secret;
use crate::webhook::url_of;
use crate::{Secret, kind};

const URL_OCTETS_MAX: usize = 2048;
const HEADER_OCTETS_MAX: usize = 4096;
const BODY_OCTETS_MAX: usize = 16 << 10;

/// `[hlr]`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hlr {
    /// Where to ask, with [`Hlr::NUMBER`] where the number goes; not to be shown, because a key may stand in it.
    pub url: Secret,
    /// What is posted, with [`Hlr::NUMBER`] where the number goes; none: the question is a GET.
    pub body: Option<String>,
    /// Headers and their values.
    pub headers: Vec<(String, Secret)>,
    /// Where MCC-MNC stands in the answer: one JSON pointer, or one for each of the two.
    pub network: Vec<String>,
    /// Where it says whether the number was ported.
    pub ported: Option<String>,
    /// Where it says whether the handset can be reached.
    pub status: Option<String>,
    /// Words there for one that can.
    pub reachable: Vec<String>,
    /// Words there for one that cannot.
    pub absent: Vec<String>,
    /// Longest time of a request.
    pub timeout: Duration,
    /// How long an answer is remembered.
    pub cache_ttl: Duration,
    /// How long a failure is.
    pub failure_ttl: Duration,
    /// Answers remembered at most.
    pub cache_max: usize,
    /// Requests at a time.
    pub concurrency: u32,
    /// Questions that wait at most.
    pub queue_max: usize,
    /// What a question costs.
    pub price: Micros,
    /// What all questions of a day (UTC) may cost.
    pub budget_a_day: Micros,
    /// Line of its header in the file.
    pub line: usize,
}

impl Hlr {
    /// What stands for the number's digits in the URL and the body.
    pub const NUMBER: &'static str = "{number}";

    pub(crate) fn read(section: &Section<'_>) -> Self {
        const SECOND: Duration = Duration::from_secs(1);
        const DAY: Duration = Duration::from_secs(86_400);
        let context = section.context;
        let body = section.optional("body", body);
        let hlr = Self {
            url: section
                .required("url", "\"https://hlr.example.com/v1/{number}\"", |value| {
                    url(context, value, body.is_some())
                })
                .unwrap_or_default(),
            headers: section
                .entries("headers")
                .iter()
                .filter_map(header)
                .collect(),
            network: section.or("network", vec!["/mccmnc".to_owned()], network),
            ported: section.optional("ported", pointer),
            status: section.optional("status", pointer),
            reachable: section.or("reachable", Vec::new(), words),
            absent: section.or("absent", Vec::new(), words),
            timeout: section.or("timeout", SECOND * 2, kind::time(SECOND / 20..=SECOND * 60)),
            cache_ttl: section.or("cache_ttl", DAY, kind::time(SECOND..=DAY * 365)),
            failure_ttl: section.or("failure_ttl", SECOND * 60, kind::time(SECOND..=DAY)),
            cache_max: section.or("cache_max", 1_000_000, kind::integer(1_000..=1_000_000_000)),
            concurrency: section.or("concurrency", 16, kind::integer(1..=1_000)),
            queue_max: section.or("queue_max", 10_000, kind::integer(1..=1_000_000)),
            price: section
                .required("price", "\"0.004\"", kind::money)
                .unwrap_or_default(),
            budget_a_day: section
                .required("budget_a_day", "\"20.00\"", kind::money)
                .unwrap_or_default(),
            body,
            line: section.line,
        };
        hlr.check(section);
        hlr
    }

    fn check(&self, section: &Section<'_>) {
        if self.price > self.budget_a_day {
            section.fault(
                "budget_a_day",
                "does not pay for one question; raise it, or take [hlr] away",
            );
        }
        let words = !self.reachable.is_empty() || !self.absent.is_empty();
        if words && self.status.is_none() {
            let key = if self.reachable.is_empty() {
                "absent"
            } else {
                "reachable"
            };
            section.fault(key, "names words of a `status` that is nowhere; say where it stands, as status = \"/status\"");
        }
    }
}

/// Says nothing of the text itself: a key may stand in it.
fn url(context: &Context, value: &DeValue<'_>, is_posted: bool) -> Read<Secret> {
    let template = secret(context, URL_OCTETS_MAX)(value)?;
    let text = template.expose();
    if !is_posted && !text.contains(Hlr::NUMBER) {
        return Err("has no {number} in it; put it where the number's digits go".into());
    }
    let filled = text.replace(Hlr::NUMBER, "447700900123");
    if filled.contains(['{', '}']) {
        return Err("has braces besides {number}; nothing else is filled in".into());
    }
    let parsed = url_of(&filled)?;
    if parsed.host() != url_of(&text.replace(Hlr::NUMBER, "33612345678"))?.host() {
        return Err("has {number} in its host; put it into the path or the query".into());
    }
    Ok(template)
}

fn body(value: &DeValue<'_>) -> Read<String> {
    let text = kind::text(value)?;
    if text.len() > BODY_OCTETS_MAX {
        return Err(format!("is longer than {BODY_OCTETS_MAX} octets").into());
    }
    if !text.contains(Hlr::NUMBER) {
        return Err("has no {number} in it; put it where the number's digits go, or leave `body` out to ask by GET".into());
    }
    Ok(text)
}

fn header(entry: &Entry<'_>) -> Option<(String, Secret)> {
    if HeaderName::from_bytes(entry.key.as_bytes()).is_err() {
        entry.fault("is no name of an HTTP header");
        return None;
    }
    let value = entry.checked(secret(entry.context(), HEADER_OCTETS_MAX)(entry.value))?;
    if HeaderValue::from_str(value.expose()).is_err() {
        entry.fault("cannot stand in an HTTP header");
        return None;
    }
    Some((entry.key.to_owned(), value))
}

fn network(value: &DeValue<'_>) -> Read<Vec<String>> {
    let pointers = kind::one_or_list(pointer)(value)?;
    match pointers.len() {
        1 | 2 => Ok(pointers),
        _ => Err(
            "has to be one pointer, or two: that of the country code and that of the network code"
                .into(),
        ),
    }
}

/// RFC 6901, section 3.
fn pointer(value: &DeValue<'_>) -> Read<String> {
    let text = kind::text(value)?;
    let escapes = text
        .split('~')
        .skip(1)
        .all(|rest| rest.starts_with(['0', '1']));
    if text.starts_with('/') && escapes {
        Ok(text)
    } else {
        Err(format!("is {text:?}; write a JSON pointer, such as \"/results/0/mccmnc\"").into())
    }
}

fn words(value: &DeValue<'_>) -> Read<Vec<String>> {
    kind::one_or_list(kind::text)(value)
}
