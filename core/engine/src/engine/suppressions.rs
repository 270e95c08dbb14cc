//! Suppression lists by the handle: set, asked, changed. Fails by [`SuppressionFault`].

use std::sync::atomic::Ordering;

use carrack_routing::suppression::Whose;

use super::Engine;
use crate::suppression::{
    SuppressionChange, SuppressionEntry, SuppressionFault, SuppressionFound, SuppressionListView,
    SuppressionReply, SuppressionSettings, SuppressionsNow,
};

impl Engine {
    /// Puts other suppression lists in place of these; what was added to lists of the same name and form stays. Blocking:
    /// what was added to new ones is read.
    ///
    /// # Errors
    /// That cannot be read; nothing has changed then.
    pub fn replace_suppressions(&self, settings: SuppressionSettings) -> std::io::Result<()> {
        let shared = &self.inner.shared;
        shared.suppressions.replace(settings)?;
        shared.tables_version.fetch_add(1, Ordering::Release);
        self.wake();
        Ok(())
    }

    /// Suppression lists, in the order of the configuration.
    #[must_use]
    pub fn suppression_lists(&self) -> Vec<SuppressionListView> {
        self.inner.shared.suppressions.views()
    }

    /// What suppression lists say of a number, whatever messages they are for; `account` and `sender` are those of entries
    /// by account and sender.
    #[must_use]
    pub fn suppressed(
        &self,
        whose: Whose,
        account: &str,
        sender: &str,
        utc_ns: u64,
    ) -> Vec<SuppressionFound> {
        let suppressions = &self.inner.shared.suppressions;
        suppressions.look_up(whose, account, sender, utc_ns)
    }

    /// Suppression lists as they are set now, to be asked about a message before it is handed in.
    #[must_use]
    pub fn suppressions_now(&self) -> SuppressionsNow {
        self.inner.shared.suppressions.now()
    }

    /// Entries that were added to a list since its last compaction, of one account or sender where `name` says so, keys
    /// rising from behind `after`, so many at most. None: no such list.
    #[must_use]
    pub fn suppression_entries(
        &self,
        list: &str,
        name: Option<&str>,
        after: Option<u64>,
        most: usize,
    ) -> Option<Vec<SuppressionEntry>> {
        let suppressions = &self.inner.shared.suppressions;
        suppressions.added(list, name, after, most)
    }

    /// Changes suppression lists; the reply comes when that is durable and in force on every shard.
    ///
    /// # Errors
    /// [`SuppressionFault`]; nothing was changed, and the reply does not come.
    pub fn suppress(
        &self,
        changes: Vec<SuppressionChange>,
        reply: SuppressionReply,
    ) -> Result<(), SuppressionFault> {
        self.inner.shared.suppressions.change(changes, reply)
    }

    /// A message with this tag may leave until then though its recipient stands on a list: an answer of the node's own. False:
    /// too many may.
    #[must_use]
    pub fn exempt_tag(&self, tag: &str, now_utc_ns: u64, until_utc_ns: u64) -> bool {
        let exempt = &self.inner.shared.suppressions.exempt;
        exempt.add(tag, now_utc_ns, until_utc_ns)
    }

    /// Moves what was added to a list into an index; the reply says how many entries that has.
    ///
    /// # Errors
    /// [`SuppressionFault`]; the reply does not come.
    pub fn compact_suppression(
        &self,
        list: &str,
        reply: Box<dyn FnOnce(Result<u64, SuppressionFault>) + Send>,
    ) -> Result<(), SuppressionFault> {
        self.inner.shared.suppressions.compact(list, reply)
    }
}
