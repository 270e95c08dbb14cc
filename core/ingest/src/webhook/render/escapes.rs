//! `%x` in a pattern (Kannel's user guide, "Parameters (Escape Codes)").
//!
//! Promise: an escape that nobody fills stays as it is, so that a pattern may be filled in two steps: what is constant
//! when the message comes, the rest when there is something to tell. What the first step writes the second leaves alone.

use super::url::{askable, is_foreign};

/// Fills a pattern for good: `%%` becomes `%`.
pub(super) fn filled(pattern: &str, mut fill: impl FnMut(char, &mut String) -> bool) -> String {
    walk(pattern, |escape, out| {
        if escape == '%' {
            out.push('%');
            return true;
        }
        fill(escape, out)
    })
}

/// Fills what is known already; the result is a pattern again.
pub(super) fn filled_first(
    pattern: &str,
    mut fill: impl FnMut(char, &mut String) -> bool,
) -> String {
    let mut filled = String::new();
    let take = |text: &str, out: &mut String| out.push_str(&text.replace('%', "%%"));
    let pattern = walk(pattern, |escape, out| {
        filled.clear();
        let is_known = fill(escape, &mut filled);
        if is_known {
            take(&filled, out);
        }
        is_known
    });
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
    out
}

fn walk(pattern: &str, mut fill: impl FnMut(char, &mut String) -> bool) -> String {
    let mut out = String::with_capacity(pattern.len() + 64);
    let mut signs = pattern.chars();
    while let Some(sign) = signs.next() {
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
    out
}

#[cfg(test)]
mod tests {
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
        let first = filled_first("http://h/a b?\u{e9}=%d", |_, _| false);
        assert_eq!(first, "http://h/a%%20b?%%C3%%A9=%d");
        let whole = filled(&first, |escape, out| {
            out.push('1');
            escape == 'd'
        });
        assert_eq!(whole, "http://h/a%20b?%C3%A9=1");
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
            prop_assert_eq!(filled(&filled_first(&pattern, first), second), once);
        }
    }
}
