//! Looking through what waits in the log without taking it out: a stretch at a time, wherever the front has come to.

use carrack_queue::FrameKey;
use smallvec::SmallVec;

use super::line::Position;
use super::{Backlog, Line, Parked, Place, Run};

/// A stretch of what one shard accepted, still to be looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stretch {
    pub(crate) shard: u8,
    pub(crate) first: Place,
    pub(crate) last: Place,
}

/// Stretches, one a shard.
pub(crate) type Stretches = SmallVec<[Stretch; 2]>;

fn widen(stretches: &mut Stretches, parked: &Parked) {
    let place = parked.place();
    match stretches.iter_mut().find(|one| one.shard == parked.shard) {
        Some(one) => (one.first, one.last) = (one.first.min(place), one.last.max(place)),
        None => stretches.push(Stretch {
            shard: parked.shard,
            first: place,
            last: place,
        }),
    }
}

/// The stretches that cover a list.
pub(crate) fn stretches_of(list: &Line) -> Stretches {
    let mut found = Stretches::new();
    list.iter().for_each(|parked| widen(&mut found, &parked));
    found
}

/// The place after this one.
fn after((epoch, number, index): Place) -> Place {
    match index.checked_add(1) {
        Some(index) => (epoch, number, index),
        None => (epoch, number.saturating_add(1), 0),
    }
}

impl Backlog {
    /// The stretches that cover all that waits.
    pub(crate) fn stretches(&self) -> Stretches {
        let mut found = Stretches::new();
        let ends = |run: &Run| [run.queue.front(), run.queue.back()];
        for parked in self.runs.iter().flat_map(ends).flatten() {
            widen(&mut found, &parked);
        }
        found
    }

    /// What waits at the beginning of a stretch, which is shortened by it: so many messages and frames at most.
    pub(crate) fn look(
        &self,
        stretch: &mut Stretch,
        messages_max: usize,
        frames_max: usize,
    ) -> Vec<Parked> {
        let mut found: Vec<Parked> = Vec::new();
        let (mut frames, mut frame): (usize, Option<FrameKey>) = (0, None);
        loop {
            let runs = self.runs.iter().filter(|run| run.shard == stretch.shard);
            let mut heads: SmallVec<[(Place, &Run, Position); 8]> = runs
                .filter_map(|run| {
                    let at = run.queue.from(stretch.first);
                    run.queue.get(at).map(|parked| (parked.place(), run, at))
                })
                .collect();
            heads.sort_unstable_by_key(|(place, _, _)| *place);
            let until = heads.get(1).map(|(place, _, _)| *place);
            let Some((head, run, at)) = heads.first().filter(|(head, ..)| *head <= stretch.last)
            else {
                stretch.first = after(stretch.last);
                return found;
            };
            stretch.first = *head;
            for (_, parked) in run.queue.iter_from(*at) {
                let place = parked.place();
                if place > stretch.last || until.is_some_and(|until| place > until) {
                    break;
                }
                let key = parked.frame();
                let more = usize::from(frame != Some(key));
                if found.len() >= messages_max || frames + more > frames_max {
                    stretch.first = place;
                    return found;
                }
                stretch.first = after(place);
                if !parked.gone {
                    (frames, frame) = (frames + more, Some(key));
                    found.push(parked);
                }
            }
        }
    }

    /// Whether it waits here still.
    pub(crate) fn has(&self, parked: &Parked) -> bool {
        let mut runs = self.runs.iter().filter(|run| run.shard == parked.shard);
        runs.any(|run| {
            let found = run.queue.get(run.queue.from(parked.place()));
            found.is_some_and(|found| found.place() == parked.place() && !found.gone)
        })
    }

    /// Takes it out. False: it does not wait here any more.
    pub(crate) fn take_out(&mut self, parked: &Parked) -> bool {
        let mut runs = self.runs.iter_mut().filter(|run| run.shard == parked.shard);
        let taken = runs.any(|run| run.take_out(parked.place()).is_some());
        self.waiting -= usize::from(taken);
        taken
    }

    /// Puts all of another lane's behind, as it is.
    pub(crate) fn absorb(&mut self, other: Self) {
        self.waiting += other.waiting;
        self.runs.extend(other.runs);
    }

    /// Frees what was taken out at the front.
    pub(crate) fn tidy(&mut self) {
        self.drop_gone();
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use proptest::prelude::*;

    use super::*;

    fn parked((shard, epoch, number, index): (u8, u32, u32, u16)) -> Parked {
        Parked::at((epoch, shard, number), index, 0, u32::MAX)
    }

    proptest! {
        /// Whatever is taken out meanwhile, a walk sees each that was there at its beginning and still is, once.
        #[test]
        fn walk_sees_each_once(
            pushes in prop::collection::btree_set((0u8..3, 1u32..3, 0u32..20, 0u16..4), 1..150),
            order in any::<prop::sample::Index>(),
            steps in prop::collection::vec((1usize..9, 1usize..4, any::<prop::sample::Index>(), 0u8..4), 1..400),
        ) {
            let mut backlog = Backlog::default();
            let mut all: Vec<Parked> = pushes.into_iter().map(parked).collect();
            let turn = order.index(all.len());
            all.rotate_left(turn);
            all.iter().for_each(|parked| backlog.push(*parked));
            let mut stretches = backlog.stretches();
            let (mut seen, mut gone) = (Vec::new(), Vec::new());
            let mut steps = steps.into_iter().cycle();
            while let Some(stretch) = stretches.last_mut() {
                let (messages, frames, which, front) = steps.next().unwrap();
                let found = backlog.look(stretch, messages, frames);
                prop_assert!(found.len() <= messages);
                if found.is_empty() {
                    stretches.pop();
                }
                for parked in found {
                    prop_assert!(backlog.has(&parked));
                    prop_assert!(!gone.contains(&parked.place_and_shard()));
                    seen.push(parked.place_and_shard());
                }
                let one = all[which.index(all.len())];
                if backlog.take_out(&one) {
                    gone.push(one.place_and_shard());
                }
                if front == 0 {
                    for key in backlog.next_frames(1, 1) {
                        gone.extend(backlog.take_frame(key).iter().map(Parked::place_and_shard));
                    }
                }
            }
            let count = seen.len();
            seen.sort_unstable();
            seen.dedup();
            prop_assert_eq!(count, seen.len());
            for parked in all {
                let place = parked.place_and_shard();
                prop_assert!(seen.binary_search(&place).is_ok() || gone.contains(&place));
                prop_assert_eq!(backlog.has(&parked), !gone.contains(&place));
            }
        }
    }

    impl Parked {
        fn place_and_shard(&self) -> (u8, Place) {
            (self.shard, self.place())
        }
    }

    #[test]
    fn what_is_put_behind_as_it_is_comes_out_whole() {
        let (mut one, mut other) = (Backlog::default(), Backlog::default());
        for number in 0..50 {
            one.push(parked((0, 1, number * 2, 0)));
            other.push(parked((0, 1, number * 2 + 1, 0)));
        }
        one.absorb(other);
        assert_eq!((one.len(), one.take_some(200).len()), (100, 100));
        assert!(one.is_empty());
    }
}
