//! `%x` in a pattern (Kannel's user guide, "Parameters (Escape Codes)").
//!
//! Promise: an escape that nobody fills stays as it is, so that a pattern may be filled in two steps: what is constant
//! when the message comes, the rest when there is something to tell. What the first step writes the second leaves alone.
//! Bound: the first step, whose values a caller gives, ends where its result is longer than it may be.

use super::url::{askable, is_foreign};

/// Fills a pattern for good: `%%` becomes `%`.
pub(super) fn filled(pattern: &str, mut fill: impl FnMut(char, &mut String) -> bool) -> String {
    let whole = walk(pattern, usize::MAX, |escape, out| {
        if escape == '%' {
            out.push('%');
            return true;
        }
        fill(escape, out)
    });
    whole.unwrap_or_default()
}

/// Fills what is known already; the result is a pattern again. None: it is longer than it may be.
pub(super) fn filled_first(
    pattern: &str,
    octets_max: usize,
    mut fill: impl FnMut(char, &mut String) -> bool,
) -> Option<String> {
    let mut filled = String::new();
    let take = |text: &str, out: &mut String| out.push_str(&text.replace('%', "%%"));
    let pattern = walk(pattern, octets_max, |escape, out| {
        filled.clear();
        let is_known = fill(escape, &mut filled);
        if is_known {
            take(&filled, out);
        }
        is_known
    })?;
    // What cannot stand in a request line is no escape of Kannel's when it has become one of a URL.
    let mut out = String::with_capacity(pattern.len());
    for piece in pattern.split_inclusive(is_foreign) {
        let end = piece.trim_end_matches(is_foreign);
        out.push_str(end);
        take(
            &askable(piece.get(end.len()..).unwrap_or_default()),
            &mut out,
        );
    }
    (out.len() <= octets_max).then_some(out)
}

/// None as soon as it is longer than it may be: what is filled may be long, and asked for often.
fn walk(
    pattern: &str,
    octets_max: usize,
    mut fill: impl FnMut(char, &mut String) -> bool,
) -> Option<String> {
    if pattern.len() > octets_max {
        return None;
    }
    let mut out = String::with_capacity(pattern.len() + 64);
    let mut signs = pattern.chars();
    while let Some(sign) = signs.next() {
        if out.len() > octets_max {
            return None;
        }
        if sign != '%' {
            out.push(sign);
            continue;
        }
        match signs.next() {
            Some(escape) if fill(escape, &mut out) => {}
            Some(escape) => out.extend(['%', escape]),
            None => out.push('%'),
        }
    }
    (out.len() <= octets_max).then_some(out)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_nobody_fills_stays() {
        let fill = |escape, out: &mut String| {
            out.push('X');
            escape == 'd'
        };
        assert_eq!(filled("%d%%d%q%", |e, o| e == 'd' && fill(e, o)), "X%d%q%");
    }

    #[test]
    fn what_no_request_line_holds_is_escaped_once() {
        let first = filled_first("http://h/a b?\u{e9}=%d", 100, |_, _| false).unwrap();
        assert_eq!(first, "http://h/a%%20b?%%C3%%A9=%d");
        let whole = filled(&first, |escape, out| {
            out.push('1');
            escape == 'd'
        });
        assert_eq!(whole, "http://h/a%20b?%C3%A9=1");
    }

    #[test]
    fn a_long_value_is_filled_no_more_often_than_the_result_may_have_it() {
        let value = "x".repeat(1_000);
        let mut times = 0;
        let filled = filled_first(&"%p".repeat(1_000), 2_048, |_, out| {
            times += 1;
            out.push_str(&value);
            true
        });
        assert_eq!((filled, times), (None, 3));
        let refused = filled_first(&"%p".repeat(2_000), 2_048, |_, _| {
            panic!("a pattern that is too long is not looked at")
        });
        assert_eq!(refused, None);
    }

    proptest! {
        #[test]
        fn two_steps_are_one(pattern in "[a-c%pd]{0,20}", number in "[0-9%d+]{0,6}") {
            let first = |escape: char, out: &mut String| {
                let is_known = escape == 'p';
                if is_known {
                    out.push_str(&number);
                }
                is_known
            };
            let second = |escape: char, out: &mut String| {
                let is_known = escape == 'd';
                if is_known {
                    out.push('8');
                }
                is_known
            };
            let once = filled(&pattern, |e, o| first(e, o) || second(e, o));
            let pattern = filled_first(&pattern, 1_000, first).unwrap();
            prop_assert_eq!(filled(&pattern, second), once);
        }
    }
}
