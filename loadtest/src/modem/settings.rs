//! What simulated modems are told at their start.
//!
//! All durations are simulated nanoseconds: whoever drives the rack with scaled time ([`super::edge::Setup::time_scale`]) makes them pass faster.

use super::dialect::Dialect;
use super::fault::Fault;
use crate::chance::Percent;

/// One millisecond.
pub const MS_NS: u64 = 1_000_000;
/// One second.
pub const SECOND_NS: u64 = 1_000 * MS_NS;
/// Most modems of one rack.
pub const MODEMS_MAX: usize = 1_024;

/// Who a SIM is, and what it asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SimCard {
    /// 19 or 20 digits.
    pub iccid: String,
    /// 15 digits; the first five or six name the network.
    pub imsi: String,
    /// Its own number, international digits without plus.
    pub number: String,
    /// Asked for after each start.
    pub pin: Option<String>,
}

/// A rack of modems with the network behind it.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Modems, each with a SIM; at most [`MODEMS_MAX`].
    pub modems: usize,
    /// How they talk; modem n takes the n-th in turn. Empty: generic.
    pub dialects: Vec<Dialect>,
    /// Networks of the SIMs (MCC and MNC), likewise in turn.
    pub networks: Vec<String>,
    /// The number of SIM 0, international digits; SIM n has this plus n.
    pub first_number: u64,
    /// Every SIM asks for this PIN.
    pub pin: Option<String>,
    /// Cards in place of those that the three settings above make: card n sits in modem n, further ones wait for `sim insert`.
    pub cards: Vec<SimCard>,
    /// Seed of every decision.
    pub seed: u64,
    /// UTC at time 0, seconds since 1970.
    pub utc_base_s: u64,
    /// Minutes east of UTC: time stamps of the service centre, and where calendar days begin.
    pub zone_minutes: i32,
    /// From a command to its answer.
    pub answer_ns: u64,
    /// From the end of a PDU to `+CMGS`, mean.
    pub submit_ns: u64,
    /// Largest deviation from it, either way.
    pub submit_jitter_ns: u64,
    /// From power to the last word of the boot.
    pub boot_ns: u64,
    /// From the end of the boot to registration.
    pub register_ns: u64,
    /// They have power and are registered at time 0; otherwise they boot then.
    pub is_ready_at_start: bool,
    /// From `+CMGS` to the status report, and to the arrival at another simulated SIM.
    pub report_delay_ns: u64,
    /// Share of messages whose status report says that they did not arrive; parts of one message share their fate.
    pub undelivered: Percent,
    /// Messages from handsets a minute, for each modem.
    pub mo_per_minute: f64,
    /// What they say; `{n}` is their number. Long texts come in parts.
    pub mo_text: String,
    /// Their sender, digits with or without plus, or a name.
    pub mo_from: String,
    /// Places of a SIM's store.
    pub sim_places: usize,
    /// Places of a modem's own store.
    pub modem_places: usize,
    /// USSD codes and what the network says.
    pub ussd: Vec<(String, String)>,
    /// Recipients whose number begins so are refused with this `+CMS ERROR`.
    pub refused_recipients: Vec<(String, u16)>,
    /// Messages a minute that one modem may send: what [`super::report::ModemReport::busy_share_paced`] counts with.
    pub per_minute: u32,
    /// The sliding windows of the counter are shorter by this, for counts that are taken at another place than the sender's.
    pub window_slack_ns: u64,
    /// What goes wrong.
    pub faults: Vec<Fault>,
    /// Different texts and segments remembered.
    pub texts_max: u64,
    /// Messages and status reports that may be under way in the network; more are lost, and counted.
    pub pending_max: usize,
    /// Messages kept for [`super::Rack::taken`].
    pub taken_kept: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            modems: 1,
            dialects: Vec::new(),
            networks: vec!["26202".to_owned()],
            first_number: 491_510_000_000,
            pin: None,
            cards: Vec::new(),
            seed: 1,
            utc_base_s: 0,
            zone_minutes: 0,
            answer_ns: 5 * MS_NS,
            submit_ns: 2_500 * MS_NS,
            submit_jitter_ns: 500 * MS_NS,
            boot_ns: 6 * SECOND_NS,
            register_ns: 3 * SECOND_NS,
            is_ready_at_start: true,
            report_delay_ns: 4 * SECOND_NS,
            undelivered: Percent::default(),
            mo_per_minute: 0.0,
            mo_text: "Message {n} from a handset".to_owned(),
            mo_from: "+447700900999".to_owned(),
            sim_places: 30,
            modem_places: 100,
            ussd: default_ussd(),
            refused_recipients: Vec::new(),
            per_minute: 15,
            window_slack_ns: 0,
            faults: Vec::new(),
            texts_max: 10_000_000,
            pending_max: 1_000_000,
            taken_kept: 0,
        }
    }
}

fn default_ussd() -> Vec<(String, String)> {
    [
        (
            "*100#",
            "Your balance is 12.34 EUR, valid until 31.01.2027.",
        ),
        ("*101#", "?1 Balance\n2 Bundles\n0 Back"),
        ("*101#1", "12.34 EUR"),
        ("*101#2", "No bundle is booked."),
        ("*102#", "Баланс: 12.34"),
    ]
    .map(|(code, text)| (code.to_owned(), text.to_owned()))
    .to_vec()
}

impl Settings {
    /// The cards: those given, or made from networks and numbers.
    #[must_use]
    pub fn cards(&self) -> Vec<SimCard> {
        if !self.cards.is_empty() {
            return self.cards.clone();
        }
        (0..self.modems).map(|place| self.card(place)).collect()
    }

    fn card(&self, place: usize) -> SimCard {
        let network = in_turn(&self.networks, place).map_or("26202", String::as_str);
        let number = self.first_number.saturating_add(place as u64);
        let subscriber_digits = 15_usize.saturating_sub(network.len());
        let subscriber = 10_u64.pow(subscriber_digits.min(18) as u32);
        // 89, country, issuer, account; the last digit is that of Luhn (ITU-T E.118).
        let account = format!(
            "8949{:0<2.2}{:012}",
            network.get(3..).unwrap_or("02"),
            number % 1_000_000_000_000
        );
        let check = luhn(&account);
        SimCard {
            iccid: format!("{account}{check}"),
            imsi: format!("{network}{:0subscriber_digits$}", number % subscriber),
            number: number.to_string(),
            pin: self.pin.clone(),
        }
    }

    /// How modem `place` talks.
    #[must_use]
    pub fn dialect(&self, place: usize) -> Dialect {
        in_turn(&self.dialects, place).copied().unwrap_or_default()
    }
}

fn in_turn<T>(items: &[T], place: usize) -> Option<&T> {
    items.get(place.checked_rem(items.len())?)
}

/// The check digit behind these digits.
fn luhn(digits: &str) -> u32 {
    let sum: u32 = digits
        .bytes()
        .rev()
        .enumerate()
        .map(|(place, digit)| {
            let digit = u32::from(digit.wrapping_sub(b'0')) % 10;
            match digit * 2 {
                _ if place % 2 == 1 => digit,
                doubled if doubled > 9 => doubled - 9,
                doubled => doubled,
            }
        })
        .sum();
    (10 - sum % 10) % 10
}
