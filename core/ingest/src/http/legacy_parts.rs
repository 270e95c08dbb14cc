//! Messages of the doors of other gateways, which cut octets into parts themselves: each part is a submission.
//!
//! Promise: of the parts of one message all are taken or none, and its caller has one answer for it. A key, and content that
//! is not to be sent twice, are of what the call said: parts carry a reference that is another each time, and the parameter
//! of a receipt may name the recipient. Bound: the parts and
//! recipients that its door has counted, and [`Chunk::OCTETS`]. Fails as the engine refuses.

use carrack_engine::{Chunk, Refusal, Submission, Verdict};
use carrack_message::record::Body;
use carrack_message::{Class, MessageId, Msisdn, Sender};

use super::idempotency::RequestKey;
use super::messages::submit_parts;
use super::problem::Problem;
use super::state::State;
use crate::submission::{Options, Screen, SubmissionFault};

/// What all recipients of a call have in common.
pub(crate) struct Message<'a> {
    pub(crate) screen: Screen<'a>,
    pub(crate) from: Sender,
    pub(crate) options: Options,
    /// One, or the parts.
    pub(crate) bodies: Vec<Body>,
    /// When it is to be sent, as its caller wrote it; empty: at once.
    pub(crate) when: String,
}

impl Message<'_> {
    /// The message to one of them, in as many parts as it has. `callback`: the parameter of its receipt.
    pub(crate) fn to(
        &self,
        to: Msisdn,
        callback: &[u8],
    ) -> Result<Vec<Submission>, SubmissionFault> {
        let last = self.bodies.len().saturating_sub(1);
        let part = |(place, body): (usize, &Body)| {
            let mut options = self.options.clone();
            // One receipt a message: its last part's.
            if place == last {
                options.tlvs.extend_from_slice(callback);
            }
            let screened = self.screen.prepared(to, self.from, body.clone(), options);
            screened.map(|screened| screened.submission)
        };
        let parts: Result<Vec<_>, _> = self.bodies.iter().enumerate().map(part).collect();
        let mut parts = parts?;
        if parts.len() > 1 && parts.iter().any(|part| part.key.is_some()) {
            let said = self.text();
            for (place, part) in (0..).zip(&mut parts) {
                let key = part.key.take();
                let key = key.map(|key| key.at_part(part, &said, place));
                part.key = key.map(Box::new);
            }
        }
        Ok(parts)
    }

    /// What it says, the same however it is cut today.
    fn text(&self) -> Vec<u8> {
        let is_cut = self.bodies.len() > 1;
        let mut said = Vec::new();
        for body in &self.bodies {
            match body {
                Body::Text(text) => put(&mut said, text.as_bytes()),
                Body::Raw {
                    data_coding,
                    esm_class,
                    octets,
                } => {
                    put(&mut said, &[*data_coding, *esm_class]);
                    let mut octets = octets.clone();
                    let place = reference_of(&octets);
                    if let Some(reference) = octets.get_mut(place).filter(|_| is_cut) {
                        *reference = 0;
                    }
                    put(&mut said, &octets);
                }
            }
        }
        said
    }

    /// What a call with a key may not say otherwise when it comes again. `receipt`: how its caller wants to be told, as he
    /// gave it; `alone`: to whom, where he named one recipient.
    fn said(&self, receipt: &[u8], alone: Option<&str>) -> Vec<u8> {
        let class = self.options.class.map_or(u8::MAX, Class::as_u8);
        let mut said = Vec::new();
        for octets in [
            self.from.as_bytes(),
            &[class],
            &self.options.tlvs,
            receipt,
            alone.unwrap_or_default().as_bytes(),
        ] {
            put(&mut said, octets);
        }
        said.extend_from_slice(&self.text());
        if !self.when.is_empty() {
            put(&mut said, b"when");
            put(&mut said, self.when.as_bytes());
        }
        said
    }
}

/// Octets with their length before them.
fn put(said: &mut Vec<u8>, octets: &[u8]) {
    said.extend_from_slice(&(octets.len() as u64).to_be_bytes());
    said.extend_from_slice(octets);
}

/// Where the reference of a part stands: its element ends the header, whose length is its first octet.
fn reference_of(part: &[u8]) -> usize {
    part.first()
        .map_or(usize::MAX, |length| usize::from(*length).saturating_sub(2))
}

/// The messages of a call, each in as many parts as the others.
#[derive(Default)]
pub(crate) struct PartedCall {
    pub(crate) submissions: Vec<Submission>,
    /// Of each message.
    parts: usize,
}

impl PartedCall {
    /// Adds the message to one more recipient.
    pub(crate) fn add(&mut self, parts: Vec<Submission>) {
        self.parts = parts.len();
        self.submissions.extend(parts);
    }

    /// Puts the key of the call on it. `receipt`: how its caller wants to be told, as he gave it; `alone`: to whom, where he
    /// named one recipient.
    pub(crate) fn put_key(
        &mut self,
        key: &RequestKey,
        message: &Message<'_>,
        receipt: &[u8],
        alone: Option<&str>,
    ) {
        match alone.is_some() && self.submissions.len() == 1 {
            // As at every other door.
            true => key.put_on(&mut self.submissions, true, message.when.as_bytes()),
            false => {
                let said = message.said(receipt, alone);
                key.put_on_parts(&mut self.submissions, self.parts, &said);
            }
        }
    }

    /// Whether no chunk may have all of it.
    pub(crate) fn is_too_large(&self) -> bool {
        let octets: usize = self.submissions.iter().map(Submission::octets_max).sum();
        self.parts > 1 && octets > Chunk::OCTETS
    }

    /// Hands it in; for each message the id of its last part, which is the one that its receipt is of, or why it is refused.
    pub(crate) async fn submit(
        self,
        state: &State,
    ) -> Result<Vec<Result<MessageId, Refusal>>, Problem> {
        let parts = u8::try_from(self.parts.max(1)).unwrap_or(u8::MAX);
        let verdicts = submit_parts(state, self.submissions, parts).await?;
        Ok(verdicts.chunks(usize::from(parts)).map(end).collect())
    }
}

/// What became of a message, by the verdicts of its parts.
fn end(parts: &[Verdict]) -> Result<MessageId, Refusal> {
    let mut end = Err(Refusal::Together);
    for verdict in parts {
        match verdict {
            Verdict::Accepted(id) | Verdict::Repeated(id, _) => end = Ok(*id),
            // The part that is the cause says why.
            Verdict::Refused(Refusal::Together) => {}
            Verdict::Refused(refusal) => return Err(refusal.clone()),
        }
    }
    end
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use std::time::Duration;

    use carrack_engine::IdempotencyKey;
    use carrack_settings::{Duplicates, DuplicatesAnswer, DuplicatesOf};
    use proptest::prelude::*;

    use super::*;
    use crate::accounts::{AccountSpec, Accounts};
    use crate::submission::parts;

    /// Of each part, where the account does not have the same sent twice.
    fn keys(octets: &[u8], reference: u8) -> Vec<IdempotencyKey> {
        let spec = AccountSpec {
            duplicates: Some(Duplicates {
                within: Duration::from_secs(600),
                of: DuplicatesOf::Content,
                answer: DuplicatesAnswer::Refuse,
            }),
            ..AccountSpec::named("shop")
        };
        let accounts = Accounts::build(&[spec], |_| Some(7)).unwrap();
        let message = Message {
            screen: Screen::new(accounts.by_name("shop").unwrap(), Class::Transactional),
            from: Sender::parse("Shop").unwrap(),
            options: Options::default(),
            bodies: parts(4, &[], octets, 9, reference).unwrap(),
            when: String::new(),
        };
        let to = Msisdn::from_u64(491_700_000_001).unwrap();
        let parts = message.to(to, b"").unwrap();
        (parts.into_iter().map(|part| *part.key.unwrap())).collect()
    }

    proptest! {
        #[test]
        fn parts_are_known_by_the_message_and_not_by_their_reference(
            own in prop::collection::vec(any::<u8>(), 141..900),
            (one, two) in any::<(u8, u8)>(),
            place in any::<prop::sample::Index>(),
        ) {
            let known = keys(&own, one);
            prop_assert_eq!(&keys(&own, two), &known);
            let mut other = own.clone();
            other[place.index(own.len())] ^= 1;
            let other = keys(&other, one);
            prop_assert!(known.iter().all(|key| !other.contains(key)), "a part is taken for another message's");
        }
    }

    /// Of the first part of a message to one, with a key of its caller's.
    fn called(octets: &[u8], when: &str) -> IdempotencyKey {
        let accounts = Accounts::build(&[AccountSpec::named("shop")], |_| Some(7)).unwrap();
        let message = Message {
            screen: Screen::new(accounts.by_name("shop").unwrap(), Class::Transactional),
            from: Sender::parse("Shop").unwrap(),
            options: Options::default(),
            bodies: parts(4, &[], octets, 9, 1).unwrap(),
            when: when.to_owned(),
        };
        let to = Msisdn::from_u64(491_700_000_001).unwrap();
        let mut call = PartedCall::default();
        call.add(message.to(to, b"").unwrap());
        let key = RequestKey::read("k").unwrap();
        call.put_key(&key, &message, b"", Some("491700000001"));
        *call.submissions.swap_remove(0).key.unwrap()
    }

    #[test]
    fn the_moment_counts_under_a_key() {
        for octets in [&[7; 20][..], &[7; 300]] {
            let (now, later) = (called(octets, ""), called(octets, "in 30 min"));
            assert_ne!(now, later);
            assert_eq!(later, called(octets, "in 30 min"));
            assert_ne!(later, called(octets, "in 31 min"));
        }
    }

    #[test]
    fn a_message_has_the_refusal_of_the_part_that_is_the_cause() {
        let taken = |id| Verdict::Accepted(MessageId(id));
        let refused = |refusal| Verdict::Refused(refusal);
        assert_eq!(end(&[taken(1), taken(2)]), Ok(MessageId(2)));
        let repeated = Verdict::Repeated(MessageId(4), Vec::new());
        assert_eq!(end(&[repeated]), Ok(MessageId(4)));
        let parts = [refused(Refusal::Together), refused(Refusal::NoCredit)];
        assert_eq!(end(&parts), Err(Refusal::NoCredit));
        let parts = [refused(Refusal::KeyUsed), refused(Refusal::Together)];
        assert_eq!(end(&parts), Err(Refusal::KeyUsed));
    }
}
