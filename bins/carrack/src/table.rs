//! Tables for people.

use std::io::IsTerminal as _;

use carrack_message::Micros;
use comfy_table::{CellAlignment, ContentArrangement, Table, presets};
use serde_json::Value;

/// A table with a header; columns of numbers stand to the right.
pub(crate) fn table(header: &[&str], numbers_from: usize) -> Table {
    let mut table = Table::new();
    table
        .load_preset(presets::UTF8_FULL_CONDENSED)
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_header(header.iter().copied());
    for column in table.column_iter_mut().skip(numbers_from) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table
}

/// Characters of a line of a terminal that does not say how many it has.
const WIDTH: u16 = 120;

/// The same, wrapped at the terminal's width: for what may hold a whole text. A pipe and a file get lines as long as they
/// are: an id that is broken over two lines cannot be taken from them.
pub(crate) fn wrapped(header: &[&str], numbers_from: usize) -> Table {
    let mut table = table(header, numbers_from);
    if std::io::stdout().is_terminal() && table.width().is_none() {
        table.set_width(WIDTH);
    }
    table
}

/// An amount of micro-units.
pub(crate) fn money(micros: i64) -> String {
    Micros(micros).to_string()
}

/// A count with its thousands set apart.
pub(crate) fn count(count: u64) -> String {
    let digits = count.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(' ');
        }
        text.push(digit);
    }
    text
}

/// A value of a document as people read it: texts bare, nothing for null.
pub(crate) fn shown(document: &Value, key: &str) -> String {
    match document.get(key) {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(Value::Number(number)) => number.as_u64().map_or_else(|| number.to_string(), count),
        Some(other) => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::{WIDTH, count, wrapped};

    #[test]
    fn a_long_text_is_wrapped() {
        let mut rows = wrapped(&["message", ""], 2);
        rows.set_width(WIDTH);
        rows.add_row(["text".to_owned(), "x".repeat(1_000)]);
        let width = rows.lines().map(|line| line.chars().count()).max();
        assert!(width <= Some(usize::from(WIDTH)), "{width:?}");
    }

    #[test]
    fn thousands_are_set_apart() {
        for (number, text) in [
            (0, "0"),
            (999, "999"),
            (1000, "1 000"),
            (1_234_567, "1 234 567"),
        ] {
            assert_eq!(count(number), text);
        }
    }
}
