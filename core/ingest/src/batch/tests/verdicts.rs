//! Every row one verdict: under any size of chunk and block, through refusals, and across stops.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

use std::sync::Arc;
use std::sync::atomic::Ordering;

use carrack_message::record::Body;
use carrack_runtime::Io;
use proptest::prelude::*;

use super::rig::*;
use crate::batch::*;

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn every_row_has_one_verdict_however_it_is_cut_and_refused(
        kinds in prop::collection::vec(0_usize..1000, 0..60).prop_map(apart),
        chunk_rows in 1_u32..20,
        read_octets in 1_usize..300,
        plan in prop::collection::vec(prop_oneof![
            4 => Just(Fate::Taken), 1 => Just(Fate::MailboxFull), 1 => Just(Fate::QueueFull), 1 => Just(Fate::Store),
        ], 0..8),
        uring in any::<bool>(),
    ) {
        let folder = tempfile::tempdir().unwrap();
        let ledger = ledger(plan);
        let io = if uring { Io::Auto } else { Io::Epoll };
        let batches = Batches::start(spec(folder.path(), chunk_rows, read_octets, io), ledger.clone(), accounts()).unwrap();
        let (source, good) = source(&kinds);
        let number = submit(&batches, &source, BatchRequest::default()).unwrap();
        let view = wait(&batches, number, has_finished);
        check(&ledger, &errors(&batches, number), &good);
        prop_assert_eq!((view.rows, view.accepted + view.rejected), (good.len() as u64, good.len() as u64));
        prop_assert_eq!(view.done_octets, source.len() as u64);
        batches.stop();
    }

    #[test]
    fn a_crash_at_any_chunk_loses_and_doubles_no_row(
        kinds in prop::collection::vec(0_usize..1000, 1..50).prop_map(apart),
        chunk_rows in 1_u32..12,
        crashes in prop::collection::vec((0_usize..6, any::<bool>()), 1..4),
        totals_lost in any::<bool>(),
    ) {
        let folder = tempfile::tempdir().unwrap();
        let ledger = ledger(Vec::new());
        let (source, good) = source(&kinds);
        let mut number = None;
        for (chunks, after) in crashes {
            crash_after(&ledger, chunks, after);
            let batches = Batches::start(spec(folder.path(), chunk_rows, 64, Io::Epoll), ledger.clone(), accounts()).unwrap();
            let found = number.unwrap_or_else(|| submit(&batches, &source, BatchRequest::default()).unwrap());
            number = Some(found);
            wait(&batches, found, |view| has_finished(view) || has_crashed(view));
            batches.stop();
        }
        {
            let mut book = ledger.0.lock().unwrap();
            book.plan = Vec::new();
            if totals_lost {
                for progress in book.progress.values_mut() {
                    (progress.accepted, progress.rejected) = (0, 0);
                }
            }
        }
        let batches = Batches::start(spec(folder.path(), chunk_rows, 64, Io::Epoll), ledger.clone(), accounts()).unwrap();
        let view = wait(&batches, number.unwrap(), has_finished);
        check(&ledger, &errors(&batches, number.unwrap()), &good);
        let fine = good.iter().filter(|fine| **fine).count() as u64;
        prop_assert_eq!((view.accepted, view.rejected), (fine, good.len() as u64 - fine));
        batches.stop();
    }
}

#[test]
fn a_queue_smaller_than_a_chunk_takes_the_batch_in_smaller_ones() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = ledger(Vec::new());
    ledger.0.lock().unwrap().rows_max = 3;
    let batches = Batches::start(
        spec(folder.path(), 64, 1 << 16, Io::Epoll),
        ledger.clone(),
        accounts(),
    )
    .unwrap();
    let (source, good) = source(&[0; 20]);
    let number = submit(&batches, &source, BatchRequest::default()).unwrap();
    wait(&batches, number, |view| {
        matches!(view.state, BatchState::Finished | BatchState::Done)
    });
    check(&ledger, &errors(&batches, number), &good);
    batches.stop();
}

#[test]
fn a_row_that_loses_its_route_on_the_way_is_refused_and_the_rest_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = ledger(vec![Fate::NoRoute(3)]);
    let batches = Batches::start(
        spec(folder.path(), 8, 1 << 16, Io::Epoll),
        ledger.clone(),
        accounts(),
    )
    .unwrap();
    let (source, mut good) = source(&[0; 20]);
    good[2] = false;
    let number = submit(&batches, &source, BatchRequest::default()).unwrap();
    wait(&batches, number, |view| {
        matches!(view.state, BatchState::Finished | BatchState::Done)
    });
    check(&ledger, &errors(&batches, number), &good);
    batches.stop();
}

#[test]
fn a_mended_errors_file_is_taken_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = ledger(Vec::new());
    let batches = Batches::start(
        spec(folder.path(), 8, 1 << 16, Io::Epoll),
        ledger.clone(),
        accounts(),
    )
    .unwrap();
    let source = b"to,name\n49170x0001,\"Ada, \"\"the\"\" first\"\n491700002,Bob\n";
    let request = BatchRequest {
        template: Some("Hi {name}!".into()),
        from: Some("Club".into()),
        ..BatchRequest::default()
    };
    let number = submit(&batches, source, request.clone()).unwrap();
    wait(&batches, number, has_finished);
    let file = String::from_utf8(errors(&batches, number)).unwrap();
    assert!(
        file.contains(",2,to,\"letter 'x' at character 6; a number has digits only\"")
            || file.contains(",2,to,letter 'x' at character 6"),
        "{file}"
    );
    let mended = file.replace("49170x0001", "491700001");
    let number = submit(&batches, mended.as_bytes(), request).unwrap();
    let view = wait(&batches, number, has_finished);
    assert_eq!(
        (view.accepted, view.rejected),
        (1, 0),
        "{}",
        String::from_utf8_lossy(&errors(&batches, number))
    );
    let book = ledger.0.lock().unwrap();
    let bodies: Vec<&Body> = book
        .accepted
        .iter()
        .map(|submission| &submission.body)
        .collect();
    assert_eq!(
        bodies,
        [
            &Body::Text("Hi Bob!".into()),
            &Body::Text("Hi Ada, \"the\" first!".into())
        ]
    );
    assert_eq!(book.accepted[1].from.as_str(), "Club");
    drop(book);
    batches.stop();
}

#[test]
fn a_batch_is_done_when_its_last_message_is_final_and_still_answers_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = ledger(Vec::new());
    let counters = Arc::clone(&ledger.0.lock().unwrap().counters);
    counters.live.store(1, Ordering::Relaxed);
    let batches = Batches::start(
        spec(folder.path(), 8, 1 << 16, Io::Epoll),
        ledger.clone(),
        accounts(),
    )
    .unwrap();
    let number = submit(&batches, b"to,text\n491700002,x\n", BatchRequest::default()).unwrap();
    wait(&batches, number, |view| view.state == BatchState::Finished);
    counters.delivered.store(1, Ordering::Relaxed);
    counters.live.store(0, Ordering::Relaxed);
    wait(&batches, number, |view| view.state == BatchState::Done);
    batches.stop();
    let empty = self::ledger(Vec::new());
    let batches = Batches::start(
        spec(folder.path(), 8, 1 << 16, Io::Epoll),
        empty,
        accounts(),
    )
    .unwrap();
    let view = batches.view(number, "shop").unwrap();
    assert_eq!(
        (view.state, view.accepted, view.delivered),
        (BatchState::Done, 1, 1)
    );
    assert!(batches.view(number, "other").is_none());
    batches.stop();
}

#[test]
fn what_cannot_be_a_batch_is_refused_at_once_and_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let mut spec = spec(folder.path(), 8, 1 << 16, Io::Epoll);
    spec.octets_max = 100;
    let batches = Batches::start(spec, ledger(Vec::new()), accounts()).unwrap();
    let from = |from: &str| BatchRequest {
        from: Some(from.into()),
        ..BatchRequest::default()
    };
    let class = BatchRequest {
        class: Some("urgent".into()),
        ..BatchRequest::default()
    };
    for (source, request, part) in [
        (
            &b"to,txt\n1,2\n"[..],
            BatchRequest::default(),
            "did you mean `txt`?",
        ),
        (b"to,text\n1,2\n", from("far too long a sender"), "from: "),
        (b"to,text\n1,2\n", class, "class: unknown class"),
        (&[b'x'; 101], BatchRequest::default(), "divide it"),
    ] {
        let fault = submit(&batches, source, request).unwrap_err().to_string();
        assert!(fault.contains(part), "{fault}");
    }
    assert_eq!(
        std::fs::read_dir(folder.path().join("batches"))
            .unwrap()
            .count(),
        0
    );
    batches.stop();
}

#[test]
fn a_reserved_column_is_refused_unless_the_template_uses_it() {
    let folder = tempfile::tempdir().unwrap();
    let batches = Batches::start(
        spec(folder.path(), 8, 1 << 16, Io::Epoll),
        ledger(Vec::new()),
        accounts(),
    )
    .unwrap();
    for column in [" Encoding", "callback_url"] {
        let source = format!("to,text,{column}\n491700002,x,2h\n");
        let fault = submit(&batches, source.as_bytes(), BatchRequest::default()).unwrap_err();
        let named = column.trim().to_lowercase();
        assert!(
            matches!(&fault, BatchFault::Field { field, .. } if *field == named),
            "{fault}"
        );
    }
    let request = BatchRequest {
        template: Some("At {send_at}".into()),
        ..BatchRequest::default()
    };
    let number = submit(&batches, b"to,send_at\n491700002,noon\n", request).unwrap();
    wait(&batches, number, |view| view.accepted == 1);
    batches.stop();
}

/// Sends a source, gives its errors file back unmended, and tells what was refused first and accepted in the end.
fn sent_twice(source: &str, request: BatchRequest) -> (String, BatchView, Vec<Body>) {
    let folder = tempfile::tempdir().unwrap();
    let ledger = ledger(Vec::new());
    let batches = Batches::start(
        spec(folder.path(), 8, 1 << 16, Io::Epoll),
        ledger.clone(),
        accounts(),
    )
    .unwrap();
    let number = submit(&batches, source.as_bytes(), request.clone()).unwrap();
    let view = wait(&batches, number, has_finished);
    assert_eq!((view.accepted, view.rejected), (0, 1));
    let file = errors(&batches, number);
    let number = submit(&batches, &file, request).unwrap();
    let view = wait(&batches, number, has_finished);
    batches.stop();
    let book = ledger.0.lock().unwrap();
    let bodies = book.accepted.iter().map(|taken| taken.body.clone());
    (String::from_utf8(file).unwrap(), view, bodies.collect())
}

#[test]
fn cells_too_many_are_joined_into_the_text_and_none_is_lost() {
    for (source, expected) in [
        ("to,text\n447700900001,Hello, John\n", "Hello, John"),
        ("to,text,client_ref\n447700900001,a,b,,c,r\n", "a,b,,c"),
        ("text;to\nHello; John;447700900001\n", "Hello; John"),
    ] {
        let (file, _, bodies) = sent_twice(source, BatchRequest::default());
        assert!(file.contains("here they are joined into `text`"), "{file}");
        assert_eq!(bodies, [Body::Text(expected.into())], "{file}");
    }
    let (file, _, _) = sent_twice("to,text\n447700900001,a,b\n", BatchRequest::default());
    assert!(
        file.contains("\n447700900001,\"a,b\",2,,\"the row has 3 columns, the header 2; "),
        "{file}"
    );
    let many = format!("to,text\n447700900001{}z\n", ",".repeat(300));
    let (_, _, bodies) = sent_twice(&many, BatchRequest::default());
    assert_eq!(bodies, [Body::Text(",".repeat(299) + "z")]);
}

#[test]
fn a_row_whose_cells_cannot_be_told_apart_stays_refused_and_whole() {
    let request = BatchRequest {
        template: Some("{name} in {city}".into()),
        ..BatchRequest::default()
    };
    for delimiter in [",", ";", "\t"] {
        let source = "to,name,city\n447700900001,1,2,3\n".replace(',', delimiter);
        let (file, view, _) = sent_twice(&source, request.clone());
        assert_eq!((view.accepted, view.rejected), (0, 1), "{file}");
        let row = "447700900001,1,2,3".replace(',', delimiter);
        assert!(file.contains(&format!("whole row: {row}")), "{file}");
    }
}

#[test]
fn a_row_past_the_bound_keeps_its_beginning_and_stays_refused() {
    let source = format!("to,text\n447700900001,é{}\n", "é".repeat(40_000));
    for source in [source.clone(), source.replacen(",é", ",\"é", 1)] {
        let (file, view, _) = sent_twice(&source, BatchRequest::default());
        assert_eq!((view.accepted, view.rejected), (0, 1));
        let beginning = file.split("whole row: ").nth(1).unwrap();
        assert!(beginning.starts_with("447700900001,"), "{file}");
        let kept = beginning.matches('é').count();
        assert!((500..=512).contains(&kept), "{kept}");
    }
}
