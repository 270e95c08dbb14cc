//! What other gateways' answers have no word for: why, and what helps, in a header beside their text.

use axum::http::{HeaderMap, HeaderName, HeaderValue};

const DETAIL: HeaderName = HeaderName::from_static("x-carrack-detail");
const DETAIL_OCTETS_MAX: usize = 512;

/// Says it; nothing where there is nothing to say. What a header cannot hold is left out of it.
pub(crate) fn detail_header(headers: &mut HeaderMap, detail: &str) {
    let fit = detail.chars().filter(|sign| matches!(sign, ' '..='~'));
    let text: String = fit.take(DETAIL_OCTETS_MAX).collect();
    if let (false, Ok(value)) = (text.is_empty(), HeaderValue::from_str(&text)) {
        headers.insert(DETAIL, value);
    }
}
