//! All accounts, found by name, key or system id; swapped whole.

use std::collections::HashMap;
use std::fmt;
use std::hash::{BuildHasher, RandomState};
use std::net::IpAddr;
use std::sync::{Arc, PoisonError, RwLock};

use carrack_runtime::SystemClock;
use carrack_settings::Scope;
use subtle::ConstantTimeEq;

use super::keys::{Admitted, Key};
use super::password::{Look, Password, is_same};
use super::{AccessFault, Account, AccountSpec, AccountsFault};
use crate::replies::ReplyBreaker;

/// An account and its secrets.
struct Entry {
    account: Arc<Account>,
    keys: Vec<Key>,
    /// Password of callers of other gateways.
    legacy_password: Option<String>,
    password: Option<Arc<Password>>,
}

/// An SMPP bind whose system id is known.
#[derive(Debug)]
pub(crate) enum Admission {
    /// Its password is right.
    Open(Arc<Account>),
    /// That can only be told by [`Proof::verify`].
    Unproven(Proof),
}

/// A password and what it has to be. `Debug` shows neither.
#[derive(Clone)]
pub(crate) struct Proof {
    password: Arc<Password>,
    given: String,
}

impl Proof {
    /// Whether it is right; slow on purpose, so not on a thread that has something else to do.
    pub(crate) fn verify(&self) -> bool {
        self.password.look(&self.given) == Look::Right || self.password.verify(&self.given)
    }

    /// A proof that fails.
    #[cfg(test)]
    pub(crate) fn of_nothing() -> Self {
        Self {
            password: Arc::new(Password::new("pw")),
            given: String::new(),
        }
    }
}

impl fmt::Debug for Proof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Proof").finish_non_exhaustive()
    }
}

/// One state of the book.
pub struct Accounts {
    entries: Vec<Entry>,
    by_name: HashMap<String, usize>,
    by_system_id: HashMap<String, usize>,
    by_legacy_user: HashMap<String, usize>,
    /// By a hash under a secret of this process: finding a key tells nothing of other keys by its time.
    by_key: HashMap<u64, (usize, usize)>,
    hasher: RandomState,
}

impl Accounts {
    /// Checks the accounts against each other; `number_of` is the engine's directory.
    ///
    /// # Errors
    /// The first [`AccountsFault`] found.
    pub fn build(
        specs: &[AccountSpec],
        number_of: impl Fn(&str) -> Option<u32>,
    ) -> Result<Self, AccountsFault> {
        Self::build_after(None, specs, number_of)
    }

    fn build_after(
        before: Option<&Self>,
        specs: &[AccountSpec],
        number_of: impl Fn(&str) -> Option<u32>,
    ) -> Result<Self, AccountsFault> {
        let mut accounts = Self {
            entries: Vec::with_capacity(specs.len()),
            by_name: HashMap::new(),
            by_system_id: HashMap::new(),
            by_legacy_user: HashMap::new(),
            by_key: HashMap::new(),
            hasher: RandomState::new(),
        };
        // One clock for the book and those after it: buckets live on, so their time must too.
        let clock = clock();
        for spec in specs {
            let number =
                number_of(&spec.name).ok_or_else(|| AccountsFault::NoNumber(spec.name.clone()))?;
            let own = before.and_then(|book| book.by_name(&spec.name));
            let account = Account::new(spec, number, clock, own.map(Arc::as_ref))?;
            // What was proven once need not be proven again.
            let password = spec.password.as_deref().map(|text| {
                let proven = before
                    .and_then(|book| book.entry(book.by_name.get(&spec.name)))
                    .and_then(|entry| entry.password.clone())
                    .filter(|password| password.is(text));
                proven.unwrap_or_else(|| Arc::new(Password::new(text)))
            });
            accounts.add(spec, Arc::new(account), password)?;
        }
        Ok(accounts)
    }

    fn add(
        &mut self,
        spec: &AccountSpec,
        account: Arc<Account>,
        password: Option<Arc<Password>>,
    ) -> Result<(), AccountsFault> {
        let place = self.entries.len();
        let shared = |what, entries: &[Entry], other: usize| AccountsFault::Shared {
            what,
            first: entries
                .get(other)
                .map_or_else(String::new, |entry| entry.account.name.clone()),
            second: spec.name.clone(),
        };
        if let Some(other) = self.by_name.insert(spec.name.clone(), place) {
            return Err(shared("name", &self.entries, other));
        }
        if let Some(system_id) = &spec.system_id
            && let Some(other) = self.by_system_id.insert(system_id.clone(), place)
        {
            return Err(shared("system_id", &self.entries, other));
        }
        if let Some(user) = &spec.legacy.user
            && let Some(other) = self.by_legacy_user.insert(user.clone(), place)
        {
            return Err(shared("legacy user", &self.entries, other));
        }
        let keys = Key::all_of(spec);
        for (number, key) in keys.iter().enumerate() {
            let hash = self.hasher.hash_one(key.text());
            if let Some((other, _)) = self.by_key.insert(hash, (place, number)) {
                return Err(shared("api_key", &self.entries, other));
            }
        }
        self.entries.push(Entry {
            account,
            keys,
            legacy_password: (spec.legacy.password.as_ref())
                .map(|password| password.expose().to_owned()),
            password,
        });
        Ok(())
    }

    /// The account of this name.
    #[must_use]
    pub fn by_name(&self, name: &str) -> Option<&Arc<Account>> {
        self.entry(self.by_name.get(name))
            .map(|entry| &entry.account)
    }

    /// All accounts, in the order of the configuration.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<Account>> {
        self.entries.iter().map(|entry| &entry.account)
    }

    fn entry(&self, place: Option<&usize>) -> Option<&Entry> {
        place.and_then(|place| self.entries.get(*place))
    }

    /// The account whose HTTP key this is, and what the key opens.
    ///
    /// # Errors
    /// [`AccessFault`].
    pub fn by_key(&self, key: &str, from: IpAddr) -> Result<Admitted, AccessFault> {
        let place = self.by_key.get(&self.hasher.hash_one(key));
        let entry = self.entry(place.map(|(place, _)| place));
        let own = entry
            .zip(place)
            .and_then(|(entry, (_, number))| entry.keys.get(*number));
        let account = admit(entry, own.map(Key::text), key, from)?;
        Ok(Admitted::by(account, own))
    }

    /// The account of HTTP Basic credentials, its name and one of its keys, and what that opens. The password of SMPP
    /// binds is no key: it is short and goes in plain.
    ///
    /// # Errors
    /// [`AccessFault`].
    pub fn by_name_and_key(
        &self,
        name: &str,
        key: &str,
        from: IpAddr,
    ) -> Result<Admitted, AccessFault> {
        let named = self.entry(self.by_name.get(name));
        let keys = named.map_or(&[][..], |entry| entry.keys.as_slice());
        // Every key is compared: which one it is shows only in the answer.
        let found = keys.iter().fold(None, |found, own| found.or(own.is(key)));
        let own = found.or(keys.first());
        let account = admit(named, own.map(Key::text), key, from)?;
        Ok(Admitted::by(account, own))
    }

    /// As [`Self::by_name_and_key`], for a call of one scope: a key that has it not is unknown.
    ///
    /// # Errors
    /// [`AccessFault`].
    pub fn by_basic(
        &self,
        user: &str,
        key: &str,
        from: IpAddr,
        scope: Scope,
    ) -> Result<Arc<Account>, AccessFault> {
        let admitted = self.by_name_and_key(user, key, from)?;
        match admitted.scopes.has(scope) {
            true => Ok(admitted.account),
            false => Err(AccessFault::Unknown),
        }
    }

    /// The account and the key that a signed request names: `ACCOUNT/KEY`, or `ACCOUNT` for its `api_key`.
    pub(crate) fn signer(&self, name: &str) -> Option<(&Arc<Account>, &Key)> {
        let (account, key) = match name.split_once('/') {
            Some((account, key)) => (account, Some(key)),
            None => (name, None),
        };
        let entry = self.entry(self.by_name.get(account))?;
        let own = entry.keys.iter().find(|own| own.name() == key)?;
        Some((&entry.account, own))
    }

    /// The account that calls as Kannel or Jasmin is called: by its `legacy` user and password, which open every call, or
    /// by its name and a key that has the scope, where it has no such user.
    ///
    /// # Errors
    /// [`AccessFault`].
    pub fn by_legacy(
        &self,
        user: &str,
        password: &str,
        from: IpAddr,
        scope: Scope,
    ) -> Result<Arc<Account>, AccessFault> {
        match self.entry(self.by_legacy_user.get(user)) {
            Some(entry) => {
                // With a user there is a password.
                let own = entry.legacy_password.as_deref().unwrap_or("\0");
                match (is_same(own, password), entry.account.allows(from)) {
                    (true, true) => Ok(Arc::clone(&entry.account)),
                    (true, false) => Err(AccessFault::Address),
                    (false, _) => Err(AccessFault::Secret),
                }
            }
            None => {
                let named = self.entry(self.by_name.get(user));
                if named.is_some_and(|entry| entry.legacy_password.is_some()) {
                    return Err(AccessFault::Unknown);
                }
                self.by_basic(user, password, from, scope)
            }
        }
    }

    /// The account of an SMPP bind. Where a password has to be verified the address is judged first: strangers cost
    /// nothing.
    ///
    /// # Errors
    /// [`AccessFault`].
    pub(crate) fn by_system_id(
        &self,
        system_id: &str,
        given: &str,
        from: IpAddr,
    ) -> Result<Admission, AccessFault> {
        let entry = self.entry(self.by_system_id.get(system_id));
        let found = entry.and_then(|entry| Some((entry, entry.password.as_ref()?)));
        let (entry, password) = found.ok_or(AccessFault::Unknown)?;
        let look = password.look(given);
        if look == Look::Wrong {
            return Err(AccessFault::Secret);
        }
        if !entry.account.allows(from) {
            return Err(AccessFault::Address);
        }
        Ok(match look {
            Look::Unproven => Admission::Unproven(Proof {
                password: Arc::clone(password),
                given: given.to_owned(),
            }),
            _ => Admission::Open(Arc::clone(&entry.account)),
        })
    }

    /// The account of an SMPP bind whose password was verified, if it is still the one.
    ///
    /// # Errors
    /// [`AccessFault`].
    pub(crate) fn by_proof(
        &self,
        system_id: &str,
        proof: &Proof,
        from: IpAddr,
    ) -> Result<Arc<Account>, AccessFault> {
        let entry = self.entry(self.by_system_id.get(system_id));
        let entry = entry.ok_or(AccessFault::Unknown)?;
        let own = entry.password.as_ref();
        if !own.is_some_and(|own| Arc::ptr_eq(own, &proof.password)) {
            return Err(AccessFault::Secret);
        }
        if !entry.account.allows(from) {
            return Err(AccessFault::Address);
        }
        Ok(Arc::clone(&entry.account))
    }
}

/// An account without the secret asked for is unknown; the comparison is made all the same.
fn admit(
    entry: Option<&Entry>,
    own: Option<&str>,
    given: &str,
    from: IpAddr,
) -> Result<Arc<Account>, AccessFault> {
    let equal = bool::from(own.unwrap_or("\0").as_bytes().ct_eq(given.as_bytes()));
    match (entry, own) {
        (Some(entry), Some(_)) if equal => {
            if entry.account.allows(from) {
                Ok(Arc::clone(&entry.account))
            } else {
                Err(AccessFault::Address)
            }
        }
        (Some(_), Some(_)) => Err(AccessFault::Secret),
        _ => Err(AccessFault::Unknown),
    }
}

fn clock() -> SystemClock {
    static CLOCK: std::sync::OnceLock<SystemClock> = std::sync::OnceLock::new();
    *CLOCK.get_or_init(SystemClock::default)
}

/// The book that all doors share.
pub struct AccountBook {
    accounts: RwLock<Arc<Accounts>>,
    replies: ReplyBreaker,
}

impl AccountBook {
    /// A book that begins with these accounts.
    #[must_use]
    pub fn new(accounts: Accounts) -> Self {
        Self {
            accounts: RwLock::new(Arc::new(accounts)),
            replies: ReplyBreaker::default(),
        }
    }

    /// Counts what handsets are answered without a person.
    #[must_use]
    pub const fn replies(&self) -> &ReplyBreaker {
        &self.replies
    }

    /// The accounts of this moment. Hold it for one request, not longer.
    #[must_use]
    pub fn current(&self) -> Arc<Accounts> {
        Arc::clone(&self.accounts.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Checks other accounts against each other, without putting them in place; rates that did not change keep their
    /// state.
    ///
    /// # Errors
    /// The first [`AccountsFault`] found.
    pub fn prepare(
        &self,
        specs: &[AccountSpec],
        number_of: impl Fn(&str) -> Option<u32>,
    ) -> Result<Accounts, AccountsFault> {
        Accounts::build_after(Some(&self.current()), specs, number_of)
    }

    /// Puts prepared accounts in place of these. Binds and requests that were let in before go on with the account they
    /// were let in as.
    pub fn replace(&self, after: Accounts) {
        *self
            .accounts
            .write()
            .unwrap_or_else(PoisonError::into_inner) = Arc::new(after);
    }

    /// Prepares and replaces.
    ///
    /// # Errors
    /// [`AccountsFault`]; the book is as it was.
    pub fn reload(
        &self,
        specs: &[AccountSpec],
        number_of: impl Fn(&str) -> Option<u32>,
    ) -> Result<(), AccountsFault> {
        self.replace(self.prepare(specs, number_of)?);
        Ok(())
    }
}
