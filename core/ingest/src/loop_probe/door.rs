//! The thread of loop probes: sends what is due, hears what comes back, says what is wrong.
//!
//! Bound: one thread; [`CREDITS`] notices from each shard, one verdict for each probe. While there are no probes it
//! sleeps.

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::io;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::{Builder, JoinHandle};
use std::time::Duration;

use carrack_engine::{
    Chunk, Ending, Engine, IncomingBody, News, Notice, NoticeSink, Submission, Verdict,
};
use carrack_message::mo::MoWay;
use carrack_message::record::{Body, ReceiptWish};
use carrack_message::{Class, MessageId, write_tag};
use carrack_routing::CarrierHealth;
use carrack_runtime::{Clock, Now, SystemClock};
use thiserror::Error;

use super::ACCOUNT;
use super::board::ProbeBoard;
use super::course::{Act, Around, End, Held};
use super::courses::{Acts, Courses};
use super::spec::ProbeSpec;
use super::word::word;

const THREAD: &str = "loop-probe";
/// Subscribers of the engine are told apart by door: this one's number begins with "LP".
const SUBSCRIBER: u64 = 0x4C50 << 48;
/// Notices that each shard may hand over before the first is taken.
const CREDITS: u32 = 64;
/// Somebody waits for it as for an alarm: it shall not stand behind a campaign.
const CLASS: Class = Class::Alert;
/// Tries to find a word that is not awaited; each fails where hardly any is left.
const WORD_TRIES_MAX: usize = 8;

/// Why the door did not open.
#[derive(Debug, Error)]
#[error("cannot start the thread of loop probes: {0}")]
pub struct LoopProbeFault(#[from] io::Error);

enum Order {
    Follow(Vec<ProbeSpec>),
    /// What became of the submission with this word.
    Verdict(String, Verdict),
    Notices(Vec<Notice>),
    Stop,
}

/// All loop probes of a node at work.
pub struct LoopProbes {
    orders: Sender<Order>,
    thread: Option<JoinHandle<()>>,
}

impl LoopProbes {
    /// Starts them. The engine's directory has [`ACCOUNT`].
    ///
    /// # Errors
    /// [`LoopProbeFault`].
    pub fn start(
        engine: Engine,
        specs: Vec<ProbeSpec>,
        board: ProbeBoard,
    ) -> Result<Self, LoopProbeFault> {
        let (orders, ordered) = channel();
        let mut door = Door {
            engine,
            board,
            courses: Courses::default(),
            account: None,
            clock: SystemClock::default(),
            random: RandomState::new(),
            words: 0,
            orders: orders.clone(),
        };
        // Before the thread: who asks as soon as the node answers finds all of them.
        let first = door.follow(specs);
        door.board.put(&door.courses);
        let serve = move || {
            door.act(first);
            door.serve(&ordered);
        };
        let thread = Builder::new().name(THREAD.to_owned()).spawn(serve)?;
        Ok(Self {
            orders,
            thread: Some(thread),
        })
    }

    /// Goes on as another configuration says, after the engine was given its tables.
    pub fn follow(&self, specs: Vec<ProbeSpec>) {
        // A thread that ended has no receiver any more.
        let _ = self.orders.send(Order::Follow(specs));
    }

    /// Sends nothing more and ends. What is on its way is forgotten; the engine has to run still.
    pub fn stop(mut self) {
        self.end();
    }

    fn end(&mut self) {
        let Some(thread) = self.thread.take() else {
            return;
        };
        let _ = self.orders.send(Order::Stop);
        if thread.join().is_err() {
            tracing::error!("the thread of loop probes has panicked");
        }
    }
}

impl Drop for LoopProbes {
    fn drop(&mut self) {
        self.end();
    }
}

struct Door {
    engine: Engine,
    board: ProbeBoard,
    courses: Courses,
    /// Its number, once there are probes.
    account: Option<u32>,
    clock: SystemClock,
    random: RandomState,
    /// Words made.
    words: u64,
    orders: Sender<Order>,
}

impl Door {
    fn serve(mut self, ordered: &Receiver<Order>) {
        loop {
            let order = match self.courses.due_ns() {
                None => ordered.recv().map_err(|_| RecvTimeoutError::Disconnected),
                Some(due_ns) => {
                    let left_ns = due_ns.saturating_sub(self.clock.now().mono_ns);
                    ordered.recv_timeout(Duration::from_nanos(left_ns))
                }
            };
            let acts = match order {
                Ok(Order::Follow(specs)) => self.follow(specs),
                Ok(Order::Verdict(word, verdict)) => self.verdict(&word, verdict),
                Ok(Order::Notices(notices)) => self.notices(notices),
                Err(RecvTimeoutError::Timeout) => self.tick(),
                Ok(Order::Stop) | Err(RecvTimeoutError::Disconnected) => break,
            };
            self.act(acts);
            self.board.put(&self.courses);
        }
        if let Some(account) = self.account {
            self.engine.revoke(account, MoWay::Bind, SUBSCRIBER);
        }
    }

    fn follow(&mut self, specs: Vec<ProbeSpec>) -> Acts {
        if !specs.is_empty() && self.account.is_none() {
            self.account = self.engine.directory().account_number(ACCOUNT);
            match self.account {
                Some(account) => self.subscribe(account),
                None => tracing::error!("loop probes have no account; none is sent"),
            }
        }
        for word in self.courses.follow(self.clock.now(), specs) {
            self.engine.forget_word(&word);
        }
        Acts::new()
    }

    fn subscribe(&self, account: u32) {
        let orders = self.orders.clone();
        // Who is gone has given back what he had.
        let sink: NoticeSink = Arc::new(move |notices| drop(orders.send(Order::Notices(notices))));
        self.engine
            .grant(account, MoWay::Bind, SUBSCRIBER, CREDITS, &sink);
    }

    fn tick(&mut self) -> Acts {
        let now = self.clock.now();
        let (engine, account, random) = (&self.engine, self.account, &self.random);
        let words = &mut self.words;
        let mut word = || new_word(engine, account?, random, words);
        let around = |carrier: &str| Around {
            held: held(engine, carrier),
            mo_refused: engine.mo_refused(),
        };
        self.courses.tick(now, &around, &mut word)
    }

    fn verdict(&mut self, word: &str, verdict: Verdict) -> Acts {
        match verdict {
            Verdict::Accepted(id) | Verdict::Repeated(id, _) => {
                self.courses.accepted(word, id);
                Acts::new()
            }
            Verdict::Refused(refusal) => self.courses.refused(word, &refusal.to_string()),
        }
    }

    fn notices(&mut self, notices: Vec<Notice>) -> Acts {
        let now = self.clock.now();
        let mut acts = Acts::new();
        for notice in notices {
            acts.extend(self.notice(&notice, now));
            self.engine.told(&notice.key);
        }
        acts
    }

    fn notice(&mut self, notice: &Notice, now: Now) -> Acts {
        let engine = &self.engine;
        match &notice.news {
            News::End(ending) => {
                let held = |carrier: &str| held(engine, carrier);
                self.courses.ended(end(ending), &held)
            }
            News::Submitted(_) => Acts::new(),
            News::Mo(incoming) => match &incoming.body {
                IncomingBody::Text(text) => self.courses.came_back(text, now),
                IncomingBody::Octets(_) => Acts::new(),
            },
        }
    }

    fn act(&mut self, acts: Acts) {
        let mut more = Acts::new();
        for (place, act) in acts {
            match act {
                Act::Send(word) => more.extend(self.send(place, word)),
                act => self.say(place, act),
            }
        }
        for (place, act) in more {
            self.say(place, act);
        }
    }

    /// Hands a probe in; what is to be done where that cannot be.
    fn send(&mut self, place: usize, word: String) -> Acts {
        let spec = self.courses.get(place).map(|course| &course.spec);
        let Some((spec, account)) = spec.zip(self.account) else {
            return Acts::new();
        };
        let (orders, of) = (self.orders.clone(), word.clone());
        let chunk = Chunk {
            submissions: vec![submission(account, spec, &word)],
            progress: None,
            parts: 1,
            reply: Box::new(move |verdicts| {
                let verdicts = verdicts.into_iter();
                // At the end nobody listens any more.
                verdicts.for_each(|verdict| drop(orders.send(Order::Verdict(of.clone(), verdict))));
            }),
        };
        match self.engine.submit(chunk) {
            Ok(()) => Acts::new(),
            Err(_) => self.courses.refused(&word, "the engine is busy"),
        }
    }

    fn say(&self, place: usize, act: Act) {
        let Some(course) = self.courses.get(place) else {
            return;
        };
        let (probe, carrier) = (&course.spec.name, &course.spec.carrier);
        match act {
            Act::Send(_) => {}
            Act::Forget(word) => self.engine.forget_word(&word),
            Act::Alert(bad_in_a_row) => {
                let last = course.results.back();
                let last = last.map_or("", |last| last.outcome.meaning());
                let unreturned = course.sums.unreturned;
                tracing::error!(
                    probe,
                    carrier,
                    bad_in_a_row,
                    unreturned,
                    last,
                    "loop probes do not come back"
                );
            }
            Act::Recovered => tracing::warn!(probe, carrier, "loop probes come back again"),
        }
    }
}

/// Why nothing can be sent through this carrier now.
fn held(engine: &Engine, carrier: &str) -> Held {
    let Some(place) = engine.table().carrier_number(carrier) else {
        return Some("the carrier is there after a restart");
    };
    match engine.health(place) {
        CarrierHealth::Up | CarrierHealth::Throttled => None,
        CarrierHealth::Down | CarrierHealth::Unknown => Some("carrier is down"),
        CarrierHealth::Paused => Some("carrier is paused"),
        CarrierHealth::Refusing => Some("carrier is refusing"),
        CarrierHealth::Capped => Some("carrier is capped"),
    }
}

/// A word that nothing else has, awaited from now on.
fn new_word(
    engine: &Engine,
    account: u32,
    random: &RandomState,
    words: &mut u64,
) -> Option<String> {
    let mut tries = (0..WORD_TRIES_MAX).map(|_| {
        *words += 1;
        word(random.hash_one(*words))
    });
    tries.find(|word| engine.await_word(word, account))
}

fn submission(account: u32, spec: &ProbeSpec, word: &str) -> Submission {
    let mut tlvs = Vec::new();
    write_tag(&spec.tag(), &mut tlvs);
    Submission {
        account,
        class: CLASS,
        to: spec.to,
        from: spec.from,
        body: Body::Text(format!("carrack probe {word}")),
        segments: 1,
        send_at_utc_ns: 0,
        // What has not left by then is not to leave.
        validity_ns: spec.within_ns,
        wants_receipt: ReceiptWish::Always,
        price: None,
        client_ref: None,
        batch: None,
        tlvs,
        group: None,
        key: None,
    }
}

fn end(ending: &Ending) -> End {
    let since = |utc_ns: u64| utc_ns.saturating_sub(ending.accepted_utc_ns) / 1_000_000;
    End {
        id: MessageId(ending.id.0),
        status: ending.status,
        error: ending.error,
        response_ms: (ending.taken_utc_ns > 0).then(|| since(ending.taken_utc_ns)),
        end_ms: since(ending.done_utc_ns),
    }
}
