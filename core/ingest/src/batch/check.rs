//! A batch that is only looked at: what it would cost, which rows are refused, and what would make it cheaper.
//!
//! Promise: rows are judged by the same code as when they are sent, with the tables of now; nothing is sent and nothing kept.
//! Bound: [`super::BatchSpec::check_time_max`], after which the rows so far are reported as such; as many at a time as
//! [`super::checks`] says.
//! Fails as submitting does.

use std::collections::{BTreeMap, HashMap};
use std::io::Read;
use std::sync::atomic::Ordering;
use std::time::Instant;

use carrack_message::Micros;
use carrack_message::record::Body;
use carrack_routing::{Choice, RouteTable};

use super::batches::Batches;
use super::check_view::{
    Alphabet, Carrier, CheckView, Cost, Fault, FaultsOfColumn, Histogram, PlainSigns,
};
use super::chunk::{Judged, Terms, judge, verdict_of};
use super::duplicates::Before;
use super::errors::RowVerdict;
use super::fault::BatchFault;
use super::intake::Tables;
use super::keys_seen::{KeysSeen, Met};
use super::layout::Layout;
use super::outside::Outside;
use super::reader::Reader;
use super::replacements::Replacements;
use super::request::BatchRequest;
use super::rows::{Found, RowFault};
use super::shape::{Format, Seen};
use super::store::Spool;
use super::timing::Timing;
use super::unpack::Unpacked;
use crate::accounts::Account;
use crate::submission::{Screened, SendAt};

const BLOCK_OCTETS: usize = 256 << 10;
/// Rows between two looks at the clock; it is looked at for each block as well.
const ROWS_A_LOOK: u64 = 16;
/// Faults of a column that are shown.
const FAULTS_SHOWN_MAX: usize = 10;
/// Columns with faults, carriers: what is shown of each at most.
const KINDS_MAX: usize = 256;

/// What was found so far.
struct Findings<'a> {
    account: &'a Account,
    table: &'a RouteTable,
    rows: u64,
    accepted: u64,
    repeated: u64,
    keys: KeysSeen,
    segments: u64,
    price: i64,
    is_priced: bool,
    alphabets: BTreeMap<&'static str, (u64, u64)>,
    histogram: BTreeMap<u8, u64>,
    carriers: HashMap<u16, (u64, u64)>,
    faults: BTreeMap<String, FaultsOfColumn>,
    swaps: PlainSigns,
    outside: Outside,
    replacements: Replacements,
}

impl Batches {
    /// Looks at a source as if it were submitted. Blocking, and takes its time.
    ///
    /// # Errors
    /// [`BatchFault`].
    pub fn check(
        &self,
        spool: &Spool,
        account: &Account,
        request: &BatchRequest,
        tables: &Tables,
    ) -> Result<CheckView, BatchFault> {
        let shared = &self.shared;
        let _place = shared.checks.begin(&account.name)?;
        let now_utc_ns = shared.utc_ns();
        Timing::of(request, now_utc_ns)?;
        let seen = spool.seen(&request.shape, shared.spec.unpacked_max)?;
        let layout = Layout::read(&seen.beginning, seen.whole, &seen.shape, &request.wanted())?;
        super::batches::check(request, &layout, account)?;
        let refused = HashMap::new();
        let terms = Terms {
            batch: 0,
            account,
            table: &tables.routes,
            suppressions: &tables.suppressions,
            layout: &layout,
            from: request.from.as_deref(),
            class: request.class.as_deref(),
            class_default: shared.spec.class,
            at_utc_ns: now_utc_ns,
            send_at_text: request.send_at.as_deref(),
            send_at: (request.send_at.as_deref())
                .and_then(|text| SendAt::read(text, now_utc_ns).ok())
                .unwrap_or(SendAt::NOW),
            validity: request.validity.as_deref(),
            refused: &refused,
            shadow: None,
            // What it would save is told in any case; what is sent so is what is asked for.
            smart_characters: request.smart_characters,
        };
        let before = request
            .duplicates
            .map(|duplicates| Before::new(duplicates, shared.spec.duplicates_max));
        let mut findings = Findings::new(account, tables);
        let (complete, fault) = self.walk(spool, &seen, &terms, before, &mut findings)?;
        Ok(findings.view(&seen, &layout, complete, fault))
    }

    /// Judges row after row; whether that was all, and why the source could not be read to its end.
    fn walk(
        &self,
        spool: &Spool,
        seen: &Seen,
        terms: &Terms<'_>,
        mut before: Option<Before>,
        findings: &mut Findings<'_>,
    ) -> Result<(bool, Option<String>), BatchFault> {
        let spec = &self.shared.spec;
        let until = Instant::now() + spec.check_time_max;
        let mut source = Unpacked::open(&spool.source(), &seen.shape, spec.unpacked_max)
            .map_err(super::store::SpoolFault::Disk)?;
        let start = terms.layout.rows;
        let skipped = std::io::copy(&mut source.by_ref().take(start.octet), &mut std::io::sink());
        skipped.map_err(super::store::SpoolFault::Disk)?;
        let mut reader = Reader::new(terms.layout, start);
        let mut block = vec![0; BLOCK_OCTETS];
        let mut text = String::new();
        let mut fault = None;
        let is_over = || Instant::now() >= until || self.shared.stop.load(Ordering::Relaxed);
        let mut is_begun = false;
        loop {
            let bad = match reader.next() {
                Found::End => return Ok((true, fault)),
                Found::Row => None,
                Found::Bad(bad) => Some(bad),
                // A row may be of any length.
                Found::More if is_begun && is_over() => return Ok((false, fault)),
                Found::More => {
                    is_begun = true;
                    match source.read(&mut block) {
                        Ok(0) => reader.end(),
                        Ok(read) => reader.feed(block.get(..read).unwrap_or_default()),
                        Err(error) if error.raw_os_error().is_some() => {
                            return Err(super::store::SpoolFault::Disk(error).into());
                        }
                        Err(error) => {
                            fault = Some(error.to_string());
                            reader.break_off();
                        }
                    }
                    continue;
                }
            };
            findings.row(&reader, terms, bad, &mut before, &mut text);
            if findings.rows.is_multiple_of(ROWS_A_LOOK) && is_over() {
                return Ok((false, fault));
            }
        }
    }
}

impl<'a> Findings<'a> {
    fn new(account: &'a Account, tables: &'a Tables) -> Self {
        Self {
            account,
            table: &tables.routes,
            rows: 0,
            accepted: 0,
            repeated: 0,
            keys: KeysSeen::default(),
            segments: 0,
            price: 0,
            is_priced: false,
            alphabets: BTreeMap::new(),
            histogram: BTreeMap::new(),
            carriers: HashMap::new(),
            faults: BTreeMap::new(),
            swaps: PlainSigns::default(),
            replacements: Replacements::default(),
            outside: Outside::default(),
        }
    }

    fn row(
        &mut self,
        reader: &Reader,
        terms: &Terms<'_>,
        bad: Option<RowFault>,
        before: &mut Option<Before>,
        text: &mut String,
    ) {
        self.rows += 1;
        let mut chosen = None;
        let mut see = |choice: &Choice| chosen = Some(choice.clone());
        let judged = Judged {
            row: self.rows,
            bad,
            text,
            unrouted: &mut Vec::new(),
            suppressed: &mut Vec::new(),
            chosen: &mut see,
        };
        let line = reader.row_line();
        let screened = match judge(reader, terms, before, judged) {
            Ok(screened) => screened,
            Err(verdict) => return self.refuse(verdict, line),
        };
        let key = screened.submission.key.as_deref();
        match self.keys.take(key, self.rows) {
            Met::New => self.take(&screened, chosen.as_ref(), text, line),
            Met::Repeated => self.repeated += 1,
            Met::Refused(refusal) => self.refuse(verdict_of(&refusal, terms.layout), line),
        }
    }

    fn take(&mut self, screened: &Screened, choice: Option<&Choice>, text: &str, line: u64) {
        let carrier = choice.and_then(|choice| choice.candidates.first());
        let carrier = carrier.map(|first| first.carrier);
        let submission = &screened.submission;
        let segments = u64::from(submission.segments);
        self.accepted += 1;
        self.segments += segments;
        if let Some(price) = submission.price {
            self.is_priced = true;
            self.price = self.price.saturating_add(price.0);
        }
        let alphabet = screened
            .alphabet
            .map_or("binary", |alphabet| alphabet.name());
        let found = self.alphabets.entry(alphabet).or_default();
        *found = (found.0 + 1, found.1 + segments);
        *self.histogram.entry(submission.segments).or_default() += 1;
        if let Some(carrier) = carrier {
            let found = self.carriers.entry(carrier).or_default();
            *found = (found.0 + 1, found.1 + segments);
        }
        if let (Some(carrack_message::Alphabet::Ucs2), Body::Text(text)) =
            (screened.alphabet, &submission.body)
        {
            self.outside.look(text, line);
        }
        if submission.segments > 1 || screened.swapped.is_some() {
            // Told of the text as it stands, whether it is to be swapped or not.
            if let Some(swapped) = carrack_message::smart::swapped(text) {
                self.swaps.rows += 1;
                self.swaps.characters += u64::from(swapped.characters);
                self.swaps.segments_saved += u64::from(swapped.segments_saved);
            }
            self.replacements.look(text, line);
        }
    }

    fn refuse(&mut self, verdict: RowVerdict, line: u64) {
        if self.faults.len() >= KINDS_MAX && !self.faults.contains_key(&verdict.column) {
            return;
        }
        let column = verdict.column.clone();
        let found = self.faults.entry(column.clone()).or_insert(FaultsOfColumn {
            column,
            rows: 0,
            first: Vec::new(),
        });
        found.rows += 1;
        if found.first.len() < FAULTS_SHOWN_MAX {
            found.first.push(Fault {
                line,
                detail: verdict.detail,
            });
        }
    }

    fn view(
        self,
        seen: &Seen,
        layout: &Layout,
        complete: bool,
        fault: Option<String>,
    ) -> CheckView {
        let currency = self.account.deck.as_ref().and_then(|deck| deck.currency());
        let mut carriers: Vec<Carrier> = self
            .carriers
            .iter()
            .map(|(number, (rows, segments))| Carrier {
                carrier: self
                    .table
                    .carrier(*number)
                    .map_or_else(String::new, |carrier| carrier.name.clone()),
                rows: *rows,
                segments: *segments,
            })
            .collect();
        carriers.sort_by(|one, other| (other.rows, &one.carrier).cmp(&(one.rows, &other.carrier)));
        let mut faults: Vec<FaultsOfColumn> = self.faults.into_values().collect();
        faults.sort_by_key(|found| std::cmp::Reverse(found.rows));
        let (rows_weighed, replacements) = self.replacements.view();
        let alphabets = self.alphabets.into_iter();
        CheckView {
            format: seen.shape.format,
            compression: seen.shape.compression,
            encoding: seen.shape.encoding.name(),
            delimiter: (seen.shape.format != Format::Ndjson)
                .then(|| char::from(seen.shape.delimiter).to_string()),
            columns: layout.names.iter().take(layout.found).cloned().collect(),
            complete,
            fault,
            rows: self.rows,
            accepted: self.accepted,
            rejected: self.rows - self.accepted - self.repeated,
            repeated: self.repeated,
            segments: self.segments,
            cost: self
                .is_priced
                .then(|| Cost {
                    currency: currency.map(|currency| currency.to_string()),
                    amount: Micros(self.price).to_string(),
                })
                .into_iter()
                .collect(),
            alphabets: alphabets
                .map(|(alphabet, (rows, segments))| Alphabet {
                    alphabet,
                    rows,
                    segments,
                })
                .collect(),
            outside_gsm7: self.outside.view(),
            histogram: self
                .histogram
                .into_iter()
                .map(|(segments, rows)| Histogram { segments, rows })
                .collect(),
            carriers,
            faults,
            smart_characters: self.swaps,
            rows_weighed,
            replacements,
        }
    }
}
