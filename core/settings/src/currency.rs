//! `[currency]`: the currency that prices of other currencies are converted to. Absent: none are.

use std::path::PathBuf;

use carrack_message::Currency;
use toml::de::DeValue;

use crate::kind;
use crate::reader::{Read, Section};

/// `[currency]`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Currencies {
    /// What all prices compare in; also what prices without a currency are in.
    pub base: Currency,
    /// CSV file of the rates to it; none: decks of other currencies are faults.
    pub rates: Option<PathBuf>,
    /// Line of its header in the file.
    pub line: usize,
}

impl Currencies {
    /// None only after a fault was gathered.
    pub(crate) fn read(section: &Section<'_>) -> Option<Self> {
        let path = |value: &DeValue<'_>| -> Read<PathBuf> {
            let text = kind::text(value)?;
            match text.is_empty() {
                true => Err("is empty; name a file of rates".into()),
                false => Ok(section.context.path(&text)),
            }
        };
        let base = section.required("base", "\"EUR\"", kind::parsed);
        let rates = section.optional("rates", path);
        Some(Self {
            base: base?,
            rates,
            line: section.line,
        })
    }
}
