//! The rules by which a text is read.

use rustc_hash::FxHashSet;
use strsim::osa_distance;

use super::fold;
use super::words::{Keywords, Phrase};

/// Words of a text that are looked at.
pub const TOKENS_MAX: usize = 40;
/// Longest keyword, in words.
const PHRASE_MAX: usize = 5;
/// Shorter words have too many neighbours.
const TYPO_LETTERS_MIN: usize = 4;

/// Fewer letters, each set apart, are no word: initials, or a choice.
const LETTERS_APART_MIN: usize = 4;

/// In a short word another letter makes another word: "shop", "step".
const OTHER_LETTER_MIN: usize = 7;

/// Whether one has a letter that the other has not, and both are as long.
fn is_other_word(one: &str, other: &str) -> bool {
    let sorted = |word: &str| {
        let mut letters: Vec<char> = word.chars().collect();
        letters.sort_unstable();
        letters
    };
    let (one, other) = (sorted(one), sorted(other));
    one.len() == other.len() && one != other
}

/// What a text means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meaning {
    /// Nothing more shall come.
    OptOut,
    /// It may come again.
    OptIn,
    /// He wants to know what this is.
    Help,
    /// Perhaps stop: a person has to read it.
    Unclear,
    /// Nothing of these.
    Nothing,
}

impl Meaning {
    /// As it is written.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::OptOut => "opt_out",
            Self::OptIn => "opt_in",
            Self::Help => "help",
            Self::Unclear => "unclear",
            Self::Nothing => "none",
        }
    }
}

/// What was found in a text.
#[derive(Default)]
struct Seen {
    stop: bool,
    stop_alone: bool,
    start: bool,
    help: bool,
    /// Words that are neither keywords nor politeness.
    other: usize,
}

impl Keywords {
    /// What a text means that was sent to this number or name.
    #[must_use]
    pub fn meaning(&self, text: &str, to: &str) -> Meaning {
        let words = fold::words(text, TOKENS_MAX + 1);
        if words.is_empty() {
            return Meaning::Nothing;
        }
        let to = fold::words(to, TOKENS_MAX);
        let seen = self.look(&words, &to);
        let is_short = words.len() <= TOKENS_MAX;
        match seen {
            _ if self.is_stop_letter_by_letter(&words) => Meaning::OptOut,
            // Both, whatever else is said.
            Seen {
                stop: true,
                start: true,
                ..
            } => Meaning::Unclear,
            Seen {
                stop: true,
                other: 0,
                ..
            } => Meaning::OptOut,
            Seen {
                stop_alone: true,
                start: false,
                help: false,
                other: 0,
                ..
            } => Meaning::OptOut,
            Seen { stop: true, .. } if is_short => Meaning::Unclear,
            Seen {
                start: true,
                stop_alone: false,
                other: 0,
                ..
            } => Meaning::OptIn,
            Seen {
                help: true,
                stop_alone: false,
                other: 0,
                ..
            } => Meaning::Help,
            _ if self.is_nearly_stop(&words) => Meaning::Unclear,
            _ => Meaning::Nothing,
        }
    }

    fn look(&self, words: &[String], to: &[String]) -> Seen {
        let mut seen = Seen::default();
        let mut at = 0;
        while let Some(rest) = words.get(at..).filter(|rest| !rest.is_empty()) {
            let longest = |set: &FxHashSet<Phrase>| {
                let lengths = (1..=PHRASE_MAX.min(rest.len())).rev();
                let found =
                    |length: &usize| rest.get(..*length).is_some_and(|part| set.contains(part));
                lengths.into_iter().find(found)
            };
            let kinds = [
                (longest(&self.stop), &mut seen.stop),
                (longest(&self.stop_alone), &mut seen.stop_alone),
                (longest(&self.start), &mut seen.start),
                (longest(&self.help), &mut seen.help),
            ];
            // The longest keyword that begins here; of equals the first kind.
            let mut taken = 0;
            let mut mark = None;
            for (length, kind) in kinds {
                if length.is_some_and(|length| length > taken) {
                    (taken, mark) = (length.unwrap_or(0), Some(kind));
                }
            }
            let filler = longest(&self.filler).filter(|length| *length > taken);
            if let Some(length) = filler {
                at += length;
            } else if let Some(mark) = mark {
                *mark = true;
                at += taken;
            } else {
                let is_number = !to.is_empty() && rest.starts_with(to);
                if is_number {
                    at += to.len();
                } else {
                    seen.other += 1;
                    at += 1;
                }
            }
        }
        seen
    }

    /// Nothing but the letters of one word, each set apart: "S T O P", "S.T.O.P".
    fn is_stop_letter_by_letter(&self, words: &[String]) -> bool {
        let is_letter = |word: &String| word.chars().nth(1).is_none();
        words.len() >= LETTERS_APART_MIN
            && words.iter().all(is_letter)
            && self.stop.contains([words.concat()].as_slice())
    }

    /// One word, with one slip of the finger in it.
    fn is_nearly_stop(&self, words: &[String]) -> bool {
        let [word] = words else {
            return false;
        };
        let is_near = |known: &Phrase| match known.as_slice() {
            [known] => {
                known.len() >= TYPO_LETTERS_MIN
                    && known.is_ascii()
                    && known.get(..1) == word.get(..1)
                    && osa_distance(known, word) == 1
                    && !(known.len() < OTHER_LETTER_MIN && is_other_word(known, word))
            }
            _ => false,
        };
        self.stop.iter().any(is_near)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn meaning(text: &str) -> Meaning {
        thread_local!(static KEYWORDS: Keywords = Keywords::built_in());
        KEYWORDS.with(|keywords| keywords.meaning(text, "80808"))
    }

    #[test]
    fn stop_is_read_however_it_is_written() {
        for text in [
            "STOP",
            "stop",
            "Stop.",
            " stop ",
            "\"STOP\"",
            "stop!!!",
            "STOP thanks",
            "Stop. Thank you",
            "please stop",
            "stop stop stop",
            "STOP 80808",
            "Stop sending me messages please",
            "unsubscribe",
            "Opt-out",
            "opt out please",
            "STOPP",
            "Abmelden",
            "bitte abmelden, danke",
            "désabonner",
            "DESABONNER",
            "Arrêt",
            "baja",
            "dar de baja por favor",
            "Sair",
            "pare",
            "parar",
            "disiscrivimi",
            "afmelden",
            "uitschrijven aub",
            "wypisz mnie",
            "avregistrera",
            "afmeld",
            "lopeta",
            "odhlásit",
            "odhlasit",
            "dezabonare",
            "leiratkozás",
            "İptal",
            "IPTAL",
            "стоп",
            "СТОП!",
            "отписаться",
            "відписатися",
            "στοπ",
            "διακοπή",
            "إيقاف",
            "הסר",
            "रोकें",
            "बंद करें",
            "berhenti",
            "UNREG",
            "từ chối",
            "TU CHOI",
            "配信停止",
            "退订",
            "TD",
            "수신거부",
            "cancel",
            "END",
            "quit",
            "no more",
            "stop \u{1f621}",
            "stop\u{200b}",
            "ｓｔｏｐ",
            "STOP SMS",
            "S T O P",
            "s.t.o.p",
            "S. T. O. P. !",
            "С Т О П",
            "配 信 停 止",
        ] {
            assert_eq!(meaning(text), Meaning::OptOut, "{text}");
        }
    }

    #[test]
    fn a_text_that_says_more_is_for_a_person_to_read_and_one_of_other_things_is_nothing() {
        for text in [
            "stop by the shop tomorrow",
            "I want to stop my order of shoes",
            "don't stop",
            "stpo",
            "sotp",
            "stop start",
            "how do I unsubscribe from this",
            "unsubscibe",
            "can you opt out my wife",
        ] {
            assert_eq!(meaning(text), Meaning::Unclear, "{text}");
        }
        for text in [
            "",
            "...",
            "hello",
            "yes",
            "cancel my appointment",
            "the end of the month is fine",
            "para mañana",
            "thanks",
            "thank you",
            "ok",
            "shop",
            "vote b",
            "fin de semana",
            "1",
            "80808",
            "no",
            "I quit my job, can you call me",
            "s t a y",
            "T D",
            "e n d",
        ] {
            assert_eq!(meaning(text), Meaning::Nothing, "{text}");
        }
    }

    #[test]
    fn start_and_help_are_read_alone_or_politely() {
        for text in [
            "START",
            "unstop",
            "start please",
            "Anmelden",
            "подписаться",
            "start.",
        ] {
            assert_eq!(meaning(text), Meaning::OptIn, "{text}");
        }
        for text in [
            "HELP",
            "help please",
            "info",
            "Hilfe",
            "aide svp",
            "ayuda",
            "?help?",
        ] {
            assert_eq!(meaning(text), Meaning::Help, "{text}");
        }
        assert_eq!(meaning("start of the week works"), Meaning::Nothing);
        assert_eq!(meaning("help me find my order"), Meaning::Nothing);
    }

    proptest! {
        #[test]
        fn any_text_is_read_without_harm(text in "\\PC{0,400}", to in "\\PC{0,20}") {
            let _ = Keywords::built_in().meaning(&text, &to);
        }

        #[test]
        fn signs_and_case_never_change_a_stop(before in "[ .,!?*\"(-]{0,6}", after in "[ .,!?*\")-]{0,6}", upper: Vec<bool>) {
            let mut word: String = "stop".to_owned();
            word = word.chars().zip(upper.iter().chain(std::iter::repeat(&false)))
                .map(|(sign, upper)| if *upper { sign.to_ascii_uppercase() } else { sign }).collect();
            prop_assert_eq!(meaning(&format!("{before}{word}{after}")), Meaning::OptOut);
        }
    }
}
