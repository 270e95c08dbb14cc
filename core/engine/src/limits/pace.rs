//! A bucket under its name, and the buckets that a lane's messages need together.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use carrack_throttle::PacedBucket;
use smallvec::SmallVec;

use super::Done;

/// One sender's, network's or limit's.
#[derive(Debug)]
pub(crate) struct Bucket {
    /// Never used again for another.
    pub(crate) number: u64,
    /// Name of its limit.
    pub(crate) limit: Arc<str>,
    pub(super) done: Arc<Done>,
    pub(super) paced: PacedBucket,
}

impl Bucket {
    /// Whether a segment would be granted.
    ///
    /// # Errors
    /// The moment from which one is.
    pub(crate) fn ready(&self, now_ns: u64) -> Result<(), u64> {
        self.paced.ready(now_ns)
    }

    /// Segments that would be granted at once.
    pub(crate) fn available(&self, now_ns: u64) -> u64 {
        self.paced.available(now_ns)
    }
}

/// A bucket is looked at anew after so long: its pace may be another, or a segment have been given back.
pub(crate) const LOOK_AGAIN_NS: u64 = 5_000_000_000;

/// What is missing for the next segment, and when it is to be looked for, [`LOOK_AGAIN_NS`] from now at the latest.
#[derive(Debug, Clone)]
pub(crate) struct Dry {
    pub(crate) bucket: Arc<Bucket>,
    pub(crate) due_ns: u64,
}

impl Dry {
    fn of(bucket: &Arc<Bucket>, now_ns: u64, due_ns: u64) -> Self {
        Self {
            bucket: Arc::clone(bucket),
            due_ns: due_ns.min(now_ns.saturating_add(LOOK_AGAIN_NS)),
        }
    }
}

/// The buckets of one lane's messages, at least one.
#[derive(Debug)]
pub(crate) struct Paces {
    /// Never 0, never used again for others.
    pub(crate) number: u64,
    pub(crate) buckets: SmallVec<[Arc<Bucket>; 2]>,
}

impl Paces {
    /// Whether a segment would be granted by all of them.
    ///
    /// # Errors
    /// The one that is dry longest.
    pub(crate) fn ready(&self, now_ns: u64) -> Result<(), Dry> {
        let mut dry: Option<(&Arc<Bucket>, u64)> = None;
        for bucket in &self.buckets {
            if let Err(due_ns) = bucket.ready(now_ns)
                && dry.is_none_or(|(_, latest_ns)| latest_ns < due_ns)
            {
                dry = Some((bucket, due_ns));
            }
        }
        match dry {
            None => Ok(()),
            Some((bucket, due_ns)) => Err(Dry::of(bucket, now_ns, due_ns)),
        }
    }

    /// Takes `n` segments of each, or none of any.
    ///
    /// # Errors
    /// One that is dry.
    pub(crate) fn take(&self, now_ns: u64, n: u32) -> Result<(), Dry> {
        for (place, bucket) in self.buckets.iter().enumerate() {
            if let Err(due_ns) = bucket.paced.take(now_ns, n) {
                for taken in self.buckets.iter().take(place) {
                    taken.paced.give_back(n);
                }
                return Err(Dry::of(bucket, now_ns, due_ns));
            }
        }
        for bucket in &self.buckets {
            bucket
                .done
                .granted
                .fetch_add(u64::from(n), Ordering::Relaxed);
        }
        Ok(())
    }

    /// Segments that were taken and not sent.
    pub(crate) fn give_back(&self, n: u32) {
        for bucket in &self.buckets {
            bucket.paced.give_back(n);
            bucket
                .done
                .granted
                .fetch_sub(u64::from(n), Ordering::Relaxed);
        }
    }
}
