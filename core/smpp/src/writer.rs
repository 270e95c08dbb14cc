//! Writes PDUs behind what the caller's buffer holds.
//!
//! Promise: a PDU is written whole with its true `command_length`, or not at all. No allocation
//! but the growth of that buffer. What cannot be said in SMPP (a NUL inside a string, a value above
//! 65,535 octets) is an [`EncodeError`], never a cut text.

use crate::header::{HEADER_OCTETS, Header};
use crate::reader::nul_position;
use crate::{CommandId, CommandStatus};
use thiserror::Error;

/// The longest string written, without its NUL.
pub const STRING_OCTETS_MAX: usize = 255;

/// The caller's value cannot be written. The same value will fail again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum EncodeError {
    /// A C-octet string with a NUL inside.
    #[error("a string has a NUL inside")]
    NulInString,
    /// A C-octet string above 255 octets.
    #[error("a string is above 255 octets")]
    StringTooLong,
    /// A TLV value or user data above 65,535 octets.
    #[error("a value is above 65535 octets")]
    ValueTooLong,
    /// A field above what the peer's limits allow.
    #[error("{field} is above {octets_max} octets")]
    FieldTooLong {
        /// Its name in the specification.
        field: &'static str,
        /// The most it may have, without its NUL.
        octets_max: usize,
    },
    /// A time that is neither empty nor 16 characters (3.4 7.1.1).
    #[error("a time is neither empty nor 16 characters")]
    NotATime,
    /// More or fewer than 1 to 255 destinations.
    #[error("not 1 to 255 destinations")]
    DestinationCount,
    /// It needs optional parameters, and the session speaks a version without them (3.3).
    #[error("it needs optional parameters, which this version of SMPP does not have")]
    NotInThisVersion,
    /// A command that is no request, or one that the session sends by itself.
    #[error("not a request that a caller may send")]
    NotARequest,
}

/// Writes the fields of one body. The first fault is kept and undoes the PDU.
#[derive(Debug)]
pub struct BodyWriter<'a> {
    out: &'a mut Vec<u8>,
    fault: Option<EncodeError>,
}

impl BodyWriter<'_> {
    /// Appends what `fill` writes, or nothing at all.
    pub(crate) fn append(
        out: &mut Vec<u8>,
        fill: impl FnOnce(&mut BodyWriter<'_>),
    ) -> Result<(), EncodeError> {
        let start = out.len();
        let mut writer = BodyWriter { out, fault: None };
        fill(&mut writer);
        match writer.fault {
            None => Ok(()),
            Some(fault) => {
                out.truncate(start);
                Err(fault)
            }
        }
    }

    /// One octet.
    #[inline]
    pub fn octet(&mut self, value: u8) {
        self.out.push(value);
    }

    /// Octets as they are.
    #[inline]
    pub fn octets(&mut self, value: &[u8]) {
        self.out.extend_from_slice(value);
    }

    /// A C-octet string: the octets and a NUL.
    #[inline]
    pub fn cstring(&mut self, value: &[u8]) {
        if value.is_empty() {
            self.out.push(0);
            return;
        }
        if value.len() > STRING_OCTETS_MAX {
            self.fail(EncodeError::StringTooLong);
        } else if nul_position(value).is_some() {
            self.fail(EncodeError::NulInString);
        } else {
            self.out.extend_from_slice(value);
            self.out.push(0);
        }
    }

    /// A time (3.4 7.1.1): a lone NUL, or 16 characters and a NUL.
    #[inline]
    pub fn time(&mut self, value: &[u8]) {
        if !matches!(value.len(), 0 | 16) {
            self.fail(EncodeError::NotATime);
        }
        self.cstring(value);
    }

    /// One TLV.
    #[inline]
    pub fn tlv(&mut self, tag: u16, value: &[u8]) {
        if write_tlv(self.out, tag, value).is_err() {
            self.fail(EncodeError::ValueTooLong);
        }
    }

    /// Undoes the PDU with this error.
    #[cold]
    pub fn fail(&mut self, fault: EncodeError) {
        self.fault.get_or_insert(fault);
    }
}

/// Appends one TLV to `out`, for [`crate::Tlvs::new`] to view.
///
/// # Errors
/// [`EncodeError::ValueTooLong`] above 65,535 octets; `out` is then unchanged.
#[inline]
pub fn write_tlv(out: &mut Vec<u8>, tag: u16, value: &[u8]) -> Result<(), EncodeError> {
    let Ok(length) = u16::try_from(value.len()) else {
        return Err(EncodeError::ValueTooLong);
    };
    let [t0, t1] = tag.to_be_bytes();
    let [l0, l1] = length.to_be_bytes();
    out.extend_from_slice(&[t0, t1, l0, l1]);
    out.extend_from_slice(value);
    Ok(())
}

/// Appends one PDU whose body `fill` writes.
///
/// # Errors
/// The first fault of the body; `out` is then as it was.
#[inline]
pub fn write_pdu(
    out: &mut Vec<u8>,
    command_id: CommandId,
    command_status: CommandStatus,
    sequence_number: u32,
    fill: impl FnOnce(&mut BodyWriter<'_>),
) -> Result<(), EncodeError> {
    let start = out.len();
    let header = Header {
        command_length: 0,
        command_id,
        command_status,
        sequence_number,
    };
    out.extend_from_slice(&header.encode());
    let mut writer = BodyWriter { out, fault: None };
    fill(&mut writer);
    let fault = writer.fault;
    let length = u32::try_from(out.len() - start).unwrap_or(u32::MAX);
    match fault {
        None => {
            let field = out.get_mut(start..).and_then(|pdu| pdu.first_chunk_mut());
            if let Some(field) = field {
                *field = length.to_be_bytes();
            }
            Ok(())
        }
        Some(fault) => {
            out.truncate(start);
            Err(fault)
        }
    }
}

/// Appends a PDU that is a header alone.
#[inline]
pub fn encode_header_only(
    out: &mut Vec<u8>,
    command_id: CommandId,
    command_status: CommandStatus,
    sequence_number: u32,
) {
    let header = Header {
        command_length: HEADER_OCTETS as u32,
        command_id,
        command_status,
        sequence_number,
    };
    out.extend_from_slice(&header.encode());
}
