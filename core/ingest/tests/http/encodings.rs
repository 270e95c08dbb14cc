//! Bodies and answers that are packed, and pages of other origins.

use super::*;
use flate2::Compression;
use flate2::read::MultiGzDecoder;
use flate2::write::GzEncoder;

fn gzip(octets: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(octets).unwrap();
    encoder.finish().unwrap()
}

fn zstd(octets: &[u8]) -> Vec<u8> {
    zstd::bulk::compress(octets, 3).unwrap()
}

/// A whole answer: status, head in lower case, body as it came.
fn raw(stand: &Stand, head: &str, body: &[u8]) -> (u16, String, Vec<u8>) {
    let mut stream = TcpStream::connect(stand.door.address()).unwrap();
    stream
        .set_read_timeout(Some(Duration::from_secs(20)))
        .unwrap();
    let head = format!(
        "{head}\r\nHost: x\r\nConnection: close\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).unwrap();
    let _ = stream.write_all(body);
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    let end = answer
        .windows(4)
        .position(|octets| octets == b"\r\n\r\n")
        .unwrap();
    let head = String::from_utf8_lossy(&answer[..end]).to_ascii_lowercase();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    (status, head, answer[end + 4..].to_vec())
}

fn post(stand: &Stand, path: &str, encoding: &str, body: &[u8]) -> (u16, String) {
    let head = format!(
        "POST {path} HTTP/1.1\r\nAuthorization: Bearer shop-key\r\nContent-Encoding: {encoding}"
    );
    let (status, _, body) = raw(stand, &head, body);
    (status, String::from_utf8_lossy(&body).into_owned())
}

const BODY: &str = "{\"to\":\"491700000001\",\"text\":\"x\"}\n";

#[test]
fn a_packed_body_is_read_as_what_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let stand = open(folder.path());
    let body = BODY.as_bytes();
    let (first, second) = BODY.split_at(10);
    let twice = [gzip(first.as_bytes()), gzip(second.as_bytes())].concat();
    for (encoding, packed) in [
        ("gzip", gzip(body)),
        ("X-GZIP", gzip(body)),
        ("zstd", zstd(body)),
        ("identity", body.to_vec()),
        ("gzip", twice),
    ] {
        let (status, answer) = post(&stand, "/v1/messages", encoding, &packed);
        assert_eq!(status, 202, "{encoding}: {answer}");
        let lines = match encoding {
            "zstd" => zstd(BODY.repeat(3).as_bytes()),
            "identity" => BODY.repeat(3).into_bytes(),
            _ => gzip(BODY.repeat(3).as_bytes()),
        };
        let (status, answer) = post(&stand, "/v1/messages:bulk", encoding, &lines);
        assert_eq!(
            (status, answer.matches("accepted").count()),
            (200, 3),
            "{answer}"
        );
    }
    let csv = gzip(b"to,text\n491700000001,x\n");
    assert_eq!(post(&stand, "/v1/batches?from=ACME", "gzip", &csv).0, 202);
    stand.close();
}

#[test]
fn a_file_is_in_the_charset_that_stands_beside_its_media_type() {
    let folder = tempfile::tempdir().unwrap();
    let stand = open(folder.path());
    let file = b"to,text\n491700000001,\xCF\xF0\xE8\xE2\xE5\xF2\n";
    let form = [
        &b"--x\r\nContent-Disposition: form-data; name=\"file\"\r\nContent-Type: text/csv; charset=Windows-1251\r\n\r\n"[..],
        file,
        b"\r\n--x--\r\n",
    ]
    .concat();
    let path = "/v1/batches?from=ACME&dry_run=true";
    for (media, body) in [
        ("text/csv; charset=windows-1251", &file[..]),
        ("text/csv;header=present; Charset=\"CP1251\"", &file[..]),
        ("multipart/form-data; boundary=x", &form[..]),
    ] {
        let (status, _, answer) = stand.call("POST", path, "shop", media, body);
        let view: Value = serde_json::from_str(&answer).unwrap();
        assert_eq!(
            (
                status,
                &view["encoding"],
                &view["outside_gsm7"][0]["character"]
            ),
            (200, &json!("windows-1251"), &json!("П")),
            "{answer}"
        );
    }
    for (media, option, expected) in [
        ("text/csv; charset=us-ascii", "", "latin-1"),
        ("text/csv", "&encoding=koi8-r", "koi8-r"),
        ("text/csv; charset=koi8-r", "&encoding=KOI8-R", "koi8-r"),
        (
            "text/csv; charset=iso-8859-1",
            "&encoding=windows-1252",
            "windows-1252",
        ),
    ] {
        let path = format!("{path}{option}");
        let (status, _, answer) = stand.call("POST", &path, "shop", media, file);
        let view: Value = serde_json::from_str(&answer).unwrap();
        assert_eq!((status, &view["encoding"]), (200, &json!(expected)));
    }
    let unknown = "text/csv; charset=klingon";
    let (status, _, answer) = stand.call("POST", path, "shop", unknown, file);
    assert!(
        status == 415 && answer.contains("klingon"),
        "{status} {answer}"
    );
    let path = format!("{path}&encoding=utf-8");
    for (media, body) in [
        ("text/csv; charset=windows-1251", &file[..]),
        ("multipart/form-data; boundary=x", &form[..]),
    ] {
        let (status, _, answer) = stand.call("POST", &path, "shop", media, body);
        let problem: Value = serde_json::from_str(&answer).unwrap();
        assert_eq!(
            (status, &problem["errors"][0]["field"]),
            (400, &json!("encoding")),
            "{answer}"
        );
    }
    stand.close();
}

#[test]
fn a_body_that_is_not_what_it_says_is_a_fault_of_its_client() {
    let folder = tempfile::tempdir().unwrap();
    let stand = open(folder.path());
    let packed = gzip(BODY.as_bytes());
    for (encoding, body, expected) in [
        ("br", packed.as_slice(), 415),
        ("gzip, gzip", packed.as_slice(), 415),
        ("gzip", BODY.as_bytes(), 400),
        ("gzip", &packed[..packed.len() - 9], 400),
        ("zstd", packed.as_slice(), 400),
    ] {
        let (status, answer) = post(&stand, "/v1/messages", encoding, body);
        assert_eq!(status, expected, "{encoding}: {answer}");
        assert!(answer.contains("\"detail\""), "{answer}");
    }
    let (status, answer) = post(&stand, "/v1/messages:bulk", "zstd", &packed);
    assert_eq!(
        (status, answer.contains("\"status\":400")),
        (200, true),
        "{answer}"
    );
    stand.close();
}

#[test]
fn a_body_that_grows_without_end_is_refused_at_its_bound() {
    let folder = tempfile::tempdir().unwrap();
    let stand = open(folder.path());
    let nothing = vec![b' '; 64 << 20];
    for (encoding, bomb) in [("gzip", gzip(&nothing)), ("zstd", zstd(&nothing))] {
        let (status, answer) = post(&stand, "/v1/messages", encoding, &bomb);
        assert_eq!(status, 413, "{answer}");
        let (status, answer) = post(&stand, "/v1/messages:bulk", encoding, &bomb);
        assert_eq!(
            (status, answer.contains("longer than 65536 octets")),
            (200, true),
            "{answer}"
        );
        let (status, answer) = post(&stand, "/v1/batches", encoding, &bomb);
        assert_eq!(status, 413, "{answer}");
    }
    stand.close();
}

/// The reader of forms takes all that is ready; of a packed body that is everything.
#[test]
fn a_form_that_grows_without_end_is_refused_at_its_bound() {
    let folder = tempfile::tempdir().unwrap();
    let stand = open(folder.path());
    let part =
        |name: &str| format!("--x\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n");
    let nothing = vec![b' '; 64 << 20];
    let many = |name: fn(usize) -> String| {
        let parts = (0..1_000).map(|place| part(&name(place)) + "x\r\n");
        parts.collect::<String>()
    };
    for (form, expected, why) in [
        (part("file"), 413, "larger than"),
        (part("template"), 413, "`template` is longer than"),
        (String::new(), 400, "no part begins"),
        (
            "--x\r\nContent-Disposition: ".to_owned(),
            400,
            "no part begins",
        ),
        (many(|place| format!("column.{place}")), 400, "no field"),
        (many(|place| format!("wrong{place}")), 400, "is unknown"),
        (many(|_| "file".to_owned()), 400, "is unknown"),
    ] {
        let form = [form.as_bytes(), &nothing].concat();
        for (encoding, bomb) in [("gzip", gzip(&form)), ("zstd", zstd(&form))] {
            let head = format!(
                "POST /v1/batches HTTP/1.1\r\nAuthorization: Bearer shop-key\r\nContent-Encoding: {encoding}\r\nContent-Type: multipart/form-data; boundary=x"
            );
            let (status, _, answer) = raw(&stand, &head, &bomb);
            let answer = String::from_utf8_lossy(&answer).into_owned();
            assert_eq!((status, answer.contains(why)), (expected, true), "{answer}");
        }
    }
    stand.close();
}

#[test]
fn answers_are_packed_for_those_who_ask_and_not_for_others() {
    let folder = tempfile::tempdir().unwrap();
    let stand = open(folder.path());
    let ids = vec!["nonsense"; 100].join(",");
    let asked = |accepts: &str| {
        let head = format!(
            "GET /v1/messages?ids={ids} HTTP/1.1\r\nAuthorization: Bearer shop-key\r\nAccept-Encoding: {accepts}"
        );
        raw(&stand, &head, b"")
    };
    let (_, head, plain) = asked("identity");
    assert!(!head.contains("content-encoding"), "{head}");
    let plain = String::from_utf8(plain).unwrap();
    for encoding in ["gzip", "zstd"] {
        let (status, head, packed) = asked(encoding);
        assert_eq!(status, 200);
        assert!(
            head.contains(&format!("content-encoding: {encoding}")),
            "{head}"
        );
        let packed = unchunked(&packed);
        let mut text = String::new();
        match encoding {
            "gzip" => MultiGzDecoder::new(packed.as_slice())
                .read_to_string(&mut text)
                .unwrap(),
            _ => zstd::Decoder::new(packed.as_slice())
                .unwrap()
                .read_to_string(&mut text)
                .unwrap(),
        };
        assert_eq!(text, plain);
    }
    stand.close();
}

#[test]
fn a_packed_stream_comes_to_its_end() {
    let folder = tempfile::tempdir().unwrap();
    let stand = open(folder.path());
    for lines in ["", BODY] {
        let head = "POST /v1/messages:bulk HTTP/1.1\r\nAuthorization: Bearer shop-key\r\nAccept-Encoding: zstd";
        let (status, head, packed) = raw(&stand, head, lines.as_bytes());
        assert_eq!(status, 200, "{head}");
        let mut text = String::new();
        let packed = unchunked(&packed);
        zstd::Decoder::new(packed.as_slice())
            .unwrap()
            .read_to_string(&mut text)
            .unwrap();
        assert_eq!(text.lines().count(), lines.lines().count(), "{text}");
    }
    stand.close();
}

fn unchunked(mut rest: &[u8]) -> Vec<u8> {
    let mut whole = Vec::new();
    while let Some(end) = rest.windows(2).position(|octets| octets == b"\r\n") {
        let length = usize::from_str_radix(std::str::from_utf8(&rest[..end]).unwrap(), 16).unwrap();
        let begin = end + 2;
        // The last block may not be whole yet.
        whole.extend_from_slice(&rest[begin..rest.len().min(begin + length)]);
        rest = rest.get(begin + length + 2..).unwrap_or_default();
    }
    whole
}

/// Verdicts of a packed stream come as soon as its lines have: neither way holds them back.
#[test]
fn a_packed_stream_is_not_held_back() {
    let folder = tempfile::tempdir().unwrap();
    let stand = open(folder.path());
    let mut stream = TcpStream::connect(stand.door.address()).unwrap();
    stream
        .set_read_timeout(Some(Duration::from_secs(20)))
        .unwrap();
    let head = "POST /v1/messages:bulk HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer shop-key\r\nContent-Encoding: gzip\r\nAccept-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n";
    stream.write_all(head.as_bytes()).unwrap();
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(BODY.as_bytes()).unwrap();
    encoder.flush().unwrap();
    let packed = std::mem::take(encoder.get_mut());
    stream
        .write_all(format!("{:x}\r\n", packed.len()).as_bytes())
        .unwrap();
    stream.write_all(&packed).unwrap();
    stream.write_all(b"\r\n").unwrap();
    // The body goes on; its first verdict is here all the same.
    let (mut answer, mut text) = (Vec::new(), String::new());
    while !text.contains("accepted") {
        let mut space = [0; 4096];
        let read = stream.read(&mut space).unwrap();
        assert!(read > 0, "closed after {text}");
        answer.extend_from_slice(&space[..read]);
        let Some(end) = answer.windows(4).position(|octets| octets == b"\r\n\r\n") else {
            continue;
        };
        text.clear();
        // What is there so far; that it ends in the middle is no fault.
        let _ =
            MultiGzDecoder::new(unchunked(&answer[end + 4..]).as_slice()).read_to_string(&mut text);
    }
    drop(stream);
    stand.close();
}

#[test]
fn pages_of_listed_origins_may_call_and_others_are_not_told_so() {
    let folder = tempfile::tempdir().unwrap();
    let stand = open(folder.path());
    let preflight = |origin: &str| {
        let head = format!(
            "OPTIONS /v1/messages HTTP/1.1\r\nOrigin: {origin}\r\nAccess-Control-Request-Method: POST\r\nAccess-Control-Request-Headers: authorization"
        );
        raw(&stand, &head, b"")
    };
    let (status, head, _) = preflight("https://app.example.com");
    assert_eq!(status, 200, "{head}");
    assert!(
        head.contains("access-control-allow-origin: https://app.example.com"),
        "{head}"
    );
    assert!(head.contains("authorization"), "{head}");
    let (_, head, _) = preflight("https://evil.example.com");
    assert!(!head.contains("access-control-allow-origin"), "{head}");
    let head = "GET /v1/messages/1 HTTP/1.1\r\nAuthorization: Bearer shop-key\r\nOrigin: https://app.example.com";
    let (status, head, _) = raw(&stand, head, b"");
    assert_eq!(status, 404);
    assert!(
        head.contains("access-control-allow-origin: https://app.example.com"),
        "{head}"
    );
    stand.close();
}
