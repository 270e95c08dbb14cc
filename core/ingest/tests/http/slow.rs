//! Clients that take their time hold no place for ever: neither by a head, nor by a body, nor by an answer.

use super::*;

/// As long as a request may take here.
const LIMIT: Duration = Duration::from_secs(1);
/// Connections that the stand takes.
const PLACES: usize = 10;

fn connect(stand: &Stand) -> TcpStream {
    let stream = TcpStream::connect(stand.door.address()).unwrap();
    stream
        .set_read_timeout(Some(Duration::from_secs(20)))
        .unwrap();
    stream
}

/// Sends an octet now and then until the door hangs up; what it said, and how long it took.
fn trickle(mut stream: TcpStream, octets: &[u8]) -> (String, Duration) {
    let begun = Instant::now();
    stream
        .set_read_timeout(Some(Duration::from_millis(100)))
        .unwrap();
    let mut said = String::new();
    for octet in octets.iter().cycle() {
        assert!(
            begun.elapsed() < Duration::from_secs(15),
            "it is still there: {said}"
        );
        if stream.write_all(&[*octet]).is_err() {
            break;
        }
        let mut space = [0; 4096];
        match stream.read(&mut space) {
            Ok(0) => break,
            Ok(read) => said.push_str(&String::from_utf8_lossy(&space[..read])),
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {}
            Err(_) => break,
        }
    }
    (said, begun.elapsed())
}

#[test]
fn a_head_that_comes_octet_by_octet_is_cut() {
    let folder = tempfile::tempdir().unwrap();
    let stand = open_with(folder.path(), LIMIT);
    let mut stream = connect(&stand);
    stream
        .write_all(b"GET /healthz HTTP/1.1\r\nHost: x\r\nX-Slow: ")
        .unwrap();
    let (said, took) = trickle(stream, b"a");
    assert!(!said.contains("200"), "{said}");
    assert!(took < LIMIT * 4, "{took:?}");
    stand.close();
}

#[test]
fn a_body_that_comes_octet_by_octet_is_told_so_and_cut() {
    let folder = tempfile::tempdir().unwrap();
    let stand = open_with(folder.path(), LIMIT);
    for path in ["/v1/messages", "/v1/messages:status", "/v1/quote"] {
        let mut stream = connect(&stand);
        let head = format!(
            "POST {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer shop-key\r\nContent-Length: 9000\r\n\r\n"
        );
        stream.write_all(head.as_bytes()).unwrap();
        let (said, took) = trickle(stream, b" ");
        assert!(
            said.contains("408") && said.contains("did not come in time"),
            "{path}: {said}"
        );
        // After its answer a client may go on for a while, so that it reads it.
        assert!(took < Duration::from_secs(14), "{path}: {took:?}");
    }
    stand.close();
}

#[test]
fn slow_clients_on_every_place_keep_others_out_only_for_a_while() {
    let folder = tempfile::tempdir().unwrap();
    let stand = open_with(folder.path(), LIMIT);
    let slow: Vec<TcpStream> = (0..PLACES * 2)
        .map(|number| {
            let mut stream = connect(&stand);
            let half: &[u8] = match number % 2 {
                0 => b"GET /healthz HT",
                _ => b"",
            };
            stream.write_all(half).unwrap();
            stream
        })
        .collect();
    let begun = Instant::now();
    let (status, _) = stand.json("GET", "/healthz", "shop", &NONE);
    assert_eq!(status, 200);
    assert!(begun.elapsed() < LIMIT * 8, "{:?}", begun.elapsed());
    drop(slow);
    stand.close();
}

#[test]
fn a_client_that_reads_no_answer_is_cut() {
    let folder = tempfile::tempdir().unwrap();
    let stand = open_with(folder.path(), LIMIT);
    let mut stream = connect(&stand);
    stream
        .set_write_timeout(Some(Duration::from_secs(20)))
        .unwrap();
    let ids = vec!["nonsense"; 1_000].join(",");
    let request = format!(
        "GET /v1/messages?ids={ids} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer shop-key\r\n\r\n"
    );
    let begun = Instant::now();
    // Asks without end and listens to nothing.
    while stream.write_all(request.as_bytes()).is_ok() {
        assert!(begun.elapsed() < Duration::from_secs(20));
    }
    assert!(
        begun.elapsed() < Duration::from_secs(15),
        "{:?}",
        begun.elapsed()
    );
    stand.close();
}
