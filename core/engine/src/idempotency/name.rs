//! What a request is called by, and what it said.
//!
//! A name is 128 bits of SHA-256 over the account and the key, so that no customer can meet or block another's. In a call to
//! several recipients each has a name of his own, by his number and not by his place: a list that was mended, or is in
//! another order, sends nobody a second text; each part of a message has a name, too. The name of the call itself is kept beside them, so that the key is not taken for
//! another text. Pure.

use carrack_message::MessageId;
use carrack_message::record::Body;
use carrack_queue::KeyName;
use sha2::{Digest, Sha256};
use thiserror::Error;

use crate::submission::Submission;

/// What is answered where the same was accepted before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OnRepeat {
    /// The first answer again.
    #[default]
    Repeat,
    /// A refusal that says so.
    Refuse,
}

/// By what a submission is known again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdempotencyKey {
    /// Of the submission.
    pub(crate) name: KeyName,
    /// Of the call to several recipients that it belongs to.
    pub(crate) call: Option<KeyName>,
    /// Digest of what is said.
    pub(crate) content: u64,
    /// How long it counts, nanoseconds; none: as set for the node.
    pub(crate) within_ns: Option<u64>,
    pub(crate) on_repeat: OnRepeat,
}

/// Which part of a call a submission is.
#[derive(Debug, Clone, Copy)]
pub struct PartOf<'a> {
    /// What the call says to all its recipients; of a call to one, to whom as well.
    pub said: &'a [u8],
    /// How often the same number stood before him in the call, from 0.
    pub nth: u32,
    /// Which part of the message it is, from 0.
    pub place: u64,
}

/// A text that is no key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("is no key; write 1 to 255 printable ASCII characters, like a UUID or an order number")]
pub struct KeyFault;

/// Longest key, octets.
const OCTETS_MAX: usize = 255;

impl IdempotencyKey {
    /// Whether a text may be a key.
    ///
    /// # Errors
    /// [`KeyFault`].
    pub fn check(text: &[u8]) -> Result<(), KeyFault> {
        let printable = text.iter().all(|octet| matches!(octet, b' '..=b'~'));
        match (1..=OCTETS_MAX).contains(&text.len()) && printable {
            true => Ok(()),
            false => Err(KeyFault),
        }
    }

    /// Of a call to one recipient, by the customer's key. `said`: what else the customer said of it that may not differ.
    #[must_use]
    pub fn of_call(text: &[u8], submission: &Submission, said: &[u8]) -> Self {
        let content = text_of(submission).octets(said);
        Self {
            name: call_name(text, submission.account),
            call: None,
            content: content.number(submission.to.as_u64()).short(),
            within_ns: None,
            on_repeat: OnRepeat::Repeat,
        }
    }

    /// Of one recipient of several; `nth` counts from 0 how often the same number stood before him in the call.
    #[must_use]
    pub fn of_recipient(text: &[u8], submission: &Submission, said: &[u8], nth: u32) -> Self {
        let call = call_name(text, submission.account);
        let name = Hash::of(b"recipient").number_wide(call.0);
        let name = name.number(submission.to.as_u64()).number(nth.into());
        Self {
            name: name.name(),
            call: Some(call),
            content: text_of(submission).octets(said).short(),
            within_ns: None,
            on_repeat: OnRepeat::Repeat,
        }
    }

    /// Of a submission that is one part of a message, or whose octets differ by its recipient though the call says the same
    /// to all.
    #[must_use]
    pub fn of_part(text: &[u8], submission: &Submission, part: PartOf<'_>) -> Self {
        let call = call_name(text, submission.account);
        let name = Hash::of(b"part").number_wide(call.0);
        let name = name.number(submission.to.as_u64());
        Self {
            name: name.number(part.nth.into()).number(part.place).name(),
            call: Some(call),
            content: Hash::of(b"said").octets(part.said).short(),
            within_ns: None,
            on_repeat: OnRepeat::Repeat,
        }
    }

    /// A key by content on one part of a message: the part is known by what the message `said`, for its own octets say how
    /// many parts there are, and begin as another message may.
    #[must_use]
    pub fn at_part(self, submission: &Submission, said: &[u8], place: u64) -> Self {
        let name = Hash::of(b"content of parts").number(submission.account.into());
        let name = name.number(submission.to.as_u64());
        let name = name.octets(submission.from.as_bytes()).octets(said);
        Self {
            name: name.number(place).name(),
            ..self
        }
    }

    /// Of the reply to a message from a handset, which has one however often its receiver is asked.
    #[must_use]
    pub fn of_reply(to: MessageId, submission: &Submission) -> Self {
        let name = Hash::of(b"reply").number(submission.account.into());
        Self {
            name: name.number_wide(to.0).name(),
            call: None,
            content: text_of(submission).short(),
            within_ns: None,
            on_repeat: OnRepeat::Repeat,
        }
    }

    /// By what it says and to whom: the same recipient, sender and text within this time are the same message.
    #[must_use]
    pub fn of_content(submission: &Submission, within_ns: u64, on_repeat: OnRepeat) -> Self {
        let name = Hash::of(b"content").number(submission.account.into());
        let name = name
            .number(submission.to.as_u64())
            .octets(submission.from.as_bytes())
            .body(&submission.body);
        Self {
            name: name.name(),
            call: None,
            content: 0,
            within_ns: Some(within_ns),
            on_repeat,
        }
    }

    /// By what submissions of one file are told to be the same before they are handed in: their name, and what it says.
    #[must_use]
    pub const fn mark(&self) -> (u128, u64) {
        (self.name.0, self.content)
    }

    /// What is answered to the same again.
    #[must_use]
    pub const fn on_repeat(&self) -> OnRepeat {
        self.on_repeat
    }

    /// All names that it needs.
    pub(crate) fn names(&self) -> impl Iterator<Item = KeyName> {
        self.call.into_iter().chain([self.name])
    }
}

fn call_name(text: &[u8], account: u32) -> KeyName {
    let name = Hash::of(b"call").number(account.into()).octets(text);
    name.name()
}

/// What may not differ under one key, the recipient apart.
fn text_of(submission: &Submission) -> Hash {
    Hash::of(b"text")
        .octets(submission.from.as_bytes())
        .body(&submission.body)
        .number(submission.class.as_u8().into())
        .octets(&submission.tlvs)
}

/// SHA-256 over parts, each with its length, so that no two lists of parts are the same octets.
struct Hash(Sha256);

impl Hash {
    fn of(kind: &[u8]) -> Self {
        Self(Sha256::new()).octets(kind)
    }

    fn octets(mut self, octets: &[u8]) -> Self {
        self.0.update((octets.len() as u64).to_be_bytes());
        self.0.update(octets);
        self
    }

    fn number(mut self, number: u64) -> Self {
        self.0.update(number.to_be_bytes());
        self
    }

    fn number_wide(mut self, number: u128) -> Self {
        self.0.update(number.to_be_bytes());
        self
    }

    fn body(self, body: &Body) -> Self {
        match body {
            Body::Text(text) => self.number(0).octets(text.as_bytes()),
            Body::Raw {
                data_coding,
                esm_class,
                octets,
            } => self
                .number(1)
                .octets(&[*data_coding, *esm_class])
                .octets(octets),
        }
    }

    fn name(self) -> KeyName {
        let digest: [u8; 32] = self.0.finalize().into();
        KeyName(digest.iter().take(16).fold(0, wider))
    }

    fn short(self) -> u64 {
        let digest: [u8; 32] = self.0.finalize().into();
        digest.iter().take(8).fold(0, wider) as u64
    }
}

fn wider(number: u128, octet: &u8) -> u128 {
    number << 8 | u128::from(*octet)
}
