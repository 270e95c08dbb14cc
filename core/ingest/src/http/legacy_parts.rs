//! Messages of the doors of other gateways, which cut octets into parts themselves: each part is a submission.
//!
//! Promise: of the parts of one message all are taken or none, and its caller has one answer for it. Bound: the parts and
//! recipients that its door has counted, and [`Chunk::OCTETS`]. Fails as the engine refuses.

use carrack_engine::{Chunk, Refusal, Submission, Verdict};
use carrack_message::record::Body;
use carrack_message::{MessageId, Msisdn, Sender};

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
        self.bodies.iter().enumerate().map(part).collect()
    }
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
    use super::*;

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
