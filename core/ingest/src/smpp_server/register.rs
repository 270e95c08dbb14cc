//! Who is bound: lets binds in, counts them by account and in all.
//!
//! Promise: a bind that ended frees its place at once. Bound: the account's binds and the door's.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;

use carrack_smpp::{BindKind, CommandStatus};

use super::judgement::Applicant;
use crate::accounts::{AccessFault, Account, AccountBook, Admission};

/// A bind that asks to be let in.
#[derive(Clone, Copy)]
pub(crate) struct Knock<'a> {
    pub(crate) sequence_number: u32,
    pub(crate) kind: BindKind,
    pub(crate) system_id: &'a [u8],
    pub(crate) password: &'a [u8],
}

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

    /// Lets a bind in and counts it, or says what has to be proven first: then it is not counted.
    ///
    /// # Errors
    /// `ESME_RINVSYSID`, `ESME_RINVPASWD`; what [`Register::take_place`] says.
    pub(crate) fn admit(
        &mut self,
        book: &AccountBook,
        knock: &Knock<'_>,
        from: IpAddr,
    ) -> Result<Admission, CommandStatus> {
        let system_id =
            std::str::from_utf8(knock.system_id).map_err(|_| CommandStatus::ESME_RINVSYSID)?;
        let password =
            std::str::from_utf8(knock.password).map_err(|_| CommandStatus::ESME_RINVPASWD)?;
        let admission = book
            .current()
            .by_system_id(system_id, password, from)
            .map_err(status_of)?;
        if let Admission::Open(account) = &admission {
            self.take_place(account, knock.kind)?;
        }
        Ok(admission)
    }

    /// Lets in whose password was verified.
    ///
    /// # Errors
    /// As [`Register::admit`].
    pub(crate) fn admit_proven(
        &mut self,
        book: &AccountBook,
        applicant: &Applicant,
    ) -> Result<Arc<Account>, CommandStatus> {
        let account = book
            .current()
            .by_proof(&applicant.system_id, &applicant.proof, applicant.from)
            .map_err(status_of)?;
        self.take_place(&account, applicant.kind)?;
        Ok(account)
    }

    /// Counts a bind.
    ///
    /// # Errors
    /// `ESME_RBINDFAIL` for a kind of bind that is not allowed and for too many binds: `ESME_RINVBNDSTS` is for requests
    /// that a bind does not permit (SMPP 3.4, 5.1.3).
    fn take_place(&mut self, account: &Account, kind: BindKind) -> Result<(), CommandStatus> {
        let own = self.by_account.entry(account.number).or_default();
        if !account.may_bind(kind) || *own >= account.binds_max || self.binds >= self.binds_max {
            return Err(CommandStatus::ESME_RBINDFAIL);
        }
        *own += 1;
        self.binds += 1;
        Ok(())
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

const fn status_of(fault: AccessFault) -> CommandStatus {
    match fault {
        AccessFault::Unknown => CommandStatus::ESME_RINVSYSID,
        AccessFault::Secret => CommandStatus::ESME_RINVPASWD,
        AccessFault::Address => CommandStatus::ESME_RBINDFAIL,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::accounts::{AccountSpec, Accounts, BindKinds};

    #[test]
    fn a_kind_of_bind_that_is_not_the_accounts_fails_and_takes_no_place() {
        let spec = AccountSpec {
            system_id: Some("acme".into()),
            password: Some("a password longer than eight".into()),
            binds_max: 1,
            binds: BindKinds {
                receiver: false,
                ..BindKinds::ALL
            },
            ..AccountSpec::named("shop")
        };
        let book = AccountBook::new(Accounts::build(&[spec], |_| Some(7)).unwrap());
        let mut register = Register::new(10);
        let mut bind = |kind| {
            let knock = Knock {
                sequence_number: 1,
                kind,
                system_id: b"acme",
                password: b"a password longer than eight",
            };
            let from = std::net::Ipv4Addr::LOCALHOST.into();
            register.admit(&book, &knock, from).map(|_| ())
        };
        let refused = Err(CommandStatus::ESME_RBINDFAIL);
        assert_eq!(bind(BindKind::Receiver), refused);
        assert_eq!(bind(BindKind::Transmitter), Ok(()));
        assert_eq!(bind(BindKind::Transceiver), refused, "one place");
    }
}
