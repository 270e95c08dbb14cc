//! Responses: how long they take, which do not come, come late, twice or under another number; what stands in refusals.

use std::collections::{BTreeMap, BTreeSet};

use carrack_message::receipt;
use carrack_smpp::{CommandId, CommandStatus, MessageIdBody};

use super::{Sheet, odd, plain, shown, time, trouble};
use crate::probe::analysis::Analysis;
use crate::probe::doubt::Kind;
use crate::probe::message::Purpose;
use crate::probe::observation::{Answer, SubmitSeen};
use crate::probe::script::Ask;

const ERRORS: &str = "errors";
const RECEIPTS: &str = "receipts";
const QUERIES: &str = "queries";
/// A response that comes so many times later than half of them is late.
const LATE_TIMES: u64 = 20;
const LATE_NS_MIN: u64 = 200_000_000;
/// Refusals in a row, on average, that make it a burst.
const RUN_MIN: usize = 3;

pub(super) fn find(all: &Analysis<'_>, sheet: &mut Sheet) {
    latencies(all, sheet);
    missing(all, sheet);
    order(all, sheet);
    refusals(all, sheet);
    bodies(all, sheet);
    queries(all, sheet);
}

fn latencies(all: &Analysis<'_>, sheet: &mut Sheet) {
    let of = |submit: &SubmitSeen| {
        submit
            .answer()
            .map(|answer| answer.at.now_ns.saturating_sub(submit.at.now_ns))
    };
    let mut all_ns: Vec<u64> = all.seen.submits.iter().filter_map(of).collect();
    all_ns.sort_unstable();
    let Some(median_ns) = all_ns.get(all_ns.len() / 2).copied() else {
        return;
    };
    let longest_ns = all_ns.last().copied().unwrap_or(median_ns);
    sheet.add(plain(
        RECEIPTS,
        format!(
            "responses take {}, {} at most",
            time(median_ns),
            time(longest_ns)
        ),
    ));
    let late = all_ns
        .iter()
        .filter(|each| **each > LATE_NS_MIN.max(median_ns.saturating_mul(LATE_TIMES)))
        .count();
    if late > 0 {
        let finding = trouble(
            RECEIPTS,
            "T22",
            "late-response",
            format!(
                "{late} of {} responses came much later than the others",
                all_ns.len()
            ),
        );
        sheet.add(
            finding
                .seen(format!(
                    "half of them within {}, the last after {}",
                    time(median_ns),
                    time(longest_ns)
                ))
                .keys(&["resp_timeout"]),
        );
        sheet.profile.resp_timeout = std::time::Duration::from_nanos(longest_ns.saturating_mul(2))
            .max(sheet.profile.resp_timeout);
    }
}

fn missing(all: &Analysis<'_>, sheet: &mut Sheet) {
    let total = all.seen.submits.len();
    // What went down with its connection proves nothing.
    let went_down = |submit: &SubmitSeen| {
        all.seen.ends.iter().any(|end| {
            !end.was_wanted
                && end.at > submit.at
                && end.at.now_ns <= submit.at.now_ns.saturating_add(all.plan.response_wait_ns)
        })
    };
    let unanswered = all
        .seen
        .submits
        .iter()
        .filter(|submit| submit.answers.is_empty() && !went_down(submit))
        .count();
    let strays = all
        .seen
        .strays
        .iter()
        .filter(|(command, _)| *command == CommandId::SUBMIT_SM_RESP)
        .count();
    let nacks = usize::try_from(all.seen.nacks_without_request).unwrap_or(usize::MAX);
    if nacks > 0 {
        sheet.add(trouble(
            RECEIPTS,
            "T42",
            "nack-zero",
            format!("{nacks} submits were answered by a generic_nack that names none of them"),
        ));
    }
    if strays > 0 {
        let examples = all
            .seen
            .strays
            .iter()
            .map(|(command, sequence)| format!("{command} {sequence}"));
        sheet.add(
            trouble(
                RECEIPTS,
                "T20",
                "sequence-mismatch",
                format!("{strays} responses have a sequence number that no submit had"),
            )
            .examples(examples),
        );
    }
    let lost = unanswered.saturating_sub(strays).saturating_sub(nacks);
    if lost > 0 {
        sheet.add(
            trouble(
                RECEIPTS,
                "T27",
                "drop-response",
                format!(
                    "{lost} of {total} submits had no response within {}",
                    time(all.plan.response_wait_ns)
                ),
            )
            .keys(&["on_resp_timeout"]),
        );
    }
    let doubled = all
        .seen
        .submits
        .iter()
        .filter(|submit| submit.answers.len() > 1)
        .count();
    if doubled > 0 {
        sheet.add(odd(
            RECEIPTS,
            "T22",
            "double-response",
            format!("{doubled} of {total} submits were answered twice"),
        ));
    }
}

fn order(all: &Analysis<'_>, sheet: &mut Sheet) {
    let mut answered: Vec<(u64, u32)> = all
        .seen
        .submits
        .iter()
        .filter_map(|submit| Some((submit.answer()?.at.order, submit.sequence)))
        .collect();
    answered.sort_unstable();
    let turned = answered
        .iter()
        .zip(answered.iter().skip(1))
        .filter(|((_, first), (_, second))| second < first)
        .count();
    if turned > 0 && !sheet.names("late-response") {
        sheet.add(odd(
            "window",
            "T21",
            "shuffle-responses",
            format!(
                "responses come in another order than their submits ({turned} of {} turned)",
                answered.len()
            ),
        ));
    }
}

/// A plain message; or another one whose refusal says nothing about it.
fn is_usual(all: &Analysis<'_>, submit: &SubmitSeen) -> bool {
    match submit.message.purpose {
        Purpose::Sample | Purpose::Window => true,
        Purpose::Rate | Purpose::Impossible => false,
        _ => submit.answer().is_some_and(|answer| {
            Kind::of(answer).is_none_or(|kind| kind.is_passing() || all.doubt.is_met(kind))
        }),
    }
}

/// Rows of submits without another between them.
fn runs(refused: &[&SubmitSeen]) -> usize {
    let pairs = refused.iter().zip(refused.iter().skip(1));
    1 + pairs
        .filter(|(first, second)| second.sequence > first.sequence + 1)
        .count()
}

/// Refusals of messages with which nothing is wrong.
fn refusals(all: &Analysis<'_>, sheet: &mut Sheet) {
    let usual: Vec<&SubmitSeen> = all
        .seen
        .submits
        .iter()
        .filter(|submit| is_usual(all, submit))
        .collect();
    let mut by_kind: BTreeMap<Kind, Vec<&SubmitSeen>> = BTreeMap::new();
    for submit in &usual {
        if let Some(kind) = submit.answer().and_then(Kind::of) {
            by_kind.entry(kind).or_default().push(submit);
        }
    }
    let taken: BTreeSet<&[u8]> = usual
        .iter()
        .filter(|submit| submit.is_accepted())
        .map(|submit| submit.message.recipient())
        .collect();
    for (kind, refused) in by_kind {
        let to: BTreeSet<&[u8]> = refused
            .iter()
            .map(|submit| submit.message.recipient())
            .collect();
        let by_recipient = to.is_disjoint(&taken) && !taken.is_empty();
        let in_row = refused.len() >= runs(&refused) * RUN_MIN;
        let statuses: BTreeSet<CommandStatus> = refused
            .iter()
            .filter_map(|submit| Some(submit.answer()?.status))
            .collect();
        let words = statuses.iter().map(CommandStatus::to_string);
        let words = words.collect::<Vec<_>>().join(", ");
        let (count, total) = (refused.len(), usual.len());
        let is_random = count < total && !by_recipient && !in_row;
        let what = if is_random {
            format!(
                "it refuses at random: {count} of {total} messages with which nothing is wrong, status {words}"
            )
        } else {
            format!("{count} of {total} plain messages were refused with {words}")
        };
        let Some(status) = statuses.first().copied() else {
            continue;
        };
        let by_nack = kind == Kind::Nack;
        let is_vendor = kind == Kind::Vendor;
        let finding = match status {
            _ if by_nack => odd(RECEIPTS, "T42", "nack-submit", format!("{what}, by a generic_nack")),
            CommandStatus::ESME_RTHROTTLED if in_row => odd(RECEIPTS, "T14", "throttle-burst", format!("{what}, in a row")),
            CommandStatus::ESME_RTHROTTLED => odd(RECEIPTS, "T14", "throttle", format!("{what}, at {} between two", time(all.plan.interval_ns))),
            CommandStatus::ESME_RMSGQFUL if by_recipient => {
                sheet.profile.queue_full_scope = carrack_settings::QueueFullScope::Destination;
                odd(RECEIPTS, "T15", "queue-full-destination", format!("{what}: always for the same recipients")).keys(&["queue_full_scope"])
            }
            CommandStatus::ESME_RMSGQFUL => odd(RECEIPTS, "T15", "queue-full", what).keys(&["queue_full_scope"]),
            CommandStatus::ESME_RSUBMITFAIL => odd(RECEIPTS, "T16", "submit-fail", what).keys(&["status_map"]),
            CommandStatus::ESME_RSYSERR => odd(RECEIPTS, "T16", "system-error", what).keys(&["status_map"]),
            CommandStatus::ESME_RX_T_APPN => odd(RECEIPTS, "T16", "temporary-error", what).keys(&["status_map"]),
            CommandStatus::ESME_RPROHIBITED
            | CommandStatus::ESME_RINVSYSID
            | CommandStatus::ESME_RINVPASWD => trouble(RECEIPTS, "T16", "account-fault", format!("{what}: the account may not send; ask the carrier")).keys(&["status_map"]),
            CommandStatus::ESME_RINVDSTADR => trouble(RECEIPTS, "", "reject", format!("{what}: {}name another recipient with --to", if by_recipient { "always for the same recipients; " } else { "" })),
            _ if is_vendor => {
                trouble(RECEIPTS, "T16", "vendor-status", format!("{what}, which the specification does not know: ask the carrier what it means, and write it into status_map")).keys(&["status_map"])
            }
            _ => trouble(RECEIPTS, "T16", "", what).without_quirk(),
        };
        sheet.add(finding);
    }
}

/// What stands in the body of an error response.
fn bodies(all: &Analysis<'_>, sheet: &mut Sheet) {
    let submits = all.seen.submits.iter().filter_map(SubmitSeen::answer);
    let asks = all.seen.asks.iter().filter_map(|ask| ask.answer.as_ref());
    let refused = submits
        .chain(asks)
        .filter(|answer| !answer.status.is_ok() && answer.command != CommandId::GENERIC_NACK);
    let refused: Vec<&Answer> = refused.collect();
    let impossible = all
        .seen
        .submits
        .iter()
        .find(|submit| submit.message.purpose == Purpose::Impossible);
    if impossible.is_some_and(SubmitSeen::is_accepted) {
        sheet.add(plain(
            ERRORS,
            "it takes a message to nobody, and will tell later if ever",
        ));
    }
    let Some(answer) = refused.iter().max_by_key(|answer| answer.body.len()) else {
        return;
    };
    let body = MessageIdBody::decode(&answer.body).value;
    let seen = format!("{}: {}", answer.status, shown(&answer.body));
    let has_tlvs = body.tlvs.iter().next().is_some() || looks_like_tlv(&answer.body);
    let finding = match answer.body.as_slice() {
        [] => plain(ERRORS, "refusals have no body, as the specification asks"),
        [0] => odd(
            ERRORS,
            "T17",
            "error-body-nul",
            "refusals have a body of one NUL",
        )
        .seen(seen),
        _ if has_tlvs => odd(
            ERRORS,
            "T17",
            "error-body-tlvs",
            "refusals carry optional parameters",
        )
        .seen(seen),
        _ => odd(
            ERRORS,
            "T17",
            "error-body-id",
            "refusals carry a message_id",
        )
        .seen(seen),
    };
    sheet.add(finding);
}

/// Parameters without the id before them: two octets of tag, two of length, and as many as that.
fn looks_like_tlv(body: &[u8]) -> bool {
    let Some((head, rest)) = body.split_first_chunk::<4>() else {
        return false;
    };
    let [tag_high, tag_low, length_high, length_low] = *head;
    carrack_smpp::tag::name(u16::from_be_bytes([tag_high, tag_low])).is_some()
        && usize::from(u16::from_be_bytes([length_high, length_low])) <= rest.len()
}

fn queries(all: &Analysis<'_>, sheet: &mut Sheet) {
    for (ask, name, quirk) in [
        (Ask::Query, "query_sm", "no-query"),
        (Ask::Cancel, "cancel_sm", "no-cancel"),
        (Ask::Replace, "replace_sm", "no-replace"),
    ] {
        let Some(seen) = all.seen.asks.iter().find(|seen| seen.ask == ask) else {
            continue;
        };
        let Some(answer) = &seen.answer else {
            sheet.add(odd(QUERIES, "", "", format!("{name} is not answered")).without_quirk());
            continue;
        };
        let is_unknown = answer.command == CommandId::GENERIC_NACK
            || answer.status == CommandStatus::ESME_RINVCMDID;
        let finding = if is_unknown {
            let trap = if ask == Ask::Query { "T27" } else { "" };
            odd(QUERIES, trap, quirk, format!("it does not know {name}"))
                .seen(answer.status.to_string())
        } else {
            plain(
                QUERIES,
                format!("it answers {name}: {}", answered(ask, answer)),
            )
        };
        sheet.add(finding);
    }
}

fn answered(ask: Ask, answer: &Answer) -> String {
    if ask != Ask::Query || !answer.status.is_ok() {
        return answer.status.to_string();
    }
    // message_id, final_date, message_state, error_code (SMPP 3.4, 4.8.2).
    let mut parts = answer.body.splitn(3, |octet| *octet == 0);
    let state = parts.nth(2).and_then(<[u8]>::first).copied();
    state
        .and_then(receipt::ReceiptState::from_code)
        .map_or_else(
            || "a state that nobody knows".to_owned(),
            |state| state.word().to_owned(),
        )
}
