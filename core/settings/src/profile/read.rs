//! A profile's file, key by key.

use std::ops::RangeInclusive;
use std::time::Duration;

use carrack_message::carrier_id::IdRule;
use carrack_message::receipt::{Grammar, ReceiptSource};
use carrack_message::wire::{DataCodings, FlashForm, LongMethod, TextForm, WireAlphabet};
use smallvec::SmallVec;
use toml::de::DeValue;

use super::types::{Profile, TlsUse};
use super::values;
use super::words;
use crate::InterfaceVersion;
use crate::carrier::{BINDS, VERSIONS};
use crate::kind;
use crate::reader::{Read, Section};

const MILLISECOND: Duration = Duration::from_millis(1);
const SECOND: Duration = Duration::from_secs(1);
const HOUR: Duration = Duration::from_secs(3_600);
const DAY: Duration = Duration::from_secs(86_400);

/// Ranges of what a profile and a `[[carrier]]` both may say.
pub(crate) const BINDS_RANGE: RangeInclusive<u64> = 1..=256;
pub(crate) const WINDOW_RANGE: RangeInclusive<u64> = 1..=65_535;
pub(crate) const RATE_RANGE: RangeInclusive<u64> = 1..=1_000_000;
pub(crate) const RESPONSE_RANGE: RangeInclusive<Duration> = Duration::from_millis(10)..=HOUR;
pub(crate) const ENQUIRE_RANGE: RangeInclusive<Duration> = SECOND..=HOUR;
pub(crate) const MISSES_RANGE: RangeInclusive<u64> = 1..=100;
pub(crate) const REBIND_FIRST_RANGE: RangeInclusive<Duration> = Duration::from_millis(10)..=HOUR;
pub(crate) const REBIND_MAX_RANGE: RangeInclusive<Duration> = Duration::from_millis(10)..=DAY;
/// Octets of `system_type` (SMPP 3.4, 5.2.3), without the NUL.
pub(crate) const SYSTEM_TYPE_OCTETS_MAX: usize = 12;
/// Octets of `address_range` (SMPP 3.4, 5.2.7), without the NUL.
const RANGE_OCTETS_MAX: usize = 40;

impl Profile {
    /// What the section says, and the default where it is silent. `name` is its name where it gives none.
    pub(super) fn read(section: &Section<'_>, name: &str) -> Self {
        let mut profile = Self {
            name: section.or("name", name.to_owned(), kind::name),
            description: section.or("description", String::new(), kind::text),
            drawn_from: section.or("drawn_from", String::new(), kind::text),
            ..Self::default()
        };
        profile.read_bind(section);
        profile.read_session(section);
        profile.read_receipts(section);
        profile.read_flow(section);
        profile.text = text_form(section);
        profile.read_pdus(section);
        profile.check(section);
        section.finish();
        profile
    }

    fn read_bind(&mut self, section: &Section<'_>) {
        let octet = || kind::integer(0..=255);
        self.interface_version = section.or(
            "interface_version",
            self.interface_version,
            kind::choice(VERSIONS),
        );
        self.version_lie_ok = section.or("version_lie_ok", self.version_lie_ok, kind::boolean);
        self.bind = section.or("bind", self.bind, kind::choice(BINDS));
        self.system_type = section.or(
            "system_type",
            String::new(),
            kind::ascii(SYSTEM_TYPE_OCTETS_MAX),
        );
        self.addr_ton = section.or("addr_ton", self.addr_ton, octet());
        self.addr_npi = section.or("addr_npi", self.addr_npi, octet());
        self.addr_range = section.or("addr_range", String::new(), kind::ascii(RANGE_OCTETS_MAX));
        self.binds = section.or("binds", self.binds, kind::integer(BINDS_RANGE));
        self.tls = match section.or("tls", false, kind::boolean) {
            true => TlsUse::Required,
            false => TlsUse::Off,
        };
    }

    fn read_session(&mut self, section: &Section<'_>) {
        self.window = section.or("window", self.window, kind::integer(WINDOW_RANGE));
        self.resp_timeout = section.or(
            "resp_timeout",
            self.resp_timeout,
            kind::time(RESPONSE_RANGE),
        );
        self.slot_patience = section.or("slot_patience", self.slot_patience, kind::boolean);
        self.on_resp_timeout =
            section.optional("on_resp_timeout", kind::choice(words::NO_RESPONSES));
        self.enquire_idle =
            section.or("enquire_idle", self.enquire_idle, kind::time(ENQUIRE_RANGE));
        self.enquire_misses = section.or(
            "enquire_misses",
            self.enquire_misses,
            kind::integer(MISSES_RANGE),
        );
        if let Some(inner) = section.inner("rebind_backoff") {
            self.rebind_first =
                inner.or("first", self.rebind_first, kind::time(REBIND_FIRST_RANGE));
            self.rebind_max = inner.or("max", self.rebind_max, kind::time(REBIND_MAX_RANGE));
            inner.finish();
        }
        self.already_bound_wait = section.or(
            "already_bound_wait",
            self.already_bound_wait,
            kind::time(MILLISECOND..=HOUR),
        );
    }

    fn read_receipts(&mut self, section: &Section<'_>) {
        let base = || kind::choice(words::ID_BASES);
        self.ids = IdRule {
            submit: section.or("id_submit_base", self.ids.submit, base()),
            receipt: section.or("id_receipt_base", self.ids.receipt, base()),
            case: section.or("id_case", self.ids.case, kind::choice(words::ID_CASES)),
            pad: section.or("id_pad", self.ids.pad, kind::choice(words::ID_PADS)),
        };
        self.receipt_source = section.or(
            "receipt_source",
            self.receipt_source,
            kind::choice(words::RECEIPT_SOURCES),
        );
        let grammar = values::grammar(section);
        self.receipt_grammar = Grammar {
            utc_offset_minutes: section.or(
                "receipt_tz",
                grammar.utc_offset_minutes,
                values::offset,
            ),
            ..grammar
        };
        self.receipt_sign = section.or(
            "receipt_esm_rule",
            self.receipt_sign,
            kind::choice(words::RECEIPT_SIGNS),
        );
        self.early_receipt_hold =
            section.optional("early_receipt_hold", kind::time(SECOND..=DAY * 7));
        self.receipt_query_after =
            section.optional("receipt_query_after", kind::time(SECOND..=DAY * 30));
    }

    fn read_flow(&mut self, section: &Section<'_>) {
        self.status_map = values::status_map(section);
        self.throttle_mode = section.or(
            "throttle_mode",
            self.throttle_mode,
            kind::choice(words::THROTTLE_MODES),
        );
        self.pause_on_throttle = section.or(
            "pause_on_throttle",
            self.pause_on_throttle,
            kind::time(MILLISECOND * 10..=HOUR),
        );
        self.queue_full_scope = section.or(
            "queue_full_scope",
            self.queue_full_scope,
            kind::choice(words::QUEUE_FULL_SCOPES),
        );
        self.rate_segments = section.optional("rate_segments", kind::integer(RATE_RANGE));
        self.burst = section.optional("burst", kind::integer(RATE_RANGE));
    }

    fn read_pdus(&mut self, section: &Section<'_>) {
        self.ton_npi_rules = values::ton_npi_rules(section);
        self.plus_sign = section.or("plus_sign", self.plus_sign, kind::choice(words::PLUS_SIGNS));
        self.strict = section.or("strict", self.strict, kind::boolean);
        self.spec_limits = section.or(
            "spec_limits",
            self.spec_limits,
            kind::choice(words::SPEC_LIMITS),
        );
        self.max_pdu = section.or("max_pdu", self.max_pdu, kind::integer(1_024..=16 << 20));
        self.tlv_out = values::tlv_out(section);
        self.tlv_pass = section.or("tlv_pass", Vec::new(), values::tags);
        self.error_body = section.or(
            "error_body",
            self.error_body,
            kind::choice(words::ERROR_BODIES),
        );
    }

    fn check(&self, section: &Section<'_>) {
        if self.rebind_first > self.rebind_max {
            section.fault(
                "rebind_backoff",
                "has a `first` that is longer than its `max`; shorten it or raise the other",
            );
        }
        if let (Some(rate), Some(burst)) = (self.rate_segments, self.burst)
            && burst > rate
        {
            section.fault(
                "burst",
                format!("is {burst}, more than rate_segments = {rate} allows in a whole second; write burst = {rate} or less, or raise the rate"),
            );
        }
        self.check_codings(section);
        if self.interface_version == InterfaceVersion::V33 {
            for (key, instead) in self.needs_parameters() {
                section.fault(
                    key,
                    format!("needs optional parameters, which interface_version \"3.3\" lacks; write {key} = {instead}"),
                );
            }
        }
    }

    /// Values of `data_coding` that contradict each other.
    fn check_codings(&self, section: &Section<'_>) {
        let codings = &self.text.data_codings;
        for (key, value) in [
            ("default", codings.default_alphabet),
            ("ascii", codings.ascii),
            ("latin1", codings.latin1),
        ] {
            for (other, taken) in [("ucs2", codings.ucs2), ("binary", codings.binary)] {
                if value == taken {
                    section.fault(
                        "dcs_map",
                        format!("gives {key} the value {value}, which is that of {other}; the carrier could not tell them apart: give one of them another value"),
                    );
                }
            }
        }
        if codings.ucs2 == codings.binary {
            section.fault(
                "dcs_map",
                format!("gives ucs2 and binary one value, {}; the carrier could not tell them apart: give one of them another value", codings.ucs2),
            );
        }
        let allowed = &self.text.data_codings_allowed;
        let of_texts = [
            codings.default_alphabet,
            codings.ascii,
            codings.latin1,
            codings.ucs2,
        ];
        if !allowed.is_empty() && !of_texts.iter().any(|value| allowed.contains(value)) {
            section.fault(
                "dcs_allowed",
                format!("has no data_coding of any alphabet of dcs_map, so that no text could go; add {} (default alphabet) or {} (UCS-2)", codings.default_alphabet, codings.ucs2),
            );
        }
    }

    /// Keys that need optional parameters, which SMPP 3.3 lacks, and what to write instead.
    pub(crate) fn needs_parameters(&self) -> impl Iterator<Item = (&'static str, &'static str)> {
        let tlv_only = self.receipt_source == ReceiptSource::TlvOnly;
        [
            (
                "long_method",
                self.text.long_method != LongMethod::Udh,
                "\"udh\"",
            ),
            (
                "flash_form",
                self.text.flash == FlashForm::Subunit,
                "\"general\"",
            ),
            ("receipt_source", tlv_only, "\"text_only\""),
            ("tlv_out", !self.tlv_out.is_empty(), "[]"),
            ("tlv_pass", !self.tlv_pass.is_empty(), "[]"),
        ]
        .into_iter()
        .filter(|(_, needed, _)| *needed)
        .map(|(key, _, instead)| (key, instead))
    }
}

/// How text travels.
fn text_form(section: &Section<'_>) -> TextForm {
    let base = TextForm::default();
    let alphabet = section.or(
        "dc0_alphabet",
        base.default_alphabet,
        kind::choice(words::ALPHABETS),
    );
    let packed = section.or("dc0_packed", false, kind::boolean);
    if packed && alphabet != WireAlphabet::Gsm7 {
        section.fault(
            "dc0_packed",
            "packs septets, and dc0_alphabet has none; write dc0_alphabet = \"gsm7\" or dc0_packed = false",
        );
    }
    TextForm {
        default_alphabet: if packed {
            WireAlphabet::Gsm7Packed
        } else {
            alphabet
        },
        data_codings: data_codings(section, base.data_codings),
        data_codings_allowed: section.or("dcs_allowed", SmallVec::new(), octets),
        latin1: section.or("latin1", base.latin1, kind::choice(words::LATIN1_USES)),
        flash: section.or("flash_form", base.flash, kind::choice(words::FLASH_FORMS)),
        long_method: section.or(
            "long_method",
            base.long_method,
            kind::choice(words::LONG_METHODS),
        ),
        reference_bits: section.or("ref_bits", base.reference_bits, reference_bits),
        payload_over: section.or("payload_over", base.payload_over, kind::integer(0..=254)),
        parts_max: section.or("max_parts", base.parts_max, kind::integer(1..=255)),
        national: section.or("national_tables", SmallVec::new(), |value| {
            Ok(kind::one_or_list(kind::choice(words::LANGUAGES))(value)?
                .into_iter()
                .collect())
        }),
    }
}

/// `data_coding` of each alphabet; what is not named keeps its usual value.
fn data_codings(section: &Section<'_>, base: DataCodings) -> DataCodings {
    let Some(inner) = section.inner("dcs_map") else {
        return base;
    };
    let octet = || kind::integer(0..=255);
    let found = DataCodings {
        default_alphabet: inner.or("default", base.default_alphabet, octet()),
        ascii: inner.or("ascii", base.ascii, octet()),
        latin1: inner.or("latin1", base.latin1, octet()),
        ucs2: inner.or("ucs2", base.ucs2, octet()),
        binary: inner.or("binary", base.binary, octet()),
    };
    inner.finish();
    found
}

fn octets(value: &DeValue<'_>) -> Read<SmallVec<[u8; 8]>> {
    let list = kind::one_or_list(kind::integer(0..=255))(value)?;
    Ok(list.into_iter().collect())
}

fn reference_bits(value: &DeValue<'_>) -> Read<u8> {
    match kind::integer(8..=16)(value) {
        Ok(bits @ (8 | 16)) => Ok(bits),
        _ => Err("has to be 8 or 16".into()),
    }
}
