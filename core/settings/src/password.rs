//! A password as the configuration has it: the text itself, or what argon2id made of it.

use argon2::{ARGON2ID_IDENT, Params, PasswordHash};
use toml::de::DeValue;

use crate::Secret;
use crate::reader::{Context, Read};
use crate::secret::secret;

/// Characters of a password, as `carrack account hash` and SMPP clients give it.
pub const PASSWORD_CHARACTERS_MAX: usize = 64;
/// Longest text of a hash.
const HASH_CHARACTERS_MAX: usize = 256;
/// What a hash may ask of the machine that verifies it: 1 GiB, in KiB.
const MEMORY_KIB_MAX: u32 = 1 << 20;
const PASSES_MAX: u32 = 64;
const LANES_MAX: u32 = 64;
const MD5: &str = "$md5$";
const CURE: &str = "make one by `carrack account hash`";

/// Whether a password's text is a hash and not the password.
#[must_use]
pub fn is_hash(text: &str) -> bool {
    text.starts_with("$argon2")
}

/// The MD5 that a text says its password has: `$md5$` and 32 hexadecimal digits, as another gateway kept it. No salt: who
/// reads it finds a usual password, so it is for those who come with one, and no more than a beginning.
#[must_use]
pub fn md5_of(text: &str) -> Option<[u8; 16]> {
    let digits = text.strip_prefix(MD5)?;
    let mut octets = [0; 16];
    if digits.len() != 32 || !digits.is_ascii() {
        return None;
    }
    for (place, octet) in octets.iter_mut().enumerate() {
        *octet = u8::from_str_radix(digits.get(place * 2..place * 2 + 2)?, 16).ok()?;
    }
    Some(octets)
}

fn check_md5(text: &str) -> Read<()> {
    match text.starts_with(MD5) && md5_of(text).is_none() {
        true => Err("is no whole MD5; write $md5$ and its 32 hexadecimal digits".into()),
        false => Ok(()),
    }
}

/// A password of callers of other gateways: the text, or its MD5.
pub(crate) fn legacy(context: &Context) -> impl Fn(&DeValue<'_>) -> Read<Secret> + '_ {
    move |value| {
        let read = key(context)(value)?;
        check_md5(read.expose())?;
        Ok(read)
    }
}

/// A password, or its hash, as text, `{ env = "X" }` or `{ file = "P" }`.
pub(crate) fn password(context: &Context) -> impl Fn(&DeValue<'_>) -> Read<Secret> + '_ {
    move |value| {
        let read = secret(context, HASH_CHARACTERS_MAX)(value)?;
        let text = read.expose();
        check_md5(text)?;
        if is_hash(text) {
            check(text)?;
        } else if text.len() > PASSWORD_CHARACTERS_MAX {
            return Err(format!("is longer than {PASSWORD_CHARACTERS_MAX} characters").into());
        }
        Ok(read)
    }
}

/// An HTTP key is found by its text, which a hash does not tell.
pub(crate) fn key(context: &Context) -> impl Fn(&DeValue<'_>) -> Read<Secret> + '_ {
    move |value| {
        let read = secret(context, HASH_CHARACTERS_MAX)(value)?;
        if is_hash(read.expose()) {
            return Err(
                "is a hash; only `password` may be one, give the key itself or { env = \"NAME\" }"
                    .into(),
            );
        }
        Ok(read)
    }
}

/// Faults say nothing of the hash itself.
fn check(text: &str) -> Result<(), String> {
    let hash = PasswordHash::new(text)
        .map_err(|error| format!("is no whole argon2 hash ({error}); {CURE}"))?;
    if hash.algorithm != ARGON2ID_IDENT {
        return Err(format!("is a hash of another kind than argon2id; {CURE}"));
    }
    if hash.hash.is_none() || hash.salt.is_none() {
        return Err(format!(
            "is an argon2 hash without its salt or its end; {CURE}"
        ));
    }
    let params = Params::try_from(&hash).map_err(|error| {
        format!("is an argon2 hash with settings that are none ({error}); {CURE}")
    })?;
    let bounded = params.m_cost() <= MEMORY_KIB_MAX
        && params.t_cost() <= PASSES_MAX
        && params.p_cost() <= LANES_MAX;
    if bounded {
        Ok(())
    } else {
        Err(format!(
            "is a hash that asks for more than 1 GiB, {PASSES_MAX} passes or {LANES_MAX} lanes to verify; {CURE}"
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_that_nobody_could_verify_is_refused() {
        let with = |settings: &str| {
            check(&format!(
                "{settings}$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc"
            ))
        };
        assert_eq!(with("$argon2id$v=19$m=65536,t=2,p=1"), Ok(()));
        for settings in [
            "$argon2i$v=19$m=65536,t=2,p=1",
            "$argon2d$v=19$m=65536,t=2,p=1",
            "$argon2id$v=19$m=1048577,t=2,p=1",
            "$argon2id$v=19$m=65536,t=65,p=1",
            "$argon2id$v=19$m=65536,t=0,p=1",
        ] {
            assert!(with(settings).is_err(), "{settings}");
        }
        for cut in [
            "$argon2id$",
            "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ",
            "$argon2",
        ] {
            assert!(check(cut).is_err(), "{cut}");
        }
    }
}
