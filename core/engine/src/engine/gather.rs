//! One answer of each shard, collected. Bound: one a shard; where one never answers, nobody is told.

use std::sync::{Arc, Mutex, PoisonError};

/// Collects one answer from each shard.
pub(super) struct Gather<T> {
    inner: Arc<Mutex<Gathering<T>>>,
}

type Done<T> = Box<dyn FnOnce(Vec<T>) + Send>;

struct Gathering<T> {
    answers: Vec<T>,
    expected: usize,
    done: Option<Done<T>>,
}

impl<T: Send + 'static> Gather<T> {
    pub(super) fn new(expected: usize, done: impl FnOnce(Vec<T>) + Send + 'static) -> Self {
        Self {
            inner: Arc::new(Mutex::new(Gathering {
                answers: Vec::new(),
                expected,
                done: Some(Box::new(done)),
            })),
        }
    }

    pub(super) fn part(&self) -> impl FnOnce(T) + Send + 'static {
        let inner = Arc::clone(&self.inner);
        move |answer| {
            let mut gathering = inner.lock().unwrap_or_else(PoisonError::into_inner);
            gathering.answers.push(answer);
            if gathering.answers.len() == gathering.expected
                && let Some(done) = gathering.done.take()
            {
                let answers = std::mem::take(&mut gathering.answers);
                drop(gathering);
                done(answers);
            }
        }
    }
}
