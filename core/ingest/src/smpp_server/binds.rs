//! The door's part in binds that are not answered at once: threads that verify passwords, answers in their time; and
//! in binds whose account has changed.

use std::rc::Rc;
use std::sync::Arc;
use std::thread::Builder;

use carrack_runtime::Now;
use carrack_smpp::CommandStatus;

use super::door::Door;
use super::intake::Intake;
use super::judgement::Step;
use super::peer::Peer;
use super::post::Letter;

/// Verifying is work on purpose: it gets a core of four, and one at least.
pub(crate) fn verifications_max() -> usize {
    std::thread::available_parallelism().map_or(1, |cores| cores.get() / 4)
}

impl<I: Intake> Door<I> {
    /// Begins to verify the passwords that may be verified now.
    #[cold]
    pub(crate) fn verify_next(&self, now: Now) {
        loop {
            let is_here = |number| self.peers.borrow().contains_key(&number);
            let step = self.judgement.borrow_mut().next(now.mono_ns, is_here);
            match step {
                None => return,
                Some(Step::Verify(connection, proof)) => {
                    let post = Arc::clone(&self.post);
                    let verify = move || {
                        let right = proof.verify();
                        post.send(Letter::Verified { connection, right });
                    };
                    let thread = Builder::new().name("smpp-password".to_owned());
                    if let Err(error) = thread.spawn(verify) {
                        tracing::error!(%error, "no thread to verify a password");
                        self.judgement.borrow_mut().verified(connection);
                        self.refuse(connection, CommandStatus::ESME_RSYSERR);
                    }
                }
                Some(Step::Throttle(connection)) => {
                    if let Some(peer) = self.peers.borrow().get(&connection) {
                        self.reception(peer).throttled(b"");
                    }
                    self.refuse(connection, CommandStatus::ESME_RTHROTTLED);
                }
            }
        }
    }

    /// A password was verified.
    pub(crate) fn verified(&self, connection: u64, right: bool, now: Now) {
        let applicant = self.judgement.borrow_mut().verified(connection);
        let peers = self.peers.borrow();
        let peer = peers.get(&connection);
        // Who left meanwhile must not be counted.
        let waits = |peer: &&Rc<Peer<I::Key>>| peer.connection.borrow().is_judging();
        if let (Some(applicant), Some(peer)) = (applicant, peer.filter(waits))
            && let Some(verdict) = self.reception(peer).proven(&applicant, right)
        {
            peer.connection.borrow_mut().bind_judged(verdict);
            self.list(peer);
        }
        drop(peers);
        self.verify_next(now);
    }

    fn refuse(&self, connection: u64, status: CommandStatus) {
        self.with_peer(connection, |connection| {
            connection.bind_judged(Err(status));
        });
    }

    /// Answers the refusals whose time has come.
    pub(crate) fn answer_held(&self, now: Now) {
        loop {
            let due = self.judgement.borrow_mut().due(now.mono_ns);
            let Some(held) = due else {
                return;
            };
            self.refuse(held.connection, held.status());
        }
    }

    /// The accounts were loaded anew: what they have now holds for their binds.
    pub(crate) fn reload(&self, now: Now) {
        let current = self.book.current();
        for peer in self.peers.borrow().values() {
            let mut connection = peer.connection.borrow_mut();
            let Some(before) = connection.account() else {
                continue;
            };
            let account = current.by_name(&before.name);
            let kind = connection.session().bound();
            let account = account
                .filter(|account| account.allows(peer.address.ip()))
                .filter(|account| account.binds_as(&before.system_id))
                .filter(|account| kind.is_none_or(|kind| account.may_bind(kind)));
            connection.retune(now.mono_ns, account.cloned());
            self.list(peer);
        }
    }
}
