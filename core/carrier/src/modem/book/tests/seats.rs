//! A SIM is its card, not its modem; places and what stands in them are bounded.

use std::collections::HashMap;
use std::path::Path;

use carrack_settings::{Settings, SimTerms};

use super::{DAY, LAYOUT, MONDAY, Shared, book, card, open, seated, sends, sends_for};
use crate::modem::book::{MemoryPages, PoolRules, SimBook, SimRules};
use crate::modem::{Allowance, Rest, SimDesk, SimIdentity};

fn never(rest: Rest) -> Allowance {
    Allowance::NotBefore {
        utc_ns: u64::MAX,
        rest,
    }
}

#[test]
fn counts_move_with_the_card() {
    let book = book(&SimTerms::default());
    let sim = seated(&book, 1);
    sends_for(&book, sim, 5, MONDAY);
    let again = book.seat("rack", "m9", &card(1), MONDAY);
    assert_eq!(again, sim);
    let view = book.view(sim, MONDAY + 20_000_000_000).unwrap();
    assert_eq!((view.modem.as_deref(), view.minute.used), (Some("m9"), 5));
    // Another card in the modem that it was in, and then in that of the other.
    let other = book.seat("rack", "m9", &card(2), MONDAY);
    assert_ne!(other, sim);
    assert_eq!(book.view(sim, MONDAY).unwrap().modem, None);
}

#[test]
fn a_card_is_known_by_either_number() {
    let book = book(&SimTerms::default());
    let by_imsi = SimIdentity {
        iccid: None,
        ..card(1)
    };
    let by_card = SimIdentity {
        imsi: None,
        ..card(1)
    };
    let first = book.seat("rack", "a", &by_imsi, MONDAY);
    assert_eq!(book.seat("rack", "a", &card(1), MONDAY), first);
    assert_eq!(book.seat("rack", "b", &by_card, MONDAY), first);
    assert_eq!(book.seat("rack", "c", &by_imsi, MONDAY), first);
    // Another card of the same subscriber is another card.
    let renewed = SimIdentity {
        iccid: card(2).iccid,
        ..card(1)
    };
    assert_ne!(book.seat("rack", "d", &renewed, MONDAY), first);
    assert_eq!(book.list(MONDAY).len(), 2);
}

#[test]
fn a_card_is_one_with_its_check_digit_and_without() {
    let book = book(&SimTerms::default());
    let short = card(1);
    let long = SimIdentity {
        iccid: short.iccid.as_ref().map(|card| format!("{card}4")),
        ..card(1)
    };
    let sim = book.seat("rack", "a", &short, MONDAY);
    sends_for(&book, sim, 5, MONDAY);
    assert_eq!(book.seat("rack", "b", &long, MONDAY), sim);
    assert_eq!(book.list(MONDAY).len(), 1);
    // Its segments keep their names.
    assert_eq!(book.known_as(sim), Some(short.clone()));
    // Of another subscriber it is another card, for places and for rules.
    let other = SimIdentity {
        imsi: card(2).imsi,
        ..long
    };
    assert_ne!(book.seat("rack", "c", &other, MONDAY), sim);
}

#[test]
fn what_is_written_of_a_card_with_its_check_digit_holds_for_it_without() {
    let text = "[node]\ndata_dir = \"data\"\n[[sim]]\niccid = \"89490200001234567892\"\nimsi = \"262020000000001\"\nenabled = false\n";
    let settings = Settings::parse(text, "c", Path::new("")).unwrap();
    let rules = SimRules::from(&settings);
    let told = |iccid: &str, imsi: Option<String>| SimIdentity {
        iccid: Some(iccid.into()),
        imsi,
    };
    let is_known = |identity: &SimIdentity| rules.sim(identity).is_some();
    assert!(is_known(&told("8949020000123456789", card(1).imsi)));
    assert!(is_known(&told("8949020000123456789", None)));
    assert!(!is_known(&told("8949020000123456789", card(2).imsi)));
    assert!(!is_known(&told("894902000012345678", card(2).imsi)));
}

#[test]
fn a_full_book_says_so_and_forgets_nobody_who_counts() {
    let pages = Shared::new();
    let old = open(&pages, &SimTerms::default());
    for number in 0..u64::from(LAYOUT.sims_max) {
        seated(&old, number);
    }
    let without = seated(&old, 100);
    assert_eq!(old.allowance(without, MONDAY), never(Rest::Disabled));
    assert!(old.view(without, MONDAY).is_none());
    assert_eq!(old.counts().without_place, 1);
    assert!(old.take_alerts()[0].contains("sims_max"));
    drop(old);
    // Nobody has been in a modem since the start: who was seen lately keeps his place all the same.
    let book = open(&pages, &SimTerms::default());
    let at = |utc_ns| book.seat("rack", "m", &card(100), utc_ns);
    assert_eq!(
        book.allowance(at(MONDAY + 61 * DAY), MONDAY),
        never(Rest::Disabled)
    );
    let late = MONDAY + 63 * DAY;
    let new = at(late);
    assert!(sends(&book, new, 1, late));
    assert_eq!(book.counts().forgotten, 1);
    assert_eq!(book.list(late).len(), LAYOUT.sims_max as usize);
    let last = book.view(new, late).unwrap();
    assert_eq!(
        (last.month.used, last.iccid.as_deref()),
        (1, Some("...000100"))
    );
}

#[test]
fn numbers_that_are_none_get_no_place() {
    let book = book(&SimTerms::default());
    for text in ["", "+CME ERROR: 10", "123456789012345678901", "12 34"] {
        let identity = SimIdentity {
            iccid: Some(text.into()),
            imsi: None,
        };
        let sim = book.seat("rack", "m", &identity, MONDAY);
        assert_eq!(
            book.allowance(sim, MONDAY),
            never(Rest::Disabled),
            "{text:?}"
        );
    }
    assert!(book.list(MONDAY).is_empty());
}

#[test]
fn networks_and_switches_are_of_the_configuration_and_follow_it() {
    let book = book(&SimTerms::default());
    let home = book.seat("german", "a", &card(1), MONDAY);
    let foreign = SimIdentity {
        imsi: Some("310260123456789".into()),
        ..card(2)
    };
    let away = book.seat("german", "b", &foreign, MONDAY);
    let unknown = book.seat(
        "german",
        "c",
        &SimIdentity {
            imsi: None,
            ..card(3)
        },
        MONDAY,
    );
    assert_eq!(book.allowance(home, MONDAY), Allowance::Now);
    for sim in [away, unknown] {
        assert_eq!(book.allowance(sim, MONDAY), never(Rest::OtherNetwork));
    }
    // A reload with another network.
    let german = PoolRules {
        terms: SimTerms::default(),
        networks: vec!["310260".into()],
    };
    book.take_rules(SimRules {
        pools: HashMap::from([("german".into(), german)]),
        ..SimRules::default()
    });
    assert_eq!(book.allowance(away, MONDAY), Allowance::Now);
    assert_eq!(book.allowance(home, MONDAY), never(Rest::OtherNetwork));
}

#[test]
fn what_is_written_of_one_card_holds_for_it_alone() {
    let pool = "[[carrier]]\nname = \"rack\"\nkind = \"modem_pool\"\nprice = 0.01\nsim = { per_month = 900 }\n\
        [[modem]]\nname = \"d\"\npool = \"rack\"\nport = \"/dev/ttyUSB0\"\npin = \"4321\"\n";
    let text = "[node]\ndata_dir = \"data\"\n[[sim]]\niccid = \"89490200001234567892\"\nnumber = \"+4915112345678\"\npin = \"1234\"\n\
        per_day = 2\n[[sim]]\nimsi = \"262020000000002\"\nenabled = false\n";
    let settings = Settings::parse(&format!("{text}{pool}"), "c", Path::new("")).unwrap();
    let rules = SimRules::from(&settings);
    let pages = MemoryPages::new(LAYOUT);
    let book = SimBook::open(Box::new(pages), Path::new("sims"), rules).unwrap();
    let own = SimIdentity {
        iccid: Some("89490200001234567892".into()),
        ..card(1)
    };
    let (own_sim, off, other) = (
        book.seat("rack", "a", &own, MONDAY),
        book.seat(
            "rack",
            "b",
            &SimIdentity {
                imsi: Some("262020000000002".into()),
                iccid: None,
            },
            MONDAY,
        ),
        seated(&book, 3),
    );
    assert_eq!(
        book.own_number(own_sim).unwrap().as_u64(),
        4_915_112_345_678
    );
    assert_eq!(
        (book.own_number(other), book.pin("rack", "c", &card(3))),
        (None, None)
    );
    assert_eq!(book.pin("rack", "a", &own).as_deref(), Some("1234"));
    // A modem may tell the card's number without its last digit.
    let shorter = SimIdentity {
        iccid: Some("8949020000123456789".into()),
        imsi: None,
    };
    assert_eq!(book.pin("rack", "a", &shorter).as_deref(), Some("1234"));
    assert_eq!(book.allowance(off, MONDAY), never(Rest::Disabled));
    assert_eq!(book.view(own_sim, MONDAY).unwrap().day.cap, Some(2));
    let other = book.view(other, MONDAY).unwrap();
    assert_eq!((other.day.cap, other.month.cap), (None, Some(900)));
    // A card that is locked and tells nothing.
    let pin = |modem| book.pin("rack", modem, &SimIdentity::default());
    assert_eq!((pin("d").as_deref(), pin("e")), (Some("4321"), None));
}

#[test]
fn shards_operators_and_reloads_at_once_pass_no_cap_and_wait_for_nobody() {
    let terms = SimTerms {
        per_day: Some(200),
        per_minute: 60,
        ..SimTerms::default()
    };
    let book = book(&terms);
    let sent = std::sync::atomic::AtomicU64::new(0);
    std::thread::scope(|scope| {
        for thread in 0..4_u64 {
            let (book, sent, terms) = (&book, &sent, &terms);
            scope.spawn(move || {
                for round in 0..2_000_u64 {
                    let at = MONDAY + round * 1_000_000_000;
                    let modem = format!("m{thread}");
                    let sim = book.seat("rack", &modem, &card(1 + thread % 2), at);
                    let allowed = book.spend(sim, super::to(round % 40), at) == Allowance::Now;
                    sent.fetch_add(u64::from(allowed), std::sync::atomic::Ordering::Relaxed);
                    book.note(sim, crate::modem::SimEvent::Unanswered, at);
                    if round % 50 == thread {
                        let _ = book.list(at);
                        book.take_rules(super::rules(terms));
                        let _ = book.acquit(sim);
                    }
                }
            });
        }
    });
    let used: Vec<u64> = book
        .list(MONDAY + 2_000)
        .iter()
        .map(|view| view.day.used)
        .collect();
    assert_eq!(
        used.iter().sum::<u64>(),
        sent.load(std::sync::atomic::Ordering::Relaxed)
    );
    assert!(used.iter().all(|used| (1..=200).contains(used)), "{used:?}");
}
