//! `/rate`: what a message would cost.

use axum::extract::{Request, State as Extract};
use axum::response::Response;
use carrack_message::{Class, Sender};
use carrack_routing::Query;
use serde_json::json;

use super::answer::{Fault, object};
use super::arguments::Arguments;
use super::{called, check, content};
use crate::accounts::{Account, Scope};
use crate::http::state::State;
use crate::submission::Screen;
use carrack_message::record::Body;

pub(crate) async fn rate(Extract(state): Extract<State>, request: Request) -> Response {
    let prepare = |arguments: &mut Arguments| {
        arguments.default("coding", "0");
        if arguments.get("hex-content").is_none() {
            arguments.default("content", "");
        }
    };
    let found = match called(&state, request, Scope::Send, check::RATE, prepare).await {
        Ok((arguments, account)) => rated(&state, &account, &arguments),
        Err(fault) => Err(fault),
    };
    match found {
        Ok((unit_rate, submit_sm_count)) => object(&json!({
            "unit_rate": unit_rate,
            "submit_sm_count": submit_sm_count,
        })),
        Err(fault) => fault.as_json(),
    }
}

/// Price of a segment, and segments.
fn rated(state: &State, account: &Account, arguments: &Arguments) -> Result<(f64, u8), Fault> {
    let screen = Screen::new(account, Class::Transactional);
    let to = screen.recipient(&arguments.text("to")).map_err(|fault| {
        let value = arguments.get("to").unwrap_or_default();
        Fault::invalid("to", value, &fault.to_string())
    })?;
    let given = arguments.text("from");
    let own = account.sender.as_ref().map(Sender::as_str);
    let from = if given.is_empty() {
        own.unwrap_or_default()
    } else {
        &given
    };
    let bodies = content::bodies(arguments, account.segments_max, 0)?;
    let segments = match bodies.as_slice() {
        [Body::Text(text)] => {
            carrack_message::Segmentation::of(text, account.segments_max)
                .map_err(|fault| Fault::bad(format!("Content is too long: {fault}")))?
                .segments
        }
        parts => u8::try_from(parts.len()).unwrap_or(u8::MAX),
    };
    let tag = arguments.text("tags");
    let quality = state.engine.quality();
    let deck = account.deck.as_ref();
    let hit = account.price(to);
    let query = Query {
        group: &account.group,
        tag: &tag,
        segments,
        at_utc_ns: state.utc_ns(),
        sell: hit.as_ref().map(|hit| hit.price),
        sell_currency: deck.and_then(|deck| deck.currency()),
        quality: Some(&quality),
        ..Query::of(
            &account.name,
            to,
            from,
            account.class.unwrap_or(Class::Transactional),
        )
    };
    let routed = state.engine.table().choose(&query);
    routed.map_err(|fault| Fault::no_route(&fault.to_string()))?;
    let price = hit.as_ref().and_then(|hit| hit.cost(1));
    if deck.is_some() && price.is_none() {
        return Err(Fault::no_route(
            "the price list of this account has no price for the number",
        ));
    }
    // Digits with a point are a number.
    let unit_rate = price.and_then(|price| price.to_string().parse().ok());
    Ok((unit_rate.unwrap_or(0.0), segments))
}
