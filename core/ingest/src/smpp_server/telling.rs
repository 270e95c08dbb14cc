//! What a client is told, and how it is written: the end of a message by [`receipt`](super::receipt), a message from a
//! handset by [`mo`](super::mo).

use carrack_engine::News;
use carrack_smpp::DeliverSm;

use super::mo::MoWriter;
use super::receipt::ReceiptWriter;
use crate::accounts::Dialect;

/// Something for a client; `K` names it to whoever handed it over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Telling<K> {
    /// To be given back when the customer has taken it.
    pub key: K,
    /// What it is.
    pub news: News,
}

/// Which `deliver_sm` of what is told in several, and for whom.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Line {
    /// The dialect in which the first part was written.
    pub(crate) dialect: Dialect,
    /// Whether the client's version of SMPP has optional parameters.
    pub(crate) has_tlvs: bool,
    /// The part, from 0.
    pub(crate) part: u8,
}

/// Writes in one account's dialect; buffers are used again.
#[derive(Debug, Default)]
pub(crate) struct TellingWriter {
    dialect: Dialect,
    receipt: ReceiptWriter,
    mo: MoWriter,
}

impl TellingWriter {
    /// From now on in this dialect.
    pub(crate) const fn speak(&mut self, dialect: Dialect) {
        self.dialect = dialect;
        self.receipt.speak(dialect);
    }

    /// The dialect of what begins now.
    pub(crate) const fn dialect(&self) -> Dialect {
        self.dialect
    }

    /// Builds one `deliver_sm` and shows it to `send`; gives its answer, and how many there are in all. `None`: this
    /// client cannot be told that.
    pub(crate) fn write<R>(
        &mut self,
        news: &News,
        line: Line,
        send: impl FnOnce(&DeliverSm<'_>) -> R,
    ) -> Option<(R, u8)> {
        match news {
            News::End(ending) => Some((self.receipt.write(ending, send), 1)),
            // Never on this way.
            News::Submitted(_) => None,
            News::Mo(incoming) => self.mo.write(incoming, line, send),
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use std::sync::Arc;

    use super::super::mo::tests::incoming;
    use super::super::receipt::tests::ending;
    use super::*;

    pub(crate) fn telling(key: u32) -> Telling<u32> {
        Telling {
            key,
            news: News::End(ending(key)),
        }
    }

    pub(crate) fn from_handset(key: u32, text: &str) -> Telling<u32> {
        Telling {
            key,
            news: News::Mo(Arc::new(incoming(key, text))),
        }
    }
}
