//! The scenarios by name: what comes in, how wide, how much.

use std::time::Duration;

use clap::ValueEnum;

use crate::node::NodeShape;

/// What can be measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Scenario {
    /// SMPP in to SMPP out: 4 binds x window 1000, two carrier links x window 1000
    SmppWide,
    /// SMPP in to SMPP out: 50 binds x window 100, ten links x window 100
    SmppMany,
    /// SMPP in to SMPP out: 1 bind x window 10: bound by latency
    SmppNarrow,
    /// HTTP: one message a request, keep-alive, 50 connections
    HttpOne,
    /// A batch file: rows to durable, then whole life
    Batch,
    /// Open loop of 1,000 messages a second: latency
    Latency,
    /// A carrier that is down: memory, start, drain, and an urgent message meanwhile
    Backlog,
    /// 350 links to thirteen carriers of 1 to 3,000 segments a second and one without a limit, 50 binds x window 100,
    /// open loop of 7,300 messages a second: contracts are held and used
    Links,
    /// The same as fast as it goes: what the slow carriers cost the fast ones when the machine is full
    LinksFull,
    /// Twice what the node can carry, by SMPP and HTTP: what it answers, and how soon it is as before;
    /// --count is the bound of the queue
    Overload,
    /// Twice what the carrier takes, until the queue's bound is met: refusals, a batch that waits, and after
    OverloadQueue,
    /// 996 binds of three uneven customers, alone and beside one that never reads, one that floods and one that binds and drops
    Customers,
    /// Kannel beside us in one run: HTTP, one message a request, a receipt for each
    Kannel,
}

/// How much, and what the user would have otherwise.
#[derive(Debug, Clone, Default)]
pub(crate) struct Amount {
    pub(crate) count: Option<u64>,
    pub(crate) duration: Option<Duration>,
    pub(crate) rate: Option<u32>,
    /// Whether each message has an idempotency key (http-one, batch).
    pub(crate) keys: bool,
}

impl Scenario {
    /// Its name on the command line.
    pub(crate) fn name(self) -> String {
        self.to_possible_value()
            .map_or_else(String::new, |value| value.get_name().to_owned())
    }

    /// Whether it can go on for a time, at a rate, and be recorded.
    pub(crate) fn is_load(self) -> bool {
        !matches!(
            self,
            Self::Batch
                | Self::Backlog
                | Self::Links
                | Self::LinksFull
                | Self::Overload
                | Self::OverloadQueue
                | Self::Customers
                | Self::Kannel
        )
    }

    /// Whether it can be told how long to go on.
    pub(crate) fn takes_time(self) -> bool {
        self.is_load() || matches!(self, Self::Overload | Self::OverloadQueue)
    }

    /// Messages where neither a count nor a time is named.
    pub(crate) fn count_default(self) -> u64 {
        match self {
            Self::SmppWide | Self::SmppMany => 400_000,
            Self::Links | Self::LinksFull => 200_000,
            // By time; the count says nothing.
            Self::Overload | Self::OverloadQueue | Self::Customers => 0,
            Self::SmppNarrow => 30_000,
            Self::HttpOne => 100_000,
            Self::Batch => 1_000_000,
            Self::Latency => 20_000,
            Self::Backlog => 1_000_000,
            Self::Kannel => 20_000,
        }
    }

    /// The node as it is set up for it.
    pub(crate) fn shape(self) -> NodeShape {
        let (binds, window, links, link_window) = match self {
            Self::SmppMany => (50, 100, 10, 100),
            Self::Links | Self::LinksFull => (50, 100, crate::fleet::LINKS, 100),
            Self::Overload | Self::OverloadQueue => (50, 100, 4, 1000),
            Self::Customers => (1_100, 100, 4, 1000),
            Self::SmppNarrow => (1, 10, 2, 1000),
            Self::Latency => (1, 1000, 2, 1000),
            Self::HttpOne => (50, 1, 2, 1000),
            // As Kannel: one link, and its window there is 100.
            Self::Kannel => (20, 1, 1, 100),
            Self::SmppWide | Self::Batch | Self::Backlog => (4, 1000, 2, 1000),
        };
        NodeShape {
            shards: None,
            binds,
            window,
            links,
            link_window,
            messages_max: match self {
                Self::Overload => 300_000,
                Self::OverloadQueue => 60_000,
                _ => 2_000_000,
            },
            priced: false,
            cdr: false,
        }
    }
}

impl Amount {
    /// The generator's part of the command line.
    pub(crate) fn arguments(&self, scenario: Scenario) -> Vec<String> {
        let mut arguments = Vec::new();
        match (self.count, self.duration) {
            (None, Some(duration)) => {
                arguments.extend(["--for".to_owned(), format!("{}ms", duration.as_millis())]);
            }
            _ => arguments.extend(["--count".to_owned(), self.messages(scenario).to_string()]),
        }
        let rate = match scenario {
            Scenario::Latency => Some(self.rate.unwrap_or(1_000)),
            Scenario::Links => Some(self.rate.unwrap_or(7_300)),
            _ => self.rate,
        };
        if self.keys && scenario == Scenario::HttpOne {
            arguments.extend(["--keys".to_owned(), "end-to-end".to_owned()]);
        }
        if let Some(rate) = rate {
            arguments.extend(["--rate".to_owned(), rate.to_string()]);
        }
        arguments
    }

    /// About how many messages it will be.
    pub(crate) fn messages(&self, scenario: Scenario) -> u64 {
        match (self.count, self.duration, self.rate) {
            (Some(count), _, _) => count,
            (None, Some(duration), Some(rate)) => duration.as_secs() * u64::from(rate),
            _ => scenario.count_default(),
        }
    }
}
