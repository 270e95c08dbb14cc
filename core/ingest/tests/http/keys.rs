//! Keys open the calls of their scopes, signatures open once, and an account asks no more often than it may.

use super::*;
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};
use std::time::{SystemTime, UNIX_EPOCH};

fn raw(stand: &Stand, method: &str, path: &str, authorization: &str, body: &str) -> (u16, String) {
    let mut stream = TcpStream::connect(stand.door.address()).unwrap();
    stream
        .set_read_timeout(Some(Duration::from_secs(20)))
        .unwrap();
    let request = format!(
        "{method} {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: {authorization}\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let status = answer.split(' ').nth(1).unwrap().parse().unwrap();
    (status, answer)
}

fn now_s() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap()
        .as_secs()
}

fn hex(octets: &[u8]) -> String {
    octets.iter().map(|octet| format!("{octet:02x}")).collect()
}

/// As docs/http.md says.
fn signature(key: &str, method: &str, path: &str, t: u64, nonce: &str, digest: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(key.as_bytes()).unwrap();
    mac.update(format!("{method}\n{path}\n{t}\n{nonce}\n{digest}").as_bytes());
    hex(&mac.finalize().into_bytes())
}

const BODY: &str = "{\"to\":\"491700000001\",\"text\":\"x\"}";

fn signed(t: u64, nonce: &str) -> String {
    let digest = hex(&Sha256::digest(BODY));
    let made = signature("shop-key", "POST", "/v1/messages", t, nonce, &digest);
    format!("HMAC-SHA256 key=shop,t={t},nonce={nonce},signature={made}")
}

#[test]
fn a_key_makes_the_calls_of_its_scopes_and_others_name_the_one_it_lacks() {
    let folder = tempfile::tempdir().unwrap();
    let stand = open(folder.path());
    let bearer = "Bearer shop-reader";
    for (method, path, scope) in [
        ("POST", "/v1/messages", "send"),
        ("POST", "/v1/messages:bulk", "send"),
        ("POST", "/v1/quote", "send"),
        ("DELETE", "/v1/messages/1", "send"),
        ("GET", "/v1/balance", "balance"),
        ("POST", "/v1/batches", "batches"),
        ("GET", "/v1/batches/1", "batches"),
        ("GET", "/v1/queue", "operate"),
    ] {
        let (status, answer) = raw(&stand, method, path, bearer, "");
        assert_eq!(status, 403, "{method} {path}: {answer}");
        assert!(
            answer.contains(&format!("the scope \\\"{scope}\\\"")),
            "{answer}"
        );
    }
    for (method, path, expected) in [
        ("GET", "/v1/messages/1", 404),
        ("GET", "/v1/messages?ids=1", 200),
        ("POST", "/v1/messages:status", 400),
    ] {
        assert_eq!(
            raw(&stand, method, path, bearer, "").0,
            expected,
            "{method} {path}"
        );
    }
    // Basic: the account's name with any of its keys.
    let basic = "Basic c2hvcDpzaG9wLXJlYWRlcg==";
    assert_eq!(raw(&stand, "GET", "/v1/messages/1", basic, "").0, 404);
    assert_eq!(raw(&stand, "GET", "/v1/balance", basic, "").0, 403);
    assert_eq!(
        raw(&stand, "GET", "/v1/queue", "Bearer shop-key", "").0,
        200
    );
    stand.close();
}

#[test]
fn a_signature_opens_one_request_and_no_other() {
    let folder = tempfile::tempdir().unwrap();
    let stand = open(folder.path());
    let post =
        |authorization: &str, body: &str| raw(&stand, "POST", "/v1/messages", authorization, body);
    let once = signed(now_s(), "a");
    let (status, answer) = post(&once, BODY);
    assert_eq!(status, 202, "{answer}");
    let (status, answer) = post(&once, BODY);
    assert_eq!(
        (status, answer.contains("used before")),
        (401, true),
        "{answer}"
    );
    assert_eq!(post(&signed(now_s(), "b"), BODY).0, 202);
    for (authorization, body, part) in [
        (
            signed(now_s(), "c"),
            "{\"to\":\"491700000002\",\"text\":\"x\"}",
            "wrong signature",
        ),
        (signed(now_s() - 400, "d"), BODY, "the time here"),
        (signed(now_s() + 400, "e"), BODY, "the time here"),
        (
            signed(now_s(), "f").replace("key=shop", "key=other"),
            BODY,
            "wrong signature",
        ),
        (
            signed(now_s(), "g").replace("key=shop", "key=nobody"),
            BODY,
            "wrong signature",
        ),
        (
            signed(now_s(), "h").replace("nonce=h", "nonce=i"),
            BODY,
            "wrong signature",
        ),
        ("HMAC-SHA256 t=1".to_owned(), BODY, "names no key"),
    ] {
        let (status, answer) = post(&authorization, body);
        assert_eq!(
            (status, answer.contains(part)),
            (401, true),
            "{authorization}: {answer}"
        );
        assert!(
            answer
                .to_ascii_lowercase()
                .contains("www-authenticate: bearer"),
            "{answer}"
        );
    }
    let moved = raw(&stand, "POST", "/v1/quote", &signed(now_s(), "j"), BODY);
    assert_eq!(moved.0, 401, "{}", moved.1);
    stand.close();
}

#[test]
fn a_signature_has_the_scopes_of_its_key_and_streams_are_signed_without_their_body() {
    let folder = tempfile::tempdir().unwrap();
    let stand = open(folder.path());
    let path = "/v1/messages?ids=1";
    let t = now_s();
    let made = signature("shop-reader", "GET", path, t, "", &hex(&Sha256::digest("")));
    let header = format!("HMAC-SHA256 key=shop/reader, t={t}, signature={made}");
    assert_eq!(raw(&stand, "GET", path, &header, "").0, 200);
    // A list is none, though files come in by the same path.
    let path = "/v1/batches";
    let made = signature("shop-key", "GET", path, t, "", &hex(&Sha256::digest("")));
    let header = format!("HMAC-SHA256 key=shop, t={t}, signature={made}");
    let (status, answer) = raw(&stand, "GET", path, &header, "");
    assert_eq!(status, 200, "{answer}");
    let path = "/v1/messages:bulk";
    let made = signature("shop-key", "POST", path, t, "", "STREAM");
    let header = format!("HMAC-SHA256 key=shop,t={t},signature={made}");
    let (status, answer) = raw(&stand, "POST", path, &header, BODY);
    assert_eq!(
        (status, answer.contains("accepted")),
        (200, true),
        "{answer}"
    );
    let made = signature("shop-reader", "POST", path, t, "", "STREAM");
    let header = format!("HMAC-SHA256 key=shop/reader,t={t},signature={made}");
    assert_eq!(raw(&stand, "POST", path, &header, BODY).0, 403);
    stand.close();
}

#[test]
fn a_signed_request_beyond_the_rate_is_not_remembered_and_one_of_before_the_start_opens_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let stand = open(folder.path());
    let path = "/v1/messages/1";
    let get = |nonce: &str, t: u64| {
        let digest = hex(&Sha256::digest(""));
        let made = signature("calm-key", "GET", path, t, nonce, &digest);
        let header = format!("HMAC-SHA256 key=calm,t={t},nonce={nonce},signature={made}");
        raw(&stand, "GET", path, &header, "")
    };
    let (status, answer) = get("early", now_s() - 200);
    assert_eq!(
        (status, answer.contains("before the node started")),
        (401, true),
        "{answer}"
    );
    let t = now_s();
    let begun = Instant::now();
    let mut refused = None;
    for nonce in
        (0..).map_while(|nonce| (begun.elapsed() < Duration::from_secs(5)).then_some(nonce))
    {
        let nonce = format!("n{nonce}");
        if get(&nonce, t).0 == 429 {
            refused = Some(nonce);
            break;
        }
    }
    let refused = refused.expect("the rate is reached");
    let mut again = 429;
    while again == 429 && begun.elapsed() < Duration::from_secs(20) {
        again = get(&refused, t).0;
    }
    assert_eq!(again, 404, "it was not used when it was refused");
    stand.close();
}

#[test]
fn an_account_makes_as_many_requests_in_a_second_as_it_may() {
    let folder = tempfile::tempdir().unwrap();
    let stand = open(folder.path());
    let begun = Instant::now();
    let mut statuses = Vec::new();
    while !statuses.contains(&429) && begun.elapsed() < Duration::from_secs(5) {
        let (status, answer) = raw(&stand, "GET", "/v1/messages/1", "Bearer calm-key", "");
        if status == 429 {
            assert!(
                answer.to_ascii_lowercase().contains("retry-after: "),
                "{answer}"
            );
        }
        statuses.push(status);
    }
    assert!(
        statuses.len() >= 3 && statuses[..2] == [404, 404],
        "{statuses:?}"
    );
    assert!(statuses.contains(&429), "{statuses:?}");
    // Another is not held up by it.
    assert_eq!(
        raw(&stand, "GET", "/v1/messages/1", "Bearer other-key", "").0,
        404
    );
    stand.close();
}
