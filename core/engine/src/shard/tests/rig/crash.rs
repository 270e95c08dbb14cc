//! The end of a process and the start of the next, and what its log says.

use super::*;

impl Rig {
    /// Ends the process and starts another one from what is durable. Gives the new rig; links are down.
    pub(in crate::shard::tests) fn crash(self) -> Self {
        let durable = {
            let mut log = self.log.borrow_mut();
            let durable = log.durable;
            log.frames.truncate(durable);
            log.held = false;
            durable
        };
        assert_eq!(durable, self.log.borrow().frames.len());
        let limits = Arc::new(Limits::new(self.limits.clone()));
        limits.keep_quiet(self.now.mono_ns);
        let mut recovered = self.recovered_by(&limits);
        let left = read_left_over(&self.folder.path().join("in-flight")).unwrap();
        let uncertain = recovered.left_in_windows(&left, self.now.utc_ns).unwrap();
        if !uncertain.is_empty() {
            let key = FrameKey {
                epoch: self.epoch + 1,
                shard: 0,
                number: 0,
            };
            let frame = SealedFrame {
                key,
                ticket: 0,
                octets: uncertain.seal(0),
                summary: FrameSummary::default(),
                shelf: Vec::new(),
                keys: Vec::new(),
            };
            self.log.borrow_mut().frames.push(Arc::new(frame));
        }
        let mut rig = Self::build(
            self.settings,
            self.log,
            self.epoch + 2,
            self.now,
            [None, None],
            self.rules,
            limits,
        );
        rig.limits = self.limits;
        if let Some(on_start) = self.on_start {
            on_start(&rig.shared);
            rig.shard.look_at_tables(rig.now);
        }
        count_shelf(&rig.shared, &rig.log.borrow().shelf_counts());
        for (batch, counts) in &recovered.batches {
            let counters = rig.shared.batches.counters(*batch);
            counters.go_on_from(counts.ends, counts.live);
        }
        let mut messages: Vec<_> = recovered
            .messages
            .drain()
            .map(|(_, message)| message)
            .collect();
        messages.sort_by_key(|message| message.id);
        rig.shard.remember(rig.now, &recovered.remembered);
        for (_, early) in recovered.early.drain() {
            rig.shard.restore_early(rig.now, early);
        }
        for message in messages {
            rig.shard.restore(rig.now, message);
        }
        for (id, home) in recovered.take_elsewhere() {
            rig.shared.note_elsewhere(MessageId(id), home);
        }
        for lane in recovered.take_lanes() {
            rig.shard.restore_lane(lane);
        }
        let waiting: u64 = recovered.waiting_by_account.values().sum();
        rig.shared.waiting.fetch_add(waiting, Ordering::Relaxed);
        rig.shard.match_restored(rig.now);
        let mut handsets = std::mem::take(&mut recovered.handsets).share_out(1, |_| 0);
        let handsets = handsets.pop_front().unwrap();
        rig.shard.restore_mo(rig.now, &handsets);
        for (account, end) in std::mem::take(&mut recovered.ends).into_order() {
            rig.shard.restore_end(account, end);
        }
        rig
    }

    /// Frames up to the first with such a record.
    pub(in crate::shard::tests) fn frames_until(
        &self,
        which: impl Fn(RecordView<'_>) -> bool,
    ) -> usize {
        let log = self.log.borrow();
        let has = |frame: &Arc<SealedFrame>| {
            let reader = FrameReader::new(&frame.octets).unwrap();
            reader.iter().any(|(_, _, record)| which(record.unwrap()))
        };
        log.frames.iter().position(has).expect("such a record") + 1
    }

    /// As [`Self::crash`], when no more than so many frames are durable.
    pub(in crate::shard::tests) fn crash_at(self, frames: usize) -> Self {
        {
            let mut log = self.log.borrow_mut();
            log.frames.truncate(frames);
            log.durable = frames;
        }
        self.crash()
    }

    pub(in crate::shard::tests) fn recovered(&self) -> Recovered {
        self.recovered_by(&Arc::new(Limits::new(self.limits.clone())))
    }

    pub(super) fn recovered_by(&self, limits: &Arc<Limits>) -> Recovered {
        let log = Rc::clone(&self.log);
        let read = move |key: FrameKey| {
            let log = log.borrow();
            log.frames.iter().find(|frame| frame.key == key).cloned()
        };
        let ways = Ways::new(directory(), table(), Arc::clone(limits));
        let mut recovered = Recovered::new(ways, Box::new(read));
        for frame in &self.log.borrow().frames {
            for (index, offset, record) in FrameReader::new(&frame.octets).unwrap().iter() {
                let place = RecordPlace { index, offset };
                recovered.apply(frame, place, record.unwrap());
            }
        }
        recovered
    }

    /// Records in the log, by kind.
    pub(in crate::shard::tests) fn records(&self, which: impl Fn(RecordView<'_>) -> bool) -> usize {
        let log = self.log.borrow();
        let all = log
            .frames
            .iter()
            .flat_map(|frame| FrameReader::new(&frame.octets).unwrap().iter());
        all.filter(|(_, _, record)| which(record.clone().unwrap()))
            .count()
    }

    /// The life of a message as the log tells it, where it is the only one there.
    pub(in crate::shard::tests) fn story(&self, id: MessageId) -> Story {
        let mut story = None;
        for frame in &self.log.borrow().frames {
            for (_, _, record) in FrameReader::new(&frame.octets).unwrap().iter() {
                let directory = self.shared.directory();
                story::follow(&mut story, &directory, id, record.unwrap());
            }
        }
        story.unwrap()
    }

    pub(in crate::shard::tests) fn finals(&self) -> Vec<(MessageId, Status, i64)> {
        let mut found = Vec::new();
        for frame in &self.log.borrow().frames {
            for (_, _, record) in FrameReader::new(&frame.octets).unwrap().iter() {
                if let RecordView::Final(end) = record.unwrap() {
                    let status = Status::from_u8(end.status).unwrap();
                    found.push((
                        MessageId(end.id.to_native()),
                        status,
                        end.cost_micros.to_native(),
                    ));
                }
            }
        }
        found
    }
}
