//! What a list says at an instant is what a scan of its rows says, whatever prefixes, networks and dates.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

use carrack_message::{Micros, Msisdn, Network};
use carrack_routing::{Destination, PriceList, read_instant, show_instant};
use proptest::prelude::*;

/// A row by day numbers; no `until` is for ever.
#[derive(Debug, Clone)]
struct Row {
    destination: String,
    by_network: bool,
    price: i64,
    from: Option<u32>,
    until: Option<u32>,
}

const DAY_NS: u64 = 86_400_000_000_000;
const FIRST_DAY: u64 = 20_000;

fn day(day: u32) -> u64 {
    (FIRST_DAY + u64::from(day)) * DAY_NS
}

impl Row {
    fn starts(&self) -> u64 {
        self.from.map_or(0, day)
    }

    fn ends(&self) -> u64 {
        self.until.map_or(u64::MAX, day)
    }

    fn key(&self) -> (bool, &str) {
        (self.by_network, &self.destination)
    }
}

/// Few destinations and days, so that rows of one destination meet often.
fn rows() -> impl Strategy<Value = Vec<Row>> {
    let destination = prop_oneof![
        "[19][019]{0,3}".prop_map(|prefix| (prefix, false)),
        prop::sample::select(vec!["234-15", "234-10", "310-004"])
            .prop_map(|n| (n.to_owned(), true)),
    ];
    let days = (
        prop::option::of(0..40u32),
        prop::option::weighted(0.4, 1..12u32),
    );
    let row = (destination, 0..1_000i64, days).prop_map(
        |((destination, by_network), price, (from, lasts))| Row {
            destination,
            by_network,
            price,
            from,
            until: lasts.map(|lasts| from.unwrap_or(0) + lasts),
        },
    );
    prop::collection::vec(row, 1..40)
}

/// Why a row cannot stand beside those before it (by destination, then by beginning), as the documentation says it.
fn is_faulty(rows: &[Row], row: &Row, place: usize) -> bool {
    rows.iter().enumerate().any(|(other_place, other)| {
        let earlier = (other.starts(), other_place) < (row.starts(), place);
        let bounded = other.until.is_some() && row.starts() < other.ends();
        other.key() == row.key() && earlier && (other.starts() == row.starts() || bounded)
    })
}

fn csv(rows: &[Row]) -> String {
    let mut text = "prefix,network,price,from,until\n".to_owned();
    for row in rows {
        let date =
            |day_number: Option<u32>| day_number.map_or(String::new(), |d| show_instant(day(d)));
        let (prefix, network) = match row.by_network {
            true => ("", row.destination.as_str()),
            false => (row.destination.as_str(), ""),
        };
        let price = Micros(row.price);
        text += &format!(
            "{prefix},{network},{price},{},{}\n",
            date(row.from),
            date(row.until)
        );
    }
    text
}

fn scan(rows: &[Row], number: &str, network: Option<&str>, utc_ns: u64) -> Option<(String, i64)> {
    let holding: Vec<&Row> = rows
        .iter()
        .filter(|row| row.starts() <= utc_ns && utc_ns < row.ends())
        .collect();
    let latest = |own: &dyn Fn(&Row) -> bool| {
        let own = holding.iter().filter(|row| own(row));
        own.max_by_key(|row| row.starts())
            .map(|row| (row.destination.clone(), row.price))
    };
    let by_network =
        network.and_then(|name| latest(&|row| row.by_network && row.destination == name));
    by_network.or_else(|| {
        (1..=number.len()).rev().find_map(|digits| {
            latest(&|row| !row.by_network && row.destination == number[..digits])
        })
    })
}

fn instants() -> impl Strategy<Value = Vec<u64>> {
    let around =
        (0..55u32, -1i64..=1).prop_map(|(number, off)| day(number).saturating_add_signed(off));
    prop::collection::vec(around, 1..12)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn a_list_says_at_each_instant_what_a_scan_says(
        drawn in rows(),
        numbers in prop::collection::vec("[19][019]{6,9}", 1..20),
        instants in instants(),
    ) {
        let rows: Vec<Row> = drawn
            .iter()
            .enumerate()
            .filter(|(place, row)| !is_faulty(&drawn, row, *place))
            .map(|(_, row)| row.clone())
            .collect();
        let list = PriceList::from_csv(csv(&rows).as_bytes(), "x.csv").unwrap();
        prop_assert_eq!(list.len(), rows.len());
        for instant in &instants {
            let deck = list.at(*instant);
            for number in &numbers {
                let to = Msisdn::from_u64(number.parse().unwrap()).unwrap();
                for network in [None, Some("234-15"), Some("310-004")] {
                    let known: Network = network.map_or(Network::UNKNOWN, |name| name.parse().unwrap());
                    let hit = deck.price_for(to, known);
                    let found = hit.map(|hit| (hit.destination.to_string(), hit.price.0));
                    prop_assert_eq!(found, scan(&rows, number, network, *instant), "{} at {}", number, instant);
                    if let Some(hit) = hit {
                        let row = list.row_at(hit.destination, *instant).unwrap();
                        prop_assert_eq!((row.destination, row.price), (hit.destination, hit.price));
                    }
                }
                prop_assert_eq!(deck.price(to), deck.price_for(to, Network::UNKNOWN));
            }
        }
    }

    #[test]
    fn every_faulty_row_is_named_and_no_other(drawn in rows()) {
        let faulty: Vec<u64> = drawn
            .iter()
            .enumerate()
            .filter(|(place, row)| is_faulty(&drawn, row, *place))
            .map(|(place, _)| place as u64 + 2)
            .collect();
        let named: Vec<u64> = match PriceList::from_csv(csv(&drawn).as_bytes(), "x.csv") {
            Ok(_) => Vec::new(),
            Err(faults) => faults.faults.iter().map(|fault| fault.line).collect(),
        };
        prop_assert_eq!(named, faulty);
    }

    #[test]
    fn nothing_changes_between_two_changes(drawn in rows(), instants in instants()) {
        let rows: Vec<Row> = drawn
            .iter()
            .enumerate()
            .filter(|(place, row)| !is_faulty(&drawn, row, *place))
            .map(|(_, row)| row.clone())
            .collect();
        let list = PriceList::from_csv(csv(&rows).as_bytes(), "x.csv").unwrap();
        let prices = |utc_ns: u64| list.at(utc_ns).prices().collect::<Vec<_>>();
        for instant in instants {
            let next = list.next_change_after(instant);
            prop_assert!(next.is_none_or(|next| next > instant));
            let begun = list.last_change_until(instant);
            prop_assert!(begun <= instant);
            prop_assert_eq!(list.next_change_after(begun), next);
            prop_assert_eq!(prices(begun), prices(instant));
            prop_assert_eq!(prices(next.unwrap_or(u64::MAX - 1) - u64::from(next.is_some())), prices(instant));
        }
    }
}

fn price(list: &PriceList, at: &str) -> Option<i64> {
    let deck = list.at(read_instant(at).unwrap());
    let hit = deck.price(Msisdn::from_u64(447_700_900_123).unwrap());
    hit.map(|hit| hit.price.0)
}

#[test]
fn an_offer_gives_way_to_the_price_before_it() {
    let text = "prefix,price,from,until\n44,0.03,,\n44,0.02,2026-03-01,2026-04-01\n44,0.05,2027-01-01T06:00:00+01:00,\n";
    let list = PriceList::from_csv(text.as_bytes(), "x.csv").unwrap();
    assert_eq!(price(&list, "2026-02-28T23:59:59.999999999Z"), Some(30_000));
    assert_eq!(price(&list, "2026-03-01"), Some(20_000));
    assert_eq!(price(&list, "2026-03-31T23:59:59Z"), Some(20_000));
    assert_eq!(price(&list, "2026-04-01"), Some(30_000));
    assert_eq!(price(&list, "2027-01-01T04:59:59Z"), Some(30_000));
    assert_eq!(price(&list, "2027-01-01T05:00:00Z"), Some(50_000));
}

#[test]
fn until_is_the_first_instant_without_the_price() {
    let text =
        "prefix,price,from,until\n44,0.03,2026-01-01,2026-02-01\n44,0.04,2026-02-01,9999-12-31\n";
    let list = PriceList::from_csv(text.as_bytes(), "x.csv").unwrap();
    assert_eq!(price(&list, "2025-12-31"), None);
    assert_eq!(price(&list, "2026-01-31T23:59:59Z"), Some(30_000));
    assert_eq!(price(&list, "2026-02-01"), Some(40_000));
    assert_eq!(
        list.next_change_after(read_instant("2026-02-01").unwrap()),
        None
    );
    let row = list.rows().last().unwrap();
    assert_eq!((row.line, row.until), (3, u64::MAX));
    assert!(matches!(row.destination, Destination::Prefix(_)));
}
