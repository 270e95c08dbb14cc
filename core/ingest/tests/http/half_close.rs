//! Clients that close their side as soon as their request is written (`nc -N`) get their answer all the same.

use std::net::Shutdown;

use super::*;

/// Requests of each kind: an answer that is lost is lost by chance.
const TIMES: usize = 10;

/// Writes octets, says that there are no more, and reads what comes until the door closes.
fn said_after(address: SocketAddr, octets: &[u8]) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    let patience = Duration::from_secs(20);
    stream.set_read_timeout(Some(patience)).unwrap();
    stream.write_all(octets).unwrap();
    stream.shutdown(Shutdown::Write).unwrap();
    let mut said = Vec::new();
    stream.read_to_end(&mut said).unwrap();
    String::from_utf8(said).unwrap()
}

fn post(path: &str, media: &str, body: &str) -> Vec<u8> {
    format!(
        "POST {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer shop-key\r\nContent-Type: {media}\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

const MESSAGE: &str = r#"{"to":"491700000001","text":"x"}"#;
const FILE: &str = "to,text\n491700000001,one\n491700000002,two\n";

#[test]
fn a_whole_request_is_answered_though_its_client_writes_no_more() {
    let folder = tempfile::tempdir().unwrap();
    let stand = open(folder.path());
    let address = stand.door.address();
    let ndjson = "application/x-ndjson";
    let chunked = "POST /v1/messages:bulk HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer shop-key\r\nTransfer-Encoding: chunked\r\n\r\n";
    let chunked = format!(
        "{chunked}{:x}\r\n{MESSAGE}\n\r\n0\r\n\r\n",
        MESSAGE.len() + 1
    );
    let get = "GET /v1/messages?ids=1 HTTP/1.0\r\nAuthorization: Bearer shop-key\r\n\r\n";
    for time in 0..TIMES {
        for (request, status, part) in [
            (
                post("/v1/messages", "application/json", MESSAGE),
                202,
                "\"accepted\"",
            ),
            (
                post("/v1/batches?from=Shop", "text/csv", FILE),
                202,
                "\"state\"",
            ),
            (
                post("/v1/batches?from=Shop&dry_run=true", "text/csv", FILE),
                200,
                "\"accepted\":2",
            ),
            (
                post("/v1/messages:bulk", ndjson, &format!("{MESSAGE}\n")),
                200,
                "\"line\":1",
            ),
            (chunked.clone().into_bytes(), 200, "\"line\":1"),
            (get.into(), 200, "\"messages\""),
        ] {
            let said = said_after(address, &request);
            let shown = String::from_utf8_lossy(&request);
            let begins = said.starts_with(&format!("HTTP/1.1 {status}"))
                || said.starts_with(&format!("HTTP/1.0 {status}"));
            assert!(begins && said.contains(part), "{time}: {shown}\n{said}");
            let is_chunked = said
                .to_ascii_lowercase()
                .contains("transfer-encoding: chunked");
            assert!(
                !is_chunked || said.ends_with("0\r\n\r\n"),
                "{time}: {shown}\n{said}"
            );
        }
    }
    stand.close();
}

#[test]
fn a_request_that_ends_before_its_time_is_told_so_and_nothing_is_taken() {
    let folder = tempfile::tempdir().unwrap();
    let stand = open(folder.path());
    let address = stand.door.address();
    for (path, media, body) in [
        ("/v1/messages", "application/json", MESSAGE),
        ("/v1/batches?from=Shop", "text/csv", FILE),
    ] {
        let whole = post(path, media, body);
        let said = said_after(address, &whole[..whole.len() - 1]);
        assert!(said.starts_with("HTTP/1.1 400"), "{path}: {said}");
        assert!(said.contains("cannot be read"), "{path}: {said}");
    }
    let (_, batches) = stand.json("GET", "/v1/batches", "shop", &NONE);
    assert_eq!(batches["batches"], json!([]), "{batches}");
    stand.close();
}
