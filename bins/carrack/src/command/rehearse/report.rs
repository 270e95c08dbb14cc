//! A rehearsal as a document, and for people.

use std::path::Path;

use carrack_routing::show_instant;
use serde::Serialize;

use super::reading::Unreadable;
use crate::rehearsal::{Comparison, Made};
use crate::table::count;

const SECOND_NS: u64 = 1_000_000_000;

/// What was read beside what is compared.
#[derive(Default)]
pub(super) struct Reading {
    pub(super) files: usize,
    /// Lines that do not say what was accepted.
    pub(super) without_facts: u64,
    /// Messages that no carrier was tried for.
    pub(super) never_sent: u64,
    /// Messages of the node itself.
    pub(super) loop_probes: u64,
    pub(super) unreadable: Unreadable,
}

/// The document.
#[derive(Serialize)]
pub(super) struct Rehearsal {
    table: String,
    prices_at: String,
    files: usize,
    /// Messages that were rehearsed.
    messages: u64,
    /// Of those, messages that another carrier would get.
    moved: u64,
    never_sent: u64,
    loop_probes: u64,
    without_facts: u64,
    unreadable: Unreadable,
    #[serde(flatten)]
    comparison: Comparison,
}

impl Rehearsal {
    pub(super) fn of(table: &Path, reading: Reading, made: &Made<'_>) -> Self {
        let parts = made.sums.parts();
        Self {
            table: table.display().to_string(),
            prices_at: show_instant(made.at_utc_ns / SECOND_NS * SECOND_NS),
            files: reading.files,
            messages: made.sums.before.messages,
            moved: parts.other,
            never_sent: reading.never_sent,
            loop_probes: reading.loop_probes,
            without_facts: reading.without_facts,
            unreadable: reading.unreadable,
            comparison: Comparison::of(made),
        }
    }

    pub(super) const fn unreadable(&self) -> u64 {
        self.unreadable.count
    }

    /// All of it, for people.
    pub(super) fn text(&self) -> String {
        let mut text = self.comparison.tables();
        text += &format!(
            "{} messages of {}, {} would change their carrier; prices of {}",
            count(self.messages),
            match self.files {
                1 => "1 file".to_owned(),
                files => format!("{files} files"),
            },
            count(self.moved),
            self.prices_at
        );
        text + &self.comparison.notes() + &self.left_out()
    }

    /// What is in none of the sums.
    fn left_out(&self) -> String {
        let mut text = String::new();
        let counts = [
            (
                self.never_sent,
                "messages were never tried at a carrier; they are in no sum",
            ),
            (
                self.loop_probes,
                "messages are loop probes of the node; they are in no sum",
            ),
            (
                self.without_facts,
                "lines do not say what was accepted; they are in no sum",
            ),
            (
                self.unreadable.count,
                "lines cannot be read; they are in no sum",
            ),
        ];
        for (number, what) in counts.iter().filter(|(number, _)| *number > 0) {
            text += &format!("\n{} {what}", count(*number));
        }
        for what in &self.unreadable.what {
            text += &format!("\nfault: {what}");
        }
        text
    }
}
