//! TP-SCTS and TP-DT: a moment in local time with its offset (3GPP TS 23.040, 9.2.3.11).

use crate::receipt::date;

/// Quarters of an hour in a zone's offset, at most: 14 hours east are 56.
const QUARTERS_MAX: u8 = 79;

/// A moment, to the second.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Moment {
    /// Unix time in seconds.
    pub utc_s: i64,
}

impl Moment {
    /// Seven octets, in UTC.
    #[must_use]
    pub fn octets(self) -> [u8; 7] {
        let mut digits = Vec::with_capacity(12);
        date::write_seconds(self.utc_s, &mut digits);
        let mut octets = [0; 7];
        for (octet, pair) in octets.iter_mut().zip(digits.chunks_exact(2)) {
            if let [tens, ones] = pair {
                *octet = (ones - b'0') << 4 | (tens - b'0');
            }
        }
        octets
    }

    /// Of seven octets; `None` where they are no date. Service centres that send none write zeros.
    #[must_use]
    pub fn of_octets(octets: [u8; 7]) -> Option<Self> {
        let [fields @ .., zone] = octets;
        let mut text = Vec::with_capacity(16);
        for octet in fields {
            let (tens, ones) = (octet & 0x0F, octet >> 4);
            if tens > 9 || ones > 9 {
                return None;
            }
            text.extend([b'0' + tens, b'0' + ones]);
        }
        // The sign stands in the highest bit of the tens.
        let (tens, ones) = (zone & 0x07, zone >> 4);
        let quarters = tens * 10 + ones;
        if ones > 9 || quarters > QUARTERS_MAX {
            return None;
        }
        let utc_s = date::parse(&text)?;
        let offset_s = i64::from(quarters) * 900;
        Some(Self {
            utc_s: if zone & 0x08 == 0 {
                utc_s - offset_s
            } else {
                utc_s + offset_s
            },
        })
    }
}
