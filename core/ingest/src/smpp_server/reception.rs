//! The desk at which one client's bind is judged: the register of the door, its guard, its log and its counts.

use std::cell::RefCell;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use carrack_runtime::{Clock, SystemClock};
use carrack_smpp::CommandStatus;
use carrack_telemetry::names;

use super::connection::{Desk, Judged};
use super::counts::{Counts, add};
use super::guard::Visitor;
use super::judgement::{Applicant, Judgement, Refusal};
use super::register::{Knock, Register};
use crate::accounts::{Account, AccountBook, Admission};

/// The desk as one client sees it.
pub(crate) struct Reception<'a> {
    pub(crate) register: &'a RefCell<Register>,
    pub(crate) judgement: &'a RefCell<Judgement>,
    pub(crate) book: &'a AccountBook,
    pub(crate) counts: &'a Counts,
    pub(crate) clock: SystemClock,
    pub(crate) connection: u64,
    pub(crate) from: IpAddr,
}

impl Desk for Reception<'_> {
    fn admit(&mut self, knock: &Knock<'_>) -> Judged {
        let mut judgement = self.judgement.borrow_mut();
        let visitor = judgement.guard.visitor(self.from, knock.system_id);
        if judgement.guard.is_crowded(visitor) {
            self.throttled(knock.system_id);
            return Judged::Now(Err(CommandStatus::ESME_RTHROTTLED));
        }
        let admission = self
            .register
            .borrow_mut()
            .admit(self.book, knock, self.from);
        match admission {
            Ok(Admission::Open(account)) => {
                judgement.guard.succeeded(visitor);
                self.bound(&account);
                Judged::Now(Ok(account))
            }
            Ok(Admission::Unproven(proof)) => {
                let applicant = Applicant {
                    connection: self.connection,
                    sequence_number: knock.sequence_number,
                    kind: knock.kind,
                    from: self.from,
                    system_id: String::from_utf8_lossy(knock.system_id).into_owned(),
                    visitor,
                    proof,
                };
                judgement.apply(applicant, self.now_ns());
                Judged::Later
            }
            Err(status) => {
                let place = (self.connection, knock.sequence_number);
                match self.turn_down(&mut judgement, place, visitor, knock.system_id, status) {
                    true => Judged::Now(Err(status)),
                    false => Judged::Later,
                }
            }
        }
    }

    fn release(&mut self, account: u32) {
        let mut register = self.register.borrow_mut();
        register.release(account);
        self.counts
            .binds
            .store(u64::from(register.binds()), Ordering::Relaxed);
    }
}

impl Reception<'_> {
    /// The word on a bind whose password was verified; none: its refusal is held.
    pub(crate) fn proven(
        &mut self,
        applicant: &Applicant,
        right: bool,
    ) -> Option<Result<Arc<Account>, CommandStatus>> {
        add(&self.counts.passwords_verified, 1);
        let mut judgement = self.judgement.borrow_mut();
        let admission = if right {
            self.register
                .borrow_mut()
                .admit_proven(self.book, applicant)
        } else {
            Err(CommandStatus::ESME_RINVPASWD)
        };
        match admission {
            Ok(account) => {
                judgement.guard.succeeded(applicant.visitor);
                self.bound(&account);
                Some(Ok(account))
            }
            Err(status) => {
                let place = (applicant.connection, applicant.sequence_number);
                let (visitor, system_id) = (applicant.visitor, applicant.system_id.as_bytes());
                self.turn_down(&mut judgement, place, visitor, system_id, status)
                    .then_some(Err(status))
            }
        }
    }

    /// A bind is refused; whether it is told so now.
    fn turn_down(
        &self,
        judgement: &mut Judgement,
        place: (u64, u32),
        visitor: Visitor,
        system_id: &[u8],
        status: CommandStatus,
    ) -> bool {
        let refusal = is_of_credentials(status)
            .then(|| judgement.refuse(place, visitor, status, self.now_ns()));
        self.refused(system_id, status, refusal);
        refusal.is_none_or(|refusal| refusal.now)
    }

    fn now_ns(&self) -> u64 {
        self.clock.now().mono_ns
    }

    fn bound(&self, account: &Account) {
        tracing::info!(account = account.name, from = %self.from, "SMPP client bound");
        metrics::counter!(names::CUSTOMER_BINDS, "result" => "bound").increment(1);
        let binds = self.register.borrow().binds();
        self.counts.binds.store(u64::from(binds), Ordering::Relaxed);
    }

    /// A storm fills no log: of the failures of one client those are said whose number doubles, and too many binds, or
    /// binds of a wrong kind or network, are counted only.
    fn refused(&self, system_id: &[u8], status: CommandStatus, refusal: Option<Refusal>) {
        let system_id = String::from_utf8_lossy(system_id);
        let failures = refusal.map_or(0, |refusal| refusal.failures);
        if failures.is_power_of_two() {
            tracing::info!(%system_id, from = %self.from, %status, failures, "SMPP bind refused");
        } else {
            tracing::debug!(%system_id, from = %self.from, %status, failures, "SMPP bind refused");
        }
        add(&self.counts.binds_refused, 1);
        metrics::counter!(names::CUSTOMER_BINDS, "result" => "refused").increment(1);
        if refusal.is_some_and(|refusal| !refusal.now) {
            add(&self.counts.binds_delayed, 1);
            metrics::counter!(names::CUSTOMER_BINDS_DELAYED).increment(1);
        }
    }

    /// A client that was told to come later.
    pub(crate) fn throttled(&self, system_id: &[u8]) {
        let system_id = String::from_utf8_lossy(system_id);
        tracing::debug!(%system_id, from = %self.from, "SMPP bind throttled");
        add(&self.counts.binds_throttled, 1);
        metrics::counter!(names::CUSTOMER_BINDS, "result" => "throttled").increment(1);
    }
}

/// Whether a refusal says that somebody tried credentials that are none.
const fn is_of_credentials(status: CommandStatus) -> bool {
    matches!(
        status,
        CommandStatus::ESME_RINVSYSID | CommandStatus::ESME_RINVPASWD
    )
}
