//! The report: findings, what was sent and came, texts to compare on the handset, the draft of a profile; for people as
//! Markdown, for programs by serde.

use std::fmt::Write as _;

use carrack_settings::Profile;
use serde::Serialize;

use super::analysis::Analysis;
use super::findings::{Finding, Sheet, Weight};
use super::message::Purpose;
use super::{Outcome, Question};

/// What was sent and what came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Totals {
    /// Messages sent.
    pub sent: usize,
    /// Messages taken.
    pub accepted: usize,
    /// Messages refused.
    pub refused: usize,
    /// Messages without an answer.
    pub unanswered: usize,
    /// Receipts that came.
    pub receipts: usize,
    /// Messages from handsets that came.
    pub incoming: usize,
}

/// A text to be looked at on the handset.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Sight {
    /// `data_coding` it was sent under.
    pub data_coding: u8,
    /// What that stands for.
    pub name: &'static str,
    /// How it ends, so that it is found among the others.
    pub mark: String,
    /// Its first characters where the SMSC read it right.
    pub shows: &'static str,
    /// Whether it was taken.
    pub accepted: bool,
}

/// What a probe found out.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// Whether everything was asked.
    pub complete: bool,
    /// Why it was not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stopped: Option<String>,
    /// Questions that were asked.
    pub questions: Vec<&'static str>,
    /// What was sent and came.
    pub totals: Totals,
    /// What was found out, in the order of the questions.
    pub findings: Vec<Finding>,
    /// What a probe like this one cannot see.
    pub unseen: Vec<String>,
    /// Texts to look at on the handset.
    pub sights: Vec<Sight>,
    /// A profile that follows from it.
    #[serde(skip)]
    pub profile: Profile,
}

impl Report {
    pub(super) fn new(all: &Analysis<'_>, sheet: Sheet, outcome: &Outcome) -> Self {
        let Sheet {
            mut findings,
            mut profile,
        } = sheet;
        let questions: Vec<&'static str> = all
            .seen
            .asked
            .iter()
            .map(|question| question.name())
            .collect();
        let place = |finding: &Finding| {
            super::Question::ALL
                .iter()
                .position(|question| question.name() == finding.question)
        };
        findings.sort_by_key(place);
        profile.name = "draft".to_owned();
        profile.description =
            "Drafted by carrack carrier probe; look at each key before it is used".to_owned();
        let answered = all
            .seen
            .submits
            .iter()
            .filter(|submit| !submit.answers.is_empty())
            .count();
        let accepted = all.seen.accepted().count();
        profile.drawn_from = format!(
            "A probe: {} messages sent, {accepted} taken, {} receipts",
            all.seen.submits.len(),
            all.receipts.len()
        );
        Self {
            complete: *outcome == Outcome::Done,
            stopped: match outcome {
                Outcome::Done => None,
                Outcome::Stopped(why) => Some(why.clone()),
            },
            questions,
            totals: Totals {
                sent: all.seen.submits.len(),
                accepted,
                refused: answered - accepted,
                unanswered: all.seen.submits.len() - answered,
                receipts: all.receipts.len(),
                incoming: all.incoming.len(),
            },
            findings,
            unseen: unseen(all),
            sights: sights(all),
            profile,
        }
    }

    /// Quirks of the simulator that behave alike.
    pub fn quirks(&self) -> impl Iterator<Item = &'static str> {
        self.findings.iter().filter_map(|finding| finding.quirk)
    }

    /// As Markdown.
    #[must_use]
    pub fn markdown(&self, title: &str) -> String {
        let mut out = String::new();
        // Writing to a String does not fail.
        let _ = self.write(title, &mut out);
        out
    }

    fn write(&self, title: &str, out: &mut String) -> std::fmt::Result {
        let totals = &self.totals;
        writeln!(out, "# {title}\n")?;
        if let Some(why) = &self.stopped {
            writeln!(out, "**Not complete:** {why}\n")?;
        }
        writeln!(
            out,
            "{} messages sent: {} taken, {} refused, {} without an answer. {} receipts and {} messages from handsets came.\n\nAsked: {}.\n",
            totals.sent,
            totals.accepted,
            totals.refused,
            totals.unanswered,
            totals.receipts,
            totals.incoming,
            self.questions.join(", ")
        )?;
        for (weight, heading) in [
            (Weight::Trouble, "Trouble"),
            (Weight::Odd, "Otherwise than usual"),
            (Weight::Plain, "As usual"),
        ] {
            let of: Vec<&Finding> = self
                .findings
                .iter()
                .filter(|finding| finding.weight == weight)
                .collect();
            if of.is_empty() {
                continue;
            }
            writeln!(out, "## {heading}\n")?;
            for finding in of {
                finding.write(out)?;
            }
            writeln!(out)?;
        }
        if !self.unseen.is_empty() {
            writeln!(out, "## What it cannot see\n")?;
            for each in &self.unseen {
                writeln!(out, "- {each}")?;
            }
            writeln!(out)?;
        }
        self.write_sights(out)
    }

    fn write_sights(&self, out: &mut String) -> std::fmt::Result {
        if self.sights.is_empty() {
            return Ok(());
        }
        writeln!(
            out,
            "## Look at the handset\n\nEach of these texts begins as shown where the carrier read it right.\n"
        )?;
        writeln!(
            out,
            "| data_coding | alphabet | ends in | begins with | taken |\n| --- | --- | --- | --- | --- |"
        )?;
        for sight in &self.sights {
            let taken = if sight.accepted { "yes" } else { "no" };
            writeln!(
                out,
                "| {:#04x} | {} | {} | `{}` | {taken} |",
                sight.data_coding, sight.name, sight.mark, sight.shows
            )?;
        }
        writeln!(out)
    }
}

impl Finding {
    fn write(&self, out: &mut String) -> std::fmt::Result {
        write!(out, "- {}: {}.", self.question, self.what)?;
        match (self.quirk, self.trap) {
            (Some(quirk), Some(trap)) => write!(out, " Looks like quirk `{quirk}` ({trap}).")?,
            (Some(quirk), None) => write!(out, " Looks like quirk `{quirk}`.")?,
            (None, Some(trap)) => write!(out, " Trap {trap}.")?,
            (None, None) => {}
        }
        if !self.keys.is_empty() {
            write!(
                out,
                " Profile: {}.",
                self.keys
                    .iter()
                    .map(|key| format!("`{key}`"))
                    .collect::<Vec<_>>()
                    .join(", ")
            )?;
        }
        writeln!(out)?;
        for seen in self.seen.iter().filter(|seen| !seen.is_empty()) {
            writeln!(out, "  - {seen}")?;
        }
        Ok(())
    }
}

/// What nothing in the answers would show, so that nobody takes its absence for proof.
fn unseen(all: &Analysis<'_>) -> Vec<String> {
    let sent = all.seen.submits.len();
    if sent == 0 {
        return Vec::new();
    }
    let mut unseen = Vec::new();
    if all.plan.asks(Question::Alphabets) {
        unseen.push("what the handset shows: whether data_coding 0 is read there as Latin-1, Windows-1252 or ASCII (dc0_alphabet), and whether texts under data_coding 3 lose letters".to_owned());
    }
    // Of so many messages, a share of three in that number is seen 19 times of 20.
    let share = (300 / sent).max(1);
    unseen.push(format!("what happens at random to fewer than about {share} of 100 messages: refusals, responses and receipts that are lost or come twice; {sent} were sent"));
    unseen.push(format!("what happens only after more than {sent} submits or on connections older than this run: unbind, closing, garbage, ids that are given again"));
    unseen.push(
        "how it treats wrong passwords and too many binds: nobody provokes that at a carrier"
            .to_owned(),
    );
    let asks = |question, what: &str| (!all.plan.asks(question)).then(|| what.to_owned());
    unseen.extend(asks(Question::Window, "its window, and whether responses and receipts are shuffled when many are on their way: ask with --measure-window"));
    unseen.extend(asks(Question::Rate, "its rate: ask with --measure-rate"));
    if all.incoming.is_empty() {
        unseen.push(
            "messages from handsets, for none came: answer one of the texts while it runs"
                .to_owned(),
        );
    }
    unseen
}

fn sights(all: &Analysis<'_>) -> Vec<Sight> {
    let of = all
        .seen
        .submits
        .iter()
        .filter_map(|submit| match submit.message.purpose {
            Purpose::Coding(coding) => Some((submit, coding)),
            _ => None,
        })
        .collect::<Vec<_>>();
    let is_last = |place: usize, coding| {
        let later = of.iter().skip(place + 1);
        !later.into_iter().any(|(_, other)| *other == coding)
    };
    let of = of.iter().enumerate();
    let of = of.filter(|(place, (_, coding))| is_last(*place, *coding));
    of.map(|(_, (submit, coding))| (*submit, *coding))
        .map(|(submit, coding)| Sight {
            data_coding: coding.data_coding,
            name: coding.name,
            mark: submit.message.mark.clone(),
            shows: coding.shows(),
            accepted: submit.is_accepted(),
        })
        .collect()
}
