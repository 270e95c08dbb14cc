//! The generators behind `smsload`: load over SMPP and HTTP, and batch files.
//!
//! Every text carries its number, so no two are equal and a simulator can prove loss and doubling. Numbers are taken from
//! ranges that are reserved for fiction or clearly unused.

pub mod batch;
pub mod http;
pub mod mix;
pub mod pace;
pub mod page;
pub mod ramp;
pub mod report;
pub mod smpp;
pub mod text;
pub mod timeline;
pub mod watch;

pub use mix::Mix;
pub use pace::Pace;
pub use ramp::Ramp;
pub use report::LoadReport;
pub use text::Texts;
pub use timeline::Timeline;
pub use watch::Watch;

/// Why a load could not be driven to its end.
#[derive(Debug, thiserror::Error)]
pub enum LoadFault {
    /// No connection, or it broke.
    #[error("{address}: {fault}")]
    Connection {
        /// Where to.
        address: String,
        /// What happened.
        fault: std::io::Error,
    },
    /// The far side refused the bind.
    #[error("{address}: bind refused with {status}")]
    BindRefused {
        /// Where to.
        address: String,
        /// Its status.
        status: carrack_smpp::CommandStatus,
    },
    /// The session ended before its work was done.
    #[error("{address}: session ended: {reason}")]
    SessionEnded {
        /// Where to.
        address: String,
        /// Why.
        reason: String,
    },
    /// An option that cannot be used.
    #[error("{0}")]
    Usage(String),
}
