//! The body of `submit_sm_resp`, `deliver_sm_resp` and `data_sm_resp` (SMPP 3.4 4.4.2).
//!
//! Promise: every shape decodes, because the request must be settled: no body, one NUL, a whole id,
//! an id without its NUL, an id of 255 octets, TLVs after it or alone in an error response.
//! Bound: an id above 255 octets is reported as empty, as a cut id could match another message.

use crate::oddity::{Decoded, Oddities};
use crate::reader::nul_position;
use crate::tlv::Tlvs;

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
}
