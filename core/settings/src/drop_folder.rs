//! `[[drop_folder]]`: folders whose files become batches.

use std::path::PathBuf;
use std::time::Duration;

use crate::kind;
use crate::reader::Section;
use crate::route::Names;

/// A folder that is watched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DropFolder {
    /// Where files are put.
    pub folder: PathBuf,
    /// Whose batches they become.
    pub account: String,
    /// A file is taken when it did not change for so long.
    pub settle: Duration,
    /// How often it is looked at.
    pub look_every: Duration,
    /// Options of each batch by name, as over HTTP.
    pub options: Vec<(String, String)>,
    /// Line of its header in the file.
    pub line: usize,
}

impl DropFolder {
    pub(crate) fn read(section: &Section<'_>, names: &Names<'_>) -> Self {
        const SECOND: Duration = Duration::from_secs(1);
        let folder = section.required("folder", "\"incoming\"", |value| {
            let text = kind::text(value)?;
            Ok(section.context.path(&text))
        });
        let account = section.required("account", "\"demo\"", kind::text);
        if let Some(account) = &account
            && !names.accounts.contains(&account.as_str())
        {
            let known = crate::reader::nearest(account, &names.accounts);
            section.fault(
                "account",
                format!("is {account:?}, which is no [[account]]; {known}"),
            );
        }
        let options = section.entries("options");
        let options = options
            .iter()
            .filter_map(|entry| {
                let text = entry.checked(kind::text(entry.value))?;
                Some((entry.key.to_owned(), text))
            })
            .collect();
        let read = Self {
            folder: folder.unwrap_or_default(),
            account: account.unwrap_or_default(),
            settle: section.or(
                "settle",
                SECOND * 5,
                kind::time(Duration::from_millis(100)..=SECOND * 3600),
            ),
            look_every: section.or(
                "look_every",
                SECOND,
                kind::time(Duration::from_millis(100)..=SECOND * 3600),
            ),
            options,
            line: section.line_of("folder"),
        };
        section.finish();
        read
    }
}
