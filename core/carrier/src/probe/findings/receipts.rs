//! Receipts: whether they come, when, on which bind, in which form of PDU, and whether they contradict themselves.

use carrack_message::receipt::ReceiptState;
use carrack_smpp::BindKind;

use super::{Finding, Sheet, odd, plain, time, trouble};
use crate::probe::analysis::{Analysis, ReceiptSeen};
use crate::probe::script::Wire;

pub(super) const QUESTION: &str = "receipts";

pub(super) fn find(all: &Analysis<'_>, sheet: &mut Sheet) {
    if all.accepted().next().is_none() {
        return;
    }
    if all.receipts.is_empty() {
        let waited = time(all.plan.receipt_wait_ns);
        sheet.add(trouble(QUESTION, "", "drop-receipt", format!("no receipt came within {waited}, though each message asked for one: check that the handset is on, and ask the carrier whether the account has receipts")));
        return;
    }
    completeness(all, sheet);
    moments(all, sheet);
    places(all, sheet);
    states(all, sheet);
}

/// Adds a finding with its count, if there is one.
pub(super) fn share(sheet: &mut Sheet, count: usize, of: usize, finding: Finding) {
    if count > 0 {
        let what = format!("{} ({count} of {of} receipts)", finding.what);
        sheet.add(Finding { what, ..finding });
    }
}

fn completeness(all: &Analysis<'_>, sheet: &mut Sheet) {
    let accepted: Vec<(usize, bool)> = all
        .accepted()
        .map(|(place, _, id)| (place, !id.is_empty()))
        .collect();
    let has_receipt = |place: usize| all.receipts_of(place).next().is_some();
    let nameless = accepted.iter().filter(|(_, has_id)| !has_id).count();
    let missing = if nameless == 0 {
        accepted
            .iter()
            .filter(|(place, _)| !has_receipt(*place))
            .count()
    } else {
        // Receipts of messages without an id name nobody: they are counted, not laid beside.
        let is_joined = |place: usize| {
            all.receipts_of(place)
                .any(|receipt| receipt.dressing.is_some())
        };
        let joined = accepted
            .iter()
            .filter(|(place, has_id)| *has_id && is_joined(*place))
            .count();
        let others = all.receipts.iter();
        let others = others.filter(|receipt| receipt.is_final() && receipt.dressing.is_none());
        accepted.len().saturating_sub(joined + others.count())
    };
    if missing > 0 {
        sheet.add(trouble(
            QUESTION,
            "",
            "drop-receipt",
            format!(
                "{missing} of {} messages that were taken had no receipt within {}",
                accepted.len(),
                time(all.plan.receipt_wait_ns)
            ),
        ));
    }
}

fn moments(all: &Analysis<'_>, sheet: &mut Sheet) {
    let (mut early, mut delays) = (Vec::new(), Vec::new());
    for receipt in &all.receipts {
        let Some(submit) = receipt.submit.and_then(|place| all.seen.submits.get(place)) else {
            continue;
        };
        let Some(answer) = submit.answer() else {
            continue;
        };
        // Only its id says which response it came before.
        if receipt.deliver.at < answer.at && receipt.dressing.is_some() {
            early.push(answer.at.now_ns.saturating_sub(receipt.deliver.at.now_ns));
        } else if receipt.is_final() && receipt.deliver.at >= answer.at {
            delays.push(receipt.deliver.at.now_ns.saturating_sub(answer.at.now_ns));
        }
    }
    delays.sort_unstable();
    if let (Some(median), Some(most)) = (delays.get(delays.len() / 2), delays.last()) {
        sheet.add(plain(
            QUESTION,
            format!(
                "receipts come {} after the response, {} at most",
                time(*median),
                time(*most)
            ),
        ));
    }
    let longest = early.iter().max().map_or(String::new(), |most| {
        format!("up to {} before", time(*most))
    });
    share(
        sheet,
        early.len(),
        all.receipts.len(),
        odd(
            QUESTION,
            "T04",
            "receipt-before-response",
            "receipts come before the response to their submit",
        )
        .seen(longest),
    );
    shuffled(all, sheet);
}

/// First final receipts in another order than their submits, all of them answered before.
fn shuffled(all: &Analysis<'_>, sheet: &mut Sheet) {
    let mut last = None;
    let mut turned = 0;
    let mut seen = std::collections::BTreeSet::new();
    for receipt in all
        .receipts
        .iter()
        .filter(|receipt| receipt.is_final() && receipt.dressing.is_some())
    {
        let Some(place) = receipt.submit.filter(|place| seen.insert(*place)) else {
            continue;
        };
        turned += usize::from(last.is_some_and(|last| place < last));
        last = Some(place);
    }
    share(
        sheet,
        turned,
        seen.len(),
        odd(
            QUESTION,
            "T12",
            "receipts-shuffled",
            "receipts come in another order than their messages were sent",
        ),
    );
}

fn places(all: &Analysis<'_>, sheet: &mut Sheet) {
    let main_receives = all.seen.binds.iter().any(|bind| {
        bind.wire == Wire::Main
            && bind.kind == BindKind::Transceiver
            && bind
                .answer
                .as_ref()
                .is_some_and(|answer| answer.status.is_ok())
    });
    if !main_receives {
        return;
    }
    let elsewhere = all
        .receipts
        .iter()
        .filter(|receipt| receipt.deliver.wire == Wire::Beside && !link_was_lost(all, receipt))
        .count();
    share(
        sheet,
        elsewhere,
        all.receipts.len(),
        odd(
            QUESTION,
            "T05",
            "receipt-other-bind",
            "receipts come on another bind of the account than their submit went out on",
        ),
    );
}

/// Whether a connection ended between the submit and its receipt: the receipt had to go elsewhere, or comes again.
fn link_was_lost(all: &Analysis<'_>, receipt: &ReceiptSeen<'_>) -> bool {
    let submit = receipt.submit.and_then(|place| all.seen.submits.get(place));
    let since = submit.map(|submit| submit.at);
    all.seen.ends.iter().any(|end| {
        let is_after = since.is_none_or(|since| end.at > since);
        !end.was_wanted && end.was_bound && is_after && end.at < receipt.deliver.at
    })
}

fn states(all: &Analysis<'_>, sheet: &mut Sheet) {
    let (mut early, mut late, mut doubled, mut contradicting) = (0, 0, 0, 0);
    let (mut submits, mut failed) = (0, Vec::new());
    for (place, _, _) in all.accepted() {
        let mut last: Option<ReceiptState> = None;
        for receipt in all
            .receipts_of(place)
            .filter(|receipt| receipt.dressing.is_some())
        {
            let Some(state) = receipt.state() else {
                continue;
            };
            match (last, receipt.is_final()) {
                (None, false) => early += 1,
                (Some(_), false) => late += 1,
                (None, true) => last = Some(state),
                // What was not acknowledged before the link was lost is rightly sent again.
                (Some(known), true) if known == state => {
                    doubled += usize::from(!link_was_lost(all, receipt));
                }
                (Some(_), true) => contradicting += 1,
            }
        }
        submits += usize::from(last.is_some());
        failed.extend(last.filter(|state| *state != ReceiptState::Delivered));
    }
    let total = all.receipts.len();
    // Two messages under one id have two receipts under it.
    if !sheet.names("id-reuse") {
        share(
            sheet,
            doubled,
            total,
            odd(
                QUESTION,
                "T12",
                "double-receipt",
                "the same receipt comes again",
            ),
        );
        share(
            sheet,
            contradicting,
            total,
            trouble(
                QUESTION,
                "T12",
                "receipt-contradicts",
                "a second final receipt says something else than the first",
            ),
        );
    }
    share(
        sheet,
        early,
        total,
        odd(
            QUESTION,
            "T12",
            "receipt-intermediate",
            "an intermediate notification comes before the final receipt",
        ),
    );
    share(
        sheet,
        late,
        total,
        odd(
            QUESTION,
            "T12",
            "receipt-intermediate-late",
            "an intermediate notification comes after the final receipt",
        ),
    );
    if !failed.is_empty() {
        let words = failed.iter().map(|state| state.word().to_owned());
        sheet.add(
            plain(
                QUESTION,
                format!(
                    "{} of {submits} messages were not delivered, as their receipts say",
                    failed.len()
                ),
            )
            .examples(words),
        );
    }
}
