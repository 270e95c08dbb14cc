//! What a call gives, and what of it makes a message.
//!
//! Numbers are read as Kannel reads them (`sscanf("%d")`): blanks before them and what follows them do not count, and what
//! is no number was not given. Faults have Kannel's sentences, in the order in which it looks.

use axum::http::HeaderMap;
use carrack_message::record::ReceiptWish;
use carrack_message::{Callback, CallbackKind, Class, Sender, is_tag, write_callback, write_tag};

use super::answer::Answer;
use crate::accounts::Account;
use crate::http::form::Form;
use crate::submission::{Options, Screen, not_too_far};
use crate::webhook::{Constant, check_callback_url, constant, kannel_events};

const MINUTE_NS: u64 = 60_000_000_000;
const HEADER_OCTETS_MAX: usize = 140;
/// Kannel's `ACCOUNT_MAX_LEN`.
const ACCOUNT_OCTETS_MAX: usize = 64;
/// What Kannel 1.4.5 takes, its guide's five bits and one of its own.
const DLR_MASK_MAX: i64 = 66;
/// What Kannel means by a number that is not there.
const UNDEFINED: i64 = -1;

/// A call, as octets and numbers.
#[derive(Debug, Default)]
pub(crate) struct Fields {
    pub(crate) from: Option<Vec<u8>>,
    pub(crate) to: Option<Vec<u8>>,
    pub(crate) text: Vec<u8>,
    pub(crate) charset: Option<String>,
    pub(crate) udh: Vec<u8>,
    pub(crate) smsc: Option<String>,
    pub(crate) account: Option<String>,
    pub(crate) binfo: Option<String>,
    pub(crate) meta_data: Option<String>,
    pub(crate) dlr_url: Option<String>,
    pub(crate) numbers: Numbers,
}

/// Its numbers; -1: not given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Numbers {
    pub(crate) dlr_mask: i64,
    pub(crate) mclass: i64,
    pub(crate) mwi: i64,
    pub(crate) coding: i64,
    pub(crate) compress: i64,
    pub(crate) validity: i64,
    pub(crate) deferred: i64,
    pub(crate) pid: i64,
    pub(crate) alt_dcs: i64,
    pub(crate) rpi: i64,
    pub(crate) priority: i64,
}

impl Default for Numbers {
    fn default() -> Self {
        Self::by(|_| None)
    }
}

impl Numbers {
    fn by<'a>(find: impl Fn(&str) -> Option<&'a [u8]>) -> Self {
        let number = |name: &str| find(name).and_then(scanned).unwrap_or(UNDEFINED);
        let either = |name, old| match find(name) {
            Some(_) => number(name),
            None => number(old),
        };
        Self {
            dlr_mask: either("dlr-mask", "dlrmask"),
            mclass: either("mclass", "flash"),
            mwi: number("mwi"),
            coding: number("coding"),
            compress: number("compress"),
            validity: number("validity"),
            deferred: number("deferred"),
            pid: number("pid"),
            alt_dcs: number("alt-dcs"),
            rpi: number("rpi"),
            priority: number("priority"),
        }
    }
}

/// As `sscanf("%d")`.
fn scanned(octets: &[u8]) -> Option<i64> {
    let text = octets.trim_ascii_start();
    let (sign, digits) = match text {
        [b'-', digits @ ..] => (-1, digits),
        [b'+', digits @ ..] => (1, digits),
        _ => (1, text),
    };
    let digits = digits.iter().take_while(|octet| octet.is_ascii_digit());
    let mut found = None;
    for digit in digits {
        let so_far: i64 = found.unwrap_or(0);
        found = Some(
            so_far
                .saturating_mul(10)
                .saturating_add(i64::from(digit - b'0')),
        );
    }
    found.map(|number| number * sign)
}

impl Fields {
    /// Of a query or a form.
    pub(crate) fn of_form(form: &Form) -> Self {
        let octets = |name: &str| form.get(name).map(<[u8]>::to_vec);
        let text = |name: &str| form.text(name).map(std::borrow::Cow::into_owned);
        Self {
            from: octets("from"),
            to: octets("to"),
            text: octets("text").unwrap_or_default(),
            charset: text("charset"),
            udh: octets("udh").unwrap_or_default(),
            smsc: text("smsc"),
            account: text("account"),
            binfo: text("binfo"),
            meta_data: text("meta-data"),
            dlr_url: text("dlr-url").or_else(|| text("dlrurl")),
            numbers: Numbers::by(|name| form.get(name)),
        }
    }

    /// Of `X-Kannel` headers, with the body as text.
    pub(crate) fn of_headers(headers: &HeaderMap, charset: Option<String>, body: &[u8]) -> Self {
        let octets = |name: &str| {
            let value = headers.get(format!("x-kannel-{name}"))?;
            Some(value.as_bytes().trim_ascii())
        };
        let own = |name: &str| octets(name).map(<[u8]>::to_vec);
        let text = |name: &str| octets(name).map(|it| String::from_utf8_lossy(it).into_owned());
        Self {
            from: own("from"),
            to: own("to"),
            text: body.to_vec(),
            charset,
            udh: octets("udh").map(header_of).unwrap_or_default(),
            smsc: text("smsc"),
            account: text("account"),
            binfo: text("binfo"),
            meta_data: text("meta-data"),
            dlr_url: text("dlr-url"),
            numbers: Numbers::by(octets),
        }
    }

    /// The user data header fills its own length.
    pub(crate) fn check_header(&self) -> Result<(), Answer> {
        let Some(length) = self.udh.first() else {
            return Ok(());
        };
        if self.udh.len() != usize::from(*length) + 1 {
            return Err(Answer::bad("UDH field misformed, rejected"));
        }
        match self.udh.len() <= HEADER_OCTETS_MAX {
            true => Ok(()),
            false => Err(Answer::bad("UDH field is too long, rejected")),
        }
    }

    /// Its sender, else the account's.
    pub(crate) fn sender(&self, screen: &Screen<'_>) -> Result<Sender, Answer> {
        let from = self.from.as_deref().map(String::from_utf8_lossy);
        let is_given = from.as_deref().is_some_and(|from| !from.trim().is_empty());
        let sender = screen.sender(from.as_deref());
        sender.map_err(|fault| match is_given {
            true => Answer::fault(&fault),
            false => Answer::bad_for(
                "Sender missing and no global set, rejected",
                &fault.to_string(),
            ),
        })
    }

    /// All that is no body.
    pub(crate) fn options(&self, account: &Account, utc_ns: u64) -> Result<Options, Answer> {
        let numbers = self.numbers;
        self.check_account()?;
        self.check_dlr_url()?;
        let within = |number: i64, range: std::ops::RangeInclusive<i64>, name: &str| match number
            == UNDEFINED
            || range.contains(&number)
        {
            true => Ok(()),
            false => Err(Answer::bad(&format!("{name} field misformed, rejected"))),
        };
        within(numbers.dlr_mask, 0..=DLR_MASK_MAX, "DLR-Mask")?;
        within(numbers.mclass, 0..=3, "MClass")?;
        within(numbers.pid, 0..=255, "PID")?;
        within(numbers.rpi, 0..=2, "RPI")?;
        within(numbers.alt_dcs, 0..=1, "Alt-DCS")?;
        within(numbers.mwi, 0..=7, "MWI")?;
        within(numbers.coding, 0..=2, "Coding")?;
        within(numbers.compress, 0..=1, "Compress")?;
        within(numbers.validity, 0..=i64::MAX, "Validity")?;
        within(numbers.deferred, 0..=i64::MAX, "Deferred")?;
        within(numbers.priority, 0..=3, "Priority")?;
        self.check_possible()?;
        let minutes = |number: i64| u64::try_from(number).unwrap_or(0).saturating_mul(MINUTE_NS);
        let send_at_utc_ns = not_too_far(utc_ns.saturating_add(minutes(numbers.deferred)), utc_ns)
            .map_err(|fault| {
                Answer::bad_for("Deferred field misformed, rejected", &fault.to_string())
            })?;
        Ok(Options {
            class: class(numbers.priority),
            send_at_utc_ns,
            // Cut to what the account may have, as an SMSC does.
            validity_ns: minutes(numbers.validity).min(account.validity_ns_max),
            wants_receipt: ReceiptWish::Never,
            tlvs: self.tag(),
            client_ref: self.account.clone().filter(|text| !text.is_empty()),
            batch: None,
        })
    }

    /// How its caller is told of the message to this number: nothing where he does not ask.
    pub(crate) fn callback(
        &self,
        account: &Account,
        from: &Sender,
        to: &str,
    ) -> Result<Vec<u8>, Answer> {
        let own = self.dlr_url.as_deref().filter(|url| !url.is_empty());
        let url = own
            .or(account.legacy_dlr_url.as_deref())
            .unwrap_or_default();
        let mask = u8::try_from(self.numbers.dlr_mask).unwrap_or(0);
        let events = kannel_events(mask);
        let mut parameter = Vec::new();
        if url.is_empty() || events.is_empty() {
            return Ok(parameter);
        }
        let text = |field: &Option<String>| field.clone().unwrap_or_default();
        let written = self.from.as_deref().map(String::from_utf8_lossy);
        let written = written.filter(|from| !from.is_empty());
        let refused = |why: &str| {
            Answer::bad_for(
                "DLR-URL field misformed, rejected",
                &format!("dlr-url {why}"),
            )
        };
        let too_long = "is too long with its escapes filled; shorten it";
        let url = constant(
            url,
            &Constant {
                from: written.as_deref().unwrap_or(from.as_str()),
                to,
                service: &account.name,
                smsc: &text(&self.smsc),
                account: &text(&self.account),
                binfo: &text(&self.binfo),
                meta_data: &text(&self.meta_data),
            },
        );
        let url = url.ok_or_else(|| refused(too_long))?;
        let callback = Callback {
            kind: CallbackKind::Kannel,
            events,
            level: mask,
            get: true,
            url: &url,
        };
        check_callback_url(account, &url).map_err(|why| refused(&why))?;
        match write_callback(&callback, &mut parameter) {
            true => Ok(parameter),
            false => Err(refused(too_long)),
        }
    }

    /// How its caller asks to be told, before anything is filled in.
    pub(crate) fn asks_to_be_told(&self) -> Vec<u8> {
        let url = self.dlr_url.as_deref().unwrap_or_default();
        [&self.numbers.dlr_mask.to_be_bytes(), url.as_bytes()].concat()
    }

    /// When it is to be sent, as its caller says it; empty: at once.
    pub(crate) fn when(&self) -> String {
        match self.numbers.deferred {
            ..=0 => String::new(),
            minutes => format!("in {minutes} min"),
        }
    }

    /// What routes look at.
    fn tag(&self) -> Vec<u8> {
        let mut tlvs = Vec::new();
        write_tag(self.smsc.as_deref().unwrap_or_default(), &mut tlvs);
        tlvs
    }

    fn check_account(&self) -> Result<(), Answer> {
        let account = self.account.as_deref().unwrap_or_default();
        let is_broken = account.contains(['[', ']', '\n', '\r']);
        match account.len() > ACCOUNT_OCTETS_MAX || is_broken {
            true => Err(Answer::bad("Account field misformed or too long, rejected")),
            false => Ok(()),
        }
    }

    fn check_dlr_url(&self) -> Result<(), Answer> {
        let url = self.dlr_url.as_deref().unwrap_or_default();
        let begins = |scheme: &str| {
            let start = url.get(..scheme.len());
            start.is_some_and(|start| start.eq_ignore_ascii_case(scheme))
        };
        let is_url = url.len() >= 8 && (begins("http://") || begins("https://"));
        match url.is_empty() || is_url {
            true => Ok(()),
            false => Err(Answer::bad("DLR-URL field misformed, rejected")),
        }
    }

    /// What would make another message of it, and cannot be done here.
    fn check_possible(&self) -> Result<(), Answer> {
        let refused = |name: &str, detail: &str| {
            let text = format!("{name} field not supported, rejected");
            Err(Answer::bad_for(&text, detail))
        };
        if self.numbers.pid > 0 {
            return refused("PID", "pid: only 0 is sent; leave it out");
        }
        if self.numbers.rpi == 1 {
            return refused("RPI", "rpi: no reply path is sent; leave it out");
        }
        let meta = self.meta_data.as_deref().unwrap_or_default();
        if meta.contains("?smpp?") {
            let detail = "meta-data: parameters of SMPP are not sent by this door; bind by SMPP, or leave it out";
            return refused("Meta-Data", detail);
        }
        let smsc = self.smsc.as_deref().unwrap_or_default();
        if !smsc.is_empty() && !is_tag(smsc) {
            let detail = "smsc: is matched by routes as `tag`, one word of at most 64 printable ASCII characters";
            return refused("SMSC", detail);
        }
        Ok(())
    }
}

/// 0 is what Kannel takes where none is given: the account's class then.
const fn class(priority: i64) -> Option<Class> {
    match priority {
        1 => Some(Class::Transactional),
        2 => Some(Class::Alert),
        3 => Some(Class::Otp),
        _ => None,
    }
}

/// Hexadecimal digits, else percent escapes.
fn header_of(value: &[u8]) -> Vec<u8> {
    hex(value).unwrap_or_else(|| percent_encoding::percent_decode(value).collect())
}

/// Octets of hexadecimal digits in pairs.
pub(crate) fn hex(digits: &[u8]) -> Option<Vec<u8>> {
    let value = |digit: u8| char::from(digit).to_digit(16);
    let (pairs, rest) = digits.as_chunks::<2>();
    let octet = |[high, low]: &[u8; 2]| Some((value(*high)? << 4 | value(*low)?) as u8);
    rest.is_empty().then(|| pairs.iter().map(octet).collect())?
}
