//! What comes of a question.

use std::time::Duration;

use carrack_message::Network;
use thiserror::Error;

/// Whether a handset can be reached.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Presence {
    /// It is there.
    Reachable,
    /// It is switched off or out of reach.
    Absent,
    /// Nothing was said of it, or a word that the settings do not name.
    #[default]
    Unknown,
}

/// What a register knows of a number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Known {
    /// Its network; [`Network::UNKNOWN`] where the register named none, or none that is one.
    pub network: Network,
    /// Whether it was ported, where the register says so.
    pub ported: Option<bool>,
    /// Whether it can be reached.
    pub presence: Presence,
}

/// The end of a question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// The register knows it, now or as remembered.
    Known(Known),
    /// The register was asked, now or lately, and did not say. The next question asks anew.
    Failed(Failure),
    /// Nobody was asked.
    NotAsked(NotAsked),
    /// The deadline came first. What the register says later is remembered.
    TooLate,
}

/// Why a register did not say.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Error)]
pub enum Failure {
    /// No connection, or no TLS.
    #[error("no connection")]
    Unreachable,
    /// No whole answer in time.
    #[error("no whole answer in time")]
    TimedOut,
    /// It sends us elsewhere, and we do not go.
    #[error("it sends us elsewhere (status {0}), which is not followed")]
    Redirected(u16),
    /// It has no time for us now, and says for how long, maybe.
    #[error("it asks us to come later (status {status})")]
    Later {
        /// HTTP status.
        status: u16,
        /// How long it wants to be spared.
        pause: Option<Duration>,
    },
    /// It refuses.
    #[error("it refuses with status {0}")]
    Refused(u16),
    /// The answer broke off, is too long or is no JSON.
    #[error("its answer cannot be read")]
    Unreadable,
    /// The answer is JSON and has nothing where the settings say.
    #[error("its answer has no network and no status where the settings say")]
    Empty,
}

/// Why nobody was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Error)]
pub enum NotAsked {
    /// As many questions wait as may.
    #[error("as many questions wait as may")]
    Full,
    /// The money of the day is spent.
    #[error("the money of the day is spent")]
    Budget,
    /// What is spent cannot be written down, so nothing is.
    #[error("what is spent cannot be written down")]
    Ledger,
    /// The register failed lately and is spared.
    #[error("the register failed lately and is spared")]
    Circuit,
    /// We are stopping.
    #[error("we are stopping")]
    Stopped,
}
