//! `[[quiet_hours]]`: whose, when, by which clock, and faults with their cure.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, missing_docs)]

use std::path::Path;

use carrack_message::Class;
use carrack_settings::{Faults, Settings};
use jiff::civil::date;

const NODE: &str = "[node]\ndata_dir = \"data\"\n[[account]]\nname = \"shop\"\napi_key = \"k\"\n";

fn settings(text: &str) -> Result<Settings, Faults> {
    let text = format!("{NODE}[[quiet_hours]]\n{text}\n");
    Settings::parse(&text, "c.toml", Path::new("/etc"))
}

#[test]
fn one_time_passwords_and_alerts_are_never_held_unless_told_so() {
    let nights = settings("hours = \"21:00-08:00\"").unwrap().quiet_hours;
    assert_eq!(nights[0].exempt, [Class::Otp, Class::Alert]);
    assert!(nights[0].zone.is_none(), "the recipient's");
    assert_eq!(nights[0].name, "quiet-hours-1");
    let all = "name = \"de\"\nhours = [\"20:00-09:00\"]\ndays = [\"mon-sat\"]\nexempt = []\nzone = \"Europe/Berlin\"\n\
        holidays = [\"2026-12-25..2026-12-26\", \"2027-01-01\"]\nmatch = { prefix = \"49\", account = \"shop\" }";
    let rule = settings(all).unwrap().quiet_hours.remove(0);
    assert_eq!((rule.exempt.len(), rule.days.len()), (0, 6));
    let days = [date(2026, 12, 25), date(2026, 12, 26), date(2027, 1, 1)];
    assert_eq!(rule.holidays, days);
    assert_eq!(rule.matches.prefixes, ["49"]);
}

#[test]
fn what_does_not_fit_is_a_fault_with_its_cure() {
    for (text, said) in [
        ("", "say no time"),
        ("hours = \"21-8\"", "write hours such as"),
        ("hours = \"21:00-08:00\"\nzone = \"Mars\"", "no time zone"),
        ("holidays = \"christmas\"", "write a date"),
        ("holidays = \"2026-01-01..2036-01-01\"", "more than 1000"),
        (
            "days = \"sun\"\nmatch = { hours = \"08:00-09:00\" }",
            "beside it",
        ),
        ("hours = \"21:00-08:00\"\nexempt = \"otps\"", "exempt"),
        ("hours = \"21:00-08:00\"\nhour = 3", "unknown key"),
    ] {
        let fault = settings(text).unwrap_err().to_string();
        assert!(fault.contains(said), "{text}: {fault}");
    }
}
