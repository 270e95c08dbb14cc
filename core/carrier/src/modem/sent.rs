//! To whom the last segments of a SIM went, by message reference.
//!
//! A status report names its recipient as the network likes, often without the country. Bound: 256 references, the last of each;
//! nothing is kept while nothing is sent.

use carrack_message::Msisdn;

/// Fewer digits in common prove nothing.
const TAIL_DIGITS_MIN: usize = 6;

/// The last recipient of each reference.
#[derive(Debug, Default)]
pub(super) struct SentRecently {
    to: Option<Box<[u64; 256]>>,
    late: Option<Msisdn>,
}

impl SentRecently {
    pub(super) fn note(&mut self, reference: u8, to: Msisdn) {
        let all = self.to.get_or_insert_with(|| Box::new([0; 256]));
        if let Some(place) = all.get_mut(usize::from(reference)) {
            *place = to.as_u64();
        }
    }

    /// One whose answer did not come in time.
    pub(super) const fn note_late(&mut self, to: Msisdn) {
        self.late = Some(to);
    }

    pub(super) const fn late_recipient(&mut self) -> Option<Msisdn> {
        self.late.take()
    }

    /// Whom a report of this reference means, by digits that may lack the country or begin with zeros.
    pub(super) fn recipient(&self, reference: u8, digits: &str) -> Option<Msisdn> {
        let found = *self.to.as_ref()?.get(usize::from(reference))?;
        let to = Msisdn::from_u64(found)?;
        let tail = digits.trim_start_matches('0');
        let is_same = tail.len() >= TAIL_DIGITS_MIN && to.to_string().ends_with(tail);
        is_same.then_some(to)
    }
}
