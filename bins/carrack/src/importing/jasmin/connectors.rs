//! SMPP clients (`smppccs`) become carriers.

use super::Work;
use super::seen::Seen;
use super::store::Store;
use crate::importing::Made;
use crate::importing::draft::{Draft, list, quoted};
use crate::importing::names::Names;

/// What Jasmin takes where a connector is silent.
const NATIONAL: i64 = 2;
const ISDN: i64 = 1;
const INTERNATIONAL: i64 = 1;

/// What they give.
pub(super) struct Carriers {
    pub(super) drafts: Vec<Draft>,
    pub(super) profiles: Vec<Made>,
}

/// Reads them.
pub(super) fn read(store: &Store, work: &mut Work) -> anyhow::Result<Carriers> {
    let mut found = Carriers {
        drafts: Vec::new(),
        profiles: Vec::new(),
    };
    let Some(persisted) = store.persisted("smppccs")? else {
        return Ok(found);
    };
    let file = persisted.file.as_str();
    let mut names = Names::default();
    for entry in Seen::of(&persisted.pickle).items() {
        let Some(config) = entry.get("config") else {
            continue;
        };
        let cid = entry
            .get("id")
            .or(config.get("id"))
            .and_then(Seen::text)
            .unwrap_or_default();
        let name = names.give(&cid);
        let mut carrier = draft(config, &name);
        if entry.get("service_status").and_then(Seen::flag) == Some(false) {
            carrier.raw("enabled", false);
        }
        let faults = carrier.faults();
        if !faults.is_empty() {
            names.forget(&name);
            for fault in faults {
                work.leave(file, 0, format!("smppccm {cid}"), fault);
            }
            continue;
        }
        if let Some(profile) = profile(config, &name) {
            carrier.text("profile", &name);
            found.profiles.push(Made {
                path: format!("profiles/{name}.toml"),
                text: profile.written(),
            });
        }
        leave_rest(config, &cid, file, work);
        work.has_secrets = true;
        work.carry(
            file,
            format!("smppccm {cid}"),
            format!("[[carrier]] {name}"),
        );
        work.carriers.insert(cid, name);
        found.drafts.push(carrier);
    }
    Ok(found)
}

fn draft(config: Seen<'_>, name: &str) -> Draft {
    let text = |key: &str| config.get(key).and_then(Seen::text);
    let number = |key: &str| config.get(key).and_then(Seen::number);
    let seconds =
        |key: &str, usual: f64| format!("{}s", number(key).unwrap_or(usual).max(1.0).round());
    let mut carrier = Draft::new("[[carrier]]");
    carrier.comment("Jasmin prices routes, not carriers: write what a segment costs, or a deck.");
    carrier.text("name", name);
    let host = text("host").unwrap_or_else(|| "127.0.0.1".to_owned());
    let port = number("port").unwrap_or(2775.0);
    carrier.raw("address", list([format!("{host}:{port}").as_str()]));
    carrier.text("system_id", &text("username").unwrap_or_default());
    carrier.text("password", &text("password").unwrap_or_default());
    if let Some(word) = text("systemType").filter(|word| !word.is_empty()) {
        carrier.text("system_type", &word);
    }
    let bind = text("bindOperation").unwrap_or_else(|| "transceiver".to_owned());
    carrier.text("bind", &bind);
    if config.get("useSSL").and_then(Seen::flag) == Some(true) {
        carrier.raw("tls", true);
    }
    let rate = number("submit_sm_throughput").unwrap_or(1.0);
    if rate > 0.0 {
        carrier.raw("rate", rate.round().max(1.0));
    }
    carrier.text("price", "0");
    carrier.text("response_timeout", &seconds("responseTimerSecs", 120.0));
    carrier.text("enquire_link", &seconds("enquireLinkTimerSecs", 30.0));
    let delay = number("reconnectOnConnectionFailureDelay")
        .unwrap_or(10.0)
        .max(1.0);
    carrier.text("reconnect_delay", &format!("{}s", delay.round()));
    carrier.text(
        "reconnect_delay_max",
        &format!("{}s", delay.round().max(60.0)),
    );
    carrier
}

fn profile(config: Seen<'_>, name: &str) -> Option<Draft> {
    let mut profile = Draft::default();
    if let Some(range) = config
        .get("addressRange")
        .and_then(Seen::text)
        .filter(|it| !it.is_empty())
    {
        profile.text("addr_range", &range);
    }
    let integer = |key: &str| config.get(key).and_then(Seen::integer);
    for (theirs, ours) in [("addressTon", "addr_ton"), ("addressNpi", "addr_npi")] {
        if let Some(number) = integer(theirs).filter(|number| *number != 0) {
            profile.raw(ours, number);
        }
    }
    let bases = match integer("dlr_msg_id_bases") {
        Some(1) => Some(("hex", "decimal")),
        Some(2) => Some(("decimal", "hex")),
        _ => None,
    };
    if let Some((submit, receipt)) = bases {
        profile.text("id_submit_base", submit);
        profile.text("id_receipt_base", receipt);
    }
    let source = (integer("source_addr_ton"), integer("source_addr_npi"));
    let destination = (integer("dest_addr_ton"), integer("dest_addr_npi"));
    let mut rules = Vec::new();
    let rule = |kind: &str, ton: i64, npi: i64| {
        format!("{{ kind = {}, ton = {ton}, npi = {npi} }}", quoted(kind))
    };
    // Jasmin's own default is wrong for all but national numbers; who set another meant it.
    if let (Some(ton), Some(npi)) = source
        && (ton, npi) != (NATIONAL, ISDN)
    {
        rules.push(rule("alphanumeric", ton, npi));
        rules.push(rule("short", ton, npi));
    }
    if let (Some(ton), Some(npi)) = destination
        && (ton, npi) != (INTERNATIONAL, ISDN)
    {
        rules.push(rule("international", ton, npi));
    }
    if !rules.is_empty() {
        profile.raw("ton_npi_rules", format!("[{}]", rules.join(", ")));
    }
    if profile.written().is_empty() {
        return None;
    }
    let mut whole = Draft::default();
    whole.comment("Made of Jasmin's store by `carrack import jasmin`.");
    whole.text("name", name);
    whole.extend(profile);
    Some(whole)
}

fn leave_rest(config: Seen<'_>, cid: &str, file: &str, work: &mut Work) {
    let reasons = [
        ("service_type", "is not sent in this version"),
        (
            "source_addr",
            "senders are the customers': set `sender` of accounts",
        ),
        ("protocol_id", "is not sent in this version"),
        (
            "validity_period",
            "is set by messages, or by [delivery] validity_default",
        ),
        ("schedule_delivery_time", "is set by messages"),
        (
            "custom_tlvs",
            "is tlv_pass and tlv_out of the carrier's profile",
        ),
        (
            "SSLCertificateFile",
            "is tls = { cert, key } of the carrier",
        ),
    ];
    for (key, why) in reasons {
        let Some(value) = config.get(key) else {
            continue;
        };
        let shown = value.shown();
        if !shown.is_empty() || value.items().next().is_some() {
            work.leave(file, 0, format!("smppccm {cid}: {key} = {shown}"), why);
        }
    }
}
