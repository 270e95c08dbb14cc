//! Where a stream of PDUs is cut into writes. Each begins with its length in four octets; nothing else is known of them.

const HEADER_OCTETS: usize = 16;
/// Where a header is cut.
const CUT_AT: usize = 7;

/// How octets are cut.
#[derive(Debug, Clone, Default)]
pub enum Pieces {
    /// Not at all.
    #[default]
    Whole,
    /// One octet a write.
    Single,
    /// Inside each header and behind it.
    Headers {
        /// Octets of the PDU that were written.
        at: usize,
        /// Octets of the PDU.
        length: usize,
    },
}

impl Pieces {
    /// Cuts inside each header and behind it.
    #[must_use]
    pub fn headers() -> Self {
        Self::Headers { at: 0, length: 0 }
    }

    /// True when one turn writes one piece.
    #[must_use]
    pub fn is_cut(&self) -> bool {
        !matches!(self, Self::Whole)
    }

    /// True when both cut alike, wherever they are.
    pub(super) fn is_like(&self, other: &Self) -> bool {
        std::mem::discriminant(self) == std::mem::discriminant(other)
    }

    /// The next piece of what waits.
    pub(super) fn next<'a>(&mut self, rest: &'a [u8]) -> &'a [u8] {
        let octets = match self {
            Self::Whole => return rest,
            Self::Single => 1,
            Self::Headers { at, length } => {
                if *at == 0 {
                    let field = rest.first_chunk::<4>().copied().unwrap_or_default();
                    *length = (u32::from_be_bytes(field) as usize).max(HEADER_OCTETS);
                }
                let end = [CUT_AT, HEADER_OCTETS, *length]
                    .into_iter()
                    .find(|end| end > at);
                end.map_or(1, |end| end - *at)
            }
        };
        rest.get(..octets).unwrap_or(rest)
    }

    /// Notes how much of the piece was taken.
    pub(super) fn wrote(&mut self, octets: usize) {
        if let Self::Headers { at, length } = self {
            *at += octets;
            if at >= length {
                *at = 0;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing
    )]

    use super::*;

    fn cut(mut pieces: Pieces, octets: &[u8]) -> Vec<usize> {
        let mut rest = octets;
        let mut lengths = Vec::new();
        while !rest.is_empty() {
            let length = pieces.next(rest).len();
            pieces.wrote(length);
            lengths.push(length);
            rest = &rest[length..];
        }
        lengths
    }

    #[test]
    fn pdus_are_cut_where_they_shall_be() {
        let long = [&[0, 0, 0, 20][..], &[1; 16]].concat();
        let short = [&[0, 0, 0, 16][..], &[2; 12]].concat();
        let both = [long, short].concat();
        assert_eq!(cut(Pieces::Whole, &both), [36]);
        assert_eq!(cut(Pieces::Single, &both), [1; 36]);
        assert_eq!(cut(Pieces::headers(), &both), [7, 9, 4, 7, 9]);
    }
}
