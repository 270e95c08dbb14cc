//! The way of a request: straight to its call, or first through what only some requests ask for: a signature to prove, a
//! body to unpack, an answer to pack, a browser to be told which origins may call.
//!
//! Promise: a request that asks for none of it pays a look at the names of its headers.

use std::convert::Infallible;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Request, header};
use axum::middleware::{from_fn, from_fn_with_state};
use axum::response::Response;
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::SizeAbove;
use tower_service::Service as _;

use super::routes::router;
use super::state::State;
use super::{cross_origin, encoding, signature};

/// Shorter answers are not worth packing.
const PACKED_OCTETS_MIN: u64 = 1_024;

/// All calls, as every connection has them.
#[derive(Clone)]
pub(crate) struct Calls(Arc<Ways>);

struct Ways {
    plain: Router,
    /// The same behind layers.
    special: Router,
    knows_origins: bool,
}

impl Calls {
    pub(crate) fn new(state: State, cors_origins: &[String]) -> Self {
        let plain = router(state.clone());
        // The last is the first that a request comes to. What is signed is what came over the wire.
        let mut special = (plain.clone())
            .layer(from_fn(encoding::decode))
            .layer(from_fn_with_state(state, signature::prove))
            .layer(CompressionLayer::new().compress_when(SizeAbove::new(PACKED_OCTETS_MIN)))
            .layer(from_fn(encoding::plain_always));
        let cross_origin = cross_origin::layer(cors_origins);
        let knows_origins = cross_origin.is_some();
        if let Some(cross_origin) = cross_origin {
            special = special.layer(cross_origin);
        }
        Self(Arc::new(Ways {
            plain,
            special,
            knows_origins,
        }))
    }

    /// Calls without anything special.
    #[cfg(test)]
    pub(crate) fn plain(router: Router) -> Self {
        Self(Arc::new(Ways {
            special: router.clone(),
            plain: router,
            knows_origins: false,
        }))
    }

    pub(crate) async fn call(&self, request: Request<Body>) -> Result<Response, Infallible> {
        let ways = &self.0;
        let way = match ways.is_special(request.headers()) {
            true => &ways.special,
            false => &ways.plain,
        };
        way.clone().call(request).await
    }
}

impl Ways {
    fn is_special(&self, headers: &HeaderMap) -> bool {
        headers.keys().any(|name| {
            name == header::ACCEPT_ENCODING
                || name == header::CONTENT_ENCODING
                || self.knows_origins && name == header::ORIGIN
        }) || signature::is_signed(headers)
    }
}
