//! A receiver of HTTP requests that keeps connections open and answers as a test says.

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;

/// Listens, and answers each request: `answer` has the request line and the body, and gives the status line's end and the
/// body of the answer.
pub(crate) fn answering<B: Into<String>>(
    answer: impl Fn(&str, &[u8]) -> (String, B) + Send + Sync + 'static,
) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let answer = Arc::new(answer);
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let answer = Arc::clone(&answer);
            std::thread::spawn(move || serve(stream.unwrap(), answer.as_ref()));
        }
    });
    address
}

fn serve<B: Into<String>>(
    mut stream: TcpStream,
    answer: &impl Fn(&str, &[u8]) -> (String, B),
) -> Option<()> {
    let mut reader = BufReader::new(stream.try_clone().ok()?);
    loop {
        let (first, body) = request(&mut reader)?;
        let (status, body) = answer(first.trim(), &body);
        let body: String = body.into();
        let head = format!(
            "HTTP/1.1 {status}\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        stream.write_all((head + &body).as_bytes()).ok()?;
    }
}

/// The first line and the body; none: the client is gone.
fn request(reader: &mut impl BufRead) -> Option<(String, Vec<u8>)> {
    let mut first = String::new();
    let read = reader.read_line(&mut first);
    read.ok().filter(|octets| *octets > 0)?;
    let (mut line, mut length) = (String::new(), 0);
    while line != "\r\n" {
        line.clear();
        let read = reader.read_line(&mut line);
        read.ok().filter(|octets| *octets > 0)?;
        if let Some(value) = line.to_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().ok()?;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some((first, body))
}
