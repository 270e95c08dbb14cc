//! Orders over a socket: a line in, a line out: `ok`, `fault: ...`, or the report. Loopback or a file alone; whoever reaches it may order.

use super::super::Rack;
use super::running::Shared;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::rc::Rc;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream, UnixListener, UnixStream};

/// Octets of an order.
const ORDER_MAX: u64 = 4_096;
/// How long an order may take.
const TELL_WAIT: Duration = Duration::from_secs(10);
/// Until a socket that failed is asked again.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Where orders are taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Control {
    /// A socket in the file system.
    Unix(PathBuf),
    /// A TCP port; 0 takes a free one.
    Tcp(SocketAddr),
}

impl Control {
    /// An address where it is one, else a path.
    #[must_use]
    pub fn of(text: &str) -> Self {
        match text.parse() {
            Ok(address) => Self::Tcp(address),
            Err(_) => Self::Unix(PathBuf::from(text)),
        }
    }
}

pub(super) async fn listen(shared: &Rc<Shared>, control: Control) -> io::Result<String> {
    let shared = Rc::clone(shared);
    match control {
        Control::Unix(path) => {
            let _ = std::fs::remove_file(&path);
            let listener = UnixListener::bind(&path)?;
            tokio::task::spawn_local(async move {
                loop {
                    match listener.accept().await {
                        Ok((stream, _)) => {
                            drop(tokio::task::spawn_local(take(Rc::clone(&shared), stream)))
                        }
                        Err(_) => tokio::time::sleep(ACCEPT_PAUSE).await,
                    }
                }
            });
            Ok(path.display().to_string())
        }
        Control::Tcp(address) => {
            let listener = TcpListener::bind(address).await?;
            let address = listener.local_addr()?;
            tokio::task::spawn_local(async move {
                loop {
                    match listener.accept().await {
                        Ok((stream, _)) => {
                            drop(tokio::task::spawn_local(take(Rc::clone(&shared), stream)))
                        }
                        Err(_) => tokio::time::sleep(ACCEPT_PAUSE).await,
                    }
                }
            });
            Ok(address.to_string())
        }
    }
}

async fn take(shared: Rc<Shared>, stream: impl AsyncRead + AsyncWrite) {
    let (reader, mut writer) = tokio::io::split(stream);
    let mut reader = BufReader::new(reader);
    loop {
        let mut line = String::new();
        match (&mut reader).take(ORDER_MAX).read_line(&mut line).await {
            Ok(0) | Err(_) => return,
            Ok(_) => {}
        }
        let answer =
            match shared.tell(|rack: &mut Rack, now_ns| rack.order(now_ns, line.trim_end())) {
                Ok(answer) if answer.is_empty() => "ok".to_owned(),
                Ok(answer) => answer,
                Err(fault) => format!("fault: {fault}"),
            };
        if writer
            .write_all(format!("{answer}\n").as_bytes())
            .await
            .is_err()
        {
            return;
        }
    }
}

/// Gives one order to a rack elsewhere; its answer.
///
/// # Errors
/// When it cannot be reached, does not answer in ten seconds, or refuses the order.
pub async fn tell(control: &Control, order: &str) -> io::Result<String> {
    let ask = async {
        match control {
            Control::Unix(path) => say(UnixStream::connect(path).await?, order).await,
            Control::Tcp(address) => say(TcpStream::connect(address).await?, order).await,
        }
    };
    let answer = tokio::time::timeout(TELL_WAIT, ask)
        .await
        .map_err(|_| io::Error::from(io::ErrorKind::TimedOut))??;
    match answer.strip_prefix("fault: ") {
        Some(fault) => Err(io::Error::other(fault.to_owned())),
        None => Ok(answer),
    }
}

async fn say(stream: impl AsyncRead + AsyncWrite, order: &str) -> io::Result<String> {
    let (reader, mut writer) = tokio::io::split(stream);
    writer.write_all(format!("{order}\n").as_bytes()).await?;
    let mut answer = String::new();
    BufReader::new(reader).read_line(&mut answer).await?;
    Ok(answer.trim_end().to_owned())
}
