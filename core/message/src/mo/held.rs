//! What is kept of a part until its message is whole, and how parts become a message.

use std::hash::{DefaultHasher, Hash, Hasher};

use smallvec::SmallVec;

use super::{Mo, MoPart};
use crate::alphabet::national::Shift;
use crate::alphabet::ucs2_repair::Ucs2Oddities;
use crate::segment::udh::{Header, Ports};
use crate::wire::{Inspected, Reading, TextForm, text_of, unpacked};

/// Which message a part belongs to.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Key {
    pub(super) origin: SmallVec<[u8; 24]>,
    pub(super) destination: SmallVec<[u8; 24]>,
    pub(super) reference: u16,
    pub(super) total: u8,
}

/// A part, read and without its header.
#[derive(Clone, Debug)]
pub(super) struct Kept {
    tag: u128,
    origin_kind: (u8, u8),
    destination_kind: (u8, u8),
    /// From 1.
    pub(super) number: u8,
    /// Septets one an octet, else octets as they came.
    pub(super) body: Vec<u8>,
    /// Of the octets as they came, header included.
    pub(super) print: u64,
    reading: Reading,
    shift: Shift,
    data_coding: u8,
    class: Option<u8>,
    ports: Option<Ports>,
    two_methods: bool,
    udhi_mended: bool,
}

impl Kept {
    /// Reads a part; the key is none where it is a message of its own.
    pub(super) fn of(form: &TextForm, part: &MoPart<'_>) -> (Option<Key>, Self) {
        let found = Inspected::of(part.data_coding, part.esm_class, part.octets);
        let by_header = found.header.and_then(Header::concatenation);
        let by_header = by_header.map(|found| (found.reference, found.total, found.part));
        let sane = |sar: &crate::wire::Sar| sar.part >= 1 && sar.part <= sar.total;
        let by_sar = part.sar.filter(sane);
        let by_sar = by_sar.map(|sar| (sar.reference, sar.total, sar.part));
        let place = by_header.or(by_sar).filter(|(_, total, _)| *total > 1);
        let mut body = Vec::new();
        let reading = unpacked(
            form.reading(part.data_coding),
            found.header_octets(),
            found.body,
            &mut body,
        );
        let mut hasher = DefaultHasher::new();
        (part.data_coding, part.octets).hash(&mut hasher);
        let kept = Self {
            tag: part.tag,
            origin_kind: part.origin_kind,
            destination_kind: part.destination_kind,
            number: place.map_or(1, |(_, _, number)| number),
            body,
            print: hasher.finish(),
            reading,
            shift: found.shift(),
            data_coding: part.data_coding,
            class: found.coding.class,
            ports: found.header.and_then(Header::ports),
            two_methods: by_header.is_some() && by_sar.is_some(),
            udhi_mended: found.udhi_mended,
        };
        let key = place.map(|(reference, total, _)| Key {
            origin: part.origin.into(),
            destination: part.destination.into(),
            reference,
            total,
        });
        (key, kept)
    }
}

/// The message of parts that are in order, of `total` in all.
///
/// Parts that follow each other in one alphabet are read as one, so that a pair cut between two of them is whole again.
pub(super) fn join(origin: &[u8], destination: &[u8], total: u8, parts: &[Kept]) -> Option<Mo> {
    let first = parts.first()?;
    let mut joined = Mo {
        tags: parts.iter().map(|part| part.tag).collect(),
        origin: origin.into(),
        origin_kind: first.origin_kind,
        destination: destination.into(),
        destination_kind: first.destination_kind,
        text: String::new(),
        octets: Vec::new(),
        reading: first.reading,
        data_coding: first.data_coding,
        parts: total,
        missing: total.saturating_sub(parts.len() as u8),
        ports: parts.iter().find_map(|part| part.ports),
        class: first.class,
        two_methods: parts.iter().any(|part| part.two_methods),
        udhi_mended: parts.iter().any(|part| part.udhi_mended),
        oddities: Ucs2Oddities::default(),
    };
    let alike = |a: &Kept, b: &Kept| {
        (a.reading, a.shift) == (b.reading, b.shift) && a.number.wrapping_add(1) == b.number
    };
    let mut run_octets = Vec::new();
    for run in parts.chunk_by(alike) {
        let Some(first) = run.first() else {
            continue;
        };
        run_octets.clear();
        for part in run {
            run_octets.extend_from_slice(&part.body);
        }
        if first.reading == Reading::Octets {
            joined.octets.extend_from_slice(&run_octets);
            continue;
        }
        let oddities = text_of(first.reading, first.shift, &run_octets, &mut joined.text);
        joined.oddities.marked |= oddities.marked;
        joined.oddities.little_endian |= oddities.little_endian;
        joined.oddities.odd |= oddities.odd;
        joined.oddities.replaced += oddities.replaced;
    }
    Some(joined)
}
