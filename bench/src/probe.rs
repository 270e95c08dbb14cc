//! One caller by HTTP who asks now and then while others load the node, and looks at the whole answer.
//!
//! Bound: one call under way. A call that fails is a fault of the run.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use anyhow::anyhow;

use crate::node::API_KEY;

const PAUSE: Duration = Duration::from_millis(10);

/// What it was answered.
#[derive(Debug, Default)]
pub(crate) struct Probed {
    pub(crate) accepted: u64,
    /// 429 and 503.
    pub(crate) refused: u64,
    /// Refusals that say when to come again.
    pub(crate) retry_after: u64,
    pub(crate) accepted_p99_ms: f64,
    pub(crate) refused_p99_ms: f64,
    pub(crate) faults: Vec<String>,
}

/// A caller at work.
#[derive(Debug)]
pub(crate) struct Probe {
    stop: Arc<AtomicBool>,
    thread: JoinHandle<Probed>,
}

impl Probe {
    /// Starts one; `run` tells its texts from those of another.
    pub(crate) fn start(host: &str, run: u32) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let (url, stopped) = (format!("http://{host}/v1/messages"), Arc::clone(&stop));
        Self {
            stop,
            thread: std::thread::spawn(move || call(&url, run, &stopped)),
        }
    }

    /// Ends it.
    pub(crate) fn stop(self) -> anyhow::Result<Probed> {
        self.stop.store(true, Ordering::Relaxed);
        self.thread
            .join()
            .map_err(|_| anyhow!("the caller by HTTP has panicked"))
    }
}

fn call(url: &str, run: u32, stop: &AtomicBool) -> Probed {
    let agent: ureq::Agent = ureq::Agent::config_builder()
        .http_status_as_error(false)
        .timeout_global(Some(Duration::from_secs(60)))
        .build()
        .into();
    let mut probed = Probed::default();
    let (mut accepted_ms, mut refused_ms) = (Vec::new(), Vec::new());
    let mut number = 0;
    while !stop.load(Ordering::Relaxed) {
        number += 1;
        let message = serde_json::json!({
            "to": "447700900123", "from": "ACME", "text": format!("call {number} of run {run}"),
        });
        let begun = Instant::now();
        let answer = agent
            .post(url)
            .header("authorization", format!("Bearer {API_KEY}"))
            .send_json(&message);
        let ms = begun.elapsed().as_secs_f64() * 1e3;
        match answer.map(|answer| (answer.status().as_u16(), answer)) {
            Ok((202, _)) => {
                probed.accepted += 1;
                accepted_ms.push(ms);
            }
            Ok((429 | 503, answer)) => {
                probed.refused += 1;
                probed.retry_after += u64::from(answer.headers().contains_key("retry-after"));
                refused_ms.push(ms);
            }
            Ok((status, _)) => probed.faults.push(format!("a call was answered {status}")),
            Err(fault) => probed.faults.push(format!("a call has failed: {fault}")),
        }
        std::thread::sleep(PAUSE);
    }
    probed.faults.truncate(10);
    probed.accepted_p99_ms = p99(accepted_ms);
    probed.refused_p99_ms = p99(refused_ms);
    probed
}

/// All but one in a hundred are at most this; 0 of none.
fn p99(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let place = (values.len() * 99).div_ceil(100).saturating_sub(1);
    values.get(place).copied().unwrap_or(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn p99_is_the_value_that_one_in_a_hundred_exceeds() {
        assert_eq!(p99((1..=100).map(f64::from).collect()), 99.0);
        assert_eq!(p99(vec![7.0]), 7.0);
        assert_eq!(p99(Vec::new()), 0.0);
    }
}
