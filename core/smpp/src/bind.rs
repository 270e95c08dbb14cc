//! Bodies of the three binds and their responses (SMPP 3.4 4.1).

use crate::fields::{ADDRESS_RANGE, PASSWORD, SYSTEM_ID, SYSTEM_TYPE, optional_part};
use crate::oddity::{BodyError, Decoded, Oddities, Strictness};
use crate::reader::{Reader, until_nul};
use crate::tlv::Tlvs;
use crate::writer::BodyWriter;
use crate::{CommandId, tag};

/// Which way a session carries messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub enum BindKind {
    /// Both ways.
    #[default]
    Transceiver,
    /// ESME to SMSC only.
    Transmitter,
    /// SMSC to ESME only.
    Receiver,
}

impl BindKind {
    /// The bind request of this kind.
    #[must_use]
    pub const fn command_id(self) -> CommandId {
        match self {
            Self::Transceiver => CommandId::BIND_TRANSCEIVER,
            Self::Transmitter => CommandId::BIND_TRANSMITTER,
            Self::Receiver => CommandId::BIND_RECEIVER,
        }
    }

    /// The kind of a bind request or its response; `None` for any other PDU.
    #[must_use]
    pub const fn from_command(command_id: CommandId) -> Option<Self> {
        match command_id.response() {
            CommandId::BIND_TRANSCEIVER_RESP => Some(Self::Transceiver),
            CommandId::BIND_TRANSMITTER_RESP => Some(Self::Transmitter),
            CommandId::BIND_RECEIVER_RESP => Some(Self::Receiver),
            _ => None,
        }
    }

    /// True when the ESME may submit.
    #[must_use]
    pub const fn can_submit(self) -> bool {
        !matches!(self, Self::Receiver)
    }

    /// True when the SMSC may deliver.
    #[must_use]
    pub const fn can_receive(self) -> bool {
        !matches!(self, Self::Transmitter)
    }
}

/// The body of a bind request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Bind<'a> {
    /// Who binds.
    pub system_id: &'a [u8],
    /// The secret; up to 255 octets tolerated inbound.
    pub password: &'a [u8],
    /// Free text of the ESME's kind.
    pub system_type: &'a [u8],
    /// 0x34 for SMPP 3.4.
    pub interface_version: u8,
    /// Type of number of `address_range`.
    pub addr_ton: u8,
    /// Numbering plan of `address_range`.
    pub addr_npi: u8,
    /// Which addresses the ESME serves.
    pub address_range: &'a [u8],
    /// None in the specification; carried where a peer sends them.
    pub tlvs: Tlvs<'a>,
}

impl<'a> Bind<'a> {
    /// Reads a bind request; the last NUL may be missing where tolerant.
    ///
    /// # Errors
    /// [`BodyError`] with the status to answer.
    pub fn decode(body: &'a [u8], strictness: Strictness) -> Result<Decoded<Self>, BodyError> {
        let mut reader = Reader::new(body, strictness);
        let system_id = reader.cstring(&SYSTEM_ID)?;
        let password = reader.cstring(&PASSWORD)?;
        let system_type = reader.cstring(&SYSTEM_TYPE)?;
        let [interface_version, addr_ton, addr_npi] = reader.octets("interface_version")?;
        let address_range = reader.last_cstring(&ADDRESS_RANGE)?;
        let tlvs = optional_part(&mut reader)?;
        Ok(reader.done(Self {
            system_id,
            password,
            system_type,
            interface_version,
            addr_ton,
            addr_npi,
            address_range,
            tlvs,
        }))
    }

    pub(crate) fn write(&self, w: &mut BodyWriter<'_>) {
        w.cstring(self.system_id);
        w.cstring(self.password);
        w.cstring(self.system_type);
        w.octets(&[self.interface_version, self.addr_ton, self.addr_npi]);
        w.cstring(self.address_range);
        w.octets(self.tlvs.whole_octets());
    }
}

/// The body of a bind response. Every shape decodes, an empty body too.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct BindResp<'a> {
    /// The SMSC's name; empty when it gave none.
    pub system_id: &'a [u8],
    /// Optional parameters.
    pub tlvs: Tlvs<'a>,
}

impl<'a> BindResp<'a> {
    /// Reads a bind response.
    #[must_use]
    pub fn decode(body: &'a [u8]) -> Decoded<Self> {
        let mut oddities = Oddities::default();
        let system_id = until_nul(body);
        let rest = match body.get(system_id.len()..).and_then(<[u8]>::split_first) {
            Some((_, rest)) => rest,
            None => {
                oddities.insert(if body.is_empty() {
                    Oddities::SHORT_BODY
                } else {
                    Oddities::MISSING_NUL
                });
                &[]
            }
        };
        let tlvs = Tlvs::new(rest);
        if tlvs.is_cut() {
            oddities.insert(Oddities::CUT_TLV);
        }
        Decoded {
            value: Self { system_id, tlvs },
            oddities,
        }
    }

    /// The SMSC's `sc_interface_version`, if it says.
    #[must_use]
    pub fn interface_version(&self) -> Option<u8> {
        self.tlvs
            .find(tag::SC_INTERFACE_VERSION)
            .and_then(|value| value.last().copied())
    }

    pub(crate) fn write(&self, w: &mut BodyWriter<'_>) {
        w.cstring(self.system_id);
        w.octets(self.tlvs.whole_octets());
    }
}
