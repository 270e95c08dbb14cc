//! Who goes first where more waits than a carrier takes: classes by their shares, customers in turn.

use std::collections::HashMap;

use carrack_message::Class;

use super::rig::{ACCOUNT, MS, NORTH, OTHER_ACCOUNT, Rig, SOUTH, settings};
use crate::settings::EngineSettings;
use crate::submission::Submission;

/// A carrier of this rate, with all of these waiting for it; gives the texts of the first so many that it is sent.
fn first_sent(of: &[(u32, Class, &str, usize)], count: usize) -> Vec<String> {
    first_sent_by(settings(), of, count)
}

fn first_sent_by(
    settings: EngineSettings,
    of: &[(u32, Class, &str, usize)],
    count: usize,
) -> Vec<String> {
    let mut rig = Rig::with_rates(settings, [Some(1000), None]);
    rig.down(SOUTH);
    rig.down(NORTH);
    rig.turn();
    for (account, class, text, copies) in of {
        let submissions: Vec<Submission> = (0..*copies)
            .map(|_| Submission {
                account: *account,
                class: *class,
                ..rig.submission(text)
            })
            .collect();
        rig.hand_in(submissions, None);
        rig.settle();
    }
    rig.up(NORTH);
    let mut ids = 0;
    while rig.sent(NORTH).len() < count {
        rig.after(10 * MS);
        while rig.open(NORTH) > 0 {
            ids += 1;
            rig.answer(NORTH, &format!("n{ids}"));
        }
    }
    let text = |sent: &String| sent.split('|').nth(1).unwrap().to_owned();
    rig.sent(NORTH).iter().take(count).map(text).collect()
}

fn counts(texts: &[String]) -> HashMap<&str, usize> {
    let mut counts = HashMap::new();
    for text in texts {
        *counts.entry(text.as_str()).or_default() += 1;
    }
    counts
}

const BULK: Class = Class::Bulk;

#[test]
fn p11_one_big_job_does_not_stop_a_small_one_of_another_customer() {
    let sent = first_sent(
        &[
            (ACCOUNT, BULK, "big", 800),
            (OTHER_ACCOUNT, BULK, "small", 20),
        ],
        80,
    );
    assert_eq!(counts(&sent)["small"], 20, "{sent:?}");
}

#[test]
fn customers_share_a_carrier_by_their_shares() {
    let sent = first_sent(
        &[
            (ACCOUNT, BULK, "one", 600),
            (OTHER_ACCOUNT, BULK, "two", 600),
        ],
        480,
    );
    let counts = counts(&sent);
    assert!(
        counts["one"].abs_diff(160) <= 16,
        "shares of 1 and 2: {counts:?}"
    );
}

#[test]
fn p11_order_of_a_customer_is_kept_and_a_long_lane_shares_too() {
    let short = EngineSettings {
        lane_live_max: 8,
        ..settings()
    };
    let all = [
        (ACCOUNT, BULK, "big", 300),
        (OTHER_ACCOUNT, BULK, "small", 10),
    ];
    let sent = first_sent_by(short, &all, 100);
    assert_eq!(counts(&sent)["small"], 10, "{sent:?}");
}

#[test]
fn urgent_class_goes_first() {
    let sent = first_sent(
        &[
            (ACCOUNT, BULK, "bulk", 500),
            (ACCOUNT, Class::Transactional, "order", 50),
            (ACCOUNT, Class::Otp, "code", 50),
        ],
        100,
    );
    let expected = [vec!["code"; 50], vec!["order"; 50]].concat();
    assert_eq!(sent, expected);
}

#[test]
fn flood_of_an_urgent_class_starves_nobody() {
    let mut all = Vec::new();
    for _ in 0..6 {
        all.push((ACCOUNT, Class::Alert, "alert", 150));
    }
    all.push((OTHER_ACCOUNT, BULK, "bulk", 100));
    let sent = first_sent(&all, 700);
    let counts = counts(&sent);
    assert!(counts["bulk"] >= 64, "a part of each round: {counts:?}");
    assert!(counts["alert"] >= 500, "{counts:?}");
}
