//! From the log to the files, round by round; sans thread and clock, so that a test may stop it anywhere.
//!
//! A round reads some frames of each shard, joins their ends, and appends the lines. [`Exporter::save`] brings the files
//! to the disk and then says in the store how far that was. Dropped at any moment and begun again, it goes on from the last
//! save, and the files are cut back to it. Bound: a round of frames, and what the intake remembers. Fails by [`CdrFault`]: the
//! exporter is to be dropped and begun again.

use std::sync::Arc;

use carrack_queue::{ExportMark, Store};
use carrack_telemetry::names;

use super::fault::CdrFault;
use super::files::{self, OpenFiles};
use super::follow::Follower;
use super::intake::Intake;
use super::join::{Again, Found, Wanted};
use super::name::NameBook;
use super::position::{FilePart, FileSet, Position};
use super::text::push_stamp;
use super::{CdrSettings, SharedCurrencies, currencies_now};

/// Octets of frames that a round reads of each shard.
const ROUND_OCTETS: usize = 4 << 20;
/// What it reads and writes.
#[derive(Clone)]
pub(super) struct ExportParts {
    pub(super) store: Arc<Store>,
    pub(super) export: Arc<ExportMark>,
    pub(super) settings: Arc<CdrSettings>,
    pub(super) currencies: SharedCurrencies,
    /// Epochs below this one are of earlier runs.
    pub(super) run_from: u32,
}

pub(super) struct Exporter {
    parts: ExportParts,
    /// As it was saved last; only files that were begun since are in it already.
    position: Position,
    follower: Follower,
    intake: Intake,
    accounts: NameBook,
    carriers: NameBook,
    files: Option<OpenFiles>,
    /// Since the last save.
    lines: u64,
    unjoined: u64,
    frames: u64,
    octets: u64,
    /// Frames that were durable when it was last looked, and when that was.
    mark: (u64, u64),
    /// All frames up to this count are in lines; said when they are saved.
    caught_up: Option<u64>,
    complete_utc_ns: Option<u64>,
}

impl Exporter {
    /// Goes on from what was saved.
    pub(super) fn begin(parts: ExportParts, now_utc_ns: u64) -> Result<Self, CdrFault> {
        let store = &parts.store;
        let mut position = match Position::load(store)? {
            Some(position) => position,
            None => Position::first(store)?,
        };
        note_let_go(store, &mut position)?;
        let folder = &parts.settings.folder;
        files::look_for_folder(folder, position.folder == *folder)?;
        let files = open_files(store, &parts.settings, &mut position)?;
        let mut follower = Follower::new(store, &parts.export, &position, parts.run_from)?;
        follower.mark();
        Ok(Self {
            mark: (parts.export.written(), now_utc_ns),
            intake: Intake::new(position.from_epoch),
            parts,
            position,
            follower,
            accounts: NameBook::new("account"),
            carriers: NameBook::new("carrier"),
            files,
            lines: 0,
            unjoined: 0,
            frames: 0,
            octets: 0,
            caught_up: None,
            complete_utc_ns: None,
        })
    }

    /// One round. False: all that is durable was read.
    pub(super) fn turn(&mut self, now_utc_ns: u64) -> Result<bool, CdrFault> {
        let frames_before = self.frames;
        for shard in self.follower.shards() {
            let mut octets_read = 0;
            while octets_read < ROUND_OCTETS {
                let (store, export) = (&self.parts.store, &self.parts.export);
                let look = |key, octets: &[u8]| self.intake.read(key, octets);
                let Some(octets) = self.follower.next(store, export, shard, look)? else {
                    break;
                };
                octets_read += octets;
                self.frames += 1;
            }
        }
        self.count_missing();
        self.write_ends(now_utc_ns)?;
        if self.follower.is_caught_up() {
            self.caught_up = Some(self.mark.0);
            self.complete_utc_ns = Some(self.mark.1);
            self.mark = (self.parts.export.written(), now_utc_ns);
            self.follower.mark();
        }
        Ok(self.frames > frames_before)
    }

    fn count_missing(&mut self) {
        let missing = std::mem::take(&mut self.follower.missing);
        if missing > 0 {
            metrics::counter!(names::CDR_FAULTS, "kind" => "frame").increment(missing);
            tracing::error!(
                missing,
                "frames of the log are missing; ends in them are in no CDR file"
            );
        }
    }

    fn write_ends(&mut self, now_utc_ns: u64) -> Result<(), CdrFault> {
        if self.intake.ends.is_empty() {
            return Ok(());
        }
        if self.files.is_none() {
            self.begin_files(now_utc_ns)?;
        }
        let Some(files) = &mut self.files else {
            return Ok(());
        };
        let (store, ends) = (&self.parts.store, &self.intake.ends);
        let found: Vec<Option<Found<'_>>> = ends
            .iter()
            .map(|end| self.intake.lately.find(end.id))
            .collect();
        let wanted = ends.iter().zip(&found).filter(|(_, found)| found.is_none());
        let wanted: Vec<Wanted> = wanted.map(|(end, _)| end.wanted()).collect();
        let again = Again::read(store, &wanted)?;
        let currencies = currencies_now(&self.parts.currencies);
        let before = files.octets();
        for (end, found) in ends.iter().zip(found) {
            let found = found.or_else(|| again.find(end.id));
            self.carriers.learn(store, end.carrier)?;
            self.accounts.learn(store, end.account)?;
            self.unjoined += u64::from(found.is_none());
            files.append(&end.line(found.as_ref(), &self.accounts, &self.carriers, &currencies))?;
        }
        self.octets += files.octets() - before;
        self.lines += ends.len() as u64;
        let Intake { lately, ends, .. } = &mut self.intake;
        lately.ended(ends.drain(..).map(|end| end.id));
        Ok(())
    }

    /// New files. The store knows of them before they are there, so that a start never finds any that it does not know.
    fn begin_files(&mut self, now_utc_ns: u64) -> Result<(), CdrFault> {
        let settings = &self.parts.settings;
        self.position.files_begun += 1;
        self.position.folder.clone_from(&settings.folder);
        let mut stem = b"cdr-".to_vec();
        push_stamp(&mut stem, now_utc_ns);
        let stem = format!(
            "{}-{:06}",
            String::from_utf8_lossy(&stem),
            self.position.files_begun
        );
        let part = |format: &super::CdrFormat| FilePart {
            format: *format,
            octets: 0,
        };
        let set = FileSet {
            folder: settings.folder.clone(),
            stem,
            begun_utc_ns: now_utc_ns,
            lines: 0,
            parts: settings.formats.iter().map(part).collect(),
        };
        self.position.current = Some(set.clone());
        self.position.save(&self.parts.store)?;
        self.files = OpenFiles::open(set)?;
        Ok(())
    }

    /// Frames that may not be in lines yet.
    pub(super) fn lag_frames(&self) -> u64 {
        self.parts.export.written().saturating_sub(self.mark.0)
    }

    /// All that was durable at this moment is in lines; none before it was so for the first time.
    pub(super) fn complete_utc_ns(&self) -> Option<u64> {
        self.complete_utc_ns
    }

    /// Octets of lines since the last save.
    pub(super) fn unsaved_octets(&self) -> u64 {
        self.octets
    }

    /// Whether the files are as old or as large as they may be.
    pub(super) fn is_full(&self, now_utc_ns: u64) -> bool {
        let rotate_after_ns = self.parts.settings.rotate_after.as_nanos();
        self.files.as_ref().is_some_and(|files| {
            let age_ns = now_utc_ns.saturating_sub(files.begun_utc_ns());
            let is_old = u128::from(age_ns) >= rotate_after_ns;
            files.lines() > 0 && (is_old || files.octets() >= self.parts.settings.rotate_octets)
        })
    }

    /// Brings the files to the disk, then says how far that is.
    pub(super) fn save(&mut self, now_utc_ns: u64) -> Result<(), CdrFault> {
        self.save_as(now_utc_ns, false)
    }

    /// The same, and gives the files their final names. The next line begins new ones.
    pub(super) fn save_and_finish(&mut self, now_utc_ns: u64) -> Result<(), CdrFault> {
        let whole = self.files.as_ref().is_some_and(|files| files.lines() > 0);
        self.save_as(now_utc_ns, whole)?;
        if let Some(set) = &self.position.finishing {
            files::finish(set)?;
            // Said with the next save; to finish twice is harmless.
            self.position.finishing = None;
        }
        Ok(())
    }

    fn save_as(&mut self, now_utc_ns: u64, finishing: bool) -> Result<(), CdrFault> {
        if self.frames > 0 || finishing {
            let mut next = self.position.clone();
            if let Some(files) = &mut self.files {
                next.current = Some(files.sync()?);
            }
            if finishing {
                next.finishing = next.current.take();
                self.files = None;
            }
            next.streams = self.follower.places();
            next.exported += self.lines;
            next.unjoined += self.unjoined;
            next.saved_utc_ns = now_utc_ns;
            next.save(&self.parts.store)?;
            self.position = next;
            metrics::counter!(names::CDR_LINES).increment(self.lines);
            if self.unjoined > 0 {
                metrics::counter!(names::CDR_FAULTS, "kind" => "origin").increment(self.unjoined);
                tracing::error!(
                    messages = self.unjoined,
                    "messages have ended whose acceptance is not in the log or cannot be read; their CDRs say only how they ended"
                );
            }
            (self.lines, self.unjoined, self.frames, self.octets) = (0, 0, 0, 0);
        }
        if let Some(frames) = self.caught_up.take() {
            self.parts.export.read_through(frames);
        }
        Ok(())
    }

    /// Whether the log let go of more since this was begun.
    pub(super) fn is_overtaken(&self) -> Result<bool, CdrFault> {
        Ok(self.parts.store.unread_below()? > self.position.from_epoch)
    }
}

/// Ends of messages that went with their epochs come in no file any more.
fn note_let_go(store: &Store, position: &mut Position) -> Result<(), CdrFault> {
    let unread_below = store.unread_below()?;
    if unread_below > position.from_epoch {
        tracing::error!(
            epochs_below = unread_below,
            "the log let go of ends that are in no CDR file; `carrack audit` says how many"
        );
        metrics::counter!(names::CDR_FAULTS, "kind" => "let_go").increment(1);
        position.from_epoch = unread_below;
        position.let_go = true;
    }
    Ok(())
}

/// The files as the position has them: finished where they were, or where the settings want others; else gone on with.
fn open_files(
    store: &Store,
    settings: &CdrSettings,
    position: &mut Position,
) -> Result<Option<OpenFiles>, CdrFault> {
    if let Some(set) = position.finishing.take() {
        files::finish(&set)?;
    }
    let Some(set) = position.current.take() else {
        return Ok(None);
    };
    let formats = set.parts.iter().map(|part| part.format);
    if set.folder == settings.folder && formats.eq(settings.formats.iter().copied()) {
        let Some(opened) = OpenFiles::open(set.clone())? else {
            // First, so that a start in between does not look for them.
            position.save(store)?;
            metrics::counter!(names::CDR_FAULTS, "kind" => "damaged").increment(1);
            files::put_aside(&set)?;
            return Ok(None);
        };
        position.current = Some(set);
        return Ok(Some(opened));
    }
    files::finish(&set)?;
    Ok(None)
}
