//! `/send`: one message to one recipient.

use axum::extract::{Request, State as Extract};
use axum::response::Response;
use carrack_message::record::ReceiptWish;
use carrack_message::{Class, is_tag, write_tag};

use super::answer::{Fault, success};
use super::arguments::Arguments;
use super::{called, check, content, custom_tlvs, receipt};
use crate::accounts::{Account, IdFormat, Scope};
use crate::http::idempotency::RequestKey;
use crate::http::legacy_parts::{Message, PartedCall};
use crate::http::messages::take_rate;
use crate::http::state::State;
use crate::smpp_server::{message_id, period};
use crate::submission::{Options, Screen};

const MINUTE_NS: u64 = 60_000_000_000;

pub(crate) async fn send(Extract(state): Extract<State>, request: Request) -> Response {
    match sent(&state, request).await {
        Ok(id) => success(&id),
        Err(fault) => fault.as_text(),
    }
}

async fn sent(state: &State, request: Request) -> Result<String, Fault> {
    let key = RequestKey::of_header(request.headers())
        .map_err(|fault| Fault::bad(format!("Idempotency-Key {}", fault.detail)))?;
    let prepare = |arguments: &mut Arguments| {
        arguments.default("coding", "0");
        receipt::default(arguments);
    };
    let (arguments, account) = called(state, request, Scope::Send, check::SEND, prepare).await?;
    let call = screened(&account, &arguments, key.as_ref(), state.utc_ns())?;
    take_rate(&account, &call.submissions)
        .map_err(|_| Fault::throughput("the account's rate is used up"))?;
    let ends = call.submit(state).await;
    let ends = ends.map_err(|problem| Fault::later(&problem.to_string()))?;
    let end = ends.into_iter().next();
    let end = end.ok_or_else(|| Fault::later("the engine gave no verdict"))?;
    let id = end.map_err(|refusal| Fault::refused(&refusal))?;
    let mut text = Vec::new();
    message_id::write(IdFormat::Uuid, id, &mut text);
    Ok(String::from_utf8_lossy(&text).into_owned())
}

/// Screens it, and puts its key on it.
fn screened(
    account: &Account,
    arguments: &Arguments,
    key: Option<&RequestKey>,
    utc_ns: u64,
) -> Result<PartedCall, Fault> {
    let screen = Screen::new(account, Class::Transactional);
    let invalid = |name: &str, detail: &str| {
        let value = arguments.get(name).unwrap_or_default();
        Fault::invalid(name, value, detail)
    };
    let to = screen
        .recipient(&arguments.text("to"))
        .map_err(|fault| invalid("to", &fault.to_string()))?;
    let from = arguments.get("from").map(String::from_utf8_lossy);
    let from = screen
        .sender(from.as_deref())
        .map_err(|fault| match &from {
            Some(_) => Fault::screened(account, &fault),
            None => Fault::missing("from", &fault.to_string()),
        })?;
    let bodies = content::bodies(arguments, account.segments_max, (utc_ns >> 20) as u8)?;
    let message = Message {
        screen,
        from,
        options: options(account, arguments, utc_ns)?,
        bodies,
        when: arguments.text("sdt").trim().to_owned(),
    };
    let callback = receipt::parameter(arguments, account)?;
    let parts = message.to(to, &callback);
    let parts = parts.map_err(|fault| Fault::screened(account, &fault))?;
    let mut call = PartedCall::default();
    call.add(parts);
    if let Some(key) = key {
        call.put_key(key, &message, &callback, Some(&arguments.text("to")));
    }
    Ok(call)
}

fn options(account: &Account, arguments: &Arguments, utc_ns: u64) -> Result<Options, Fault> {
    let invalid = |name: &str, detail: &str| {
        let value = arguments.get(name).unwrap_or_default();
        Fault::invalid(name, value, detail)
    };
    let send_at_utc_ns = period::send_at_utc_ns(arguments.text("sdt").as_bytes(), utc_ns)
        .map_err(|_| invalid("sdt", "sdt: is no time, or too far ahead"))?;
    let minutes = arguments.text("validity-period").parse().unwrap_or(0_u64);
    let tags = arguments.text("tags");
    if !tags.is_empty() && !is_tag(&tags) {
        return Err(invalid(
            "tags",
            "tags: have more than 64 characters; shorten them",
        ));
    }
    let mut tlvs = custom_tlvs::parameters(&arguments.text("custom_tlvs")).ok_or_else(|| {
        let detail =
            "custom_tlvs: write [[tag, null, type, value]] with tags 0x1400 to 0x3FFF and a type";
        invalid("custom_tlvs", detail)
    })?;
    write_tag(&tags, &mut tlvs);
    Ok(Options {
        class: class(&arguments.text("priority")),
        send_at_utc_ns,
        // Cut to what the account may have, as an SMSC does.
        validity_ns: minutes
            .saturating_mul(MINUTE_NS)
            .min(account.validity_ns_max),
        wants_receipt: ReceiptWish::Never,
        tlvs,
        client_ref: None,
        batch: None,
    })
}

/// 0 is what Jasmin takes where none is given: the account's class then.
fn class(priority: &str) -> Option<Class> {
    match priority {
        "1" => Some(Class::Transactional),
        "2" => Some(Class::Alert),
        "3" => Some(Class::Otp),
        _ => None,
    }
}
