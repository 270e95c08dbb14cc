//! Rows that stand in the file before are refused, also across crashes; signs are written plainly where that saves a segment.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use carrack_runtime::Io;
use proptest::prelude::*;

use super::rig::*;
use crate::batch::*;

#[test]
fn a_row_whose_like_was_refused_is_sent() {
    let source = "to,text,class\n491700000001,a,nonsense\n+49 1700 000001,b,\n491700000001,c,\n491700000002,c,\n";
    let took = take(source.as_bytes(), asked(&[("duplicates", "refuse")])).unwrap();
    assert_eq!(took.texts, [(2, "b".to_owned()), (4, "c".to_owned())]);
    assert!(
        took.errors
            .contains("this recipient stands in the file before"),
        "{}",
        took.errors
    );
    let source = "to,text\n491700000001,a\n491700000001,b\n491700000001,a\n";
    let took = take(
        source.as_bytes(),
        asked(&[("duplicates", "refuse_same_text")]),
    )
    .unwrap();
    assert_eq!(took.view.accepted, 2);
    assert_eq!(
        take(source.as_bytes(), asked(&[("duplicates", "send")]))
            .unwrap()
            .view
            .accepted,
        3
    );
}

#[test]
fn rows_beyond_what_can_be_compared_are_refused_and_said() {
    let rows: String = (0..10)
        .map(|row| format!("49170000000{},a\n", row % 6))
        .collect();
    let took = take_with(
        format!("to,text\n{rows}").as_bytes(),
        asked(&[("duplicates", "refuse")]),
        |spec| {
            spec.duplicates_max = 4;
        },
    );
    let took = took.unwrap();
    assert_eq!(took.view.accepted, 4);
    assert_eq!(
        took.errors.matches("duplicates_max").count(),
        2,
        "{}",
        took.errors
    );
    assert_eq!(took.errors.matches("stands in the file before").count(), 4);
}

#[test]
fn signs_are_written_plainly_where_that_saves_a_segment() {
    let long = "It’s here – “really”…".repeat(5);
    let source = format!("to,text\n491700000001,{long}\n491700000002,It’s\n");
    let took = take(source.as_bytes(), asked(&[("smart_characters", "replace")])).unwrap();
    let swaps = took.view.smart_characters;
    assert_eq!(
        (swaps.rows, swaps.characters, swaps.segments_saved),
        (1, 25, 1)
    );
    assert!(
        took.texts[0].1.starts_with("It's here - \"really\"...It's") && took.texts[1].1 == "It’s"
    );
    assert_eq!(
        take(source.as_bytes(), asked(&[])).unwrap().texts[0].1,
        long
    );
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, ..ProptestConfig::default() })]

    #[test]
    fn each_recipient_is_taken_once_however_it_is_cut_refused_and_ended(
        rows in prop::collection::vec((0_u8..12, 0_u8..3), 1..40),
        chunk_rows in 1_u32..6,
        crashes in prop::collection::vec((0_usize..6, any::<bool>()), 0..3),
        plan in prop::collection::vec(prop::sample::select(vec![Fate::Taken, Fate::QueueFull, Fate::Store]), 0..6),
        by_text in any::<bool>(),
        objects in any::<bool>(),
        separated in any::<bool>(),
    ) {
        let row = |(to, text): &(u8, u8)| {
            // Text 2 is none: that row is refused, and its like is not.
            let text = ["a", "b", ""][usize::from(*text)];
            let to = 491_700_000_000_u64 + u64::from(*to);
            if objects { format!("{{\"to\":{to},\"text\":\"{text}\"}}\n") } else { format!("{to},{text}\n") }
        };
        let header = match (objects, separated) {
            (true, _) => "",
            (false, true) => "sep=,\nto,text\n",
            (false, false) => "to,text\n",
        };
        let source = format!("{header}{}", rows.iter().map(row).collect::<String>());
        let options = [("duplicates", if by_text { "refuse_same_text" } else { "refuse" })];
        let folder = tempfile::tempdir().unwrap();
        let ledger = ledger(plan);
        let begin = || Batches::start(spec(folder.path(), chunk_rows, 50, Io::Epoll), ledger.clone(), accounts()).unwrap();
        let mut number = None;
        for (chunks, after) in crashes {
            crash_after(&ledger, chunks, after);
            let batches = begin();
            let found = number.unwrap_or_else(|| submit(&batches, source.as_bytes(), asked(&options)).unwrap());
            number = Some(found);
            wait(&batches, found, |view| has_finished(view) || has_crashed(view));
            batches.stop();
        }
        ledger.0.lock().unwrap().at_work = false;
        ledger.0.lock().unwrap().plan.retain(|fate| !matches!(fate, Fate::CrashBefore | Fate::CrashAfter));
        let batches = begin();
        let number = number.unwrap_or_else(|| submit(&batches, source.as_bytes(), asked(&options)).unwrap());
        wait(&batches, number, has_finished);
        batches.stop();
        let mut known = std::collections::HashSet::new();
        let mut expected = Vec::new();
        for (place, (to, text)) in rows.iter().enumerate() {
            let key = (*to, if by_text { *text } else { 0 });
            if *text != 2 && known.insert(key) {
                expected.push(place as u64 + 1);
            }
        }
        let found: Vec<u64> = texts(&ledger).into_iter().map(|(row, _)| row).collect();
        prop_assert_eq!(found, expected);
    }
}
