//! What holds for any octets, orders and seeds.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

use super::settings::SECOND_NS;
use super::tests::Host;
use super::*;
use proptest::prelude::*;

proptest! {
    #[test]
    fn any_octets_do_no_harm_and_are_answered_within_bounds(
        pieces in proptest::collection::vec((proptest::collection::vec(any::<u8>(), 0..64), 0_u64..5), 0..40),
        seed: u64,
    ) {
        let faults = KINDS.iter().map(|(_, name, ..)| Fault::parse(&format!("{name}=20%,for=1s")).unwrap()).collect();
        let mut host = Host::of(Settings { seed, faults, mo_per_minute: 30.0, ..Settings::default() });
        for (octets, seconds) in pieces {
            host.write(0, b"AT+CMGS=20\r");
            host.write(0, &octets);
            host.write(0, b"\x1aAT+CMGL=4;+CREG?;");
            host.write(0, &octets);
            host.write(0, b"\r");
            host.wait(seconds * SECOND_NS);
            prop_assert!(host.rack.output(0).unwrap().len() <= device::OUTPUT_MAX);
        }
        host.rack.order(host.now_ns, "0 heal").unwrap();
        host.wait(60 * SECOND_NS);
        host.heard(0);
        host.write(0, b"\x1b\rATZ\r");
        host.wait(60 * SECOND_NS);
        host.heard(0);
        prop_assert!(host.ask("").contains("OK"));
    }

    #[test]
    fn any_order_has_an_answer(order in "(\\*|0|1|9-3|x) [a-z]{0,9} ?[a-z]{0,9} ?[0-9a-z]{0,9} ?.{0,9}") {
        let mut host = Host::of(Settings { modems: 2, ..Settings::default() });
        let _ = host.rack.order(0, &order);
        host.wait(SECOND_NS);
    }

    #[test]
    fn the_same_seed_gives_the_same_answers(seed: u64) {
        let run = || {
            let faults = ["refuse=30%", "garbage=30%", "reboot-sent=10%"].map(|fault| Fault::parse(fault).unwrap()).to_vec();
            let mut host = Host::of(Settings { seed, faults, ..Settings::default() });
            (0..10).map(|number| host.send(0, "447700900001", &[number])).collect::<String>()
        };
        prop_assert_eq!(run(), run());
    }
}
