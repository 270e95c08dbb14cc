//! A probe asks what it said it would, and no more.

use carrack_carrier::probe::{PlanFault, Probe, Question};

use crate::run::{plan, run, simulator};

#[test]
fn it_sends_as_many_messages_as_it_said() {
    let plan = plan();
    let said = plan.messages();
    let (report, counts) = run(plan, simulator(&[]));
    assert!(report.complete, "{:?}", report.stopped);
    assert_eq!(report.totals.sent, said as usize);
    assert_eq!(counts.submits, u64::from(said));
    assert_eq!(counts.malformed, 0);
}

#[test]
fn it_keeps_its_pace() {
    let (_, counts) = run(plan(), simulator(&[]));
    assert!(counts.peak_per_second <= 2, "{}", counts.peak_per_second);
}

#[test]
fn more_messages_than_allowed_are_refused_before_any_goes_out() {
    let mut plan = plan();
    plan.messages_max = 5;
    let needed = plan.messages();
    assert_eq!(
        Probe::new(plan).err(),
        Some(PlanFault::TooManyMessages { needed, allowed: 5 })
    );
}

#[test]
fn a_question_that_is_not_asked_sends_nothing() {
    let mut plan = plan();
    plan.questions = [Question::Binds, Question::Goodbye].into_iter().collect();
    let (report, counts) = run(plan, simulator(&[]));
    assert!(report.complete);
    assert_eq!(counts.submits, 0);
}

#[test]
fn a_refused_bind_is_tried_a_few_times_and_apart() {
    let (report, counts) = run(plan(), simulator(&["bind-refuse=100"]));
    assert!(!report.complete);
    assert!(
        (4..=10).contains(&counts.binds_refused),
        "{}",
        counts.binds_refused
    );
}

#[test]
fn a_link_that_is_lost_again_and_again_ends_the_probe() {
    let (report, _) = run(plan(), simulator(&["close-after=1"]));
    assert!(!report.complete, "{}", report.markdown(""));
    assert!(report.stopped.unwrap().contains("again and again"));
}

#[test]
fn wrong_credentials_are_tried_once() {
    let mut settings = simulator(&[]);
    settings.password = Some("another".to_owned());
    let (report, counts) = run(plan(), settings);
    assert!(!report.complete);
    assert!(report.stopped.unwrap().contains("--password"));
    assert_eq!(counts.submits, 0);
}

#[test]
fn a_carrier_that_never_answers_ends_the_probe() {
    let mut settings = simulator(&[]);
    settings.latency_ns = 7_200_000_000_000;
    let (report, _) = run(plan(), settings);
    assert_eq!(report.totals.accepted, 0);
    assert_eq!(report.totals.unanswered, report.totals.sent);
}

#[test]
fn window_and_rate_are_measured_where_a_bound_is_named() {
    let mut plan = plan();
    plan.questions = [Question::Window, Question::Rate].into_iter().collect();
    (plan.window_max, plan.rate_max) = (Some(30), Some(100));
    plan.messages_max = 400;
    let mut settings = simulator(&[]);
    (settings.window, settings.rate) = (10, Some(40));
    let (report, _) = run(plan, settings);
    assert_eq!(report.profile.window, 10);
    let rate = report.profile.rate_segments.unwrap();
    assert!((38..=42).contains(&rate), "{rate}");
}
