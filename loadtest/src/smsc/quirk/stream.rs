//! How octets are cut into writes (T43). Plays where there is a socket.

use super::Quirk;

/// Where the stream is cut.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Stream {
    /// Nowhere: all that is there goes in one write.
    #[default]
    Whole,
    /// After each octet.
    Drip,
    /// Inside each header and behind it.
    SplitHeader,
}

pub(super) const FAMILY: &[Quirk] = &[
    Quirk {
        name: "drip",
        traps: &["T43"],
        takes: &[],
        line: "writes one octet at a time",
        set: |quirks, _| quirks.stream = Stream::Drip,
    },
    Quirk {
        name: "split-header",
        traps: &["T43"],
        takes: &[],
        line: "writes each PDU in three pieces, cut inside and behind its header",
        set: |quirks, _| quirks.stream = Stream::SplitHeader,
    },
];
