//! Callers of Kannel's `/cgi-bin/sendsms`: the calls of its user guide, and its answers to what is wrong with one.
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

/// No carrier is bound here, and Kannel says so.
const TAKEN: (u16, &str) = (202, "3: Queued for later delivery");
const CALL: &str = "/cgi-bin/sendsms?username=foo&password=bar";

fn said(got: &Got) -> (u16, &str) {
    (got.status, got.body.as_str())
}

#[test]
fn the_guides_calls_are_taken() {
    let callers = Callers::open();
    for more in [
        "&to=491700123456&text=Hello+world",
        "&to=%2B491700123456&from=12345&text=Hello",
        "&to=00491700123456&text=100%+sure",
        "&to=491700123456+491700123457+491700123456&text=several",
        "&to=491700123456&text=Gr%C3%BC%C3%9Fe&charset=UTF-8",
        "&to=491700123456&text=Gr%FC%DFe&charset=ISO-8859-1",
        "&to=491700123456&text=%04%3F%04%40%04%38&coding=2",
        "&to=491700123456&text=%D0%BF%D1%80%D0%B8&coding=2&charset=utf-8",
        "&to=491700123456&text=flash&mclass=0",
        "&to=491700123456&text=flash&mclass=0&alt-dcs=1",
        "&to=491700123456&text=&mwi=0",
        "&to=491700123456&text=%01%02%03&udh=%06%05%04%15%81%15%81",
        "&to=491700123456&text=%01%02%03&coding=1",
        "&to=491700123456&text=a&validity=60&deferred=5&priority=2&smsc=north&account=shop-7",
        "&to=491700123456&text=a&dlr-mask=31&dlr-url=http%3A%2F%2Fwww.xyz.com%2Fcgi%2Fdlr.php%3FmyId%3D1%26type%3D%25d",
        "&to=491700123456&text=a&dlrmask=3&dlrurl=http%3A%2F%2Fh%2F",
        "&to=491700123456&text=a&pid=0&rpi=0&compress=0&binfo=x&meta-data=%3Fmine%3Fa%3D1",
        "&to=491700123456",
    ] {
        let got = callers.get(&format!("{CALL}{more}"));
        assert_eq!(said(&got), TAKEN, "{more}: {}", got.detail());
        assert!(got.head.contains("content-type: text/html"), "{}", got.head);
    }
    let short = "/cgi-bin/sendsms?user=foo&pass=bar&to=491700123456&text=x";
    assert_eq!(said(&callers.get(short)), TAKEN);
    callers.close();
}

#[test]
fn what_is_wrong_is_said_in_kannels_words() {
    let callers = Callers::open();
    let whole = "&to=491700123456&text=x";
    for (more, status, text) in [
        ("", 400, "Missing receiver number, rejected"),
        (
            "&to=&text=x",
            400,
            "Empty receiver number not allowed, rejected",
        ),
        (
            "&to=abc&text=x",
            400,
            "Number(s) has/have been denied by white- and/or black-lists.",
        ),
        (
            "&to=+&text=x",
            400,
            "Number(s) has/have been denied by white- and/or black-lists.",
        ),
        (
            "&to=491700123456&udh=%06%05",
            400,
            "UDH field misformed, rejected",
        ),
        (
            "&to=491700123456&account=a%5Bb",
            400,
            "Account field misformed or too long, rejected",
        ),
        (
            "&to=491700123456&dlr-url=host/dlr",
            400,
            "DLR-URL field misformed, rejected",
        ),
        (
            "&to=491700123456&dlr-mask=67",
            400,
            "DLR-Mask field misformed, rejected",
        ),
        (
            "&to=491700123456&mclass=4",
            400,
            "MClass field misformed, rejected",
        ),
        (
            "&to=491700123456&pid=256",
            400,
            "PID field misformed, rejected",
        ),
        (
            "&to=491700123456&rpi=3",
            400,
            "RPI field misformed, rejected",
        ),
        (
            "&to=491700123456&alt-dcs=2",
            400,
            "Alt-DCS field misformed, rejected",
        ),
        (
            "&to=491700123456&mwi=8",
            400,
            "MWI field misformed, rejected",
        ),
        (
            "&to=491700123456&coding=3",
            400,
            "Coding field misformed, rejected",
        ),
        (
            "&to=491700123456&compress=2",
            400,
            "Compress field misformed, rejected",
        ),
        (
            "&to=491700123456&validity=-2",
            400,
            "Validity field misformed, rejected",
        ),
        (
            "&to=491700123456&deferred=-2",
            400,
            "Deferred field misformed, rejected",
        ),
        (
            "&to=491700123456&priority=4",
            400,
            "Priority field misformed, rejected",
        ),
        (
            "&to=491700123456&text=%E9",
            400,
            "Charset or body misformed, rejected",
        ),
        (
            "&to=491700123456&text=x&charset=none",
            400,
            "Charset or body misformed, rejected",
        ),
        (
            "&to=491700123456&text=%D8%3D&coding=2",
            400,
            "Charset or body misformed, rejected",
        ),
        (
            "&to=15550001234&text=x",
            403,
            "Not routable. Do not try again.",
        ),
        (
            "&to=491700123456&text=x&pid=64",
            400,
            "PID field not supported, rejected",
        ),
        (
            "&to=491700123456&text=x&from=MUCHTOOLONGNAME",
            400,
            "Sender not allowed, rejected",
        ),
        (
            "&to=491700123456&text=x&meta-data=%3Fsmpp%3Fa%3D1",
            400,
            "Meta-Data field not supported, rejected",
        ),
    ] {
        let got = callers.get(&format!("{CALL}{more}"));
        assert_eq!(said(&got), (status, text), "{more}: {}", got.detail());
    }
    let long = format!("{CALL}&to=491700123456&coding=1&text={}", "%01".repeat(900));
    assert_eq!(
        said(&callers.get(&long)),
        (400, "Message too long, rejected")
    );
    let bare = format!("/cgi-bin/sendsms?username=bare&password=bare-key{whole}");
    let got = callers.get(&bare);
    assert_eq!(
        said(&got),
        (400, "Sender missing and no global set, rejected")
    );
    assert_eq!(callers.call("DELETE", CALL, "", b"").status, 405);
    assert_eq!(
        callers
            .call("HEAD", &format!("{CALL}{whole}"), "", b"")
            .status,
        405
    );
    callers.close();
}

#[test]
fn who_is_not_known_is_refused_alike() {
    let callers = Callers::open();
    let refused = (403, "Authorization failed for sendsms");
    for who in [
        "",
        "username=foo",
        "password=bar",
        "username=foo&password=ba",
        "username=tester&password=bar",
        "username=bare&password=bar",
        "username=%FF&password=%00",
        "username=quiet&password=pass",
    ] {
        let got = callers.get(&format!("/cgi-bin/sendsms?{who}&to=491700123456&text=x"));
        assert_eq!(said(&got), refused, "{who}");
    }
    let form = "Content-Type: application/x-www-form-urlencoded\r\n";
    let body = b"username=quiet&password=pass&to=491700123456&text=x";
    assert_eq!(
        said(&callers.call("POST", "/cgi-bin/sendsms", form, body)),
        TAKEN
    );
    callers.close();
}

#[test]
fn bodies_are_posted_with_kannels_headers() {
    let callers = Callers::open();
    let who =
        "X-Kannel-Username: quiet\r\nX-Kannel-Password: pass\r\nX-Kannel-To: 491700123456\r\n";
    let post = |head: &str, body: &[u8]| {
        callers.call("POST", "/cgi-bin/sendsms", &format!("{who}{head}"), body)
    };
    let text = "Content-Type: text/plain; charset=iso-8859-1\r\n";
    assert_eq!(said(&post(text, b"Gr\xfc\xdfe")), TAKEN);
    let octets = "Content-Type: application/octet-stream\r\nX-Kannel-UDH: 06050415811581\r\n";
    assert_eq!(said(&post(octets, b"\x01\x02")), TAKEN);
    let misformed = "Content-Type: application/octet-stream\r\nX-Kannel-UDH: 0605\r\n";
    let misformed = post(misformed, b"\x01");
    assert_eq!(said(&misformed), (400, "UDH field misformed, rejected"));
    let html = post("Content-Type: text/html\r\n", b"<p>x</p>");
    assert_eq!(said(&html), (415, "Unsupported content-type, rejected"));
    let other = post("Content-Type: application/json\r\n", b"{}");
    assert_eq!(said(&other), (400, "Invalid content-type"));
    let large = post(text, &[b'x'; 20_000]);
    assert_eq!(said(&large), (400, "Incomplete request."));
    callers.close();
}

#[test]
fn of_several_recipients_the_denied_are_named() {
    let callers = Callers::open();
    let got = callers.get(&format!(
        "{CALL}&to=491700123456+4477x+abc%3Cb%3E%26%22+15550001234&text=x"
    ));
    // What HTML could begin with is not said back.
    let text = "3: Queued for later delivery Denied receivers are: 4477x abc?b??? 15550001234";
    assert_eq!(said(&got), (202, text));
    callers.close();
}

#[test]
fn what_passes_is_told_to_come_later_and_money_is_final() {
    let callers = Callers::open();
    let call = |who: &str, to: &str| {
        callers.get(&format!(
            "/cgi-bin/sendsms?username={who}&password=pass&to={to}&text=x"
        ))
    };
    let two = call("slow", "491700123456+491700123457");
    assert_eq!(said(&two), (503, "Temporal failure, try again later."));
    for _ in 0..3 {
        assert_eq!(said(&call("paid", "491700123456")), TAKEN);
    }
    let broke = call("paid", "491700123456");
    assert_eq!(said(&broke), (403, "Not routable. Do not try again."));
    assert!(broke.detail().contains("credit"), "{}", broke.detail());
    callers.close();
}

#[test]
fn of_a_message_in_parts_all_are_taken_or_none() {
    let callers = Callers::open();
    let call = |text: &str| {
        callers.get(&format!(
            "/cgi-bin/sendsms?username=paid&password=pass&to=491700123456&coding=1&text={text}"
        ))
    };
    // Its money is for three parts.
    let two = "%01".repeat(200);
    assert_eq!(said(&call(&two)), TAKEN);
    let broke = call(&two);
    assert_eq!(said(&broke), (403, "Not routable. Do not try again."));
    assert!(broke.detail().contains("credit"), "{}", broke.detail());
    assert_eq!(said(&call("%01")), TAKEN, "the first part cost nothing");
    callers.close();
}

/// The same calls of a caller whose answers are lost.
#[test]
fn a_call_with_a_key_is_taken_once_in_all_its_parts_to_all_its_recipients() {
    let callers = Callers::open();
    let spent = || {
        let got = callers.get("/balance?username=paid&password=pass");
        let balance: serde_json::Value = serde_json::from_str(&got.body).unwrap();
        balance["balance"].as_f64().unwrap()
    };
    let call = |key: &str, more: &str| {
        let target = format!("/cgi-bin/sendsms?username=paid&password=pass&{more}");
        callers.call("GET", &target, &format!("Idempotency-Key: {key}\r\n"), b"")
    };
    let long = format!("to=491700123456&coding=1&text={}", "%01".repeat(200));
    assert_eq!(said(&call("a", &long)), TAKEN);
    let after_one = spent();
    assert_eq!(said(&call("a", &long)), TAKEN, "the reference is another");
    assert_eq!(spent(), after_one, "and nothing is charged");
    let refused = (403, "Not routable. Do not try again.");
    let other = long.replace("%01%01", "%01%02");
    assert_eq!(said(&call("a", &other)), refused);
    let elsewhere = long.replace("123456", "123457");
    assert_eq!(said(&call("a", &elsewhere)), refused);
    callers.close();
}

#[test]
fn a_call_to_several_whose_receipts_name_the_recipient_has_one_key() {
    let callers = Callers::open();
    let told = "dlr-mask=3&dlr-url=http%3A%2F%2F127.0.0.1%3A9%2F%3Fp%3D%25p";
    let call = |to: &str, text: &str| {
        let target =
            format!("/cgi-bin/sendsms?username=told&password=pass&to={to}&{told}&text={text}");
        callers.call("GET", &target, "Idempotency-Key: list\r\n", b"")
    };
    let (two, three) = (
        "491700123456+491700123457",
        "491700123456+491700123457+491700123458",
    );
    assert_eq!(said(&call(two, "hi")), TAKEN);
    assert_eq!(said(&call(two, "hi")), TAKEN);
    assert_eq!(said(&call(three, "hi")), TAKEN, "who is new is sent to");
    let refused = (403, "Not routable. Do not try again.");
    assert_eq!(said(&call(two, "ho")), refused);
    callers.close();
}

#[test]
fn a_door_that_is_closed_is_not_there() {
    let callers = Callers::with(false, false);
    for path in [
        CALL,
        "/send?username=foo&password=bar",
        "/balance",
        "/rate",
        "/ping",
    ] {
        assert_eq!(callers.get(path).status, 404, "{path}");
    }
    callers.close();
}
