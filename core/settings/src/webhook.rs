//! `webhook` and `callbacks` of an `[[account]]`: where its events are posted.

use std::fmt;
use std::time::Duration;

use carrack_message::StateEvents;
use http::Uri;
use toml::de::DeValue;

use crate::reader::{Read, Section};
use crate::secret::secret;
use crate::{Secret, kind};

/// Longest URL.
const URL_OCTETS_MAX: usize = 2048;
const SECRET_OCTETS_MIN: usize = 16;
const SECRET_OCTETS_MAX: usize = 256;
/// Keys of a signature at a time: the old one and the new one, and one to spare.
const SECRETS_MAX: usize = 4;
const SECOND: Duration = Duration::from_secs(1);
const HOUR: Duration = Duration::from_secs(3600);

/// What `events` may name; messages from handsets go where `[[mo_route]]` says.
const EVENTS: &[(&str, StateEvents)] = &[
    ("message.received", StateEvents::NONE),
    ("message.submitted", StateEvents::SUBMITTED),
    ("message.delivered", StateEvents::DELIVERED),
    ("message.undelivered", StateEvents::UNDELIVERED),
    ("message.expired", StateEvents::EXPIRED),
    ("message.rejected", StateEvents::REJECTED),
    ("message.cancelled", StateEvents::CANCELLED),
    ("message.unknown", StateEvents::UNKNOWN),
];

/// Who is told the ends of messages that came by SMPP.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SmppReceipts {
    /// The binds, as `registered_delivery` asks.
    Bind,
    /// The webhook, as `events` says.
    Webhook,
}

const SMPP_RECEIPTS: &[(&str, SmppReceipts)] = &[
    ("bind", SmppReceipts::Bind),
    ("webhook", SmppReceipts::Webhook),
];

/// How an account's events are posted, wherever that is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PostingTerms {
    /// Keys of the signature: each signs. None: nothing is signed.
    pub secrets: Vec<Secret>,
    /// Most requests at a time.
    pub concurrency: u32,
    /// Longest time of a request, answer included.
    pub timeout: Duration,
    /// How long an event is tried.
    pub keep: Duration,
    /// Refusals (4xx) after which an event is given up; 0: only its time ends it.
    pub refusals_max: u32,
    /// Most events that are kept of those that were given up.
    pub dead_max: u64,
}

impl Default for PostingTerms {
    fn default() -> Self {
        Self {
            secrets: Vec::new(),
            concurrency: 4,
            timeout: SECOND * 10,
            keep: HOUR * 72,
            refusals_max: 0,
            dead_max: 10_000,
        }
    }
}

impl PostingTerms {
    fn read(section: &Section<'_>, secrets: Vec<Secret>) -> Self {
        let usual = Self::default();
        let (least, most) = (usual.timeout / 10, SECOND * 120);
        Self {
            secrets,
            concurrency: section.or("concurrency", usual.concurrency, kind::integer(1..=256)),
            timeout: section.or("timeout", usual.timeout, kind::time(least..=most)),
            keep: section.or("keep", usual.keep, kind::time(SECOND..=HOUR * 24 * 30)),
            refusals_max: section.or("refusals_max", 0, kind::integer(0..=1000)),
            dead_max: section.or("dead_max", usual.dead_max, kind::integer(0..=10_000_000)),
        }
    }
}

/// `webhook = { ... }` of an account. `Debug` shows neither secret nor path: a path may be one.
#[derive(Clone, PartialEq, Eq)]
pub struct Webhook {
    /// Where to post: `http` or `https`, a host, no user and no fragment.
    pub url: Uri,
    /// How.
    pub terms: PostingTerms,
    /// Most events in one request.
    pub batch_max: u32,
    /// States of messages that it is told.
    pub events: StateEvents,
    /// Who is told the ends of messages that came by SMPP.
    pub smpp_receipts: SmppReceipts,
}

impl fmt::Debug for Webhook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Webhook")
            .field("host", &self.url.host())
            .field("terms", &self.terms)
            .field("events", &self.events)
            .finish_non_exhaustive()
    }
}

impl Webhook {
    /// With every default.
    #[must_use]
    pub fn at(url: Uri, secrets: Vec<Secret>) -> Self {
        Self {
            url,
            terms: PostingTerms {
                secrets,
                ..PostingTerms::default()
            },
            batch_max: 1,
            events: StateEvents::NONE,
            smpp_receipts: SmppReceipts::Bind,
        }
    }

    pub(crate) fn read(section: &Section<'_>) -> Self {
        let url = section.required("url", "\"https://example.com/sms\"", url);
        let own = section.required("secret", "{ env = \"WEBHOOK_SECRET\" }", secrets(section));
        let webhook = Self {
            url: url.unwrap_or_default(),
            terms: PostingTerms::read(section, own.unwrap_or_default()),
            batch_max: section.or("batch_max", 1, kind::integer(1..=500)),
            events: section.or("events", StateEvents::NONE, events),
            smpp_receipts: section.or(
                "smpp_receipts",
                SmppReceipts::Bind,
                kind::choice(SMPP_RECEIPTS),
            ),
        };
        if webhook.smpp_receipts == SmppReceipts::Webhook && webhook.events.is_empty() {
            section.fault(
                "smpp_receipts",
                "gives the webhook ends of messages, and its `events` name none; add events = [\"message.delivered\", \"message.undelivered\"]",
            );
        }
        section.finish();
        webhook
    }
}

/// Hosts that a customer may have his callbacks at: one, or all below one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HostPattern {
    /// This one.
    One(String),
    /// Every one whose name ends so, dot included.
    Below(String),
    /// Any: `*`, for who may name whom he likes.
    Any,
}

impl HostPattern {
    /// Whether a host, in lower case, is one of these.
    #[must_use]
    pub fn takes(&self, host: &str) -> bool {
        match self {
            Self::One(one) => one == host,
            Self::Below(end) => host.len() > end.len() && host.ends_with(end.as_str()),
            Self::Any => true,
        }
    }
}

/// `callbacks = { ... }` of an account: that its messages may name URLs of their own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Callbacks {
    /// Where those may be.
    pub hosts: Vec<HostPattern>,
    /// Whether they may be at addresses of private networks and of this machine.
    pub private: bool,
    /// States of messages that are told there.
    pub events: StateEvents,
    /// How; where the account has a webhook, its terms hold, but for the keys that are named here.
    pub terms: PostingTerms,
}

impl Callbacks {
    pub(crate) fn read(section: &Section<'_>) -> Self {
        let hosts = section.required("hosts", "[\"example.com\"]", kind::one_or_list(host));
        let hosts = hosts.unwrap_or_default();
        if hosts.is_empty()
            && section
                .value("hosts")
                .is_some_and(|value| value.get_ref().is_array())
        {
            section.fault(
                "hosts",
                "is empty; name one at least, or leave `callbacks` out",
            );
        }
        let own = section.or("secret", Vec::new(), secrets(section));
        let callbacks = Self {
            hosts,
            private: section.or("private", false, kind::boolean),
            events: section.or("events", StateEvents::FINALS, events),
            terms: PostingTerms::read(section, own),
        };
        section.finish();
        callbacks
    }
}

fn host(value: &DeValue<'_>) -> Read<HostPattern> {
    let text = kind::text(value)?;
    if text == "*" {
        return Ok(HostPattern::Any);
    }
    let (below, name) = match text.strip_prefix("*.") {
        Some(name) => (true, name),
        None => (false, text.as_str()),
    };
    let known = |octet: u8| octet.is_ascii_alphanumeric() || b"-._:[]".contains(&octet);
    if name.is_empty() || !name.bytes().all(known) {
        let cure = "write a host as \"example.com\", or \"*.example.com\" for all below it, without scheme, port or path";
        return Err(format!("is {text:?}; {cure}").into());
    }
    let name = name.to_ascii_lowercase();
    Ok(match below {
        true => HostPattern::Below(format!(".{name}")),
        false => HostPattern::One(name),
    })
}

fn events(value: &DeValue<'_>) -> Read<StateEvents> {
    let named = kind::one_or_list(kind::choice(EVENTS))(value)?;
    Ok(named.into_iter().fold(StateEvents::NONE, StateEvents::with))
}

/// One key, or a list of them while one is changed for another.
fn secrets<'a>(section: &'a Section<'_>) -> impl Fn(&DeValue<'_>) -> Read<Vec<Secret>> + 'a {
    move |value| {
        let one = |value: &DeValue<'_>| {
            let text = secret(section.context, SECRET_OCTETS_MAX)(value)?;
            if text.expose().len() < SECRET_OCTETS_MIN {
                let what =
                    format!("is shorter than {SECRET_OCTETS_MIN} characters; take a random one");
                return Err(what.into());
            }
            Ok(text)
        };
        let all = kind::one_or_list(one)(value)?;
        match all.len() {
            1..=SECRETS_MAX => Ok(all),
            0 => Err("is empty; give one key at least".into()),
            _ => Err(format!("has more than {SECRETS_MAX} keys; take the oldest away").into()),
        }
    }
}

/// Says nothing of the text itself where that may hold a secret.
fn url(value: &DeValue<'_>) -> Read<Uri> {
    url_of(&kind::text(value)?)
}

/// A URL that can be asked.
pub(crate) fn url_of(text: &str) -> Read<Uri> {
    const CURE: &str = "write it as \"https://example.com/sms\"";
    if text.len() > URL_OCTETS_MAX {
        return Err(format!("is longer than {URL_OCTETS_MAX} characters").into());
    }
    if text.contains('#') {
        return Err("has a fragment (#), which no server is sent; take it away".into());
    }
    let url: Uri = text.parse().map_err(|error| {
        format!("is no URL ({error}); {CURE}, a name outside ASCII in its xn-- form")
    })?;
    match url.scheme_str() {
        Some("https" | "http") => {}
        Some(other) => {
            return Err(
                format!("begins with {other}:, and has to with https: or http:; {CURE}").into(),
            );
        }
        None => return Err(format!("has no https:// or http:// before it; {CURE}").into()),
    }
    let authority = url
        .authority()
        .ok_or_else(|| format!("names no host; {CURE}"))?;
    if authority.as_str().contains('@') {
        return Err("names a user; take him away, we are known by signature or header".into());
    }
    if authority.host().is_empty() {
        return Err(format!("names no host; {CURE}").into());
    }
    let after = authority
        .as_str()
        .strip_prefix(authority.host())
        .unwrap_or("");
    if !after.is_empty() && authority.port_u16().is_none_or(|port| port == 0) {
        return Err("has a port that is none; ports are 1 to 65535".into());
    }
    Ok(url)
}
