//! A rack on real ports: what a host writes to a pty or a TCP port is answered, a port that is unplugged is gone and comes back, and orders come over a socket.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

use carrack_loadtest::modem::edge::{Control, Detached, Setup, tell};
use carrack_loadtest::modem::{Dialect, Settings};
use std::fs::OpenOptions;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::PathBuf;
use std::sync::mpsc;
use std::time::Duration;

/// However slow the machine is.
const PATIENCE: Duration = Duration::from_secs(20);

/// One segment to +447700900001, binary, report wanted.
const SUBMIT: &str = "AT+CMGS=16\r";
const PDU: &str = "0031000C91447700090010000 4A7026869\x1a";

fn settings(modems: usize) -> Settings {
    Settings {
        modems,
        dialects: Dialect::ALL.to_vec(),
        // A modem that hears is registered, too.
        register_ns: 0,
        ..Settings::default()
    }
}

/// Talks: writes each line, and waits for its word. The last words heard are given back.
fn talk(
    mut stream: impl Read + Write + Send + 'static,
    lines: Vec<(String, &'static str)>,
) -> Result<String, String> {
    let (done, result) = mpsc::channel();
    std::thread::spawn(move || {
        let mut all = String::new();
        for (line, word) in lines {
            all.clear();
            let _ = stream.write_all(line.as_bytes());
            let mut buffer = [0; 256];
            while !all.contains(word) {
                match stream.read(&mut buffer) {
                    Ok(0) | Err(_) => {
                        let _ = done.send(Err(format!("gone after {all:?}")));
                        return;
                    }
                    Ok(count) => all.extend(buffer[..count].iter().map(|octet| char::from(*octet))),
                }
            }
        }
        let _ = done.send(Ok(all));
    });
    result
        .recv_timeout(PATIENCE)
        .unwrap_or_else(|_| Err("nothing came".into()))
}

fn sending() -> Vec<(String, &'static str)> {
    vec![
        ("ATE0\r".into(), "OK"),
        ("AT+CNMI=2,1,0,1,0\r".into(), "OK"),
        (SUBMIT.into(), "> "),
        (PDU.replace(' ', ""), "+CDS:"),
    ]
}

/// An empty folder of this test.
fn folder(name: &str) -> PathBuf {
    let folder = std::env::temp_dir().join(format!("carrack-modems-{name}-{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

#[test]
fn a_host_sends_over_tcp_and_time_passes_sixty_times_as_fast() {
    let rack = Detached::start(Setup::tcp(settings(2)).time_scale(60.0)).unwrap();
    assert_eq!(rack.ports.len(), 2);
    for port in &rack.ports {
        let stream = TcpStream::connect(port.strip_prefix("tcp://").unwrap()).unwrap();
        talk(stream, sending()).unwrap();
    }
    let report = rack.report();
    assert_eq!((report.sum.counts.taken, report.sum.counts.reports), (2, 2));
    assert_eq!((report.sum.duplicates, report.sum.distinct_texts), (1, 1));
    // Two times 2.5 s of sending and 4 s to the report.
    assert!(report.seconds >= 12.0, "{}", report.seconds);
}

#[test]
fn a_host_sends_over_a_pty_that_is_unplugged_and_comes_back() {
    let folder = folder("pty");
    let rack = Detached::start(Setup::folder(&folder, settings(1)).time_scale(60.0)).unwrap();
    let link = folder.join("modem-0");
    let open = || OpenOptions::new().read(true).write(true).open(&link);
    talk(open().unwrap(), sending()).unwrap();
    // Who holds it loses it; its name is gone.
    let held = open().unwrap();
    rack.order("0 unplug").unwrap();
    let lost = talk(held, vec![("AT\r".into(), "never")]);
    assert!(lost.unwrap_err().contains("gone"));
    let began = std::time::Instant::now();
    while open().is_ok() && began.elapsed() < PATIENCE {
        std::thread::sleep(Duration::from_millis(5));
    }
    assert!(open().is_err());
    rack.order("0 plug").unwrap();
    while open().is_err() && began.elapsed() < PATIENCE {
        std::thread::sleep(Duration::from_millis(5));
    }
    // It boots: what is written then is lost, so a host asks until it answers.
    let answered = (0..100).any(|_| {
        std::thread::sleep(Duration::from_millis(50));
        rack.report().modems[0].is_well
    });
    assert!(answered);
    talk(open().unwrap(), sending()).unwrap();
    assert_eq!(rack.report().sum.counts.taken, 2);
    drop(rack);
    assert!(open().is_err(), "the link stays behind");
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn orders_come_over_a_socket_and_a_wrong_one_says_so() {
    let folder = folder("orders");
    let control = Control::Unix(folder.join("control"));
    let setup = Setup {
        control: Some(control.clone()),
        ..Setup::tcp(settings(2))
    };
    let rack = Detached::start(setup).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let order = |order: &str| runtime.block_on(tell(&control, order));
    assert_eq!(order("1 silent power").unwrap(), "ok");
    let wells: Vec<bool> = rack
        .report()
        .modems
        .iter()
        .map(|modem| modem.is_well)
        .collect();
    assert_eq!(wells, [true, false]);
    assert!(
        order("7 power cycle")
            .unwrap_err()
            .to_string()
            .contains("no such modem")
    );
    assert!(
        order("0 dance")
            .unwrap_err()
            .to_string()
            .contains("no such order")
    );
    let report: serde_json::Value = serde_json::from_str(&order("report").unwrap()).unwrap();
    assert_eq!(report["modems"][1]["silences"], 1);
    assert_eq!(order("* heal").unwrap(), "ok");
    assert!(rack.report().modems[1].is_well);
    std::fs::remove_dir_all(folder).unwrap();
}
