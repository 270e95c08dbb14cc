//! Pause, resume, cancel: a customer's hand on a batch.
//!
//! Promise: on disk before it is answered, so a start finds the batch as it was left. No row is taken after it; what the engine
//! has by then is on its way, and a cancel withdraws what of it has not left. Fails by [`ChangeFault`], and changes nothing.

use thiserror::Error;

use super::batches::Batches;
use super::job::BatchState;
use super::number::BatchNumber;
use super::store::write_job;
use super::view::BatchView;

/// What is to become of a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// No more rows until it is resumed.
    Pause,
    /// On with it.
    Resume,
    /// No more rows; what waits is withdrawn.
    Cancel,
}

/// Why a batch stays as it is.
#[derive(Debug, Error)]
pub enum ChangeFault {
    /// There is none of that number, or it is another's.
    #[error("there is no such batch, or its time of retention is over")]
    Missing,
    /// It is past that. Not to be tried again.
    #[error("{0}")]
    Past(&'static str),
    /// The disk. Try again later.
    #[error("the batch cannot be written down: {0}")]
    Disk(#[from] std::io::Error),
}

impl Batches {
    /// Changes a batch of an account; asked for twice, it is done once. Blocking.
    ///
    /// # Errors
    /// [`ChangeFault`].
    pub fn change(
        &self,
        number: BatchNumber,
        account: &str,
        change: Change,
    ) -> Result<BatchView, ChangeFault> {
        let job = self.find(number, account).ok_or(ChangeFault::Missing)?;
        let scheduled = job.record().timing.start_at_utc_ns > self.shared.utc_ns();
        let to = |state| after(state, change, scheduled).map_err(ChangeFault::Past);
        job.change(to, write_job)?;
        self.shared.wake.notify_one();
        let view = BatchView::of(&job.live());
        tracing::info!(batch = %number, account, state = ?view.state, "a batch was told to {change:?}");
        Ok(view)
    }
}

fn after(state: BatchState, change: Change, scheduled: bool) -> Result<BatchState, &'static str> {
    use BatchState::{Cancelled, Cancelling, Done, Finished, Paused, Queued, Running, Scheduled};
    match (change, state) {
        (Change::Pause, Scheduled | Queued | Running | Paused) => Ok(Paused),
        (Change::Pause, Finished) => Err(
            "every row has been handed over, so there is nothing to pause; cancel it to withdraw what waits",
        ),
        (Change::Resume, Paused) if scheduled => Ok(Scheduled),
        (Change::Resume, Paused) => Ok(Queued),
        (Change::Resume, Scheduled | Queued | Running | Finished) => Ok(state),
        (Change::Cancel, Scheduled | Queued | Running | Paused | Finished | Cancelling) => {
            Ok(Cancelling)
        }
        (Change::Cancel, Cancelled) => Ok(Cancelled),
        (Change::Pause | Change::Resume, Cancelling | Cancelled) => {
            Err("it was cancelled; submit the rows that are left as another batch")
        }
        (_, Done) => Err("it is done: every message has its end"),
    }
}
