//! Screening: a customer's fields become a submission, or a fault.

use carrack_engine::{IdempotencyKey, OnRepeat, Refusal, Submission, SuppressionsNow};
use carrack_message::alphabet::{self, Alphabet};
use carrack_message::record::{BatchRow, Body, ReceiptWish};
use carrack_message::segment::single_units;
use carrack_message::smart::{self, Swapped};
use carrack_message::{
    Callback, Class, Micros, Msisdn, Segmentation, Sender, is_tag, number, write_callback,
    write_tag,
};
use carrack_routing::local::LocalMoment;
use carrack_routing::{Choice, Query, RouteTable};
use carrack_settings::{Duplicates, DuplicatesAnswer, DuplicatesOf};

use super::validity::longer_than;
use super::{SubmissionFault, validity_ns};
use crate::accounts::Account;
use crate::webhook::check_callback_url;

/// Longest reference a customer may give a message, in octets.
pub const CLIENT_REF_OCTETS_MAX: usize = 128;

/// Senders that a fault names.
const SENDERS_SHOWN_MAX: usize = 10;

/// A message as texts, where a door has them so.
#[derive(Debug, Clone, Copy, Default)]
pub struct Fields<'a> {
    /// Recipient.
    pub to: &'a str,
    /// Sender; none: the account's.
    pub from: Option<&'a str>,
    /// Text.
    pub text: &'a str,
    /// Class; none: the account's, else the door's.
    pub class: Option<&'a str>,
    /// Validity as [`validity_ns`] reads it.
    pub validity: Option<&'a str>,
    /// `auto`, `gsm7` or `ucs2`.
    pub encoding: Option<&'a str>,
    /// The customer's own reference.
    pub client_ref: Option<&'a str>,
    /// What the customer calls this kind of message, for routes.
    pub tag: Option<&'a str>,
    /// The batch row it stands in.
    pub batch: Option<BatchRow>,
    /// Not to be sent before, UTC nanoseconds; 0: at once.
    pub send_at_utc_ns: u64,
    /// Where its customer wants to be told of it; none: at the account's webhook, if that is told.
    pub callback: Option<Callback<'a>>,
    /// In place of that: not before the recipient's own clock shows it.
    pub send_at_local: Option<LocalMoment>,
    /// Whether typographic signs are written plainly where that saves a segment.
    pub smart_characters: bool,
}

/// What a door has besides recipient, sender and body.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Class; none: the account's, else the door's.
    pub class: Option<Class>,
    /// Not to be sent before, UTC nanoseconds; 0: at once.
    pub send_at_utc_ns: u64,
    /// Life in nanoseconds from then on, 0: the default.
    pub validity_ns: u64,
    /// Which ends the customer is to be told.
    pub wants_receipt: ReceiptWish,
    /// Parameters of the customer for carriers that take them, encoded as on the wire; mostly empty.
    pub tlvs: Vec<u8>,
    /// The customer's own reference.
    pub client_ref: Option<String>,
    /// The batch row it stands in.
    pub batch: Option<BatchRow>,
}

/// Blanks, and signs that nobody sees.
fn is_blank(text: &str) -> bool {
    text.chars().all(|sign| {
        sign.is_whitespace() || matches!(sign, '\u{200B}'..='\u{200F}' | '\u{2060}' | '\u{FEFF}')
    })
}

/// Octets of a text that one segment may hold at most: 153 septets of signs that took three octets before they were written
/// plainly. Of a longer text nothing is looked at, however many recipients it has.
const SEGMENT_TEXT_OCTETS_MAX: usize = 3 * 160;

/// A message that the engine may have.
pub struct Screened {
    /// What goes to the engine.
    pub submission: Submission,
    /// The alphabet its text travels in; none for octets that are relayed untouched.
    pub alphabet: Option<Alphabet>,
    /// Characters that were replaced, and the segments that saved.
    pub swapped: Option<(u32, u8)>,
}

/// Screens the messages of one account at one door.
#[derive(Debug, Clone, Copy)]
pub struct Screen<'a> {
    account: &'a Account,
    class: Class,
}

impl<'a> Screen<'a> {
    /// A screen; `class` is what the door takes where neither message nor account names one.
    #[must_use]
    pub fn new(account: &'a Account, class: Class) -> Self {
        Self { account, class }
    }

    /// Screens a message given as texts.
    ///
    /// # Errors
    /// The first [`SubmissionFault`] found.
    pub fn message(&self, fields: &Fields<'_>) -> Result<Screened, SubmissionFault> {
        let to = self.recipient(fields.to)?;
        let from = self.sender(fields.from)?;
        let class = fields.class.filter(|class| !class.is_empty());
        let class = class
            .map(|class| {
                class
                    .parse::<Class>()
                    .map_err(|fault| SubmissionFault::new("class", fault))
            })
            .transpose()?;
        let validity = match fields.validity {
            Some(text) => validity_ns(text)
                .map_err(|fault| SubmissionFault::new("validity", format!("{text:?} {fault}")))?,
            None => 0,
        };
        if fields
            .client_ref
            .is_some_and(|text| text.len() > CLIENT_REF_OCTETS_MAX)
        {
            let detail = format!("is longer than {CLIENT_REF_OCTETS_MAX} octets; shorten it");
            return Err(SubmissionFault::new("client_ref", detail));
        }
        let send_at_utc_ns = match fields.send_at_local {
            Some(local) => local
                .utc_ns(to)
                .map_err(|fault| SubmissionFault::new("send_at", fault))?,
            None => fields.send_at_utc_ns,
        };
        if is_blank(fields.text) {
            let detail = "is empty, or has nothing but blanks; write what the message shall say";
            return Err(SubmissionFault::new("text", detail));
        }
        let mut tlvs = tag_parameter(fields.tag)?;
        self.told(fields.callback, &mut tlvs)?;
        let octets_max = SEGMENT_TEXT_OCTETS_MAX * usize::from(self.account.segments_max);
        if fields.text.len() > octets_max {
            let (octets, most) = (fields.text.len(), self.account.segments_max);
            let detail = format!(
                "has {octets} octets, which takes more than the {most} segments that are allowed; shorten it"
            );
            return Err(SubmissionFault::new("text", detail));
        }
        let swapped = self.swapped(fields.text, fields.smart_characters);
        let text = swapped
            .as_ref()
            .map_or(fields.text, |swapped| &swapped.text);
        let body = self.body(text, fields.encoding)?;
        let options = Options {
            class,
            send_at_utc_ns,
            validity_ns: validity,
            wants_receipt: ReceiptWish::Never,
            tlvs,
            client_ref: fields
                .client_ref
                .filter(|text| !text.is_empty())
                .map(str::to_owned),
            batch: fields.batch,
        };
        let screened = self.prepared(to, from, body, options)?;
        Ok(Screened {
            swapped: swapped.map(|swapped| (swapped.characters, swapped.segments_saved)),
            ..screened
        })
    }

    /// A text with plain signs, where that is wanted and saves a segment.
    #[must_use]
    pub fn swapped(&self, text: &str, wanted: bool) -> Option<Swapped> {
        wanted.then(|| smart::swapped(text)).flatten()
    }

    /// Writes down how its customer is to be told of it, where he is.
    fn told(&self, asked: Option<Callback<'_>>, tlvs: &mut Vec<u8>) -> Result<(), SubmissionFault> {
        let fault = |detail: String| SubmissionFault::new("callback_url", detail);
        if let Some(callback) = &asked {
            check_callback_url(self.account, callback.url).map_err(fault)?;
        }
        let webhook = self.account.webhook.as_ref().map(|webhook| webhook.events);
        let usual = webhook
            .filter(|events| !events.is_empty())
            .map(Callback::webhook);
        match asked.or(usual) {
            // That it is too long was seen before.
            Some(callback) if !write_callback(&callback, tlvs) => {
                Err(fault("is too long; shorten it".to_owned()))
            }
            _ => Ok(()),
        }
    }

    /// Reads a recipient.
    ///
    /// # Errors
    /// A fault of `to`.
    pub fn recipient(&self, to: &str) -> Result<Msisdn, SubmissionFault> {
        number::tidy(to, self.account.region.as_deref())
            .map_err(|fault| SubmissionFault::new("to", fault))
    }

    /// Reads a sender; an empty one is the account's.
    ///
    /// # Errors
    /// A fault of `from`.
    pub fn sender(&self, from: Option<&str>) -> Result<Sender, SubmissionFault> {
        match from.filter(|from| !from.trim().is_empty()) {
            Some(from) => Sender::parse(from).map_err(|fault| SubmissionFault::new("from", fault)),
            None => self.account.sender.ok_or_else(|| {
                let detail = "is missing; name a sender, or set `sender` of the account";
                SubmissionFault::new("from", detail)
            }),
        }
    }

    fn may_send_as(&self, from: &Sender) -> Result<(), SubmissionFault> {
        if self.account.may_send_as(from) {
            return Ok(());
        }
        let patterns = self.account.senders().iter().take(SENDERS_SHOWN_MAX);
        let known: Vec<String> = patterns.map(ToString::to_string).collect();
        let detail = format!(
            "{:?} is not a sender of this account; use one of {}, or ask for it",
            from.as_str(),
            known.join(", ")
        );
        Err(SubmissionFault::new("from", detail))
    }

    fn may_send_to(&self, to: Msisdn) -> Result<(), SubmissionFault> {
        let Some(kind) = self.account.refused_kind(to) else {
            return Ok(());
        };
        let detail = format!(
            "{to} is of kind {kind}, which this account does not send to; leave it out, or ask for it"
        );
        Err(SubmissionFault::new("to", detail))
    }

    /// Screens a message whose fields a door has read itself: sender, segments, validity and price.
    ///
    /// # Errors
    /// A fault of `from`, `text`, `validity` or `to`.
    pub fn prepared(
        &self,
        to: Msisdn,
        from: Sender,
        body: Body,
        options: Options,
    ) -> Result<Screened, SubmissionFault> {
        self.may_send_as(&from)?;
        self.may_send_to(to)?;
        let (segments, alphabet) = match &body {
            Body::Text(text) => {
                let found = self.segmentation(text)?;
                (found.segments, Some(found.alphabet))
            }
            Body::Raw { data_coding, .. } => (1, Alphabet::from_data_coding(*data_coding)),
        };
        if options.validity_ns > self.account.validity_ns_max {
            let detail = longer_than(self.account.validity_ns_max);
            return Err(SubmissionFault::new("validity", detail));
        }
        let mut submission = Submission {
            account: self.account.number,
            class: options.class.or(self.account.class).unwrap_or(self.class),
            to,
            from,
            body,
            segments,
            send_at_utc_ns: options.send_at_utc_ns,
            validity_ns: options.validity_ns,
            wants_receipt: options.wants_receipt,
            price: self.price(to, segments)?,
            client_ref: options.client_ref,
            batch: options.batch,
            tlvs: options.tlvs,
            group: None,
            key: None,
        };
        if let Some(duplicates) = &self.account.duplicates {
            submission.key = Some(Box::new(key_of(duplicates, &submission)));
        }
        Ok(Screened {
            submission,
            alphabet,
            swapped: None,
        })
    }

    /// Whether the tables have a carrier for it. Health is left out: a carrier that is down comes back.
    ///
    /// # Errors
    /// A fault of `to`.
    pub fn route(
        &self,
        table: &RouteTable,
        submission: &Submission,
        at_utc_ns: u64,
    ) -> Result<Choice, SubmissionFault> {
        table
            .choose(&self.query(submission, at_utc_ns))
            .map_err(|fault| SubmissionFault::new("to", format!("{fault}; ask for a route to it")))
    }

    /// Why a list forbids it, on the way that the tables have for it. Counts nothing.
    pub fn suppression(
        &self,
        lists: &SuppressionsNow,
        submission: &Submission,
        choice: &Choice,
        at_utc_ns: u64,
    ) -> Option<Refusal> {
        lists.refusal(&self.query(submission, at_utc_ns), choice.network)
    }

    /// The same of lists that do not depend on the recipient's network, as to which the engine may know better.
    #[must_use]
    pub fn suppression_anywhere(
        &self,
        lists: &SuppressionsNow,
        submission: &Submission,
        at_utc_ns: u64,
    ) -> Option<Refusal> {
        lists.refusal_anywhere(&self.query(submission, at_utc_ns))
    }

    fn query<'q>(&'q self, submission: &'q Submission, at_utc_ns: u64) -> Query<'q> {
        let account = self.account;
        let currency = account.deck.as_ref().and_then(|deck| deck.currency());
        submission.query(&account.name, &account.group, currency, at_utc_ns)
    }

    fn segmentation(&self, text: &str) -> Result<Segmentation, SubmissionFault> {
        if text.is_empty() {
            let detail = "is empty; write what the message shall say";
            return Err(SubmissionFault::new("text", detail));
        }
        Segmentation::of(text, self.account.segments_max)
            .map_err(|fault| SubmissionFault::new("text", fault))
    }

    fn body(&self, text: &str, encoding: Option<&str>) -> Result<Body, SubmissionFault> {
        let fault = |field, detail: String| Err(SubmissionFault::new(field, detail));
        if let Some(place) = text.find('\0') {
            let detail = format!("there is a NUL at octet {}; take it out", place + 1);
            return fault("text", detail);
        }
        let chosen = alphabet::choose(text);
        match encoding {
            None | Some("auto") => {}
            Some("gsm7") if text.is_empty() => {}
            Some("gsm7") => {
                Segmentation::within(text, Alphabet::Gsm7, self.account.segments_max)
                    .map_err(|found| SubmissionFault::new("text", found))?;
            }
            // A text is given its alphabet anew at each carrier, so one that would fit GSM 7-bit is relayed as octets.
            Some("ucs2") if chosen == Alphabet::Gsm7 && !text.is_empty() => {
                let mut octets = Vec::with_capacity(text.len() * 2);
                alphabet::ucs2::encode(text, &mut octets);
                let units = single_units(Alphabet::Ucs2);
                if octets.len() > units * 2 {
                    return fault(
                        "encoding",
                        format!(
                            "ucs2 is forced only on texts of up to {units} characters; leave it out, the text fits gsm7"
                        ),
                    );
                }
                return Ok(Body::Raw {
                    data_coding: Alphabet::Ucs2.data_coding(),
                    esm_class: 0,
                    octets,
                });
            }
            Some("ucs2") => {}
            Some(other) => {
                return fault(
                    "encoding",
                    format!("{other:?} is unknown; use one of auto, gsm7, ucs2"),
                );
            }
        }
        Ok(Body::Text(text.to_owned()))
    }

    fn price(&self, to: Msisdn, segments: u8) -> Result<Option<Micros>, SubmissionFault> {
        if self.account.deck.is_none() {
            return Ok(None);
        }
        self.account
            .price(to)
            .and_then(|hit| hit.cost(u32::from(segments)))
            .map(Some)
            .ok_or_else(|| {
                let detail =
                    format!("the price list of this account has no price for {to}; ask for one");
                SubmissionFault::new("to", detail)
            })
    }
}

/// By what a message of an account that has no two of the same is known again; a key of its own goes before it.
fn key_of(duplicates: &Duplicates, submission: &Submission) -> IdempotencyKey {
    let within_ns = u64::try_from(duplicates.within.as_nanos()).unwrap_or(u64::MAX);
    let on_repeat = match duplicates.answer {
        DuplicatesAnswer::Repeat => OnRepeat::Repeat,
        DuplicatesAnswer::Refuse => OnRepeat::Refuse,
    };
    match duplicates.of {
        DuplicatesOf::Content => IdempotencyKey::of_content(submission, within_ns, on_repeat),
    }
}

/// The parameter that carries a tag.
fn tag_parameter(tag: Option<&str>) -> Result<Vec<u8>, SubmissionFault> {
    let mut tlvs = Vec::new();
    if let Some(tag) = tag.filter(|tag| !tag.is_empty()) {
        if !is_tag(tag) {
            let detail = "is no tag; write one word of at most 64 printable ASCII characters";
            return Err(SubmissionFault::new("tag", detail));
        }
        write_tag(tag, &mut tlvs);
    }
    Ok(tlvs)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::accounts::{AccountSpec, Accounts};
    use carrack_message::number::NumberKind;

    #[test]
    fn a_sender_that_is_not_the_accounts_is_a_fault_of_from_at_every_door() {
        let spec = AccountSpec {
            senders: vec!["ACME".parse().unwrap(), "447700*".parse().unwrap()],
            ..AccountSpec::named("shop")
        };
        let accounts = Accounts::build(&[spec], |_| Some(7)).unwrap();
        let screen = Screen::new(accounts.by_name("shop").unwrap(), Class::Transactional);
        let from = |from| {
            screen.message(&Fields {
                to: "+447946000001",
                from: Some(from),
                text: "hi",
                ..Fields::default()
            })
        };
        assert!(from("ACME").is_ok());
        assert!(from("+447700900123").is_ok());
        for other in ["ACMF", "+447800900123"] {
            let fault = from(other).err().unwrap();
            assert_eq!(fault.field, "from");
            assert!(fault.detail.contains("ACME, 447700*"), "{fault}");
        }
    }

    #[test]
    fn a_tag_travels_with_the_message_and_what_is_none_is_a_fault() {
        let accounts = Accounts::build(&[AccountSpec::named("shop")], |_| Some(7)).unwrap();
        let screen = Screen::new(accounts.by_name("shop").unwrap(), Class::Transactional);
        let tagged = |tag| {
            screen.message(&Fields {
                to: "+447946000001",
                from: Some("ACME"),
                text: "hi",
                tag: Some(tag),
                ..Fields::default()
            })
        };
        let submission = tagged("login").ok().unwrap().submission;
        assert_eq!(carrack_message::tag(&submission.tlvs), "login");
        assert_eq!(tagged("two words").err().unwrap().field, "tag");
    }

    #[test]
    fn a_kind_of_number_that_the_account_refuses_is_a_fault_of_to() {
        let spec = AccountSpec {
            sender: Some("ACME".to_owned()),
            refuse_kinds: vec![NumberKind::Premium, NumberKind::Fixed],
            ..AccountSpec::named("shop")
        };
        let accounts = Accounts::build(&[spec, AccountSpec::named("other")], |_| Some(7)).unwrap();
        let to = |account: &str, to| {
            let account = accounts.by_name(account).unwrap();
            Screen::new(account, Class::Transactional).message(&Fields {
                to,
                from: Some("ACME"),
                text: "hi",
                ..Fields::default()
            })
        };
        assert!(to("shop", "+447911123456").is_ok());
        for (number, kind) in [("+449012345678", "premium"), ("+441212345678", "fixed")] {
            let fault = to("shop", number).err().unwrap();
            assert_eq!(fault.field, "to");
            assert!(fault.detail.contains(kind), "{fault}");
            assert!(
                to("other", number).is_ok(),
                "{number}: without the option all are taken"
            );
        }
    }
}
