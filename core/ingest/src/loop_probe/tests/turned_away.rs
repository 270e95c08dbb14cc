//! What our own node did not take from handsets is held against no carrier.

use super::*;

#[test]
fn while_our_own_node_turns_handsets_away_nothing_is_held_against_the_carrier() {
    for (returns, status, unreturned) in [
        (
            ProbeReturns::Mo,
            Some(Status::Delivered),
            ProbeOutcome::NotTaken,
        ),
        (ProbeReturns::Mo, None, ProbeOutcome::NotTaken),
        (ProbeReturns::Receipt, None, ProbeOutcome::Missed),
    ] {
        let mut played = Played::new(returns);
        played.mo_refused = 7;
        for _ in 0..5 {
            let number = played.sent();
            played.mo_refused += 1;
            if let Some(status) = status {
                played.ends(number, status, Some(20));
            }
            played.is_over();
            assert_eq!(played.last(), Some(unreturned), "{returns:?} {status:?}");
        }
        let is_bad = unreturned == ProbeOutcome::Missed;
        assert_eq!(played.said().is_empty(), !is_bad);
        let last = played.course.results.back().unwrap();
        assert_eq!(last.reason.is_some(), !is_bad, "{last:?}");
    }
    // What was turned away before it was sent, or what came back all the same, is as ever.
    let mut played = Played::new(ProbeReturns::Mo);
    played.mo_refused = 7;
    let number = played.sent();
    played.ends(number, Status::Delivered, Some(20));
    played.is_over();
    assert_eq!(played.last(), Some(ProbeOutcome::Unreturned));
    let number = played.sent();
    played.mo_refused += 1;
    played.comes_back(number, 0);
    played.is_over();
    assert_eq!(played.last(), Some(ProbeOutcome::Returned));
}
