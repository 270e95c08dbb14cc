//! Frames that a queue job looks at.

use carrack_queue::FrameKey;
use carrack_runtime::Now;

use super::{Asked, PageRequest};
use crate::pager::Ask;
use crate::shard::Shard;

impl Shard {
    /// Asks for frames; the job's number comes back with them. False: not now.
    pub(in crate::shard) fn ask_for_job(
        &mut self,
        now: Now,
        job: u64,
        keys: Vec<FrameKey>,
    ) -> bool {
        let paging = &mut self.paging;
        let number = paging.number + 1;
        let ask = Ask::Frames(keys);
        if now.mono_ns < paging.again_ns || !paging.pager.ask(PageRequest { number, ask }) {
            return false;
        }
        paging.number = number;
        paging.asked.insert(number, Asked::Job(job));
        true
    }
}
