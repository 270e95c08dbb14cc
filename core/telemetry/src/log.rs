//! Logs on standard error: text for people, JSON lines for programs.

use tracing_subscriber::EnvFilter;

/// How a line of log looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// Starts the log. `level` is a `tracing` filter such as `info`; the environment's `CARRACK_LOG` goes before it.
/// A second call changes nothing.
pub fn start_log(level: &str, format: LogFormat) {
    let filter = EnvFilter::try_from_env("CARRACK_LOG").unwrap_or_else(|_| EnvFilter::new(level));
    let lines = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr);
    let started = match format {
        LogFormat::Text => lines
            .with_ansi(std::io::IsTerminal::is_terminal(&std::io::stderr()))
            .try_init(),
        LogFormat::Json => lines.json().try_init(),
    };
    if started.is_err() {
        tracing::debug!("the log was started before");
    }
}
