//! kill -9 loses nothing that `spend` had allowed.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};

use carrack_settings::SimTerms;

use super::{LAYOUT, MONDAY, SECOND, card, rules, to};
use crate::modem::book::{MappedPages, SimBook};
use crate::modem::{Allowance, SimDesk};

const FILE: &str = "CARRACK_TEST_SIM_BOOK";

fn book(path: &Path) -> SimBook {
    let pages = MappedPages::open(path, LAYOUT).unwrap();
    SimBook::open(Box::new(pages), path, rules(&SimTerms::default())).unwrap()
}

/// Run by the test below as a process of its own: says each segment after it was allowed.
#[test]
#[ignore = "the process that the other test kills"]
fn spends_until_it_is_killed() {
    let Some(path) = std::env::var_os(FILE) else {
        return;
    };
    let book = book(Path::new(&path));
    let sim = book.seat("rack", "m", &card(1), MONDAY);
    let used = book.view(sim, MONDAY).unwrap().month.used;
    let mut out = std::io::stdout();
    for number in used.. {
        let at = MONDAY + number * 5 * SECOND;
        assert_eq!(book.spend(sim, to(number % 60), at), Allowance::Now);
        if writeln!(out, "sent {}", number + 1)
            .and_then(|()| out.flush())
            .is_err()
        {
            return;
        }
    }
}

#[test]
fn kill_9_loses_nothing_that_was_allowed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("sims");
    let mut told = 0;
    for round in 1..=8_u64 {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args([
                "--ignored",
                "--nocapture",
                "--exact",
                "modem::book::tests::killed::spends_until_it_is_killed",
            ])
            .env(FILE, &path)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut left = 700 * round;
        for line in lines {
            let line = line.unwrap();
            let Some(count) = line
                .split("sent ")
                .nth(1)
                .and_then(|count| count.parse::<u64>().ok())
            else {
                continue;
            };
            told = count;
            left -= 1;
            if left == 0 {
                break;
            }
        }
        assert_eq!(left, 0, "the process ended by itself");
        child.kill().unwrap();
        child.wait().unwrap();
        let book = book(&path);
        let used = book.list(MONDAY)[0].month.used;
        assert!(
            used >= told,
            "round {round}: {told} were allowed, {used} are counted"
        );
        told = used;
    }
}
