//! Ported numbers from CSV: a whole dump, or the changes since one.
//!
//! Header `number,network` in any order and case; one row a number, in any order. A row with a fault does not hide those
//! after it; rows without are given on as they come, so a dump of any length takes no memory.

use std::io::Read;

use carrack_message::{Msisdn, Network};

use super::super::plan_reader::network_of;
use super::super::sheet::{Form, Sheet};
use crate::DeckFaults;
use crate::deck::Gathered;

const FORM: Form<2> = Form {
    what: "the list of ported numbers",
    columns: ["number", "network"],
    required: 2,
};

/// What a list is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DumpKind {
    /// All ported numbers: each has a network.
    Whole,
    /// Changes: a number without network is back with the owner of its range.
    Delta,
}

/// One row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PortedRow {
    /// The number.
    pub number: Msisdn,
    /// Where it was ported; [`Network::UNKNOWN`]: back.
    pub network: Network,
}

/// A list under way: an iterator over the rows without faults.
pub struct Dump<'a, R> {
    sheet: Option<Sheet<R, 2>>,
    faults: Gathered<'a>,
    kind: DumpKind,
    rows: u64,
}

impl<'a, R: Read> Dump<'a, R> {
    /// Reads the header; `file_name` is what the faults call the list.
    pub fn open(reader: R, file_name: &'a str, kind: DumpKind) -> Self {
        let mut faults = Gathered::new(file_name);
        Self {
            sheet: Sheet::open(reader, &FORM, &mut faults),
            faults,
            kind,
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
    pub fn finish(mut self) -> Result<u64, DeckFaults> {
        if self.sheet.is_some() && self.rows == 0 && self.kind == DumpKind::Whole {
            self.faults.add(
                1,
                "the list of ported numbers has no rows; give at least one",
            );
        }
        match self.faults.into_faults() {
            Some(faults) => Err(faults),
            None => Ok(self.rows),
        }
    }
}

impl<R: Read> Iterator for Dump<'_, R> {
    type Item = PortedRow;

    fn next(&mut self) -> Option<PortedRow> {
        let sheet = self.sheet.as_mut()?;
        while let Some((line, [number, network])) = sheet.next(&mut self.faults) {
            self.rows += 1;
            let number = Msisdn::from_digits(number.strip_prefix(b"+").unwrap_or(number))
                .map_err(|fault| self.faults.add(line, fault.to_string()));
            let network = match (network, self.kind) {
                (b"", DumpKind::Delta) => Ok(Network::UNKNOWN),
                (field, _) => network_of(field).map_err(|what| self.faults.add(line, what)),
            };
            if let (Ok(number), Ok(network)) = (number, network) {
                return Some(PortedRow { number, network });
            }
        }
        None
    }
}
