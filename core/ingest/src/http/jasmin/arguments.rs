//! Arguments of a call: of its URL, of a form, or of a JSON object.

use std::borrow::Cow;

use axum::extract::Request;
use axum::http::Method;
use serde_json::Value;

use super::answer::Fault;
use crate::http::body::{media_type, octets_of};
use crate::http::form::Form;
use crate::http::json;
use crate::http::state::State;

/// Arguments as they came, and what Jasmin takes where they are silent.
#[derive(Debug, Default)]
pub(crate) struct Arguments {
    form: Form,
    pub(crate) is_password_in_url: bool,
}

impl Arguments {
    /// Reads them whole.
    pub(crate) async fn read(state: &State, request: Request) -> Result<Self, Fault> {
        let (head, body) = request.into_parts();
        let url = Form::read(head.uri.query().unwrap_or_default().as_bytes());
        let mut arguments = Self {
            is_password_in_url: url.get("password").is_some(),
            form: url,
        };
        if head.method == Method::GET {
            return Ok(arguments);
        }
        let octets = octets_of(state, body)
            .await
            .map_err(|problem| Fault::bad(problem.to_string()))?;
        match media_type(&head.headers).as_str() {
            "application/json" => {
                let object = json::read(&octets)
                    .map_err(|fault| Fault::bad(format!("The body is no JSON object: {fault}")))?;
                let Value::Object(object) = object else {
                    return Err(Fault::bad("The body is no JSON object."));
                };
                for (name, value) in object {
                    arguments
                        .form
                        .push(name.into_bytes(), shown(value).into_bytes());
                }
            }
            "" if octets.is_empty() => {}
            // Whatever it says it is: curl and others say this of every POST.
            "" | "application/x-www-form-urlencoded" => arguments.form.add(&octets),
            other => {
                let text = format!("Content type [{other}] is unknown, send a form or JSON.");
                return Err(Fault::bad(text));
            }
        }
        Ok(arguments)
    }

    pub(crate) fn get(&self, name: &str) -> Option<&[u8]> {
        self.form.get(name)
    }

    /// Empty where it is not there.
    pub(crate) fn text(&self, name: &str) -> Cow<'_, str> {
        self.form.text(name).unwrap_or_default()
    }

    pub(crate) fn names(&self) -> impl Iterator<Item = &[u8]> {
        self.form.names()
    }

    /// What is taken where it was not given.
    pub(crate) fn default(&mut self, name: &str, value: &str) {
        if self.get(name).is_none() {
            self.form.push(name.into(), value.into());
        }
    }
}

fn shown(value: Value) -> String {
    match value {
        Value::String(text) => text,
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

#[cfg(test)]
impl Arguments {
    pub(crate) fn of(query: &str) -> Self {
        Self {
            form: Form::read(query.as_bytes()),
            is_password_in_url: false,
        }
    }
}
