//! Taking one batch from its cursor to its end.
//!
//! Promise: each row gets one verdict, across refusals, full disks and crashes. One chunk is on its way while the next is
//! prepared, never two on their way: a later one could be taken where an earlier one was refused, and the cursor in the
//! log would step over the earlier one's rows. What hinders is said, waited for, and the batch goes on from the last
//! durable cursor. A row that the node itself fails on (a panic) has the batch paused before it. Where another batch waits
//! for a place, it may have to give its own up. Bound: two chunks, two blocks.

use std::collections::HashMap;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::pin::pin;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use carrack_engine::Refusal;
use carrack_runtime::{Backend, Clock, SystemClock};

use super::chunk::{Cursor, Filled, Prepared, Terms};
use super::duplicates::Before;
use super::flight::Flight;
use super::hindrance::Hindrance;
use super::intake::Intake;
use super::job::{BatchState, Job};
use super::layout::Layout;
use super::places::{Places, WAIT_MAX, turn};
use super::reader::Reader;
use super::rows::Place;
use super::shape::Shape;
use super::source::{Source, SourceFault};
use super::specification::BatchSpec;
use super::store::source_path;
use super::tempo::{self, Tempo};
use crate::accounts::AccountBook;
use crate::caught::caught_while;
use crate::submission::SendAt;

/// Between two looks whether to stop, while rows are not due yet or not there yet.
const LOOK: Duration = Duration::from_millis(200);
const PAUSE_MIN: Duration = Duration::from_millis(20);
const PAUSE_MAX: Duration = Duration::from_millis(1_000);

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ended {
    /// Every row has its verdict.
    Finished,
    /// Another one waits for its place; it goes on after this time, when there is one again.
    GaveWay(Duration),
    /// We were told to stop, or the batch was held; it goes on after the next start, or when it is resumed.
    Stopped,
    /// It is not known what became of the last chunk; it goes on after the next start and not before.
    LostSight,
}

/// One batch being taken.
pub(crate) struct Run<I> {
    pub(crate) intake: I,
    pub(crate) job: Arc<Job>,
    pub(crate) accounts: Arc<AccountBook>,
    pub(crate) spec: Arc<BatchSpec>,
    pub(crate) backend: Backend,
    pub(crate) stop: Arc<AtomicBool>,
    pub(crate) clock: SystemClock,
    pub(super) places: Rc<Places>,
    /// Whose place it has.
    pub(super) account: String,
}

/// What is due of a batch.
enum Due {
    Rows(u32),
    /// Nothing, and its place goes to another.
    GiveWay(Duration),
}

/// What a wait comes to.
enum Waited {
    GoOn,
    End(Ended),
}

/// What changes from one try to the next.
pub(super) struct Way {
    pub(super) shape: Shape,
    pub(super) layout: Layout,
    pub(super) cursor: Cursor,
    pub(super) rows_max: u32,
    pub(super) rows_limit: u32,
    /// Rows that the engine refused for good.
    pub(super) refused: HashMap<u64, Refusal>,
    /// What stands in the file so far, where that counts.
    pub(super) before: Option<Before>,
    pub(super) tempo: Tempo,
    /// The source, where it was left when a chunk was refused.
    pub(super) source: Option<Source>,
    /// When the run began.
    pub(super) begun: Instant,
    /// How long it took from there until rows were at hand.
    pub(super) ready_in: Option<Duration>,
}

impl Way {
    /// Whether it had its turn.
    fn had_its_turn(&self) -> bool {
        let ready_in = self.ready_in;
        ready_in.is_some_and(|ready_in| self.begun.elapsed() >= ready_in + turn(ready_in))
    }

    fn turn(&self) -> Duration {
        turn(self.ready_in.unwrap_or_else(|| self.begun.elapsed()))
    }
}

impl<I: Intake> Run<I> {
    /// Takes the batch until its end, or until told to stop.
    pub(crate) async fn run(&self) -> Ended {
        let mut pause = PAUSE_MIN;
        let mut hindered = Instant::now();
        let mut way = loop {
            let begun = caught_while(async {
                let mut way = self.begin()?;
                self.look_over(&mut way).await.map(|()| way)
            });
            let begun = begun.await.unwrap_or_else(|words| {
                let row_next = self.job.live().record.row_next;
                Err(Hindrance::broke_off(row_next, &words))
            });
            match begun {
                Ok(way) => break way,
                Err(hindrance) if hindrance.broke_off => return self.broke_off(hindrance),
                Err(hindrance) => match self
                    .wait_out(&hindrance, &mut pause, hindered, turn(Duration::ZERO))
                    .await
                {
                    Waited::GoOn => {}
                    Waited::End(ended) => return ended,
                },
            }
        };
        hindered = Instant::now();
        loop {
            let before = way.cursor;
            let hindrance = match self.go_on(&mut way).await {
                Ok(ended) => return ended,
                Err(hindrance) => hindrance,
            };
            if let Some(before) = &mut way.before {
                before.take_back();
            }
            if way.cursor != before {
                pause = PAUSE_MIN;
                hindered = Instant::now();
            }
            if hindrance.smaller {
                way.rows_max = (way.rows_max / 2).max(1);
            }
            if hindrance.only_rows {
                // They are told of with the chunk, which is judged again at once.
                continue;
            }
            if hindrance.broke_off {
                return self.broke_off(hindrance);
            }
            if hindrance.lost_sight {
                self.job.hinder(Some(hindrance.why));
                return Ended::LostSight;
            }
            match self
                .wait_out(&hindrance, &mut pause, hindered, way.turn())
                .await
            {
                Waited::GoOn => {}
                Waited::End(ended) => return ended,
            }
        }
    }

    fn broke_off(&self, hindrance: Hindrance) -> Ended {
        self.job.break_off(hindrance.why);
        Ended::Stopped
    }

    /// Waits; where that has gone on for long and others want its place, the batch rests.
    async fn wait_out(
        &self,
        hindrance: &Hindrance,
        pause: &mut Duration,
        since: Instant,
        rest: Duration,
    ) -> Waited {
        if self.must_stop() {
            return Waited::End(Ended::Stopped);
        }
        self.job.hinder(Some(hindrance.why.clone()));
        tokio::time::sleep(*pause).await;
        *pause = (*pause * 2).min(PAUSE_MAX);
        if self.must_stop() {
            Waited::End(Ended::Stopped)
        } else if since.elapsed() >= WAIT_MAX && self.places.must_give_way(&self.account) {
            Waited::End(Ended::GaveWay(rest))
        } else {
            Waited::GoOn
        }
    }

    /// Whether the node is going down, or the batch was paused or cancelled.
    pub(super) fn must_stop(&self) -> bool {
        self.stop.load(Ordering::Relaxed) || self.job.live().record.state != BatchState::Running
    }

    pub(super) async fn open_source(
        &self,
        path: &Path,
        shape: &Shape,
        place: Place,
    ) -> io::Result<Source> {
        let (block, most) = (self.spec.read_octets, self.spec.unpacked_max);
        Source::open(path, shape, self.backend, place.octet, block, most).await
    }

    /// The next block; none where we are to stop before it is there: what is packed may have to be unpacked from its beginning.
    pub(super) async fn block(
        &self,
        source: &mut Source,
    ) -> Option<Result<Rc<Vec<u8>>, SourceFault>> {
        let mut next = pin!(source.next());
        loop {
            match tokio::time::timeout(LOOK, next.as_mut()).await {
                Ok(block) => return Some(block),
                Err(_) if self.must_stop() => return None,
                Err(_) => {}
            }
        }
    }

    async fn go_on(&self, way: &mut Way) -> Result<Ended, Hindrance> {
        let place = way.cursor.place;
        let left = way.source.take();
        let left = left.and_then(|mut source| source.back_to(place.octet).then_some(source));
        let mut source = match left {
            Some(source) => source,
            None => {
                let path = source_path(&self.job.folder);
                self.open_source(&path, &way.shape, place).await?
            }
        };
        let ended = self.take_rows(way, &mut source).await;
        if ended.is_err() {
            way.source = Some(source);
        }
        ended
    }

    async fn take_rows(&self, way: &mut Way, source: &mut Source) -> Result<Ended, Hindrance> {
        let errors = self.open_errors(&mut way.cursor)?;
        let mut reader = Reader::new(&way.layout, way.cursor.place);
        let mut ahead = way.cursor;
        let mut flight: Option<Flight> = None;
        way.tempo.begin_anew();
        loop {
            let rows_max = match self.rows_due(way, ahead, &mut flight).await? {
                Due::Rows(rows) => rows,
                Due::GiveWay(rest) => {
                    if let Some(flight) = flight.take() {
                        self.land(way, flight).await?;
                    }
                    return Ok(Ended::GaveWay(rest));
                }
            };
            source.forget(way.cursor.place.octet);
            let mut prepared = Prepared::default();
            let filled = self.prepare(
                way,
                source,
                &mut reader,
                ahead,
                &errors,
                (&mut prepared, rows_max),
            );
            let filled = caught_while(filled).await.unwrap_or_else(|words| {
                let row = ahead.row_next + u64::from(prepared.rows);
                Err(Hindrance::broke_off(row, &words))
            });
            // Whatever happened to the next chunk: first it has to be known what became of the one on its way.
            if let Some(flight) = flight.take() {
                self.land(way, flight).await?;
            }
            let (filled, after) = filled?;
            way.ready_in.get_or_insert_with(|| way.begun.elapsed());
            if prepared.rows > 0 {
                let sent = self.send(prepared, ahead, after).await;
                let Some(sent) = sent else {
                    return Ok(Ended::Stopped);
                };
                flight = Some(sent);
            }
            ahead = after;
            if filled == Filled::End || self.must_stop() {
                if let Some(flight) = flight.take() {
                    self.land(way, flight).await?;
                }
                let finished = filled == Filled::End;
                return Ok(if finished {
                    Ended::Finished
                } else {
                    Ended::Stopped
                });
            }
        }
    }

    /// Rows that may be taken now; waits until there are some, until we are to stop, or until another is to have the place. The
    /// first row of a turn is due at once: so a turn ends only where one is due, and rests until it is.
    async fn rows_due(
        &self,
        way: &mut Way,
        ahead: Cursor,
        flight: &mut Option<Flight>,
    ) -> Result<Due, Hindrance> {
        while !self.must_stop() {
            let had_its_turn = way.had_its_turn();
            let gives_way = |is_long: bool| is_long && self.places.must_give_way(&self.account);
            let due = match way.tempo.is_free() {
                true => tempo::Due::Rows(u32::MAX),
                false => {
                    let rows_total = self.job.live().record.rows_total;
                    let now = self.clock.now().utc_ns;
                    way.tempo.due(now, ahead.row_next - 1, rows_total)
                }
            };
            match due {
                tempo::Due::Rows(_) if gives_way(had_its_turn) => {
                    return Ok(Due::GiveWay(Duration::ZERO));
                }
                tempo::Due::Rows(rows) => return Ok(Due::Rows(rows.min(way.rows_max))),
                tempo::Due::Wait(wait) if gives_way(had_its_turn || wait >= WAIT_MAX) => {
                    return Ok(Due::GiveWay(wait));
                }
                tempo::Due::Wait(wait) => {
                    // What is on its way is settled meanwhile.
                    if let Some(flight) = flight.take() {
                        self.land(way, flight).await?;
                    }
                    tokio::time::sleep(wait.min(LOOK)).await;
                }
            }
        }
        Ok(Due::Rows(0))
    }

    async fn prepare(
        &self,
        way: &mut Way,
        source: &mut Source,
        reader: &mut Reader,
        ahead: Cursor,
        errors: &File,
        (prepared, rows_max): (&mut Prepared, u32),
    ) -> Result<(Filled, Cursor), Hindrance> {
        let record = self.job.record();
        let accounts = self.accounts.current();
        let account = accounts.by_name(&record.account).ok_or_else(|| {
            Hindrance::because(format!(
                "account {} is not in the configuration any more",
                record.account
            ))
        })?;
        let (table, shadow) = (self.intake.table(), self.intake.shadow());
        let at_utc_ns = self.clock.now().utc_ns;
        let suppressions = self.intake.suppressions();
        let terms = Terms {
            batch: self.job.number.0,
            account,
            table: &table,
            suppressions: &suppressions,
            at_utc_ns,
            // It was read when the batch came in.
            send_at: (record.send_at.as_deref())
                .and_then(|text| SendAt::read(text, at_utc_ns).ok())
                .unwrap_or(SendAt::NOW),
            send_at_text: record.send_at.as_deref(),
            validity: record.validity.as_deref(),
            layout: &way.layout,
            from: record.from.as_deref(),
            class: record.class.as_deref(),
            class_default: self.spec.class,
            refused: &way.refused,
            shadow: shadow.as_deref(),
            smart_characters: record.smart_characters,
        };
        let before = way.before.as_ref().map_or(0, Before::pending);
        let filled = loop {
            match prepared.fill(reader, &terms, &mut way.before, ahead.row_next, rows_max) {
                Filled::More => match self.block(source).await {
                    None => return Err(Hindrance::told_to_stop()),
                    Some(Ok(block)) if block.is_empty() => reader.end(),
                    Some(Ok(block)) => reader.feed(&block),
                    Some(Err(SourceFault::Disk(error))) => return Err(error.into()),
                    Some(Err(SourceFault::Broken(why))) => {
                        self.job.live().record.fault = Some(why);
                        reader.break_off();
                    }
                },
                filled => break filled,
            }
        };
        if let Some(octets) = source.octets_read() {
            self.job.live().record.read_octets = octets;
        }
        if !prepared.errors.is_empty() {
            // On disk before the log says that these rows have their verdict.
            errors.write_all_at(&prepared.errors, ahead.errors_octets)?;
            errors.sync_data()?;
        }
        prepared.marked = way.before.as_ref().map_or(0, Before::pending) - before;
        let after = Cursor {
            row_next: ahead.row_next + u64::from(prepared.rows),
            place: reader.place(),
            errors_octets: ahead.errors_octets + prepared.errors.len() as u64,
        };
        Ok((filled, after))
    }
}
