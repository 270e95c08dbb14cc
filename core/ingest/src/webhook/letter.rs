//! An event that was given up, as it is kept.

use carrack_message::CallbackKind;
use serde::{Deserialize, Serialize};

/// In whose words, as it stands in files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Words {
    Webhook,
    Carrack,
    Kannel,
    Jasmin,
}

/// A dead letter: the request that nobody took.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Letter {
    /// Its place in the account's list; it grows.
    pub serial: u64,
    /// Id of the event.
    pub id: String,
    /// It happened at, UTC nanoseconds.
    pub at_utc_ns: u64,
    /// Given up at, UTC nanoseconds.
    pub given_up_utc_ns: u64,
    /// `expired` or `refused`.
    pub why: String,
    words: Words,
    /// By `GET`, else by `POST`.
    pub get: bool,
    /// Where it was to go; empty: to the account's webhook.
    pub url: String,
    /// Of the body; empty: none.
    pub content_type: String,
    /// What it said.
    pub body: String,
}

impl Letter {
    /// A letter that has no place yet.
    pub(crate) fn new(id: String, kind: CallbackKind) -> Self {
        Self {
            serial: 0,
            id,
            at_utc_ns: 0,
            given_up_utc_ns: 0,
            why: String::new(),
            words: match kind {
                CallbackKind::Webhook => Words::Webhook,
                CallbackKind::Carrack => Words::Carrack,
                CallbackKind::Kannel => Words::Kannel,
                CallbackKind::Jasmin => Words::Jasmin,
            },
            get: false,
            url: String::new(),
            content_type: String::new(),
            body: String::new(),
        }
    }

    /// In whose words it is.
    pub(crate) const fn kind(&self) -> CallbackKind {
        match self.words {
            Words::Webhook => CallbackKind::Webhook,
            Words::Carrack => CallbackKind::Carrack,
            Words::Kannel => CallbackKind::Kannel,
            Words::Jasmin => CallbackKind::Jasmin,
        }
    }
}

/// Which of an account's dead letters are meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Which {
    /// All that are there.
    All,
    /// Those of these events.
    Ids(Vec<String>),
}

impl Which {
    pub(crate) fn takes(&self, letter: &Letter) -> bool {
        match self {
            Self::All => true,
            Self::Ids(ids) => ids.contains(&letter.id),
        }
    }
}
