//! `[runtime]`: how shard threads wait for input and output.

use crate::kind;
use crate::reader::Section;

/// What a shard waits on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Io {
    /// The ring where the kernel allows it, else epoll.
    Auto,
    /// The ring; the start fails where the kernel refuses it.
    Uring,
    /// epoll.
    Epoll,
}

/// `[runtime]`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Runtime {
    /// What a shard waits on.
    pub io: Io,
    /// Whether each shard keeps to one core.
    pub pin_shards: bool,
}

impl Runtime {
    pub(crate) fn read(section: &Section<'_>) -> Self {
        const IO: &[(&str, Io)] = &[
            ("auto", Io::Auto),
            ("uring", Io::Uring),
            ("epoll", Io::Epoll),
        ];
        Self {
            io: section.or("io", Io::Auto, kind::choice(IO)),
            pin_shards: section.or("pin_shards", true, kind::boolean),
        }
    }
}
