//! Programs of the operator that bring a modem back which its own line cannot: a reset of its USB port, its power.
//!
//! Promise: nothing here blocks: a hook is begun, and says later what became of it. Bound: the driver waits for it [`HOOK_MAX_NS`].

use std::sync::{Arc, Mutex, PoisonError};

use carrack_runtime::Wake;

/// A hook that has not ended by then has failed.
pub(super) const HOOK_MAX_NS: u64 = 60_000_000_000;

/// What can be asked of the operator's programs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Hook {
    /// The modem's USB port is to be reset.
    UsbReset,
    /// The modem's power is to be cut and given again.
    PowerCycle,
}

/// One run of a hook: begun by the driver, ended by whoever runs it, from any thread.
#[derive(Debug)]
pub struct HookRun {
    ended: Mutex<Option<Result<(), String>>>,
    wake: Wake,
}

impl HookRun {
    pub(super) fn new(wake: Wake) -> Arc<Self> {
        let ended = Mutex::new(None);
        Arc::new(Self { ended, wake })
    }

    /// It has ended: well, or with what went wrong, for people.
    pub fn end(&self, ended: Result<(), String>) {
        *self.ended.lock().unwrap_or_else(PoisonError::into_inner) = Some(ended);
        self.wake.wake();
    }

    pub(super) fn ended(&self) -> Option<Result<(), String>> {
        let ended = self.ended.lock();
        ended.unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Who runs them.
pub trait ModemHooks: Send + Sync {
    /// Whether there is such a hook for a modem.
    fn has(&self, modem: &str, hook: Hook) -> bool;
    /// Begins it, on another thread or in another process: this is called from a shard's loop. `run` is told when it ends.
    fn begin(&self, modem: &str, hook: Hook, run: Arc<HookRun>);
}

/// No hooks.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoHooks;

impl ModemHooks for NoHooks {
    fn has(&self, _: &str, _: Hook) -> bool {
        false
    }

    fn begin(&self, _: &str, _: Hook, run: Arc<HookRun>) {
        run.end(Err("there is no such hook".to_owned()));
    }
}
