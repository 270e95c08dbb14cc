//! What a template of the whole language may be made of, looked at sign by sign before anything is built of it.
//!
//! The library's parser and its compiler go as deep as what they read is nested, reckon constants at once, and copy all that
//! stands before each `~`; none of that has a bound of its own. Promise: what passes here is compiled on any thread's stack,
//! and a row costs no more than its cells times these numbers. Bounds: [`SIGNS_MAX`] and [`PIECE_SIGNS_MAX`] signs,
//! [`JOINS_MAX`] and [`PIECE_JOINS_MAX`] joins, [`CONDITIONS_MAX`] conditions; no products, no slices, no maps.

use minijinja::machinery::{Token, tokenize};

use super::jinja::{JinjaFault, at, of_error};

/// Words, numbers, texts and signs within braces, of a template.
const SIGNS_MAX: usize = 1_024;
/// Of one `{{ }}` or `{% %}`.
const PIECE_SIGNS_MAX: usize = 128;
/// `~` and `+` of a template.
const JOINS_MAX: usize = 64;
/// Of one `{{ }}` or `{% %}`.
const PIECE_JOINS_MAX: usize = 16;
/// `if` and `elif` of a template.
const CONDITIONS_MAX: usize = 64;
/// Tags that are read.
const TAGS: [&str; 6] = ["if", "elif", "else", "endif", "raw", "endraw"];

/// What was counted so far.
#[derive(Default)]
struct Count {
    signs: usize,
    joins: usize,
}

/// Looks a template through.
///
/// # Errors
/// Its place, and what to do.
pub(super) fn check(text: &str) -> Result<(), JinjaFault> {
    let (mut whole, mut piece) = (Count::default(), Count::default());
    let mut conditions = 0;
    let mut is_tag = false;
    for found in tokenize(text, false, Default::default(), Default::default()) {
        let (token, span) = found.map_err(|error| of_error(text, &error))?;
        let fault = |detail: String| Err(at(text, span.start_offset as usize, detail));
        let begins_tag = std::mem::take(&mut is_tag);
        match token {
            Token::TemplateData(_) | Token::VariableEnd | Token::BlockEnd => continue,
            Token::VariableStart | Token::BlockStart => {
                piece = Count::default();
                is_tag = matches!(token, Token::BlockStart);
                continue;
            }
            Token::Ident(tag) if begins_tag && !TAGS.contains(&tag) => {
                let known = TAGS.join(", ");
                return fault(format!(
                    "the tag {tag:?} is not read here; known are {known}"
                ));
            }
            Token::Ident("if" | "elif") if begins_tag => conditions += 1,
            Token::Mul | Token::Pow => {
                let detail = "there are no products in a template; write the result into the file";
                return fault(detail.to_owned());
            }
            Token::Colon => {
                let detail = "there are no slices in a template; use truncate, first or last";
                return fault(detail.to_owned());
            }
            Token::BraceOpen => {
                let detail = "there are no maps in a template; use conditions";
                return fault(detail.to_owned());
            }
            Token::Tilde | Token::Plus => {
                piece.joins += 1;
                whole.joins += 1;
            }
            _ => {}
        }
        piece.signs += 1;
        whole.signs += 1;
        for (counted, most, what) in [
            (
                piece.signs,
                PIECE_SIGNS_MAX,
                "words and signs within one pair of braces",
            ),
            (whole.signs, SIGNS_MAX, "words and signs within braces"),
            (
                piece.joins,
                PIECE_JOINS_MAX,
                "joins (~ and +) within one pair of braces",
            ),
            (whole.joins, JOINS_MAX, "joins (~ and +)"),
            (conditions, CONDITIONS_MAX, "conditions (if and elif)"),
        ] {
            if counted > most {
                return fault(format!(
                    "there are more than {most} {what}; make the text ready in the file"
                ));
            }
        }
    }
    Ok(())
}
