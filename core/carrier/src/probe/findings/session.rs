//! The link itself: keep-alive, sequence numbers, how octets come, how it ends.

use std::collections::BTreeSet;

use carrack_smpp::CommandStatus;

use super::{Sheet, odd, plain, shown, time, trouble};
use crate::probe::analysis::Analysis;
use crate::probe::observation::EndSeen;
use crate::probe::script::{Ask, Wire};

/// `enquire_link` that come nearer to each other than this are a flood.
const ENQUIRE_INTERVAL_NS_MIN: u64 = 200_000_000;
const ENQUIRIES_MIN: usize = 10;
const SEQUENCES_MIN: usize = 3;
/// Fewer octets than this at a time, in the mean, are a drip: where we come late, several are read at once.
const OCTETS_A_READ: u64 = 5;
const READS_MIN: u64 = 32;
const SECOND_NS: u64 = 1_000_000_000;
/// Connections whose ages differ by less are of one age.
const AGE_SPREAD_NS: u64 = 120_000_000;
/// Highest sequence number of the specification.
const SEQUENCE_MAX: u32 = 0x7FFF_FFFF;

pub(super) fn find(all: &Analysis<'_>, sheet: &mut Sheet) {
    enquiries(all, sheet);
    sequences(all, sheet);
    octets(all, sheet);
    ends(all, sheet);
    goodbye(all, sheet);
    if all.seen.alerts > 0 {
        sheet.add(odd(
            "receipts",
            "",
            "alert",
            format!(
                "{} alert_notification came: it tells when a handset is there again",
                all.seen.alerts
            ),
        ));
    }
}

fn enquiries(all: &Analysis<'_>, sheet: &mut Sheet) {
    if all.seen.enquiries_before_bind > 0 {
        sheet.add(odd(
            "keep-alive",
            "T23",
            "enquire-before-bind",
            "it sends enquire_link before it has answered the bind",
        ));
    }
    let times = &all.seen.enquiries;
    if let (Some(first), Some(last)) = (times.first(), times.last()) {
        let span_ns = last.now_ns.saturating_sub(first.now_ns);
        let between_ns = span_ns / (times.len() as u64).max(1);
        let (sent, between) = (times.len(), time(between_ns));
        if sent >= ENQUIRIES_MIN && between_ns < ENQUIRE_INTERVAL_NS_MIN {
            sheet.add(odd(
                "keep-alive",
                "T23",
                "enquire-flood",
                format!("it sent {sent} enquire_link, one each {between}"),
            ));
        } else {
            sheet.add(plain("keep-alive", format!("it sent {sent} enquire_link")));
        }
    }
    let asked = all
        .seen
        .asks
        .iter()
        .filter(|seen| seen.ask == Ask::EnquireLink);
    for ask in asked {
        match &ask.answer {
            None => sheet.add(
                trouble(
                    "keep-alive",
                    "T23",
                    "no-enquire-answer",
                    "it does not answer enquire_link",
                )
                .keys(&["enquire_misses"]),
            ),
            Some(answer) if answer.status == CommandStatus::ESME_ROK => {
                let after = time(answer.at.now_ns.saturating_sub(ask.at.now_ns));
                sheet.add(plain(
                    "keep-alive",
                    format!("it answers enquire_link after {after}"),
                ));
            }
            Some(answer) => sheet.add(plain(
                "keep-alive",
                format!("it answers enquire_link with {}", answer.status),
            )),
        }
    }
}

fn sequences(all: &Analysis<'_>, sheet: &mut Sheet) {
    let numbers = &all.seen.sequences;
    let different: BTreeSet<u32> = numbers.iter().copied().collect();
    let (trap, question) = ("T19", "keep-alive");
    if different.contains(&0) {
        sheet.add(odd(
            question,
            trap,
            "sequence-zero",
            "its own requests have the sequence number 0",
        ));
    }
    if let Some(high) = different.iter().find(|number| **number > SEQUENCE_MAX) {
        sheet.add(
            odd(
                question,
                trap,
                "sequence-high",
                "its own requests have sequence numbers above 0x7FFFFFFF",
            )
            .seen(format!("{high:#010x}")),
        );
    }
    if numbers.len() >= SEQUENCES_MIN && different.len() == 1 {
        sheet.add(odd(
            question,
            trap,
            "sequence-constant",
            "all its own requests have the same sequence number",
        ));
    }
}

fn octets(all: &Analysis<'_>, sheet: &mut Sheet) {
    let reads = all.seen.reads;
    let is_fine = reads.octets < reads.reads * OCTETS_A_READ;
    if reads.reads >= READS_MIN && is_fine {
        sheet.add(
            odd("keep-alive", "T43", "drip", "its octets come one by one")
                .seen(format!("{} octets in {} reads", reads.octets, reads.reads)),
        );
    } else if reads.split_headers > 0 && reads.split_headers * 3 > reads.pdus {
        sheet.add(
            odd(
                "keep-alive",
                "T43",
                "split-header",
                "its PDUs come in pieces, cut inside the header",
            )
            .seen(format!("{} of {} PDUs", reads.split_headers, reads.pdus)),
        );
    }
    // What answers a bind is told with the bind.
    let torn: Vec<&EndSeen> = all
        .seen
        .ends
        .iter()
        .filter(|end| end.was_bound && end.garbage.is_some())
        .collect();
    if let Some(first) = torn.first() {
        let times = torn.len();
        sheet.add(
            trouble(
                "keep-alive",
                "T41",
                "garbage-after",
                format!(
                    "it sent what is no PDU {times} times, and the connection had to be given up"
                ),
            )
            .seen(format!(
                "after {} submits: {}",
                first.submits,
                shown(first.garbage.as_deref().unwrap_or_default())
            )),
        );
    }
    if all.seen.bodies_unreadable > 0 {
        sheet.add(
            trouble(
                "receipts",
                "T39",
                "",
                format!(
                    "{} deliver_sm or data_sm could not be read",
                    all.seen.bodies_unreadable
                ),
            )
            .without_quirk(),
        );
    }
}

/// Ends that nobody asked for.
fn ends(all: &Analysis<'_>, sheet: &mut Sheet) {
    let unwanted: Vec<&EndSeen> = all
        .seen
        .ends
        .iter()
        .filter(|end| !end.was_wanted && end.was_bound && end.garbage.is_none())
        .collect();
    let (said, silent): (Vec<&EndSeen>, Vec<&EndSeen>) =
        unwanted.into_iter().partition(|end| end.unbind);
    if let Some(first) = said.first() {
        let owing = said
            .iter()
            .any(|end| end.wire == Wire::Main && all.seen.is_owed(end.connection));
        let after = format!("after {} submits: {}", first.submits, first.reason);
        let finding = if owing {
            odd(
                "goodbye",
                "T24",
                "unbind-then-close",
                "it sends unbind and closes while it owes answers",
            )
        } else {
            odd(
                "goodbye",
                "T24",
                "unbind-after",
                format!("it sent unbind by itself {} times", said.len()),
            )
        };
        sheet.add(finding.seen(after));
    }
    let Some(first) = silent.first() else { return };
    let on_main: Vec<&EndSeen> = silent
        .iter()
        .copied()
        .filter(|end| end.wire == Wire::Main)
        .collect();
    let times = silent.len();
    let finding = if is_by_count(&silent, &on_main) {
        trouble(
            "goodbye",
            "T05",
            "close-after",
            format!(
                "it dropped the connection {times} times, always after {} submits",
                on_main.first().map_or(0, |end| end.submits)
            ),
        )
    } else {
        let ages = on_main.iter().map(|end| end.age_ns);
        let age = match (ages.clone().min(), ages.max()) {
            (Some(least), Some(most)) if on_main.len() > 1 => {
                format!(", each {} to {} old", time(least), time(most))
            }
            (Some(age), _) => format!(", {} old", time(age)),
            _ => String::new(),
        };
        trouble(
            "goodbye",
            "T05",
            "reconnect-every",
            format!("it dropped the connection {times} times without a word{age}"),
        )
    };
    sheet.add(finding.seen(first.reason.clone()).keys(&["rebind_backoff"]));
}

/// Whether drops follow the number of submits rather than the age of the connection.
fn is_by_count(silent: &[&EndSeen], on_main: &[&EndSeen]) -> bool {
    let counts: BTreeSet<u32> = on_main.iter().map(|end| end.submits).collect();
    // One that carried no submit cannot have been counted out.
    if on_main.len() < 2 || counts.len() != 1 || silent.iter().any(|end| end.submits == 0) {
        return false;
    }
    let ages = || on_main.iter().map(|end| end.age_ns);
    let (least, most) = (ages().min().unwrap_or(0), ages().max().unwrap_or(0));
    // Of the same count and the same age, a round age is a clock's.
    let is_same_age = most.saturating_sub(least) <= AGE_SPREAD_NS;
    let is_round = ages().all(|age| {
        let off = age % SECOND_NS;
        off.min(SECOND_NS - off) <= AGE_SPREAD_NS
    });
    !(is_same_age && is_round)
}

fn goodbye(all: &Analysis<'_>, sheet: &mut Sheet) {
    let asked: Vec<_> = all
        .seen
        .goodbyes
        .iter()
        .filter(|(_, goodbye)| !goodbye.peer_was_first)
        .collect();
    let Some((_, last)) = asked.last() else {
        return;
    };
    match last.answered {
        Some(at) => {
            let after = time(at.now_ns.saturating_sub(last.asked.now_ns));
            sheet.add(plain("goodbye", format!("it answers unbind after {after}")));
        }
        None => sheet.add(odd(
            "goodbye",
            "T24",
            "ignore-unbind",
            "it does not answer unbind",
        )),
    }
}
