//! Passwords and keys: in the file, in the environment, or in a file of their own.
//!
//! Promise: `Debug` shows nothing of them. An unset variable and an unreadable file are faults, not empty secrets.

use std::fmt;
use std::fs::File;
use std::io::Read as _;

use toml::de::DeValue;

use crate::reader::{Context, Read};

/// Most octets of a file that holds a secret.
const FILE_OCTETS_MAX: u64 = 4096;

/// A text that is not to be shown.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Secret(String);

impl Secret {
    /// Wraps a text.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text itself, for the one place that needs it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(hidden)")
    }
}

/// A secret of printable ASCII, 1..=`octets_max` octets, as text, `{ env = "X" }` or `{ file = "P" }`.
pub(crate) fn secret(
    context: &Context,
    octets_max: usize,
) -> impl Fn(&DeValue<'_>) -> Read<Secret> + '_ {
    move |value| {
        let text = resolve(context, value)?;
        if text.is_empty() {
            return Err("is empty; a secret has at least one character".into());
        }
        if text.len() > octets_max {
            return Err(format!("is longer than {octets_max} characters").into());
        }
        // Says nothing of the text itself: faults are shown and logged.
        if !text.bytes().all(|octet| (0x20..0x7f).contains(&octet)) {
            return Err("has to be printable ASCII".into());
        }
        Ok(Secret(text))
    }
}

fn resolve(context: &Context, value: &DeValue<'_>) -> Read<String> {
    const FORMS: &str = "has to be a text, { env = \"NAME\" } or { file = \"PATH\" }";
    if let Some(text) = value.as_str() {
        return Ok(text.to_owned());
    }
    let table = value.as_table().ok_or(FORMS)?;
    let mut entries = table
        .iter()
        .map(|(key, value)| (key.get_ref().as_ref(), value.get_ref().as_str()));
    match (entries.next(), entries.next()) {
        (Some(("env", Some(name))), None) => {
            let unset = || {
                format!(
                    "names the environment variable {name}, which is not set; set it before the start"
                )
            };
            std::env::var(name).map_err(|_| unset().into())
        }
        (Some(("file", Some(path))), None) => read_file(context, path),
        _ => Err(FORMS.into()),
    }
}

fn read_file(context: &Context, path: &str) -> Read<String> {
    let path = context.path(path);
    let mut text = String::new();
    let read =
        File::open(&path).and_then(|file| file.take(FILE_OCTETS_MAX).read_to_string(&mut text));
    match read {
        Ok(_) => Ok(text.trim_end_matches(['\r', '\n']).to_owned()),
        Err(error) => Err(format!(
            "names the file {}, which cannot be read: {error}",
            path.display()
        )
        .into()),
    }
}
