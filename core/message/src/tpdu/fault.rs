//! Why octets are no TPDU, or fields cannot be one.

use thiserror::Error;

/// A fault of one field. Whoever made the octets has to mend it; trying again changes nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum TpduFault {
    /// The octets end inside a field.
    #[error("ends inside {field}")]
    Short {
        /// The field, as TS 23.040 names it.
        field: &'static str,
    },
    /// More octets than the fields take.
    #[error("has {octets} octets behind its last field")]
    Trailing {
        /// So many.
        octets: usize,
    },
    /// A field that says of itself what cannot be.
    #[error("{field} is {found}, which is not allowed there")]
    Value {
        /// The field.
        field: &'static str,
        /// What it says.
        found: usize,
    },
    /// The other kind of TPDU.
    #[error("is of message type {found}, not {expected}")]
    MessageType {
        /// TP-MTI found.
        found: u8,
        /// TP-MTI asked for.
        expected: u8,
    },
    /// An address that no handset could dial.
    #[error("{found:?} cannot stand in an address")]
    Digit {
        /// The character or, of octets, its half octet.
        found: char,
    },
    /// Text that is no pair of hexadecimal digits.
    #[error("character {} is no hexadecimal digit", .position + 1)]
    Hexadecimal {
        /// Position in octets, from 0.
        position: usize,
    },
}
