//! How fast events go to a receiver that takes its time, and over how many connections.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    dead_code
)]

#[path = "support/desk.rs"]
mod desk;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use carrack_engine::Telling;
use carrack_ingest::accounts::{AccountBook, AccountSpec, Accounts};
use carrack_ingest::webhook::{WebhookSpec, Webhooks};
use carrack_message::{CallbackKind, StateEvents, Status};
use carrack_settings::{Secret, Webhook};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use desk::Desk;

const ACCOUNT: u32 = 97;

#[derive(Default)]
struct Counts {
    connections: AtomicUsize,
    requests: AtomicUsize,
}

/// Answers each request after that time.
async fn serve(mut stream: TcpStream, latency: Duration, counts: Arc<Counts>) {
    let mut buffer = Vec::new();
    loop {
        let head = loop {
            let end = buffer.windows(4).position(|four| four == b"\r\n\r\n");
            if let Some(end) = end {
                break end + 4;
            }
            if stream.read_buf(&mut buffer).await.unwrap_or(0) == 0 {
                return;
            }
        };
        let text = String::from_utf8_lossy(&buffer[..head]).to_lowercase();
        let length = text
            .lines()
            .find_map(|line| line.strip_prefix("content-length:"));
        let length: usize = length.unwrap().trim().parse().unwrap();
        while buffer.len() < head + length {
            if stream.read_buf(&mut buffer).await.unwrap_or(0) == 0 {
                return;
            }
        }
        buffer.drain(..head + length);
        counts.requests.fetch_add(1, Ordering::Relaxed);
        tokio::time::sleep(latency).await;
        if stream
            .write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
            .await
            .is_err()
        {
            return;
        }
    }
}

fn receiver(latency: Duration) -> (String, Arc<Counts>) {
    let counts = Arc::new(Counts::default());
    let serving = Arc::clone(&counts);
    let (tell, told) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(async move {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            tell.send(listener.local_addr().unwrap()).unwrap();
            while let Ok((stream, _)) = listener.accept().await {
                stream.set_nodelay(true).unwrap();
                serving.connections.fetch_add(1, Ordering::Relaxed);
                tokio::spawn(serve(stream, latency, Arc::clone(&serving)));
            }
        });
    });
    (format!("http://{}/hook", told.recv().unwrap()), counts)
}

/// Events, requests at a time and events a request; gives events a second, and what the receiver counted.
fn run(events: usize, latency: Duration, concurrency: u32, batch_max: u32) -> (f64, Arc<Counts>) {
    let (url, counts) = receiver(latency);
    let mut webhook = Webhook::at(url.parse().unwrap(), vec![Secret::new("whsec-0123456789")]);
    (webhook.terms.concurrency, webhook.batch_max) = (concurrency, batch_max);
    let account = AccountSpec {
        webhook: Some(webhook),
        ..AccountSpec::named("a")
    };
    let desk = Desk::default();
    let telling = Telling {
        kind: CallbackKind::Webhook,
        events: StateEvents::ALL,
        level: 0,
        get: false,
        url: "".into(),
        client_ref: None,
        batch: None,
    };
    for _ in 0..events {
        desk.ends(ACCOUNT, Status::Delivered, false, &telling);
    }
    let book = Accounts::build(&[account], |_| Some(ACCOUNT)).unwrap();
    let day = Duration::from_secs(86_400);
    let spec = WebhookSpec {
        data_dir: desk.folder(),
        mo_keep: day,
        tell_within: day,
    };
    let begun = Instant::now();
    let door = Webhooks::start(spec, desk.clone(), Arc::new(AccountBook::new(book))).unwrap();
    while desk.told_count(ACCOUNT) < events {
        assert!(begun.elapsed() < Duration::from_secs(60), "not in time");
        std::thread::sleep(Duration::from_millis(5));
    }
    let rate = events as f64 / begun.elapsed().as_secs_f64();
    door.stop(Duration::from_secs(1));
    (rate, counts)
}

#[test]
fn connections_are_used_again_and_again() {
    let (rate, counts) = run(4_000, Duration::from_millis(2), 32, 1);
    let connections = counts.connections.load(Ordering::Relaxed);
    println!("{rate:.0} events/s over {connections} connections");
    assert!(
        connections <= 64,
        "{connections} connections for 32 requests at a time"
    );
    assert_eq!(counts.requests.load(Ordering::Relaxed), 4_000);
}

/// The figures of docs/performance.md: `--ignored --nocapture`.
#[test]
#[ignore = "a measurement"]
fn events_a_second_to_a_receiver_of_fifty_milliseconds() {
    for (concurrency, batch_max) in [(4, 1), (64, 1), (256, 1), (4, 100), (16, 100), (64, 500)] {
        let events = if concurrency < 64 && batch_max == 1 {
            1_000
        } else {
            40_000
        };
        let (rate, counts) = run(events, Duration::from_millis(50), concurrency, batch_max);
        let connections = counts.connections.load(Ordering::Relaxed);
        println!(
            "concurrency {concurrency}, batch_max {batch_max}: {rate:.0} events/s over {connections} connections"
        );
    }
}
