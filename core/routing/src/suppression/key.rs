//! Under which key a number stands on a list: its digits, or 56 bits of a hash of them and of whose entry it is.

use std::fmt;

use carrack_message::Msisdn;
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};

/// For whom an entry holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Scope {
    /// For everybody under the list.
    #[default]
    Global,
    /// For messages of one account.
    Account,
    /// For messages from one sender, whoever sends them.
    Sender,
}

impl Scope {
    /// As it is written.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Global => "global",
            Self::Account => "account",
            Self::Sender => "sender",
        }
    }
}

/// How numbers are written in a list.
#[derive(Clone)]
pub enum Hashing {
    /// As they are.
    None,
    /// SHA-256 of the digits without `+`.
    Sha256,
    /// HMAC-SHA-256 of the digits with a secret.
    Keyed(Box<Hmac<Sha256>>),
}

impl fmt::Debug for Hashing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Hashing {
    /// With this secret.
    #[must_use]
    pub fn keyed(secret: &[u8]) -> Self {
        // A key of any length is taken.
        Hmac::new_from_slice(secret).map_or(Self::Sha256, |keyed| Self::Keyed(Box::new(keyed)))
    }

    /// As it is written.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Sha256 => "sha256",
            Self::Keyed(_) => "keyed",
        }
    }
}

/// A number, or what a list was given instead of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whose {
    /// The number.
    Number(Msisdn),
    /// SHA-256 of its digits.
    Sha256([u8; 32]),
}

impl Whose {
    /// From 64 hexadecimal digits.
    #[must_use]
    pub fn of_sha256(hex: &[u8]) -> Option<Self> {
        let (pairs, []) = hex.as_chunks::<2>() else {
            return None;
        };
        let mut hash = [0; 32];
        if pairs.len() != hash.len() {
            return None;
        }
        for (octet, [high, low]) in hash.iter_mut().zip(pairs) {
            let digit = |sign: &u8| char::from(*sign).to_digit(16);
            *octet = (digit(high)? << 4 | digit(low)?) as u8;
        }
        Some(Self::Sha256(hash))
    }
}

/// Makes the keys of a list.
#[derive(Clone, Debug)]
pub struct Keys {
    /// For whom its entries hold.
    pub scope: Scope,
    /// How its numbers are written.
    pub hashing: Hashing,
}

impl Keys {
    /// The key of a number for one account or sender, whichever the list has; `name` is of no matter where its entries
    /// hold for all. None where the list cannot hold it: a hash where it has numbers, or another hash.
    #[inline]
    #[must_use]
    pub fn key(&self, whose: Whose, name: &str) -> Option<u64> {
        let mut digits = [0u8; 15];
        let hash: [u8; 32] = match (&self.hashing, whose) {
            (Hashing::None, Whose::Number(number)) => {
                return Some(match self.scope {
                    Scope::Global => number.as_u64(),
                    _ => self.scoped(name, number.write_digits(&mut digits)),
                });
            }
            (Hashing::Sha256, Whose::Number(number)) => {
                Sha256::digest(number.write_digits(&mut digits)).into()
            }
            (Hashing::Sha256, Whose::Sha256(hash)) => hash,
            (Hashing::Keyed(keyed), Whose::Number(number)) => {
                let mut mac = Hmac::clone(keyed);
                mac.update(number.write_digits(&mut digits));
                mac.finalize().into_bytes().into()
            }
            (Hashing::None | Hashing::Keyed(_), Whose::Sha256(_)) => return None,
        };
        Some(match self.scope {
            Scope::Global => first_56_bits(&hash),
            _ => self.scoped(name, &hash),
        })
    }

    /// A key that is no number's: it shows that a list was made with the same secret.
    #[must_use]
    pub fn check(&self) -> Option<u64> {
        match &self.hashing {
            Hashing::Keyed(keyed) => {
                let mut mac = Hmac::clone(keyed);
                mac.update(b"carrack suppression check");
                let hash: [u8; 32] = mac.finalize().into_bytes().into();
                Some(first_56_bits(&hash))
            }
            Hashing::None | Hashing::Sha256 => None,
        }
    }

    fn scoped(&self, name: &str, number: &[u8]) -> u64 {
        let mut hash = Sha256::new();
        hash.update(self.scope.name());
        hash.update([0]);
        hash.update(name);
        hash.update([0]);
        hash.update(number);
        let hash: [u8; 32] = hash.finalize().into();
        first_56_bits(&hash)
    }
}

fn first_56_bits(hash: &[u8; 32]) -> u64 {
    let [a, b, c, d, e, f, g, ..] = *hash;
    u64::from_be_bytes([0, a, b, c, d, e, f, g])
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use super::*;
    use proptest::prelude::*;

    fn keys(scope: Scope, hashing: Hashing) -> Keys {
        Keys { scope, hashing }
    }

    fn number(value: u64) -> Whose {
        Whose::Number(Msisdn::from_u64(value).unwrap())
    }

    #[test]
    fn a_list_of_hashes_takes_the_hash_that_others_make() {
        // printf 447700900123 | sha256sum
        let hash: [u8; 32] = Sha256::digest(b"447700900123").into();
        let of_hashes = keys(Scope::Global, Hashing::Sha256);
        let key = of_hashes.key(number(447_700_900_123), "").unwrap();
        assert_eq!(of_hashes.key(Whose::Sha256(hash), ""), Some(key));
        let plain = keys(Scope::Global, Hashing::None);
        assert_eq!(plain.key(Whose::Sha256(hash), ""), None);
        let keyed = keys(Scope::Global, Hashing::keyed(b"secret"));
        assert_eq!(keyed.key(Whose::Sha256(hash), ""), None);
        assert_ne!(keyed.key(number(447_700_900_123), ""), Some(key));
        let other = keys(Scope::Global, Hashing::keyed(b"other"));
        assert_ne!(keyed.check(), other.check());
    }

    proptest! {
        #[test]
        fn an_entry_of_one_account_or_sender_is_not_that_of_another(one in "[a-z]{1,8}", other in "[a-z]{1,8}", value in 1_000_000..1_000_000_000_000_u64) {
            prop_assume!(one != other);
            for hashing in [Hashing::None, Hashing::Sha256, Hashing::keyed(b"k")] {
                for scope in [Scope::Account, Scope::Sender] {
                    let keys = keys(scope, hashing.clone());
                    prop_assert_ne!(keys.key(number(value), &one), keys.key(number(value), &other));
                    prop_assert_ne!(keys.key(number(value), &one), keys.key(number(value + 1), &one));
                }
                let global = keys(Scope::Global, hashing);
                prop_assert_eq!(global.key(number(value), &one), global.key(number(value), &other));
            }
        }
    }
}
