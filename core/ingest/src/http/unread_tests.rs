//! Bodies that come early, late, in pieces, or to a call that does not want them.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use axum::Router;
use axum::http::StatusCode;
use axum::routing::post;
use tokio::sync::watch;

use super::calls::Calls;
use super::connection::Serving;

/// More than the buffers of two sockets hold.
const LARGE: usize = 32 << 20;

/// Serves connections of a router: one call reads nothing and refuses, the other gives back what it was sent.
fn refusing() -> SocketAddr {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(async move {
            let listener = tokio::net::TcpListener::from_std(listener).unwrap();
            let (_open, closing) = watch::channel(false);
            let refuse = || async { (StatusCode::SERVICE_UNAVAILABLE, "come again") };
            let give_back = |body: String| async move { format!("{body}, come again") };
            let serving = Serving {
                calls: Calls::plain(
                    Router::new()
                        .route("/", post(refuse))
                        .route("/echo", post(give_back)),
                ),
                tls: None,
                of_address: super::held::Held::new(1_000),
                request_timeout: Duration::from_secs(5),
                closing,
            };
            while let Ok((stream, peer)) = listener.accept().await {
                serving.clone().serve(stream, peer).await;
            }
        });
    });
    address
}

fn connect(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).unwrap();
    let limit = Some(Duration::from_secs(20));
    stream.set_read_timeout(limit).unwrap();
    stream.set_write_timeout(limit).unwrap();
    stream
}

fn head(octets: usize, more: &str) -> String {
    format!("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: {octets}\r\n{more}\r\n")
}

/// One answer: its head, in lower case; the body of a refusal is `come again`.
fn answer(stream: &mut TcpStream) -> String {
    let mut text = Vec::new();
    while !text.ends_with(b"come again") {
        let mut octet = [0];
        stream
            .read_exact(&mut octet)
            .unwrap_or_else(|fault| panic!("{fault} after {:?}", String::from_utf8_lossy(&text)));
        text.extend(octet);
    }
    String::from_utf8(text).unwrap().to_ascii_lowercase()
}

#[test]
fn client_that_sends_all_before_it_reads_gets_the_refusal() {
    let mut stream = connect(refusing());
    stream.write_all(head(LARGE, "").as_bytes()).unwrap();
    stream
        .write_all(&vec![b'x'; LARGE])
        .expect("the door goes on reading what it does not want");
    let said = answer(&mut stream);
    assert!(said.starts_with("http/1.1 503 "), "{said}");
    assert!(said.contains("\r\nconnection: close\r\n"), "{said}");
    assert_eq!(stream.read(&mut [0]).unwrap(), 0, "and then it closes");
}

#[test]
fn client_that_reads_meanwhile_has_the_refusal_at_once() {
    let mut stream = connect(refusing());
    let begun = Instant::now();
    stream.write_all(head(LARGE, "").as_bytes()).unwrap();
    stream.write_all(&vec![b'x'; 100_000]).unwrap();
    let said = answer(&mut stream);
    assert!(said.starts_with("http/1.1 503 "), "{said}");
    assert!(begun.elapsed() < Duration::from_secs(1));
}

#[test]
fn small_body_that_nobody_read_costs_no_connection() {
    let mut stream = connect(refusing());
    for _ in 0..3 {
        stream.write_all(head(30_000, "").as_bytes()).unwrap();
        stream.write_all(&[b'x'; 30_000]).unwrap();
        let said = answer(&mut stream);
        assert!(said.starts_with("http/1.1 503 "), "{said}");
        assert!(!said.contains("connection: close"), "{said}");
    }
}

#[test]
fn body_in_pieces_comes_whole_to_its_call() {
    let mut stream = connect(refusing());
    let (first, second) = ("x".repeat(1_000), "y".repeat(20_000));
    let whole = format!("{first}{second}");
    let echo = |octets| head(octets, "").replace("/ ", "/echo ");
    // Together with its head, behind it, and cut by it.
    for pieces in [
        vec![format!("{}{whole}", echo(21_000))],
        vec![echo(21_000), whole.clone()],
        vec![format!("{}{first}", echo(21_000)), second],
    ] {
        for piece in pieces {
            stream.write_all(piece.as_bytes()).unwrap();
            // Lets the door see the piece by itself; the outcome does not depend on it.
            std::thread::sleep(Duration::from_millis(20));
        }
        let said = answer(&mut stream);
        assert!(said.starts_with("http/1.1 200 "), "{said}");
        assert!(said.contains(&whole), "{said}");
    }
}

#[test]
fn client_that_waits_to_be_asked_is_not_asked_for_a_body_that_nobody_wants() {
    let mut stream = connect(refusing());
    let head = head(30_000, "Expect: 100-continue\r\n");
    stream.write_all(head.as_bytes()).unwrap();
    let said = answer(&mut stream);
    assert!(said.starts_with("http/1.1 503 "), "{said}");
    assert!(said.contains("\r\nconnection: close\r\n"), "{said}");
}

#[test]
fn client_that_falls_silent_holds_its_connection_for_two_seconds() {
    let address = refusing();
    let mut stream = connect(address);
    stream.write_all(head(LARGE, "").as_bytes()).unwrap();
    answer(&mut stream);
    // The next client is served when the place of the silent one is free.
    let begun = Instant::now();
    let mut next = connect(address);
    next.write_all(head(3, "").as_bytes()).unwrap();
    next.write_all(b"abc").unwrap();
    answer(&mut next);
    assert!(begun.elapsed() < Duration::from_secs(5), "{begun:?}");
}
