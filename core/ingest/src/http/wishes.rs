//! A customer's wish for one of his messages, put to the engine again while something else happens to it.
//!
//! Promise: of two who want something of one message at once the second waits for the first. "Not now" is never said to be
//! final: who has waited in vain is told to try again. Bound: [`PATIENCE`], a question each [`AGAIN`] at most.

use std::time::{Duration, Instant};

use axum::http::StatusCode;
use carrack_engine::{Cancelled, Engine, Rescheduled, Story};
use carrack_message::Status;
use tokio::sync::oneshot;

use super::messages::story_by;
use super::problem::Problem;
use super::state::State;
use crate::accounts::Account;

const AGAIN: Duration = Duration::from_millis(20);
const PATIENCE: Duration = Duration::from_secs(2);
/// Questions after a message that waits by its story and that no shard has, where it may lie where none looks for it.
const LOST_MAX: u32 = 5;

/// What the engine answers to a wish.
pub(crate) trait Answer: Copy + PartialEq + Send + 'static {
    const BUSY: Self;
    const NOT_FOUND: Self;
    /// Whether it finds what lies in the log of a long lane as well.
    const FINDS_ALL: bool;
}

impl Answer for Cancelled {
    const BUSY: Self = Self::Busy;
    const NOT_FOUND: Self = Self::NotFound;
    const FINDS_ALL: bool = true;
}

impl Answer for Rescheduled {
    const BUSY: Self = Self::Busy;
    const NOT_FOUND: Self = Self::NotFound;
    const FINDS_ALL: bool = false;
}

/// Puts a wish; the answer, and the message as it stood before that.
pub(crate) async fn put<T: Answer>(
    state: &State,
    account: &Account,
    mut story: Story,
    wish: impl Fn(&Engine, Box<dyn FnOnce(T) + Send>),
) -> Result<(T, Story), Problem> {
    let begun = Instant::now();
    let mut lost = 0;
    loop {
        // Every shard looks through all that it has at hand: nobody has them look for what has left for good.
        if story.status.is_final() || story.status == Status::Submitted {
            return Ok((T::NOT_FOUND, story));
        }
        let answer = ask(state, &wish).await?;
        if answer != T::BUSY && answer != T::NOT_FOUND {
            return Ok((answer, story));
        }
        story = story_by(state, account, story.id).await?;
        if answer == T::NOT_FOUND {
            // On its way from one shard to another, to the shelf or from there.
            let is_somewhere = match story.status {
                Status::Scheduled => true,
                Status::Accepted => T::FINDS_ALL || lost < LOST_MAX,
                _ => false,
            };
            if !is_somewhere {
                return Ok((answer, story));
            }
            lost += 1;
        }
        if begun.elapsed() >= PATIENCE.min(state.request_timeout) {
            return Err(busy());
        }
        tokio::time::sleep(AGAIN).await;
    }
}

async fn ask<T: Answer>(
    state: &State,
    wish: &impl Fn(&Engine, Box<dyn FnOnce(T) + Send>),
) -> Result<T, Problem> {
    let (answer, reply) = oneshot::channel();
    // The client may have gone.
    let reply_to = move |given| {
        let _ = answer.send(given);
    };
    wish(&state.engine, Box::new(reply_to));
    let given = tokio::time::timeout(state.request_timeout, reply).await;
    let given = given.map_err(|_| Problem::no_answer())?;
    given.map_err(|_| Problem::no_answer())
}

fn busy() -> Problem {
    let detail = "the message is being written or moved at this moment, or the node has more at hand than it can take; nothing was changed, try again";
    Problem::later(StatusCode::SERVICE_UNAVAILABLE, 1, detail)
}
