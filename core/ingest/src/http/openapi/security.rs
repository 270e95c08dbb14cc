//! How callers say who they are, and which scope each call needs.

use axum::http::Method;
use utoipa::Modify;
use utoipa::openapi::path::{Operation, PathItem};
use utoipa::openapi::security::{
    ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme,
};
use utoipa::openapi::{Components, OpenApi};

use crate::accounts::Scope;
use crate::http::scope::scope_of;

pub(super) struct Security;

const SCHEMES: [&str; 3] = ["bearer", "basic", "signature"];

/// The scope that an operation needs; none: no credentials.
fn scope(method: &Method, path: &str, operation: &Operation) -> Option<Scope> {
    match operation
        .tags
        .as_deref()
        .and_then(<[String]>::first)?
        .as_str()
    {
        "node" => None,
        "operators" => Some(Scope::Operate),
        _ => Some(scope_of(method, path)),
    }
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = (Method, &mut Operation)> {
    let PathItem {
        get,
        post,
        delete,
        patch,
        ..
    } = item;
    let get = get.as_mut().map(|operation| (Method::GET, operation));
    let post = post.as_mut().map(|operation| (Method::POST, operation));
    let delete = delete.as_mut().map(|operation| (Method::DELETE, operation));
    let patch = patch.as_mut().map(|operation| (Method::PATCH, operation));
    [get, post, delete, patch].into_iter().flatten()
}

impl Modify for Security {
    fn modify(&self, document: &mut OpenApi) {
        let schemes = [
            SecurityScheme::Http(
                (HttpBuilder::new().scheme(HttpAuthScheme::Bearer))
                    .description(Some("A key of the account"))
                    .build(),
            ),
            SecurityScheme::Http(
                (HttpBuilder::new().scheme(HttpAuthScheme::Basic))
                    .description(Some("The account's name, and one of its keys"))
                    .build(),
            ),
            SecurityScheme::ApiKey(ApiKey::Header(ApiKeyValue::with_description(
                "Authorization",
                "HMAC-SHA256 key=ACCOUNT/KEY,t=UNIX,nonce=TEXT,signature=HEX over method, path with query, t, nonce and the SHA-256 of the body, each on a line; docs/http.md",
            ))),
        ];
        let components = document.components.get_or_insert_with(Components::new);
        for (name, scheme) in SCHEMES.into_iter().zip(schemes) {
            components.add_security_scheme(name, scheme);
        }
        for (path, item) in &mut document.paths.paths {
            for (method, operation) in operations(item) {
                let needed = scope(&method, path, operation).map(|scope| {
                    let ways = SCHEMES
                        .map(|scheme| SecurityRequirement::new(scheme, [scope.name()]))
                        .into_iter();
                    let without = (path == "/metrics").then(SecurityRequirement::default);
                    ways.chain(without).collect::<Vec<_>>()
                });
                operation.security = Some(needed.unwrap_or_default());
            }
        }
    }
}
