//! `cancel_sm` (SMPP 3.4 4.9, 5.0 4.5.1). Its response is a header alone.

use crate::fields::{
    DESTINATION_ADDR, MESSAGE_ID, SERVICE_TYPE, SOURCE_ADDR, address, last_address, optional_part,
    write_address,
};
use crate::oddity::{BodyError, Decoded, Strictness};
use crate::reader::Reader;
use crate::tlv::Tlvs;
use crate::writer::{BodyWriter, EncodeError, write_pdu};
use crate::{Address, CommandId, CommandStatus};

/// The body of `cancel_sm`: one message by its id, or all of a source, destination and service type
/// where the id is empty.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct CancelSm<'a> {
    /// Service type of a group to be cancelled; else empty.
    pub service_type: &'a [u8],
    /// The id that the SMSC gave; empty to cancel a group.
    pub message_id: &'a [u8],
    /// The sender, as it was submitted.
    pub source: Address<'a>,
    /// The recipient; empty where the id says enough.
    pub destination: Address<'a>,
    /// None in the specification; carried where a peer sends them.
    pub tlvs: Tlvs<'a>,
}

impl<'a> CancelSm<'a> {
    /// Reads a `cancel_sm`; the last NUL may be missing where tolerant.
    ///
    /// # Errors
    /// [`BodyError`] with the status to answer.
    pub fn decode(body: &'a [u8], strictness: Strictness) -> Result<Decoded<Self>, BodyError> {
        let mut reader = Reader::new(body, strictness);
        let service_type = reader.cstring(&SERVICE_TYPE)?;
        let message_id = reader.cstring(&MESSAGE_ID)?;
        let source = address(&mut reader, &SOURCE_ADDR)?;
        let destination = last_address(&mut reader, &DESTINATION_ADDR)?;
        let tlvs = optional_part(&mut reader)?;
        Ok(reader.done(Self {
            service_type,
            message_id,
            source,
            destination,
            tlvs,
        }))
    }

    pub(crate) fn write(&self, w: &mut BodyWriter<'_>) {
        w.cstring(self.service_type);
        w.cstring(self.message_id);
        write_address(w, &self.source);
        write_address(w, &self.destination);
        w.octets(self.tlvs.whole_octets());
    }
}

/// Appends a `cancel_sm`.
///
/// # Errors
/// [`EncodeError`]; `out` is then as it was.
pub fn encode_cancel_sm(
    out: &mut Vec<u8>,
    sequence_number: u32,
    cancel: &CancelSm<'_>,
) -> Result<(), EncodeError> {
    write_pdu(
        out,
        CommandId::CANCEL_SM,
        CommandStatus::ESME_ROK,
        sequence_number,
        |w| cancel.write(w),
    )
}
