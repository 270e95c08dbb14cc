//! The operator's programs that reset a modem's USB port or its power.
//!
//! Promise: a program runs beside the shards, has no input, and is ended when it takes longer than [`RUN_MAX`]. Bound: one a modem.

use std::collections::HashMap;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use carrack_carrier::modem::{Hook, HookRun, ModemHooks, ModemPanel};
use carrack_settings::{Modem, ModemPool};

/// The driver waits for a minute.
const RUN_MAX: Duration = Duration::from_secs(55);
const LOOK: Duration = Duration::from_millis(50);
/// Stands for a port that is known only when the program runs.
const PORT: &str = "{port}";

/// Program and arguments by modem and hook.
#[derive(Debug, Default)]
pub(super) struct Programs {
    words: HashMap<(String, Hook), Vec<String>>,
    /// Where the port of a modem is seen that was found: it is another one each time.
    panels: HashMap<String, Arc<ModemPanel>>,
}

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
                self.words.insert((modem.name.clone(), hook), words);
            }
        }
    }

    /// Those of a modem that is found.
    pub(super) fn add_found(&mut self, name: &str, pool: &ModemPool, panel: &Arc<ModemPanel>) {
        let hooks = [
            (Hook::UsbReset, &pool.usb_reset),
            (Hook::PowerCycle, &pool.power_cycle),
        ];
        for (hook, of_pool) in hooks.into_iter().filter(|(_, words)| !words.is_empty()) {
            let words = Modem::hook(&[], of_pool, name, PORT);
            self.words.insert((name.to_owned(), hook), words);
        }
        self.panels.insert(name.to_owned(), Arc::clone(panel));
    }

    fn words(&self, modem: &str, hook: Hook) -> Option<Vec<String>> {
        let words = self.words.get(&(modem.to_owned(), hook))?.clone();
        let Some(panel) = self.panels.get(modem) else {
            return Some(words);
        };
        let port = panel.view().port;
        let filled = words.iter().map(|word| word.replace(PORT, &port));
        Some(filled.collect())
    }
}

impl ModemHooks for Programs {
    fn has(&self, modem: &str, hook: Hook) -> bool {
        self.words.contains_key(&(modem.to_owned(), hook))
    }

    fn begin(&self, modem: &str, hook: Hook, run: Arc<HookRun>) {
        let Some(words) = self.words(modem, hook) else {
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
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use carrack_settings::Settings;

    use super::*;

    #[test]
    fn the_port_of_a_modem_that_was_found_is_the_one_that_it_has_now() {
        let words = ["reset", "{modem}", "{port}"].map(str::to_owned);
        let pool =
            "[[carrier]]\nname = \"rack\"\nkind = \"modem_pool\"\nprice = 1\nports = \"auto\"\n";
        let text = format!("[node]\ndata_dir = \"d\"\n{pool}");
        let settings = Settings::parse(&text, "c.toml", std::path::Path::new("")).unwrap();
        let mut pool = settings.carriers[0].pool.clone().unwrap();
        pool.usb_reset = words.to_vec();
        let panel = Arc::new(ModemPanel::new("rack", "rack-auto-1", "/dev/ttyUSB7"));
        let mut programs = Programs::default();
        programs.add_found("rack-auto-1", &pool, &panel);
        assert!(!programs.has("rack-auto-1", Hook::PowerCycle));
        let found = programs.words("rack-auto-1", Hook::UsbReset).unwrap();
        assert_eq!(found, ["reset", "rack-auto-1", "/dev/ttyUSB7"]);
    }

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
