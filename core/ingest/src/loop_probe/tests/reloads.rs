//! What a reload keeps, and which words are known how long.

use super::*;

#[test]
fn a_reload_keeps_what_is_the_same_and_begins_anew_what_is_not() {
    let named = |name: &str, alert_after| ProbeSpec {
        name: name.into(),
        alert_after,
        ..spec(ProbeReturns::Mo)
    };
    let mut courses = Courses::default();
    courses.follow(at(0), vec![named("a", 3), named("b", 3)]);
    let mut words = 0;
    let mut word = || {
        words += 1;
        Some(format!("W{words}"))
    };
    let sent = courses.tick(at(60 * SECOND), &|_| Around::default(), &mut word);
    assert_eq!(sent.len(), 2);
    let gone = courses.follow(at(61 * SECOND), vec![named("b", 3), named("a", 4)]);
    assert!(gone.is_empty(), "what changed knows its words: {gone:?}");
    let sums = |courses: &Courses| -> Vec<u64> {
        courses
            .all()
            .iter()
            .map(|course| course.sums.sent)
            .collect()
    };
    assert_eq!(sums(&courses), [1, 0]);
    for text in ["carrack probe W1", "Msg: carrack probe W2."] {
        courses.came_back(text, at(61 * SECOND));
    }
    assert_eq!(courses.strays, 0, "both are known");
    let changed = &courses.all()[1];
    assert_eq!((changed.sums.late, changed.sums.returned), (1, 0));
    assert!(!changed.is_on_its_way());
    let gone = courses.follow(at(62 * SECOND), vec![named("a", 5)]);
    assert_eq!(gone, ["W2"], "that of the one that is gone");
    assert_eq!(courses.follow(at(63 * SECOND), Vec::new()), ["W1"]);
    courses.came_back("carrack probe W1", at(64 * SECOND));
    assert_eq!((courses.strays, courses.due_ns()), (1, None));
}

#[test]
fn past_words_are_known_for_as_many_turns_and_one_more_is_forgotten_whoever_ends_it() {
    let mut played = Played::new(ProbeReturns::Mo);
    for _ in 0..PAST_MAX {
        played.sent();
        played.is_over();
    }
    let forgotten = |acts: &[Act]| -> Vec<Act> {
        let forgets = |act: &&Act| matches!(act, Act::Forget(_));
        acts.iter().filter(forgets).cloned().collect()
    };
    assert!(forgotten(&played.acts).is_empty());
    played.sent();
    let mut changed = Course::new(spec(ProbeReturns::Receipt), START);
    assert_eq!(changed.words().count(), 0);
    played.acts.clear();
    let course = std::mem::replace(
        &mut played.course,
        Course::new(spec(ProbeReturns::Mo), START),
    );
    assert_eq!(changed.inherit(course).as_deref(), Some("W1"));
    assert_eq!(changed.words().count(), PAST_MAX);
}
