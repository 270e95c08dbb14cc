//! What the configuration says of one modem and of the pool that it is in.

use super::dialect::Dialect;

const SECOND_NS: u64 = 1_000_000_000;

/// A question of balance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BalanceQuestion {
    /// What is dialled: `*100#`.
    pub code: String,
    /// How often, nanoseconds.
    pub every_ns: u64,
}

/// One modem. Times are nanoseconds.
#[derive(Debug, Clone)]
pub struct ModemSpec {
    /// Its pool: the carrier's name.
    pub pool: String,
    /// Its name, once in a node.
    pub name: String,
    /// Where it is, for people: `/dev/ttyUSB0`, `tcp://10.0.0.5:4001`.
    pub port: String,
    /// Its make; none: found out.
    pub dialect: Option<&'static Dialect>,
    /// Whether status reports are asked for.
    pub status_reports: bool,
    /// From `AT+CMGS` to the prompt.
    pub prompt_timeout_ns: u64,
    /// From the prompt to the answer. Vendors state 60 to 120 seconds.
    pub send_timeout_ns: u64,
    /// Between two looks at the store.
    pub poll_storage_ns: u64,
    /// Between two looks at registration and signal.
    pub signal_every_ns: u64,
    /// A question of balance on schedule.
    pub balance: Option<BalanceQuestion>,
    /// How long a modem that nothing brought back is left alone before it is tried again; also one without a SIM, a tenth of it.
    pub retry_ns: u64,
    /// How long a goodbye waits for what is under way.
    pub close_timeout_ns: u64,
    /// For the spread of delays; modems of one pool need different ones.
    pub seed: u64,
}

impl ModemSpec {
    /// A modem as most are.
    #[must_use]
    pub fn new(pool: impl Into<String>, name: impl Into<String>, port: impl Into<String>) -> Self {
        Self {
            pool: pool.into(),
            name: name.into(),
            port: port.into(),
            dialect: None,
            status_reports: true,
            prompt_timeout_ns: 5 * SECOND_NS,
            send_timeout_ns: 60 * SECOND_NS,
            poll_storage_ns: 60 * SECOND_NS,
            signal_every_ns: 30 * SECOND_NS,
            balance: None,
            retry_ns: 300 * SECOND_NS,
            close_timeout_ns: 5 * SECOND_NS,
            seed: 0,
        }
    }
}
