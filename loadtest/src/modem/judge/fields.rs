//! Fields of an SMS-SUBMIT before its user data.

use super::Alphabet;

/// Octets, read from the front.
#[derive(Debug)]
pub(super) struct Reader<'a> {
    octets: &'a [u8],
}

impl<'a> Reader<'a> {
    pub(super) fn new(octets: &'a [u8]) -> Self {
        Self { octets }
    }

    pub(super) fn one(&mut self, otherwise: &'static str) -> Result<u8, &'static str> {
        let (first, rest) = self.octets.split_first().ok_or(otherwise)?;
        self.octets = rest;
        Ok(*first)
    }

    pub(super) fn take(
        &mut self,
        count: usize,
        otherwise: &'static str,
    ) -> Result<&'a [u8], &'static str> {
        let (taken, rest) = self.octets.split_at_checked(count).ok_or(otherwise)?;
        self.octets = rest;
        Ok(taken)
    }

    pub(super) fn rest(&mut self) -> &'a [u8] {
        std::mem::take(&mut self.octets)
    }

    pub(super) fn left(&self) -> usize {
        self.octets.len()
    }
}

/// TP-DA (9.1.2.5): a number that a handset can have. Its digits, and the field as it came.
pub(super) fn address(tpdu: &mut Reader<'_>) -> Result<(String, Vec<u8>), &'static str> {
    let length = tpdu.one("ends before the recipient")?;
    let kind = tpdu.one("ends before the type of the recipient")?;
    let count = usize::from(length);
    if !(1..=20).contains(&count) {
        return Err("recipient of no digits, or of more than 20");
    }
    let value = tpdu.take(count.div_ceil(2), "ends in the recipient")?;
    check_kind(kind)?;
    let halves: Vec<u8> = value
        .iter()
        .flat_map(|octet| [octet & 0x0F, octet >> 4])
        .collect();
    let (digits, filling) = halves
        .split_at_checked(count)
        .ok_or("ends in the recipient")?;
    if filling.iter().any(|half| *half != 0x0F) {
        return Err("recipient of odd length not filled with F");
    }
    let is_international = kind >> 4 & 0x07 == 1;
    let most = if is_international { 9 } else { 11 };
    if digits.iter().any(|half| *half > most) {
        return Err("recipient with half octets that are no digits");
    }
    if is_international && (digits.first() == Some(&0) || count > 15) {
        return Err("international recipient that begins with 0 or has more than 15 digits");
    }
    let text = digits.iter().map(|half| match half {
        10 => '*',
        11 => '#',
        digit => char::from(b'0' + digit),
    });
    let field = [&[length, kind], value].concat();
    Ok((text.collect(), field))
}

fn check_kind(kind: u8) -> Result<(), &'static str> {
    if kind & 0x80 == 0 {
        return Err("recipient without bit 7 of its type");
    }
    match kind >> 4 & 0x07 {
        5 => return Err("recipient that is a name"),
        7 => return Err("recipient of a reserved type of number"),
        _ => {}
    }
    // Unknown, ISDN, data, telex, two of the service centre, national, private, ERMES.
    match kind & 0x0F {
        0 | 1 | 3..=6 | 8..=10 => Ok(()),
        _ => Err("recipient of a reserved numbering plan"),
    }
}

/// TP-PID (9.2.3.9).
pub(super) fn protocol(identifier: u8) -> Result<(), &'static str> {
    match identifier {
        0x80..=0xBF => Err("reserved protocol identifier"),
        0x49..=0x5D | 0x60..=0x7B => Err("reserved protocol identifier"),
        _ => Ok(()),
    }
}

/// TP-DCS (TS 23.038, 4).
pub(super) fn coding(scheme: u8) -> Result<Alphabet, &'static str> {
    match scheme >> 4 {
        0x0..=0x7 => general(scheme),
        0xC..=0xE if scheme & 0x04 != 0 => Err("data coding scheme with a reserved bit"),
        0xC | 0xD => Ok(Alphabet::Gsm),
        0xE => Ok(Alphabet::Ucs2),
        0xF if scheme & 0x08 != 0 => Err("data coding scheme with a reserved bit"),
        0xF if scheme & 0x04 != 0 => Ok(Alphabet::Binary),
        0xF => Ok(Alphabet::Gsm),
        _ => Err("reserved data coding scheme"),
    }
}

fn general(scheme: u8) -> Result<Alphabet, &'static str> {
    if scheme & 0x20 != 0 {
        return Err("compressed text, which nobody can read");
    }
    if scheme & 0x10 == 0 && scheme & 0x03 != 0 {
        return Err("data coding scheme with a class that its bit 4 denies");
    }
    match scheme >> 2 & 0x03 {
        0 => Ok(Alphabet::Gsm),
        1 => Ok(Alphabet::Binary),
        2 => Ok(Alphabet::Ucs2),
        _ => Err("reserved alphabet"),
    }
}

/// TP-VP in one of its formats (9.2.3.12).
pub(super) fn validity(format: u8, tpdu: &mut Reader<'_>) -> Result<(), &'static str> {
    const SHORT: &str = "ends in the validity period";
    match format {
        0 => Ok(()),
        2 => tpdu.one(SHORT).map(drop),
        3 => absolute(tpdu.take(7, SHORT)?),
        _ => enhanced(tpdu.take(7, SHORT)?),
    }
}

fn absolute(octets: &[u8]) -> Result<(), &'static str> {
    // Year, month, day, hour, minute, second, and quarters of an hour with a sign.
    const RANGES: [(u8, u8); 7] = [
        (0, 99),
        (1, 12),
        (1, 31),
        (0, 23),
        (0, 59),
        (0, 59),
        (0, 79),
    ];
    let is_moment = octets
        .iter()
        .zip(RANGES)
        .enumerate()
        .all(|(place, (octet, (least, most)))| {
            let octet = if place == 6 { octet & !0x08 } else { *octet };
            let (tens, ones) = (octet & 0x0F, octet >> 4);
            tens < 10 && ones < 10 && (least..=most).contains(&(tens * 10 + ones))
        });
    if is_moment {
        Ok(())
    } else {
        Err("absolute validity period that is no moment")
    }
}

fn enhanced(octets: &[u8]) -> Result<(), &'static str> {
    let (indicator, rest) = octets.split_first().ok_or("ends in the validity period")?;
    if indicator & 0x38 != 0 || indicator & 0x07 > 3 {
        return Err("enhanced validity period with reserved bits");
    }
    let extension = usize::from(indicator & 0x80 != 0);
    let used = extension
        + match indicator & 0x07 {
            0 => 0,
            3 => 3,
            _ => 1,
        };
    if rest.iter().skip(used).any(|octet| *octet != 0) {
        return Err("enhanced validity period with octets that are unused and not zero");
    }
    Ok(())
}
