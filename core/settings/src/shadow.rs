//! `[shadow]`: another configuration that is tried beside live traffic. Absent: none is.

use std::path::PathBuf;

use toml::de::DeValue;

use crate::kind;
use crate::reader::{Read, Section};

/// `[shadow]`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shadow {
    /// The other configuration, whole. It is not looked at here: a fault of it must not stop this one.
    pub configuration: PathBuf,
    /// Of a hundred messages, how many are looked at: 1 to 100.
    pub share: u8,
    /// Messages that may wait to be looked at.
    pub queue: u32,
    /// Line of its header in the file.
    pub line: usize,
}

impl Shadow {
    /// None only after a fault was gathered.
    pub(crate) fn read(section: &Section<'_>) -> Option<Self> {
        let path = |value: &DeValue<'_>| -> Read<PathBuf> {
            let text = kind::text(value)?;
            match text.is_empty() {
                true => Err("is empty; name the configuration that is to be tried".into()),
                false => Ok(section.context.path(&text)),
            }
        };
        let configuration = section.required("configuration", "\"next.toml\"", path);
        let share = section.or("share", 100, kind::integer(1..=100));
        let queue = section.or("queue", 65_536, kind::integer(1..=10_000_000));
        Some(Self {
            configuration: configuration?,
            share,
            queue,
            line: section.line,
        })
    }
}
