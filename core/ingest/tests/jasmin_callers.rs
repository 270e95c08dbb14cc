//! Callers of Jasmin's HTTP API: the calls of its documentation, and its answers to what is wrong with one.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    dead_code
)]

#[path = "support/callers.rs"]
mod callers;

use callers::{Callers, Got};
use serde_json::{Value, json};

const CALL: &str = "/send?username=foo&password=bar&to=%2B336222172";
const FORM: &str = "Content-Type: application/x-www-form-urlencoded\r\n";
const JSON: &str = "Content-Type: application/json\r\n";

/// The id of `Success "..."`, which is a UUID.
fn id(got: &Got) -> String {
    let id = got
        .body
        .strip_prefix("Success \"")
        .and_then(|rest| rest.strip_suffix('"'));
    let id = id.unwrap_or_else(|| panic!("{got:?}"));
    assert_eq!(
        (got.status, id.len(), id.matches('-').count()),
        (200, 36, 4)
    );
    id.to_owned()
}

fn fault(got: &Got) -> (u16, &str) {
    let text = got
        .body
        .strip_prefix("Error \"")
        .and_then(|rest| rest.strip_suffix('"'));
    (got.status, text.unwrap_or_else(|| panic!("{got:?}")))
}

#[test]
fn the_documented_calls_are_taken() {
    let callers = Callers::open();
    let long = "Very+long+message+".repeat(20);
    let mut ids = std::collections::HashSet::new();
    for more in [
        "&content=Hello",
        "&content=Hello&from=Jasmin+GW",
        "&content=Hello&dlr-url=http%3A%2F%2Fmyserver%2Facknowledgement&dlr-level=2",
        "&content=Hello&dlr=yes&dlr-url=http%3A%2F%2Fh%2F&dlr-level=3&dlr-method=GET",
        &format!("&content={long}"),
        "&content=%06%23%061%06F%06%28&coding=8",
        "&hex-content=0623063106460628&coding=8",
        "&content=Hello&priority=2&validity-period=1440&sdt=000000000100000R&tags=1,702,9901",
        "&content=Hello&dlr=no",
        "&content=Hello&custom_tlvs=%5B%5B12288,null,%22COctetString%22,%22ref-42%22%5D%5D",
        "&content=",
    ] {
        let got = callers.get(&format!("{CALL}{more}"));
        assert!(ids.insert(id(&got)), "{more}");
        assert!(
            got.head.contains("content-type: text/plain"),
            "{}",
            got.head
        );
    }
    let body = b"username=foo&password=bar&to=%2B336222172&content=Hello";
    id(&callers.call("POST", "/send", FORM, body));
    let body = json!({"username": "quiet", "password": "pass", "to": "+336222172", "content": "Hello",
        "coding": 0, "custom_tlvs": [[5121, null, "Int2", 7]]});
    id(&callers.call("POST", "/send", JSON, body.to_string().as_bytes()));
    assert_eq!(callers.get("/ping").body, "Jasmin/PONG");
    callers.close();
}

#[test]
fn the_id_is_the_messages_own() {
    let callers = Callers::open();
    let call = "/send?username=bare&password=bare-key&to=%2B336222172&from=ACME&content=Hello";
    let id = id(&callers.get(call)).replace('-', "");
    let life = callers.life(&id, "bare-key");
    assert_eq!(
        (&life["text"], &life["to"]),
        (&json!("Hello"), &json!("336222172"))
    );
    callers.close();
}

#[test]
fn what_is_wrong_is_said_in_jasmins_words() {
    let callers = Callers::open();
    for (target, status, text) in [
        ("/send", 400, "Mandatory argument [to] is not found."),
        ("/send?foo=1", 400, "Argument [foo] is unknown."),
        (
            "/send?to=1&username=a&password=b&foo=1",
            400,
            "Argument [foo] is unknown.",
        ),
        (
            "/send?to=1&username=a&password=b&coding=11",
            400,
            "Argument [coding] has an invalid value: [11].",
        ),
        (
            "/send?to=1&username=a&password=b",
            403,
            "Authentication failure for username:a",
        ),
        (
            "/send?to=1&username=foo&password=baz&content=a",
            403,
            "Authentication failure for username:foo",
        ),
        (
            "/send?to=1&username=quiet&password=pass&content=a",
            403,
            "Authentication failure for username:quiet",
        ),
        (
            "/send?to=1&username=foo&password=bar&content=a",
            400,
            "Argument [to] has an invalid value: [1].",
        ),
        (
            "/send?to=15550001234&username=foo&password=bar&content=a",
            412,
            "No route found",
        ),
        (CALL, 400, "content or hex-content not present."),
        (
            "/send?username=paid&password=pass&to=491700123456&content=a&from=Other",
            400,
            "Value filter failed for user [paid] (source_address filter mismatch).",
        ),
        (
            "/send?username=paid&password=pass&to=336222172&content=a",
            400,
            "Value filter failed for user [paid] (destination_address filter mismatch).",
        ),
        (
            "/send?username=bare&password=bare-key&to=336222172&content=a",
            400,
            "Mandatory argument [from] is not found.",
        ),
    ] {
        let got = callers.get(target);
        assert_eq!(fault(&got), (status, text), "{target}: {}", got.detail());
    }
    for (more, part) in [
        ("&content=%E9", "Argument [content] has an invalid value"),
        ("&hex-content=zz", "Invalid hex-content data: 'zz'"),
        (
            "&content=a&hex-content=61",
            "content and hex-content cannot be used both",
        ),
        (
            "&content=a&dlr-url=http%3A%2F%2F",
            "Argument [dlr-url] has an invalid value",
        ),
        (
            "&content=a&sdt=999999999999999R",
            "Argument [sdt] has an invalid value",
        ),
        (
            "&content=a&custom_tlvs=%5B1%5D",
            "Argument [custom_tlvs] has an invalid value",
        ),
    ] {
        let got = callers.get(&format!("{CALL}{more}"));
        let (status, text) = fault(&got);
        assert!(status == 400 && text.starts_with(part), "{more}: {got:?}");
    }
    for (head, body) in [
        (JSON, &b"{"[..]),
        (JSON, b"[1]"),
        ("Content-Type: image/png\r\n", b"x"),
    ] {
        assert_eq!(callers.call("POST", "/send", head, body).status, 400);
    }
    assert_eq!(callers.call("HEAD", CALL, "", b"").status, 405);
    assert_eq!(callers.call("PUT", CALL, "", b"").status, 405);
    callers.close();
}

#[test]
fn rate_and_money_are_refused_as_jasmin_refuses_them() {
    let callers = Callers::open();
    let call = |who: &str, text: &str| {
        callers.get(&format!(
            "/send?username={who}&password=pass&to=491700123456&content={text}"
        ))
    };
    let long = "x".repeat(200);
    assert_eq!(
        fault(&call("slow", &long)),
        (403, "User throughput exceeded")
    );
    for _ in 0..3 {
        id(&call("paid", "x"));
    }
    let text = "Cannot charge submit_sm, check RouterPB log file for details";
    assert_eq!(fault(&call("paid", "x")), (403, text));
    callers.close();
}

#[test]
fn of_a_message_in_parts_all_are_taken_or_none() {
    let callers = Callers::open();
    let call = |octets: usize| {
        callers.get(&format!(
            "/send?username=paid&password=pass&to=491700123456&coding=4&hex-content={}",
            "ff".repeat(octets)
        ))
    };
    // Its money is for three parts.
    id(&call(200));
    let text = "Cannot charge submit_sm, check RouterPB log file for details";
    assert_eq!(fault(&call(200)), (403, text));
    id(&call(1));
    callers.close();
}

#[test]
fn a_call_with_a_key_has_the_same_id_again_also_where_it_has_parts() {
    let callers = Callers::open();
    let call = |octets: usize| {
        let target = format!("{CALL}&coding=4&hex-content={}", "ff".repeat(octets));
        callers.call("GET", &target, "Idempotency-Key: k\r\n", b"")
    };
    let first = id(&call(200));
    assert_eq!(id(&call(200)), first);
    assert_eq!(fault(&call(201)), (400, "Message was sent before"));
    callers.close();
}

fn value(got: &Got) -> (u16, Value) {
    assert!(
        got.head.contains("content-type: application/json"),
        "{}",
        got.head
    );
    (got.status, serde_json::from_str(&got.body).unwrap())
}

#[test]
fn rate_and_balance_are_told_as_documented() {
    let callers = Callers::open();
    let paid = "username=paid&password=pass";
    let rate = |more: &str| value(&callers.get(&format!("/rate?{paid}&to={more}")));
    let one = json!({"unit_rate": 0.028, "submit_sm_count": 1});
    assert_eq!(rate("491700123456"), (200, one));
    let two = json!({"unit_rate": 0.028, "submit_sm_count": 2});
    assert_eq!(
        rate(&format!("491700123456&content={}", "a".repeat(200))),
        (200, two)
    );
    assert_eq!(rate("15550001234"), (412, json!("No route found")));
    assert_eq!(
        rate("x"),
        (400, json!("Argument [to] has an invalid value: [x]."))
    );
    let free = value(&callers.get("/rate?username=foo&password=bar&to=491700123456"));
    assert_eq!(free, (200, json!({"unit_rate": 0.0, "submit_sm_count": 1})));

    let balance = |who: &str| value(&callers.get(&format!("/balance?{who}")));
    assert_eq!(
        balance(paid),
        (200, json!({"balance": 0.1, "sms_count": "ND"}))
    );
    let unlimited = json!({"balance": "ND", "sms_count": "ND"});
    assert_eq!(balance("username=foo&password=bar"), (200, unlimited));
    let missing = "Mandatory arguments not found, please refer to the HTTPAPI specifications.";
    assert_eq!(balance(""), (400, json!(missing)));
    let refused = json!("Authentication failure for username:foo");
    assert_eq!(balance("username=foo&password=x"), (403, refused));
    callers.close();
}
