//! Ring or epoll for one thread.
//!
//! Promise: the same future runs on either; where the kernel refuses the ring, epoll serves, said once with the remedy.
//! `tokio::net` works in both. Fails by [`RuntimeFault`] only when the ring is demanded and refused, or no runtime at all
//! can be made.

use std::future::Future;
use std::sync::atomic::{AtomicBool, Ordering};

use carrack_telemetry::names;
use tokio::task::LocalSet;

/// Which one is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Io {
    /// The ring where the kernel gives it, epoll elsewhere.
    Auto,
    /// The ring or nothing.
    Uring,
    /// Epoll.
    Epoll,
}

/// Which one serves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Backend {
    /// io_uring.
    Uring,
    /// epoll.
    Epoll,
}

/// No runtime could be made.
#[derive(Debug)]
pub struct RuntimeFault {
    wanted: Io,
    source: std::io::Error,
}

impl std::fmt::Display for RuntimeFault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "no runtime for io = {:?}: {}; {}",
            self.wanted,
            self.source,
            remedy(&self.source)
        )
    }
}

impl std::error::Error for RuntimeFault {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.source)
    }
}

const ENOMEM: i32 = 12;
const EPERM: i32 = 1;
const ENOSYS: i32 = 38;

fn remedy(error: &std::io::Error) -> &'static str {
    match error.raw_os_error() {
        Some(EPERM) => {
            "the ring is forbidden here: allow io_uring in the container's seccomp profile or set sysctl kernel.io_uring_disabled=0"
        }
        Some(ENOMEM) => "the ring got no locked memory: raise the memlock limit (ulimit -l)",
        Some(ENOSYS) => "this kernel has no io_uring: 5.11 or later has",
        _ => "set runtime.io = \"epoll\" to do without the ring",
    }
}

/// Keeps this thread to one core. False: the system does not allow it, and the thread goes where it is put.
#[must_use]
pub fn pin_thread(core: usize) -> bool {
    let cores = core_affinity::get_core_ids().unwrap_or_default();
    let wanted = core
        .checked_rem(cores.len())
        .and_then(|place| cores.get(place));
    wanted.is_some_and(|core| core_affinity::set_for_current(*core))
}

/// Runs `future` on this thread with a `LocalSet`, telling it which backend serves.
///
/// # Errors
/// [`RuntimeFault`].
pub fn run_local<F: Future>(
    io: Io,
    thread: &str,
    future: impl FnOnce(Backend) -> F,
) -> Result<F::Output, RuntimeFault> {
    if io != Io::Epoll {
        match tokio_uring::Runtime::new(&tokio_uring::builder()) {
            Ok(runtime) => {
                metrics::gauge!(names::RUNTIME_RING, "thread" => thread.to_owned()).set(1.0);
                return Ok(runtime.block_on(async { future(Backend::Uring).await }));
            }
            Err(source) if io == Io::Uring => return Err(RuntimeFault { wanted: io, source }),
            Err(source) => say_once(&source),
        }
    }
    metrics::gauge!(names::RUNTIME_RING, "thread" => thread.to_owned()).set(0.0);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|source| RuntimeFault { wanted: io, source })?;
    Ok(LocalSet::new().block_on(&runtime, async { future(Backend::Epoll).await }))
}

fn say_once(error: &std::io::Error) {
    static SAID: AtomicBool = AtomicBool::new(false);
    if !SAID.swap(true, Ordering::Relaxed) {
        tracing::warn!(%error, remedy = remedy(error), "the ring is refused; epoll serves instead");
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn same_future_runs_on_ring_and_epoll() {
        for io in [Io::Auto, Io::Epoll] {
            let answer = run_local(io, "test", |backend| async move {
                let task = tokio::task::spawn_local(async { 41 });
                tokio::time::sleep(std::time::Duration::from_micros(1)).await;
                (backend, task.await.unwrap() + 1)
            })
            .unwrap();
            assert_eq!(answer.1, 42);
            if io == Io::Epoll {
                assert_eq!(answer.0, Backend::Epoll);
            }
        }
    }
}
