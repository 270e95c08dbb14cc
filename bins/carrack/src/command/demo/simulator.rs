//! A simulated carrier on a thread of its own.

use std::net::SocketAddr;
use std::thread::JoinHandle;

use anyhow::{Context, anyhow};
use carrack_loadtest::simulator::Running;
use carrack_loadtest::smsc::{Report, Settings};
use tokio::sync::oneshot;

/// A simulator that runs.
pub(super) struct Simulator {
    /// Where it listens.
    pub(super) address: SocketAddr,
    stop: oneshot::Sender<()>,
    thread: JoinHandle<Report>,
}

impl Simulator {
    /// Starts one on a free port of the loopback interface.
    pub(super) fn start(settings: Settings) -> anyhow::Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .context("no runtime for a simulated carrier")?;
        let name = settings.name.clone();
        let (started, starting) = std::sync::mpsc::sync_channel(1);
        let (stop, stopped) = oneshot::channel();
        let serve = || async move {
            let running = match Running::start(settings).await {
                Ok(running) => running,
                Err(error) => {
                    // The other side waits for exactly this.
                    let _ = started.send(Err(error));
                    return Report::default();
                }
            };
            let _ = started.send(Ok(running.address));
            // It ends with the word, or with whoever could give it.
            let _ = stopped.await;
            running.report()
        };
        let thread = std::thread::Builder::new()
            .name(format!("carrier-{name}"))
            .spawn(move || tokio::task::LocalSet::new().block_on(&runtime, serve()))
            .context("no thread for a simulated carrier")?;
        let address = starting
            .recv()
            .map_err(|_| anyhow!("a simulated carrier ended before it listened"))?
            .context("a simulated carrier cannot listen")?;
        Ok(Self {
            address,
            stop,
            thread,
        })
    }

    /// Ends it; what it saw.
    pub(super) fn stop(self) -> anyhow::Result<Report> {
        // It may have ended already; then joining says why.
        let _ = self.stop.send(());
        self.thread
            .join()
            .map_err(|_| anyhow!("a simulated carrier ended by a panic"))
    }
}
