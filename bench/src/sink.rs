//! Takes the callbacks of receipts: every request is answered with 200, and its `n=` counted.
//!
//! Bound: a bit a message. A request that is none ends its connection.

use std::net::{SocketAddr, TcpListener as StdListener};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;

const REQUEST_OCTETS_MAX: usize = 64 * 1024;
const LOOK: Duration = Duration::from_millis(5);

/// What came.
#[derive(Debug, Default)]
struct Told {
    seen: Mutex<Vec<u64>>,
    distinct: AtomicU64,
    doubled: AtomicU64,
    strange: AtomicU64,
}

/// A running sink; dropped, it stops.
#[derive(Debug)]
pub(crate) struct Sink {
    /// Where it listens.
    pub(crate) address: SocketAddr,
    told: Arc<Told>,
    stop: Option<oneshot::Sender<()>>,
}

impl Told {
    fn note(&self, number: Option<u64>, numbers_max: u64) {
        let Some(number) = number.filter(|number| *number < numbers_max) else {
            self.strange.fetch_add(1, Ordering::Relaxed);
            return;
        };
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let (word, bit) = ((number / 64) as usize, 1u64 << (number % 64));
        if seen.len() <= word {
            seen.resize(word + 1, 0);
        }
        if let Some(word) = seen.get_mut(word) {
            let counter = if *word & bit == 0 {
                &self.distinct
            } else {
                &self.doubled
            };
            *word |= bit;
            counter.fetch_add(1, Ordering::Relaxed);
        }
    }
}

impl Sink {
    /// Starts one on a thread of its own, for numbers below `numbers_max`.
    pub(crate) fn start(numbers_max: u64) -> anyhow::Result<Self> {
        let listener = StdListener::bind("127.0.0.1:0")?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let told = Arc::new(Told::default());
        let (stop, stopped) = oneshot::channel();
        let noted = Arc::clone(&told);
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        std::thread::Builder::new()
            .name("sink".to_owned())
            .spawn(move || {
                runtime.block_on(async {
                    tokio::select! {
                        _ = stopped => {}
                        () = accept(listener, &noted, numbers_max) => {}
                    }
                });
            })?;
        Ok(Self {
            address,
            told,
            stop: Some(stop),
        })
    }

    /// Different messages of which it was told.
    pub(crate) fn distinct(&self) -> u64 {
        self.told.distinct.load(Ordering::Relaxed)
    }

    /// Callbacks that came again, or name no message.
    pub(crate) fn doubled(&self) -> u64 {
        self.told.doubled.load(Ordering::Relaxed) + self.told.strange.load(Ordering::Relaxed)
    }

    /// Waits for so many messages; when the last one came. Gives up when nothing moves.
    pub(crate) fn wait_for(&self, wanted: u64, patience: Duration) -> Instant {
        let (mut last, mut moved) = (0, Instant::now());
        loop {
            let distinct = self.distinct();
            if distinct > last {
                (last, moved) = (distinct, Instant::now());
            }
            if distinct >= wanted || moved.elapsed() > patience {
                return moved;
            }
            std::thread::sleep(LOOK);
        }
    }
}

impl Drop for Sink {
    fn drop(&mut self) {
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(());
        }
    }
}

async fn accept(listener: StdListener, told: &Arc<Told>, numbers_max: u64) {
    let Ok(listener) = TcpListener::from_std(listener) else {
        return;
    };
    loop {
        if let Ok((stream, _)) = listener.accept().await {
            let told = Arc::clone(told);
            tokio::spawn(async move {
                let _ = serve(stream, &told, numbers_max).await;
            });
        }
    }
}

async fn serve(mut stream: TcpStream, told: &Told, numbers_max: u64) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let mut pending = Vec::with_capacity(4096);
    loop {
        let mut answers = 0;
        while let Some((octets, number)) = request(&pending) {
            told.note(number, numbers_max);
            pending.drain(..octets);
            answers += 1;
        }
        for _ in 0..answers {
            stream
                .write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
                .await?;
        }
        if pending.len() > REQUEST_OCTETS_MAX || stream.read_buf(&mut pending).await? == 0 {
            return Ok(());
        }
    }
}

/// The first whole request: its octets, and the number it names.
fn request(pending: &[u8]) -> Option<(usize, Option<u64>)> {
    let head = head_end(pending)?;
    let text = String::from_utf8_lossy(pending.get(..head)?);
    let octets = head + content_length(&text);
    if pending.len() < octets {
        return None;
    }
    let line = text.lines().next().unwrap_or_default();
    let number = line.split_once("n=").and_then(|(_, rest)| {
        let digits = rest.split(|found: char| !found.is_ascii_digit()).next()?;
        digits.parse().ok()
    });
    Some((octets, number))
}

/// Octets of a head with its empty line.
pub(crate) fn head_end(octets: &[u8]) -> Option<usize> {
    octets
        .windows(4)
        .position(|window| window == b"\r\n\r\n")
        .map(|at| at + 4)
}

/// Octets of the body that a head announces.
pub(crate) fn content_length(head: &str) -> usize {
    head.lines()
        .filter_map(|line| line.split_once(':'))
        .find(|(name, _)| name.trim().eq_ignore_ascii_case("content-length"))
        .and_then(|(_, value)| value.trim().parse().ok())
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn requests_are_cut_where_they_end() {
        let get = b"GET /told?n=42&state=1 HTTP/1.1\r\nHost: x\r\n\r\n";
        assert_eq!(request(get), Some((get.len(), Some(42))));
        let post = b"POST /told?n=7 HTTP/1.1\r\ncontent-length: 3\r\n\r\nabcGET";
        assert_eq!(request(post), Some((post.len() - 3, Some(7))));
        // An octet of the body is still to come.
        assert_eq!(request(post.get(..post.len() - 4).unwrap()), None);
    }

    #[test]
    fn a_callback_that_comes_again_is_doubled() {
        let told = Told::default();
        for number in [3, 200, 3] {
            told.note(Some(number), 1_000);
        }
        told.note(Some(1_000), 1_000);
        assert_eq!(told.distinct.load(Ordering::Relaxed), 2);
        assert_eq!(told.doubled.load(Ordering::Relaxed), 1);
        assert_eq!(told.strange.load(Ordering::Relaxed), 1);
    }
}
