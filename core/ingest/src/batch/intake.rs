//! What a batch needs of the engine; the engine is the only one outside of tests.

use std::sync::Arc;

use carrack_engine::{
    BatchCounters, Chunk, Engine, JobFilter, JobKind, JobRequest, JobStatus, ShadowDoor,
    SuppressionsNow,
};
use carrack_message::record::BatchProgress;
use carrack_routing::RouteTable;

/// Takes chunks of a batch.
pub trait Intake: Clone + Send + 'static {
    /// Gives a chunk to the shard of a lane; it is taken whole or refused whole.
    ///
    /// # Errors
    /// The chunk, where the shard's mailbox is full.
    fn submit_to(&self, lane: u64, chunk: Chunk) -> Result<(), Chunk>;
    /// Submissions a chunk may have.
    fn chunk_submissions_max(&self) -> usize;
    /// Carriers and routes.
    fn table(&self) -> Arc<RouteTable>;
    /// Numbers that must not be sent to.
    fn suppressions(&self) -> SuppressionsNow {
        SuppressionsNow::default()
    }
    /// Live counters of a batch.
    fn counters(&self, batch: u64) -> Arc<BatchCounters>;
    /// A batch has ended and is gone: its counters are asked for no more.
    fn forget(&self, _batch: u64) {}
    /// How far the log says that a batch was taken.
    fn resume(&self, batch: u64) -> Option<BatchProgress>;
    /// Begins to withdraw what waits of a batch of an account; the number of that job.
    ///
    /// # Errors
    /// Why not now.
    fn withdraw(&self, batch: u64, account: &str) -> Result<u64, String>;
    /// How far such a job is.
    fn withdrawal(&self, job: u64) -> Withdrawal;
    /// Who is shown what becomes of new messages.
    fn shadow(&self) -> Option<Arc<ShadowDoor>> {
        None
    }
}

/// What rows are judged by.
#[derive(Clone)]
pub struct Tables {
    /// Carriers and routes.
    pub routes: Arc<RouteTable>,
    /// Numbers that must not be sent to.
    pub suppressions: SuppressionsNow,
}

/// How far it is with what waits of a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Withdrawal {
    /// So many are withdrawn.
    Going {
        /// Messages.
        done: u64,
    },
    /// That was all.
    Over {
        /// Messages.
        done: u64,
    },
    /// It ended early; what is left has to be withdrawn once more.
    Gone {
        /// Messages.
        done: u64,
    },
}

/// What has the queue give back what waits of a batch. With its account, where the queue knows that, lanes of others are not
/// looked through.
fn withdrawing(batch: u64, account: &str, is_known: bool) -> JobRequest {
    JobRequest {
        kind: JobKind::Purge,
        filter: JobFilter {
            batch: Some(batch),
            account: is_known.then(|| account.to_owned()),
            ..JobFilter::default()
        },
        dry_run: false,
    }
}

impl Intake for Engine {
    fn submit_to(&self, lane: u64, chunk: Chunk) -> Result<(), Chunk> {
        Engine::submit_to(self, lane, chunk)
    }

    fn chunk_submissions_max(&self) -> usize {
        Engine::chunk_submissions_max(self)
    }

    fn table(&self) -> Arc<RouteTable> {
        Engine::table(self)
    }

    fn suppressions(&self) -> SuppressionsNow {
        self.suppressions_now()
    }

    fn counters(&self, batch: u64) -> Arc<BatchCounters> {
        self.batch(batch)
    }

    fn forget(&self, batch: u64) {
        self.forget_batch(batch);
    }

    fn resume(&self, batch: u64) -> Option<BatchProgress> {
        self.batch_resume(batch)
    }

    fn withdraw(&self, batch: u64, account: &str) -> Result<u64, String> {
        let is_known = self.directory().account_number(account).is_some();
        let status = self.start_job(withdrawing(batch, account, is_known));
        status
            .map(|status| status.id)
            .map_err(|refused| refused.to_string())
    }

    fn withdrawal(&self, job: u64) -> Withdrawal {
        let found = self.jobs().into_iter().find(|status| status.id == job);
        match found {
            None => Withdrawal::Gone { done: 0 },
            Some(JobStatus {
                state: "done",
                done,
                ..
            }) => Withdrawal::Over { done },
            Some(JobStatus {
                state: "stopped",
                done,
                ..
            }) => Withdrawal::Gone { done },
            Some(JobStatus { done, .. }) => Withdrawal::Going { done },
        }
    }

    fn shadow(&self) -> Option<Arc<ShadowDoor>> {
        Engine::shadow(self)
    }
}

#[cfg(test)]
mod tests {
    use super::withdrawing;

    #[test]
    fn a_withdrawal_looks_at_what_its_account_has_waiting_and_at_all_where_that_is_gone() {
        let filter = |is_known| withdrawing(7, "shop", is_known).filter;
        assert_eq!(filter(true).account.as_deref(), Some("shop"));
        assert_eq!(filter(false).account, None);
        assert_eq!(filter(true).batch, Some(7));
    }
}
