//! Message ids: unique within one run and, for different seeds, between simulators. The number of the accepted message is inside,
//! so an id needs no storage.

use crate::chance::Digest;

/// Longest id, octets.
pub(super) const ID_OCTETS_MAX: usize = 20;

/// Writes the id of each accepted message.
#[derive(Debug, Clone, Copy)]
pub(super) struct Identity {
    spread: u64,
    decimal: bool,
}

impl Identity {
    pub(super) fn new(seed: u64, decimal: bool) -> Self {
        Self {
            spread: Digest::new(seed).field(b"message ids").finish(),
            decimal,
        }
    }

    /// The id of the message with this serial number: 16 lower-case hex digits, or 10 to 20 decimal digits.
    pub(super) fn write<'a>(&self, serial: u64, id: &'a mut [u8; ID_OCTETS_MAX]) -> &'a [u8] {
        if self.decimal {
            let block = self.spread % 9_000 + 1_000;
            return digits(
                block.wrapping_mul(1_000_000_000_000).wrapping_add(serial),
                10,
                10,
                id,
            );
        }
        let id_number = (self.spread & 0xFFFF_FF00_0000_0000) | (serial & 0xFF_FFFF_FFFF);
        digits(id_number, 16, 16, id)
    }
}

fn digits(mut number: u64, base: u64, length_min: usize, id: &mut [u8; ID_OCTETS_MAX]) -> &[u8] {
    let mut from = ID_OCTETS_MAX;
    for (index, digit) in id.iter_mut().enumerate().rev() {
        if number == 0 && ID_OCTETS_MAX - from >= length_min {
            break;
        }
        *digit = b"0123456789abcdef"
            .get((number % base) as usize)
            .copied()
            .unwrap_or(b'0');
        number /= base;
        from = index;
    }
    id.get(from..).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing
    )]

    use super::*;
    use std::collections::HashSet;

    #[test]
    fn ids_are_unique_and_of_their_alphabet() {
        let mut seen = HashSet::new();
        for seed in 0..20 {
            for serial in 1..500 {
                let mut buffer = [0; ID_OCTETS_MAX];
                let hex = Identity::new(seed, false)
                    .write(serial, &mut buffer)
                    .to_vec();
                assert_eq!(hex.len(), 16);
                assert!(hex.iter().all(u8::is_ascii_hexdigit));
                assert!(seen.insert(hex));
                let decimal = Identity::new(seed, true)
                    .write(serial, &mut buffer)
                    .to_vec();
                assert!(decimal.len() >= 10 && decimal.iter().all(u8::is_ascii_digit));
                assert!(seen.insert(decimal));
            }
        }
    }
}
