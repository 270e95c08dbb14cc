//! What a batch needs of the engine; the engine is the only one outside of tests.

use std::sync::Arc;

use carrack_engine::{BatchCounters, Chunk, Engine, ShadowDoor};
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
    /// Live counters of a batch.
    fn counters(&self, batch: u64) -> Arc<BatchCounters>;
    /// How far the log says that a batch was taken.
    fn resume(&self, batch: u64) -> Option<BatchProgress>;
    /// Who is shown what becomes of new messages.
    fn shadow(&self) -> Option<Arc<ShadowDoor>> {
        None
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

    fn counters(&self, batch: u64) -> Arc<BatchCounters> {
        self.batch(batch)
    }

    fn resume(&self, batch: u64) -> Option<BatchProgress> {
        self.batch_resume(batch)
    }

    fn shadow(&self) -> Option<Arc<ShadowDoor>> {
        Engine::shadow(self)
    }
}
