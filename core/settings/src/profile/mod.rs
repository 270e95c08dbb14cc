//! Profiles: how carriers behave, one TOML file each.
//!
//! Promise: a profile holds together, or all faults of its file are told at once, each as `file:line: what and how to
//! mend`. [`Profile::default`] is a carrier that keeps to SMPP 3.4. Bounded: a file of at most 1 MiB.

mod built_in;
mod defaults;
mod keys;
mod lines;
pub(crate) mod read;
#[cfg(test)]
mod shipped;
mod source;
mod types;
mod values;
mod words;
mod write;

pub use keys::ProfileKey;
pub(crate) use words::ERROR_BODIES;

pub use types::{
    AddressKind, ErrorBody, NoResponse, PlusSign, Profile, QueueFullScope, SpecLimits, StatusClass,
    ThrottleMode, TlsUse, TonNpiRule,
};
