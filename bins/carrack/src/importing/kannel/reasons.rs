//! Why a group or a key of Kannel's has no counterpart, and what to do instead.

/// Groups that are read, or told of by their own file.
pub(super) fn is_read(kind: &str) -> bool {
    matches!(
        kind,
        "core" | "smsbox" | "smsc" | "sendsms-user" | "sms-service"
    )
}

/// Of a group that is not read.
pub(super) fn why_group(kind: &str) -> &'static str {
    match kind {
        "smsbox-route" => {
            "there is one program and no boxes: what is routed to a box is a [[mo_route]] to an account here"
        }
        "wapbox" | "wap-url-map" | "wap-user-map" | "wtls" | "radius-acct" => "WAP is not served",
        "ppg" | "wap-push-user" | "test-ppg" | "configuration" => {
            "WAP push is not served; send the octets by coding and udh"
        }
        "ota-setting" | "ota-bookmark" => {
            "settings are not sent over the air; send the octets by coding and udh"
        }
        "modems" => {
            "commands of modems are told apart by the driver itself; see `[[modem]]` in docs/modems.md"
        }
        "dlr-db" | "mysql-connection" | "pgsql-connection" | "mssql-connection"
        | "oracle-connection" | "sqlite3-connection" | "sdb-connection" | "redis-connection" => {
            "receipts are kept in the node's own store; no database is needed"
        }
        "opensmppbox" | "sqlbox" => {
            "another program's group; customers who bind by SMPP are accounts with system_id and password"
        }
        _ => "is unknown to this importer",
    }
}

/// Of an `smsc` that is none of SMPP.
pub(super) fn why_driver(kind: &str) -> &'static str {
    match kind {
        "http" => "carriers by HTTP have no driver in this version; ask the carrier for SMPP",
        "fake" => "a driver for tests; try carriers with `smscsim --listen 127.0.0.1:2775` instead",
        "at" | "at2" => {
            "a modem is a carrier of kind \"modem_pool\" here, with a [[modem]] and a [[sim]] each: docs/modems.md"
        }
        "emi" | "emi_x25" | "emi2" | "cimd" | "cimd2" | "cgw" | "oisd" | "ois" | "sema"
        | "smasi" | "soap" | "smpp-" => {
            "SMPP is the one protocol of carriers in this version; ask the carrier for it"
        }
        _ => "this kind is unknown to this importer",
    }
}

/// Of a key.
pub(super) fn why(group: &str, key: &str) -> &'static str {
    if key.starts_with("log-") || key.starts_with("syslog") || key.starts_with("access-log") {
        return "logs go to standard error as [log] says; what became of messages is in CDR files ([cdr])";
    }
    if key.contains("white-list") || key.contains("black-list") {
        return "lists of numbers are not read from here; see docs on consent and suppression, or routes by prefix";
    }
    if key.contains("ssl") {
        return "certificates are set by tls = { cert, key, ca } of [http] or [[carrier]]";
    }
    if key.starts_with("http-proxy") {
        return "requests go out without a proxy";
    }
    if key.starts_with("dlr-") || key.starts_with("store-") {
        return "receipts and messages are kept in the node's own store, [node] data_dir";
    }
    match (group, key) {
        (
            _,
            "admin-port" | "admin-password" | "status-password" | "admin-interface"
            | "admin-deny-ip" | "admin-allow-ip",
        ) => {
            "operators use the HTTP API and the command line, with an account that has operator = true"
        }
        (
            _,
            "smsbox-port" | "smsbox-interface" | "bearerbox-host" | "bearerbox-port"
            | "box-deny-ip" | "box-allow-ip" | "smsbox-id" | "wapbox-port" | "smsbox-max-pending",
        ) => "there is one program and no boxes to connect",
        (_, "unified-prefix") => {
            "numbers are international here; region of [delivery] or of an account reads national ones"
        }
        (_, "sms-resend-freq" | "sms-resend-retry") => {
            "see retry_delay and attempts_max of [delivery] and of [[route]]"
        }
        (_, "sms-combine-concatenated-mo" | "sms-combine-concatenated-mo-timeout") => {
            "parts are always joined; see [mo] join_timeout"
        }
        (_, "max-messages" | "concatenation" | "split-chars" | "split-suffix" | "sms-length") => {
            "long texts are always tied together; segments_max of [delivery] is the most"
        }
        (_, "header" | "footer" | "omit-empty") => {
            "texts are sent as they come; write it into the text"
        }
        (
            _,
            "allowed-prefix" | "denied-prefix" | "allowed-prefix-regex" | "denied-prefix-regex",
        ) => {
            "whom an account may send to is said by its routes: [[route]] match = { account, prefix }"
        }
        (_, "service-type") => "is not sent in this version",
        (
            _,
            "keepalive" | "reroute" | "reroute-smsc-id" | "reroute-receiver" | "reroute-dlr"
            | "retry" | "max-error-count",
        ) => "see [[route]]: carriers, policy, attempts_max",
        (_, "connection-timeout" | "idle-timeout") => {
            "a silent link is asked by enquire_link and closed without answer"
        }
        (_, "sendota-url" | "xmlrpc-url") => "is not served",
        (_, "immediate-sendsms-reply") => "an answer always waits until the message is durable",
        (
            _,
            "mo-recode"
            | "reply-couldnotfetch"
            | "reply-couldnotrepresent"
            | "reply-requestfailed"
            | "reply-emptymessage"
            | "http-request-retry"
            | "http-queue-delay"
            | "max-pending-requests",
        ) => "messages from handsets go to accounts, by webhook or bind",
        (_, "http-timeout") => "see request_timeout of [http]",
        _ => "is unknown to this importer, or has no counterpart",
    }
}
