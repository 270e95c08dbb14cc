//! Passwords of SMPP binds: as they are, as argon2id has them, or as another gateway kept them (MD5).
//!
//! Promise: whoever reads the configuration of hashed passwords learns none. Comparisons take the same time however much
//! agrees. Argon2 is slow on purpose (tens of milliseconds, 19 MiB), so that a password once proven is remembered: under a
//! salt of this process, by an argon2id of no weight, for as long as the configuration says the same. A client that
//! binds again and again therefore costs what one with a plain password costs.

use std::fmt;
use std::hash::{BuildHasher, RandomState};
use std::sync::{Mutex, OnceLock, PoisonError};

use argon2::{Algorithm, Argon2, Params, PasswordHasher, PasswordVerifier, Version};
use subtle::ConstantTimeEq;
use thiserror::Error;

use carrack_settings::{is_hash, md5_of};
use md5::{Digest, Md5};

const SEAL_OCTETS: usize = 32;
/// KiB, the least there is: what is remembered lives in memory only.
const SEAL_MEMORY_KIB: u32 = 8;

type Seal = [u8; SEAL_OCTETS];

/// A password could not be hashed: the system gives no random octets, or no memory.
#[derive(Debug, Error)]
#[error("the password cannot be hashed: {0}")]
pub struct HashFault(String);

/// Hashes a password for the configuration: `$argon2id$v=19$m=19456,t=2,p=1$...`.
///
/// # Errors
/// [`HashFault`].
pub fn hash(password: &str) -> Result<String, HashFault> {
    let hashed = Argon2::default().hash_password(password.as_bytes());
    match hashed {
        Ok(hash) => Ok(hash.to_string()),
        Err(error) => Err(HashFault(error.to_string())),
    }
}

/// Whether a password is the one that stands there, as it is or as its MD5. Takes the same time however much agrees.
pub(super) fn is_same(own: &str, given: &str) -> bool {
    match md5_of(own) {
        Some(own) => bool::from(own.ct_eq(Md5::digest(given.as_bytes()).as_slice())),
        None => bool::from(own.as_bytes().ct_eq(given.as_bytes())),
    }
}

/// The password an account has to show. `Debug` shows nothing of it.
pub(crate) struct Password {
    text: String,
    hashed: bool,
    proven: Mutex<Option<Seal>>,
}

/// What a look at a password says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Look {
    Right,
    Wrong,
    /// Only [`Password::verify`] can tell.
    Unproven,
}

impl Password {
    pub(crate) fn new(text: &str) -> Self {
        Self {
            text: text.to_owned(),
            hashed: is_hash(text),
            proven: Mutex::new(None),
        }
    }

    /// Whether the configuration still says the same.
    pub(crate) fn is(&self, text: &str) -> bool {
        self.text == text
    }

    /// Compares at once where that can be done.
    pub(crate) fn look(&self, given: &str) -> Look {
        if !self.hashed {
            return match is_same(&self.text, given) {
                true => Look::Right,
                false => Look::Wrong,
            };
        }
        let proven = *self.proven.lock().unwrap_or_else(PoisonError::into_inner);
        match (proven, seal(given)) {
            (Some(proven), Some(seal)) if proven.ct_eq(&seal).into() => Look::Right,
            _ => Look::Unproven,
        }
    }

    /// Compares whatever it takes; remembers what is right.
    pub(crate) fn verify(&self, given: &str) -> bool {
        if !self.hashed {
            return self.look(given) == Look::Right;
        }
        let argon2 = Argon2::default();
        let right = argon2
            .verify_password(given.as_bytes(), self.text.as_str())
            .is_ok();
        if right {
            *self.proven.lock().unwrap_or_else(PoisonError::into_inner) = seal(given);
        }
        right
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Password").finish_non_exhaustive()
    }
}

fn seal(given: &str) -> Option<Seal> {
    static SALT: OnceLock<[u8; 16]> = OnceLock::new();
    // The hasher's keys are random ones of the system.
    let salt = SALT.get_or_init(|| {
        let random = RandomState::new();
        let (first, second) = (random.hash_one(1), random.hash_one(2));
        (u128::from(first) << 64 | u128::from(second)).to_be_bytes()
    });
    let params = Params::new(SEAL_MEMORY_KIB, 1, 1, Some(SEAL_OCTETS)).ok()?;
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    let mut seal = Seal::default();
    argon2
        .hash_password_into(given.as_bytes(), salt, &mut seal)
        .ok()?;
    Some(seal)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_hashed_password_is_proven_once_and_another_never() {
        let hashed = hash("a password longer than eight").unwrap();
        assert!(hashed.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
        assert_ne!(hashed, hash("a password longer than eight").unwrap());
        let password = Password::new(&hashed);
        let right = "a password longer than eight";
        assert_eq!(password.look(right), Look::Unproven);
        assert!(!password.verify("a password longer than nine"));
        assert_eq!(password.look(right), Look::Unproven);
        assert!(password.verify(right));
        assert_eq!(password.look(right), Look::Right);
        assert_eq!(password.look("a password longer than nine"), Look::Unproven);
        // The hash itself is no password.
        assert!(!password.verify(&hashed));
    }

    #[test]
    fn a_plain_password_needs_no_proof() {
        let password = Password::new("pw");
        assert_eq!(password.look("pw"), Look::Right);
        assert_eq!(password.look("pv"), Look::Wrong);
        assert!(password.verify("pw") && !password.verify(""));
        assert!(!format!("{password:?}").contains("pw"));
    }

    #[test]
    fn a_password_that_another_gateway_kept_as_md5_opens_and_its_digest_does_not() {
        let kept = "$md5$37b51d194a7513e45b56f6524f2d51f2";
        let password = Password::new(kept);
        assert_eq!(password.look("bar"), Look::Right);
        for wrong in ["", "baz", kept, "37b51d194a7513e45b56f6524f2d51f2"] {
            assert_eq!(password.look(wrong), Look::Wrong, "{wrong}");
        }
    }

    #[test]
    fn what_argon2_of_other_makes_wrote_is_taken() {
        // From the reference implementation: echo -n password | argon2 somesalt -id -t 2 -m 16 -p 1 -e
        let hashed = "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc";
        assert!(Password::new(hashed).verify("password"));
        assert!(!Password::new(hashed).verify("passwore"));
    }
}
