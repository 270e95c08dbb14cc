//! `smscsim`: the state machine of [`crate::smsc`] on TCP, one thread.
//!
//! Ends on SIGTERM or SIGINT without draining, because a carrier that dies does not drain either; SIGUSR1 switches the link
//! down and up again. Fails only when it cannot listen or cannot write its files.

mod report_file;
mod server;

use crate::smsc::{Report, Settings, Smsc};
use server::Server;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::rc::Rc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

/// Where and how a simulator runs.
#[derive(Debug, Clone)]
pub struct Options {
    /// Where to listen; port 0 takes a free one.
    pub listen: SocketAddr,
    /// The SMSC.
    pub settings: Settings,
    /// Where the report is written, by rename.
    pub report: Option<PathBuf>,
    /// How often the report is written while running.
    pub report_every: Option<Duration>,
    /// Written with the address when the simulator listens.
    pub ready_file: Option<PathBuf>,
}

/// Runs until a signal ends it; the final report. `ready` is told the address first of all.
///
/// # Errors
/// When the address cannot be listened on, or a file cannot be written.
pub async fn run(options: Options, ready: impl FnOnce(SocketAddr)) -> io::Result<Report> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut toggle = signal(SignalKind::user_defined1())?;
    let listener = TcpListener::bind(options.listen).await?;
    let address = listener.local_addr()?;
    ready(address);
    if let Some(path) = &options.ready_file {
        report_file::write(path, address.to_string().as_bytes())?;
    }
    let server = Server::start(options.settings, listener);
    let mut rewrite =
        tokio::time::interval(options.report_every.unwrap_or(Duration::from_secs(3_600)));
    loop {
        tokio::select! {
            _ = terminate.recv() => break,
            _ = interrupt.recv() => break,
            _ = toggle.recv() => server.toggle_link(),
            _ = rewrite.tick() => if options.report_every.is_some() {
                report_file::write_report(options.report.as_deref(), &server.report())?;
            },
        }
    }
    let report = server.report();
    report_file::write_report(options.report.as_deref(), &report)?;
    Ok(report)
}

/// A simulator inside the caller's process, for tests. Runs on the caller's `LocalSet`.
#[derive(Debug)]
pub struct Running {
    /// Where it listens.
    pub address: SocketAddr,
    server: Rc<Server>,
}

impl Running {
    /// Starts a simulator on a free port of the loopback interface.
    ///
    /// # Errors
    /// When no port can be listened on.
    pub async fn start(settings: Settings) -> io::Result<Self> {
        let listener = TcpListener::bind((std::net::Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        Ok(Self {
            address,
            server: Server::start(settings, listener),
        })
    }

    /// The counts so far.
    #[must_use]
    pub fn report(&self) -> Report {
        self.server.report()
    }

    /// Switches the link down, or up again.
    pub fn toggle_link(&self) {
        self.server.toggle_link();
    }
}

fn smsc(mut settings: Settings) -> Smsc {
    settings.utc_base_s = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_secs());
    Smsc::new(settings)
}
