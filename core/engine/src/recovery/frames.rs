//! The frame that holds a message which a later record speaks of: among those read lately, else from the log again.
//!
//! Bound: [`OCTETS_MAX`] octets of frames. A frame that cannot be read again is none.

use std::collections::VecDeque;
use std::sync::Arc;

use carrack_queue::{FrameKey, SealedFrame};
use rustc_hash::FxHashMap;

const OCTETS_MAX: usize = 16 << 20;

/// Reads a frame of the log.
pub(crate) type ReadFrame = Box<dyn FnMut(FrameKey) -> Option<Arc<SealedFrame>>>;

/// Frames read lately.
pub(super) struct Frames {
    read: ReadFrame,
    by_key: FxHashMap<FrameKey, Arc<SealedFrame>>,
    order: VecDeque<FrameKey>,
    octets: usize,
}

impl Frames {
    pub(super) fn new(read: ReadFrame) -> Self {
        Self {
            read,
            by_key: FxHashMap::default(),
            order: VecDeque::new(),
            octets: 0,
        }
    }

    /// Keeps a frame that holds accepted messages.
    pub(super) fn keep(&mut self, frame: &Arc<SealedFrame>) {
        if self.order.back() == Some(&frame.key) {
            return;
        }
        if self.by_key.insert(frame.key, Arc::clone(frame)).is_some() {
            return;
        }
        self.order.push_back(frame.key);
        self.octets += frame.octets.len();
        while self.octets > OCTETS_MAX {
            let oldest = self.order.pop_front();
            let Some(gone) = oldest.and_then(|key| self.by_key.remove(&key)) else {
                return;
            };
            self.octets -= gone.octets.len();
        }
    }

    pub(super) fn clear(&mut self) {
        self.by_key = FxHashMap::default();
        self.order = VecDeque::new();
        self.octets = 0;
    }

    pub(super) fn get(&mut self, key: FrameKey) -> Option<Arc<SealedFrame>> {
        if let Some(frame) = self.by_key.get(&key) {
            return Some(Arc::clone(frame));
        }
        let frame = (self.read)(key)?;
        self.keep(&frame);
        Some(frame)
    }
}
