//! The body of the responses that are an id and optional parameters: `submit_sm_resp`,
//! `deliver_sm_resp`, `data_sm_resp` (SMPP 3.4 4.4.2) and those of the broadcasts (5.0 4.4.1.2, 4.6.1.3).
//!
//! Promise: every shape decodes, because the request must be settled: no body, one NUL, a whole id,
//! an id without its NUL, an id of 255 octets, TLVs after it or alone in an error response.
//! Bound: an id above 255 octets is reported as empty, as a cut id could match another message.

use crate::oddity::{Decoded, Oddities};
use crate::reader::nul_position;
use crate::tlv::Tlvs;
use crate::writer::BodyWriter;

/// The longest `message_id` that is kept.
pub const MESSAGE_ID_OCTETS_MAX: usize = 255;
/// The longest `message_id` of the specification.
const MESSAGE_ID_OCTETS_SPEC: usize = 64;

/// A `message_id` and what follows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct MessageIdBody<'a> {
    /// The id without its NUL; may be empty.
    pub message_id: &'a [u8],
    /// Optional parameters.
    pub tlvs: Tlvs<'a>,
}

/// The body of `submit_sm_resp`.
pub type SubmitSmResp<'a> = MessageIdBody<'a>;
/// The body of `deliver_sm_resp`; its id is not used.
pub type DeliverSmResp<'a> = MessageIdBody<'a>;
/// The body of `data_sm_resp`.
pub type DataSmResp<'a> = MessageIdBody<'a>;
/// The body of `broadcast_sm_resp` (5.0 4.4.1.2).
pub type BroadcastSmResp<'a> = MessageIdBody<'a>;
/// The body of `query_broadcast_sm_resp` (5.0 4.6.1.3); the state is among its optional parameters.
pub type QueryBroadcastSmResp<'a> = MessageIdBody<'a>;

impl<'a> MessageIdBody<'a> {
    /// Reads the body of a response that carries a `message_id`.
    #[must_use]
    #[inline]
    pub fn decode(body: &'a [u8]) -> Decoded<Self> {
        let mut oddities = Oddities::default();
        let (mut message_id, rest) = match nul_position(body) {
            Some(end) => body.split_at_checked(end).unwrap_or_default(),
            None => {
                if !body.is_empty() {
                    oddities.insert(Oddities::MISSING_NUL);
                }
                (body, [].as_slice())
            }
        };
        let mut tlvs = Tlvs::new(rest.split_first().map_or(&[], |(_, after)| after));
        if !tlvs.is_empty() && tlvs.is_cut() {
            // An error response may carry TLVs without the NUL of the id it does not have.
            let whole = Tlvs::new(body);
            if message_id.is_empty() && !whole.is_cut() {
                oddities.insert(Oddities::MISSING_NUL);
                tlvs = whole;
            } else {
                oddities.insert(Oddities::CUT_TLV);
            }
        }
        if message_id.len() > MESSAGE_ID_OCTETS_SPEC {
            oddities.insert(Oddities::OVERLONG_STRING);
            if message_id.len() > MESSAGE_ID_OCTETS_MAX {
                oddities.insert(Oddities::MESSAGE_ID_DROPPED);
                message_id = &[];
            }
        }
        Decoded {
            value: Self { message_id, tlvs },
            oddities,
        }
    }

    pub(crate) fn write(&self, w: &mut BodyWriter<'_>) {
        w.cstring(self.message_id);
        w.octets(self.tlvs.whole_octets());
    }
}
