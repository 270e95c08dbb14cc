//! Remembers requests that timed out, so that a late response still finds its ticket.
//!
//! Bound: a power of two of entries, placed by sequence number; a newer one overwrites an older one.
//! Allocated by the first time-out.

#[derive(Debug, Default)]
pub(crate) struct LateMemory {
    entries: Vec<Entry>,
    entries_max: u32,
}

/// Sequence 0 marks a free entry.
#[derive(Clone, Copy, Debug, Default)]
struct Entry {
    sequence: u32,
    command: u32,
    ticket: u64,
}

impl LateMemory {
    pub(crate) fn new(entries_max: u32) -> Self {
        let entries_max = match entries_max.min(1 << 20) {
            0 => 0,
            n => n.next_power_of_two(),
        };
        Self {
            entries: Vec::new(),
            entries_max,
        }
    }

    pub(crate) fn remember(&mut self, sequence: u32, command: u32, ticket: u64) {
        if self.entries.is_empty() {
            self.entries
                .resize(self.entries_max as usize, Entry::default());
        }
        if let Some(entry) = self.entry(sequence) {
            *entry = Entry {
                sequence,
                command,
                ticket,
            };
        }
    }

    /// The ticket of a timed-out request, once. `command` is `None` when any request will do.
    pub(crate) fn take(&mut self, sequence: u32, command: Option<u32>) -> Option<u64> {
        let entry = self.entry(sequence)?;
        let wanted = command.is_none_or(|command| command == entry.command);
        if sequence == 0 || entry.sequence != sequence || !wanted {
            return None;
        }
        entry.sequence = 0;
        Some(entry.ticket)
    }

    /// The number is used anew: a response to it is not late.
    #[inline]
    pub(crate) fn forget(&mut self, sequence: u32) {
        if self.entries.is_empty() {
            return;
        }
        if let Some(entry) = self.entry(sequence)
            && entry.sequence == sequence
        {
            entry.sequence = 0;
        }
    }

    pub(crate) fn clear(&mut self) {
        self.entries = Vec::new();
    }

    #[inline]
    fn entry(&mut self, sequence: u32) -> Option<&mut Entry> {
        let mask = self.entries_max.wrapping_sub(1);
        self.entries.get_mut((sequence & mask) as usize)
    }
}
