//! Reads fields off a body. Never reads outside the slice; allocates nothing.
//!
//! Decisions: an unterminated string in mid-body and a body that ends early are
//! `ESME_RINVCMDLEN`; only the last string of a body may miss its NUL.

use crate::CommandStatus;
use crate::oddity::{BodyError, BodyFault, Decoded, Oddities, Strictness};

/// A C-octet string field: its name, and its octets in the specification, NUL included.
#[derive(Clone, Copy)]
pub(crate) struct Field {
    pub(crate) name: &'static str,
    pub(crate) octets_max: usize,
    /// What a strict decoder answers when it is too long.
    pub(crate) answer: CommandStatus,
}

/// No string field is taken above this, NUL included, however tolerant we are.
const OCTETS_MAX_TOLERANT: usize = 256;

/// Position of the first NUL; eight octets a step.
#[inline]
pub(crate) fn nul_position(bytes: &[u8]) -> Option<usize> {
    const LOW: u64 = 0x0101_0101_0101_0101;
    const HIGH: u64 = 0x8080_8080_8080_8080;
    let mut rest = bytes;
    let mut offset = 0;
    while let Some((chunk, tail)) = rest.split_first_chunk::<8>() {
        let word = u64::from_le_bytes(*chunk);
        let zeros = word.wrapping_sub(LOW) & !word & HIGH;
        if zeros != 0 {
            return Some(offset + (zeros.trailing_zeros() >> 3) as usize);
        }
        offset += 8;
        rest = tail;
    }
    if rest.is_empty() {
        return None;
    }
    // The tail by one load that overlaps what was read already and had no NUL.
    if let Some(chunk) = bytes.last_chunk::<8>() {
        let word = u64::from_le_bytes(*chunk);
        let zeros = word.wrapping_sub(LOW) & !word & HIGH;
        return (zeros != 0).then(|| bytes.len() - 8 + (zeros.trailing_zeros() >> 3) as usize);
    }
    rest.iter().position(|&b| b == 0)
}

/// The octets before the first NUL; all of them where there is none.
pub(crate) fn until_nul(bytes: &[u8]) -> &[u8] {
    nul_position(bytes)
        .and_then(|end| bytes.get(..end))
        .unwrap_or(bytes)
}

pub(crate) struct Reader<'a> {
    rest: &'a [u8],
    pub(crate) oddities: Oddities,
    strict: bool,
}

impl<'a> Reader<'a> {
    #[inline]
    pub(crate) fn new(body: &'a [u8], strictness: Strictness) -> Self {
        Self {
            rest: body,
            oddities: Oddities::default(),
            strict: strictness == Strictness::Strict,
        }
    }

    /// The body, with what was odd on the way.
    #[inline]
    pub(crate) const fn done<T: Copy>(&self, value: T) -> Decoded<T> {
        Decoded {
            value,
            oddities: self.oddities,
        }
    }

    #[inline]
    pub(crate) const fn is_strict(&self) -> bool {
        self.strict
    }

    #[inline]
    pub(crate) const fn rest(&self) -> &'a [u8] {
        self.rest
    }

    #[inline]
    pub(crate) fn octets<const N: usize>(
        &mut self,
        field: &'static str,
    ) -> Result<[u8; N], BodyError> {
        match self.rest.split_first_chunk::<N>() {
            Some((octets, rest)) => {
                self.rest = rest;
                Ok(*octets)
            }
            None => Err(cut(field, BodyFault::Cut)),
        }
    }

    /// `length` octets; `None` when fewer are left.
    #[inline]
    pub(crate) fn slice(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.rest.split_at_checked(length)?;
        self.rest = rest;
        Some(taken)
    }

    /// A string that must have its NUL.
    #[inline]
    pub(crate) fn cstring(&mut self, field: &Field) -> Result<&'a [u8], BodyError> {
        let found = nul_position(self.rest).and_then(|end| {
            let (text, rest) = self.rest.split_at_checked(end)?;
            Some((text, rest.split_first()?.1))
        });
        let Some((text, rest)) = found else {
            return Err(cut(field.name, BodyFault::Unterminated));
        };
        self.rest = rest;
        self.check_length(text, field)?;
        Ok(text)
    }

    /// The last string of a body: it may miss its NUL where we are tolerant.
    pub(crate) fn last_cstring(&mut self, field: &Field) -> Result<&'a [u8], BodyError> {
        if self.strict || nul_position(self.rest).is_some() {
            return self.cstring(field);
        }
        self.oddities.insert(Oddities::MISSING_NUL);
        let text = std::mem::take(&mut self.rest);
        self.check_length(text, field)?;
        Ok(text)
    }

    #[inline]
    fn check_length(&mut self, text: &[u8], field: &Field) -> Result<(), BodyError> {
        if text.len() < field.octets_max {
            return Ok(());
        }
        if self.strict || text.len() >= OCTETS_MAX_TOLERANT {
            let answer = if self.strict {
                field.answer
            } else {
                CommandStatus::ESME_RINVPARLEN
            };
            return Err(BodyError {
                answer,
                field: field.name,
                fault: BodyFault::TooLong,
            });
        }
        self.oddities.insert(Oddities::OVERLONG_STRING);
        Ok(())
    }
}

#[cold]
const fn cut(field: &'static str, fault: BodyFault) -> BodyError {
    BodyError {
        answer: CommandStatus::ESME_RINVCMDLEN,
        field,
        fault,
    }
}
