//! Who a modem and its SIM are, read from answers that every make writes in its own way.

use carrack_message::{Msisdn, Network};

use super::desk::{SimIdentity, SimNumber};
use super::dialect::Dialect;

/// Characters of a maker, a model or a revision that are kept.
const WORDS_MAX: usize = 64;
/// Digits of the card's number (ITU-T E.118), of the subscriber's (E.212) and of the device's (TS 23.003, 6.2).
const ICCID_DIGITS: std::ops::RangeInclusive<usize> = 18..=20;
const IMSI_DIGITS: std::ops::RangeInclusive<usize> = 13..=15;
const IMEI_DIGITS: std::ops::RangeInclusive<usize> = 14..=16;

/// What is known of a modem.
#[derive(Debug)]
pub(super) struct Identity {
    /// As settings say.
    fixed: Option<&'static Dialect>,
    found: Option<&'static Dialect>,
    pub(super) maker: String,
    pub(super) model: String,
    pub(super) revision: String,
    pub(super) imei: String,
    pub(super) sim: SimIdentity,
    /// Its place in the book, once it sits there.
    pub(super) number: Option<SimNumber>,
    pub(super) own: Option<Msisdn>,
    /// Networks to which it sends at the price of its own.
    pub(super) on_net: Vec<Network>,
}

impl Identity {
    pub(super) fn new(fixed: Option<&'static Dialect>) -> Self {
        Self {
            fixed,
            found: None,
            maker: String::new(),
            model: String::new(),
            revision: String::new(),
            imei: String::new(),
            sim: SimIdentity::default(),
            number: None,
            own: None,
            on_net: Vec::new(),
        }
    }

    pub(super) fn dialect(&self) -> &'static Dialect {
        self.fixed.or(self.found).unwrap_or_else(Dialect::generic)
    }

    /// Maker and model are known.
    pub(super) fn tell_dialect(&mut self) {
        self.found = Some(Dialect::of(&self.maker, &self.model));
    }

    /// The name under which segments of this SIM are known: the last ten digits of its card, or of its subscriber.
    pub(super) fn short(&self) -> &str {
        let digits = self.sim.iccid.as_deref().or(self.sim.imsi.as_deref());
        let digits = digits.unwrap_or_default();
        digits
            .get(digits.len().saturating_sub(10)..)
            .unwrap_or(digits)
    }
}

/// The network of a subscriber: an IMSI does not say whether its network's code has two digits or three, so both.
pub(super) fn networks_of(imsi: &str) -> Vec<Network> {
    let begins = [5, 6].into_iter().filter_map(|digits| imsi.get(..digits));
    begins.filter_map(|digits| digits.parse().ok()).collect()
}

/// What an answer of this name says, without quotes; empty where no line of it has the name.
pub(super) fn said<'a>(name: &str, lines: &'a [String]) -> &'a str {
    let value = lines.iter().find_map(|line| line.strip_prefix(name));
    let value = value.and_then(|value| value.strip_prefix(':'));
    value.unwrap_or_default().trim()
}

/// The words of an answer that may have no name, without quotes. Noise stands before them.
pub(super) fn words(lines: &[String]) -> String {
    let line = lines.last().map_or("", String::as_str);
    let value = match line.split_once(':') {
        Some((name, value)) if name.starts_with(['+', '^', '#']) => value,
        _ => line,
    };
    let value = value.trim().trim_matches('"');
    value.chars().take(WORDS_MAX).collect()
}

/// The first run of so many digits in an answer.
fn digits(lines: &[String], lengths: std::ops::RangeInclusive<usize>) -> Option<String> {
    let mut runs = lines
        .iter()
        .flat_map(|line| line.split(|found: char| !found.is_ascii_digit()));
    runs.find(|run| lengths.contains(&run.len()))
        .map(str::to_owned)
}

/// Number of the card; some makes write its half octets as they lie on the card, `98` for `89`.
pub(super) fn iccid(lines: &[String]) -> Option<String> {
    // First, because of a filled one all digits but the last look like a number of their own.
    half_octets(lines).or_else(|| digits(lines, ICCID_DIGITS))
}

/// Ten octets as they lie on the card: digits swapped, the last filled up with F, in capitals or not.
fn half_octets(lines: &[String]) -> Option<String> {
    let is_hex = |found: char| found.is_ascii_hexdigit();
    let mut runs = lines
        .iter()
        .flat_map(|line| line.split(|found: char| !is_hex(found)));
    let run = runs.find(|run| run.len() == 20 && run.starts_with("98"))?;
    unfilled(&swapped(run))
}

/// Digits before the filler; none where anything else stands among them.
fn unfilled(octets: &str) -> Option<String> {
    let digits = octets.trim_end_matches(['f', 'F']);
    let is_number = digits.bytes().all(|octet| octet.is_ascii_digit());
    (is_number && ICCID_DIGITS.contains(&digits.len())).then(|| digits.to_owned())
}

/// Number of the card as `+CRSM=176,12258,0,0,10` reads it (TS 51.011, 10.1.1): `+CRSM: 144,0,"98...F"`.
pub(super) fn iccid_raw(lines: &[String]) -> Option<String> {
    let line = lines.iter().find(|line| line.starts_with("+CRSM:"))?;
    let octets = line.rsplit(',').next()?.trim().trim_matches('"');
    let is_hex = octets.len() == 20 && octets.bytes().all(|octet| octet.is_ascii_hexdigit());
    unfilled(&swapped(octets)).filter(|_| is_hex)
}

pub(super) fn imsi(lines: &[String]) -> Option<String> {
    digits(lines, IMSI_DIGITS)
}

pub(super) fn imei(lines: &[String]) -> Option<String> {
    digits(lines, IMEI_DIGITS)
}

fn swapped(text: &str) -> String {
    let pairs = text.as_bytes().chunks(2);
    pairs
        .flat_map(|pair| pair.iter().rev())
        .map(|octet| char::from(*octet))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(line: &str) -> Vec<String> {
        vec![line.to_owned()]
    }

    #[test]
    fn card_numbers_are_read_as_each_make_writes_them() {
        let expected = Some("8949020000012345678".to_owned());
        for line in [
            "8949020000012345678",
            "+CCID: \"8949020000012345678\"",
            "+QCCID: 8949020000012345678F",
            "^ICCID: 8949020000012345678f",
            "#CCID: 8949020000012345678",
            "989420000010325476F8",
            "+CCID: \"989420000010325476f8\"",
        ] {
            assert_eq!(iccid(&lines(line)), expected, "{line}");
        }
        let raw = lines("+CRSM: 144,0,\"989420000010325476F8\"");
        assert_eq!(iccid_raw(&raw), expected);
        assert_eq!(
            iccid(&lines("98940200000103254706")).as_deref(),
            Some("89492000001030527460")
        );
        let unfilled = lines("+ICCID: 89490200000123456789");
        assert_eq!(iccid(&unfilled).as_deref(), Some("89490200000123456789"));
        assert_eq!(iccid(&lines("ERROR")), None);
    }

    #[test]
    fn an_imsi_is_of_its_network_whatever_the_length_of_its_code() {
        let is_of = |imsi: &str, network: &str| {
            let network: Network = network.parse().unwrap_or_default();
            assert!(network.is_known());
            networks_of(imsi).contains(&network)
        };
        assert!(is_of("262021234567890", "262-02"));
        assert!(is_of("310260123456789", "310-260"));
        assert!(!is_of("262021234567890", "262-01"));
        assert_eq!(networks_of("26"), []);
    }

    #[test]
    fn makers_come_with_and_without_their_command() {
        assert_eq!(words(&lines("+CGMI: \"Telit\"")), "Telit");
        assert_eq!(
            words(&lines("Manufacturer: QUALCOMM")),
            "Manufacturer: QUALCOMM"
        );
        assert_eq!(words(&[]), "");
    }
}
