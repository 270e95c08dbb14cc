//! How many segments of a message are billed.
//!
//! Carriers sell some destinations by more than one segment: in whole increments, and not below a minimum.

use carrack_message::Micros;

/// Billing increment and minimum, both in segments and at least 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Increments {
    /// Segments are billed in whole multiples of this.
    pub increment: u8,
    /// And at least so many of a message.
    pub minimum: u8,
}

impl Default for Increments {
    /// Each segment by itself.
    fn default() -> Self {
        Self {
            increment: 1,
            minimum: 1,
        }
    }
}

impl Increments {
    /// Segments billed for a message of so many: the greater of the minimum and what fills whole increments; none for a
    /// message of none.
    #[inline]
    #[must_use]
    pub const fn billed(self, segments: u32) -> u64 {
        if segments == 0 {
            return 0;
        }
        let (segments, increment) = (segments as u64, self.increment as u64);
        let filled = match increment {
            0 | 1 => segments,
            _ => segments.div_ceil(increment) * increment,
        };
        match filled < self.minimum as u64 {
            true => self.minimum as u64,
            false => filled,
        }
    }

    /// What a message of so many segments costs at a price a segment; `None` on overflow.
    #[inline]
    #[must_use]
    pub fn cost(self, price: Micros, segments: u32) -> Option<Micros> {
        price.checked_mul(i64::try_from(self.billed(segments)).ok()?)
    }
}
