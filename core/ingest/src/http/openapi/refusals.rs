//! Answers that many calls share: each is a problem document.

use std::collections::BTreeMap;

use utoipa::openapi::header::HeaderBuilder;
use utoipa::openapi::{ContentBuilder, Ref, RefOr, Response, ResponseBuilder};
use utoipa::openapi::{ObjectBuilder, Type};
use utoipa::{IntoResponses, ToSchema};

use crate::http::problem::Problem;

type Responses = BTreeMap<String, RefOr<Response>>;

fn problem(status: &str, why: &str) -> (String, RefOr<Response>) {
    let schema = Ref::from_schema_name(Problem::name());
    let content = ContentBuilder::new().schema(Some(schema)).build();
    let mut response = ResponseBuilder::new()
        .description(why)
        .content("application/problem+json", content);
    let later = match status {
        "429" | "503" => Some((
            "Retry-After",
            Type::Integer,
            "Seconds after which to try again; 503 without it: whether it was done is not known",
        )),
        "401" => Some(("WWW-Authenticate", Type::String, "Schemes that are taken")),
        _ => None,
    };
    if let Some((name, kind, what)) = later {
        let schema = ObjectBuilder::new().schema_type(kind).build();
        let header = HeaderBuilder::new()
            .schema(Some(schema))
            .description(Some(what));
        response = response.header(name, header.build());
    }
    (status.to_owned(), response.build().into())
}

macro_rules! refusals {
    ($($(#[doc = $help:literal])* $name:ident = [$($status:literal $why:literal),+ $(,)?];)*) => {
        $($(#[doc = $help])* pub(crate) struct $name;

        impl IntoResponses for $name {
            fn responses() -> Responses {
                [$(problem($status, $why)),+].into()
            }
        })*
    };
}

refusals! {
    /// Of every call that asks for credentials.
    Refusals = [
        "400" "A header, a parameter or the body has to be mended; `errors` names it",
        "401" "The credentials are missing, unknown, or signed wrongly",
        "403" "The key has not the scope, the address is not allowed, or the account is no operator's",
        "429" "Too many requests, too many messages, or more work than the node can take",
        "503" "Not now: the store refuses, the node goes down, or the engine gave no answer in time",
    ];
    /// Of calls that have parameters.
    ParameterFaults = ["400" "A parameter is missing, unknown or wrong; `errors` names it"];
    /// Of calls that read a body.
    BodyFaults = [
        "400" "The body is not what it has to be; `errors` names the fields",
        "408" "The body did not come in time",
        "413" "The body is larger than may be",
        "415" "The media type or the encoding of the body is not taken",
    ];
    /// Of calls about something named.
    Missing = ["404" "There is none of that name, or it is not this account's"];
    /// Of calls without credentials that may not be answered now.
    Unavailable = ["503" "Not now"];
}
