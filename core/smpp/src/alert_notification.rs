//! `alert_notification` (SMPP 3.4 4.12, 5.0 4.1.3): a handset can be reached again. It has no response.

use crate::fields::{
    ESME_ADDR, LONG_SOURCE_ADDR, address, last_address, optional_part, write_address,
};
use crate::oddity::{BodyError, Decoded, Strictness};
use crate::reader::Reader;
use crate::tlv::Tlvs;
use crate::writer::{BodyWriter, EncodeError, write_pdu};
use crate::{Address, CommandId, CommandStatus, tag};

/// The body of `alert_notification`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct AlertNotification<'a> {
    /// The handset.
    pub source: Address<'a>,
    /// The ESME that had asked to be told.
    pub esme: Address<'a>,
    /// Optional parameters, `ms_availability_status` among them.
    pub tlvs: Tlvs<'a>,
}

impl<'a> AlertNotification<'a> {
    /// Reads an `alert_notification`; the last NUL may be missing where tolerant.
    ///
    /// # Errors
    /// [`BodyError`]; there is no response to put its status in.
    pub fn decode(body: &'a [u8], strictness: Strictness) -> Result<Decoded<Self>, BodyError> {
        let mut reader = Reader::new(body, strictness);
        let source = address(&mut reader, &LONG_SOURCE_ADDR)?;
        let esme = last_address(&mut reader, &ESME_ADDR)?;
        let tlvs = optional_part(&mut reader)?;
        Ok(reader.done(Self { source, esme, tlvs }))
    }

    /// `ms_availability_status` (3.4 5.3.2.30): 0 available, 1 denied, 2 unavailable.
    #[must_use]
    pub fn ms_availability_status(&self) -> Option<u32> {
        self.tlvs.find_number(tag::MS_AVAILABILITY_STATUS)
    }

    pub(crate) fn write(&self, w: &mut BodyWriter<'_>) {
        write_address(w, &self.source);
        write_address(w, &self.esme);
        w.octets(self.tlvs.whole_octets());
    }
}

/// Appends an `alert_notification`.
///
/// # Errors
/// [`EncodeError`]; `out` is then as it was.
pub fn encode_alert_notification(
    out: &mut Vec<u8>,
    sequence_number: u32,
    alert: &AlertNotification<'_>,
) -> Result<(), EncodeError> {
    write_pdu(
        out,
        CommandId::ALERT_NOTIFICATION,
        CommandStatus::ESME_ROK,
        sequence_number,
        |w| alert.write(w),
    )
}
