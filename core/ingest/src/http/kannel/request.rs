//! Reads a call: parameters of a URL or a form, or `X-Kannel` headers with the text as body.

use axum::extract::Request;
use axum::http::{HeaderMap, Method, header};

use super::answer::Answer;
use super::fields::Fields;
use crate::http::body::{media_type, octets_of};
use crate::http::form::Form;
use crate::http::state::State;

/// Who says he calls.
#[derive(Debug, Default)]
pub(crate) struct Credentials {
    user: Option<String>,
    password: Option<String>,
    /// Whether the password stood in the URL.
    pub(crate) is_in_url: bool,
}

impl Credentials {
    /// Both, or Kannel's refusal.
    pub(crate) fn of(&self) -> Result<(&str, &str), Answer> {
        match (&self.user, &self.password) {
            (Some(user), Some(password)) => Ok((user, password)),
            _ => Err(Answer::unauthorized("username or password is missing")),
        }
    }

    fn of_form(form: &Form, is_in_url: bool) -> Self {
        let text = |name: &str, short: &str| {
            let found = form.text(name).or_else(|| form.text(short));
            found.map(std::borrow::Cow::into_owned)
        };
        Self {
            user: text("username", "user"),
            password: text("password", "pass"),
            is_in_url,
        }
    }

    fn of_headers(headers: &HeaderMap) -> Self {
        let text = |name: &str| {
            let value = headers.get(name)?.as_bytes().trim_ascii();
            Some(String::from_utf8_lossy(value).into_owned())
        };
        Self {
            user: text("x-kannel-username"),
            password: text("x-kannel-password"),
            is_in_url: false,
        }
    }
}

/// Reads it whole.
pub(crate) async fn read(state: &State, request: Request) -> Result<(Fields, Credentials), Answer> {
    let (head, body) = request.into_parts();
    let query = head.uri.query().unwrap_or_default().as_bytes();
    let url = Form::read(query);
    if head.method == Method::GET {
        return Ok((Fields::of_form(&url), Credentials::of_form(&url, true)));
    }
    let octets = octets_of(state, body)
        .await
        .map_err(|problem| Answer::bad_for("Incomplete request.", &problem.to_string()))?;
    // A parameter that stands twice counts where it stands first: in the URL.
    let is_in_url = url.get("password").or_else(|| url.get("pass")).is_some();
    match media_type(&head.headers).as_str() {
        "" if octets.is_empty() => {
            Ok((Fields::of_form(&url), Credentials::of_form(&url, is_in_url)))
        }
        "application/x-www-form-urlencoded" => {
            let mut form = url;
            form.add(&octets);
            let credentials = Credentials::of_form(&form, is_in_url);
            Ok((Fields::of_form(&form), credentials))
        }
        "text/plain" => {
            let charset = charset(&head.headers);
            let fields = Fields::of_headers(&head.headers, charset, &octets);
            Ok((fields, Credentials::of_headers(&head.headers)))
        }
        "application/octet-stream" => {
            let mut fields = Fields::of_headers(&head.headers, None, &octets);
            if fields.numbers.coding < 0 {
                fields.numbers.coding = 1;
            }
            Ok((fields, Credentials::of_headers(&head.headers)))
        }
        "text/html" | "text/vnd.wap.wml" | "text/xml" => Err(Answer::content_type(true)),
        _ => Err(Answer::content_type(false)),
    }
}

/// The charset of a content type.
fn charset(headers: &HeaderMap) -> Option<String> {
    let value = headers.get(header::CONTENT_TYPE)?.to_str().ok()?;
    let mut parameters = value.split(';').skip(1);
    let found = parameters.find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        let is_charset = name.trim().eq_ignore_ascii_case("charset");
        is_charset.then(|| value.trim().trim_matches('"').to_owned())
    });
    found.filter(|charset| !charset.is_empty())
}
