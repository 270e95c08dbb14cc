//! A handset that says stop: its number is on the list, durably and on every shard, before its message is told to
//! anybody or ended.
//!
//! Promise. The message is durable first, so that its carrier need not bring it again; then the list is changed; then the
//! customer is told. A crash in between finds the message open and does the rest: a stop that was answered to the carrier
//! is never lost. A text that may mean stop is open until the list that a person reads has noted it. What was done already is not done twice (the list knows when each number was said what of). Bound:
//! [`OPEN_MAX`] at a time; with more the carrier keeps the next message. While the disk does not take the list's file the
//! stop holds in memory, and the message stays open. Where the list is not there (a reload took it away, or gave it another
//! name) that is said, and it is tried each second on the list that the rules name then.

use std::sync::Arc;

use carrack_message::mo::Mo;
use carrack_message::record::MoOutcome;
use carrack_message::{MessageId, Msisdn};
use carrack_routing::consent::Meaning;
use carrack_routing::suppression::{Reason, Scope, Whose};
use carrack_runtime::Now;
use smallvec::SmallVec;

use super::{Durable, Waiting};
use crate::consent::{ConsentEvent, ConsentNoted, ConsentRule};
use crate::shard::Shard;
use crate::suppression::{SuppressedBy, SuppressionAct, SuppressionChange, SuppressionFault};

/// Messages whose list is being changed.
pub(super) const OPEN_MAX: usize = 10_000;

/// Addresses that are national or names are no numbers of lists.
const TON_NATIONAL: u8 = 2;
const TON_ALPHANUMERIC: u8 = 5;

/// What a message means.
pub(super) struct Said {
    pub(super) event: ConsentEvent,
    /// None where nothing is to be changed.
    change: Option<SuppressionChange>,
}

/// A message that means something, until that is done.
pub(in crate::shard) struct Consenting {
    pub(super) said: Said,
    /// Who is told of it then; none: nobody.
    pub(super) waiting: Option<Waiting>,
    pub(super) parts: SmallVec<[u128; 1]>,
    /// It was begun, so that a fault is said once.
    pub(super) is_tried: bool,
}

/// The handset's number, where its address is one.
fn handset(mo: &Mo) -> Option<Msisdn> {
    let (ton, _) = mo.origin_kind;
    if ton == TON_NATIONAL || ton == TON_ALPHANUMERIC {
        return None;
    }
    let digits = mo.origin.strip_prefix(b"+").unwrap_or(&mo.origin);
    Msisdn::from_digits(digits).ok()
}

fn shown(address: &[u8]) -> String {
    let address = address.strip_prefix(b"+").unwrap_or(address);
    String::from_utf8_lossy(address).into_owned()
}

impl ConsentRule {
    /// What a message means, as it is set.
    fn meaning(&self, mo: &Mo) -> Meaning {
        let to = String::from_utf8_lossy(&mo.destination);
        match self.keywords.meaning(&mo.text, &to) {
            Meaning::Unclear if self.unclear_is_stop => Meaning::OptOut,
            meaning => meaning,
        }
    }

    /// What it changes; none where nothing is, or where it is not clear for whom.
    fn change(&self, event: &ConsentEvent, account: Option<&str>) -> Option<SuppressionChange> {
        let act = match event.meaning {
            Meaning::OptOut => SuppressionAct::Add {
                reason: Reason::OptOut,
                ends_utc_ns: u64::MAX,
            },
            Meaning::OptIn => SuppressionAct::Remove,
            Meaning::Help | Meaning::Unclear | Meaning::Nothing => return None,
        };
        let name = match self.scope {
            Scope::Global => "",
            Scope::Account => account?,
            Scope::Sender => &event.to,
        };
        Some(SuppressionChange {
            list: self.list.clone(),
            whose: Whose::Number(event.handset?),
            name: name.to_owned(),
            act,
            by: SuppressedBy::Handset,
            at_utc_ns: event.at_utc_ns,
        })
    }
}

/// It stays open, and is tried again; said once.
fn could_not(id: MessageId, is_first: bool, fault: &SuppressionFault) {
    if is_first {
        tracing::error!(%id, %fault, "what a handset said could not be put on the suppression list; it is tried again");
    }
}

impl Shard {
    /// What a message means, where that is looked at and it means anything; `account` is who gets it. A question for help that
    /// was there before a crash means nothing any more: whoever had to hear of it has, or need not twice.
    pub(super) fn said(
        &self,
        id: MessageId,
        mo: &Mo,
        account: Option<u32>,
        durable: Durable<'_>,
    ) -> Option<Said> {
        let rule = self.directory.consent().filter(|_| !mo.text.is_empty())?;
        let meaning = rule.meaning(mo);
        if meaning == Meaning::Nothing {
            return None;
        }
        let mut event = ConsentEvent {
            id,
            meaning,
            changed: false,
            account,
            handset: handset(mo),
            from: shown(&mo.origin),
            to: shown(&mo.destination),
            text: mo.text.clone(),
            at_utc_ns: id.parts().utc_ms.saturating_mul(1_000_000),
        };
        let entry = account.and_then(|number| self.directory.account(number));
        let change = rule.change(&event, entry.map(|account| account.name.as_str()));
        if change.is_none() && meaning != Meaning::Help {
            // For whom it is cannot be told by the node.
            event.meaning = Meaning::Unclear;
        }
        let is_again = matches!(durable, Durable::Already(_));
        let is_owed = change.is_some() || event.meaning == Meaning::Unclear;
        (is_owed || !is_again).then_some(Said { event, change })
    }

    /// Whether so many lists are being changed that no more is taken.
    pub(super) fn consents_are_full(&self) -> bool {
        self.consenting.len() >= OPEN_MAX
    }

    /// A message from a handset is durable: what it means is done, or its customer may be told.
    pub(in crate::shard) fn mo_is_durable(&mut self, now: Now, id: MessageId) {
        if self.consenting.get_mut(id).is_none() {
            return self.ready_to_tell_mo(id);
        }
        self.carry_out(now, id);
    }

    /// What was done of it since the last turn, and what is to be tried again.
    pub(in crate::shard) fn hear_consents(&mut self, now: Now) {
        if self.consenting.is_empty() {
            return;
        }
        while let Some((id, changed)) = self.consenting.next_done(now.mono_ns) {
            self.consented(now, id, changed);
        }
        for id in self.consenting.take_due_again(now.mono_ns) {
            self.follow_rule_of_now(id);
            self.carry_out(now, id);
        }
    }

    /// A list may have gone, or another taken its place, since it was looked for in vain.
    fn follow_rule_of_now(&mut self, id: MessageId) {
        let directory = Arc::clone(&self.directory);
        let Some(consenting) = self.consenting.get_mut(id) else {
            return;
        };
        let said = &mut consenting.said;
        let account = said.event.account;
        let entry = account.and_then(|number| directory.account(number));
        let name = entry.map(|account| account.name.as_str());
        let Some(before) = said.change.take() else {
            return;
        };
        // Where nothing is done about stops any more its customer has it as any other text.
        let rule = directory.consent();
        said.change = rule.map(|rule| rule.change(&said.event, name).unwrap_or(before));
    }

    /// Has it done what a message means.
    fn carry_out(&mut self, now: Now, id: MessageId) {
        let Some(own) = self.peers.get(usize::from(self.number)).cloned() else {
            return;
        };
        let Some(consenting) = self.consenting.get_mut(id) else {
            return;
        };
        let is_first = !std::mem::replace(&mut consenting.is_tried, true);
        let said = &consenting.said;
        let Some(change) = said.change.clone() else {
            if said.event.meaning != Meaning::Unclear {
                return self.consented(now, id, false);
            }
            let event = said.event.clone();
            let answering = self.consenting.answering(id, own);
            let noted = ConsentNoted::new(move |is_noted| {
                if is_noted {
                    answering.done(false);
                }
            });
            return self.shared.consents.tell(event, Some(noted));
        };
        let answering = self.consenting.answering(id, own);
        let reply = Box::new(move |done: Result<Vec<bool>, _>| match done {
            Ok(changed) => answering.done(changed.first() == Some(&true)),
            Err(fault) => could_not(id, is_first, &fault),
        });
        if let Err(fault) = self.shared.suppressions.change(vec![change], reply) {
            could_not(id, is_first, &fault);
        }
    }

    /// What a message means is durable and in force: its customer is told, and whoever answers.
    pub(in crate::shard) fn consented(&mut self, now: Now, id: MessageId, changed: bool) {
        let Some(consenting) = self.consenting.remove(id) else {
            return;
        };
        let event = ConsentEvent {
            changed,
            ..consenting.said.event
        };
        self.counts.consent(event.meaning);
        if event.meaning != Meaning::Unclear {
            self.shared.consents.tell(event, None);
        }
        match consenting.waiting {
            Some(waiting) => {
                self.mo.keep(waiting);
                self.ready_to_tell_mo(id);
            }
            None => {
                self.settle_mo(now, id, MoOutcome::Nobody, None, &consenting.parts);
            }
        }
    }
}
