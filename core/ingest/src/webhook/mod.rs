//! The webhook door: what happens to an account is posted to its receiver, signed.
//!
//! Promise: an event is told until the receiver takes it with a 2xx, by the same id each time; it may be told more than
//! once, never less. A receiver that fails, and one of its events that fails, hold up nobody else. What the receiver
//! replies goes back to the handset as a message of the account. Bound: requests, time, octets of an answer and events
//! held, by account; what is not taken stays in the engine and ends with its time there.
//!
//! [`event`] says what is told: messages from handsets, and what became of the account's own. [`render`] puts it into a request,
//! in our words or another gateway's; [`guard`] says where a message may have itself told. [`waiting`] decides what is posted when,
//! and is pure; [`client`] makes one request; [`subscriber`] serves one account; [`door`] has them all. What was given up is a [`letter`] in the list of its account ([`dead`]); [`desk`] is what
//! people see of all that.

mod backoff;
mod burial;
mod change;
mod client;
mod dead;
mod desk;
mod door;
mod event;
mod guard;
mod intake;
mod letter;
mod outcome;
mod pace;
mod render;
mod reply;
mod request;
mod signature;
mod subscriber;
mod waiting;

pub use change::StateChange;
pub use desk::{Resent, WebhookDesk, WebhookState};
pub use door::{WebhookFault, WebhookSpec, Webhooks};
pub use event::{Event, Posting};
pub(crate) use guard::check_callback_url;
pub use intake::{Intake, PostingSink};
pub use letter::{Letter, Which};
pub(crate) use render::jasmin::events as jasmin_events;
pub(crate) use render::kannel::{Constant, constant, events as kannel_events};
pub(crate) use render::url::askable;
