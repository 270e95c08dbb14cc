//! One SIM in the file: two copies, each with its number and a checksum, written in turn.
//!
//! Promise: a process that ends in the middle of a write leaves the copy before it: the checksum goes in last, and a first copy without
//! one was never finished. A place where neither copy can be read, and that is not empty, is told, never taken for empty.

use super::marks::{KEPT as MARKS, Mark, Marks, Totals};
use super::octets::{Reader, Writer};
use super::sheet::Kept;
use super::suspicion::{Ground, Stage, Suspicion};
use crate::modem::SimIdentity;

/// Octets of a copy.
pub(super) const RECORD_OCTETS: usize = 1_024;
/// Octets of its checksum, which stands first and is written last.
pub(super) const CHECKSUM_OCTETS: usize = 4;
/// Checksum, version and number.
const HEAD_OCTETS: usize = 16;
const VERSION: u32 = 1;
const ICCID_DIGITS: usize = 20;
const IMSI_DIGITS: usize = 15;

/// What a place holds.
#[derive(Debug)]
pub(super) enum Found {
    Empty,
    /// And the number of the copy that was written last.
    Sim(Box<Kept>, u64),
    /// Of a later version.
    Later(u32),
    Torn,
}

/// A copy as it is written.
pub(super) fn written(kept: &Kept, sequence: u64) -> [u8; RECORD_OCTETS] {
    let mut octets = [0_u8; RECORD_OCTETS];
    if let Some((head, body)) = octets.split_at_mut_checked(HEAD_OCTETS) {
        let _ = write_body(kept, body);
        let mut head = Writer::new(head);
        head.u32(0);
        head.u32(VERSION);
        head.u64(sequence);
    }
    let sum = checksum(&octets).to_le_bytes();
    if let Some(place) = octets.first_chunk_mut() {
        *place = sum;
    }
    octets
}

/// Never 0, which is that of a copy that was not finished.
fn checksum(octets: &[u8]) -> u32 {
    crc32c::crc32c(octets.get(CHECKSUM_OCTETS..).unwrap_or_default()).max(1)
}

/// Nothing was ever written, or the first write was not finished.
fn is_empty(copies: [&[u8]; 2]) -> bool {
    let untouched = |copy: &[u8]| copy.iter().all(|octet| *octet == 0);
    let unfinished = |copy: &[u8]| copy.iter().take(CHECKSUM_OCTETS).all(|octet| *octet == 0);
    let [one, other] = copies;
    untouched(one) && unfinished(other) || untouched(other) && unfinished(one)
}

/// What two copies hold.
pub(super) fn read(copies: [&[u8]; 2]) -> Found {
    if is_empty(copies) {
        return Found::Empty;
    }
    let readable = copies.iter().filter_map(|copy| {
        let mut head = Reader::new(copy);
        let (sum, version, sequence) = (head.u32(), head.u32(), head.u64());
        (sum == checksum(copy) && version != 0).then_some((sequence, version, *copy))
    });
    match readable.max_by_key(|(sequence, ..)| *sequence) {
        None => Found::Torn,
        Some((_, version, _)) if version > VERSION => Found::Later(version),
        Some((sequence, _, copy)) => {
            let body = copy.get(HEAD_OCTETS..).unwrap_or_default();
            read_body(body).map_or(Found::Torn, |kept| Found::Sim(Box::new(kept), sequence))
        }
    }
}

fn write_body(kept: &Kept, octets: &mut [u8]) -> usize {
    let mut to = Writer::new(octets);
    write_digits::<ICCID_DIGITS>(&mut to, kept.identity.iccid.as_deref());
    write_digits::<IMSI_DIGITS>(&mut to, kept.identity.imsi.as_deref());
    let time = kept.time;
    for value in [
        time.last_ns,
        time.offset_ns,
        time.returns_at_ns,
        time.offset_before_ns,
    ] {
        to.u64(value);
    }
    write_totals(&mut to, kept.totals);
    for sent_ns in kept.pace.sent_ns {
        to.u64(sent_ns);
    }
    to.u8(kept.pace.next);
    to.u64(kept.pace.due_ns);
    to.u64(kept.hours.minute);
    for count in kept.hours.counts {
        // A cap of a minute is at most 60.
        to.u8(u8::try_from(count).unwrap_or(u8::MAX));
    }
    write_marks(&mut to, &kept.days);
    write_marks(&mut to, &kept.months);
    to.u32(kept.turn_used);
    to.u64(kept.turn_until_ns);
    write_suspicion(&mut to, &kept.suspicion);
    to.u32(kept.recipients);
    to.u64(kept.seen_utc_ns);
    for mark in kept.pins {
        to.u32(mark);
    }
    to.length()
}

fn read_body(octets: &[u8]) -> Option<Kept> {
    let mut from = Reader::new(octets);
    let iccid = read_digits::<ICCID_DIGITS>(&mut from)?;
    let imsi = read_digits::<IMSI_DIGITS>(&mut from)?;
    let mut kept = Kept {
        identity: SimIdentity { iccid, imsi },
        ..Kept::default()
    };
    kept.time.last_ns = from.u64();
    kept.time.offset_ns = from.u64();
    kept.time.returns_at_ns = from.u64();
    kept.time.offset_before_ns = from.u64();
    kept.totals = read_totals(&mut from);
    for sent_ns in &mut kept.pace.sent_ns {
        *sent_ns = from.u64();
    }
    kept.pace.next = from.u8();
    kept.pace.due_ns = from.u64();
    kept.hours.minute = from.u64();
    for count in &mut kept.hours.counts {
        *count = u16::from(from.u8());
    }
    kept.hours.sum = kept
        .hours
        .counts
        .iter()
        .map(|count| u32::from(*count))
        .sum();
    kept.days = read_marks(&mut from);
    kept.months = read_marks(&mut from);
    kept.turn_used = from.u32();
    kept.turn_until_ns = from.u64();
    kept.suspicion = read_suspicion(&mut from)?;
    kept.recipients = from.u32();
    kept.seen_utc_ns = from.u64();
    // Not in older ones, where nothing stands.
    for mark in &mut kept.pins {
        *mark = from.u32();
    }
    Some(kept)
}

fn write_digits<const N: usize>(to: &mut Writer<'_>, digits: Option<&str>) {
    let mut octets = [0_u8; N];
    for (place, digit) in octets.iter_mut().zip(digits.unwrap_or_default().bytes()) {
        *place = digit;
    }
    to.put(octets);
}

fn read_digits<const N: usize>(from: &mut Reader<'_>) -> Option<Option<String>> {
    let octets: [u8; N] = from.take();
    let digits = octets.split(|octet| *octet == 0).next().unwrap_or_default();
    let text = std::str::from_utf8(digits).ok()?;
    Some((!text.is_empty()).then(|| text.to_owned()))
}

fn write_totals(to: &mut Writer<'_>, totals: Totals) {
    to.u64(totals.segments);
    to.u64(totals.recipients);
}

fn read_totals(from: &mut Reader<'_>) -> Totals {
    Totals {
        segments: from.u64(),
        recipients: from.u64(),
    }
}

fn write_marks(to: &mut Writer<'_>, marks: &Marks) {
    to.u8(marks.count);
    for mark in marks.marks {
        to.u32(mark.label as u32);
        write_totals(to, mark.begin);
    }
}

fn read_marks(from: &mut Reader<'_>) -> Marks {
    let mut marks = Marks {
        count: from.u8().min(MARKS as u8),
        ..Marks::default()
    };
    for mark in &mut marks.marks {
        *mark = Mark {
            label: from.u32() as i32,
            begin: read_totals(from),
        };
    }
    marks
}

fn write_suspicion(to: &mut Writer<'_>, suspicion: &Suspicion) {
    let (stage, moment_ns) = match suspicion.stage {
        Stage::Well => (0, 0),
        Stage::Cooling { until_ns } => (1, until_ns),
        Stage::Trial { since_ns } => (2, since_ns),
    };
    to.u8(stage);
    to.u64(moment_ns);
    to.u8(match suspicion.ground {
        Ground::Barred => 0,
        Ground::Failing => 1,
        Ground::Undelivered => 2,
    });
    to.u8(suspicion.level);
    for run in [
        suspicion.barred_run,
        suspicion.failed_run,
        suspicion.accepted_run,
        suspicion.cms,
    ] {
        to.u16(run);
    }
    to.u64(suspicion.outcomes);
    to.u8(suspicion.outcomes_count);
}

fn read_suspicion(from: &mut Reader<'_>) -> Option<Suspicion> {
    let (stage, moment_ns) = (from.u8(), from.u64());
    Some(Suspicion {
        stage: match stage {
            0 => Stage::Well,
            1 => Stage::Cooling {
                until_ns: moment_ns,
            },
            2 => Stage::Trial {
                since_ns: moment_ns,
            },
            _ => return None,
        },
        ground: match from.u8() {
            0 => Ground::Barred,
            1 => Ground::Failing,
            2 => Ground::Undelivered,
            _ => return None,
        },
        level: from.u8(),
        barred_run: from.u16(),
        failed_run: from.u16(),
        accepted_run: from.u16(),
        cms: from.u16(),
        outcomes: from.u64(),
        outcomes_count: from.u8(),
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]
    use super::*;

    fn kept() -> Kept {
        let mut kept = Kept {
            identity: SimIdentity {
                iccid: Some("89490200001234567890".into()),
                imsi: Some("262021234567890".into()),
            },
            recipients: 7,
            turn_used: 3,
            pins: [5, 0],
            ..Kept::default()
        };
        for moment in 1..100_u64 {
            kept.pace.add(moment * 4_000_000_000, 15);
            kept.hours.add(moment * 4_000_000_000);
            kept.days.enter(moment as i32, kept.totals);
            kept.totals.segments += moment;
        }
        kept.suspicion.stage = Stage::Cooling { until_ns: 12 };
        kept
    }

    #[test]
    fn a_record_fits_and_reads_back() {
        let kept = kept();
        let octets = written(&kept, 9);
        assert!(write_body(&kept, &mut []) <= RECORD_OCTETS - HEAD_OCTETS);
        let older = written(&Kept::default(), 8);
        let Found::Sim(found, sequence) = read([&older, &octets]) else {
            panic!("not read");
        };
        assert_eq!((*found, sequence), (kept, 9));
    }

    #[test]
    fn a_torn_copy_leaves_the_other_and_two_torn_ones_are_told() {
        let (old, new) = (written(&kept(), 8), written(&kept(), 9));
        for cut in 0..RECORD_OCTETS {
            let mut torn = new;
            torn[cut] ^= 0x55;
            let found = read([&old, &torn]);
            assert!(matches!(found, Found::Sim(_, 8)), "octet {cut}: {found:?}");
            assert!(matches!(read([&torn, &torn]), Found::Torn), "octet {cut}");
            // A first write that was cut short: the checksum had not come.
            let mut half = [0; RECORD_OCTETS];
            half[CHECKSUM_OCTETS..cut.max(4)].copy_from_slice(&new[CHECKSUM_OCTETS..cut.max(4)]);
            let found = read([&half, &[0; RECORD_OCTETS]]);
            assert!(matches!(found, Found::Empty), "octet {cut}: {found:?}");
            assert!(
                matches!(read([&old, &half]), Found::Sim(_, 8)),
                "octet {cut}"
            );
        }
        assert!(matches!(read([&[0; 8], &[0; 8]]), Found::Empty));
    }

    #[test]
    fn a_later_version_is_told() {
        let mut later = written(&kept(), 9);
        later[4..8].copy_from_slice(&7_u32.to_le_bytes());
        let sum = checksum(&later).to_le_bytes();
        later[..4].copy_from_slice(&sum);
        assert!(matches!(
            read([&[0; RECORD_OCTETS], &later]),
            Found::Later(7)
        ));
    }
}
