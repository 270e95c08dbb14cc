//! A number's network: where it was ported, else the owner of the longest prefix; bad lists name every fault.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::Cursor;
use std::sync::Arc;

use carrack_message::{Msisdn, Network};
use carrack_routing::numbering::portability::{Dump, DumpKind, IndexWriter, PortedRow};
use carrack_routing::numbering::{NumberPlan, Numbering, Portability};
use proptest::prelude::*;

fn number(digits: u64) -> Msisdn {
    Msisdn::from_u64(digits).unwrap()
}

fn network(text: &str) -> Network {
    text.parse().unwrap()
}

fn plan(csv: &str) -> NumberPlan {
    NumberPlan::from_csv(csv.as_bytes(), "plan.csv").unwrap()
}

fn faults(csv: &str) -> Vec<String> {
    let found = NumberPlan::from_csv(csv.as_bytes(), "plan.csv").unwrap_err();
    found.faults.iter().map(ToString::to_string).collect()
}

fn ported(rows: &[(u64, &str)]) -> Portability {
    let mut writer = IndexWriter::new(Cursor::new(Vec::new()), 0).unwrap();
    let rows: BTreeMap<u64, &str> = rows.iter().copied().collect();
    for (digits, to) in &rows {
        writer.push(number(*digits), network(to)).unwrap();
    }
    let (out, _) = writer.finish().unwrap();
    Portability::open(Arc::new(out.into_inner())).unwrap()
}

const PLAN: &str = "prefix,network,country,operator
4477,234-15,gb,Vodafone
447700,23410,GB,O2
+4915,26202,,
";

#[test]
fn a_ported_number_belongs_to_where_it_went_and_its_neighbour_to_the_range() {
    let numbering = Numbering {
        plan: Some(Arc::new(plan(PLAN))),
        portability: Some(ported(&[
            (447_700_900_123, "234-30"),
            (33_612_345_678, "20801"),
        ])),
    };
    assert_eq!(numbering.network(number(447_700_900_123)), network("23430"));
    assert_eq!(numbering.network(number(447_700_900_124)), network("23410"));
    assert_eq!(numbering.network(number(447_710_900_124)), network("23415"));
    assert_eq!(numbering.network(number(33_612_345_678)), network("20801"));
    assert_eq!(numbering.network(number(33_612_345_679)), Network::UNKNOWN);
    let known = numbering.known(number(447_700_900_123));
    assert!(known.is_ported);
    let range = known.range.unwrap();
    assert_eq!(
        (range.network, range.country, range.operator),
        (network("23410"), Some("GB"), Some("O2"))
    );
    let range = numbering.known(number(4_915_112_345_678)).range.unwrap();
    assert_eq!((range.country, range.operator), (None, None));
}

#[test]
fn without_lists_no_network_is_known() {
    let numbering = Numbering::default();
    assert!(numbering.is_empty());
    assert_eq!(numbering.network(number(447_700_900_123)), Network::UNKNOWN);
}

#[test]
fn an_index_is_swapped_while_others_read_the_old_one() {
    let numbering = Arc::new(Numbering {
        plan: None,
        portability: Some(ported(&[(447_700_900_123, "23430")])),
    });
    let reader = {
        let old = Arc::clone(&numbering);
        std::thread::spawn(move || old.network(number(447_700_900_123)))
    };
    let new = Numbering {
        portability: Some(ported(&[(447_700_900_123, "23433")])),
        ..(*numbering).clone()
    };
    assert_eq!(new.network(number(447_700_900_123)), network("23433"));
    assert_eq!(reader.join().unwrap(), network("23430"));
}

#[test]
fn every_fault_of_a_plan_is_named_with_its_line() {
    let csv = "operator,prefix,network,country
x,447,23415,GB
x,,23415,GB
x,0447,2341,GBR
x,447,23410,
x,448,26202
";
    let found = faults(csv);
    let lines: Vec<&str> = found
        .iter()
        .map(|fault| fault.split(": ").next().unwrap())
        .collect();
    assert_eq!(
        lines,
        [
            "plan.csv:3",
            "plan.csv:4",
            "plan.csv:4",
            "plan.csv:4",
            "plan.csv:5",
            "plan.csv:6"
        ]
    );
    assert!(
        found[4].contains("stands already in line 2"),
        "{}",
        found[4]
    );
    assert!(
        found[5].contains("3 fields where the header has 4"),
        "{}",
        found[5]
    );
}

#[test]
fn a_header_that_is_none_is_told() {
    assert!(faults("")[0].contains("begin with the header prefix,network"));
    assert!(faults("prefix,mccmnc\n447,23415\n")[0].contains("unknown column \"mccmnc\""));
    assert!(faults("prefix,network\n")[0].contains("has no rows"));
    assert!(faults("prefix,network,Prefix\n447,23415,1\n")[0].contains("stands twice"));
}

fn rows(csv: &str, kind: DumpKind) -> (Vec<PortedRow>, Vec<String>) {
    let mut dump = Dump::open(csv.as_bytes(), "dump.csv", kind);
    let rows = dump.by_ref().collect();
    let faults = dump
        .finish()
        .err()
        .map_or_else(Vec::new, |found| found.faults);
    (rows, faults.iter().map(ToString::to_string).collect())
}

#[test]
fn a_number_without_network_is_a_fault_of_a_dump_and_a_way_back_in_a_delta() {
    let csv = "network,number\n 23415 , +447700900123 \n,447700900124\n";
    let (taken, faults) = rows(csv, DumpKind::Delta);
    assert!(faults.is_empty(), "{faults:?}");
    assert_eq!(
        taken[0],
        PortedRow {
            number: number(447_700_900_123),
            network: network("23415")
        }
    );
    assert_eq!(taken[1].network, Network::UNKNOWN);
    let (taken, faults) = rows(csv, DumpKind::Whole);
    assert_eq!(taken.len(), 1);
    assert_eq!(faults.len(), 1);
    assert!(
        faults[0].starts_with("dump.csv:3: network"),
        "{}",
        faults[0]
    );
}

#[test]
fn good_rows_of_a_dump_come_in_spite_of_bad_ones() {
    let csv =
        "number,network\n12,23415\n447700900123,23415,9\n447700900124,23415\n4477OO900124,x\n";
    let (taken, faults) = rows(csv, DumpKind::Whole);
    assert_eq!(taken.len(), 1);
    assert_eq!(faults.len(), 4, "{faults:?}");
    assert!(rows("number,network\n", DumpKind::Whole).1[0].contains("no rows"));
    assert!(rows("number,network\n", DumpKind::Delta).1.is_empty());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn the_longest_prefix_gives_the_network(
        prefixes in proptest::collection::btree_map("[1-9][0-9]{0,6}", 1..900_u32, 1..60),
        asked in proptest::collection::vec("[1-9][0-9]{6,14}", 1..60),
    ) {
        let mut csv = String::from("prefix,network\n");
        for (prefix, code) in &prefixes {
            writeln!(csv, "{prefix},{code:03}01").unwrap();
        }
        let plan = plan(&csv);
        let named: BTreeMap<&str, u32> = prefixes.iter().map(|(prefix, code)| (prefix.as_str(), *code)).collect();
        for digits in asked {
            let expected = (1..=digits.len()).rev().find_map(|end| named.get(&digits[..end]));
            let expected = expected.map_or(Network::UNKNOWN, |code| network(&format!("{code:03}01")));
            prop_assert_eq!(plan.network(digits.parse().unwrap()), expected);
        }
    }

    #[test]
    fn no_octets_break_the_reading_of_lists(octets in proptest::collection::vec(any::<u8>(), 0..300)) {
        let mut csv = b"number,network\n".to_vec();
        csv.extend(&octets);
        let mut dump = Dump::open(csv.as_slice(), "dump.csv", DumpKind::Delta);
        let _ = dump.by_ref().count();
        let _ = dump.finish();
        let _ = NumberPlan::from_csv(octets.as_slice(), "plan.csv");
    }
}
