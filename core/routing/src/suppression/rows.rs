//! A list as CSV: `number`, or `sha256` of it, and beside it `reason`, `expires`, `account` and `sender` as wanted.
//!
//! Promise: a row with a fault does not hide those after it; rows are given on as they come, so that a list of any length
//! takes no memory.

use std::io::Read;

use carrack_message::Msisdn;

use super::{Keys, Mark, Reason, Scope, Whose};
use crate::deck::{DeckFaults, Gathered};
use crate::numbering::sheet::{Form, Sheet};
use crate::read_instant;

const FORM: Form<6> = Form {
    what: "the suppression list",
    columns: ["number", "sha256", "reason", "expires", "account", "sender"],
    required: 0,
};

/// One row, as the index has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SuppressionRow {
    /// Under which key.
    pub key: u64,
    /// What it says.
    pub mark: Mark,
}

/// A list under way: an iterator over the rows without faults.
pub struct SuppressionRows<'a, R> {
    sheet: Option<Sheet<R, 6>>,
    faults: Gathered<'a>,
    keys: &'a Keys,
    name: &'a str,
    rows: u64,
}

impl<'a, R: Read> SuppressionRows<'a, R> {
    /// Reads the header; `file_name` is what the faults call the list, `name` the account or sender of rows that name none.
    pub fn open(reader: R, file_name: &'a str, keys: &'a Keys, name: &'a str) -> Self {
        let mut faults = Gathered::new(file_name);
        Self {
            sheet: Sheet::open(reader, &FORM, &mut faults),
            faults,
            keys,
            name,
            rows: 0,
        }
    }

    /// Rows read so far, those with faults too.
    #[must_use]
    pub const fn rows(&self) -> u64 {
        self.rows
    }

    /// Ends the reading.
    ///
    /// # Errors
    /// All faults of what was read, each with its line and cure.
    pub fn finish(self) -> Result<u64, DeckFaults> {
        match self.faults.into_faults() {
            Some(faults) => Err(faults),
            None => Ok(self.rows),
        }
    }
}

impl<R: Read> Iterator for SuppressionRows<'_, R> {
    type Item = SuppressionRow;

    fn next(&mut self) -> Option<SuppressionRow> {
        let sheet = self.sheet.as_mut()?;
        while let Some((line, fields)) = sheet.next(&mut self.faults) {
            self.rows += 1;
            match row(self.keys, self.name, &fields) {
                Ok(row) => return Some(row),
                Err(what) => self.faults.add(line, what),
            }
        }
        None
    }
}

fn row(keys: &Keys, name: &str, fields: &[&[u8]; 6]) -> Result<SuppressionRow, String> {
    let [number, sha256, reason, expires, account, sender] = *fields;
    let text = |field| String::from_utf8_lossy(field).into_owned();
    let whose = match (number, sha256) {
        (b"", b"") => return Err("has neither number nor sha256; give one".to_owned()),
        (b"", hash) => Whose::of_sha256(hash).ok_or_else(|| {
            let hash = text(hash);
            format!("{hash:?} is no SHA-256; write 64 hexadecimal digits")
        })?,
        (digits, _) => {
            let digits = digits.strip_prefix(b"+").unwrap_or(digits);
            Whose::Number(Msisdn::from_digits(digits).map_err(|fault| fault.to_string())?)
        }
    };
    let own = match keys.scope {
        Scope::Global => "",
        Scope::Account => std::str::from_utf8(account).unwrap_or_default(),
        Scope::Sender => std::str::from_utf8(sender).unwrap_or_default(),
    };
    let own = if own.is_empty() { name } else { own };
    if own.is_empty() && keys.scope != Scope::Global {
        let scope = keys.scope.name();
        return Err(format!(
            "names no {scope}; fill that column, or name one for the whole file"
        ));
    }
    let key = keys.key(whose, own).ok_or_else(|| {
        let hash = keys.hashing.name();
        format!("is a SHA-256, and the list has hash = \"{hash}\"; give the number")
    })?;
    let reason = match reason {
        b"" => Reason::Other,
        reason => text(reason).parse()?,
    };
    let ends_utc_ns = match expires {
        b"" => u64::MAX,
        expires => read_instant(&text(expires)).map_err(|fault| format!("expires: {fault}"))?,
    };
    Ok(SuppressionRow {
        key,
        mark: Mark::until(reason, ends_utc_ns),
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use super::super::Hashing;
    use super::*;

    #[test]
    fn good_rows_are_taken_and_each_fault_is_named_with_its_line() {
        let keys = Keys {
            scope: Scope::Global,
            hashing: Hashing::None,
        };
        let csv = "number,reason,expires\n+447700900123,opt_out,2027-01-31\n447700900124,,\nabc,,\n447700900125,because,\n447700900126,,soon\n,,\n447700900127,,1999-01-01\n";
        let mut rows = SuppressionRows::open(csv.as_bytes(), "list.csv", &keys, "");
        let taken: Vec<SuppressionRow> = rows.by_ref().collect();
        assert_eq!(
            taken.iter().map(|row| row.key).collect::<Vec<_>>(),
            [447_700_900_123, 447_700_900_124, 447_700_900_127]
        );
        assert_eq!(taken[0].mark.reason, Reason::OptOut);
        let faults = rows.finish().unwrap_err();
        let lines: Vec<u64> = faults.faults.iter().map(|fault| fault.line).collect();
        assert_eq!(lines, [4, 5, 6, 7]);
    }

    #[test]
    fn a_list_by_account_needs_one_and_a_hash_needs_a_list_of_hashes() {
        let keys = Keys {
            scope: Scope::Account,
            hashing: Hashing::Sha256,
        };
        let hash = "a".repeat(64);
        let csv = format!("sha256,account\n{hash},shop\n{hash},\n");
        let mut rows = SuppressionRows::open(csv.as_bytes(), "list.csv", &keys, "");
        assert_eq!(rows.by_ref().count(), 1);
        assert!(
            rows.finish().unwrap_err().faults[0]
                .what
                .contains("account")
        );
        let mut rows = SuppressionRows::open(csv.as_bytes(), "list.csv", &keys, "shop");
        let found: Vec<u64> = rows.by_ref().map(|row| row.key).collect();
        assert_eq!(found[0], found[1]);
        let plain = Keys {
            hashing: Hashing::None,
            ..keys
        };
        let mut rows = SuppressionRows::open(csv.as_bytes(), "list.csv", &plain, "shop");
        assert_eq!(rows.by_ref().count(), 0);
        assert_eq!(rows.finish().unwrap_err().faults.len(), 2);
    }
}
