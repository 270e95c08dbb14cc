//! `outbind` (SMPP 3.4 4.1.7, 5.0 4.1.1.7): the SMSC asks an ESME to bind. It has no response.
//! What follows its password is dropped and noted: it can have no meaning.

use crate::fields::{PASSWORD, SYSTEM_ID};
use crate::oddity::{BodyError, Decoded, Oddities, Strictness};
use crate::reader::Reader;
use crate::writer::{BodyWriter, EncodeError, write_pdu};
use crate::{CommandId, CommandStatus};

/// The body of `outbind`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Outbind<'a> {
    /// Who asks: the SMSC.
    pub system_id: &'a [u8],
    /// Its secret, for the ESME to check.
    pub password: &'a [u8],
}

impl<'a> Outbind<'a> {
    /// Reads an `outbind`; the last NUL may be missing where tolerant.
    ///
    /// # Errors
    /// [`BodyError`]; there is no response to put its status in.
    pub fn decode(body: &'a [u8], strictness: Strictness) -> Result<Decoded<Self>, BodyError> {
        let mut reader = Reader::new(body, strictness);
        let system_id = reader.cstring(&SYSTEM_ID)?;
        let password = reader.last_cstring(&PASSWORD)?;
        if !reader.rest().is_empty() {
            reader.oddities.insert(Oddities::STRAY_OCTETS);
        }
        Ok(reader.done(Self {
            system_id,
            password,
        }))
    }

    pub(crate) fn write(&self, w: &mut BodyWriter<'_>) {
        w.cstring(self.system_id);
        w.cstring(self.password);
    }
}

/// Appends an `outbind`.
///
/// # Errors
/// [`EncodeError`]; `out` is then as it was.
pub fn encode_outbind(
    out: &mut Vec<u8>,
    sequence_number: u32,
    outbind: &Outbind<'_>,
) -> Result<(), EncodeError> {
    write_pdu(
        out,
        CommandId::OUTBIND,
        CommandStatus::ESME_ROK,
        sequence_number,
        |w| outbind.write(w),
    )
}
