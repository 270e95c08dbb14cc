//! Turns reads into whole PDUs, for both sides.
//!
//! Promise: how the bytes were cut into reads changes nothing. Whole PDUs are viewed where they lie;
//! only one that straddles two reads is copied. Bound: one PDU of `pdu_octets_max`; the buffer grows
//! by what really came, never by what a length claims.

use crate::frame::{FrameError, Pdu, checked_length, split_frame};

/// Above this the buffer's memory is given back after a large PDU.
const KEPT_OCTETS_MAX: usize = 16 * 1024;

#[derive(Debug, Default)]
pub(crate) struct Inbox {
    tail: Vec<u8>,
    begun_ns: u64,
}

impl Inbox {
    /// When the partial PDU began, if there is one.
    pub(crate) fn begun_ns(&self) -> Option<u64> {
        (!self.tail.is_empty()).then_some(self.begun_ns)
    }

    pub(crate) fn clear(&mut self) {
        self.tail.clear();
        self.tail.shrink_to(KEPT_OCTETS_MAX);
    }

    /// Gives every whole PDU to `take`, in order, until it returns false.
    #[inline]
    pub(crate) fn feed(
        &mut self,
        now_ns: u64,
        bytes: &[u8],
        pdu_octets_max: u32,
        take: &mut dyn FnMut(Pdu<'_>) -> bool,
    ) -> Result<(), FrameError> {
        let mut rest = bytes;
        if !self.tail.is_empty() {
            rest = self.complete(rest, pdu_octets_max)?;
            match split_frame(&self.tail, pdu_octets_max)? {
                None => return Ok(()),
                Some((pdu, _)) => {
                    let go_on = take(pdu);
                    self.clear();
                    if !go_on {
                        return Ok(());
                    }
                }
            }
        }
        while let Some((pdu, length)) = split_frame(rest, pdu_octets_max)? {
            rest = rest.get(length..).unwrap_or_default();
            if !take(pdu) {
                return Ok(());
            }
        }
        if !rest.is_empty() {
            self.tail.extend_from_slice(rest);
            self.begun_ns = now_ns;
        }
        Ok(())
    }

    /// Moves what the partial PDU lacks, or all there is, from `bytes`; what it did not need comes back.
    fn complete<'a>(
        &mut self,
        bytes: &'a [u8],
        pdu_octets_max: u32,
    ) -> Result<&'a [u8], FrameError> {
        let rest = self.fill_to(4, bytes);
        let Some(first) = self.tail.first_chunk::<4>() else {
            return Ok(rest);
        };
        let length = checked_length(*first, pdu_octets_max)?;
        Ok(self.fill_to(length, rest))
    }

    fn fill_to<'a>(&mut self, length: usize, bytes: &'a [u8]) -> &'a [u8] {
        let lacking = length.saturating_sub(self.tail.len()).min(bytes.len());
        let (taken, rest) = bytes.split_at_checked(lacking).unwrap_or_default();
        self.tail.extend_from_slice(taken);
        rest
    }
}
