//! Where jobs are put up: shards look when the number of the newest has changed.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use carrack_routing::RouteTable;

use super::{Deed, Job, JobKind, JobRefused, JobRequest, JobStatus, KEPT_MAX, Which};
use crate::directory::Directory;

/// The jobs of a node, the newest last.
#[derive(Debug, Default)]
pub(crate) struct JobBoard {
    newest: AtomicU64,
    jobs: Mutex<VecDeque<Arc<Job>>>,
}

impl JobBoard {
    fn jobs(&self) -> MutexGuard<'_, VecDeque<Arc<Job>>> {
        self.jobs.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts a job up for so many shards.
    pub(crate) fn start(
        &self,
        request: JobRequest,
        table: &RouteTable,
        directory: &Directory,
        shards: usize,
    ) -> Result<JobStatus, JobRefused> {
        let which = Which::new(&request.filter, table, directory)?;
        let deed = match &request.kind {
            JobKind::Purge => Deed::Purge,
            JobKind::Reroute => Deed::Reroute,
            JobKind::Move { to } => {
                let place = table.carrier_number(to);
                let place = place.ok_or_else(|| JobRefused::UnknownCarrier(to.clone()))?;
                if !table.carrier(place).is_some_and(|carrier| carrier.enabled) {
                    return Err(JobRefused::Disabled(to.clone()));
                }
                Deed::Move(place)
            }
        };
        let mut jobs = self.jobs();
        if let Some(busy) = jobs.back().filter(|job| !job.is_over()) {
            return Err(JobRefused::Busy(busy.id));
        }
        let id = self.newest.load(Ordering::Acquire) + 1;
        let job = Job::new(id, request, deed, which, shards);
        let status = job.status();
        if jobs.len() >= KEPT_MAX {
            jobs.pop_front();
        }
        jobs.push_back(Arc::new(job));
        self.newest.store(id, Ordering::Release);
        Ok(status)
    }

    /// The number of the newest; 0: there is none.
    pub(crate) fn newest(&self) -> u64 {
        self.newest.load(Ordering::Acquire)
    }

    /// The job that is at work.
    pub(crate) fn current(&self) -> Option<Arc<Job>> {
        self.jobs().back().filter(|job| !job.is_over()).cloned()
    }

    /// All that are remembered, the newest first.
    pub(crate) fn all(&self) -> Vec<JobStatus> {
        self.jobs().iter().rev().map(|job| job.status()).collect()
    }

    /// Stops the job that is at work.
    pub(crate) fn stop(&self) -> Option<JobStatus> {
        let job = self.current()?;
        job.stop();
        Some(job.status())
    }
}
