//! What a look at a batch found, as its customer sees it.

use serde::Serialize;
use utoipa::ToSchema;

use super::shape::{Compression, Format};

/// What a batch would be.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct CheckView {
    /// How rows are written.
    pub format: Format,
    /// How the file is packed.
    pub compression: Compression,
    /// In which encoding it is, by its name.
    pub encoding: String,
    /// What stands between cells; none of NDJSON.
    pub delimiter: Option<String>,
    /// Columns that were found.
    pub columns: Vec<String>,
    /// Whether all rows were looked at; false: time was up after these.
    pub complete: bool,
    /// Why the file cannot be read to its end.
    pub fault: Option<String>,
    /// Rows looked at.
    pub rows: u64,
    /// Rows that would be accepted.
    pub accepted: u64,
    /// Rows that would be refused.
    pub rejected: u64,
    /// Rows that are a message of a row before, by their key or, where the account has it so, their content.
    pub repeated: u64,
    /// Segments of those that would be accepted.
    pub segments: u64,
    /// What they would cost the account, where it has a price list.
    pub cost: Vec<Cost>,
    /// Rows and segments by alphabet.
    pub alphabets: Vec<Alphabet>,
    /// Characters that make rows UCS-2, those of most rows first, at most twenty.
    pub outside_gsm7: Vec<OutsideGsm7>,
    /// Rows by their segments.
    pub histogram: Vec<Histogram>,
    /// Carriers that would get them first, were all of them up.
    pub carriers: Vec<Carrier>,
    /// Faults by column, the most frequent first.
    pub faults: Vec<FaultsOfColumn>,
    /// What `smart_characters=replace` does, or would do.
    pub smart_characters: PlainSigns,
    /// Rows whose characters were weighed one by one, of those that have several segments.
    pub rows_weighed: u64,
    /// What could be written instead of what, and what that saves.
    pub replacements: Vec<Replacement>,
}

/// An amount.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = CheckedCost)]
pub struct Cost {
    /// Its currency, where the price list names one.
    pub currency: Option<String>,
    /// How much.
    pub amount: String,
}

/// What goes in one alphabet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = CheckedAlphabet)]
pub struct Alphabet {
    /// `gsm7`, `ucs2` ...
    pub alphabet: &'static str,
    /// Rows.
    pub rows: u64,
    /// Segments.
    pub segments: u64,
}

/// A character that GSM 7-bit has not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = CheckedOutsideGsm7)]
pub struct OutsideGsm7 {
    /// The character.
    #[schema(value_type = String)]
    pub character: char,
    /// Its code point, as in `U+2014`.
    pub code: String,
    /// Rows that it stands in.
    pub rows: u64,
    /// Line of the first of them.
    pub line: u64,
}

/// Rows of one length.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = CheckedHistogram)]
pub struct Histogram {
    /// Segments of a row.
    pub segments: u8,
    /// Rows.
    pub rows: u64,
}

/// What one carrier would get.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = CheckedCarrier)]
pub struct Carrier {
    /// Its name.
    pub carrier: String,
    /// Rows.
    pub rows: u64,
    /// Segments.
    pub segments: u64,
}

/// Faults of one column.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = CheckedFaultsOfColumn)]
pub struct FaultsOfColumn {
    /// The column; empty: rows as a whole.
    pub column: String,
    /// Rows.
    pub rows: u64,
    /// The first of them.
    pub first: Vec<Fault>,
}

/// One row that would be refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = CheckedFault)]
pub struct Fault {
    /// Its line.
    pub line: u64,
    /// What is wrong and how to mend it.
    pub detail: String,
}

/// Signs written plainly.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, ToSchema)]
#[schema(as = CheckedPlainSigns)]
pub struct PlainSigns {
    /// Rows.
    pub rows: u64,
    /// Characters.
    pub characters: u64,
    /// Segments saved.
    pub segments_saved: u64,
}

/// One character and what could stand in its place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = CheckedReplacement)]
pub struct Replacement {
    /// The character.
    #[schema(value_type = String)]
    pub character: char,
    /// Its code point, as in `U+2019`.
    pub code: String,
    /// What people call it, where that helps.
    pub name: Option<&'static str>,
    /// What to write; empty: leave it out.
    pub write: &'static str,
    /// Whether `smart_characters=replace` does it: a sign, no letter.
    pub is_smart: bool,
    /// Rows in which it would save.
    pub rows: u64,
    /// How often it stands in them.
    pub count: u64,
    /// Segments that these rows take less with all their characters replaced.
    pub segments_saved: u64,
    /// Line of the first of these rows.
    pub line: u64,
    /// What stands around it there.
    pub example: String,
}
