//! Every row one verdict: under any size of chunk and block, through refusals, and across stops.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

use std::collections::HashMap;
use std::path::Path;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use carrack_engine::{BatchCounters, Chunk, Refusal, Submission, Verdict};
use carrack_message::record::{BatchProgress, Body};
use carrack_message::{Class, MessageId, Micros};
use carrack_routing::{CarrierRow, Matcher, OnNoResponse, Policy, RouteRow, RouteTable};
use carrack_runtime::Io;
use proptest::prelude::*;

use super::*;
use crate::accounts::{AccountBook, AccountSpec, Accounts};

/// Takes chunks as the engine does: whole or not at all, the progress with the messages. Refuses by a plan.
#[derive(Clone)]
struct Ledger(Arc<Mutex<Book>>);

struct Book {
    accepted: Vec<Submission>,
    progress: HashMap<u64, BatchProgress>,
    table: Arc<RouteTable>,
    counters: Arc<BatchCounters>,
    /// What happens to the next chunks, last first; none: they are taken.
    plan: Vec<Fate>,
    rows_max: usize,
    at_work: bool,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Fate {
    Taken,
    MailboxFull,
    QueueFull,
    Store,
    NoRoute(u64),
    CrashBefore,
    CrashAfter,
}

impl Intake for Ledger {
    fn submit_to(&self, lane: u64, chunk: Chunk) -> Result<(), Chunk> {
        let mut book = self.0.lock().unwrap();
        let progress = chunk.progress.expect("a batch has progress");
        assert_eq!(lane, progress.batch);
        assert!(!book.at_work, "two chunks on their way");
        let mut fate = book.plan.pop().unwrap_or(Fate::Taken);
        // The engine has nobody to refuse in a chunk of refused rows alone.
        if chunk.submissions.is_empty()
            && matches!(fate, Fate::QueueFull | Fate::Store | Fate::NoRoute(_))
        {
            fate = Fate::Taken;
        }
        if chunk.submissions.len() > book.rows_max {
            fate = Fate::QueueFull;
        }
        let all = |refusal: Refusal| {
            chunk
                .submissions
                .iter()
                .map(|_| Verdict::Refused(refusal.clone()))
                .collect()
        };
        let verdicts: Vec<Verdict> = match fate {
            Fate::MailboxFull => return Err(chunk),
            // The answer is dropped with the chunk.
            Fate::CrashBefore => return Ok(()),
            Fate::QueueFull => all(Refusal::QueueFull),
            Fate::Store => all(Refusal::Store("full".into())),
            Fate::NoRoute(row)
                if chunk
                    .submissions
                    .iter()
                    .any(|s| s.batch.unwrap().row == row) =>
            {
                let verdict = |s: &Submission| match s.batch.unwrap().row == row {
                    true => Verdict::Refused(Refusal::NoRoute("gone".into())),
                    false => Verdict::Refused(Refusal::Together),
                };
                chunk.submissions.iter().map(verdict).collect()
            }
            Fate::Taken | Fate::NoRoute(_) | Fate::CrashAfter => {
                let before = book.progress.get(&lane).copied();
                assert_eq!(
                    before.map_or(1, |before| before.row_next),
                    progress.row_first
                );
                let accepted = chunk.submissions.len() as u32;
                let after = BatchProgress {
                    row_first: before.map_or(progress.row_first, |b| b.row_first),
                    accepted: before.map_or(0, |b| b.accepted) + accepted,
                    rejected: before.map_or(0, |b| b.rejected) + progress.rejected,
                    ..progress
                };
                book.progress.insert(lane, after);
                let verdicts = (0..accepted)
                    .map(|_| Verdict::Accepted(MessageId(1)))
                    .collect();
                book.accepted.extend(chunk.submissions);
                if fate == Fate::CrashAfter {
                    return Ok(());
                }
                verdicts
            }
        };
        book.at_work = true;
        let answers = self.clone();
        // Answers come from another thread, as shards' do.
        std::thread::spawn(move || {
            answers.0.lock().unwrap().at_work = false;
            (chunk.reply)(verdicts);
        });
        Ok(())
    }

    fn chunk_submissions_max(&self) -> usize {
        4096
    }

    fn table(&self) -> Arc<RouteTable> {
        Arc::clone(&self.0.lock().unwrap().table)
    }

    fn counters(&self, _batch: u64) -> Arc<BatchCounters> {
        Arc::clone(&self.0.lock().unwrap().counters)
    }

    fn resume(&self, batch: u64) -> Option<BatchProgress> {
        self.0.lock().unwrap().progress.get(&batch).copied()
    }
}

fn ledger(plan: Vec<Fate>) -> Ledger {
    let carrier = CarrierRow {
        name: "north".into(),
        deck: None,
        flat_price: Some(Micros(1)),
        enabled: true,
    };
    let matcher = Matcher {
        prefixes: vec!["49".parse().unwrap(), "44".parse().unwrap()],
        ..Matcher::default()
    };
    let route = RouteRow {
        name: "all".into(),
        matcher,
        carriers: vec![0],
        policy: Policy::Ordered,
        on_no_response: Some(OnNoResponse::Resend),
        ..RouteRow::default()
    };
    let table = Arc::new(RouteTable::build(vec![carrier], vec![route]).unwrap());
    let book = Book {
        accepted: Vec::new(),
        progress: HashMap::new(),
        table,
        counters: Arc::default(),
        plan,
        rows_max: usize::MAX,
        at_work: false,
    };
    Ledger(Arc::new(Mutex::new(book)))
}

fn accounts() -> Arc<AccountBook> {
    let spec = AccountSpec {
        name: "shop".into(),
        api_key: Some("k".into()),
        system_id: None,
        password: None,
        class: None,
        sender: Some("Shop".into()),
        region: None,
        rate: None,
        window: 1,
        binds_max: 1,
        deck: None,
        allowed_ips: Vec::new(),
        operator: false,
        segments_max: 3,
        validity_max: Duration::from_secs(60),
        ..AccountSpec::named("shop")
    };
    Arc::new(AccountBook::new(
        Accounts::build(&[spec], |_| Some(7)).unwrap(),
    ))
}

fn spec(folder: &Path, chunk_rows: u32, read_octets: usize, io: Io) -> BatchSpec {
    BatchSpec {
        data_dir: folder.to_owned(),
        io,
        chunk_rows,
        read_octets,
        octets_max: 64 << 20,
        keep: Duration::from_secs(3600),
        idempotency_keep: Duration::from_secs(3600),
        class: Class::Bulk,
        running_max: 4,
        queued_max: 10,
    }
}

fn submit(
    batches: &Batches,
    source: &[u8],
    request: BatchRequest,
) -> Result<BatchNumber, BatchFault> {
    let mut spool = batches.spool()?;
    spool.write(source)?;
    let accounts = accounts();
    let view = batches.submit(spool, accounts.current().by_name("shop").unwrap(), request)?;
    Ok(view.id.parse().unwrap())
}

fn wait(batches: &Batches, number: BatchNumber, wanted: impl Fn(&BatchView) -> bool) -> BatchView {
    let deadline = Instant::now() + Duration::from_secs(5);
    loop {
        let view = batches.view(number, "shop").unwrap();
        if wanted(&view) {
            return view;
        }
        assert!(Instant::now() < deadline, "{view:?}");
        std::thread::park_timeout(Duration::from_millis(1));
    }
}

fn errors(batches: &Batches, number: BatchNumber) -> Vec<u8> {
    let (path, octets) = batches.errors(number, "shop").unwrap();
    let mut file = std::fs::read(path).unwrap();
    file.truncate(octets as usize);
    file
}

const KINDS: usize = 9;

/// A source of rows of every kind, and for each whether it is good.
fn source(kinds: &[usize]) -> (Vec<u8>, Vec<bool>) {
    let mut source = b"to,text,client_ref\n".to_vec();
    let mut good = Vec::new();
    for (place, kind) in kinds.iter().enumerate() {
        let number = 491_700_000_000 + place;
        let (row, fine): (Vec<u8>, bool) = match kind % KINDS {
            0 => (format!("{number},hello {place},r{place}").into(), true),
            1 => (
                format!("+{number},\"two, \"\"lines\"\"\r\nhere {place}\",").into(),
                true,
            ),
            2 => (format!("4917x{place},text,").into(), false),
            3 => (format!("{number},,").into(), false),
            4 => (format!("{number},\"never closed {place},").into(), false),
            5 => (format!("{number}").into(), false),
            6 => (
                [format!("{number},").as_bytes(), b"\xFF bad,"].concat(),
                false,
            ),
            7 => (format!("331234567{place},no route,").into(), false),
            _ => (format!("{number},Γειά 你好 🎉 {place},").into(), true),
        };
        source.extend_from_slice(&row);
        source.extend_from_slice(if kind % 2 == 0 { b"\n" } else { b"\r\n" });
        good.push(fine);
    }
    (source, good)
}

/// A quote that nobody closed takes in what follows up to the next quote, so only sources without rows in quotes behind
/// one keep each row to itself; kinds 1 after 4 are therefore made 0.
fn apart(kinds: Vec<usize>) -> Vec<usize> {
    let first_open = kinds
        .iter()
        .position(|kind| kind % KINDS == 4)
        .unwrap_or(kinds.len());
    let lone = |(place, kind): (usize, usize)| match kind % KINDS {
        1 | 4 if place > first_open => kind - kind % KINDS,
        _ => kind,
    };
    kinds.into_iter().enumerate().map(lone).collect()
}

fn check(ledger: &Ledger, errors: &[u8], good: &[bool]) {
    let book = ledger.0.lock().unwrap();
    let mut verdicts: HashMap<u64, (u32, u32)> = HashMap::new();
    for submission in &book.accepted {
        verdicts.entry(submission.batch.unwrap().row).or_default().0 += 1;
        assert_eq!((submission.account, submission.class), (7, Class::Bulk));
    }
    let accepted = book.accepted.len();
    let mut reader = csv::ReaderBuilder::new().from_reader(errors);
    let header = reader.headers().unwrap().clone();
    assert_eq!(
        header,
        vec![
            "to",
            "text",
            "client_ref",
            "error_line",
            "error_column",
            "error"
        ]
    );
    let refused: Vec<csv::ByteRecord> = reader.byte_records().map(Result::unwrap).collect();
    let lines: std::collections::HashSet<Vec<u8>> =
        refused.iter().map(|row| row[3].to_vec()).collect();
    assert_eq!(lines.len(), refused.len(), "a row is refused twice");
    assert!(refused.iter().all(|row| !row[5].is_empty()));
    assert!(
        verdicts.values().all(|(taken, _)| *taken == 1),
        "a row is accepted twice"
    );
    for (place, fine) in good.iter().enumerate() {
        assert_eq!(
            verdicts.contains_key(&(place as u64 + 1)),
            *fine,
            "row {}",
            place + 1
        );
    }
    assert_eq!(accepted + refused.len(), good.len());
}

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
        let view = wait(&batches, number, |view| matches!(view.state, BatchState::Finished | BatchState::Done));
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
            {
                let mut book = ledger.0.lock().unwrap();
                let mut plan = vec![if after { Fate::CrashAfter } else { Fate::CrashBefore }];
                plan.extend(std::iter::repeat_n(Fate::Taken, chunks));
                book.plan = plan;
                book.at_work = false;
            }
            let batches = Batches::start(spec(folder.path(), chunk_rows, 64, Io::Epoll), ledger.clone(), accounts()).unwrap();
            let found = number.unwrap_or_else(|| submit(&batches, &source, BatchRequest::default()).unwrap());
            number = Some(found);
            // A hindrance that names a restart: the crash happened.
            wait(&batches, found, |view| {
                matches!(view.state, BatchState::Finished | BatchState::Done)
                    || view.hindrance.as_deref().is_some_and(|why| why.contains("restart"))
            });
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
        let view = wait(&batches, number.unwrap(), |view| matches!(view.state, BatchState::Finished | BatchState::Done));
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
    let finished = |view: &BatchView| matches!(view.state, BatchState::Finished | BatchState::Done);
    wait(&batches, number, finished);
    let file = String::from_utf8(errors(&batches, number)).unwrap();
    assert!(
        file.contains(",2,to,\"letter 'x' at character 6; a number has digits only\"")
            || file.contains(",2,to,letter 'x' at character 6"),
        "{file}"
    );
    let mended = file.replace("49170x0001", "491700001");
    let number = submit(&batches, mended.as_bytes(), request).unwrap();
    let view = wait(&batches, number, finished);
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
    for column in ["send_at", " Validity", "encoding", "callback_url"] {
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
    let finished = |view: &BatchView| matches!(view.state, BatchState::Finished | BatchState::Done);
    let number = submit(&batches, source.as_bytes(), request.clone()).unwrap();
    let view = wait(&batches, number, finished);
    assert_eq!((view.accepted, view.rejected), (0, 1));
    let file = errors(&batches, number);
    let number = submit(&batches, &file, request).unwrap();
    let view = wait(&batches, number, finished);
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
