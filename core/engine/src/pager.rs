//! Back from the disk: shards never read the store, a thread of its own does it for them.
//!
//! Promise: each request is answered, in order, whether it could be read or not. Bound: [`REQUESTS_MAX`] requests
//! wait, and a request names as much as the shard asks for at once. Fails by an answer with the reason.

use std::sync::Arc;
use std::thread::JoinHandle;

use carrack_queue::{FrameKey, ShelfEntry, ShelfQuestion, Store};
use carrack_runtime::Wake;
use crossbeam::channel::{Receiver, Sender, bounded, unbounded};

const REQUESTS_MAX: usize = 256;

/// What a shard wants to read.
pub(crate) enum Ask {
    Frames(Vec<FrameKey>),
    Shelf(ShelfQuestion),
}

/// With a number of its shard's own.
pub(crate) struct PageRequest {
    pub(crate) number: u64,
    pub(crate) ask: Ask,
}

/// A frame's octets; none where the log has no such frame; or why it could not be read.
pub(crate) type Paged = Result<Option<Vec<u8>>, String>;

/// What was read.
pub(crate) enum Read {
    Frames(Vec<(FrameKey, Paged)>),
    /// What is on the shelf, or why that cannot be said.
    Shelf(Result<Vec<ShelfEntry>, String>),
}

/// The answer.
pub(crate) struct Page {
    pub(crate) number: u64,
    pub(crate) read: Read,
}

/// What a shard needs to read the log. The real one is a [`StorePager`].
pub(crate) trait Pager {
    /// Asks. False: it has enough to do; ask again later.
    fn ask(&mut self, request: PageRequest) -> bool;
    /// The next answer.
    fn take(&mut self) -> Option<Page>;
}

/// A shard's end of the reading thread.
pub(crate) struct StorePager {
    shard: usize,
    requests: Sender<(usize, PageRequest)>,
    pages: Receiver<Page>,
}

impl Pager for StorePager {
    fn ask(&mut self, request: PageRequest) -> bool {
        self.requests.try_send((self.shard, request)).is_ok()
    }

    fn take(&mut self) -> Option<Page> {
        self.pages.try_recv().ok()
    }
}

/// Starts the thread; it ends when all shards are gone.
///
/// # Errors
/// What the system said.
pub(crate) fn start(
    store: Arc<Store>,
    wakes: Vec<Wake>,
) -> std::io::Result<(JoinHandle<()>, Vec<StorePager>)> {
    let (requests, asked) = bounded::<(usize, PageRequest)>(REQUESTS_MAX);
    // Bounded by the requests that a shard has open.
    let (senders, pagers): (Vec<_>, Vec<_>) = (0..wakes.len())
        .map(|shard| {
            let (sender, pages) = unbounded();
            let requests = requests.clone();
            let pager = StorePager {
                shard,
                requests,
                pages,
            };
            (sender, pager)
        })
        .unzip();
    let run = move || {
        for (shard, request) in &asked {
            let page = Page {
                number: request.number,
                read: read(&store, request.ask),
            };
            if let (Some(sender), Some(wake)) = (senders.get(shard), wakes.get(shard)) {
                // A shard that has ended wants nothing more.
                let _ = sender.send(page);
                wake.wake();
            }
        }
    };
    let thread = std::thread::Builder::new().name("pager".to_owned());
    Ok((thread.spawn(run)?, pagers))
}

fn read(store: &Store, ask: Ask) -> Read {
    match ask {
        Ask::Frames(keys) => {
            let read = |key| (key, store.frame(key).map_err(|fault| fault.to_string()));
            Read::Frames(keys.into_iter().map(read).collect())
        }
        Ask::Shelf(question) => Read::Shelf(
            store
                .ask_shelf(&question)
                .map_err(|fault| fault.to_string()),
        ),
    }
}
