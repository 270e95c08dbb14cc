//! Keys of HTTP requests, and what each opens.

use std::fmt;
use std::sync::Arc;

use carrack_settings::{Scope, Scopes};
use subtle::ConstantTimeEq;

use super::{Account, AccountSpec};

/// A key of an account. `Debug` shows nothing of it.
#[derive(Clone)]
pub(crate) struct Key {
    /// None: it is the account's `api_key`.
    name: Option<String>,
    text: String,
    scopes: Scopes,
}

impl Key {
    /// The `api_key` of an account, which opens everything, and then its `api_keys`.
    pub(super) fn all_of(spec: &AccountSpec) -> Vec<Self> {
        let whole = spec.api_key.iter().map(|text| Self {
            name: None,
            text: text.clone(),
            scopes: Scopes::ALL,
        });
        let more = spec.api_keys.iter().map(|key| Self {
            name: Some(key.name.clone()),
            text: key.key.expose().to_owned(),
            scopes: key.scopes,
        });
        whole.chain(more).collect()
    }

    pub(super) fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// The key itself, for comparisons and signatures.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// What it opens.
    pub(crate) fn scopes(&self) -> Scopes {
        self.scopes
    }

    /// Itself, where it is the one given.
    pub(super) fn is(&self, given: &str) -> Option<&Self> {
        let equal: bool = self.text.as_bytes().ct_eq(given.as_bytes()).into();
        equal.then_some(self)
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Key")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

/// An account that was let in, and what the key opens by which it came.
#[derive(Debug, Clone)]
pub struct Admitted {
    /// The account.
    pub account: Arc<Account>,
    /// What it may ask for.
    pub scopes: Scopes,
}

impl Admitted {
    pub(super) fn by(account: Arc<Account>, key: Option<&Key>) -> Self {
        let scopes = key.map_or(Scopes::NONE, Key::scopes);
        Self { account, scopes }
    }

    /// Whether it may ask for this.
    #[must_use]
    pub fn may(&self, scope: Scope) -> bool {
        self.scopes.has(scope)
    }
}
