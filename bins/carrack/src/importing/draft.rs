//! A section of our configuration while it is being made: keys in order, each with a value as TOML has it.

use std::fmt::Write as _;
use std::path::Path;

use carrack_settings::Settings;

/// What a section needs around it to be checked by itself.
const AROUND: &str = "[node]\ndata_dir = \"data\"\n";

/// A section.
#[derive(Debug, Clone, Default)]
pub(crate) struct Draft {
    header: String,
    comment: String,
    keys: Vec<(&'static str, String)>,
}

impl Draft {
    /// `[[carrier]]`, `[http]`.
    pub(crate) fn new(header: &str) -> Self {
        Self {
            header: header.to_owned(),
            ..Self::default()
        }
    }

    /// A line above it.
    pub(crate) fn comment(&mut self, text: &str) {
        self.comment = text.replace(['\n', '\r'], " ");
    }

    /// A key with a value that is TOML already: a number, `true`, a list.
    pub(crate) fn raw(&mut self, key: &'static str, value: impl ToString) {
        self.keys.retain(|(known, _)| *known != key);
        self.keys.push((key, value.to_string()));
    }

    /// A key with a text.
    pub(crate) fn text(&mut self, key: &'static str, value: &str) {
        self.raw(key, quoted(value));
    }

    /// A key with a list of texts.
    pub(crate) fn texts<'a>(
        &mut self,
        key: &'static str,
        values: impl IntoIterator<Item = &'a str>,
    ) {
        self.raw(key, list(values));
    }

    /// Whether a key stands there.
    pub(crate) fn has(&self, key: &str) -> bool {
        self.keys.iter().any(|(known, _)| *known == key)
    }

    /// Without one of its keys.
    pub(crate) fn without(&self, key: &str) -> Self {
        let mut other = self.clone();
        other.keys.retain(|(known, _)| *known != key);
        other
    }

    /// The keys of another behind its own.
    pub(crate) fn extend(&mut self, other: Self) {
        self.keys.extend(other.keys);
    }

    /// As it stands in the file.
    pub(crate) fn written(&self) -> String {
        let mut text = String::new();
        if !self.comment.is_empty() {
            let _ = writeln!(text, "# {}", self.comment);
        }
        if !self.header.is_empty() {
            let _ = writeln!(text, "{}", self.header);
        }
        for (key, value) in &self.keys {
            let _ = writeln!(text, "{key} = {value}");
        }
        text
    }

    /// What is wrong with it by itself; empty where nothing is.
    pub(crate) fn faults(&self) -> Vec<String> {
        let text = format!("{AROUND}{}", self.written());
        let parsed = Settings::parse(&text, "draft", Path::new(""));
        let faults = parsed.err().map(|faults| faults.0).unwrap_or_default();
        faults.into_iter().map(|fault| fault.what).collect()
    }
}

/// A text as TOML writes it.
pub(crate) fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for sign in text.chars() {
        match sign {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            sign if sign.is_control() => {
                let _ = write!(out, "\\u{:04X}", u32::from(sign));
            }
            sign => out.push(sign),
        }
    }
    out.push('"');
    out
}

/// A list of texts as TOML writes it.
pub(crate) fn list<'a>(values: impl IntoIterator<Item = &'a str>) -> String {
    let values: Vec<String> = values.into_iter().map(quoted).collect();
    format!("[{}]", values.join(", "))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn what_is_written_is_read_as_it_was() {
        let mut draft = Draft::new("[[account]]");
        draft.comment("from\nthere");
        draft.text("name", "a");
        draft.text("api_key", "k\"\\'#");
        assert_eq!(draft.faults(), Vec::<String>::new());
        let text = format!("{AROUND}{}", draft.written());
        let settings = Settings::parse(&text, "t", Path::new("")).unwrap();
        let key = settings.accounts.first().unwrap().api_key.clone().unwrap();
        assert_eq!(key.expose(), "k\"\\'#");
    }

    #[test]
    fn a_fault_of_a_section_is_found_before_it_is_written() {
        let mut draft = Draft::new("[[account]]");
        draft.text("name", "A");
        assert!(!draft.faults().is_empty());
    }
}
