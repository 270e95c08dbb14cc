//! Who is bound: lets binds in, counts them by account and in all.
//!
//! Promise: a bind that ended frees its place at once. Bound: the account's binds and the door's.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;

use carrack_smpp::CommandStatus;

use crate::accounts::{AccessFault, Account, AccountBook};

/// Binds that are up.
#[derive(Debug)]
pub(crate) struct Register {
    by_account: HashMap<u32, u32>,
    binds: u32,
    binds_max: u32,
}

impl Register {
    pub(crate) fn new(binds_max: u32) -> Self {
        Self {
            by_account: HashMap::new(),
            binds: 0,
            binds_max,
        }
    }

    /// Binds of all accounts.
    pub(crate) const fn binds(&self) -> u32 {
        self.binds
    }

    /// Lets a bind in and counts it.
    ///
    /// # Errors
    /// `ESME_RINVSYSID`, `ESME_RINVPASWD`; `ESME_RBINDFAIL` for an address that is not allowed and for too many binds.
    pub(crate) fn admit(
        &mut self,
        book: &AccountBook,
        system_id: &[u8],
        password: &[u8],
        from: IpAddr,
    ) -> Result<Arc<Account>, CommandStatus> {
        let system_id =
            std::str::from_utf8(system_id).map_err(|_| CommandStatus::ESME_RINVSYSID)?;
        let password = std::str::from_utf8(password).map_err(|_| CommandStatus::ESME_RINVPASWD)?;
        let account = book
            .current()
            .by_system_id(system_id, password, from)
            .map_err(|fault| match fault {
                AccessFault::Unknown => CommandStatus::ESME_RINVSYSID,
                AccessFault::Secret => CommandStatus::ESME_RINVPASWD,
                AccessFault::Address => CommandStatus::ESME_RBINDFAIL,
            })?;
        let own = self.by_account.entry(account.number).or_default();
        if *own >= account.binds_max || self.binds >= self.binds_max {
            return Err(CommandStatus::ESME_RBINDFAIL);
        }
        *own += 1;
        self.binds += 1;
        Ok(account)
    }

    /// A bind has ended.
    pub(crate) fn release(&mut self, account: u32) {
        self.binds = self.binds.saturating_sub(1);
        if let Some(own) = self.by_account.get_mut(&account) {
            *own = own.saturating_sub(1);
            if *own == 0 {
                self.by_account.remove(&account);
            }
        }
    }
}
