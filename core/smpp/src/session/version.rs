//! Which version of SMPP a session speaks, and what that leaves out (trap T46).
//!
//! Decision: nobody is refused for a version. Before 3.4 there are no optional parameters, so
//! those that only inform are left out and counted; a message whose text needs them cannot be written.

use crate::{EncodeError, SHORT_MESSAGE_OCTETS_MAX, ShortMessage, Tlvs, tag};

const VERSION_3_4: u8 = 0x34;

/// The lower of our version and the peer's. 0 and none: the peer did not say, so ours.
pub(crate) fn spoken(ours: u8, peer: Option<u8>) -> u8 {
    match peer {
        Some(peer) if peer > 0 => peer.min(ours),
        _ => ours,
    }
}

/// True when the version has optional parameters. 0: it was never said, as 3.4.
pub(crate) const fn has_tlvs(version: u8) -> bool {
    version == 0 || version >= VERSION_3_4
}

/// The message as the version can say it; `left_out` grows by the parameters it cannot.
pub(crate) fn fit<'a>(
    sm: &ShortMessage<'a>,
    left_out: &mut u64,
) -> Result<ShortMessage<'a>, EncodeError> {
    if needs_tlvs(sm) {
        return Err(EncodeError::NotInThisVersion);
    }
    *left_out += sm.tlvs.iter().count() as u64;
    Ok(ShortMessage {
        tlvs: Tlvs::default(),
        ..*sm
    })
}

/// True when the text or its order among others is in the optional parameters.
fn needs_tlvs(sm: &ShortMessage<'_>) -> bool {
    let essential = [tag::SAR_MSG_REF_NUM, tag::SAR_TOTAL_SEGMENTS];
    sm.short_message.len() > SHORT_MESSAGE_OCTETS_MAX
        || sm.payload().is_some_and(|payload| !payload.is_empty())
        || sm.tlvs.iter().any(|tlv| essential.contains(&tlv.tag))
}
