//! Pages of other origins that call from a browser (CORS): those of `[http] cors_origins`, and none without it.

use std::time::Duration;

use axum::http::{HeaderName, HeaderValue, Method, header};
use tower_http::cors::{AllowOrigin, CorsLayer};

/// How long a browser need not ask again.
const REMEMBERED: Duration = Duration::from_secs(3_600);

/// What browsers are told; none: nothing.
pub(crate) fn layer(origins: &[String]) -> Option<CorsLayer> {
    let origin = if origins.iter().any(|origin| origin == "*") {
        AllowOrigin::any()
    } else {
        let values = (origins.iter()).filter_map(|origin| HeaderValue::from_str(origin).ok());
        AllowOrigin::list(values.collect::<Vec<_>>())
    };
    let layer = CorsLayer::new()
        .allow_origin(origin)
        .allow_methods([Method::GET, Method::POST, Method::PATCH, Method::DELETE])
        .allow_headers([
            header::AUTHORIZATION,
            header::CONTENT_TYPE,
            header::CONTENT_ENCODING,
            HeaderName::from_static("idempotency-key"),
        ])
        .expose_headers([
            header::RETRY_AFTER,
            header::CONTENT_DISPOSITION,
            HeaderName::from_static("idempotency-replayed"),
        ])
        .max_age(REMEMBERED);
    (!origins.is_empty()).then_some(layer)
}
