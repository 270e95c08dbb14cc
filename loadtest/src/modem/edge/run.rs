//! The program: until a signal or the end of its time.

use super::super::Report;
use super::{Running, Setup};
use crate::report_file;
use std::io;
use std::path::PathBuf;
use std::time::Duration;
use tokio::signal::unix::{SignalKind, signal};

/// How long, and what is written.
#[derive(Debug, Clone)]
pub struct Options {
    /// The rack.
    pub setup: Setup,
    /// Where the report is written, by rename.
    pub report: Option<PathBuf>,
    /// How often while it runs.
    pub report_every: Option<Duration>,
    /// Written when the ports are there: their names, a line each, then `control NAME`.
    pub ready_file: Option<PathBuf>,
    /// It ends by itself after so long.
    pub ends_after: Option<Duration>,
}

/// Runs until a signal or its time ends it; the final report. `ready` is told ports and control first of all.
///
/// # Errors
/// When ports cannot be had, or files not be written.
pub async fn run(
    options: Options,
    ready: impl FnOnce(&[String], Option<&str>),
) -> io::Result<Report> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut toggle = signal(SignalKind::user_defined1())?;
    let running = Running::start(options.setup).await?;
    ready(&running.ports, running.control.as_deref());
    if let Some(path) = &options.ready_file {
        let mut names = running.ports.join("\n");
        names.push('\n');
        if let Some(control) = &running.control {
            names.push_str(&format!("control {control}\n"));
        }
        report_file::write(path, names.as_bytes())?;
    }
    let mut rewrite =
        tokio::time::interval(options.report_every.unwrap_or(Duration::from_secs(3_600)));
    let end = tokio::time::sleep(
        options
            .ends_after
            .unwrap_or(Duration::from_secs(365 * 86_400)),
    );
    tokio::pin!(end);
    let mut is_unplugged = false;
    loop {
        tokio::select! {
            _ = terminate.recv() => break,
            _ = interrupt.recv() => break,
            () = &mut end => break,
            _ = toggle.recv() => {
                is_unplugged = !is_unplugged;
                running.order(if is_unplugged { "* unplug" } else { "* plug" }).map_err(io::Error::other)?;
            }
            _ = rewrite.tick() => if options.report_every.is_some() {
                report_file::write_report(options.report.as_deref(), &running.report())?;
            },
        }
    }
    let report = running.report();
    report_file::write_report(options.report.as_deref(), &report)?;
    Ok(report)
}
