//! SMS-DELIVER: from a handset to us (3GPP TS 23.040, 9.2.2.1).

use super::octets::Octets;
use super::{Address, REPLY_PATH, TpduFault, USER_DATA_HEADER, UserData, message_type};

/// TP-MMS (9.2.3.2): set where no more messages wait.
const NO_MORE: u8 = 0x04;
/// TP-SRI (9.2.3.4).
const STATUS_REPORT_INDICATION: u8 = 0x20;

/// A message that came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SmsDeliver {
    /// TP-MMS: more wait at the service centre.
    pub more_messages: bool,
    /// TP-SRI.
    pub status_report: bool,
    /// TP-RP.
    pub reply_path: bool,
    /// TP-OA.
    pub originator: Address,
    /// TP-PID.
    pub protocol_identifier: u8,
    /// TP-DCS.
    pub data_coding_scheme: u8,
    /// TP-SCTS, as it came: [`super::Moment::of_octets`] reads it, and centres write nonsense there.
    pub service_centre_time: [u8; 7],
    /// TP-UD.
    pub user_data: UserData,
}

impl SmsDeliver {
    /// Its octets.
    ///
    /// # Errors
    /// A field that cannot be written.
    pub fn octets(&self) -> Result<Vec<u8>, TpduFault> {
        let mut first = message_type::DELIVER;
        for (set, bit) in [
            (!self.more_messages, NO_MORE),
            (self.status_report, STATUS_REPORT_INDICATION),
            (self.user_data.has_header(), USER_DATA_HEADER),
            (self.reply_path, REPLY_PATH),
        ] {
            first |= if set { bit } else { 0 };
        }
        let mut out = vec![first];
        self.originator.write("TP-OA", &mut out)?;
        out.extend([self.protocol_identifier, self.data_coding_scheme]);
        out.extend(self.service_centre_time);
        self.user_data.write(self.data_coding_scheme, &mut out)?;
        Ok(out)
    }

    /// Reads octets, all of them.
    ///
    /// # Errors
    /// The first field that is not what it should be.
    pub fn of_octets(octets: &[u8]) -> Result<Self, TpduFault> {
        let mut octets = Octets::of(octets);
        let first = octets.one("the first octet")?;
        if first & message_type::MASK != message_type::DELIVER {
            return Err(TpduFault::MessageType {
                found: first & message_type::MASK,
                expected: message_type::DELIVER,
            });
        }
        let originator = Address::read(&mut octets, "TP-OA")?;
        let protocol_identifier = octets.one("TP-PID")?;
        let data_coding_scheme = octets.one("TP-DCS")?;
        let service_centre_time = octets.seven("TP-SCTS")?;
        let has_header = first & USER_DATA_HEADER != 0;
        Ok(Self {
            more_messages: first & NO_MORE == 0,
            status_report: first & STATUS_REPORT_INDICATION != 0,
            reply_path: first & REPLY_PATH != 0,
            originator,
            protocol_identifier,
            data_coding_scheme,
            service_centre_time,
            user_data: UserData::read(data_coding_scheme, has_header, &mut octets)?,
        })
    }
}
