//! What was added to a list becomes an index, on a thread of its own, while more is added.
//!
//! Promise: whatever is killed in between, no entry is lost and none comes back: the file is cut only when the index is on
//! the disk, and until then both say the same. What handsets said in the last [`KEPT_MS`] stays in the file as well: the
//! order of what they say is known from it after a crash.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;
use std::sync::Arc;

use carrack_routing::suppression::{Keys, Mark, SuppressionIndex, SuppressionWriter};

use super::live::{LiveEntries, LiveMark};
use super::log::{Entry, open_index};
use super::worker::CompactReply;
use super::{List, MapFile, SuppressedBy, SuppressionFault};

const KEPT_MS: u64 = 600_000;
/// Octets written at a time.
const BUFFER: usize = 1 << 20;

/// A compaction that is over.
pub(crate) struct Compacted {
    live: Arc<LiveEntries>,
    name: String,
    /// Changes up to this one are in the index.
    through: u64,
    settled_until_ms: u64,
    made: io::Result<(SuppressionIndex, u64)>,
    reply: CompactReply,
}

fn stays(mark: &LiveMark, settled_until_ms: u64) -> bool {
    mark.by == SuppressedBy::Handset && mark.at_utc_ms > settled_until_ms
}

/// Begins one; `done` hears of its end.
pub(super) fn begin(
    list: &List,
    utc_ns: u64,
    reply: CompactReply,
    done: Box<dyn FnOnce(Compacted) + Send>,
) {
    let (live, keys) = (Arc::clone(&list.live), list.rule.keys.clone());
    let name = list.rule.name.clone();
    let settled_until_ms = (utc_ns / 1_000_000).saturating_sub(KEPT_MS);
    let mut written = live.written();
    if written.is_compacting {
        return reply(Err(SuppressionFault::AtWork(name)));
    }
    let (Some(log), Some(map)) = (&written.log, live.map()) else {
        return reply(Err(SuppressionFault::ReadOnly));
    };
    let (path, through) = (log.index_path(), written.sequence);
    written.is_compacting = true;
    drop(written);
    let base = list.rule.base.clone();
    let work = move || {
        let mut added: Vec<(u64, Mark)> = live
            .all()
            .into_iter()
            .filter(|(_, mark)| mark.sequence <= through)
            .map(|(key, found)| (key, found.mark))
            .collect();
        added.sort_unstable_by_key(|(key, _)| *key);
        let before = live.compacted_index();
        // What has ended is of no use, but where it hides what the base says.
        let is_kept = |key: u64, mark: Mark| {
            mark.is_removed
                || !mark.has_ended(utc_ns)
                || base.as_ref().is_some_and(|base| base.mark(key).is_some())
        };
        let made = write(
            &path,
            &keys,
            utc_ns,
            before.as_ref(),
            &added,
            &is_kept,
            &map,
        );
        done(Compacted {
            live,
            name,
            through,
            settled_until_ms,
            made,
            reply,
        });
    };
    let thread = std::thread::Builder::new().name("suppression-index".to_owned());
    if let Err(error) = thread.spawn(work) {
        list.live.written().is_compacting = false;
        tracing::error!(%error, "a suppression list cannot be compacted");
    }
}

/// Both rise, so one pass is enough; what was added goes before what was compacted.
fn write(
    path: &Path,
    keys: &Keys,
    utc_ns: u64,
    before: Option<&SuppressionIndex>,
    added: &[(u64, Mark)],
    is_kept: &dyn Fn(u64, Mark) -> bool,
    map: &MapFile,
) -> io::Result<(SuppressionIndex, u64)> {
    if let Some(before) = before {
        // What is spoiled must not get new checksums.
        before.verify().map_err(io::Error::other)?;
    }
    let fresh = path.with_extension("idx.new");
    let out = BufWriter::with_capacity(BUFFER, File::create(&fresh)?);
    let mut writer =
        SuppressionWriter::new(keys, out, utc_ns / 1_000_000_000).map_err(io::Error::other)?;
    let mut added = added.iter().copied().peekable();
    let mut before = before
        .into_iter()
        .flat_map(SuppressionIndex::entries)
        .peekable();
    loop {
        let next = match (added.peek(), before.peek()) {
            (Some((new, _)), Some((old, _))) if new <= old => {
                if new == old {
                    before.next();
                }
                added.next()
            }
            (Some(_), None) => added.next(),
            (_, Some(_)) => before.next(),
            (None, None) => break,
        };
        if let Some((key, mark)) = next.filter(|(key, mark)| is_kept(*key, *mark)) {
            writer.push(key, mark).map_err(io::Error::other)?;
        }
    }
    let (mut out, summary) = writer.finish().map_err(io::Error::other)?;
    out.flush()?;
    out.get_ref().sync_all()?;
    std::fs::rename(&fresh, path)?;
    if let Some(folder) = path.parent() {
        File::open(folder)?.sync_all()?;
    }
    Ok((open_index(keys, path, map)?, summary.keys))
}

/// Takes the index in use, and cuts the file. On the thread that writes it.
pub(super) fn take(done: Compacted) {
    let Compacted {
        live,
        name,
        through,
        settled_until_ms,
        made,
        reply,
    } = done;
    let (index, entries) = match made {
        Ok(made) => made,
        Err(error) => {
            live.written().is_compacting = false;
            tracing::error!(list = name, %error, "a suppression list could not be compacted");
            metrics::counter!(carrack_telemetry::names::SUPPRESSION_FAILURES).increment(1);
            return reply(Err(SuppressionFault::Disk(error.to_string())));
        }
    };
    live.take_compacted(index);
    live.forget(through, |mark| stays(mark, settled_until_ms));
    live.is_compacted();
    let mut left = live.all();
    left.sort_unstable_by_key(|(_, mark)| mark.sequence);
    let left: Vec<Entry> = left.iter().map(|(key, mark)| line(*key, mark)).collect();
    let mut written = live.written();
    written.is_compacting = false;
    let cut = written.log.as_mut().map(|log| {
        let until_ms = log.settled_until_ms.max(settled_until_ms);
        log.replace(until_ms, left.iter())
    });
    drop(written);
    if let Some(Err(error)) = cut {
        // It says what the index says, and is cut at the next compaction.
        tracing::error!(list = name, %error, "the file of a suppression list could not be cut");
    }
    tracing::info!(list = name, entries, "a suppression list was compacted");
    reply(Ok(entries));
}

fn line(key: u64, found: &LiveMark) -> Entry {
    let mut entry = Entry::new(key, found.mark, found.at_utc_ms, found.by);
    entry.number = found.number;
    found.name.as_ref().clone_into(&mut entry.name);
    entry
}
