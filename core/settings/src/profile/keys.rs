//! Every key of a profile's file and one line of why, in the order in which files are written.

/// A key and what it is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProfileKey {
    /// As it stands in the file.
    pub name: &'static str,
    /// One line for people.
    pub why: &'static str,
}

const fn key(name: &'static str, why: &'static str) -> ProfileKey {
    ProfileKey { name, why }
}

/// Every key of a profile's file; `docs/profiles.md` says more of each.
pub(super) const KEYS: &[ProfileKey] = &[
    key(
        "name",
        "what logs and metrics call it; the file's name where it is absent",
    ),
    key("description", "one sentence on the carriers that it fits"),
    key("drawn_from", "where what it says was found"),
    key(
        "interface_version",
        "version that the bind claims: 3.3, 3.4 or 5.0",
    ),
    key(
        "version_lie_ok",
        "whether another version in the bind response is taken without a word (T46)",
    ),
    key(
        "bind",
        "transceiver, transmitter_receiver, transmitter or receiver",
    ),
    key(
        "system_type",
        "word that some carriers want in the bind (T37)",
    ),
    key("addr_ton", "type of number of address_range in the bind"),
    key("addr_npi", "numbering plan of address_range in the bind"),
    key(
        "addr_range",
        "addresses whose incoming messages we want; mostly empty",
    ),
    key("binds", "links at a time"),
    key("window", "submits of a link not yet answered"),
    key("resp_timeout", "time the carrier has for a response"),
    key(
        "slot_patience",
        "a slot is given on earlier once later requests are answered (T27)",
    ),
    key(
        "on_resp_timeout",
        "what a segment without response becomes: resend, wait, query or fail; else as the route says",
    ),
    key(
        "enquire_idle",
        "silence after which enquire_link is sent (T23)",
    ),
    key(
        "enquire_misses",
        "unanswered ones after which the link is closed",
    ),
    key(
        "rebind_backoff",
        "first and greatest delay before a lost link binds again (T26)",
    ),
    key(
        "already_bound_wait",
        "least wait after ESME_RALYBND, until the carrier gives the old session up (T25)",
    ),
    key(
        "id_submit_base",
        "how ids in submit_sm_resp are written: learn, text, hex or decimal (T01)",
    ),
    key("id_receipt_base", "how ids in receipts are written (T01)"),
    key(
        "id_case",
        "whether the case of an id's letters counts: ignore or keep (T02)",
    ),
    key(
        "id_pad",
        "whether zeros in front of an id count: ignore or keep (T02)",
    ),
    key(
        "receipt_source",
        "which wins where parameters and text disagree: tlv_first, text_first, tlv_only, text_only (T06)",
    ),
    key(
        "receipt_grammar",
        "labels and words of receipt texts beside the usual (T07)",
    ),
    key(
        "receipt_esm_rule",
        "what makes a deliver_sm a receipt: bits, bits_or_tlv, bits_tlv_or_text (T10)",
    ),
    key("receipt_tz", "offset from UTC of the dates in receipts"),
    key(
        "early_receipt_hold",
        "how long a receipt without its response is kept; else as [queue] says (T04)",
    ),
    key(
        "receipt_query_after",
        "a receipt that is missing for so long is asked for by query_sm; else never",
    ),
    key(
        "status_map",
        "statuses that mean something else here than usual (T16)",
    ),
    key(
        "throttle_mode",
        "how the limit is kept to: adaptive, fixed or pause (T14)",
    ),
    key(
        "pause_on_throttle",
        "standstill after a refusal in mode pause",
    ),
    key(
        "queue_full_scope",
        "whom ESME_RMSGQFUL concerns: link or destination (T15)",
    ),
    key(
        "rate_segments",
        "segments a second over all links; else no limit",
    ),
    key("burst", "segments at once; else as the rate allows"),
    key(
        "dc0_alphabet",
        "what data_coding 0 means: gsm7, ascii, latin1 or windows1252 (T29)",
    ),
    key("dc0_packed", "GSM 7-bit as packed septets (T28)"),
    key(
        "dcs_allowed",
        "data_coding values that the carrier takes; empty: all (T30)",
    ),
    key("dcs_map", "data_coding of each alphabet (T30)"),
    key(
        "latin1",
        "when data_coding 3 is used: never, if_gsm_safe or always (T31)",
    ),
    key(
        "flash_form",
        "how class 0 is said: general, class or subunit (T33)",
    ),
    key(
        "long_method",
        "what ties long texts together: udh, sar or payload (T35)",
    ),
    key("max_parts", "parts of one text at most"),
    key("ref_bits", "bits of the reference in the header: 8 or 16"),
    key(
        "payload_over",
        "user data of more octets goes as message_payload (T34)",
    ),
    key(
        "national_tables",
        "languages whose shift tables the handsets know",
    ),
    key("ton_npi_rules", "TON and NPI by kind of address (T38)"),
    key(
        "plus_sign",
        "plus before international numbers: never or always (T38)",
    ),
    key("strict", "odd PDUs are refused instead of tolerated"),
    key(
        "spec_limits",
        "lengths of strings: strict as the specification, or relaxed (T37)",
    ),
    key("max_pdu", "octets of one inbound PDU at most (T41)"),
    key("tlv_out", "parameters added to each submit"),
    key(
        "tlv_pass",
        "tags of a customer's parameters that are passed on",
    ),
    key(
        "error_body",
        "body of our error responses: none or empty_id (T17)",
    ),
    key("tls", "whether links use TLS (T47)"),
];

/// The line for a key.
pub(super) fn why(name: &str) -> &'static str {
    KEYS.iter()
        .find(|key| key.name == name)
        .map_or("", |key| key.why)
}
