//! Texts with placeholders: `Hello {name}`; `{{` and `}}` are braces.
//!
//! Promise: a template is checked against the header once; rendering cannot fail.

use thiserror::Error;

use crate::submission::nearest;

/// Why a template cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum TemplateFault {
    /// Nothing in it.
    #[error("the template is empty; write a text such as \"Hello {{name}}\"")]
    Empty,
    /// A brace without its fellow.
    #[error(
        "the brace at character {character} of the template has no fellow; write {{{{ or }}}} for a brace itself"
    )]
    Brace {
        /// Its place in characters, from 1.
        character: usize,
    },
    /// A placeholder that is no column.
    #[error("the template's {{{name}}} is no column of the file; {cure}")]
    Unknown {
        /// The placeholder.
        name: String,
        /// The nearest column, or all of them.
        cure: String,
    },
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Literal(String),
    Column(usize),
}

/// A template whose placeholders are columns of a header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Template {
    parts: Vec<Part>,
}

impl Template {
    /// Whether a column stands in it.
    pub(crate) fn uses(&self, column: usize) -> bool {
        self.parts.contains(&Part::Column(column))
    }

    /// Reads a template for a header; names are compared without case and blanks around them.
    pub(crate) fn parse(text: &str, columns: &[String]) -> Result<Self, TemplateFault> {
        if text.is_empty() {
            return Err(TemplateFault::Empty);
        }
        let mut parts = Vec::new();
        let mut literal = String::new();
        let mut characters = text.chars().enumerate().peekable();
        while let Some((place, found)) = characters.next() {
            let doubled = characters.peek().is_some_and(|(_, next)| *next == found);
            match found {
                '{' | '}' if doubled => {
                    characters.next();
                    literal.push(found);
                }
                '{' => {
                    let mut name = String::new();
                    let closed = characters
                        .by_ref()
                        .map(|(_, next)| next)
                        .take_while(|next| {
                            let inside = *next != '}';
                            if inside {
                                name.push(*next);
                            }
                            inside
                        });
                    let consumed = closed.count();
                    // `take_while` swallows the closing brace; without one everything was taken.
                    let end = place + 1 + consumed;
                    if text.chars().nth(end) != Some('}') || name.contains('{') {
                        return Err(TemplateFault::Brace {
                            character: place + 1,
                        });
                    }
                    if !literal.is_empty() {
                        parts.push(Part::Literal(std::mem::take(&mut literal)));
                    }
                    parts.push(Part::Column(column(&name, columns)?));
                }
                '}' => {
                    return Err(TemplateFault::Brace {
                        character: place + 1,
                    });
                }
                _ => literal.push(found),
            }
        }
        if !literal.is_empty() {
            parts.push(Part::Literal(literal));
        }
        Ok(Self { parts })
    }

    /// Writes the text of a row to `out`.
    pub(crate) fn render<F>(
        &self,
        mut cell: impl FnMut(usize, &mut String) -> Result<(), F>,
        out: &mut String,
    ) -> Result<(), F> {
        for part in &self.parts {
            match part {
                Part::Literal(text) => out.push_str(text),
                Part::Column(column) => cell(*column, out)?,
            }
        }
        Ok(())
    }
}

fn column(name: &str, columns: &[String]) -> Result<usize, TemplateFault> {
    let wanted = name.trim().to_lowercase();
    columns
        .iter()
        .position(|column| *column == wanted)
        .ok_or_else(|| TemplateFault::Unknown {
            name: name.to_owned(),
            cure: nearest(&wanted, columns.iter().map(String::as_str)),
        })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use proptest::prelude::*;

    use super::*;

    fn render(template: &str) -> Result<String, TemplateFault> {
        let columns = ["to".to_owned(), "first name".to_owned()];
        let template = Template::parse(template, &columns)?;
        let mut out = String::new();
        let cell = |column: usize, out: &mut String| -> Result<(), ()> {
            out.push_str(["49", "Ada"].get(column).unwrap());
            Ok(())
        };
        template.render(cell, &mut out).unwrap();
        Ok(out)
    }

    #[test]
    fn placeholders_and_braces() {
        assert_eq!(render("Hello { First Name }!").unwrap(), "Hello Ada!");
        assert_eq!(render("{{{to}}} {{to}}").unwrap(), "{49} {to}");
        for (template, character) in [("a{", 2), ("{to", 1), ("}", 1), ("é}x", 2), ("{a{to}", 1)] {
            assert_eq!(
                render(template),
                Err(TemplateFault::Brace { character }),
                "{template}"
            );
        }
        assert_eq!(render(""), Err(TemplateFault::Empty));
        let fault = render("{first nam}").unwrap_err().to_string();
        assert!(
            fault.contains("{first nam}") && fault.contains("did you mean `first name`?"),
            "{fault}"
        );
    }

    proptest! {
        #[test]
        fn escaped_text_renders_as_itself(text in "[{}aé ]{1,12}") {
            let escaped = text.replace('{', "{{").replace('}', "}}");
            prop_assert_eq!(render(&escaped).unwrap(), text);
        }
    }
}
