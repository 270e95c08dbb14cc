//! One who opens as much as he can keeps nobody else out.

use super::*;

/// What a stand lets one address have, and one account of each.
const OF_ADDRESS: usize = 8;
const OF_ACCOUNT: usize = 2;

/// Begins a request whose body never ends.
fn begun(stand: &Stand, path: &str, account: &str, media: &str) -> TcpStream {
    let mut stream = TcpStream::connect(stand.door.address()).unwrap();
    stream
        .set_read_timeout(Some(Duration::from_secs(20)))
        .unwrap();
    let head = format!(
        "POST {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {account}-key\r\nContent-Type: {media}\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n \r\n"
    );
    stream.write_all(head.as_bytes()).unwrap();
    stream
}

/// Calls until the door answers otherwise than that there are too many.
fn until_taken(stand: &Stand, path: &str, account: &str, media: &str, body: &[u8]) {
    let begun = Instant::now();
    loop {
        let (status, _, answer) = stand.call("POST", path, account, media, body);
        if status != 429 {
            return;
        }
        assert!(begun.elapsed() < Duration::from_secs(10), "{answer}");
    }
}

#[test]
fn an_account_has_so_many_streams_and_uploads_open_and_others_have_theirs() {
    let folder = tempfile::tempdir().unwrap();
    let stand = open(folder.path());
    for (path, media, body) in [
        ("/v1/messages:bulk", "application/x-ndjson", &b"\n"[..]),
        ("/v1/batches", "text/csv", &b"x"[..]),
    ] {
        let mut open: Vec<(TcpStream, String)> = (0..=OF_ACCOUNT)
            .map(|_| (begun(&stand, path, "shop", media), String::new()))
            .collect();
        let waited = Instant::now();
        let is_refused = |said: &String| said.starts_with("HTTP/1.1 429") && said.contains("}");
        while !open.iter().any(|(_, said)| is_refused(said)) {
            assert!(
                waited.elapsed() < Duration::from_secs(5),
                "{path}: {open:?}"
            );
            for (stream, said) in &mut open {
                stream.set_nonblocking(true).unwrap();
                let mut space = [0; 4096];
                let read = stream.read(&mut space).unwrap_or(0);
                said.push_str(&String::from_utf8_lossy(&space[..read]));
            }
        }
        open.retain(|(_, said)| {
            !said.starts_with("HTTP/1.1 429") || {
                let said = said.to_ascii_lowercase();
                assert!(said.contains("retry-after: "), "{path}: {said}");
                assert!(said.contains("as many as it may"), "{path}: {said}");
                false
            }
        });
        assert_eq!(open.len(), OF_ACCOUNT, "{path}");
        let (status, _, answer) = stand.call("POST", path, "other", media, body);
        assert_ne!(status, 429, "{path}: {answer}");
        drop(open);
        until_taken(&stand, path, "shop", media, body);
    }
    stand.close();
}

#[test]
fn an_address_with_as_many_connections_as_it_may_have_is_closed_and_another_served() {
    let folder = tempfile::tempdir().unwrap();
    let stand = open_for(folder.path(), Duration::from_secs(10), OF_ADDRESS);
    let address = stand.door.address();
    let mut open: Vec<TcpStream> = (0..=OF_ADDRESS)
        .map(|_| TcpStream::connect(address).unwrap())
        .collect();
    for stream in &open {
        stream.set_nonblocking(true).unwrap();
    }
    let begun = Instant::now();
    while open.len() > OF_ADDRESS {
        assert!(begun.elapsed() < Duration::from_secs(5), "none is closed");
        open.retain_mut(|stream| {
            let said = stream.read(&mut [0; 64]);
            said.is_err_and(|error| error.kind() == std::io::ErrorKind::WouldBlock)
        });
    }
    assert_eq!(open.len(), OF_ADDRESS);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let answer = runtime.block_on(async {
        use tokio::io::{AsyncReadExt, AsyncWriteExt};
        let socket = tokio::net::TcpSocket::new_v4().unwrap();
        socket.bind("127.0.0.2:0".parse().unwrap()).unwrap();
        let mut stream = socket.connect(address).await.unwrap();
        let request = b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
        stream.write_all(request).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        answer
    });
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    drop(open);
    stand.close();
}
