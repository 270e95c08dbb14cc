//! Who is at a port is told within a bound, whatever is there.

use carrack_carrier::modem::{Interview, Interviewed};
use carrack_runtime::{Now, TransportState};

use crate::fake::Fake;
use crate::support::*;

const ANSWER: u64 = 5 * SECOND;
/// The answer to `AT`, four commands of three seconds, a second of listening.
const BOUND: u64 = ANSWER + 4 * 3 * SECOND + SECOND;

/// What came of it, and how long it took.
fn asked(
    modem: &mut Fake,
    said: &str,
    opens: TransportState,
) -> (Result<Interviewed, String>, u64) {
    let pipe = Pipe::new();
    pipe.borrow_mut().next_state = opens;
    let mut now = Now {
        mono_ns: 1,
        utc_ns: UTC_NS,
    };
    let mut interview = Interview::begin(now, Box::new(InMemory(pipe.clone())), ANSWER);
    pipe.borrow_mut().inbound.extend(said.bytes());
    loop {
        if let Some(found) = interview.poll(now) {
            assert_eq!(pipe.borrow().state, TransportState::Idle, "it lets go");
            return (found, now.mono_ns);
        }
        if !pipe.borrow_mut().turn(modem) {
            let next_ns = interview.deadline_ns();
            assert!(next_ns > now.mono_ns && next_ns <= BOUND + 1);
            now.mono_ns = next_ns;
        }
    }
}

#[test]
fn a_modem_says_who_it_is() {
    let mut modem = Fake::of("Quectel", "EC25");
    let (found, took) = asked(&mut modem, "", TransportState::Open);
    let found = found.unwrap();
    assert_eq!(
        (found.maker.as_str(), found.model.as_str()),
        ("Quectel", "EC25")
    );
    assert!((14..=16).contains(&found.imei.len()), "{found:?}");
    assert!(!found.is_told_here && took < 2 * SECOND);
    let (found, _) = asked(&mut modem, "\r\n+CREG: 1\r\n", TransportState::Open);
    assert!(found.unwrap().is_told_here);
    let changed = modem.asked.iter().find(|asked| asked.contains('='));
    assert_eq!(
        changed, None,
        "nothing is set at a port that may not be ours"
    );
}

#[test]
fn what_is_no_modem_is_told_within_the_bound() {
    let silent = |deaf_to: &[&str]| Fake {
        deaf_to: deaf_to.iter().map(ToString::to_string).collect(),
        ..Fake::default()
    };
    let (found, took) = asked(&mut silent(&[""]), "", TransportState::Open);
    assert_eq!(found.unwrap_err(), "it does not answer AT");
    assert!((ANSWER..=ANSWER + SECOND).contains(&took), "{took}");
    let (found, took) = asked(&mut silent(&["+CGMM"]), "", TransportState::Open);
    assert_eq!(found.unwrap_err(), "it answers AT and then no more");
    assert!(took <= BOUND);
    // A receiver of satellites talks all the time.
    let noise = "$GPGGA,1,2,3*55\r\n".repeat(500);
    let (found, _) = asked(&mut silent(&[""]), &noise, TransportState::Open);
    assert!(found.is_err());
    let refused = TransportState::Failed("permission denied".to_owned());
    let (found, _) = asked(&mut Fake::default(), "", refused);
    assert_eq!(found.unwrap_err(), "permission denied");
    let (found, took) = asked(&mut Fake::default(), "", TransportState::Connecting);
    assert_eq!(
        (found.unwrap_err().as_str(), took),
        ("it does not open", ANSWER + 1)
    );
}

#[test]
fn a_modem_that_tells_no_imei_is_known_as_such() {
    let mut modem = Fake {
        refuses: vec!["+CGSN"],
        ..Fake::default()
    };
    let (found, _) = asked(&mut modem, "", TransportState::Open);
    assert_eq!(found.unwrap().imei, "");
}
