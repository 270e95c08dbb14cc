//! What is asked, of whom, and how much of it at most.

use std::collections::BTreeSet;

use carrack_message::{Msisdn, Sender};
use thiserror::Error;

const SECOND_NS: u64 = 1_000_000_000;
/// Messages that are sent for the ids and receipts.
const SAMPLES: u32 = 6;
/// Most submits at once, and most submits a second, that may be asked for.
const BURST_MAX: u32 = 1000;
/// How long the rate is measured.
pub(super) const RATE_SECONDS: u32 = 3;

/// One thing to find out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Question {
    /// Which binds it takes, and how it answers them.
    Binds,
    /// What ids and receipts look like, and how one leads to the other.
    Receipts,
    /// Which values of `data_coding` it takes.
    Alphabets,
    /// Which forms of long texts it takes.
    LongTexts,
    /// Which types of number it takes.
    Addresses,
    /// Whether it takes optional parameters.
    Parameters,
    /// What stands in its refusals.
    Errors,
    /// Whether it answers `query_sm`, `cancel_sm` and `replace_sm`.
    Queries,
    /// `enquire_link` both ways.
    KeepAlive,
    /// How many submits may wait for their answer. Only where a bound is named.
    Window,
    /// How many segments it takes a second. Only where a bound is named.
    Rate,
    /// How it says goodbye.
    Goodbye,
}

impl Question {
    /// All of them, in the order in which they are asked.
    pub const ALL: [Self; 12] = [
        Self::Binds,
        Self::Receipts,
        Self::Alphabets,
        Self::LongTexts,
        Self::Addresses,
        Self::Parameters,
        Self::Errors,
        Self::Queries,
        Self::KeepAlive,
        Self::Window,
        Self::Rate,
        Self::Goodbye,
    ];

    /// Its name on the command line and in reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Binds => "binds",
            Self::Receipts => "receipts",
            Self::Alphabets => "alphabets",
            Self::LongTexts => "long-texts",
            Self::Addresses => "addresses",
            Self::Parameters => "parameters",
            Self::Errors => "errors",
            Self::Queries => "queries",
            Self::KeepAlive => "keep-alive",
            Self::Window => "window",
            Self::Rate => "rate",
            Self::Goodbye => "goodbye",
        }
    }

    /// What it finds out, in one line.
    #[must_use]
    pub const fn line(self) -> &'static str {
        match self {
            Self::Binds => "which binds it takes, two at a time too, and which version it claims",
            Self::Receipts => "what ids and receipts look like, and how one leads to the other",
            Self::Alphabets => "which values of data_coding it takes",
            Self::LongTexts => "long texts by header of 8 and 16 bits, by SAR, by message_payload",
            Self::Addresses => "types of number, the plus sign",
            Self::Parameters => "whether it takes optional parameters",
            Self::Errors => "what stands in its refusals",
            Self::Queries => "query_sm, cancel_sm and replace_sm",
            Self::KeepAlive => "enquire_link, both ways",
            Self::Window => "how many submits may wait for their answer",
            Self::Rate => "how many segments it takes a second",
            Self::Goodbye => "how it answers unbind",
        }
    }

    /// The question with this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|question| question.name() == name)
    }
}

/// Who we are to the SMSC.
#[derive(Clone, PartialEq, Eq)]
pub struct Account {
    /// `system_id`.
    pub system_id: Vec<u8>,
    /// `password`.
    pub password: Vec<u8>,
    /// `system_type`; often empty.
    pub system_type: Vec<u8>,
    /// `interface_version` of our binds.
    pub interface_version: u8,
}

impl std::fmt::Debug for Account {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The password stays out of logs.
        f.debug_struct("Account")
            .field("system_id", &String::from_utf8_lossy(&self.system_id))
            .finish_non_exhaustive()
    }
}

/// A plan that cannot be carried out.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum PlanFault {
    /// Nobody to send to.
    #[error("no recipient; name handsets of your own with --to")]
    NoRecipient,
    /// A bound that is more than a probe should do.
    #[error("{what} of {asked} is more than the {most} that a probe may ask for")]
    TooMuch {
        /// Which.
        what: &'static str,
        /// What was asked for.
        asked: u32,
        /// The most.
        most: u32,
    },
    /// The questions need more messages than allowed.
    #[error(
        "these questions send {needed} messages, and --messages-max allows {allowed}; raise it, or ask less with --questions"
    )]
    TooManyMessages {
        /// Messages they send.
        needed: u32,
        /// Messages allowed.
        allowed: u32,
    },
}

/// What a probe does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// Who we are.
    pub account: Account,
    /// Recipients, taken in turns.
    pub to: Vec<Msisdn>,
    /// Source address.
    pub from: Sender,
    /// `data_coding` of texts in the carrier's default alphabet.
    pub data_coding: u8,
    /// What is asked.
    pub questions: BTreeSet<Question>,
    /// Least time between two submits, window and rate apart.
    pub interval_ns: u64,
    /// Messages at most, all questions together.
    pub messages_max: u32,
    /// How long a response is awaited.
    pub response_wait_ns: u64,
    /// How long receipts are awaited, of one message and at the end.
    pub receipt_wait_ns: u64,
    /// How long binds are tried.
    pub bind_wait_ns: u64,
    /// Between two tries to bind.
    pub bind_retry_ns: u64,
    /// Submits sent at once for [`Question::Window`].
    pub window_max: Option<u32>,
    /// Submits a second for [`Question::Rate`].
    pub rate_max: Option<u32>,
    /// Makes texts and references of this run differ from those of others.
    pub seed: u64,
}

impl Plan {
    /// Every question but window and rate, one message a second, at most 60.
    #[must_use]
    pub fn new(account: Account, to: Vec<Msisdn>, from: Sender) -> Self {
        Self {
            account,
            to,
            from,
            data_coding: 0,
            questions: Question::ALL.into_iter().collect(),
            interval_ns: SECOND_NS,
            messages_max: 60,
            response_wait_ns: 10 * SECOND_NS,
            receipt_wait_ns: 30 * SECOND_NS,
            bind_wait_ns: 180 * SECOND_NS,
            bind_retry_ns: 5 * SECOND_NS,
            window_max: None,
            rate_max: None,
            seed: 1,
        }
    }

    /// Whether it is asked.
    #[must_use]
    pub fn asks(&self, question: Question) -> bool {
        let is_bounded = match question {
            Question::Window => self.window_max.is_some(),
            Question::Rate => self.rate_max.is_some(),
            _ => true,
        };
        is_bounded && self.questions.contains(&question)
    }

    pub(super) const fn samples() -> u32 {
        SAMPLES
    }

    /// Checks the bounds.
    ///
    /// # Errors
    /// [`PlanFault`], with its cure.
    pub fn check(&self) -> Result<(), PlanFault> {
        if self.to.is_empty() {
            return Err(PlanFault::NoRecipient);
        }
        for (what, asked) in [("a window", self.window_max), ("a rate", self.rate_max)] {
            let asked = asked.unwrap_or(0);
            if asked > BURST_MAX {
                return Err(PlanFault::TooMuch {
                    what,
                    asked,
                    most: BURST_MAX,
                });
            }
        }
        let needed = super::script::messages(self);
        if needed > self.messages_max {
            return Err(PlanFault::TooManyMessages {
                needed,
                allowed: self.messages_max,
            });
        }
        Ok(())
    }

    /// Messages that are sent at most: some are asked twice or three times where a refusal says nothing about them.
    #[must_use]
    pub fn messages_most(&self) -> u32 {
        let needed = self.messages();
        let again = super::script::tried(self).saturating_mul(super::doubt::TRIES_MAX as u32 - 1);
        needed
            .saturating_add(again)
            .min(self.messages_max)
            .max(needed)
    }

    /// Longer than this no run takes: each message waits for its answer and its receipt, each bind for its end.
    pub(super) fn time_most_ns(&self) -> u64 {
        const BINDS_MOST: u64 = 32;
        const STEPS_ELSE: u64 = 32;
        let messages = u64::from(self.messages_max.max(self.messages()));
        let a_message_ns = self.interval_ns.saturating_add(self.response_wait_ns);
        let binds_ns = self.bind_wait_ns.saturating_add(self.bind_retry_ns);
        a_message_ns
            .saturating_mul(messages.saturating_add(STEPS_ELSE))
            .saturating_add(self.receipt_wait_ns.saturating_mul(u64::from(SAMPLES) + 2))
            .saturating_add(binds_ns.saturating_mul(BINDS_MOST))
    }

    /// Messages that the questions send.
    #[must_use]
    pub fn messages(&self) -> u32 {
        super::script::messages(self)
    }
}
