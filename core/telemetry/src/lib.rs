//! Metrics and logs.
//!
//! Promise: every metric is declared in [`names`] with one sentence of help, so that a metric without help does not
//! compile; labels are few and bounded (carrier, class, status). Bound: the exporter keeps one row a label set. Logs go
//! to standard error, results to standard output.

mod log;
pub mod names;

pub use log::{LogFormat, start_log};
pub use names::describe;

/// Starts collecting and gives the handle that renders the Prometheus page.
///
/// # Errors
/// When a recorder was installed before.
pub fn start_metrics()
-> Result<metrics_exporter_prometheus::PrometheusHandle, metrics_exporter_prometheus::BuildError> {
    let handle = metrics_exporter_prometheus::PrometheusBuilder::new().install_recorder()?;
    describe();
    Ok(handle)
}
