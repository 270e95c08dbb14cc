//! The lists of a moment, for those who ask beforehand whether a message would be refused.
//!
//! Promise: it says what accepting the message to that network would say, and counts nothing but what it is told to. Pure beside the look-ups.

use std::io;
use std::sync::Arc;

use carrack_message::Network;
use carrack_routing::Query;
use carrack_telemetry::names;

use super::{Lists, SuppressionRule, SuppressionSettings, Suppressions};
use crate::submission::Refusal;

/// Lists as they are set now; what is added to them shows at once.
#[derive(Clone, Default)]
pub struct SuppressionsNow(Arc<Lists>);

impl SuppressionsNow {
    /// Lists of their files alone, without an engine: nothing is added to them.
    ///
    /// # Errors
    /// They cannot be put in force.
    pub fn of_files(rules: Vec<SuppressionRule>) -> io::Result<Self> {
        let lists = Suppressions::default();
        lists.replace(SuppressionSettings {
            rules,
            ..SuppressionSettings::default()
        })?;
        Ok(lists.now())
    }

    /// Why a message to that network would be refused.
    #[must_use]
    pub fn refusal(&self, query: &Query<'_>, network: Network) -> Option<Refusal> {
        self.0.suppressed(query, network).map(Refusal::from)
    }

    /// The same of lists that do not ask for the recipient's network: what is remembered of ported numbers is the engine's.
    #[must_use]
    pub fn refusal_anywhere(&self, query: &Query<'_>) -> Option<Refusal> {
        let lists = self.0.lists.iter();
        let mut lists = lists.filter(|list| !list.rule.matcher.asks_network());
        lists.find_map(|list| {
            let reason = list.reason(query, Network::UNKNOWN)?;
            Some(list.forbids(reason).into())
        })
    }

    /// Counts what was refused beforehand, as if it had been handed in.
    pub fn count(&self, refusals: &[Refusal]) {
        for refusal in refusals {
            if let Refusal::Suppressed { list, .. } = refusal
                && let Some(list) = self.0.named(list)
            {
                list.refused.increment(1);
                metrics::counter!(names::MESSAGES_REFUSED, "reason" => refusal.name()).increment(1);
            }
        }
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
