//! `webhook` of an `[[account]]`: where its events are posted.

use std::fmt;
use std::time::Duration;

use http::Uri;
use toml::de::DeValue;

use crate::reader::{Read, Section};
use crate::secret::secret;
use crate::{Secret, kind};

/// Longest URL.
const URL_OCTETS_MAX: usize = 2048;
const SECRET_OCTETS_MIN: usize = 16;
const SECRET_OCTETS_MAX: usize = 256;

/// `webhook = { ... }` of an account. `Debug` shows neither secret nor path: a path may be one.
#[derive(Clone, PartialEq, Eq)]
pub struct Webhook {
    /// Where to post: `http` or `https`, a host, no user and no fragment.
    pub url: Uri,
    /// Key of the signature.
    pub secret: Secret,
    /// Most requests at a time.
    pub concurrency: u32,
    /// Longest time of a request, answer included.
    pub timeout: Duration,
}

impl fmt::Debug for Webhook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Webhook")
            .field("host", &self.url.host())
            .field("concurrency", &self.concurrency)
            .field("timeout", &self.timeout)
            .finish_non_exhaustive()
    }
}

impl Webhook {
    pub(crate) fn read(section: &Section<'_>) -> Self {
        const SECOND: Duration = Duration::from_secs(1);
        let url = section.required("url", "\"https://example.com/sms\"", url);
        let own = section.required("secret", "{ env = \"WEBHOOK_SECRET\" }", |value| {
            let text = secret(section.context, SECRET_OCTETS_MAX)(value)?;
            if text.expose().len() < SECRET_OCTETS_MIN {
                let what =
                    format!("is shorter than {SECRET_OCTETS_MIN} characters; take a random one");
                return Err(what.into());
            }
            Ok(text)
        });
        let concurrency = section.or("concurrency", 4, kind::integer(1..=256));
        let timeout = section.or("timeout", SECOND * 10, kind::time(SECOND..=SECOND * 120));
        section.finish();
        Self {
            url: url.unwrap_or_default(),
            secret: own.unwrap_or_default(),
            concurrency,
            timeout,
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
