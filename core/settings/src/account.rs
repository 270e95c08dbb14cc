//! `[[account]]`: a customer, how he proves who he is, and what he may.

use std::path::PathBuf;

use carrack_message::number::NumberKind;
use carrack_message::{ChargeOn, Class, Micros, Sender};
use toml::de::DeValue;

use crate::customer::{ALPHABETS, BIND_KINDS, ID_FORMATS, MO_FORMS};
use crate::profile::ERROR_BODIES;
use crate::reader::{Read, Section};
use crate::{
    ApiKey, BindKinds, Callbacks, DefaultAlphabet, Duplicates, ErrorBody, IdFormat, Legacy, MoForm,
    Network, ReceiptDialect, Secret, SenderPattern, Webhook, kind, password,
};

/// When messages are acknowledged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ack {
    /// When they are durable.
    Durable,
    /// At once; a crash may take some that were acknowledged.
    Memory,
}

const ACKS: &[(&str, Ack)] = &[("durable", Ack::Durable), ("memory", Ack::Memory)];

/// `[[account]]`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// Its name, 1..=32 of a-z, 0-9, `_`, `.`, `-`; unique.
    pub name: String,
    /// The group that it belongs to, for routes.
    pub group: Option<String>,
    /// Key of HTTP requests; unique.
    pub api_key: Option<Secret>,
    /// More keys of HTTP requests, each for some kinds of call.
    pub api_keys: Vec<ApiKey>,
    /// HTTP requests a second; none: no limit.
    pub requests: Option<u32>,
    /// System id of SMPP binds, at most 15 octets; unique.
    pub system_id: Option<String>,
    /// Password of SMPP binds, or what argon2id made of it (see [`crate::is_hash`]); there exactly if `system_id` is.
    pub password: Option<Secret>,
    /// Class of messages that name none.
    pub class: Option<Class>,
    /// Source address of messages that name none; one that [`Sender`] takes.
    pub sender: Option<String>,
    /// Country of numbers in national form; none: that of `[delivery]`.
    pub region: Option<String>,
    /// Segments a second it may submit; none: no limit.
    pub rate: Option<u32>,
    /// Submits not yet answered, a bind.
    pub window: u32,
    /// SMPP binds at a time.
    pub binds_max: u32,
    /// Most messages accepted and not yet final; none: only the node's limit.
    pub messages_max: Option<u64>,
    /// Its part where customers share a carrier: with 2 it sends twice what one with 1 does, while both have something.
    pub share: u32,
    /// Price list it is charged by.
    pub deck: Option<PathBuf>,
    /// What it has paid in; with `credit` the limit of what it may spend.
    pub balance: Option<Micros>,
    /// How far below zero it may go.
    pub credit: Option<Micros>,
    /// An alert is raised when it may spend less than this.
    pub low_balance: Option<Micros>,
    /// What it pays for.
    pub charge_on: ChargeOn,
    /// When its messages are acknowledged.
    pub ack: Ack,
    /// From where it may come; empty: from anywhere.
    pub allowed_ips: Vec<Network>,
    /// Whether it may see and stop carriers, and see the queue and routes with buy prices.
    pub operator: bool,
    /// Kinds of bind it may use.
    pub binds: BindKinds,
    /// What it may put as sender; empty: anything.
    pub senders: Vec<SenderPattern>,
    /// Kinds of number it may not send to; empty: all are taken.
    pub refuse_kinds: Vec<NumberKind>,
    /// What `data_coding` 0 means to its SMPP client.
    pub alphabet: DefaultAlphabet,
    /// Body of responses by which its SMPP client is refused something.
    pub error_body: ErrorBody,
    /// How message ids are written to its SMPP client.
    pub message_id: IdFormat,
    /// How receipts are written to its SMPP client.
    pub receipt: ReceiptDialect,
    /// How long messages from handsets come to its SMPP client.
    pub mo_form: MoForm,
    /// Whether the carrier's name and our id go beside messages from handsets.
    pub mo_link_tlv: bool,
    /// Whether the same text to the same number is sent once; none: as often as it comes.
    pub duplicates: Option<Duplicates>,
    /// Where its events are posted; none: nowhere.
    pub webhook: Option<Webhook>,
    /// Where its messages may have themselves told; none: nowhere.
    pub callbacks: Option<Callbacks>,
    /// How it is known where it calls as Kannel or Jasmin is called.
    pub legacy: Legacy,
    /// Line of its header in the file.
    pub line: usize,
}

impl Account {
    pub(crate) fn read(section: &Section<'_>) -> Self {
        let context = section.context;
        let operator = section.or("operator", false, kind::boolean);
        let account = Self {
            name: section
                .required("name", "\"shop\"", kind::name)
                .unwrap_or_default(),
            group: section.optional("group", kind::name),
            api_key: section.optional("api_key", password::key(context)),
            api_keys: ApiKey::read_all(section, operator),
            requests: section.optional("requests", kind::integer(1..=1_000_000)),
            system_id: section.optional("system_id", system_id),
            password: section.optional("password", password::password(context)),
            class: section.optional("class", kind::parsed),
            sender: section.optional("sender", sender),
            region: section.optional("region", kind::region),
            rate: section.optional("rate", kind::integer(1..=1_000_000)),
            window: section.or("window", 100, kind::integer(1..=65_535)),
            binds_max: section.or("binds_max", 10, kind::integer(1..=10_000)),
            messages_max: section.optional("messages_max", kind::integer(1..=1_000_000_000)),
            share: section.or("share", 1, kind::integer(1..=100)),
            deck: section.optional("deck", crate::carrier::deck(context)),
            balance: section.optional("balance", kind::money),
            credit: section.optional("credit", kind::money),
            low_balance: section.optional("low_balance", kind::money),
            charge_on: section.or("charge_on", ChargeOn::default(), kind::parsed),
            ack: section.or("ack", Ack::Durable, kind::choice(ACKS)),
            allowed_ips: section.or("allowed_ips", Vec::new(), kind::one_or_list(kind::parsed)),
            operator,
            binds: section.or("binds", BindKinds::ALL, binds),
            senders: section.or("senders", Vec::new(), senders),
            refuse_kinds: section.or("refuse_kinds", Vec::new(), kind::one_or_list(kind::parsed)),
            alphabet: alphabet(section),
            error_body: section.or("error_body", ErrorBody::None, kind::choice(ERROR_BODIES)),
            message_id: section.or("message_id", IdFormat::default(), kind::choice(ID_FORMATS)),
            receipt: section
                .inner("receipt")
                .map_or_else(ReceiptDialect::default, |inner| {
                    ReceiptDialect::read(&inner)
                }),
            mo_form: section.or("mo_form", MoForm::default(), kind::choice(MO_FORMS)),
            mo_link_tlv: section.or("mo_link_tlv", false, kind::boolean),
            duplicates: section
                .inner("duplicates")
                .and_then(|inner| Duplicates::read(&inner)),
            webhook: section.inner("webhook").map(|inner| Webhook::read(&inner)),
            callbacks: section
                .inner("callbacks")
                .map(|inner| Callbacks::read(&inner)),
            legacy: section
                .inner("legacy")
                .map_or_else(Legacy::default, |inner| Legacy::read(&inner)),
            line: section.line,
        };
        section.finish();
        check_credentials(section, account.legacy.user.is_some());
        check_money(section);
        account.check_sender(section);
        account.check_legacy(section);
        account
    }

    /// A URL that it may not be told at is found here, not by its callers.
    fn check_legacy(&self, section: &Section<'_>) {
        let url = self.legacy.dlr_url.as_ref();
        let host = url.and_then(|url| url.host()).map(str::to_ascii_lowercase);
        let hosts = self
            .callbacks
            .as_ref()
            .map_or(&[][..], |callbacks| &callbacks.hosts);
        if let Some(host) = host.filter(|host| !hosts.iter().any(|pattern| pattern.takes(host))) {
            let what = format!(
                "has a dlr_url at {host:?}, where it may not be told; add callbacks = {{ hosts = [{host:?}] }}"
            );
            section.fault("legacy", what);
        }
    }

    fn check_sender(&self, section: &Section<'_>) {
        let own = self
            .sender
            .as_deref()
            .and_then(|own| Sender::parse(own).ok());
        let taken = |own: &Sender| self.senders.iter().any(|pattern| pattern.takes(own));
        if own.is_some_and(|own| !self.senders.is_empty() && !taken(&own)) {
            section.fault(
                "sender",
                "is not one of its `senders`; add it there or take one of them",
            );
        }
    }
}

/// `alphabet`, and whether its septets are packed.
fn alphabet(section: &Section<'_>) -> DefaultAlphabet {
    let usual = DefaultAlphabet::default();
    let alphabet = section.or("alphabet", usual, kind::choice(ALPHABETS));
    match section.or("dc0_packed", false, kind::boolean) {
        false => alphabet,
        true if alphabet == DefaultAlphabet::Gsm7 => DefaultAlphabet::Gsm7Packed,
        true => {
            section.fault(
                "dc0_packed",
                "packs septets, and `alphabet` has none; write alphabet = \"gsm7\" or dc0_packed = false",
            );
            alphabet
        }
    }
}

/// At least one: none would look like nobody and mean everybody.
fn senders(value: &DeValue<'_>) -> Read<Vec<SenderPattern>> {
    let senders: Vec<SenderPattern> = kind::one_or_list(kind::parsed)(value)?;
    if senders.is_empty() {
        return Err("is empty; name one at least, or leave it out for all".into());
    }
    Ok(senders)
}

/// Kinds of bind, at least one.
fn binds(value: &DeValue<'_>) -> Read<BindKinds> {
    let kinds = kind::one_or_list(kind::choice(BIND_KINDS))(value)?;
    let all = kinds.into_iter().fold(BindKinds::NONE, BindKinds::with);
    if all == BindKinds::NONE {
        return Err("is empty; name one at least, or leave it out for all".into());
    }
    Ok(all)
}

fn check_money(section: &Section<'_>) {
    let has = |key: &'static str| section.value(key).is_some();
    for key in ["balance", "credit"] {
        if has(key) && !has("deck") {
            section.fault(
                key,
                "limits nothing without a `deck`: what has no price costs nothing; give the account a deck",
            );
        }
    }
    if has("low_balance") && !has("balance") && !has("credit") {
        section.fault(
            "low_balance",
            "is never reached without a limit; give `balance`, `credit` or both",
        );
    }
}

fn check_credentials(section: &Section<'_>, has_legacy_user: bool) {
    // Asks for presence, not for the values read: a key with a fault of its own is not missing as well.
    let has = |key: &'static str| section.value(key).is_some();
    match (
        has("api_key") || has("api_keys"),
        has("system_id"),
        has("password"),
    ) {
        (_, true, false) => section.fault(
            "system_id",
            "has no `password` beside it; an SMPP bind needs both",
        ),
        (_, false, true) => section.fault(
            "password",
            "has no `system_id` beside it; an SMPP bind needs both",
        ),
        (false, false, false) if !has_legacy_user => {
            section.fault("name", "has no credentials; give `api_key` for HTTP, or `system_id` and `password` for SMPP");
        }
        _ => {}
    }
}

fn system_id(value: &DeValue<'_>) -> Read<String> {
    let text = kind::ascii(15)(value)?;
    if text.is_empty() {
        Err("is empty; name it as the client binds".into())
    } else {
        Ok(text)
    }
}

fn sender(value: &DeValue<'_>) -> Read<String> {
    let text = kind::text(value)?;
    match Sender::parse(&text) {
        Ok(_) => Ok(text),
        Err(fault) => Err(format!("is {text:?}: {fault}").into()),
    }
}
