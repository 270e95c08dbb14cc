//! Threads that find answers in the store, so that the door's own thread never waits for it.
//!
//! Promise: a question that was taken is answered through the post, unless the door ends first: then those that wait
//! are not begun. Bound: [`CLERKS`] threads and [`WAITING_MAX`]
//! questions; one more is given back, to be answered `ESME_RTHROTTLED`. The threads begin with the first question.

use std::cell::OnceCell;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{Builder, JoinHandle};

use super::intake::Intake;
use super::post::{Letter, Post};
use super::question::Question;

const CLERKS: usize = 2;
/// Questions of all clients that may wait.
const WAITING_MAX: usize = 256;

type Waiting = (u64, Question);

/// The threads, once there are any.
pub(crate) struct Clerks {
    office: OnceCell<Option<Office>>,
}

struct Office {
    closed: Arc<AtomicBool>,
    desk: SyncSender<Waiting>,
    threads: Vec<JoinHandle<()>>,
}

impl Clerks {
    /// No thread yet.
    pub(crate) const fn new() -> Self {
        Self {
            office: OnceCell::new(),
        }
    }

    /// Hands a question in; false: it was not taken.
    pub(crate) fn ask<I: Intake>(
        &self,
        intake: &I,
        post: &Arc<Post<I::Key>>,
        connection: u64,
        question: Question,
    ) -> bool {
        let office = self.office.get_or_init(|| match Office::open(intake, post) {
            Ok(office) => Some(office),
            Err(error) => {
                tracing::error!(%error, "no thread for clients' questions; they are refused until the next start");
                None
            }
        });
        let taken = |office: &Office| office.desk.try_send((connection, question)).is_ok();
        office.as_ref().is_some_and(taken)
    }
}

impl Office {
    fn open<I: Intake>(intake: &I, post: &Arc<Post<I::Key>>) -> io::Result<Self> {
        let (desk, waiting) = sync_channel(WAITING_MAX);
        let waiting = Arc::new(Mutex::new(waiting));
        let closed = Arc::new(AtomicBool::new(false));
        let mut threads = Vec::new();
        for number in 0..CLERKS {
            let (waiting, intake, post) = (Arc::clone(&waiting), intake.clone(), Arc::clone(post));
            let closed = Arc::clone(&closed);
            let builder = Builder::new().name(format!("smpp-clerk-{number}"));
            threads.push(builder.spawn(move || work(&closed, &waiting, &intake, &post))?);
        }
        Ok(Self {
            closed,
            desk,
            threads,
        })
    }
}

impl Drop for Clerks {
    fn drop(&mut self) {
        let Some(Some(office)) = self.office.take() else {
            return;
        };
        let Office {
            closed,
            desk,
            threads,
        } = office;
        closed.store(true, Ordering::Release);
        drop(desk);
        for thread in threads {
            if thread.join().is_err() {
                tracing::error!("a thread for clients' questions has panicked");
            }
        }
    }
}

fn work<I: Intake>(
    closed: &AtomicBool,
    waiting: &Mutex<Receiver<Waiting>>,
    intake: &I,
    post: &Arc<Post<I::Key>>,
) {
    loop {
        let next = waiting
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .recv();
        let Ok((connection, question)) = next else {
            return;
        };
        if closed.load(Ordering::Acquire) {
            return;
        }
        let post = Arc::clone(post);
        question.answer(intake, move |answer| {
            post.send(Letter::Answer { connection, answer });
        });
    }
}
