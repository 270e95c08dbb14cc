//! One `smsc` group of kind `smpp` becomes one carrier, with a profile where it behaves in a way of its own.

use super::Work;
use super::group::Group;
use crate::importing::draft::{Draft, list, quoted};

/// Kannel's own defaults, where ours are others.
const WINDOW: i64 = 10;
const WAIT_ACK_S: i64 = 60;
const PORT: i64 = 2775;

/// The carrier, and the keys of its profile; none where it needs none.
pub(super) fn draft(group: &Group, name: &str, work: &mut Work) -> (Draft, Option<Draft>) {
    let mut carrier = Draft::new("[[carrier]]");
    carrier.text("name", name);
    carrier.raw("address", addresses(group));
    if let Some(own) = group.get("our-host") {
        carrier.text("local_address", own);
    }
    if group.flag("use-ssl") == Some(true) {
        carrier.raw("tls", true);
    }
    // An SMSC asks for both; Kannel sends none where they are not set.
    carrier.text("system_id", group.get("smsc-username").unwrap_or_default());
    carrier.text("password", group.get("smsc-password").unwrap_or_default());
    if let Some(word) = group.get("system-type") {
        carrier.text("system_type", word);
    }
    carrier.text("bind", bind(group, work));
    carrier.raw("links", group.number("instances").unwrap_or(1).max(1));
    carrier.raw(
        "window",
        group.number("max-pending-submits").unwrap_or(WINDOW).max(1),
    );
    rate(group, &mut carrier, work);
    carrier.text("price", "0");
    let seconds = |name, usual: i64| format!("{}s", group.number(name).unwrap_or(usual).max(1));
    carrier.text("response_timeout", &seconds("wait-ack", WAIT_ACK_S));
    carrier.text("enquire_link", &seconds("enquire-link-interval", 30));
    if let Some(delay) = group.number("reconnect-delay") {
        carrier.text("reconnect_delay", &format!("{}s", delay.max(1)));
        carrier.text("reconnect_delay_max", &format!("{}s", delay.max(60)));
    }
    if let Some(version) = version(group) {
        carrier.text("interface_version", version);
    }
    if group.flag("dead-start") == Some(true) {
        carrier.raw("enabled", false);
    }
    let profile = profile(group, name, work);
    if profile.is_some() {
        carrier.text("profile", name);
    }
    (carrier, profile)
}

fn addresses(group: &Group) -> String {
    let port = |name: &str| group.number(name).filter(|port| *port > 0);
    let receive = port("receive-port");
    let first = port("port").or(receive).unwrap_or(PORT);
    let host = group.get("host").unwrap_or("localhost");
    let mut addresses = vec![format!("{host}:{first}")];
    let other = group.get("alt-host").map(str::to_owned);
    let other_port = port("alt-port");
    if other.is_some() || other_port.is_some() {
        let host = other.unwrap_or_else(|| host.to_owned());
        addresses.push(format!("{host}:{}", other_port.unwrap_or(first)));
    }
    list(addresses.iter().map(String::as_str))
}

fn bind(group: &Group, work: &mut Work) -> &'static str {
    let (port, receive) = (group.number("port"), group.number("receive-port"));
    if group.flag("transceiver-mode") == Some(true) {
        return "transceiver";
    }
    match (port.unwrap_or(0) > 0, receive.unwrap_or(0) > 0) {
        (true, true) => {
            if port != receive {
                let why = "both ways go to one port here; where the carrier has two, write two carriers, one with bind = \"receiver\"";
                work.leave(group, "receive-port", why);
            }
            "transmitter_receiver"
        }
        (false, true) => "receiver",
        _ => {
            let why = "has no receive-port and no transceiver-mode, so Kannel binds it as transmitter: receipts do not come; \
                       set bind = \"transceiver\" if the carrier allows it";
            work.leave_group(group, "bind", why);
            "transmitter"
        }
    }
}

/// Messages a second, there with a fraction.
fn rate(group: &Group, carrier: &mut Draft, work: &mut Work) {
    let Some(text) = group.get("throughput") else {
        return;
    };
    match text.parse::<f64>() {
        Ok(rate) if (1.0..=1_000_000.0).contains(&rate) => carrier.raw("rate", rate.floor()),
        Ok(0.0) => {}
        _ => {
            let why = "less than a segment a second is a [[limit]] here: rate = \"30/min\" with match = { } of this carrier's routes";
            work.leave(group, "throughput", why);
        }
    }
}

/// Decimal digits as Kannel writes them: 33, 34, 50.
fn version(group: &Group) -> Option<&'static str> {
    match group.get("interface-version")? {
        "33" | "3.3" => Some("3.3"),
        "50" | "5.0" => Some("5.0"),
        _ => Some("3.4"),
    }
}

fn profile(group: &Group, name: &str, work: &mut Work) -> Option<Draft> {
    let mut profile = Draft::default();
    if let Some(range) = group.get("address-range") {
        profile.text("addr_range", range);
    }
    for (key, ours) in [("bind-addr-ton", "addr_ton"), ("bind-addr-npi", "addr_npi")] {
        if let Some(number) = group.number(key) {
            profile.raw(ours, number);
        }
    }
    if let Some(kind) = group.number("msg-id-type") {
        let base = |bit: i64| if kind & bit != 0 { "hex" } else { "decimal" };
        profile.text("id_submit_base", base(1));
        profile.text("id_receipt_base", base(2));
    }
    if let Some(alphabet) = alphabet(group, work) {
        profile.text("dc0_alphabet", alphabet);
    }
    if group.flag("alt-dcs") == Some(true) {
        profile.text("flash_form", "class");
    }
    match group.number("wait-ack-expire") {
        Some(1) => profile.text("on_resp_timeout", "resend"),
        Some(2) => profile.text("on_resp_timeout", "wait"),
        _ => {}
    }
    if let Some(parts) = group
        .number("max-sms-octets")
        .filter(|octets| *octets != 140)
    {
        let why = format!("octets of a segment are 140 here, not {parts}");
        work.leave(group, "max-sms-octets", &why);
    }
    ton_npi(group, &mut profile, work);
    let is_needed = !profile.written().is_empty();
    if is_needed {
        let mut whole = Draft::default();
        whole.comment("Made of Kannel's configuration by `carrack import kannel`.");
        whole.text("name", name);
        whole.extend(profile);
        return Some(whole);
    }
    None
}

fn alphabet(group: &Group, work: &mut Work) -> Option<&'static str> {
    let name = group.get("alt-charset")?.to_ascii_lowercase();
    let known = match name.as_str() {
        "ascii" | "us-ascii" => "ascii",
        "iso-8859-1" | "iso8859-1" | "latin1" | "iso-8859-15" => "latin1",
        "windows-1252" | "cp1252" => "windows1252",
        "gsm" | "gsm0338" | "gsm-03.38" => "gsm7",
        _ => {
            let why =
                "is no alphabet that data_coding 0 may be here: gsm7, ascii, latin1 or windows1252";
            work.leave(group, "alt-charset", why);
            return None;
        }
    };
    Some(known)
}

/// Where Kannel finds TON and NPI of senders itself, as it does unless told not to, ours are the same.
fn ton_npi(group: &Group, profile: &mut Draft, work: &mut Work) {
    let of = |ton: &str, npi: &str| (group.number(ton), group.number(npi));
    let source = of("source-addr-ton", "source-addr-npi");
    let destination = of("dest-addr-ton", "dest-addr-npi");
    let autodetects = group.flag("source-addr-autodetect") != Some(false);
    let mut rules = Vec::new();
    if let ((Some(ton), Some(npi)), false) = (source, autodetects) {
        for kind in ["alphanumeric", "short"] {
            rules.push(format!(
                "{{ kind = {}, ton = {ton}, npi = {npi} }}",
                quoted(kind)
            ));
        }
    }
    if let (Some(ton), Some(npi)) = destination {
        if (ton, npi) != (1, 1) {
            rules.push(format!(
                "{{ kind = \"international\", ton = {ton}, npi = {npi} }}"
            ));
        }
        let differs = !autodetects && source.0.is_some() && source != destination;
        if differs {
            let why = "numbers have one TON and NPI here, as recipient and as sender; those of recipients were taken";
            work.leave(group, "source-addr-ton", why);
        }
    }
    if !rules.is_empty() {
        profile.raw("ton_npi_rules", format!("[{}]", rules.join(", ")));
    }
}
