//! All probes of a node: whose turn it is, whose a word or an id is. Pure.
//!
//! Promise: at a start the first ones are spread over a minute, or over the shortest turn. What a change of the
//! configuration leaves as it is keeps its sums, its row and what it has on its way; what it changes begins anew, and keeps
//! the words that may come back yet.

use carrack_message::MessageId;
use carrack_runtime::Now;

use super::course::{Act, Around, Course, End, Held};
use super::spec::ProbeSpec;

/// The first probes are sent within so long.
const SPREAD_NS: u64 = 60_000_000_000;

/// What is to be done for the probe at a place.
pub(super) type Acts = Vec<(usize, Act)>;

/// All of them.
#[derive(Debug, Default)]
pub(super) struct Courses {
    courses: Vec<Course>,
    /// Ends and messages of no probe that is known: of before the start, or of one that is gone.
    pub(super) strays: u64,
}

impl Courses {
    pub(super) fn all(&self) -> &[Course] {
        &self.courses
    }

    pub(super) fn get(&self, place: usize) -> Option<&Course> {
        self.courses.get(place)
    }

    /// When [`Self::tick`] has something to do; none: there are no probes.
    pub(super) fn due_ns(&self) -> Option<u64> {
        self.courses.iter().map(Course::due_ns).min()
    }

    /// Takes another configuration; gives the words that are not awaited any more.
    pub(super) fn follow(&mut self, now: Now, specs: Vec<ProbeSpec>) -> Vec<String> {
        let mut before = std::mem::take(&mut self.courses);
        let count = specs.len().max(1) as u64;
        let mut gone = Vec::new();
        for (place, spec) in (1u64..).zip(specs) {
            let of_name = before.iter().position(|was| was.spec.name == spec.name);
            let was = of_name.map(|of_name| before.swap_remove(of_name));
            self.courses.push(match was {
                Some(same) if same.spec == spec => same,
                was => {
                    let spread_ns = SPREAD_NS.min(spec.every_ns);
                    let first_ns = spread_ns / count * place.min(count);
                    let mut fresh = Course::new(spec, now.mono_ns.saturating_add(first_ns));
                    gone.extend(was.and_then(|was| fresh.inherit(was)));
                    fresh
                }
            });
        }
        let taken_away = before.iter().flat_map(Course::words);
        gone.extend(taken_away.map(str::to_owned));
        gone
    }

    /// Time goes on. `around` says how it stands with a carrier, `word` awaits a new word and gives it.
    pub(super) fn tick(
        &mut self,
        now: Now,
        around: &dyn Fn(&str) -> Around,
        word: &mut dyn FnMut() -> Option<String>,
    ) -> Acts {
        self.each(|course, acts| {
            if now.mono_ns >= course.due_ns() {
                course.tick(now, around(&course.spec.carrier), &mut *word, acts);
            }
            false
        })
        .0
    }

    pub(super) fn accepted(&mut self, word: &str, id: MessageId) {
        self.each(|course, _| course.accepted(word, id));
    }

    pub(super) fn refused(&mut self, word: &str, why: &str) -> Acts {
        let refused =
            |course: &mut Course, acts: &mut Vec<Act>| course.refused(word, why.to_owned(), acts);
        self.each(refused).0
    }

    pub(super) fn ended(&mut self, end: End, held: &dyn Fn(&str) -> Held) -> Acts {
        let (acts, found) = self.each(|course, acts| {
            let held = held(&course.spec.carrier);
            course.ended(end, held, acts)
        });
        self.strays += u64::from(!found);
        acts
    }

    /// A text came back.
    pub(super) fn came_back(&mut self, text: &str, now: Now) -> Acts {
        let words: Vec<&str> = text
            .split(|sign: char| !sign.is_ascii_alphanumeric())
            .collect();
        let (acts, found) = self.each(|course, acts| {
            let mut words = words.iter();
            words.any(|word| course.came_back(word, now, acts))
        });
        self.strays += u64::from(!found);
        acts
    }

    /// Asks one after the other until one says that it was meant.
    fn each(&mut self, mut ask: impl FnMut(&mut Course, &mut Vec<Act>) -> bool) -> (Acts, bool) {
        let (mut all, mut acts) = (Vec::new(), Vec::new());
        for (place, course) in self.courses.iter_mut().enumerate() {
            let found = ask(course, &mut acts);
            all.extend(acts.drain(..).map(|act| (place, act)));
            if found {
                return (all, true);
            }
        }
        (all, false)
    }
}
