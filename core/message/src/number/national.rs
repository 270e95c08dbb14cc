//! National forms, resolved by libphonenumber's metadata.
//!
//! The national reading wins where the metadata holds it for valid; else the digits may be an
//! international number without its plus sign; else they are refused.

use phonenumber::country;

use super::{Msisdn, NumberFault};

/// Room for a country code and a national number written out.
const E164_MAX: usize = 24;

/// Resolves digits as a number of `region`.
pub(super) fn resolve(digits: &[u8], region: &str) -> Result<Msisdn, NumberFault> {
    let region = known(region)?;
    let text = std::str::from_utf8(digits).map_err(|_| NumberFault::NotANumber)?;
    if let Some(number) = valid(Some(region), text) {
        return Ok(number);
    }
    if digits.first() != Some(&b'0') && digits.len() < E164_MAX {
        let international = format!("+{text}");
        if let Some(number) = valid(None, &international) {
            return Ok(number);
        }
    }
    Err(NumberFault::NotANumber)
}

fn known(region: &str) -> Result<country::Id, NumberFault> {
    let mut letters = [0; 2];
    if region.len() != letters.len() {
        return Err(NumberFault::UnknownRegion);
    }
    letters.copy_from_slice(region.as_bytes());
    letters.make_ascii_uppercase();
    std::str::from_utf8(&letters)
        .ok()
        .and_then(|name| name.parse().ok())
        .ok_or(NumberFault::UnknownRegion)
}

fn valid(region: Option<country::Id>, text: &str) -> Option<Msisdn> {
    let number = phonenumber::parse(region, text).ok()?;
    if !phonenumber::is_valid(&number) {
        return None;
    }
    let code = number.code().value();
    let national = number.national().to_string();
    Msisdn::from_digits(format!("{code}{national}").as_bytes()).ok()
}
