//! The lists of a moment, for those who ask beforehand whether a message would be refused.
//!
//! Promise: it says what accepting the message would say, and counts nothing. Pure beside the look-ups.

use std::sync::Arc;

use carrack_message::Network;
use carrack_routing::Query;

use super::{Lists, Suppressions};
use crate::submission::Refusal;

/// Lists as they are set now; what is added to them shows at once.
#[derive(Clone, Default)]
pub struct SuppressionsNow(Arc<Lists>);

impl SuppressionsNow {
    /// Why a message to that network would be refused.
    #[must_use]
    pub fn refusal(&self, query: &Query<'_>, network: Network) -> Option<Refusal> {
        self.0.suppressed(query, network).map(Refusal::from)
    }
}

impl std::fmt::Debug for SuppressionsNow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SuppressionsNow").finish_non_exhaustive()
    }
}

impl Suppressions {
    /// The lists for questions.
    pub(crate) fn now(&self) -> SuppressionsNow {
        SuppressionsNow(self.lists())
    }
}
