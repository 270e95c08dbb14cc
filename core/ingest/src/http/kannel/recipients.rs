//! `to`: numbers with blanks between them, each once.

use super::RECIPIENTS_MAX;
use super::answer::Answer;
use super::fields::Fields;

/// The numbers in their order.
pub(crate) fn of(given: &Fields) -> Result<Vec<String>, Answer> {
    let to = given.to.as_deref();
    let to = to.ok_or_else(|| Answer::bad("Missing receiver number, rejected"))?;
    if to.is_empty() {
        return Err(Answer::bad("Empty receiver number not allowed, rejected"));
    }
    let mut numbers: Vec<String> = Vec::new();
    let text = String::from_utf8_lossy(to);
    for number in text.split_ascii_whitespace() {
        if numbers.len() >= RECIPIENTS_MAX {
            let detail =
                format!("to: has more than {RECIPIENTS_MAX} recipients; send several calls");
            return Err(Answer::bad_for("Too many receivers, rejected", &detail));
        }
        if !numbers.iter().any(|known| known == number) {
            numbers.push(number.to_owned());
        }
    }
    Ok(numbers)
}
