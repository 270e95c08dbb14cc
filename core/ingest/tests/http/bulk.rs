//! Bulk calls: a line in, a verdict out, whatever the lines and the client are.

use super::*;

/// A client that sends and reads as it likes.
struct Line {
    stream: TcpStream,
}

impl Line {
    fn begin(stand: &Stand, account: &str, media: &str) -> Self {
        let mut stream = TcpStream::connect(stand.door.address()).unwrap();
        let limit = Some(Duration::from_secs(20));
        stream.set_read_timeout(limit).unwrap();
        stream.set_write_timeout(limit).unwrap();
        let head = format!(
            "POST /v1/messages:bulk HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {account}-key\r\nContent-Type: {media}\r\nTransfer-Encoding: chunked\r\n\r\n"
        );
        stream.write_all(head.as_bytes()).unwrap();
        Self { stream }
    }

    fn send(&mut self, text: &str) -> std::io::Result<()> {
        let chunk = format!("{:x}\r\n{text}\r\n", text.len());
        self.stream.write_all(chunk.as_bytes())
    }

    /// Reads until a text stands in what came.
    fn read_until(&mut self, end: &str) -> String {
        let mut octets = Vec::new();
        while !String::from_utf8_lossy(&octets).contains(end) {
            let mut space = [0; 4096];
            let read = self.stream.read(&mut space).unwrap();
            assert!(
                read > 0,
                "closed after {}",
                String::from_utf8_lossy(&octets)
            );
            octets.extend_from_slice(&space[..read]);
        }
        String::from_utf8(octets).unwrap()
    }
}

/// The verdicts of lines that are sent at once.
fn verdicts(stand: &Stand, account: &str, lines: &str) -> Vec<Value> {
    let (status, head, body) = stand.call(
        "POST",
        "/v1/messages:bulk",
        account,
        "application/x-ndjson",
        lines.as_bytes(),
    );
    assert_eq!(status, 200, "{body}");
    assert!(
        head.contains("content-type: application/x-ndjson"),
        "{head}"
    );
    unchunked(&body)
        .lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("no JSON: {line}")))
        .collect()
}

/// A body without the frames of its chunks.
fn unchunked(body: &str) -> String {
    let (mut rest, mut whole) = (body, String::new());
    while let Some((length, after)) = rest.split_once("\r\n") {
        let length = usize::from_str_radix(length, 16).unwrap();
        whole.push_str(&after[..length]);
        rest = &after[length + 2..];
    }
    whole
}

#[test]
fn key_of_the_whole_stream_is_refused_and_says_where_keys_go() {
    let folder = tempfile::tempdir().unwrap();
    let stand = open(folder.path());
    let mut stream = TcpStream::connect(stand.door.address()).unwrap();
    let patience = Duration::from_secs(20);
    stream.set_read_timeout(Some(patience)).unwrap();
    let line = "{\"to\":\"491700000001\",\"text\":\"x\"}\n";
    let request = format!(
        "POST /v1/messages:bulk HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer shop-key\r\nIdempotency-Key: k\r\nContent-Length: {}\r\n\r\n{line}",
        line.len()
    );
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("HTTP/1.1 400"), "{answer}");
    let problem: Value = serde_json::from_str(body).unwrap();
    let fault = &problem["errors"][0];
    assert_eq!(fault["field"], "idempotency_key");
    let detail = fault["detail"].as_str().unwrap();
    assert!(detail.contains("each line"), "{detail}");
    stand.close();
}

#[test]
fn each_line_has_its_verdict_in_the_order_of_the_lines() {
    let folder = tempfile::tempdir().unwrap();
    let stand = open(folder.path());
    let long = "x".repeat(70_000);
    let lines = format!(
        "{{\"to\":\"491700000001\",\"text\":\"one\"}}\r\n\n{{\"to\":\"491700000002\"\n{long}\n[1]\n\
         {{\"to\":\"491700000003\",\"txet\":\"x\",\"clas\":\"otp\"}}\n{{\"to\":\"331234567890\",\"text\":\"x\"}}\n\
         {{\"to\":[\"491700000004\",\"49x\"],\"text\":\"€\"}}\n{{\"to\":\"49x\",\"text\":\"x\"}}\n{{\"to\":\"491700000005\",\"text\":\"last\"}}"
    );
    let found = verdicts(&stand, "shop", &lines);
    let numbers: Vec<u64> = found
        .iter()
        .map(|one| one["line"].as_u64().unwrap())
        .collect();
    assert_eq!(numbers, [1, 3, 4, 5, 6, 7, 8, 9, 10]);
    for (place, field, part) in [
        (1, "line", "is not JSON"),
        (2, "line", "longer than 65536 octets"),
        (3, "line", "has to be a JSON object"),
        (4, "clas", "did you mean `class`?"),
        (5, "to", "no route"),
        (7, "to", "letter 'x'"),
    ] {
        let error = &found[place]["error"];
        assert_eq!(
            (&error["field"], &error["status"]),
            (&json!(field), &json!(400)),
            "{error}"
        );
        assert!(error["detail"].as_str().unwrap().contains(part), "{error}");
        assert!(found[place].get("id").is_none());
    }
    assert_eq!(found[4]["error"]["errors"].as_array().unwrap().len(), 2);
    for (place, to) in [(0, "491700000001"), (8, "491700000005")] {
        let one = &found[place];
        assert_eq!(
            (&one["status"], &one["segments"], &one["to"]),
            (&json!("accepted"), &json!(1), &json!(to))
        );
        let path = format!("/v1/messages/{}", one["id"].as_str().unwrap());
        assert_eq!(stand.json("GET", &path, "shop", &NONE).0, 200);
    }
    let list = &found[6]["messages"];
    assert!(
        list[0]["id"].is_string() && list[1]["error"]["field"] == "to",
        "{list}"
    );
    stand.close();
}

#[test]
fn lines_of_many_chunks_are_all_taken_once() {
    let folder = tempfile::tempdir().unwrap();
    let stand = open(folder.path());
    let lines: String = (0..5_000)
        .map(|number| format!("{{\"to\":\"49170{number:07}\",\"text\":\"{number}\"}}\n"))
        .collect();
    let found = verdicts(&stand, "shop", &lines);
    assert_eq!(found.len(), 5_000);
    let mut ids = std::collections::HashSet::new();
    for (number, one) in found.iter().enumerate() {
        assert_eq!(one["line"], number as u64 + 1);
        assert_eq!(one["to"], format!("49170{number:07}"));
        assert!(ids.insert(one["id"].as_str().unwrap().to_owned()));
    }
    stand.close();
}

#[test]
fn a_lone_line_has_its_verdict_before_the_next_is_sent() {
    let folder = tempfile::tempdir().unwrap();
    let stand = open(folder.path());
    let mut line = Line::begin(&stand, "shop", "application/x-ndjson");
    for number in 1..=3 {
        line.send(&format!(
            "{{\"to\":\"49170000000{number}\",\"text\":\"x\"}}\n"
        ))
        .unwrap();
        let said = line.read_until("}\n");
        assert!(
            said.contains(&format!("{{\"line\":{number},\"id\":\"")),
            "{said}"
        );
    }
    line.stream.write_all(b"0\r\n\r\n").unwrap();
    assert_eq!(line.read_until("0\r\n\r\n"), "0\r\n\r\n");
    // The connection goes on.
    let head = "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n";
    line.stream.write_all(head.as_bytes()).unwrap();
    assert!(line.read_until("alive").contains("200 OK"));
    stand.close();
}

#[test]
fn a_client_that_waits_to_be_asked_is_asked_before_it_is_answered() {
    let folder = tempfile::tempdir().unwrap();
    let stand = open(folder.path());
    let mut stream = TcpStream::connect(stand.door.address()).unwrap();
    let limit = Some(Duration::from_secs(5));
    stream.set_read_timeout(limit).unwrap();
    let head = "POST /v1/messages:bulk HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer shop-key\r\nExpect: 100-continue\r\nTransfer-Encoding: chunked\r\n\r\n";
    stream.write_all(head.as_bytes()).unwrap();
    let mut line = Line { stream };
    assert!(line.read_until("\r\n\r\n").starts_with("HTTP/1.1 100 "));
    line.send("{\"to\":\"491700000001\",\"text\":\"x\"}\n")
        .unwrap();
    let said = line.read_until("accepted");
    assert!(said.starts_with("HTTP/1.1 200 "), "{said}");
    stand.close();
}

#[test]
fn lines_wait_for_the_accounts_rate_and_one_beyond_it_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let stand = open(folder.path());
    let begun = Instant::now();
    let long = "x".repeat(200);
    let lines = format!(
        "{{\"to\":\"491700000001\",\"text\":\"x\"}}\n{{\"to\":\"491700000001\",\"text\":\"{long}\"}}\n{{\"to\":\"491700000001\",\"text\":\"x\"}}\n"
    );
    let found = verdicts(&stand, "slow", &lines);
    assert!(
        found[0]["id"].is_string() && found[2]["id"].is_string(),
        "{found:?}"
    );
    assert_eq!(found[1]["error"]["status"], 429, "{found:?}");
    assert!(begun.elapsed() >= Duration::from_millis(900), "{begun:?}");
    stand.close();
}

#[test]
fn what_only_passes_says_when_to_come_again() {
    let folder = tempfile::tempdir().unwrap();
    let stand = open(folder.path());
    let line = "{\"to\":\"491700000001\",\"text\":\"x\"}\n";
    let found = verdicts(&stand, "small", &line.repeat(2));
    assert!(found[0]["id"].is_string(), "{found:?}");
    let error = &found[1]["error"];
    assert_eq!(
        (&error["status"], &error["retry_after"]),
        (&json!(429), &json!(5)),
        "{error}"
    );
    stand.close();
}

#[test]
fn what_is_no_stream_of_lines_is_refused_by_its_head() {
    let folder = tempfile::tempdir().unwrap();
    let stand = open(folder.path());
    for (media, account, expected) in [
        ("text/csv", "shop", 415),
        ("application/json", "shop", 415),
        ("application/x-ndjson", "nobody", 401),
    ] {
        let path = "/v1/messages:bulk";
        let (status, head, _) = stand.call("POST", path, account, media, b"{}\n");
        assert_eq!(status, expected, "{media}");
        assert!(head.contains("application/problem+json"), "{head}");
    }
    assert_eq!(verdicts(&stand, "shop", ""), [NONE; 0]);
    stand.close();
}

#[test]
fn a_client_that_sends_no_whole_line_is_told_and_cut() {
    let folder = tempfile::tempdir().unwrap();
    let stand = open_with(folder.path(), Duration::from_secs(1));
    let mut line = Line::begin(&stand, "shop", "application/x-ndjson");
    line.send("{\"to\":\"491700000001\",\"text\":\"x\"}\n{\"to")
        .unwrap();
    line.read_until("accepted");
    let begun = Instant::now();
    let mut said = String::new();
    // An octet now and then does not keep it.
    line.stream
        .set_read_timeout(Some(Duration::from_millis(200)))
        .unwrap();
    while begun.elapsed() < Duration::from_secs(5) && !said.contains("0\r\n\r\n") {
        let _ = line.send(" ");
        let mut space = [0; 4096];
        if let Ok(read) = line.stream.read(&mut space) {
            said.push_str(&String::from_utf8_lossy(&space[..read]));
        }
    }
    assert!(
        said.contains("{\"line\":2,") && said.contains("\"status\":408"),
        "{said}"
    );
    assert!(begun.elapsed() < Duration::from_secs(4), "{begun:?}");
    stand.close();
}

#[test]
fn a_client_that_reads_no_verdicts_is_not_read_and_then_cut() {
    let folder = tempfile::tempdir().unwrap();
    let stand = open_with(folder.path(), Duration::from_secs(1));
    let mut line = Line::begin(&stand, "shop", "application/x-ndjson");
    // Refused lines cost the node nothing but their answers.
    let lines = "{}\n".repeat(10_000);
    let begun = Instant::now();
    let mut sent = 0;
    while line.send(&lines).is_ok() {
        sent += lines.len();
        assert!(
            begun.elapsed() < Duration::from_secs(15),
            "{sent} octets were taken"
        );
    }
    let took = begun.elapsed();
    assert!(took < Duration::from_secs(10), "{took:?}");
    stand.close();
}

#[test]
fn a_door_that_closes_says_from_which_line_on_to_send_again() {
    let folder = tempfile::tempdir().unwrap();
    let stand = open(folder.path());
    let mut line = Line::begin(&stand, "shop", "application/x-ndjson");
    line.send("{\"to\":\"491700000001\",\"text\":\"x\"}\n")
        .unwrap();
    line.read_until("accepted");
    let closing = std::thread::spawn(move || stand.close());
    let said = line.read_until("0\r\n\r\n");
    assert!(
        said.contains("{\"line\":2,") && said.contains("\"status\":503"),
        "{said}"
    );
    closing.join().unwrap();
}

#[test]
fn many_messages_are_shown_by_one_call_to_their_account_alone() {
    let folder = tempfile::tempdir().unwrap();
    let stand = open(folder.path());
    let line = "{\"to\":\"491700000001\",\"text\":\"x\"}\n";
    let ids: Vec<String> = (verdicts(&stand, "shop", &line.repeat(200)).iter())
        .map(|one| one["id"].as_str().unwrap().to_owned())
        .collect();
    let mut asked = ids.clone();
    asked.insert(7, "nonsense".to_owned());
    asked.push(ids[3].clone());
    let (status, answer) = stand.json(
        "POST",
        "/v1/messages:status",
        "shop",
        &json!({"ids": asked}),
    );
    assert_eq!(status, 200, "{answer}");
    let messages = answer["messages"].as_array().unwrap();
    assert_eq!(messages.len(), 202);
    for (message, id) in messages.iter().zip(&asked) {
        assert_eq!(message["id"], *id);
        let is_known = id != "nonsense";
        assert_eq!(message["status"].is_string(), is_known, "{message}");
        assert_eq!(message["error"].is_object(), !is_known, "{message}");
    }
    let path = format!("/v1/messages?ids={},%20{}", ids[0], ids[199]);
    let (status, answer) = stand.json("GET", &path, "shop", &NONE);
    assert_eq!(
        (status, answer["messages"].as_array().unwrap().len()),
        (200, 2)
    );
    assert_eq!(answer["messages"][1]["id"], ids[199]);
    assert_eq!(answer["messages"][1]["events"][0]["state"], "accepted");
    let (_, answer) = stand.json("GET", &path, "other", &NONE);
    assert!(answer["messages"][0]["error"].is_object(), "{answer}");
    for (method, path, body) in [
        ("GET", "/v1/messages", NONE),
        ("POST", "/v1/messages:status", json!({"ids": []})),
        (
            "POST",
            "/v1/messages:status",
            json!({"ids": vec!["1"; 1_001]}),
        ),
        ("POST", "/v1/messages:status", json!({"ids": "1"})),
    ] {
        let (status, answer) = stand.json(method, path, "shop", &body);
        assert_eq!(
            (status, &answer["errors"][0]["field"]),
            (400, &json!("ids")),
            "{answer}"
        );
    }
    stand.close();
}
