//! How far a batch file has been taken, written in the same frame as the rows it speaks of.

use rkyv::{Archive, Deserialize, Serialize};

/// All rows before these positions have their verdict; after a crash the batch goes on from here, so that no row is
/// taken twice and none is left out.
#[derive(Archive, Serialize, Deserialize, Debug, Clone, Copy, PartialEq, Eq)]
pub struct BatchProgress {
    /// Number of the batch.
    pub batch: u64,
    /// First data row of the chunk, from 1.
    pub row_first: u64,
    /// First data row after the chunk.
    pub row_next: u64,
    /// Octet in the source file at which `row_next` begins.
    pub source_octet: u64,
    /// Line in the source file at which `row_next` begins.
    pub source_line: u64,
    /// Length of the errors file once the chunk's refused rows stand in it.
    pub errors_octets: u64,
    /// Rows of this chunk accepted.
    pub accepted: u32,
    /// Rows of this chunk refused.
    pub rejected: u32,
}
