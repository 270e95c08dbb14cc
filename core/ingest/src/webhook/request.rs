//! One request of an account, from what it is to tell to what its answer brings.

use std::rc::Rc;
use std::sync::Arc;
use std::time::Instant;

use carrack_engine::Incoming;
use carrack_message::CallbackKind;
use carrack_telemetry::names;

use super::client::{Answer, Receiver};
use super::event::Event;
use super::intake::Intake;
use super::letter::Letter;
use super::outcome::Outcome;
use super::render::{self, Customer, Rendered, content_type};
use super::reply::{self, NotSent, Reply};
use super::subscriber::Party;
use crate::accounts::AccountBook;

/// The request that tells these events of an account, all of one kind and place.
///
/// # Errors
/// Why they cannot be told, for people.
pub(super) fn render(
    book: &AccountBook,
    name: &str,
    receiver: &Receiver,
    events: &[Event],
) -> Result<Option<Rendered>, String> {
    let accounts = book.current();
    let account = accounts.by_name(name);
    let deck = account.and_then(|account| account.deck.as_ref());
    let currency = deck.and_then(|deck| deck.currency());
    let currency = currency.map(|currency| currency.to_string());
    let customer = Customer {
        account: name,
        currency: currency.as_deref(),
    };
    let webhook = receiver.outlets().url();
    render::request(events, customer, webhook.as_deref())
}

/// One request, and the reply it brings.
pub(super) struct Request<I: Intake> {
    pub(super) intake: I,
    pub(super) book: Arc<AccountBook>,
    pub(super) party: Rc<Party>,
    pub(super) receiver: Rc<Receiver>,
    pub(super) content: Content,
    pub(super) utc_ns: u64,
}

/// What a request says.
pub(super) enum Content {
    /// One event, or several that share it.
    Events(Vec<Event>),
    /// What was given up, once more.
    Letter(Letter),
}

impl<I: Intake> Request<I> {
    pub(super) async fn run(self) -> Answer {
        let events = match &self.content {
            Content::Events(events) => events.as_slice(),
            Content::Letter(letter) => return self.again(letter).await,
        };
        let Some(first) = events.first() else {
            return Answer::nothing();
        };
        let (id, kind) = (first.id(), first.kind());
        let asked = match render(&self.book, &self.party.name, &self.receiver, events) {
            Ok(Some(asked)) => asked,
            Ok(None) => return Answer::nothing(),
            Err(why) => return Answer::failed(Outcome::Refused, why),
        };
        let answer = self.send(kind, &id, asked, events.len()).await;
        let Event::MessageReceived(incoming) = first else {
            return answer;
        };
        match reply::wanted(&answer.body) {
            Ok(None) => {}
            Ok(Some(wanted)) => self.reply(&id, incoming, wanted).await,
            Err(why) => self.refused(&id, &why),
        }
        answer
    }

    async fn send(&self, kind: CallbackKind, id: &str, asked: Rendered, events: usize) -> Answer {
        let begun = Instant::now();
        let answer = self.receiver.send(kind, id, self.utc_ns, asked).await;
        metrics::histogram!(names::WEBHOOK_SECONDS).record(begun.elapsed().as_secs_f64());
        metrics::counter!(names::WEBHOOK_REQUESTS, "outcome" => answer.outcome.name()).increment(1);
        if answer.outcome == Outcome::Taken {
            metrics::counter!(names::WEBHOOK_EVENTS).increment(events as u64);
        }
        answer
    }

    /// A reply that it brings is not sent: nobody waits for it any more.
    async fn again(&self, letter: &Letter) -> Answer {
        let kind = letter.kind();
        let own = (kind == CallbackKind::Webhook).then(|| self.receiver.outlets().url());
        let Some(url) = own.unwrap_or_else(|| Some(letter.url.clone())) else {
            return Answer::failed(Outcome::Refused, "the account has no `webhook`");
        };
        let asked = Rendered {
            get: letter.get,
            url,
            content_type: content_type(&letter.content_type),
            body: letter.body.clone().into_bytes(),
        };
        self.send(kind, &letter.id, asked, 1).await
    }

    async fn reply(&self, id: &str, incoming: &Incoming, wanted: Reply) {
        let account = &self.party.name;
        match reply::send(&self.intake, &self.book, account, incoming, &wanted).await {
            Ok(reply) => {
                metrics::counter!(names::WEBHOOK_REPLIES, "result" => "accepted").increment(1);
                tracing::debug!(%id, %reply, %account, "a reply from the webhook was accepted");
            }
            Err(NotSent::Refused(why)) => self.refused(id, &why),
            // The breaker says it, once an hour a handset: two machines would fill the log.
            Err(NotSent::Bounded) => {
                metrics::counter!(names::WEBHOOK_REPLIES, "result" => "bounded").increment(1);
                tracing::debug!(%id, %account, "the handset has had its automatic answers");
            }
        }
    }

    fn refused(&self, id: &str, why: &str) {
        metrics::counter!(names::WEBHOOK_REPLIES, "result" => "refused").increment(1);
        tracing::warn!(%id, account = %self.party.name, %why, "a reply from the webhook was refused");
    }
}
