//! Window and rate, where a bound was named.

use carrack_settings::ThrottleMode;
use carrack_smpp::CommandStatus;

use super::{Sheet, plain, time};
use crate::probe::analysis::Analysis;
use crate::probe::message::Purpose;
use crate::probe::observation::SubmitSeen;
use crate::probe::plan::RATE_SECONDS;

pub(super) fn find(all: &Analysis<'_>, sheet: &mut Sheet) {
    window(all, sheet);
    rate(all, sheet);
}

fn is_slowed(submit: &SubmitSeen) -> bool {
    submit.answer().is_some_and(|answer| {
        matches!(
            answer.status,
            CommandStatus::ESME_RTHROTTLED | CommandStatus::ESME_RMSGQFUL
        )
    })
}

fn window(all: &Analysis<'_>, sheet: &mut Sheet) {
    let burst: Vec<&SubmitSeen> = all
        .seen
        .submits
        .iter()
        .filter(|submit| submit.message.purpose == Purpose::Window)
        .collect();
    if burst.is_empty() {
        return;
    }
    let taken = burst.iter().filter(|submit| submit.is_accepted()).count();
    if burst.iter().any(|submit| is_slowed(submit)) {
        // A rate may have refused them just as well.
        sheet.profile.window = u32::try_from(taken).unwrap_or(u32::MAX).max(1);
        sheet.add(
            plain(
                "window",
                format!(
                    "of {} submits at once it took {taken}: a window or a burst of so many",
                    burst.len()
                ),
            )
            .keys(&["window"]),
        );
    } else {
        sheet.add(plain(
            "window",
            format!(
                "it took {taken} of {} submits at once without a word about the window",
                burst.len()
            ),
        ));
    }
}

fn rate(all: &Analysis<'_>, sheet: &mut Sheet) {
    let stream: Vec<&SubmitSeen> = all
        .seen
        .submits
        .iter()
        .filter(|submit| submit.message.purpose == Purpose::Rate)
        .collect();
    let (Some(first), Some(asked)) = (stream.first(), all.plan.rate_max) else {
        return;
    };
    let taken = stream.iter().filter(|submit| submit.is_accepted()).count();
    if !stream.iter().any(|submit| is_slowed(submit)) {
        sheet.add(plain(
            "rate",
            format!("it took {asked} a second for {RATE_SECONDS} s without a word"),
        ));
        return;
    }
    let mut best = 0;
    for second in 0..u64::from(RATE_SECONDS) {
        let within = |submit: &&&SubmitSeen| {
            submit.at.now_ns.saturating_sub(first.at.now_ns) / 1_000_000_000 == second
        };
        let count = stream
            .iter()
            .filter(within)
            .filter(|submit| submit.is_accepted())
            .count();
        best = best.max(count);
    }
    let rate = u32::try_from(best).unwrap_or(u32::MAX).max(1);
    sheet.profile.rate_segments = Some(rate);
    sheet.profile.throttle_mode = ThrottleMode::Adaptive;
    let span = time(u64::from(RATE_SECONDS) * 1_000_000_000);
    sheet.add(
        plain(
            "rate",
            format!(
                "of {asked} a second it takes about {rate} ({taken} of {} in {span})",
                stream.len()
            ),
        )
        .keys(&["rate_segments"]),
    );
}
