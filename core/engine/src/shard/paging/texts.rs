//! Texts of messages that are to be sent once more after their carrier took them: read back from the log.
//!
//! Bound: [`FRAMES_MAX`](super::FRAMES_MAX) frames a request, and [`MESSAGES_A_REQUEST`] messages that are still to be asked
//! for: the next one stays where it is, so that no more texts are in memory than are sent soon. A message waits for its
//! text as in a pause, and its validity goes on: one whose text cannot be read ends with it.

use std::sync::Arc;

use carrack_queue::{FrameKey, SealedFrame};
use carrack_runtime::Now;
use rustc_hash::FxHashMap;

use super::{Asked, FRAMES_MAX, MESSAGES_A_REQUEST};
use crate::pager::Ask;
use crate::shard::Shard;
use crate::shard::live::{Key, Phase};
use crate::shard::sending::Sent;

/// A text that was not there is asked for again after so long.
const TEXT_AGAIN_NS: u64 = 20_000_000;

impl Shard {
    /// Its text is to be read before it can be sent; with many others before it, it is asked for later.
    pub(in crate::shard) fn fetch_text(&mut self, key: Key) -> Sent {
        let has_room = self.paging.texts.len() < MESSAGES_A_REQUEST;
        let Some(live) = self.live.get_mut(key) else {
            return Sent::Gone;
        };
        live.unfinished = false;
        if has_room {
            live.phase = Phase::Pausing;
            self.paging.texts.push_back(key);
            return Sent::TextAsked;
        }
        live.goes_first = true;
        self.wait(key);
        Sent::TextsFull
    }

    pub(super) fn ask_for_texts(&mut self, now: Now) {
        if self.paging.texts.is_empty() || now.mono_ns < self.paging.texts_again_ns {
            return;
        }
        let (mut frames, mut keys): (Vec<FrameKey>, Vec<Key>) = (Vec::new(), Vec::new());
        while keys.len() < MESSAGES_A_REQUEST {
            let Some(key) = self.paging.texts.pop_front() else {
                break;
            };
            let Some(frame) = self.live.get(key).map(|live| live.home.frame()) else {
                continue;
            };
            if !frames.contains(&frame) {
                if frames.len() >= FRAMES_MAX {
                    self.paging.texts.push_front(key);
                    break;
                }
                frames.push(frame);
            }
            keys.push(key);
        }
        if keys.is_empty() {
            return;
        }
        let asked = keys.clone();
        if !self.paging.ask(Ask::Frames(frames), || Asked::Texts(asked)) {
            for key in keys.into_iter().rev() {
                self.paging.texts.push_front(key);
            }
        }
    }

    pub(super) fn texts_paged(
        &mut self,
        now: Now,
        keys: Vec<Key>,
        frames: &FxHashMap<FrameKey, Arc<SealedFrame>>,
    ) {
        for key in keys {
            let Some(live) = self.live.get_mut(key) else {
                continue;
            };
            if live.phase != Phase::Pausing || live.frame.is_some() {
                continue;
            }
            let at = live.home.frame();
            match frames.get(&at) {
                Some(frame) => {
                    live.frame = Some(Arc::clone(frame));
                    live.goes_first = true;
                    // Limits may have changed while its text was not at hand.
                    self.takes_new_limits(now, key);
                    self.wait(key);
                }
                // The frame that it came back from the shelf with may not be written yet.
                None => {
                    self.paging.texts.push_back(key);
                    self.paging.texts_again_ns = now.mono_ns.saturating_add(TEXT_AGAIN_NS);
                }
            }
        }
    }
}
