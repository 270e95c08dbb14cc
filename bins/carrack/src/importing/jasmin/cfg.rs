//! `jasmin.cfg`: where its doors listen. What else is set there is told of.

use super::Work;
use super::store::Store;
use crate::importing::draft::Draft;

/// Where the doors listen unless they say otherwise.
const HTTP_PORT: &str = "1401";
const SMPP_PORT: &str = "2775";
const EVERYWHERE: &str = "0.0.0.0";

struct Item<'a> {
    section: &'a str,
    key: &'a str,
    value: &'a str,
    line: usize,
}

/// Reads it.
pub(super) fn read(store: &Store, work: &mut Work) -> anyhow::Result<Vec<Draft>> {
    let found = store.cfg()?;
    let (file, text) = found.unwrap_or_default();
    let items = items(&text);
    let of = |section: &str, key: &str, usual: &str| {
        let mut found = items.iter().rev();
        let found = found.find(|item| item.section == section && item.key == key);
        found.map_or(usual, |item| item.value).to_owned()
    };
    let mut node = Draft::new("[node]");
    node.text("data_dir", "data");
    let mut drafts = vec![node];
    let listen = |section: &str, port: &str| {
        format!(
            "{}:{}",
            of(section, "bind", EVERYWHERE),
            of(section, "port", port)
        )
    };
    let mut http = Draft::new("[http]");
    http.comment("Jasmin's callers find /send, /rate and /balance where they found them.");
    http.text("listen", &listen("http-api", HTTP_PORT));
    http.raw("jasmin", true);
    http.raw("kannel", false);
    let mut smpp = Draft::new("[smpp_server]");
    smpp.text("listen", &listen("smpp-server", SMPP_PORT));
    for (draft, section) in [(http, "http-api"), (smpp, "smpp-server")] {
        let faults = draft.faults();
        if faults.is_empty() {
            drafts.push(draft);
        }
        for fault in faults {
            work.leave(&file, 0, format!("[{section}]"), fault);
        }
    }
    if let Ok(parts) = of("http-api", "long_content_max_parts", "5").parse::<u8>() {
        let mut delivery = Draft::new("[delivery]");
        delivery.raw("segments_max", parts);
        if delivery.faults().is_empty() {
            drafts.push(delivery);
        }
    }
    for item in &items {
        let is_taken = matches!(
            (item.section, item.key),
            ("http-api" | "smpp-server", "bind" | "port") | ("http-api", "long_content_max_parts")
        );
        if !is_taken {
            let what = format!("[{}] {} = {}", item.section, item.key, shown(item));
            work.leave(&file, item.line, what, why(item));
        }
    }
    Ok(drafts)
}

/// Of a secret nothing.
fn shown<'a>(item: &Item<'a>) -> &'a str {
    match item.key.contains("password") {
        true => "(a secret)",
        false => item.value,
    }
}

fn why(item: &Item<'_>) -> &'static str {
    if item.key.starts_with("log_") || item.key == "access_log" {
        return "logs go to standard error as [log] says; what became of messages is in CDR files ([cdr])";
    }
    match item.section {
        "redis-client" | "amqp-broker" => "no broker and no database is needed",
        "jcli" | "router" | "client-management" | "interceptor" | "interceptor-client"
        | "smpp-server-pb" => {
            "there is one program: operators use the command line and the HTTP API"
        }
        "deliversm-thrower" | "dlr-thrower" | "dlr" | "dlrlookup" => {
            "requests to customers are repeated for 72 h (docs/webhooks.md)"
        }
        "http-api" if item.key == "long_content_split" => "is long_method of a carrier's profile",
        _ => "has no counterpart; see config/carrack.toml",
    }
}

fn items(text: &str) -> Vec<Item<'_>> {
    let mut section = "";
    let mut items = Vec::new();
    for (place, line) in text.lines().enumerate() {
        let line = line.trim();
        if let Some(name) = line
            .strip_prefix('[')
            .and_then(|rest| rest.strip_suffix(']'))
        {
            section = name;
        } else if let Some((key, value)) = line.split_once('=')
            && !line.starts_with(['#', ';'])
        {
            items.push(Item {
                section,
                key: key.trim(),
                value: value.trim(),
                line: place + 1,
            });
        }
    }
    items
}
