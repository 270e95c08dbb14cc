//! `api_keys` of an `[[account]]`: keys of HTTP requests that open only some doors.

use std::fmt;

use toml::de::DeValue;

use crate::reader::{Read, Section};
use crate::{Secret, kind, password};

/// A kind of call that a key may make.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Scope {
    /// Sends messages, takes them back, asks what they would cost.
    Send,
    /// Asks what became of messages.
    Read,
    /// Asks for the account's balance.
    Balance,
    /// Hands in files of messages, asks for them and stops them.
    Batches,
    /// Looks after the node, where the account is an operator's.
    Operate,
}

impl Scope {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::Send,
        Self::Read,
        Self::Balance,
        Self::Batches,
        Self::Operate,
    ];

    /// Its name in configurations and answers.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Send => "send",
            Self::Read => "read",
            Self::Balance => "balance",
            Self::Batches => "batches",
            Self::Operate => "operate",
        }
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Several of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scopes(u8);

impl Scopes {
    /// None.
    pub const NONE: Self = Self(0);
    /// All of today and of later versions.
    pub const ALL: Self = Self(u8::MAX);

    /// With one more.
    #[must_use]
    pub const fn with(self, scope: Scope) -> Self {
        Self(self.0 | 1 << scope as u8)
    }

    /// Whether it is among them.
    #[must_use]
    pub const fn has(self, scope: Scope) -> bool {
        self.0 & 1 << scope as u8 != 0
    }
}

/// One of `api_keys`. `Debug` shows no secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiKey {
    /// Its name, unique in the account; signed requests and logs call it so.
    pub name: String,
    /// The key; unique over all accounts.
    pub key: Secret,
    /// What it opens.
    pub scopes: Scopes,
    /// Its line in the file.
    pub line: usize,
}

const SCOPES: &[(&str, Scope)] = &[
    ("send", Scope::Send),
    ("read", Scope::Read),
    ("balance", Scope::Balance),
    ("batches", Scope::Batches),
    ("operate", Scope::Operate),
];

impl ApiKey {
    fn read(section: &Section<'_>) -> Self {
        let name = section.required("name", "\"web\"", kind::name);
        let example = "{ env = \"WEB_KEY\" }";
        let key = section.required("key", example, password::key(section.context));
        let scopes = section.required("scopes", "[\"send\", \"read\"]", scopes);
        section.finish();
        Self {
            name: name.unwrap_or_default(),
            key: key.unwrap_or_default(),
            scopes: scopes.unwrap_or(Scopes::NONE),
            line: section.line,
        }
    }

    /// The keys of an account.
    pub(crate) fn read_all(account: &Section<'_>, operator: bool) -> Vec<Self> {
        let sections = account.inners("api_keys");
        let mut keys: Vec<Self> = Vec::with_capacity(sections.len());
        for section in &sections {
            let key = Self::read(section);
            if key.scopes.has(Scope::Operate) && !operator {
                let what = "names operate, and the account is no operator's; set `operator = true` or take it away";
                section.fault("scopes", what);
            }
            let twin = keys.iter().find(|other| other.name == key.name);
            if let Some(twin) = twin.filter(|twin| !twin.name.is_empty()) {
                let what = format!(
                    "is {:?}, as in line {}; change one of them",
                    key.name, twin.line
                );
                section.fault("name", what);
            }
            keys.push(key);
        }
        keys
    }
}

fn scopes(value: &DeValue<'_>) -> Read<Scopes> {
    let scopes = kind::one_or_list(kind::choice(SCOPES))(value)?;
    if scopes.is_empty() {
        return Err("is empty; name one at least, a key that opens nothing is none".into());
    }
    Ok(scopes.into_iter().fold(Scopes::NONE, Scopes::with))
}
