//! Texts with placeholders: `Hello {name}`; `{{` and `}}` are braces.
//!
//! Promise: a template is checked against the header once, in one pass; rendering fails only as a cell does.

use super::{TemplateFault, column};

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Literal(String),
    Column(usize),
}

/// A template whose placeholders are columns of a header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Simple {
    parts: Vec<Part>,
}

impl Simple {
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
                    let mut is_closed = false;
                    for (_, next) in characters.by_ref() {
                        is_closed = next == '}';
                        if is_closed {
                            break;
                        }
                        name.push(next);
                    }
                    if !is_closed || name.contains('{') {
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use proptest::prelude::*;

    use super::*;

    fn render(template: &str) -> Result<String, TemplateFault> {
        let columns = ["to".to_owned(), "first name".to_owned()];
        let template = Simple::parse(template, &columns)?;
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
