//! What tests of batches share: an engine that takes chunks by a plan, accounts, sources of every kind of row.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use crate::accounts::{AccountBook, AccountSpec, Accounts};
use crate::batch::*;
use carrack_engine::{BatchCounters, Chunk, Refusal, Submission, SuppressionsNow, Verdict};
use carrack_message::record::{BatchProgress, Body};
use carrack_message::{Class, MessageId, Micros};
use carrack_routing::{CarrierRow, Matcher, OnNoResponse, Policy, RouteRow, RouteTable};
use carrack_runtime::Io;

/// Takes chunks as the engine does: whole or not at all, the progress with the messages. Refuses by a plan.
#[derive(Clone)]
pub(crate) struct Ledger(pub(crate) Arc<Mutex<Book>>);

pub(crate) struct Book {
    pub(crate) accepted: Vec<Submission>,
    pub(crate) progress: HashMap<u64, BatchProgress>,
    pub(crate) table: Arc<RouteTable>,
    pub(crate) counters: Arc<BatchCounters>,
    /// What happens to the next chunks, last first; none: they are taken.
    pub(crate) plan: Vec<Fate>,
    pub(crate) rows_max: usize,
    pub(crate) at_work: bool,
    /// Most octets that a chunk had.
    pub(crate) octets: usize,
    /// Batches whose waiting messages were asked back.
    pub(crate) withdrawn: Vec<u64>,
    pub(crate) suppressions: SuppressionsNow,
    pub(crate) chunks: usize,
    /// Batches whose counters nobody asks for any more.
    pub(crate) forgotten: Vec<u64>,
    /// Looks at the table until one of them panics; none does.
    pub(crate) looks_left: Option<usize>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Fate {
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
        book.chunks += 1;
        let octets = chunk.submissions.iter().map(Submission::octets_max).sum();
        book.octets = book.octets.max(octets);
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
        let (table, left) = {
            let mut book = self.0.lock().unwrap();
            let left = book.looks_left;
            book.looks_left = left.and_then(|left| left.checked_sub(1));
            (Arc::clone(&book.table), left)
        };
        assert_ne!(left, Some(0), "the row that fails");
        table
    }

    fn suppressions(&self) -> SuppressionsNow {
        self.0.lock().unwrap().suppressions.clone()
    }

    fn counters(&self, _batch: u64) -> Arc<BatchCounters> {
        Arc::clone(&self.0.lock().unwrap().counters)
    }

    fn forget(&self, batch: u64) {
        self.0.lock().unwrap().forgotten.push(batch);
    }

    fn withdraw(&self, batch: u64, account: &str) -> Result<u64, String> {
        assert_eq!(account, "shop");
        let mut book = self.0.lock().unwrap();
        book.withdrawn.push(batch);
        Ok(book.withdrawn.len() as u64)
    }

    fn withdrawal(&self, job: u64) -> Withdrawal {
        // The first one is stopped early.
        match job {
            1 => Withdrawal::Gone { done: 3 },
            _ => Withdrawal::Over { done: 2 },
        }
    }

    fn resume(&self, batch: u64) -> Option<BatchProgress> {
        self.0.lock().unwrap().progress.get(&batch).copied()
    }
}

pub(crate) fn ledger(plan: Vec<Fate>) -> Ledger {
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
        octets: 0,
        withdrawn: Vec::new(),
        suppressions: SuppressionsNow::default(),
        chunks: 0,
        forgotten: Vec::new(),
        looks_left: None,
    };
    Ledger(Arc::new(Mutex::new(book)))
}

pub(crate) fn accounts() -> Arc<AccountBook> {
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

pub(crate) fn spec(folder: &Path, chunk_rows: u32, read_octets: usize, io: Io) -> BatchSpec {
    BatchSpec {
        data_dir: folder.to_owned(),
        io,
        chunk_rows,
        read_octets,
        octets_max: 64 << 20,
        unpacked_max: 64 << 20,
        duplicates_max: 1_000_000,
        check_time_max: Duration::from_secs(5),
        keep: Duration::from_secs(3600),
        idempotency_keep: Duration::from_secs(3600),
        class: Class::Bulk,
        running_max: 4,
        running_of_account_max: 4,
        queued_max: 10,
        queued_of_account_max: 10,
    }
}

pub(crate) fn submit(
    batches: &Batches,
    source: &[u8],
    request: BatchRequest,
) -> Result<BatchNumber, BatchFault> {
    let mut spool = batches.spool("shop")?;
    spool.write(source)?;
    let accounts = accounts();
    let view = batches.submit(spool, accounts.current().by_name("shop").unwrap(), request)?;
    Ok(view.id.parse().unwrap())
}

pub(crate) fn wait(
    batches: &Batches,
    number: BatchNumber,
    wanted: impl Fn(&BatchView) -> bool,
) -> BatchView {
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

pub(crate) fn errors(batches: &Batches, number: BatchNumber) -> Vec<u8> {
    let errors = batches.errors(number, "shop").unwrap();
    let mut file = std::fs::read(errors.path).unwrap();
    file.truncate(errors.octets as usize);
    file
}

pub(crate) const KINDS: usize = 9;

/// A source of rows of every kind, and for each whether it is good.
pub(crate) fn source(kinds: &[usize]) -> (Vec<u8>, Vec<bool>) {
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
                [format!("{number},").as_bytes(), b"\xC3\xA9 \xFF bad,"].concat(),
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
pub(crate) fn apart(kinds: Vec<usize>) -> Vec<usize> {
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

pub(crate) fn check(ledger: &Ledger, errors: &[u8], good: &[bool]) {
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

/// What became of a source.
pub(crate) struct Took {
    pub(crate) view: BatchView,
    /// Recipient and text of what was accepted, by row.
    pub(crate) texts: Vec<(u64, String)>,
    pub(crate) errors: String,
}

pub(crate) fn has_finished(view: &BatchView) -> bool {
    matches!(view.state, BatchState::Finished | BatchState::Done)
}

/// Gives a source to a node of its own and waits until each row has its verdict.
pub(crate) fn take(source: &[u8], request: BatchRequest) -> Result<Took, BatchFault> {
    take_with(source, request, |_| {})
}

pub(crate) fn take_with(
    source: &[u8],
    request: BatchRequest,
    change: impl FnOnce(&mut BatchSpec),
) -> Result<Took, BatchFault> {
    let folder = tempfile::tempdir().unwrap();
    let ledger = ledger(Vec::new());
    let mut spec = spec(folder.path(), 8, 1 << 12, Io::Epoll);
    change(&mut spec);
    let batches = Batches::start(spec, ledger.clone(), accounts()).unwrap();
    let number = submit(&batches, source, request)?;
    let view = wait(&batches, number, has_finished);
    let errors = errors(&batches, number);
    batches.stop();
    Ok(Took {
        view,
        texts: texts(&ledger),
        errors: String::from_utf8_lossy(&errors).into_owned(),
    })
}

/// Row and text of what was accepted.
pub(crate) fn texts(ledger: &Ledger) -> Vec<(u64, String)> {
    let book = ledger.0.lock().unwrap();
    let text = |submission: &Submission| match &submission.body {
        Body::Text(text) => text.clone(),
        Body::Raw { .. } => "octets".to_owned(),
    };
    let taken = book.accepted.iter();
    taken
        .map(|taken| (taken.batch.unwrap().row, text(taken)))
        .collect()
}

/// A request with these options.
pub(crate) fn asked(options: &[(&str, &str)]) -> BatchRequest {
    let mut request = BatchRequest::default();
    for (name, value) in options {
        request.set(name, value).unwrap();
    }
    request
}

/// So many chunks are taken, then the engine gives no answer to one, which is in its log or not.
pub(crate) fn crash_after(ledger: &Ledger, chunks: usize, after: bool) {
    let mut book = ledger.0.lock().unwrap();
    let crash = if after {
        Fate::CrashAfter
    } else {
        Fate::CrashBefore
    };
    book.plan = vec![crash];
    book.plan.extend(std::iter::repeat_n(Fate::Taken, chunks));
    book.at_work = false;
}

/// A hindrance that names a restart: the crash happened.
pub(crate) fn has_crashed(view: &BatchView) -> bool {
    let hindrance = view.hindrance.as_deref();
    hindrance.is_some_and(|why| why.contains("restart"))
}
