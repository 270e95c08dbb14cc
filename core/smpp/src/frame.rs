//! Cuts whole PDUs off a byte stream.
//!
//! Promise: a [`Pdu`]'s body is exactly its frame, so no decoder can read into the next PDU.
//! Bound: `pdu_octets_max`; nothing is allocated here, whatever length is claimed.
//! Failure: a length below 16 or above the bound means that the stream is lost: answer
//! `generic_nack` `ESME_RINVCMDLEN` with sequence 0 (the header cannot be trusted) and close.

use crate::header::{HEADER_OCTETS, Header};
use thiserror::Error;

/// Default bound of one PDU: 64 KiB of `message_payload` and everything around it.
pub const PDU_OCTETS_MAX_DEFAULT: u32 = 68 * 1024;

/// One whole PDU.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pdu<'a> {
    /// Its header.
    pub header: Header,
    /// What follows the header, up to `command_length` and never beyond.
    pub body: &'a [u8],
}

/// The stream cannot be followed further. Not retriable: nack with `ESME_RINVCMDLEN`, then close.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum FrameError {
    /// `command_length` below the header's own 16 octets.
    #[error("command_length {command_length} is below the 16 octets of a header")]
    TooShort {
        /// The length claimed, octets.
        command_length: u32,
    },
    /// `command_length` above the bound.
    #[error("command_length {command_length} is above the {pdu_octets_max} octets allowed")]
    TooLong {
        /// The length claimed, octets.
        command_length: u32,
        /// The bound, octets.
        pdu_octets_max: u32,
    },
}

/// Octets of the PDU that starts with these four, checked against the bound.
pub(crate) fn checked_length(first: [u8; 4], pdu_octets_max: u32) -> Result<usize, FrameError> {
    let command_length = u32::from_be_bytes(first);
    if (command_length as usize) < HEADER_OCTETS {
        return Err(FrameError::TooShort { command_length });
    }
    if command_length > pdu_octets_max {
        return Err(FrameError::TooLong {
            command_length,
            pdu_octets_max,
        });
    }
    Ok(command_length as usize)
}

/// Splits the first whole PDU off `bytes` and says how many octets it took.
///
/// `Ok(None)`: more bytes are needed.
///
/// # Errors
/// [`FrameError`] as soon as four octets show a length below 16 or above `pdu_octets_max`.
#[inline]
pub fn split_frame(
    bytes: &[u8],
    pdu_octets_max: u32,
) -> Result<Option<(Pdu<'_>, usize)>, FrameError> {
    let Some(first) = bytes.first_chunk::<4>() else {
        return Ok(None);
    };
    let length = checked_length(*first, pdu_octets_max)?;
    let Some((frame, _)) = bytes.split_at_checked(length) else {
        return Ok(None);
    };
    let Some((header, body)) = frame.split_first_chunk::<HEADER_OCTETS>() else {
        return Ok(None);
    };
    let pdu = Pdu {
        header: Header::decode(header),
        body,
    };
    Ok(Some((pdu, length)))
}
