//! `smsload http --bulk` against a small server: lines out, verdicts back on the same connection, refusals, a broken stream.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::time::Duration;

use carrack_loadtest::load::{LoadReport, Pace, Texts, http};

/// Answers the lines of one stream until there were so many; every tenth is refused.
fn serve(listener: &TcpListener, lines_max: u64) {
    let (stream, _) = listener.accept().unwrap();
    let mut answers = stream.try_clone().unwrap();
    let mut reader = BufReader::new(stream);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        reader.read_line(&mut head).unwrap();
    }
    assert!(head.starts_with("POST /v1/messages:bulk "), "{head}");
    assert!(head.contains("application/x-ndjson"), "{head}");
    answers
        .write_all(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        .unwrap();
    let mut line = 0;
    loop {
        let mut size = String::new();
        reader.read_line(&mut size).unwrap();
        let size = usize::from_str_radix(size.trim(), 16).unwrap();
        let mut chunk = vec![0; size + 2];
        reader.read_exact(&mut chunk).unwrap();
        if size == 0 {
            answers.write_all(b"0\r\n\r\n").unwrap();
            return;
        }
        let mut said = String::new();
        for text in String::from_utf8(chunk).unwrap().trim_end().lines() {
            let message: serde_json::Value = serde_json::from_str(text).unwrap();
            line += 1;
            if line > lines_max {
                return;
            }
            let to = message["to"].as_str().unwrap();
            let verdict = match line % 10 {
                0 => format!(
                    "{{\"line\":{line},\"to\":\"{to}\",\"error\":{{\"field\":\"to\",\"type\":\"bad\"}}}}\n"
                ),
                _ => format!(
                    "{{\"line\":{line},\"id\":\"x\",\"to\":\"{to}\",\"status\":\"accepted\"}}\n"
                ),
            };
            said.push_str(&verdict);
        }
        let said = format!("{:x}\r\n{said}\r\n", said.len());
        answers.write_all(said.as_bytes()).unwrap();
    }
}

fn drive(count: u64, breaks_after: Option<u64>) -> LoadReport {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let server = std::thread::spawn(move || {
        if let Some(lines) = breaks_after {
            serve(&listener, lines);
        }
        serve(&listener, u64::MAX);
    });
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let options = http::Options {
        url,
        key: "secret".into(),
        connections: 1,
        response_timeout: Duration::from_secs(5),
        bulk: Some(50),
        keys: None,
    };
    let texts = Texts::new("447700900", 3, "ACME", 7);
    let load = http::run(options, texts, Pace::new(Some(count), None, None));
    let report = tokio::task::LocalSet::new()
        .block_on(&runtime, load)
        .unwrap();
    server.join().unwrap();
    report
}

#[test]
fn every_line_is_counted_once() {
    let report = drive(1_000, None);
    assert_eq!((report.sent, report.accepted), (1_000, 900));
    assert_eq!((report.refused["bad"], report.unanswered), (100, 0));
}

#[test]
fn lines_of_a_broken_stream_are_unanswered_and_the_rest_goes_by_another() {
    let report = drive(1_000, Some(205));
    assert_eq!(report.sent, 1_000);
    let answered = report.accepted + report.refused_total();
    assert_eq!(answered + report.unanswered, 1_000);
    assert!((1..=50).contains(&report.unanswered), "{report:?}");
}
