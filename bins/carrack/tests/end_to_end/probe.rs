//! `carrack carrier probe` over sockets, and `carrack carrier check` and `carrack text explain` with what comes of it.

use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

use crate::carrier::{Carrier, settings};
use crate::node::PROGRAM;

fn run(arguments: &[&str]) -> Output {
    Command::new(PROGRAM)
        .args(arguments)
        .env_remove("CARRACK_CONFIG")
        .output()
        .unwrap()
}

fn said(output: &Output) -> String {
    format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )
}

fn probe(carrier: &Carrier, out: &Path, more: &[&str]) -> (Option<i32>, Value) {
    let address = carrier.address.to_string();
    let mut arguments = vec![
        "carrier",
        "probe",
        "--address",
        &address,
        "--system-id",
        "acme",
        "--password",
        "secret",
    ];
    arguments.extend([
        "--to",
        "+447700900123",
        "--rate",
        "50",
        "--receipt-wait",
        "3s",
        "--json",
        "--out",
    ]);
    arguments.push(out.to_str().unwrap());
    arguments.extend(more);
    let output = run(&arguments);
    let report = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{error}: {}", said(&output)));
    (output.status.code(), report)
}

fn quirks(report: &Value) -> Vec<&str> {
    let findings = report["findings"].as_array().unwrap();
    findings
        .iter()
        .filter_map(|finding| finding["quirk"].as_str())
        .collect()
}

#[test]
fn several_quirks_at_once_are_all_named() {
    for wanted in [
        vec![
            "ids-hex-decimal",
            "receipt-esm-zero",
            "error-body-nul",
            "version-none",
        ],
        vec![
            "receipt-tlv-disagrees",
            "receipt-ucs2",
            "dcs-no-1",
            "sequence-constant",
        ],
        vec!["drip", "receipt-data-sm", "id-uuid"],
        vec!["receipt-dialects", "ignore-unbind"],
    ] {
        let folder = tempfile::tempdir().unwrap();
        let carrier = Carrier::start(settings("north", 2, 30, &wanted));
        let (code, report) = probe(&carrier, folder.path(), &[]);
        assert_eq!(code, Some(0), "{report:#}");
        let found = quirks(&report);
        for quirk in &wanted {
            // On its way the network may join octets that were written one by one.
            let joined = *quirk == "drip" && found.contains(&"split-header");
            assert!(
                joined || found.contains(quirk),
                "{quirk} not among {found:?}\n{report:#}"
            );
        }
    }
}

/// A PDU with sequence number 1 as a line of a recording.
fn line(sign: char, command: u32, body: &[u8]) -> String {
    let length = 16 + u32::try_from(body.len()).unwrap();
    let header = [length, command, 0, 1].map(u32::to_be_bytes);
    let octets = header.as_flattened().iter().chain(body);
    let digits: String = octets.map(|octet| format!("{octet:02x}")).collect();
    format!("{sign} {digits}")
}

#[test]
fn the_draft_reads_back_and_fits_the_carrier_it_was_drawn_from() {
    let folder = tempfile::tempdir().unwrap();
    let carrier = Carrier::start(settings("north", 2, 30, &["ids-hex-decimal"]));
    let (code, report) = probe(&carrier, folder.path(), &[]);
    assert_eq!(code, Some(0), "{report:#}");
    for name in ["report.md", "report.json", "profile.toml"] {
        assert!(folder.path().join(name).is_file(), "{name}");
    }
    let draft = folder.path().join("profile.toml");
    let draft = draft.to_str().unwrap();
    let hex = folder.path().join("trace.hex");
    // A submit, its response with 0xff, and a receipt that calls it 255.
    let submit = b"\0\x05\0ACME\0\x01\x01447700900123\0\0\0\0\0\0\x01\0\0\0\x02hi";
    let receipt = "id:255 sub:001 dlvrd:001 submit date:2501010000 done date:2501010000 stat:DELIVRD err:000 text:hi";
    let mut delivery = b"\0\x01\x01447700900123\0\x05\0ACME\0\x04\0\0\0\0\0\0\0\0".to_vec();
    delivery.push(u8::try_from(receipt.len()).unwrap());
    delivery.extend_from_slice(receipt.as_bytes());
    let lines = [
        line('>', 0x0000_0004, submit),
        line('<', 0x8000_0004, b"ff\0"),
        line('<', 0x0000_0005, &delivery),
        line('>', 0x8000_0005, b"\0"),
    ];
    std::fs::write(&hex, lines.join("\n")).unwrap();
    let hex = hex.to_str().unwrap();
    let fits = run(&["carrier", "check", "--profile", draft, "--trace", hex]);
    assert_eq!(fits.status.code(), Some(0), "{}", said(&fits));
    let other = run(&["carrier", "check", "--profile", "uuid-ids", "--trace", hex]);
    assert_eq!(other.status.code(), Some(1), "{}", said(&other));
    assert!(
        said(&other).contains("1 receipts match no message"),
        "{}",
        said(&other)
    );
    let bases = "id_submit_base = \"hex\", id_receipt_base = \"decimal\"";
    assert!(said(&other).contains(bases), "{}", said(&other));
}

#[test]
fn a_probe_that_cannot_bind_says_what_may_help() {
    let folder = tempfile::tempdir().unwrap();
    let carrier = Carrier::start(settings("north", 1, 1, &["system-type-required=SMPP"]));
    let (code, report) = probe(&carrier, folder.path(), &[]);
    assert_eq!(code, Some(1));
    assert!(
        report["stopped"]
            .as_str()
            .unwrap()
            .contains("--system-type"),
        "{report:#}"
    );
    assert_eq!(quirks(&report), ["system-type-required"]);
    let (code, report) = probe(
        &carrier,
        folder.path(),
        &["--system-type", "SMPP", "--questions", "binds,goodbye"],
    );
    assert_eq!(
        (code, &report["totals"]["sent"]),
        (Some(0), &Value::from(0)),
        "{report:#}"
    );
    drop(carrier);

    let nobody = [
        "carrier",
        "probe",
        "--address",
        "127.0.0.1:1",
        "--system-id",
        "a",
        "--to",
        "+447700900123",
    ];
    let output = run(&nobody);
    assert_eq!(output.status.code(), Some(1));
    assert!(
        said(&output).contains("cannot connect to 127.0.0.1:1"),
        "{}",
        said(&output)
    );
}

#[test]
fn a_probe_says_beforehand_what_it_will_send() {
    let dry = [
        "carrier",
        "probe",
        "--address",
        "127.0.0.1:1",
        "--system-id",
        "a",
        "--to",
        "+447700900123",
        "--dry-run",
    ];
    let output = run(&dry);
    assert!(output.status.success());
    assert!(
        said(&output).contains("messages; nothing was sent"),
        "{}",
        said(&output)
    );
    for (more, part) in [
        (&["--messages-max", "3"][..], "--messages-max allows 3"),
        (&["--questions", "ids"], "known are binds"),
        (&["--measure-rate", "100000"], "more than the 1000"),
        (&["--to", "12"], "--to 12"),
        (&["--rate", "1000"], "no load test"),
        (&["--system-type", "thirteen-octs"], "room for 12"),
        (&["--tls", "--tls-cert", "x.pem"], "--tls-key"),
    ] {
        let output = run(&[&dry[..], more].concat());
        assert_eq!(output.status.code(), Some(2), "{}", said(&output));
        assert!(said(&output).contains(part), "{part}: {}", said(&output));
    }
}

#[test]
fn what_cannot_be_meant_is_refused_before_anything_is_sent() {
    let dry = |address, system_id| {
        run(&[
            "carrier",
            "probe",
            "--address",
            address,
            "--system-id",
            system_id,
            "--to",
            "+447700900123",
            "--dry-run",
        ])
    };
    for (output, part) in [
        (dry("127.0.0.1", "a"), "--address"),
        (dry("127.0.0.1:1", "sixteen-octets-x"), "room for 15"),
        (
            run(&["trace", "carrier", "north", "--for", "0s"]),
            "1s to 1h",
        ),
    ] {
        assert_eq!(output.status.code(), Some(2), "{}", said(&output));
        assert!(said(&output).contains(part), "{part}: {}", said(&output));
    }
}

#[test]
fn a_peer_that_is_no_smsc_ends_the_probe_and_is_named() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            // Whatever became of the connection, the next one comes.
            let _ = std::io::Read::read(&mut stream, &mut [0; 64]);
            let _ = std::io::Write::write_all(&mut stream, b"HTTP/1.1 400 Bad Request\r\n\r\n");
        }
    });
    let output = run(&[
        "carrier",
        "probe",
        "--address",
        &address,
        "--system-id",
        "a",
        "--to",
        "+447700900123",
        "--bind-wait",
        "1s",
    ]);
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    assert!(said(&output).contains("answered HTTP"), "{}", said(&output));
}

#[test]
fn recordings_that_cannot_be_read_say_why() {
    let folder = tempfile::tempdir().unwrap();
    let header = |link: u32| {
        let numbers = [0xA1B2_C3D4_u32, 0x0002_0004, 0, 0, 65_535, link];
        numbers.map(u32::to_be_bytes).as_flattened().to_vec()
    };
    let packet = |length: u32| {
        [1, 0, length, length]
            .map(u32::to_be_bytes)
            .as_flattened()
            .to_vec()
    };
    for (octets, part) in [
        (Vec::new(), "the file is empty"),
        (header(1), "without packets"),
        ([header(1), packet(60), vec![0; 20]].concat(), "was cut"),
        (
            [header(1), packet(0x7FFF_FFFF), vec![0; 20]].concat(),
            "packet 1",
        ),
        (
            [header(147), packet(4), vec![0; 4]].concat(),
            "link type 147",
        ),
    ] {
        let file = folder.path().join("x.pcap");
        std::fs::write(&file, octets).unwrap();
        let file = file.to_str().unwrap();
        let output = run(&["carrier", "check", "--profile", "uuid-ids", "--trace", file]);
        assert_eq!(output.status.code(), Some(2), "{part}: {}", said(&output));
        assert!(said(&output).contains(part), "{part}: {}", said(&output));
    }
}

#[test]
fn a_text_that_is_no_utf8_or_not_taken_ends_with_its_code() {
    use std::io::Write as _;
    use std::os::unix::ffi::OsStrExt as _;
    use std::process::Stdio;

    let broken = std::ffi::OsStr::from_bytes(b"a\xff");
    let argument = Command::new(PROGRAM)
        .args(["text", "explain"])
        .arg(broken)
        .output()
        .unwrap();
    let mut child = Command::new(PROGRAM)
        .args(["text", "explain", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(b"a\xff").unwrap();
    let input = child.wait_with_output().unwrap();
    assert_eq!(
        (argument.status.code(), input.status.code()),
        (Some(2), Some(2))
    );
    assert!(said(&input).contains("octet 2"), "{}", said(&input));

    let folder = tempfile::tempdir().unwrap();
    let profile = folder.path().join("p.toml");
    std::fs::write(&profile, "dcs_allowed = [1]\n").unwrap();
    let output = run(&[
        "text",
        "explain",
        "gr\u{fc}n",
        "--profile",
        profile.to_str().unwrap(),
    ]);
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    assert!(said(&output).contains("data_coding 8"), "{}", said(&output));
}

#[test]
fn a_text_is_explained() {
    let output = run(&["text", "explain", "It\u{2019}s 5 \u{20ac}", "--json"]);
    assert!(output.status.success(), "{}", said(&output));
    let found: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(
        (&found["alphabet"], &found["data_coding"]),
        (&Value::from("UCS-2"), &Value::from(8))
    );
    let costly = found["costly"].as_array().unwrap();
    assert!(
        costly
            .iter()
            .any(|each| each["char"] == "\u{2019}" && each["suggestion"] == "'"),
        "{found:#}"
    );
    let output = run(&["text", "explain", "plain"]);
    assert!(
        said(&output).contains("GSM 7-bit, data_coding 0: 1 segment, 5 septets"),
        "{}",
        said(&output)
    );
    let output = run(&["text", "explain", "x", "--profile", "no-such-profile"]);
    assert_eq!(output.status.code(), Some(2));
}
