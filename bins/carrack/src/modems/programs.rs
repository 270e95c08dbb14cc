//! The operator's programs that reset a modem's USB port or its power.
//!
//! Promise: a program runs beside the shards, has no input, and is ended when it takes longer than [`RUN_MAX`]. Bound: one a modem.

use std::collections::HashMap;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use carrack_carrier::modem::{Hook, HookRun, ModemHooks};
use carrack_settings::{Modem, ModemPool};

/// The driver waits for a minute.
const RUN_MAX: Duration = Duration::from_secs(55);
const LOOK: Duration = Duration::from_millis(50);

/// Program and arguments by modem and hook.
#[derive(Debug, Default)]
pub(super) struct Programs(HashMap<(String, Hook), Vec<String>>);

impl Programs {
    /// Those of a modem.
    pub(super) fn add(&mut self, modem: &Modem, pool: &ModemPool, port: &str) {
        let hooks = [
            (Hook::UsbReset, &modem.usb_reset, &pool.usb_reset),
            (Hook::PowerCycle, &modem.power_cycle, &pool.power_cycle),
        ];
        for (hook, own, of_pool) in hooks {
            let words = Modem::hook(own, of_pool, &modem.name, port);
            if !words.is_empty() {
                self.0.insert((modem.name.clone(), hook), words);
            }
        }
    }

    fn words(&self, modem: &str, hook: Hook) -> Option<&Vec<String>> {
        self.0.get(&(modem.to_owned(), hook))
    }
}

impl ModemHooks for Programs {
    fn has(&self, modem: &str, hook: Hook) -> bool {
        self.words(modem, hook).is_some()
    }

    fn begin(&self, modem: &str, hook: Hook, run: Arc<HookRun>) {
        let Some(words) = self.words(modem, hook).cloned() else {
            return run.end(Err("there is no such program".to_owned()));
        };
        let started = std::thread::Builder::new().name("modem-hook".to_owned());
        let of_thread = Arc::clone(&run);
        if let Err(error) = started.spawn(move || of_thread.end(ran(&words))) {
            run.end(Err(format!("no thread for it: {error}")));
        }
    }
}

fn ran(words: &[String]) -> Result<(), String> {
    let (program, arguments) = words.split_first().ok_or("it is empty")?;
    let mut command = Command::new(program);
    let command = command.args(arguments).stdin(Stdio::null());
    let child = command
        .spawn()
        .map_err(|error| format!("{program} cannot be started: {error}"))?;
    ended(child, program)
}

fn ended(mut child: Child, program: &str) -> Result<(), String> {
    let until = Instant::now() + RUN_MAX;
    loop {
        match child.try_wait() {
            Ok(Some(status)) if status.success() => return Ok(()),
            Ok(Some(status)) => return Err(format!("{program} ended with {status}")),
            Ok(None) if Instant::now() < until => std::thread::sleep(LOOK),
            Ok(None) => {
                let _ = child.kill();
                let _ = child.wait();
                return Err(format!(
                    "{program} took longer than {} s",
                    RUN_MAX.as_secs()
                ));
            }
            Err(error) => return Err(format!("{program} cannot be waited for: {error}")),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_program_that_fails_or_is_not_there_says_so() {
        let words = |words: &[&str]| {
            words
                .iter()
                .map(|word| (*word).to_owned())
                .collect::<Vec<_>>()
        };
        assert_eq!(ran(&words(&["true"])), Ok(()));
        let fault = ran(&words(&["false"])).unwrap_err();
        assert!(fault.contains("exit status: 1"), "{fault}");
        let fault = ran(&words(&["/nowhere/at/all"])).unwrap_err();
        assert!(fault.contains("cannot be started"), "{fault}");
    }
}
