//! What a template may do to a value. Only what cannot grow a text beyond its bound, and each says what it expects.

use minijinja::value::Rest;
use minijinja::{Environment, Error, ErrorKind, Value, filters, tests};

/// Octets that one value may have.
pub(super) const VALUE_OCTETS_MAX: usize = 16 << 10;

/// Names that a template finds: filters and tests.
pub(super) fn add(environment: &mut Environment<'static>) {
    environment.add_filter("upper", filters::upper);
    environment.add_filter("lower", filters::lower);
    environment.add_filter("title", filters::title);
    environment.add_filter("capitalize", filters::capitalize);
    environment.add_filter("trim", filters::trim);
    environment.add_filter("length", filters::length);
    environment.add_filter("int", filters::int);
    environment.add_filter("float", filters::float);
    environment.add_filter("round", filters::round);
    environment.add_filter("abs", filters::abs);
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
    environment.add_test("divisibleby", tests::is_divisibleby);
    environment.add_test("startingwith", tests::is_startingwith);
    environment.add_test("endingwith", tests::is_endingwith);
    environment.add_test("eq", tests::is_eq);
    environment.add_test("ne", tests::is_ne);
    environment.add_test("in", tests::is_in);
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
    let count = match value.as_str() {
        Some(text) => text.trim().parse::<f64>().ok(),
        None => f64::try_from(value.clone()).ok(),
    };
    match count {
        Some(1.0) => Ok(one),
        Some(_) => Ok(many),
        None => Err(fault(format!("plural: {value} is no number"))),
    }
}
