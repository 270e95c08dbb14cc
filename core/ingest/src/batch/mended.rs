//! Whether a source is an errors file that comes again, mended or not.
//!
//! Promise: told from its header, or from the keys of its objects, whatever encoding the request names: an errors file is
//! UTF-8, in whatever encoding its first source was. Pure. Bound: the beginning that it is given.

use super::json_rows::{column_name, keys};
use super::layout::ERROR_COLUMNS;
use super::shape::{delimiter_of, separator_line};

/// Whether these octets, as they stand in the file, begin one. `delimiter`: as it is named, else it is told from them.
pub(super) fn is_errors_file(octets: &[u8], delimiter: Option<u8>) -> bool {
    let text = octets.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(octets);
    let names: Vec<String> = if text.trim_ascii_start().starts_with(b"{") {
        keys(text).iter().map(|name| column_name(name)).collect()
    } else {
        let (named, passed) = separator_line(text).unzip();
        let text = text.get(passed.unwrap_or(0)..).unwrap_or_default();
        let delimiter = delimiter.or(named).unwrap_or_else(|| delimiter_of(text));
        let mut lines = text.split(|octet| *octet == b'\n');
        let header = lines.find(|line| !line.trim_ascii().is_empty());
        let cells = header
            .unwrap_or_default()
            .split(|octet| *octet == delimiter);
        let name = |cell: &[u8]| {
            let text = String::from_utf8_lossy(cell);
            column_name(text.trim().trim_matches('"'))
        };
        cells.map(name).collect()
    };
    let is_there = |wanted: &&str| names.iter().any(|name| name == wanted);
    ERROR_COLUMNS.iter().all(is_there)
}

#[cfg(test)]
mod tests {
    use super::is_errors_file;

    #[test]
    fn an_errors_file_is_known_by_its_three_columns() {
        for text in [
            "to,text,error_line,error_column,error\n",
            "\u{FEFF}to\ttext\terror_line\terror_column\terror\r\n",
            "sep=^\nto^error_line^error_column^error\n",
            "\n\"to\";\"Error_Line\";\"error_column\";\"error\";\"note\"\n",
            "{\"to\":1,\"error_line\":2,\"error_column\":\"\",\"error\":\"\"}\n",
        ] {
            assert!(is_errors_file(text.as_bytes(), None), "{text}");
        }
        for text in [
            "",
            "to,error,error_line\n",
            "to,text\nerror_line,error_column,error\n",
            "{\"to\":\"error_line error_column error\"}\n",
        ] {
            assert!(!is_errors_file(text.as_bytes(), None), "{text}");
        }
        assert!(is_errors_file(
            b"to|error_line|error_column|error",
            Some(b'|')
        ));
    }
}
