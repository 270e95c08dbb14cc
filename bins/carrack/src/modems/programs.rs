//! The operator's programs that reset a modem's USB port or its power.
//!
//! Promise: a program runs beside the shards, without input or output, and is ended with all that it began when it takes longer than
//! [`RUN_MAX`]. One that cannot be ended (`sudo` is root's) is told, not waited for, and none is begun for its modem until it has gone.
//! Bound: one a modem.

use std::collections::{HashMap, HashSet};
use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use carrack_carrier::modem::{Hook, HookRun, ModemHooks, ModemPanel};
use carrack_settings::{Modem, ModemPool};
use rustix::io::Errno;
use rustix::process::{Pid, Signal, kill_process_group, test_kill_process_group};

/// The driver waits for a minute.
const RUN_MAX: Duration = Duration::from_secs(55);
/// From being asked to end to being ended, and from that to its end.
const GRACE: Duration = Duration::from_secs(1);
const END_MAX: Duration = Duration::from_secs(1);
const LOOK_AGAIN: Duration = Duration::from_secs(1);
const LOOK: Duration = Duration::from_millis(50);
/// Stands for a port that is known only when the program runs.
const PORT: &str = "{port}";

/// Program and arguments by modem and hook.
#[derive(Debug, Default)]
pub(super) struct Programs {
    words: HashMap<(String, Hook), Vec<String>>,
    /// Where the port of a modem is seen that was found: it is another one each time.
    panels: HashMap<String, Arc<ModemPanel>>,
    running: Arc<Running>,
}

/// Modems for which a program runs.
#[derive(Debug, Default)]
struct Running(Mutex<HashSet<String>>);

impl Running {
    /// False: one runs already.
    fn begin(&self, modem: &str) -> bool {
        let mut modems = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        modems.insert(modem.to_owned())
    }

    fn end(&self, modem: &str) {
        let mut modems = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        modems.remove(modem);
    }
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
        if !self.running.begin(modem) {
            let words =
                "the program before it goes on still, and none is begun beside it; end it by hand";
            return run.end(Err(words.to_owned()));
        }
        let (name, running) = (modem.to_owned(), Arc::clone(&self.running));
        let of_thread = Arc::clone(&run);
        let work = move || {
            let left = match run_for(&words, RUN_MAX) {
                Ended::Gone(ended) => {
                    running.end(&name);
                    return of_thread.end(ended);
                }
                Ended::Left(child, words) => {
                    of_thread.end(Err(words));
                    child
                }
            };
            wait_for(left, &name);
            running.end(&name);
        };
        let started = std::thread::Builder::new().name("modem-hook".to_owned());
        if let Err(error) = started.spawn(work) {
            self.running.end(modem);
            run.end(Err(format!("no thread for it: {error}")));
        }
    }
}

/// What became of a program.
#[derive(Debug)]
enum Ended {
    Gone(Result<(), String>),
    /// It goes on, and cannot be ended; the words are for people.
    Left(Child, String),
}

fn run_for(words: &[String], most: Duration) -> Ended {
    let Some((program, arguments)) = words.split_first() else {
        return Ended::Gone(Err("it is empty".to_owned()));
    };
    let mut command = Command::new(program);
    // A group of its own: what it begins is ended with it. The node's output is not its own: a table or a log stands there.
    let command = command
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .process_group(0);
    match command.spawn() {
        Ok(child) => ended(child, program, most),
        Err(error) => Ended::Gone(Err(format!("{program} cannot be started: {error}"))),
    }
}

fn ended(mut child: Child, program: &str, most: Duration) -> Ended {
    let error = |error| Ended::Gone(Err(format!("{program} cannot be waited for: {error}")));
    match within(&mut child, most) {
        Ok(Some(status)) if status.success() => return Ended::Gone(Ok(())),
        Ok(Some(status)) => return Ended::Gone(Err(format!("{program} ended with {status}"))),
        Ok(None) => {}
        Err(fault) => return error(fault),
    }
    let took = format!("{program} took longer than {} s", most.as_secs());
    let group = Pid::from_raw(child.id().cast_signed());
    let tell = |signal| group.map(|group| kill_process_group(group, signal));
    // Asked first. It is not waited for meanwhile, so its number stays its own.
    let _ = tell(Signal::TERM);
    std::thread::sleep(GRACE);
    let _ = tell(Signal::KILL);
    match within(&mut child, END_MAX) {
        Ok(Some(_)) if is_soon_gone(group) => return Ended::Gone(Err(took)),
        Ok(_) => {}
        Err(fault) => return error(fault),
    }
    let words = format!(
        "{took} and cannot be ended (is it another user's, as by sudo?); no other is begun for this modem until it has ended"
    );
    Ended::Left(child, words)
}

/// Whether nothing is left of a group that was killed but what nobody has buried yet, which is none's.
fn is_soon_gone(group: Option<Pid>) -> bool {
    let until = Instant::now() + END_MAX;
    loop {
        let found = group.map(test_kill_process_group);
        if matches!(found, None | Some(Err(Errno::SRCH))) {
            return true;
        }
        if Instant::now() >= until {
            return !is_of_others(group);
        }
        std::thread::sleep(LOOK);
    }
}

/// Whether what is left of a group may not be sent a signal: it is another user's, and lives.
fn is_of_others(group: Option<Pid>) -> bool {
    let found = group.map(test_kill_process_group);
    matches!(found, Some(Err(Errno::PERM)))
}

/// How it ended, where it did in this time.
fn within(child: &mut Child, most: Duration) -> std::io::Result<Option<ExitStatus>> {
    let until = Instant::now() + most;
    loop {
        let found = child.try_wait()?;
        if found.is_some() || Instant::now() >= until {
            return Ok(found);
        }
        std::thread::sleep(LOOK);
    }
}

/// Nobody waits for this but the next program of the same modem.
fn wait_for(mut child: Child, modem: &str) {
    let group = Pid::from_raw(child.id().cast_signed());
    let _ = child.wait();
    while is_of_others(group) {
        std::thread::sleep(LOOK_AGAIN);
    }
    tracing::info!(
        modem,
        "a program of a modem that could not be ended has ended"
    );
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

    fn words(words: &[&str]) -> Vec<String> {
        words.iter().map(|word| (*word).to_owned()).collect()
    }

    fn ran(run: &[&str], most: Duration) -> Result<(), String> {
        match run_for(&words(run), most) {
            Ended::Gone(ended) => ended,
            Ended::Left(_, words) => Err(words),
        }
    }

    #[test]
    fn a_program_that_fails_or_is_not_there_says_so() {
        assert_eq!(ran(&["true"], RUN_MAX), Ok(()));
        let fault = ran(&["false"], RUN_MAX).unwrap_err();
        assert!(fault.contains("exit status: 1"), "{fault}");
        let fault = ran(&["/nowhere/at/all"], RUN_MAX).unwrap_err();
        assert!(fault.contains("cannot be started"), "{fault}");
    }

    #[test]
    fn a_program_that_takes_too_long_is_ended_with_all_that_it_began() {
        let folder = tempfile::tempdir().unwrap();
        let alive = folder.path().join("alive");
        // A child that would say that it was left alive; neither hears what it is asked.
        let script = format!(
            "trap '' TERM; (sleep 4; touch {}) & sleep 30",
            alive.display()
        );
        let began = Instant::now();
        let fault = ran(&["sh", "-c", &script], Duration::from_millis(100)).unwrap_err();
        assert!(fault.contains("took longer"), "{fault}");
        assert!(!fault.contains("cannot be ended"), "{fault}");
        assert!(began.elapsed() < Duration::from_secs(4));
        std::thread::sleep(Duration::from_secs(5).saturating_sub(began.elapsed()));
        assert!(!alive.exists(), "its child goes on");
    }

    #[test]
    fn none_is_begun_beside_one_that_goes_on() {
        let running = Running::default();
        assert!(running.begin("m1"));
        assert!(!running.begin("m1"));
        assert!(running.begin("m2"));
        running.end("m1");
        assert!(running.begin("m1"));
    }
}
