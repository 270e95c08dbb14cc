//! Metrics and logs.
//!
//! Promise: every metric is declared in [`names`] with one sentence of help, so that a metric without help does not
//! compile; labels are few and bounded (carrier, class, status). Bound: the exporter keeps one row a label set, and the
//! samples of [`UPKEEP`] whether anybody reads the page or not. Logs go to standard error, results to standard output.

mod log;
pub mod names;

use std::time::Duration;

use metrics_exporter_prometheus::{BuildError, PrometheusHandle};
use thiserror::Error;

pub use log::{LogFormat, start_log};
pub use names::describe;

/// Why metrics are not collected. The fault is ours.
#[derive(Debug, Error)]
pub enum MetricsFault {
    /// A recorder was installed before.
    #[error(transparent)]
    Exporter(#[from] BuildError),
    /// The system gives no thread.
    #[error("cannot start the thread that keeps metrics small: {0}")]
    Thread(std::io::Error),
}

/// How often samples of histograms are folded together: the exporter keeps each of them until then.
const UPKEEP: Duration = Duration::from_secs(1);

/// Starts collecting and gives the handle that renders the Prometheus page. A thread of its own keeps the samples few.
///
/// # Errors
/// When a recorder was installed before, or a thread cannot be started.
pub fn start_metrics() -> Result<PrometheusHandle, MetricsFault> {
    let handle = metrics_exporter_prometheus::PrometheusBuilder::new().install_recorder()?;
    describe();
    let kept = handle.clone();
    let keep = move || {
        loop {
            std::thread::sleep(UPKEEP);
            kept.run_upkeep();
        }
    };
    let thread = std::thread::Builder::new().name("metrics".to_owned());
    thread.spawn(keep).map_err(MetricsFault::Thread)?;
    Ok(handle)
}
