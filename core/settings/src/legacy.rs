//! `legacy` of an `[[account]]`: the user name and password by which its program called Kannel or Jasmin.
//!
//! Such programs send both with each request, mostly in the URL, where proxies and logs see them; `in_url = false` refuses
//! them there and takes them from headers and bodies only.

use http::Uri;

use crate::reader::Section;
use crate::webhook::url_of;
use crate::{Secret, kind, password};

/// Longest user name.
const USER_OCTETS_MAX: usize = 64;

/// `legacy = { ... }` of an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Legacy {
    /// User name, 1..=64 octets of printable ASCII; unique. None: the name of the account.
    pub user: Option<String>,
    /// Password, or its MD5 (see [`crate::md5_of`]); none: the account's `api_key`.
    pub password: Option<Secret>,
    /// Whether a password that stands in the URL is taken.
    pub in_url: bool,
    /// Where receipts go of messages that ask for them without saying where (Kannel's `dlr-url` of a user).
    pub dlr_url: Option<Uri>,
}

impl Default for Legacy {
    fn default() -> Self {
        Self {
            user: None,
            password: None,
            in_url: true,
            dlr_url: None,
        }
    }
}

impl Legacy {
    pub(crate) fn read(section: &Section<'_>) -> Self {
        let usual = Self::default();
        let user = section.optional("user", |value| {
            let user = kind::ascii(USER_OCTETS_MAX)(value)?;
            match user.is_empty() {
                true => Err("is empty; write the name as the program sends it".into()),
                false => Ok(user),
            }
        });
        let legacy = Self {
            user,
            password: section.optional("password", password::legacy(section.context)),
            in_url: section.or("in_url", usual.in_url, kind::boolean),
            dlr_url: section.optional("dlr_url", |value| url_of(&kind::text(value)?)),
        };
        section.finish();
        match (section.value("user"), section.value("password")) {
            (Some(_), None) => section.fault(
                "user",
                "has no `password` beside it; write both, or neither for the account's name and api_key",
            ),
            (None, Some(_)) => section.fault(
                "password",
                "has no `user` beside it; write both, or neither for the account's name and api_key",
            ),
            _ => {}
        }
        legacy
    }

    /// Whether it has a user name and password of its own.
    #[must_use]
    pub const fn has_credentials(&self) -> bool {
        self.user.is_some() && self.password.is_some()
    }
}
