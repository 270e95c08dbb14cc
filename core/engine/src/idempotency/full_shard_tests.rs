//! A shard that is full keeps no other shard's chunks from being looked up.
#![allow(clippy::unwrap_used)]

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, mpsc};
use std::time::Duration;

use super::rig::{KEEP_NS, Kept, keyed};
use super::{Desk, DeskSettings};
use crate::submission::{Chunk, Refusal, Verdict};

const FULL: u64 = 0;
const FREE: u64 = 1;

/// More submissions than are looked up at once, so that a thread has to do it.
fn chunk(name: &str, heard: mpsc::Sender<(String, Vec<Verdict>)>) -> Chunk {
    let submissions = (0..100).map(|to| keyed(1, &format!("{name} {to}"), to, name));
    let name = name.to_owned();
    Chunk {
        submissions: submissions.collect(),
        progress: None,
        parts: 1,
        reply: Box::new(move |verdicts| heard.send((name, verdicts)).unwrap()),
    }
}

/// One thread, and a shard that is full until this is set; each submission that a shard takes is refused by it.
fn desk(is_free: &Arc<AtomicBool>) -> Arc<Desk> {
    let is_free = Arc::clone(is_free);
    let hand_in = move |lane: u64, chunk: Chunk| {
        if lane == FULL && !is_free.load(Ordering::Acquire) {
            return Err(chunk);
        }
        let taken = vec![Verdict::Refused(Refusal::NoCredit); chunk.submissions.len()];
        (chunk.reply)(taken);
        Ok(())
    };
    let settings = DeskSettings {
        keep_ns: KEEP_NS,
        names_max: 1_000,
        waiting_max: 4,
        threads: 1,
    };
    let desk = Desk::new(settings, Kept::default(), Box::new(hand_in), Box::new(|| 1));
    Arc::new(desk)
}

#[test]
fn chunk_behind_one_for_a_full_shard_is_not_held_up() {
    let is_free = Arc::new(AtomicBool::new(false));
    let desk = desk(&is_free);
    let (heard, hears) = mpsc::channel();
    assert!(desk.take(FULL, chunk("first", heard.clone())).is_ok());
    assert!(desk.take(FREE, chunk("second", heard)).is_ok());
    let patience = Duration::from_secs(20);
    let (name, verdicts) = hears.recv_timeout(patience).unwrap();
    assert_eq!((name.as_str(), verdicts.len()), ("second", 100));
    is_free.store(true, Ordering::Release);
    let (name, verdicts) = hears.recv_timeout(patience).unwrap();
    assert_eq!(name, "first");
    assert_eq!(verdicts.len(), 100);
    desk.stop();
    assert_eq!(desk.names_under_way(), 0);
}
