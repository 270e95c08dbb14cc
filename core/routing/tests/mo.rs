//! Who gets a message from a handset: the first rule that holds, and why others did not.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, missing_docs)]

use carrack_message::mo::MoWays;
use carrack_routing::{MoNumber, MoQuery, MoRule, MoTable, keyword};
use proptest::prelude::*;
use regex::Regex;

const BIND: MoWays = MoWays {
    bind: true,
    webhook: false,
};

fn query<'a>(to: &'a str, from: &'a str, text: &'a str) -> MoQuery<'a> {
    MoQuery {
        carrier: "north",
        from: from.as_bytes(),
        to: to.as_bytes(),
        text,
    }
}

fn rule(name: &str) -> MoRule {
    MoRule {
        name: name.to_owned(),
        account: format!("account of {name}"),
        ways: BIND,
        ..MoRule::default()
    }
}

fn numbers(texts: &[&str]) -> Vec<MoNumber> {
    texts.iter().map(|text| MoNumber::parse(text)).collect()
}

fn words(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

/// Why the rule does not take it.
fn failure(rule: MoRule, query: &MoQuery<'_>) -> Option<&'static str> {
    MoTable::new(vec![rule]).explain(query)[0].1
}

fn by_keyword(keyword: &str, text: &str) -> bool {
    let rule = MoRule {
        keywords: words(&[keyword]),
        ..rule("a")
    };
    failure(rule, &query("1", "2", text)).is_none()
}

#[test]
fn first_rule_that_holds_decides() {
    let table = MoTable::new(vec![
        MoRule {
            keywords: words(&["stop"]),
            ..rule("stop")
        },
        MoRule {
            to: numbers(&["80808"]),
            ..rule("code")
        },
        rule("all"),
    ]);
    let chosen = |to, text| {
        let query = query(to, "447700900001", text);
        let choice = table.choose(&query).unwrap();
        (choice.rule.to_string(), choice.account.to_owned())
    };
    assert_eq!(
        chosen("80808", "Stop").0,
        "stop",
        "before the one of its number"
    );
    assert_eq!(chosen("80808", "hello").0, "code");
    assert_eq!(
        chosen("80809", "hello"),
        ("all".into(), "account of all".into())
    );
}

#[test]
fn table_without_a_rule_that_holds_gives_it_to_nobody() {
    assert!(MoTable::default().is_empty());
    assert!(MoTable::default().choose(&query("1", "2", "x")).is_none());
    let table = MoTable::new(vec![MoRule {
        to: numbers(&["80808"]),
        ..rule("code")
    }]);
    assert!(table.choose(&query("80809", "2", "x")).is_none());
}

#[test]
fn all_conditions_hold_and_one_value_of_each_is_enough() {
    let whole = || MoRule {
        to: numbers(&["1", "80808"]),
        from: numbers(&["33*", "44*"]),
        carriers: words(&["south", "north"]),
        keywords: words(&["go", "vote"]),
        patterns: vec![
            Regex::new("z").unwrap(),
            Regex::new("^Vote [a-c]$").unwrap(),
        ],
        ..rule("whole")
    };
    let good = query("80808", "447700900001", "Vote b");
    assert_eq!(failure(whole(), &good), None);
    let with = |to, from, text| failure(whole(), &query(to, from, text));
    assert_eq!(with("80809", "447700900001", "Vote b"), Some("to"));
    assert_eq!(with("80808", "357700900001", "Vote b"), Some("from"));
    assert_eq!(with("80808", "447700900001", "Choose b"), Some("keyword"));
    assert_eq!(with("80808", "447700900001", "Vote d"), Some("pattern"));
    let other = MoQuery {
        carrier: "west",
        ..good
    };
    assert_eq!(failure(whole(), &other), Some("carrier"));
}

#[test]
fn number_is_compared_whole_unless_it_ends_in_a_star() {
    let taken = |written: &str, address: &str| {
        let rule = MoRule {
            to: numbers(&[written]),
            ..rule("a")
        };
        failure(rule, &query(address, "1", "")).is_none()
    };
    assert!(taken("80808", "80808"));
    assert!(!taken("80808", "808081"), "a longer number is another");
    assert!(!taken("80808", "8080"), "a shorter one too");
    assert!(taken("4477*", "447700900001") && taken("4477*", "4477"));
    assert!(!taken("4477*", "447"));
    assert!(
        taken("+447700900001", "447700900001"),
        "the sign of numbers is none of theirs"
    );
    assert!(taken("447700900001", "+447700900001"));
    assert!(
        taken("ACME*", "ACME-1") && !taken("ACME", "acme"),
        "names keep their case"
    );
}

#[test]
fn keyword_is_the_first_word_without_case_and_signs() {
    for text in [
        "stop",
        "STOP",
        " Stop please",
        "\"Stop!\"",
        "stop.",
        "…stop…",
        "stop\nnow",
    ] {
        assert!(by_keyword("Stop", text), "{text:?}");
    }
    for text in ["", "   ", "stopp", "please stop", "st op", "!!!"] {
        assert!(!by_keyword("stop", text), "{text:?}");
    }
    assert!(by_keyword("«стоп»", "Стоп, хватит"));
    assert!(by_keyword("ΣΤΟΠ", "στοπ") && by_keyword("στοπ", "ΣΤΟΠ"));
    assert!(by_keyword("größe", "GRÖẞE"));
    assert!(by_keyword("停止", "停止。") && by_keyword("توقف", "توقف!"));
    assert!(by_keyword("2go", "2GO now"), "digits are part of a word");
}

#[test]
fn pattern_is_found_anywhere_and_its_case_is_its_own() {
    let taken = |pattern: &str, text: &str| {
        let rule = MoRule {
            patterns: vec![Regex::new(pattern).unwrap()],
            ..rule("a")
        };
        failure(rule, &query("1", "2", text)).is_none()
    };
    assert!(taken("vote", "please vote now") && !taken("^vote", "please vote now"));
    assert!(!taken("vote", "VOTE") && taken("(?i)vote", "VOTE"));
    assert!(taken(r"^\p{Greek}+$", "ψήφος") && taken(r"\d{4}", "Код 1234"));
}

#[test]
fn message_without_text_is_taken_by_rules_that_do_not_look_at_it() {
    let empty = query("80808", "447700900001", "");
    assert_eq!(failure(rule("all"), &empty), None);
    assert!(!by_keyword("stop", ""));
    let with = |pattern: &str| MoRule {
        patterns: vec![Regex::new(pattern).unwrap()],
        ..rule("a")
    };
    assert_eq!(failure(with("."), &empty), Some("pattern"));
    assert_eq!(
        failure(with("^$"), &empty),
        None,
        "a pattern may ask for none"
    );
}

#[test]
fn text_built_to_be_slow_is_looked_at_in_no_time() {
    let rule = MoRule {
        patterns: vec![
            Regex::new("^(a+)+$").unwrap(),
            Regex::new("(x*)*y").unwrap(),
        ],
        ..rule("a")
    };
    let text = format!("{}!", "a".repeat(100_000));
    // An expression that goes back would not end in this century.
    assert_eq!(failure(rule, &query("1", "2", &text)), Some("pattern"));
}

fn some_rule() -> impl Strategy<Value = MoRule> {
    let number = prop::sample::select(vec!["1", "12", "12*", "2*", "ACME"]);
    let word = prop::sample::select(vec!["go", "Stop", "да"]);
    let pattern = prop::sample::select(vec!["o", "^S", "(?i)^s", "^$"]);
    (
        prop::collection::vec(number.clone(), 0..3),
        prop::collection::vec(number, 0..3),
        prop::collection::vec(prop::sample::select(vec!["north", "south"]), 0..2),
        prop::collection::vec(word, 0..3),
        prop::collection::vec(pattern, 0..2),
    )
        .prop_map(|(to, from, carriers, keywords, patterns)| MoRule {
            to: numbers(&to),
            from: numbers(&from),
            carriers: words(&carriers),
            keywords: words(&keywords),
            patterns: patterns.iter().map(|p| Regex::new(p).unwrap()).collect(),
            ..rule("some")
        })
}

proptest! {
    #[test]
    fn choice_is_the_first_that_the_explanation_names(
        rules in prop::collection::vec(some_rule(), 0..8),
        to in prop::sample::select(vec!["1", "12", "123", "21", "ACME"]),
        text in prop::sample::select(vec!["", "go", "STOP", "Stop it", "Да!", "no"]),
    ) {
        let named = |(place, rule): (usize, MoRule)| MoRule { name: format!("r{place}"), ..rule };
        let table = MoTable::new(rules.into_iter().enumerate().map(named).collect());
        let query = query(to, "12", text);
        let explained = table.explain(&query);
        let first = explained.iter().find(|(_, failed)| failed.is_none()).map(|(name, _)| name.to_string());
        let choice = table.choose(&query).map(|choice| choice.rule.to_string());
        prop_assert_eq!(choice, first);
    }

    #[test]
    fn keyword_bears_case_and_signs_around_it(
        word in "[a-zA-Z0-9а-яА-Яäöüéα-ρ]{1,12}",
        before in "[ \t\"«!.¿]{0,4}",
        after in "[!?.,»\"]{0,3}( .{0,20})?",
    ) {
        // Signs that stand alone are a word of their own.
        let before = before.trim_end().rsplit(char::is_whitespace).next().unwrap_or("").to_owned();
        let plain = keyword(&word);
        prop_assert_eq!(&keyword(&format!(" {before}{word}{after}")), &plain);
        prop_assert_eq!(&keyword(&word.to_uppercase()), &plain);
        prop_assert_eq!(&keyword(&plain), &plain);
    }

    #[test]
    fn any_octets_and_any_text_are_looked_at(
        to in prop::collection::vec(any::<u8>(), 0..30),
        from in prop::collection::vec(any::<u8>(), 0..30),
        text in any::<String>(),
        rules in prop::collection::vec(some_rule(), 1..4),
    ) {
        let count = rules.len();
        let query = MoQuery { carrier: "", from: &from, to: &to, text: &text };
        prop_assert_eq!(MoTable::new(rules).explain(&query).len(), count);
    }
}
