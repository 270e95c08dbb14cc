//! A pipe of octets that never blocks: what a link's driver reads from and writes to.

/// Where a pipe stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TransportState {
    /// Not connected.
    Idle,
    /// Connecting.
    Connecting,
    /// Octets can go both ways.
    Open,
    /// It could not be connected, or was lost; the reason for people.
    Failed(String),
}

/// What a read brought.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReadOutcome {
    /// So many octets.
    Octets(usize),
    /// Nothing for now.
    Nothing,
    /// The other side is gone; the reason for people.
    Closed(String),
}

/// What a write took.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WriteOutcome {
    /// So many octets; the rest must wait until the loop is woken.
    Octets(usize),
    /// The other side is gone; the reason for people.
    Closed(String),
}

/// A pipe of octets. None of these calls blocks; the owner's loop is woken when there is something new.
pub trait Transport {
    /// Begins to connect; forgets what was before.
    fn connect(&mut self);
    /// Where it stands.
    fn state(&self) -> TransportState;
    /// Reads into `into`.
    fn read(&mut self, into: &mut [u8]) -> ReadOutcome;
    /// The owner stopped reading before there was nothing: its loop is to come again.
    fn read_later(&mut self);
    /// Writes from the front of `octets`.
    fn write(&mut self, octets: &[u8]) -> WriteOutcome;
    /// What is at the other side proved good: should it be lost, it is tried again before any other.
    fn settled(&mut self) {}
    /// Ends it at once.
    fn close(&mut self);
}
