//! A URL that a message names becomes how its customer is told.

use carrack_message::{Callback, CallbackKind, StateEvents};

use crate::accounts::Account;

/// Told in our own words, of the states that the account's `callbacks` name. Whether it may is seen when the message is screened.
pub(crate) fn own_callback<'a>(account: &Account, url: &'a str) -> Callback<'a> {
    let callbacks = account.callbacks.as_ref();
    Callback {
        kind: CallbackKind::Carrack,
        events: callbacks.map_or(StateEvents::FINALS, |callbacks| callbacks.events),
        level: 0,
        get: false,
        url,
    }
}
