//! Nothing of a request is passed over: what stands twice or is unknown is refused by its name, and nothing is sent.

use super::*;

const MESSAGE: &str = r#"{"to":"491700000001","text":"x"}"#;

/// A request with these lines in its head; its status and its document.
fn posted(stand: &Stand, path: &str, head: &str, body: &str) -> (u16, Value) {
    let length = body.len();
    let request = format!(
        "POST {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{head}Content-Length: {length}\r\n\r\n{body}"
    );
    asked(stand, &request)
}

/// A request as it stands; its status and its document.
fn asked(stand: &Stand, request: &str) -> (u16, Value) {
    let mut stream = TcpStream::connect(stand.door.address()).unwrap();
    let patience = Duration::from_secs(20);
    stream.set_read_timeout(Some(patience)).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    (status, serde_json::from_str(body).unwrap_or(NONE))
}

const SHOP: &str = "Authorization: Bearer shop-key\r\n";

fn fault(answer: &(u16, Value)) -> (u16, &str, &str) {
    let error = &answer.1["errors"][0];
    let text = |name: &str| error[name].as_str().unwrap_or_else(|| panic!("{answer:?}"));
    (answer.0, text("field"), text("detail"))
}

#[test]
fn a_key_that_stands_twice_in_a_body_is_refused_by_its_name() {
    let folder = tempfile::tempdir().unwrap();
    let stand = open(folder.path());
    let twice = r#"{"to":"491700000001","to":"491700000002","text":"x"}"#;
    for path in ["/v1/messages", "/v1/quote"] {
        let answer = posted(&stand, path, SHOP, twice);
        let (status, field, detail) = fault(&answer);
        assert_eq!((status, field), (400, "to"), "{path}");
        assert!(detail.contains("twice"), "{path}: {detail}");
    }
    let (status, _, verdict) = stand.call(
        "POST",
        "/v1/messages:bulk",
        "shop",
        "application/x-ndjson",
        twice.as_bytes(),
    );
    assert!(
        status == 200 && verdict.contains("\"field\":\"to\""),
        "{verdict}"
    );
    assert!(
        verdict.contains("twice") && !verdict.contains("\"id\""),
        "{verdict}"
    );
    let marked = format!("\u{feff}{MESSAGE}");
    assert_eq!(posted(&stand, "/v1/messages", SHOP, &marked).0, 202);
    stand.close();
}

#[test]
fn two_headers_that_differ_are_refused_and_the_same_twice_is_one() {
    let folder = tempfile::tempdir().unwrap();
    let stand = open(folder.path());
    let keys = format!("{SHOP}Idempotency-Key: a\r\nIdempotency-Key: b\r\n");
    let answer = posted(&stand, "/v1/messages", &keys, MESSAGE);
    assert_eq!(fault(&answer).0, 400);
    assert_eq!(fault(&answer).1, "idempotency_key");
    let who = format!("{SHOP}Authorization: Bearer other-key\r\n");
    let answer = posted(&stand, "/v1/messages", &who, MESSAGE);
    assert_eq!((fault(&answer).0, fault(&answer).1), (400, "Authorization"));
    let same = format!("{SHOP}{SHOP}Idempotency-Key: a\r\nIdempotency-Key: a\r\n");
    assert_eq!(posted(&stand, "/v1/messages", &same, MESSAGE).0, 202);
    stand.close();
}

#[test]
fn parameters_that_a_call_does_not_know_are_named_with_the_nearest() {
    let folder = tempfile::tempdir().unwrap();
    let stand = open(folder.path());
    for (path, field, part) in [
        ("/v1/messages?dry_run=true", "dry_run", "/v1/quote"),
        ("/v1/messages?x=1", "x", "stands in its body"),
        ("/v1/suppressions/stop/compact?x", "x", "no parameters"),
    ] {
        let answer = posted(&stand, path, SHOP, MESSAGE);
        let found = fault(&answer);
        assert_eq!((found.0, found.1), (400, field), "{path}");
        assert!(found.2.contains(part), "{path}: {}", found.2);
    }
    for (path, field, part) in [
        ("/v1/balance?account=op", "account", "no parameters"),
        ("/v1/messages?idz=1", "idz", "did you mean `ids`?"),
        (
            "/v1/suppressions/stop?limits=1",
            "limits",
            "did you mean `limit`?",
        ),
    ] {
        let answer = stand.json("GET", path, "shop", &NONE);
        let found = fault(&answer);
        assert_eq!((found.0, found.1), (400, field), "{path}");
        assert!(found.2.contains(part), "{path}: {}", found.2);
    }
    for path in ["/v1/balance?", "/v1/messages?ids=1", "/healthz?x=1"] {
        assert_eq!(stand.json("GET", path, "shop", &NONE).0, 200, "{path}");
    }
    let unknown = stand.json("GET", "/v1/nothing?x=1", "shop", &NONE);
    assert_eq!(unknown.0, 404, "{unknown:?}");
    stand.close();
}

#[test]
fn a_request_names_one_host() {
    let folder = tempfile::tempdir().unwrap();
    let stand = open(folder.path());
    let head = |version: &str, hosts: &str| {
        asked(
            &stand,
            &format!("GET /v1/balance HTTP/{version}\r\n{hosts}Connection: close\r\n{SHOP}\r\n"),
        )
    };
    for hosts in ["", "Host: a\r\nHost: b\r\n", "Host: a\r\nHost: a\r\n"] {
        let answer = head("1.1", hosts);
        assert_eq!(
            (fault(&answer).0, fault(&answer).1),
            (400, "Host"),
            "{hosts}"
        );
    }
    assert_eq!(head("1.1", "Host: a\r\n").0, 200);
    assert_eq!(head("1.0", "").0, 200);
    stand.close();
}

#[test]
fn a_nul_in_a_text_is_refused_by_every_call() {
    let folder = tempfile::tempdir().unwrap();
    let stand = open(folder.path());
    let with_nul = r#"{"to":"491700000001","text":"x\u0000y"}"#;
    for path in ["/v1/messages", "/v1/quote"] {
        let answer = posted(&stand, path, SHOP, with_nul);
        let (status, field, detail) = fault(&answer);
        assert_eq!((status, field), (400, "text"), "{path}");
        assert!(detail.contains("NUL at octet 2"), "{path}: {detail}");
    }
    let media = "application/x-ndjson";
    let body = with_nul.as_bytes();
    let (_, _, verdict) = stand.call("POST", "/v1/messages:bulk", "shop", media, body);
    assert!(verdict.contains("NUL at octet 2"), "{verdict}");
    stand.close();
}

#[test]
fn what_is_wrong_with_a_change_or_a_parameter_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let stand = open(folder.path());
    let sent = posted(&stand, "/v1/messages", SHOP, MESSAGE).1;
    let id = sent["messages"][0]["id"].as_str().unwrap();
    for (change, field, part) in [
        (serde_json::json!({}), "send_at", "is missing"),
        (
            serde_json::json!({ "text": "y" }),
            "text",
            "cannot be changed",
        ),
        (serde_json::json!({ "send_at": null }), "send_at", "a text"),
    ] {
        let answer = stand.json("PATCH", &format!("/v1/messages/{id}"), "shop", &change);
        let found = fault(&answer);
        assert_eq!((found.0, found.1), (400, field), "{change}");
        assert!(found.2.contains(part), "{}", found.2);
    }
    for (path, field) in [
        ("/v1/batches?limit=abc", "limit"),
        ("/v1/batches?limit=0", "limit"),
        ("/v1/messages?ids=", "ids"),
        ("/v1/messages?ids=%20", "ids"),
    ] {
        let answer = stand.json("GET", path, "shop", &NONE);
        assert_eq!((fault(&answer).0, fault(&answer).1), (400, field), "{path}");
    }
    stand.close();
}

#[test]
fn a_charset_that_json_cannot_have_is_refused_and_not_read_as_utf8() {
    let folder = tempfile::tempdir().unwrap();
    let stand = open(folder.path());
    let with = |path: &str, kind: &str| {
        let head = format!("{SHOP}Content-Type: {kind}\r\n");
        posted(&stand, path, &head, MESSAGE)
    };
    for kind in [
        "application/json; charset=utf-16",
        "application/json;CHARSET=\"latin1\"",
    ] {
        let (status, problem) = with("/v1/messages", kind);
        let detail = problem["detail"].as_str().unwrap();
        assert!(status == 415 && detail.contains("in UTF-8"), "{problem}");
    }
    let lines = "application/x-ndjson; charset=iso-8859-1";
    assert_eq!(with("/v1/messages:bulk", lines).0, 415);
    for kind in [
        "application/json; charset=UTF-8",
        "application/json; charset=us-ascii",
        "application/json; profile=x",
    ] {
        assert_eq!(with("/v1/messages", kind).0, 202, "{kind}");
    }
}

#[test]
fn a_key_that_is_given_twice_is_told_so_and_a_limit_that_is_no_number_which_are() {
    let folder = tempfile::tempdir().unwrap();
    let stand = open(folder.path());
    let path = "/v1/batches?idempotency_key=a&idempotency_key=b";
    let body = b"to,text\n491700000001,x\n";
    let (status, _, answer) = stand.call("POST", path, "shop", "text/csv", body);
    assert!(
        status == 400 && answer.contains("stands twice") && !answer.contains("unknown"),
        "{answer}"
    );
    for path in ["/v1/batches", "/v1/suppressions/stop", "/v1/consent/review"] {
        for limit in ["-1", "0", "x"] {
            let path = format!("{path}?limit={limit}");
            let (status, answer) = stand.json("GET", &path, "shop", &NONE);
            let fault = &answer["errors"][0];
            assert_eq!(
                (status, &fault["field"]),
                (400, &json!("limit")),
                "{answer}"
            );
            let detail = fault["detail"].as_str().unwrap();
            assert!(
                detail.starts_with("has to be a whole number from 1 to "),
                "{detail}"
            );
        }
    }
    stand.close();
}

#[test]
fn what_is_wrong_with_an_option_of_a_file_is_not_said_of_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let stand = open(folder.path());
    let upload = |options: &str| {
        let head = format!("{SHOP}Content-Type: text/csv\r\n");
        let path = format!("/v1/batches?from=A&{options}");
        posted(&stand, &path, &head, "to,text\n491700000001,x\n")
    };
    for (options, field) in [
        ("template=Hi+%7Bname%7D", "template"),
        (
            "template=%7B%25+if+to+%3E+1+%25%7Dx%7B%25+endif+%25%7D",
            "template",
        ),
        ("column.to=phone", "column.to"),
        ("column.too=to", "column.too"),
        ("column.from=sender", "column.from"),
    ] {
        let answer = upload(options);
        assert_eq!(
            (fault(&answer).0, fault(&answer).1),
            (400, field),
            "{options}"
        );
    }
    assert_eq!(upload("dry_run=true").0, 200);
}
