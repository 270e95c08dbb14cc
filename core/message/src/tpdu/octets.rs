//! Octets read one field after the other.

use super::TpduFault;

/// What is left to read.
pub(super) struct Octets<'a> {
    rest: &'a [u8],
}

impl<'a> Octets<'a> {
    pub(super) const fn of(octets: &'a [u8]) -> Self {
        Self { rest: octets }
    }

    pub(super) fn one(&mut self, field: &'static str) -> Result<u8, TpduFault> {
        match self.rest {
            [first, rest @ ..] => {
                self.rest = rest;
                Ok(*first)
            }
            [] => Err(TpduFault::Short { field }),
        }
    }

    pub(super) fn take(
        &mut self,
        count: usize,
        field: &'static str,
    ) -> Result<&'a [u8], TpduFault> {
        let (taken, rest) = self
            .rest
            .split_at_checked(count)
            .ok_or(TpduFault::Short { field })?;
        self.rest = rest;
        Ok(taken)
    }

    /// Seven octets: a moment.
    pub(super) fn seven(&mut self, field: &'static str) -> Result<[u8; 7], TpduFault> {
        let taken = self.take(7, field)?;
        taken.try_into().map_err(|_| TpduFault::Short { field })
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    pub(super) const fn end(&self) -> Result<(), TpduFault> {
        match self.rest.len() {
            0 => Ok(()),
            octets => Err(TpduFault::Trailing { octets }),
        }
    }
}
