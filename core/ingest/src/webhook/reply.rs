//! A reply in the answer to a webhook: `{"reply": {"text": "...", "from": "..."}}` becomes a message to the handset.
//!
//! Promise: it goes the way of every message of its account: screened, priced, limited, durable. What cannot be sent for
//! good is refused with its reason; what the node cannot take now is tried until it can. A message from a handset has one
//! reply: who is asked again, because we ended before we noted that he had answered, sends no second. Only a handset is answered: a
//! name or a short code is a machine, and two machines that answer each other never end.

use std::sync::Arc;
use std::time::Duration;

use carrack_carrier::WireAddress;
use carrack_engine::{Chunk, IdempotencyKey, Incoming, Refusal, Submission, Verdict};
use carrack_message::sender::SenderKind;
use carrack_message::{Class, MessageId, Sender, number};
use carrack_runtime::{Clock, SystemClock};
use serde::Deserialize;
use serde_json::{Map, Value};
use tokio::sync::oneshot;

use super::backoff::pause_ns;
use super::intake::Intake;
use super::render::carrack::{TON_INTERNATIONAL, shown};
use crate::accounts::{Account, AccountBook};
use crate::submission::{Fields, Screen};

/// Class of a reply where its account names none: somebody waits for it.
const CLASS: Class = Class::Transactional;
const TON_ALPHANUMERIC: u8 = 5;

/// What a receiver wants said.
#[derive(Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Reply {
    text: String,
    #[serde(default)]
    from: Option<String>,
}

/// The reply in an answer; none where it is no JSON object or has none.
///
/// # Errors
/// What is wrong with it, for people.
pub(crate) fn wanted(body: &[u8]) -> Result<Option<Reply>, String> {
    let Ok(mut object) = serde_json::from_slice::<Map<String, Value>>(body) else {
        return Ok(None);
    };
    match object.remove("reply") {
        None | Some(Value::Null) => Ok(None),
        Some(reply) => serde_json::from_value(reply).map(Some).map_err(|error| {
            format!("`reply` has to be {{\"text\": \"...\", \"from\": \"...\"}}: {error}")
        }),
    }
}

/// The message that a reply becomes.
///
/// # Errors
/// Why it is refused.
fn submission(account: &Account, to: &Incoming, reply: &Reply) -> Result<Submission, String> {
    let handset = handset(&to.from, account.region.as_deref())?;
    let number = answerer(&to.to);
    let fields = Fields {
        to: &handset,
        from: Some(reply.from.as_deref().unwrap_or(&number)),
        text: &reply.text,
        ..Fields::default()
    };
    let screened = Screen::new(account, CLASS).message(&fields);
    let mut submission = screened.map_err(|fault| fault.to_string())?.submission;
    let key = IdempotencyKey::of_reply(to.id, &submission);
    submission.key = Some(Box::new(key));
    Ok(submission)
}

/// The number that is answered, with a plus sign before it.
fn handset(from: &WireAddress, region: Option<&str>) -> Result<String, String> {
    let text = shown(from);
    let international = from.ton == TON_INTERNATIONAL;
    let kind = Sender::parse(&text).map(|sender| sender.kind());
    let machine = match kind {
        _ if from.ton == TON_ALPHANUMERIC => true,
        Ok(SenderKind::Alphanumeric) => true,
        Ok(SenderKind::ShortCode) => !international,
        _ => false,
    };
    if machine {
        return Err(format!(
            "{text:?} is a name or a short code, which cannot be answered"
        ));
    }
    let region = region.filter(|_| !international);
    match number::tidy(&text, region) {
        Ok(number) => Ok(format!("+{number}")),
        Err(fault) => Err(format!("{text:?} cannot be answered: {fault}")),
    }
}

/// The number that was written to, as a sender.
fn answerer(to: &WireAddress) -> String {
    let text = shown(to);
    let digits = text.bytes().all(|octet| octet.is_ascii_digit());
    if to.ton == TON_INTERNATIONAL && digits {
        format!("+{text}")
    } else {
        text
    }
}

/// Why a reply is not sent.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum NotSent {
    /// The handset had as many automatic answers in an hour as it may; that was said once.
    Bounded,
    /// For good.
    Refused(String),
}

impl From<String> for NotSent {
    fn from(why: String) -> Self {
        Self::Refused(why)
    }
}

/// Sends a reply; ends when it is durable or refused.
///
/// # Errors
/// [`NotSent`].
pub(crate) async fn send<I: Intake>(
    intake: &I,
    book: &AccountBook,
    account: &str,
    to: &Incoming,
    reply: &Reply,
) -> Result<MessageId, NotSent> {
    let mut tries = 0;
    // One look, however often it is tried.
    let mut is_counted = false;
    loop {
        // Each time as the account is then.
        let account = book.current().by_name(account).map(Arc::clone);
        let account = account.ok_or_else(|| "the account is gone".to_owned())?;
        let submission = submission(&account, to, reply)?;
        let now_ns = SystemClock::default().now().utc_ns;
        if !is_counted && !book.replies().take(now_ns, account.number, submission.to) {
            return Err(NotSent::Bounded);
        }
        is_counted = true;
        take_rate(&account, submission.segments).await?;
        match hand_in(intake, submission).await {
            Some(Verdict::Accepted(id) | Verdict::Repeated(id, _)) => return Ok(id),
            Some(Verdict::Refused(refusal)) if is_final(&refusal) => {
                return Err(refusal.to_string().into());
            }
            _ => {}
        }
        tries += 1;
        tokio::time::sleep(Duration::from_nanos(pause_ns(tries, 0))).await;
    }
}

async fn take_rate(account: &Account, segments: u8) -> Result<(), String> {
    loop {
        match account.take_segments(u32::from(segments)) {
            Ok(()) => return Ok(()),
            Err(u64::MAX) => {
                return Err("it has more segments than the account may send in a second".to_owned());
            }
            Err(wait_ns) => tokio::time::sleep(Duration::from_nanos(wait_ns)).await,
        }
    }
}

/// None: the node takes nothing now.
async fn hand_in<I: Intake>(intake: &I, submission: Submission) -> Option<Verdict> {
    let (answer, verdict) = oneshot::channel();
    let chunk = Chunk {
        submissions: vec![submission],
        progress: None,
        parts: 1,
        // It may have been cut off at the end.
        reply: Box::new(move |verdicts| drop(answer.send(verdicts))),
    };
    intake.submit(chunk).ok()?;
    verdict.await.ok()?.into_iter().next()
}

/// Whether waiting changes nothing, or only when the customer does something.
fn is_final(refusal: &Refusal) -> bool {
    refusal.is_of_the_message() || *refusal == Refusal::NoCredit
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use carrack_engine::IncomingBody;
    use carrack_message::record::Body;

    use super::super::render::carrack::tests::{address, incoming};
    use super::*;
    use crate::accounts::{AccountSpec, Accounts};

    #[test]
    fn reply_is_found_where_there_is_one() {
        let reply = wanted(br#"{"ok":true,"reply":{"text":"hi","from":"ACME"}}"#);
        let expected = Reply {
            text: "hi".into(),
            from: Some("ACME".into()),
        };
        assert_eq!(reply, Ok(Some(expected)));
        for none in [
            "",
            "OK",
            "{}",
            "[1]",
            "{\"reply\":null}",
            "{\"re",
            "\"reply\"",
            "<html>",
        ] {
            assert_eq!(wanted(none.as_bytes()), Ok(None), "{none}");
        }
        for wrong in [
            r#"{"reply":"hi"}"#,
            r#"{"reply":{}}"#,
            r#"{"reply":{"text":5}}"#,
            r#"{"reply":{"text":"hi","to":"447700900123"}}"#,
        ] {
            assert!(
                wanted(wrong.as_bytes())
                    .unwrap_err()
                    .contains("`reply` has to be"),
                "{wrong}"
            );
        }
    }

    fn reply_to(
        from: WireAddress,
        to: WireAddress,
        reply_from: Option<&str>,
    ) -> Result<Submission, String> {
        let spec = AccountSpec {
            senders: vec![
                "80808".parse().unwrap(),
                "4479*".parse().unwrap(),
                "ACME".parse().unwrap(),
            ],
            region: Some("GB".into()),
            ..AccountSpec::named("shop")
        };
        let accounts = Accounts::build(&[spec], |_| Some(7)).unwrap();
        let incoming = incoming(from, to, IncomingBody::Text("hello".into()));
        let reply = Reply {
            text: "hi".into(),
            from: reply_from.map(str::to_owned),
        };
        submission(accounts.by_name("shop").unwrap(), &incoming, &reply)
    }

    #[test]
    fn reply_goes_back_from_the_number_that_was_written_to() {
        let handset = || address(1, "447400123456");
        let sent = reply_to(handset(), address(3, "80808"), None).unwrap();
        assert_eq!(sent.to.as_u64(), 447_400_123_456);
        assert_eq!((sent.from.as_str(), sent.account), ("80808", 7));
        assert_eq!(sent.body, Body::Text("hi".into()));
        let long = reply_to(handset(), address(1, "447946000001"), None).unwrap();
        assert_eq!(
            (long.from.as_str(), long.from.kind()),
            ("447946000001", SenderKind::International)
        );
        let named = reply_to(handset(), address(3, "80808"), Some("ACME")).unwrap();
        assert_eq!(named.from.as_str(), "ACME");
        for national in [
            address(2, "07400123456"),
            address(0, "+447400123456"),
            address(0, "447400123456"),
        ] {
            let sent = reply_to(national, address(3, "80808"), None).unwrap();
            assert_eq!(sent.to.as_u64(), 447_400_123_456);
        }
    }

    #[test]
    fn reply_to_a_message_is_the_same_each_time_and_of_no_other() {
        let spec = AccountSpec {
            senders: vec!["ACME".parse().unwrap()],
            ..AccountSpec::named("shop")
        };
        let accounts = Accounts::build(&[spec], |_| Some(7)).unwrap();
        let account = accounts.by_name("shop").unwrap();
        let key = |id, text: &str| {
            let (from, to) = (address(1, "447400123456"), address(3, "80808"));
            let incoming = Incoming {
                id: MessageId(id),
                ..incoming(from, to, IncomingBody::Text("hello".into()))
            };
            let reply = Reply {
                text: text.to_owned(),
                from: Some("ACME".to_owned()),
            };
            submission(account, &incoming, &reply).unwrap().key.unwrap()
        };
        assert_eq!(key(1, "hi"), key(1, "hi"));
        assert_ne!(key(1, "hi"), key(2, "hi"));
        assert_ne!(
            key(1, "hi"),
            key(1, "ho"),
            "refused as a key with other content"
        );
    }

    #[test]
    fn who_cannot_be_answered_is_not_and_a_sender_of_others_is_not_used() {
        for machine in [
            address(5, "Bank"),
            address(5, "12345678901"),
            address(0, "Bank"),
            address(3, "80808"),
            address(0, "12345678"),
        ] {
            let fault = reply_to(machine, address(3, "80808"), None).unwrap_err();
            assert!(fault.contains("cannot be answered"), "{fault}");
        }
        let handset = || address(1, "447400123456");
        let fault = reply_to(handset(), address(3, "90909"), None).unwrap_err();
        assert!(fault.contains("not a sender of this account"), "{fault}");
        let fault = reply_to(handset(), address(3, "80808"), Some("MUCHTOOLONGNAME")).unwrap_err();
        assert!(fault.starts_with("from"), "{fault}");
    }

    /// An engine that is never asked.
    #[derive(Clone)]
    struct Unasked;

    impl Intake for Unasked {
        type Key = ();

        fn grant(&self, _: u32, _: u64, _: u32, _: &super::super::intake::PostingSink<()>) {}
        fn revoke(&self, _: u32, _: u64) {}
        fn told(&self, (): &()) {}
        fn submit(&self, chunk: Chunk) -> Result<(), Chunk> {
            Err(chunk)
        }
    }

    #[tokio::test]
    async fn a_handset_that_had_its_answers_is_no_refusal_that_the_log_tells_each_time() {
        let spec = AccountSpec {
            senders: vec!["80808".parse().unwrap()],
            ..AccountSpec::named("shop")
        };
        let book = AccountBook::new(Accounts::build(&[spec], |_| Some(7)).unwrap());
        book.replies().bound(0);
        let (handset, to) = (address(1, "447400123456"), address(3, "80808"));
        let incoming = incoming(handset, to, IncomingBody::Text("hello".into()));
        let reply = Reply {
            text: "hi".into(),
            from: None,
        };
        let sent = send(&Unasked, &book, "shop", &incoming, &reply).await;
        assert_eq!(sent, Err(NotSent::Bounded));
        let gone = send(&Unasked, &book, "gone", &incoming, &reply).await;
        assert!(matches!(gone, Err(NotSent::Refused(_))), "{gone:?}");
    }
}
