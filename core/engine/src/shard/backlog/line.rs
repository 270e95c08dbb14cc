//! Waiting messages in a line: six octets each where many of one frame stand together, as those of a batch do, else twenty.
//!
//! Promise: what is pushed behind comes out in front, in that order, as it was. Bound: what waits in it, and a chunk that is half used at either end; it
//! grows by chunks, so that no growth copies all of it. It never fails.

use std::collections::VecDeque;

use super::{Parked, Place};

/// As many of one frame in a row make a chunk of their own.
const EVEN_MIN: usize = 64;
const EVEN_MAX: usize = 16_384;
const ODD_MAX: usize = 1_024;
/// Of an offset: it was taken out of the middle. Frames are far shorter.
const GONE: u32 = 1 << 31;

/// Messages of one frame whose validity ends in the same second.
#[derive(Debug)]
struct Even {
    epoch: u32,
    number: u32,
    expires_s: u32,
    shard: u8,
    indexes: Vec<u16>,
    offsets: Vec<u32>,
}

impl Even {
    /// Empty, for those that are like this one.
    fn like(parked: &Parked) -> Self {
        Self {
            epoch: parked.epoch,
            number: parked.number,
            expires_s: parked.expires_s,
            shard: parked.shard,
            indexes: Vec::new(),
            offsets: Vec::new(),
        }
    }

    fn takes(&self, parked: &Parked) -> bool {
        self.indexes.len() < EVEN_MAX
            && (self.epoch, self.number, self.expires_s, self.shard)
                == (parked.epoch, parked.number, parked.expires_s, parked.shard)
            && parked.offset < GONE
    }

    fn push(&mut self, parked: &Parked) {
        self.indexes.push(parked.index);
        let gone = if parked.gone { GONE } else { 0 };
        self.offsets.push(parked.offset | gone);
    }

    fn get(&self, at: usize) -> Option<Parked> {
        let (index, offset) = (*self.indexes.get(at)?, *self.offsets.get(at)?);
        Some(Parked {
            epoch: self.epoch,
            number: self.number,
            offset: offset & !GONE,
            expires_s: self.expires_s,
            index,
            shard: self.shard,
            gone: offset & GONE != 0,
        })
    }
}

#[derive(Debug)]
enum Chunk {
    Even(Even),
    Odd(Vec<Parked>),
}

impl Chunk {
    fn len(&self) -> usize {
        match self {
            Self::Even(even) => even.indexes.len(),
            Self::Odd(list) => list.len(),
        }
    }

    fn get(&self, at: usize) -> Option<Parked> {
        match self {
            Self::Even(even) => even.get(at),
            Self::Odd(list) => list.get(at).copied(),
        }
    }

    fn last(&self) -> Option<Parked> {
        self.get(self.len().checked_sub(1)?)
    }

    fn set_gone(&mut self, at: usize) {
        match self {
            Self::Even(even) => {
                if let Some(offset) = even.offsets.get_mut(at) {
                    *offset |= GONE;
                }
            }
            Self::Odd(list) => {
                if let Some(parked) = list.get_mut(at) {
                    parked.gone = true;
                }
            }
        }
    }

    /// The first of an ordered chunk that does not stand before this place.
    fn from(&self, place: Place) -> usize {
        match self {
            Self::Even(even) => match (even.epoch, even.number).cmp(&(place.0, place.1)) {
                std::cmp::Ordering::Less => even.indexes.len(),
                std::cmp::Ordering::Equal => even.indexes.partition_point(|index| *index < place.2),
                std::cmp::Ordering::Greater => 0,
            },
            Self::Odd(list) => list.partition_point(|parked| parked.place() < place),
        }
    }

    /// Nothing follows in it.
    fn close(&mut self) {
        match self {
            Self::Even(even) => {
                even.indexes.shrink_to_fit();
                even.offsets.shrink_to_fit();
            }
            Self::Odd(list) => list.shrink_to_fit(),
        }
    }
}

/// Where one stands, until something is taken out in front.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Position {
    chunk: usize,
    at: usize,
}

/// A line of waiting messages.
#[derive(Debug, Default)]
pub(crate) struct Line {
    chunks: VecDeque<Chunk>,
    /// Of the first chunk so many are out already.
    out: usize,
    /// At the end of the last chunk so many stand together that could be a chunk of their own.
    alike: usize,
    len: usize,
}

impl Line {
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.len == 0
    }

    pub(crate) fn front(&self) -> Option<Parked> {
        self.chunks.front()?.get(self.out)
    }

    pub(crate) fn back(&self) -> Option<Parked> {
        self.chunks.back()?.last()
    }

    pub(crate) fn push_back(&mut self, parked: Parked) {
        self.len += 1;
        if let Some(Chunk::Even(even)) = self.chunks.back_mut()
            && even.takes(&parked)
        {
            return even.push(&parked);
        }
        let is_like = |last: &Parked| Even::like(last).takes(&parked);
        let last = self.back();
        match self.chunks.back_mut() {
            Some(Chunk::Odd(list)) if list.len() < ODD_MAX => {
                self.alike = match last.is_some_and(|last| is_like(&last)) {
                    true => self.alike + 1,
                    false => 1,
                };
                list.push(parked);
            }
            _ => {
                self.begin(Chunk::Odd(vec![parked]));
                self.alike = 1;
            }
        }
        if self.alike >= EVEN_MIN && parked.offset < GONE {
            self.even_out(&parked);
        }
    }

    fn begin(&mut self, chunk: Chunk) {
        if let Some(last) = self.chunks.back_mut() {
            last.close();
        }
        self.chunks.push_back(chunk);
    }

    /// Those at the end that stand together become a chunk of their own.
    fn even_out(&mut self, like: &Parked) {
        let out = if self.chunks.len() == 1 { self.out } else { 0 };
        let Some(Chunk::Odd(list)) = self.chunks.back_mut() else {
            return;
        };
        let Some(from) = list.len().checked_sub(EVEN_MIN).filter(|from| *from >= out) else {
            return;
        };
        let mut even = Even::like(like);
        list.drain(from..).for_each(|parked| even.push(&parked));
        if list.len() == out {
            self.chunks.pop_back();
            self.out = if self.chunks.is_empty() { 0 } else { self.out };
        }
        self.begin(Chunk::Even(even));
        self.alike = 0;
    }

    pub(crate) fn pop_front_if(&mut self, takes: impl FnOnce(&Parked) -> bool) -> Option<Parked> {
        let first = self.front().filter(takes)?;
        self.out += 1;
        self.len -= 1;
        if self
            .chunks
            .front()
            .is_some_and(|chunk| chunk.len() <= self.out)
        {
            self.chunks.pop_front();
            self.out = 0;
            if self.chunks.is_empty() {
                self.alike = 0;
            }
        }
        Some(first)
    }

    pub(crate) fn get(&self, position: Position) -> Option<Parked> {
        self.chunks.get(position.chunk)?.get(position.at)
    }

    pub(crate) fn set_gone(&mut self, position: Position) {
        if let Some(chunk) = self.chunks.get_mut(position.chunk) {
            chunk.set_gone(position.at);
        }
    }

    /// Of a line in the order of places: the first that does not stand before this one.
    pub(crate) fn from(&self, place: Place) -> Position {
        let is_before = |chunk: &Chunk| chunk.last().is_some_and(|last| last.place() < place);
        let chunk = self.chunks.partition_point(is_before);
        let out = if chunk == 0 { self.out } else { 0 };
        let at = self.chunks.get(chunk).map_or(0, |found| found.from(place));
        Position {
            chunk,
            at: at.max(out),
        }
    }

    /// The one with so many before it.
    pub(crate) fn nth(&self, before: usize) -> Position {
        let mut at = before + self.out;
        for (chunk, found) in self.chunks.iter().enumerate() {
            if at < found.len() {
                return Position { chunk, at };
            }
            at -= found.len();
        }
        Position {
            chunk: self.chunks.len(),
            at: 0,
        }
    }

    /// All from there on, with where they stand.
    pub(crate) fn iter_from(
        &self,
        position: Position,
    ) -> impl Iterator<Item = (Position, Parked)> + '_ {
        let chunks = self.chunks.iter().enumerate().skip(position.chunk);
        chunks.flat_map(move |(chunk, found)| {
            let begin = if chunk == position.chunk {
                position.at
            } else {
                0
            };
            (begin..found.len())
                .filter_map(move |at| Some((Position { chunk, at }, found.get(at)?)))
        })
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = Parked> + '_ {
        self.iter_from(self.nth(0)).map(|(_, parked)| parked)
    }
}

impl FromIterator<Parked> for Line {
    fn from_iter<T: IntoIterator<Item = Parked>>(all: T) -> Self {
        let mut line = Self::default();
        all.into_iter().for_each(|parked| line.push_back(parked));
        line
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use proptest::prelude::*;

    use super::*;

    fn parked(frame: u32, index: u16, expires_s: u32) -> Parked {
        Parked::at(
            (1, 0, frame),
            index,
            u32::from(index) * 100 + frame,
            expires_s,
        )
    }

    /// So many of each frame, some with a validity of their own.
    fn frames() -> impl Strategy<Value = Vec<(u16, u32)>> {
        let many = prop_oneof![1u16..4, 60u16..70, 100u16..300];
        prop::collection::vec((many, 2u32..200), 1..30)
    }

    proptest! {
        /// As a queue of the library does it, whatever stands together.
        #[test]
        fn line_is_a_queue(
            frames in frames(),
            pops in prop::collection::vec(0usize..400, 1..30),
            gone in prop::collection::vec(any::<prop::sample::Index>(), 0..40),
        ) {
            let (mut line, mut queue) = (Line::default(), VecDeque::new());
            let mut pops = pops.into_iter().cycle();
            for (frame, (count, odd)) in frames.into_iter().enumerate() {
                for index in 0..count {
                    let expires_s = u32::from(u32::from(index) % odd == 1);
                    let one = parked(frame as u32, index * 2, expires_s);
                    line.push_back(one);
                    queue.push_back(one);
                }
                for _ in 0..pops.next().unwrap().saturating_sub(150) {
                    let first = queue.pop_front();
                    prop_assert_eq!(line.front(), first);
                    prop_assert_eq!(line.pop_front_if(|_| true), first);
                }
                prop_assert_eq!((line.len(), line.back()), (queue.len(), queue.back().copied()));
            }
            for which in gone {
                if queue.is_empty() {
                    break;
                }
                let at = which.index(queue.len());
                queue[at].gone = true;
                let position = line.from(queue[at].place());
                prop_assert_eq!(position, line.nth(at));
                line.set_gone(position);
                prop_assert_eq!(line.get(position), Some(queue[at]));
                let between = (queue[at].epoch, queue[at].number, queue[at].index + 1);
                prop_assert_eq!(line.from(between), line.nth(at + 1));
            }
            prop_assert!(line.iter().eq(queue.iter().copied()));
            let half = queue.len() / 2;
            let rest = line.iter_from(line.nth(half)).map(|(_, parked)| parked);
            prop_assert!(rest.eq(queue.iter().skip(half).copied()));
        }
    }

    #[test]
    fn rows_of_a_batch_take_six_octets_each() {
        let line: Line = (0..1_000)
            .flat_map(|frame| (0..500).map(move |index| parked(frame, index, 7)))
            .collect();
        let octets: usize = line
            .chunks
            .iter()
            .map(|chunk| match chunk {
                Chunk::Even(even) => even.indexes.capacity() * 2 + even.offsets.capacity() * 4,
                Chunk::Odd(list) => list.capacity() * size_of::<Parked>(),
            })
            .sum::<usize>()
            + line.chunks.capacity() * size_of::<Chunk>();
        assert!(octets < line.len() * 62 / 10 + 200_000, "{octets}");
    }
}
