//! The desk at which one client's bind is judged: the register of the door, its log and its counts.

use std::cell::RefCell;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use carrack_smpp::CommandStatus;

use super::connection::Desk;
use super::counts::{Counts, add};
use super::register::Register;
use crate::accounts::{Account, AccountBook};

/// The desk as one client sees it.
pub(crate) struct Reception<'a> {
    pub(crate) register: &'a RefCell<Register>,
    pub(crate) book: &'a AccountBook,
    pub(crate) counts: &'a Counts,
    pub(crate) from: IpAddr,
}

impl Desk for Reception<'_> {
    fn admit(&mut self, system_id: &[u8], password: &[u8]) -> Result<Arc<Account>, CommandStatus> {
        let mut register = self.register.borrow_mut();
        let verdict = register.admit(self.book, system_id, password, self.from);
        let system_id = String::from_utf8_lossy(system_id);
        match &verdict {
            Ok(account) => {
                tracing::info!(account = account.name, from = %self.from, "SMPP client bound");
                self.counts
                    .binds
                    .store(u64::from(register.binds()), Ordering::Relaxed);
            }
            Err(status) => {
                tracing::info!(%system_id, from = %self.from, %status, "SMPP bind refused");
                add(&self.counts.binds_refused, 1);
            }
        }
        verdict
    }

    fn release(&mut self, account: u32) {
        let mut register = self.register.borrow_mut();
        register.release(account);
        self.counts
            .binds
            .store(u64::from(register.binds()), Ordering::Relaxed);
    }
}
