//! `dlr`, `dlr-url`, `dlr-level` and `dlr-method`: how a caller is told of his message.

use carrack_message::{Callback, CallbackKind, write_callback};

use super::answer::Fault;
use super::arguments::Arguments;
use crate::accounts::Account;
use crate::webhook::{askable, check_callback_url, jasmin_events};

/// What is taken where they are silent: a URL or a level asks for receipts, of level 1, by POST.
pub(crate) fn default(arguments: &mut Arguments) {
    let asks = arguments.get("dlr-url").is_some() || arguments.get("dlr-level").is_some();
    arguments.default("dlr", if asks { "yes" } else { "no" });
}

/// The parameter that a message carries; empty where its caller asks for nothing.
pub(crate) fn parameter(arguments: &Arguments, account: &Account) -> Result<Vec<u8>, Fault> {
    let mut parameter = Vec::new();
    let asks = arguments.get("dlr") == Some(b"yes")
        || arguments.get("dlr-url").is_some()
        || arguments.get("dlr-level").is_some();
    let own = arguments.text("dlr-url");
    let usual = account.legacy_dlr_url.as_deref();
    let url = if own.is_empty() {
        usual.unwrap_or_default()
    } else {
        &own
    };
    // As Jasmin has it: without a URL `dlr` is taken as "no".
    if !asks || url.is_empty() {
        return Ok(parameter);
    }
    let url = askable(url);
    let level = arguments.text("dlr-level").parse().unwrap_or(1);
    let callback = Callback {
        kind: CallbackKind::Jasmin,
        events: jasmin_events(level),
        level,
        get: arguments.text("dlr-method").eq_ignore_ascii_case("get"),
        url: &url,
    };
    let refused = |why: &str| Fault::invalid("dlr-url", own.as_bytes(), &format!("dlr-url {why}"));
    check_callback_url(account, &url).map_err(|why| refused(&why))?;
    match write_callback(&callback, &mut parameter) {
        true => Ok(parameter),
        false => Err(refused("is too long; shorten it")),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use carrack_message::{StateEvents, callback};
    use carrack_settings::{Callbacks, HostPattern, PostingTerms};

    use super::*;
    use crate::accounts::{AccountSpec, Accounts};

    fn of(query: &str) -> Vec<u8> {
        let spec = AccountSpec {
            callbacks: Some(Callbacks {
                hosts: vec![HostPattern::Any],
                private: true,
                events: StateEvents::FINALS,
                terms: PostingTerms::default(),
            }),
            ..AccountSpec::named("shop")
        };
        let accounts = Accounts::build(&[spec], |_| Some(7)).unwrap();
        let mut arguments = Arguments::of(query);
        default(&mut arguments);
        parameter(&arguments, accounts.by_name("shop").unwrap()).unwrap()
    }

    #[test]
    fn the_documented_request_for_an_acknowledgement_is_kept_with_the_message() {
        let stored = of("dlr-url=http://myserver/acknowledgement&dlr-level=2");
        let found = callback(&stored).unwrap();
        assert_eq!(
            (found.url, found.level, found.get),
            ("http://myserver/acknowledgement", 2, false)
        );
        assert_eq!(
            (found.kind, found.events),
            (CallbackKind::Jasmin, StateEvents::FINALS)
        );
    }

    #[test]
    fn who_asks_without_a_url_or_says_no_is_told_nothing() {
        for query in ["", "dlr=no", "dlr=yes", "dlr-level=3"] {
            assert!(of(query).is_empty(), "{query}");
        }
        let usual = of("dlr-url=https://h/&dlr-method=get");
        let found = callback(&usual).unwrap();
        assert!(found.get && found.level == 1);
    }
}
