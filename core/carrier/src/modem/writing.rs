//! A segment as the digits of an SMS-SUBMIT. Pure.

use carrack_message::tpdu::{Address, Pdu, SmsSubmit, UserData, Validity, to_line};

use crate::link::{Outgoing, SubmitRefused};

/// Line and octets of a segment; what a short message cannot be is unwritable.
pub(super) fn pdu(
    segment: &Outgoing<'_>,
    status_report: bool,
) -> Result<(String, usize), SubmitRefused> {
    // Headers alone tie parts together here: the profile of a pool says so.
    if segment.payload || segment.sar.is_some() {
        return Err(SubmitRefused::Unwritable);
    }
    let scheme = scheme(segment).ok_or(SubmitRefused::Unwritable)?;
    let has_header = segment.esm_class & 0x40 != 0;
    let user_data = UserData::of_short_message(segment.octets, has_header)
        .map_err(|_| SubmitRefused::Unwritable)?;
    let submit = SmsSubmit {
        message_reference: 0,
        reject_duplicates: false,
        status_report,
        reply_path: segment.esm_class & 0x80 != 0,
        destination: Address::international(segment.to),
        protocol_identifier: 0,
        data_coding_scheme: scheme,
        validity: match segment.validity_s {
            0 => Validity::None,
            // What is left of two days a moment after they began is two days: there is no step between them and one.
            seconds => Validity::not_above(seconds.saturating_add(seconds / 100)),
        },
        user_data,
    };
    let tpdu = submit.octets().map_err(|_| SubmitRefused::Unwritable)?;
    let octets = tpdu.len();
    let service_centre = None;
    let line = to_line(&Pdu {
        service_centre,
        tpdu,
    });
    Ok((line.map_err(|_| SubmitRefused::Unwritable)?, octets))
}

/// TP-DCS of an SMPP `data_coding` (TS 23.038, 4): septets, octets, UCS-2; 16 and above are schemes already.
const fn scheme(segment: &Outgoing<'_>) -> Option<u8> {
    let plain = match segment.data_coding {
        0 => 0x00,
        2 | 4 => 0x04,
        8 => 0x08,
        found @ 16.. => return Some(found),
        _ => return None,
    };
    // Class 0 in the general group.
    Some(if segment.flash_subunit {
        plain | 0x10
    } else {
        plain
    })
}
