//! What a template may do to a value. Only what cannot grow a text beyond its bound, and each says what it expects.

use minijinja::value::{Rest, ValueKind};
use minijinja::{
    Environment, Error, ErrorKind, Output, State, Value, escape_formatter, filters, tests,
};

/// Octets that one value may have.
pub(super) const VALUE_OCTETS_MAX: usize = 16 << 10;

/// Characters of a value that a fault shows.
const SHOWN_CHARACTERS: usize = 40;
const YES: [&str; 14] = [
    "1", "yes", "y", "true", "t", "on", "x", "ja", "j", "oui", "si", "sí", "sim", "да",
];
const NO: [&str; 11] = [
    "0", "no", "n", "false", "f", "off", "nein", "non", "não", "nao", "нет",
];

/// Names that a template finds: filters and tests.
pub(super) fn add(environment: &mut Environment<'static>) {
    environment.add_filter("upper", filters::upper);
    environment.add_filter("lower", filters::lower);
    environment.add_filter("title", filters::title);
    environment.add_filter("capitalize", filters::capitalize);
    environment.add_filter("trim", filters::trim);
    environment.add_filter("length", filters::length);
    environment.add_filter("int", |value: &Value| int(value));
    environment.add_filter("float", |value: &Value| {
        number("float", value).map(Value::from)
    });
    environment.add_filter("round", |value: &Value, precision: Option<i32>| {
        filters::round(any_number("round", value)?, precision)
    });
    environment.add_filter("abs", |value: &Value| {
        filters::abs(any_number("abs", value)?)
    });
    environment.add_filter("first", filters::first);
    environment.add_filter("last", filters::last);
    environment.add_filter("string", filters::string);
    environment.add_filter("default", default);
    environment.add_filter("d", default);
    environment.add_filter("replace", replace);
    environment.add_filter("truncate", truncate);
    environment.add_filter("plural", plural);
    environment.add_test("defined", tests::is_defined);
    environment.add_test("undefined", tests::is_undefined);
    environment.add_test("empty", is_empty);
    environment.add_test("odd", tests::is_odd);
    environment.add_test("even", tests::is_even);
    environment.add_test("divisibleby", divisible_by);
    environment.add_test("yes", yes);
    environment.add_test("startingwith", tests::is_startingwith);
    environment.add_test("endingwith", tests::is_endingwith);
    environment.add_test("eq", tests::is_eq);
    environment.add_test("ne", tests::is_ne);
    environment.add_test("in", tests::is_in);
}

/// Writes a value into a text.
pub(super) fn write(
    out: &mut Output<'_>,
    state: &State<'_, '_>,
    value: &Value,
) -> Result<(), Error> {
    let is_number = value.kind() == ValueKind::Number;
    if is_number && f64::try_from(value.clone()).is_ok_and(|number| !number.is_finite()) {
        let detail = "what is reckoned here has no end; do not divide by 0";
        return Err(fault(detail.to_owned()));
    }
    escape_formatter(out, state, value)
}

/// A number, or the number that a text says.
fn number(filter: &str, value: &Value) -> Result<f64, Error> {
    let number = match value.as_str() {
        Some(text) => text.trim().parse::<f64>().ok(),
        None => f64::try_from(value.clone()).ok(),
    };
    number.filter(|number| number.is_finite()).ok_or_else(|| {
        let shown = truncate(value.to_string(), SHOWN_CHARACTERS, Some("...".to_owned()));
        fault(format!(
            "{filter}: {shown:?} is no number; where a cell may be empty, give it a default before: default(0)|{filter}"
        ))
    })
}

/// The same, and whole numbers stay whole.
fn any_number(filter: &str, value: &Value) -> Result<Value, Error> {
    let whole = match value.as_str() {
        Some(text) => text.trim().parse::<i64>().ok(),
        None => i64::try_from(value.clone()).ok(),
    };
    match whole {
        Some(whole) => Ok(Value::from(whole)),
        None => number(filter, value).map(Value::from),
    }
}

/// A whole number; what stands behind the point is cut off.
fn int(value: &Value) -> Result<Value, Error> {
    let number = any_number("int", value)?;
    match i64::try_from(number.clone()) {
        Ok(whole) => Ok(Value::from(whole)),
        // Beyond its range it ends there.
        Err(_) => Ok(Value::from(f64::try_from(number)? as i64)),
    }
}

/// What people write for yes and for no; anything else is neither.
fn yes(value: &Value) -> Result<bool, Error> {
    if is_empty(value) {
        return Ok(false);
    }
    let text = value.to_string().trim().to_lowercase();
    if YES.contains(&text.as_str()) {
        Ok(true)
    } else if NO.contains(&text.as_str()) {
        Ok(false)
    } else {
        let shown = truncate(text, SHOWN_CHARACTERS, Some("...".to_owned()));
        Err(fault(format!(
            "yes: {shown:?} is neither yes nor no; write yes, no, true, false, 1 or 0, or nothing"
        )))
    }
}

fn divisible_by(value: &Value, by: i64) -> Result<bool, Error> {
    let value = i64::try_from(value.clone())
        .map_err(|_| fault(format!("divisibleby: {value} is no whole number")))?;
    // By 0 nothing is.
    Ok(value.checked_rem(by) == Some(0))
}

fn fault(detail: String) -> Error {
    Error::new(ErrorKind::InvalidOperation, detail)
}

/// Nothing, or only blanks: a cell is never undefined in CSV, it is empty.
fn is_empty(value: &Value) -> bool {
    value.is_undefined()
        || value.is_none()
        || value.as_str().is_some_and(|text| text.trim().is_empty())
}

/// Another value where there is none.
fn default(value: &Value, args: Rest<Value>) -> Value {
    if is_empty(value) {
        args.first().cloned().unwrap_or_else(|| Value::from(""))
    } else {
        value.clone()
    }
}

fn replace(value: String, from: String, to: String) -> Result<String, Error> {
    let grown = if from.is_empty() {
        0
    } else {
        value.matches(&from).count() * to.len()
    };
    if from.is_empty() || value.len() + grown > VALUE_OCTETS_MAX {
        return Err(fault(
            "replace: it would become too long, or has nothing to look for".to_owned(),
        ));
    }
    Ok(value.replace(&from, &to))
}

/// The first characters, and an end where some were left out.
fn truncate(value: String, characters: usize, end: Option<String>) -> String {
    match value.char_indices().nth(characters) {
        None => value,
        Some((place, _)) => {
            let kept = value.get(..place).unwrap_or_default().trim_end();
            format!("{kept}{}", end.unwrap_or_default())
        }
    }
}

/// One form for 1, the other for all else.
fn plural(value: &Value, one: String, many: String) -> Result<String, Error> {
    match number("plural", value)? {
        1.0 => Ok(one),
        _ => Ok(many),
    }
}
