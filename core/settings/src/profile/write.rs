//! A profile as the text of a file.
//!
//! Promise: [`Profile::to_toml`] read back gives the same profile. Only keys that differ from the default are written,
//! each under the line that says what it is for.

use std::fmt::Write as _;

use carrack_message::receipt::Grammar;
use carrack_message::wire::{DataCodings, TextForm, WireAlphabet};

use super::lines::{Lines, list, plain, quoted, table};
use super::types::{Profile, TlsUse, TonNpiRule};
use super::values::offset_text;
use super::words::{self, word};
use crate::carrier::{BINDS, VERSIONS};
use crate::duration;

impl Profile {
    /// The text of a file that reads back as this profile: keys that differ from the default, each with its comment.
    #[must_use]
    pub fn to_toml(&self) -> String {
        let mut lines = Lines::default();
        let usual = Self::default();
        lines.put("name", quoted(&self.name));
        for (key, text) in [
            ("description", &self.description),
            ("drawn_from", &self.drawn_from),
        ] {
            lines.changed(key, text.as_str(), "", quoted);
        }
        self.write_bind(&usual, &mut lines);
        self.write_session(&usual, &mut lines);
        self.write_receipts(&usual, &mut lines);
        self.write_flow(&usual, &mut lines);
        write_text_form(&self.text, &usual.text, &mut lines);
        self.write_pdus(&usual, &mut lines);
        lines.text
    }

    fn write_bind(&self, usual: &Self, lines: &mut Lines) {
        lines.changed(
            "interface_version",
            &self.interface_version,
            &usual.interface_version,
            |version| quoted(word(VERSIONS, version)),
        );
        lines.changed(
            "version_lie_ok",
            &self.version_lie_ok,
            &usual.version_lie_ok,
            plain,
        );
        lines.changed("bind", &self.bind, &usual.bind, |bind| {
            quoted(word(BINDS, bind))
        });
        lines.changed(
            "system_type",
            &self.system_type,
            &usual.system_type,
            |text| quoted(text),
        );
        lines.changed("addr_ton", &self.addr_ton, &usual.addr_ton, plain);
        lines.changed("addr_npi", &self.addr_npi, &usual.addr_npi, plain);
        lines.changed("addr_range", &self.addr_range, &usual.addr_range, |text| {
            quoted(text)
        });
        lines.changed("binds", &self.binds, &usual.binds, plain);
    }

    fn write_session(&self, usual: &Self, lines: &mut Lines) {
        let time = |time: &std::time::Duration| quoted(&duration::display(*time));
        lines.changed("window", &self.window, &usual.window, plain);
        lines.changed(
            "resp_timeout",
            &self.resp_timeout,
            &usual.resp_timeout,
            time,
        );
        lines.changed(
            "slot_patience",
            &self.slot_patience,
            &usual.slot_patience,
            plain,
        );
        lines.given("on_resp_timeout", self.on_resp_timeout.as_ref(), |choice| {
            quoted(word(words::NO_RESPONSES, choice))
        });
        lines.changed(
            "enquire_idle",
            &self.enquire_idle,
            &usual.enquire_idle,
            time,
        );
        lines.changed(
            "enquire_misses",
            &self.enquire_misses,
            &usual.enquire_misses,
            plain,
        );
        lines.changed(
            "rebind_backoff",
            &(self.rebind_first, self.rebind_max),
            &(usual.rebind_first, usual.rebind_max),
            |(first, max)| format!("{{ first = {}, max = {} }}", time(first), time(max)),
        );
        lines.changed(
            "already_bound_wait",
            &self.already_bound_wait,
            &usual.already_bound_wait,
            time,
        );
    }

    fn write_receipts(&self, usual: &Self, lines: &mut Lines) {
        let time = |time: &std::time::Duration| quoted(&duration::display(*time));
        lines.word(
            "id_submit_base",
            words::ID_BASES,
            &self.ids.submit,
            &usual.ids.submit,
        );
        lines.word(
            "id_receipt_base",
            words::ID_BASES,
            &self.ids.receipt,
            &usual.ids.receipt,
        );
        lines.word("id_case", words::ID_CASES, &self.ids.case, &usual.ids.case);
        lines.word("id_pad", words::ID_PADS, &self.ids.pad, &usual.ids.pad);
        lines.word(
            "receipt_source",
            words::RECEIPT_SOURCES,
            &self.receipt_source,
            &usual.receipt_source,
        );
        let zoneless = |grammar: &Grammar| Grammar {
            utc_offset_minutes: 0,
            ..grammar.clone()
        };
        lines.changed(
            "receipt_grammar",
            &zoneless(&self.receipt_grammar),
            &zoneless(&usual.receipt_grammar),
            grammar_text,
        );
        lines.word(
            "receipt_esm_rule",
            words::RECEIPT_SIGNS,
            &self.receipt_sign,
            &usual.receipt_sign,
        );
        lines.changed(
            "receipt_tz",
            &self.receipt_grammar.utc_offset_minutes,
            &usual.receipt_grammar.utc_offset_minutes,
            |minutes| quoted(&offset_text(*minutes)),
        );
        lines.given("early_receipt_hold", self.early_receipt_hold.as_ref(), time);
        lines.given(
            "receipt_query_after",
            self.receipt_query_after.as_ref(),
            time,
        );
    }

    fn write_flow(&self, usual: &Self, lines: &mut Lines) {
        let time = |time: &std::time::Duration| quoted(&duration::display(*time));
        lines.changed("status_map", &self.status_map, &usual.status_map, |map| {
            table(map.iter().map(|(status, class)| {
                (
                    format!("{status:#x}"),
                    quoted(word(words::STATUS_CLASSES, class)),
                )
            }))
        });
        lines.word(
            "throttle_mode",
            words::THROTTLE_MODES,
            &self.throttle_mode,
            &usual.throttle_mode,
        );
        lines.changed(
            "pause_on_throttle",
            &self.pause_on_throttle,
            &usual.pause_on_throttle,
            time,
        );
        lines.word(
            "queue_full_scope",
            words::QUEUE_FULL_SCOPES,
            &self.queue_full_scope,
            &usual.queue_full_scope,
        );
        lines.given("rate_segments", self.rate_segments.as_ref(), plain);
        lines.given("burst", self.burst.as_ref(), plain);
    }

    fn write_pdus(&self, usual: &Self, lines: &mut Lines) {
        lines.changed(
            "ton_npi_rules",
            &self.ton_npi_rules,
            &usual.ton_npi_rules,
            |rules| {
                let rule = |rule: &TonNpiRule| {
                    let kind = word(words::ADDRESS_KINDS, &rule.kind);
                    format!(
                        "{{ kind = \"{kind}\", ton = {}, npi = {} }}",
                        rule.ton, rule.npi
                    )
                };
                list(rules.iter().map(rule))
            },
        );
        lines.word(
            "plus_sign",
            words::PLUS_SIGNS,
            &self.plus_sign,
            &usual.plus_sign,
        );
        lines.changed("strict", &self.strict, &usual.strict, plain);
        lines.word(
            "spec_limits",
            words::SPEC_LIMITS,
            &self.spec_limits,
            &usual.spec_limits,
        );
        lines.changed("max_pdu", &self.max_pdu, &usual.max_pdu, plain);
        lines.changed("tlv_out", &self.tlv_out, &usual.tlv_out, |tlvs| {
            list(tlvs.iter().map(|(tag, value)| tlv_text(*tag, value)))
        });
        lines.changed("tlv_pass", &self.tlv_pass, &usual.tlv_pass, |tags| {
            list(tags.iter().map(|tag| format!("{tag:#06x}")))
        });
        lines.word(
            "error_body",
            words::ERROR_BODIES,
            &self.error_body,
            &usual.error_body,
        );
        lines.changed("tls", &self.tls, &usual.tls, |tls| {
            plain(&(*tls == TlsUse::Required))
        });
    }
}

fn write_text_form(form: &TextForm, usual: &TextForm, lines: &mut Lines) {
    let unpacked = |alphabet| match alphabet {
        WireAlphabet::Gsm7Packed => WireAlphabet::Gsm7,
        other => other,
    };
    let packed = |alphabet| alphabet == WireAlphabet::Gsm7Packed;
    lines.word(
        "dc0_alphabet",
        words::ALPHABETS,
        &unpacked(form.default_alphabet),
        &unpacked(usual.default_alphabet),
    );
    lines.changed(
        "dc0_packed",
        &packed(form.default_alphabet),
        &packed(usual.default_alphabet),
        plain,
    );
    lines.changed(
        "dcs_allowed",
        &form.data_codings_allowed,
        &usual.data_codings_allowed,
        |values| list(values.iter().map(plain)),
    );
    lines.changed(
        "dcs_map",
        &form.data_codings,
        &usual.data_codings,
        |codings| codings_text(codings, &usual.data_codings),
    );
    lines.word("latin1", words::LATIN1_USES, &form.latin1, &usual.latin1);
    lines.word("flash_form", words::FLASH_FORMS, &form.flash, &usual.flash);
    lines.word(
        "long_method",
        words::LONG_METHODS,
        &form.long_method,
        &usual.long_method,
    );
    lines.changed("max_parts", &form.parts_max, &usual.parts_max, plain);
    lines.changed(
        "ref_bits",
        &form.reference_bits,
        &usual.reference_bits,
        plain,
    );
    lines.changed(
        "payload_over",
        &form.payload_over,
        &usual.payload_over,
        plain,
    );
    lines.changed(
        "national_tables",
        &form.national,
        &usual.national,
        |languages| {
            list(
                languages
                    .iter()
                    .map(|language| quoted(word(words::LANGUAGES, language))),
            )
        },
    );
}

fn codings_text(codings: &DataCodings, usual: &DataCodings) -> String {
    let values = [
        ("default", codings.default_alphabet, usual.default_alphabet),
        ("ascii", codings.ascii, usual.ascii),
        ("latin1", codings.latin1, usual.latin1),
        ("ucs2", codings.ucs2, usual.ucs2),
        ("binary", codings.binary, usual.binary),
    ];
    table(
        values
            .into_iter()
            .filter(|(_, value, usual)| value != usual)
            .map(|(key, value, _)| (key.to_owned(), plain(&value))),
    )
}

fn grammar_text(grammar: &Grammar) -> String {
    let labels = [
        ("id_labels", &grammar.id_labels),
        ("state_labels", &grammar.state_labels),
        ("error_labels", &grammar.error_labels),
    ];
    let mut entries: Vec<(String, String)> = labels
        .into_iter()
        .filter(|(_, labels)| !labels.is_empty())
        .map(|(key, labels)| {
            (
                key.to_owned(),
                list(labels.iter().map(|label| quoted(label))),
            )
        })
        .collect();
    if !grammar.states.is_empty() {
        let states = grammar
            .states
            .iter()
            .map(|(text, state)| (quoted(text), quoted(word(words::RECEIPT_STATES, state))));
        entries.push(("states".to_owned(), table(states)));
    }
    table(entries.into_iter())
}

fn tlv_text(tag: u16, value: &[u8]) -> String {
    let graphic = |octets: &[u8]| {
        let printable = octets
            .iter()
            .all(|octet| octet.is_ascii_graphic() || *octet == b' ');
        printable.then(|| String::from_utf8_lossy(octets).into_owned())
    };
    let form = match value.split_last() {
        Some((0, front)) if !front.is_empty() => graphic(front).map(|text| ("c_string", text)),
        _ => graphic(value).map(|text| ("text", text)),
    };
    let (form, text) = form.unwrap_or_else(|| {
        let hex = value.iter().fold(String::new(), |mut hex, octet| {
            // Writing to a String cannot fail.
            let _ = write!(hex, "{octet:02x}");
            hex
        });
        ("hex", hex)
    });
    format!("{{ tag = {tag:#06x}, {form} = {} }}", quoted(&text))
}
