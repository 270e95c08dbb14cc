//! `[shadow]`: another configuration that is tried beside live traffic. Absent: none is.

use std::path::{Path, PathBuf};

use toml::de::DeValue;

use crate::kind;
use crate::reader::{self, Context, Read, Section};
use crate::settings::FILE_OCTETS_MAX;

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
    /// The section of a file, whatever faults other sections have; none where there is none that can be read.
    #[must_use]
    pub fn of_file(path: &Path) -> Option<Self> {
        let text = reader::text_of(path, FILE_OCTETS_MAX).ok()?;
        let base_dir = path.parent().unwrap_or(Path::new(""));
        let context = Context::new(&text, &path.display().to_string(), base_dir);
        let document = reader::document(&text, &context).ok()?;
        let found = document.get_ref().get("shadow")?;
        let table = found.get_ref().as_table()?;
        let line = context.line(found.span().start);
        Self::read(&Section::new(&context, "[shadow]", Some((table, line))))
    }

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
