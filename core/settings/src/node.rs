//! `[node]`: where it keeps its data and how many shards it has.

use std::path::PathBuf;

use toml::de::DeValue;

use crate::kind;
use crate::reader::{Read, Section};

/// How many shards a node has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shards {
    /// As many as the processor has cores.
    Auto,
    /// So many, 1..=64.
    Count(u8),
}

impl Shards {
    /// The number on a machine of `cores` cores, 1..=64.
    pub fn on(self, cores: usize) -> usize {
        match self {
            Self::Auto => cores.clamp(1, 64),
            Self::Count(count) => usize::from(count),
        }
    }
}

/// `[node]`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    /// Folder of the queue and of everything else that has to survive; required.
    pub data_dir: PathBuf,
    /// Threads that carry messages.
    pub shards: Shards,
    /// Number of the node inside message ids, 0..=255.
    pub node_id: u8,
}

impl Node {
    pub(crate) fn read(section: &Section<'_>) -> Self {
        let path = |value: &DeValue<'_>| {
            let text = kind::text(value)?;
            if text.is_empty() {
                Err("is empty; name a folder".into())
            } else {
                Ok(section.context.path(&text))
            }
        };
        Self {
            data_dir: section
                .required("data_dir", "\"data\"", path)
                .unwrap_or_default(),
            shards: section.or("shards", Shards::Auto, shards),
            node_id: section.or("node_id", 0, kind::integer(0..=255)),
        }
    }
}

fn shards(value: &DeValue<'_>) -> Read<Shards> {
    match value.as_str() {
        Some("auto") => Ok(Shards::Auto),
        Some(text) => {
            Err(format!("is {text:?}; it has to be \"auto\" or a whole number from 1 to 64").into())
        }
        None => kind::integer(1..=64)(value).map(Shards::Count),
    }
}
