//! SMS-STATUS-REPORT: what became of an SMS-SUBMIT (3GPP TS 23.040, 9.2.2.3).

use super::octets::Octets;
use super::{Address, TpduFault, USER_DATA_HEADER, UserData, message_type};

/// TP-MMS (9.2.3.2): set where no more messages wait.
const NO_MORE: u8 = 0x04;
/// TP-SRQ (9.2.3.26): the result of an SMS-COMMAND.
const OF_COMMAND: u8 = 0x20;
/// TP-PI (9.2.3.27): which of the optional fields follow.
const HAS_PROTOCOL_IDENTIFIER: u8 = 0x01;
const HAS_DATA_CODING_SCHEME: u8 = 0x02;
const HAS_USER_DATA: u8 = 0x04;
const HAS_MORE_PARAMETERS: u8 = 0x80;

/// A receipt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SmsStatusReport {
    /// TP-MMS.
    pub more_messages: bool,
    /// TP-SRQ: of an SMS-COMMAND, not of a message.
    pub of_command: bool,
    /// TP-MR of the message.
    pub message_reference: u8,
    /// TP-RA: whom the message was for.
    pub recipient: Address,
    /// TP-SCTS: when the service centre had taken the message.
    pub service_centre_time: [u8; 7],
    /// TP-DT: when it was delivered, or last tried.
    pub discharge_time: [u8; 7],
    /// TP-ST: [`super::receipt_state`] says what it means.
    pub status: u8,
    /// TP-UD, where there is any and it can be read.
    pub user_data: Option<(u8, UserData)>,
}

impl SmsStatusReport {
    /// Its octets.
    ///
    /// # Errors
    /// A field that cannot be written.
    pub fn octets(&self) -> Result<Vec<u8>, TpduFault> {
        let mut first = message_type::STATUS_REPORT;
        let has_header = self
            .user_data
            .as_ref()
            .is_some_and(|(_, user_data)| user_data.has_header());
        for (set, bit) in [
            (!self.more_messages, NO_MORE),
            (self.of_command, OF_COMMAND),
            (has_header, USER_DATA_HEADER),
        ] {
            first |= if set { bit } else { 0 };
        }
        let mut out = vec![first, self.message_reference];
        self.recipient.write("TP-RA", &mut out)?;
        out.extend(self.service_centre_time);
        out.extend(self.discharge_time);
        out.push(self.status);
        if let Some((data_coding_scheme, user_data)) = &self.user_data {
            out.extend([HAS_DATA_CODING_SCHEME | HAS_USER_DATA, *data_coding_scheme]);
            user_data.write(*data_coding_scheme, &mut out)?;
        }
        Ok(out)
    }

    /// Reads octets. What follows TP-ST is optional, and networks and stores write what they like there (padding, one octet more): what
    /// cannot be read of it is passed over (9.2.3.27), because nobody asks for a receipt twice.
    ///
    /// # Errors
    /// The first field up to TP-ST that is not what it should be.
    pub fn of_octets(octets: &[u8]) -> Result<Self, TpduFault> {
        let mut octets = Octets::of(octets);
        let first = octets.one("the first octet")?;
        if first & message_type::MASK != message_type::STATUS_REPORT {
            return Err(TpduFault::MessageType {
                found: first & message_type::MASK,
                expected: message_type::STATUS_REPORT,
            });
        }
        Ok(Self {
            more_messages: first & NO_MORE == 0,
            of_command: first & OF_COMMAND != 0,
            message_reference: octets.one("TP-MR")?,
            recipient: Address::read(&mut octets, "TP-RA")?,
            service_centre_time: octets.seven("TP-SCTS")?,
            discharge_time: octets.seven("TP-DT")?,
            status: octets.one("TP-ST")?,
            user_data: optional(first, &mut octets).unwrap_or_default(),
        })
    }
}

/// The fields that a parameter indicator announces.
fn optional(first: u8, octets: &mut Octets<'_>) -> Result<Option<(u8, UserData)>, TpduFault> {
    if octets.is_empty() {
        return Ok(None);
    }
    let indicator = octets.one("TP-PI")?;
    let mut more = indicator;
    // Bit 7 announces another octet of them; nobody uses one, and none of them names a field that is read here.
    while more & HAS_MORE_PARAMETERS != 0 {
        more = octets.one("TP-PI")?;
    }
    if indicator & HAS_PROTOCOL_IDENTIFIER != 0 {
        octets.one("TP-PID")?;
    }
    let data_coding_scheme = match indicator & HAS_DATA_CODING_SCHEME {
        0 => 0,
        _ => octets.one("TP-DCS")?,
    };
    if indicator & HAS_USER_DATA == 0 {
        octets.end()?;
        return Ok(None);
    }
    let user_data = UserData::read(data_coding_scheme, first & USER_DATA_HEADER != 0, octets)?;
    Ok(Some((data_coding_scheme, user_data)))
}
