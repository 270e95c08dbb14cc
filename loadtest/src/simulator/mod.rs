//! `smscsim`: the state machine of [`crate::smsc`] on TCP or TLS, one thread.
//!
//! Ends on SIGTERM or SIGINT without draining, because a carrier that dies does not drain either; SIGUSR1 switches the link
//! down and up again. Fails only when it cannot listen or cannot read or write its files.

mod detached;
mod running;
mod server;

pub use detached::Detached;
pub use running::{Running, Setup};

use crate::report_file;
use crate::smsc::{Report, Settings, Smsc};
use crate::wire::TlsFiles;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::signal::unix::{SignalKind, signal};

/// Where and how a simulator runs.
#[derive(Debug, Clone)]
pub struct Options {
    /// Where to listen; port 0 takes a free one.
    pub listen: SocketAddr,
    /// The SMSC.
    pub settings: Settings,
    /// TLS instead of plain text.
    pub tls: Option<TlsFiles>,
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
/// When the address cannot be listened on, or a file cannot be read or written.
pub async fn run(options: Options, ready: impl FnOnce(SocketAddr)) -> io::Result<Report> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut toggle = signal(SignalKind::user_defined1())?;
    let setup = Setup {
        listen: options.listen,
        settings: options.settings,
        tls: options.tls,
    };
    let running = Running::start_with(setup).await?;
    ready(running.address);
    if let Some(path) = &options.ready_file {
        report_file::write(path, running.address.to_string().as_bytes())?;
    }
    let mut rewrite =
        tokio::time::interval(options.report_every.unwrap_or(Duration::from_secs(3_600)));
    loop {
        tokio::select! {
            _ = terminate.recv() => break,
            _ = interrupt.recv() => break,
            _ = toggle.recv() => running.toggle_link(),
            _ = rewrite.tick() => if options.report_every.is_some() {
                report_file::write_report(options.report.as_deref(), &running.report())?;
            },
        }
    }
    let report = running.report();
    report_file::write_report(options.report.as_deref(), &report)?;
    Ok(report)
}

fn smsc(mut settings: Settings) -> Smsc {
    settings.utc_base_s = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_secs());
    Smsc::new(settings)
}
