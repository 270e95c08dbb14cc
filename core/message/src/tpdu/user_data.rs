//! TP-UDL and TP-UD (3GPP TS 23.040, 9.2.3.16 and 9.2.3.24), and the same as SMPP has it: a header, and one septet an octet.

use super::octets::Octets;
use super::{Coding, TpduFault, coding_of};
use crate::alphabet::packed;
use crate::segment::SEGMENT_OCTETS;

/// Septets of one short message.
const SEPTETS_MAX: usize = 160;

/// User data, unpacked.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct UserData {
    /// The header, its length octet first; empty: none.
    pub header: Vec<u8>,
    /// What follows it: septets one an octet, octets, or UTF-16 units.
    pub body: Vec<u8>,
}

impl UserData {
    /// From a `short_message`: its header stands at its beginning where `has_header` (UDHI) says so.
    ///
    /// # Errors
    /// [`TpduFault::Short`] for a header that is longer than what there is.
    pub fn of_short_message(octets: &[u8], has_header: bool) -> Result<Self, TpduFault> {
        let length = match octets.first() {
            Some(length) if has_header => usize::from(*length) + 1,
            _ if has_header => return Err(TpduFault::Short { field: "TP-UDH" }),
            _ => 0,
        };
        let (header, body) = octets
            .split_at_checked(length)
            .ok_or(TpduFault::Short { field: "TP-UDH" })?;
        Ok(Self {
            header: header.to_vec(),
            body: body.to_vec(),
        })
    }

    /// As a `short_message`.
    #[must_use]
    pub fn to_short_message(&self) -> Vec<u8> {
        [self.header.as_slice(), &self.body].concat()
    }

    /// Whether TP-UDHI is to be set.
    #[must_use]
    pub const fn has_header(&self) -> bool {
        !self.header.is_empty()
    }

    /// Appends TP-UDL and TP-UD.
    pub(super) fn write(&self, data_coding_scheme: u8, out: &mut Vec<u8>) -> Result<(), TpduFault> {
        let length_place = out.len();
        out.push(0);
        out.extend_from_slice(&self.header);
        let units = if coding_of(data_coding_scheme) == Coding::Septets {
            let fill_bits = packed::fill_bits(self.header.len());
            packed::pack(&self.body, fill_bits, packed::Padding::Zero, out);
            (self.header.len() * 8).div_ceil(7) + self.body.len()
        } else {
            out.extend_from_slice(&self.body);
            self.header.len() + self.body.len()
        };
        check(data_coding_scheme, units)?;
        if let Some(length) = out.get_mut(length_place) {
            *length = units as u8;
        }
        Ok(())
    }

    /// Reads TP-UDL and TP-UD to the end of the TPDU.
    pub(super) fn read(
        data_coding_scheme: u8,
        has_header: bool,
        octets: &mut Octets<'_>,
    ) -> Result<Self, TpduFault> {
        let units = usize::from(octets.one("TP-UDL")?);
        check(data_coding_scheme, units)?;
        let is_packed = coding_of(data_coding_scheme) == Coding::Septets;
        let count = if is_packed {
            (units * 7).div_ceil(8)
        } else {
            units
        };
        let user_data = octets.take(count, "TP-UD")?;
        octets.end()?;
        let header_octets = match user_data.first() {
            Some(length) if has_header => usize::from(*length) + 1,
            _ => 0,
        };
        let (header, rest) = user_data
            .split_at_checked(header_octets)
            .ok_or(TpduFault::Short { field: "TP-UDH" })?;
        let mut body = Vec::new();
        if is_packed {
            let septets = units.saturating_sub((header_octets * 8).div_ceil(7));
            packed::unpack(rest, packed::fill_bits(header_octets), septets, &mut body);
        } else {
            body.extend_from_slice(rest);
        }
        Ok(Self {
            header: header.to_vec(),
            body,
        })
    }
}

const fn check(data_coding_scheme: u8, units: usize) -> Result<(), TpduFault> {
    let most = match coding_of(data_coding_scheme) {
        Coding::Septets => SEPTETS_MAX,
        Coding::Octets | Coding::Ucs2 => SEGMENT_OCTETS,
    };
    if units > most {
        return Err(TpduFault::Value {
            field: "TP-UDL",
            found: units,
        });
    }
    Ok(())
}
