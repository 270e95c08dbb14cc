//! A `deliver_sm` or `data_sm` that is no receipt: a message from a handset, as it came.

use carrack_smpp::{Address, DeliverSm, tag};
use smallvec::SmallVec;

use crate::link::{HandsetPart, SarPart, WireAddress};

pub(super) fn part(sm: &DeliverSm<'_>) -> HandsetPart {
    HandsetPart {
        from: address(sm.source),
        to: address(sm.destination),
        data_coding: sm.data_coding,
        esm_class: sm.esm_class,
        octets: sm.user_data().to_vec(),
        sar: sar(sm),
    }
}

fn address(found: Address<'_>) -> WireAddress {
    WireAddress {
        ton: found.ton,
        npi: found.npi,
        addr: SmallVec::from_slice(found.addr),
    }
}

/// All three parameters, or none (SMPP 3.4, 5.3.2.22).
fn sar(sm: &DeliverSm<'_>) -> Option<SarPart> {
    Some(SarPart {
        reference: u16::try_from(sm.tlvs.find_number(tag::SAR_MSG_REF_NUM)?).ok()?,
        total: u8::try_from(sm.tlvs.find_number(tag::SAR_TOTAL_SEGMENTS)?).ok()?,
        part: u8::try_from(sm.tlvs.find_number(tag::SAR_SEGMENT_SEQNUM)?).ok()?,
    })
}
