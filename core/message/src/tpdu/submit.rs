//! SMS-SUBMIT: from us to the service centre (3GPP TS 23.040, 9.2.2.2).

use super::octets::Octets;
use super::{Address, REPLY_PATH, TpduFault, USER_DATA_HEADER, UserData, Validity, message_type};

/// TP-RD (9.2.3.25).
const REJECT_DUPLICATES: u8 = 0x04;
/// TP-SRR (9.2.3.5).
const STATUS_REPORT_REQUEST: u8 = 0x20;

/// A message to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SmsSubmit {
    /// TP-MR: by this number its status report finds it. Modems mostly put their own.
    pub message_reference: u8,
    /// TP-RD.
    pub reject_duplicates: bool,
    /// TP-SRR: a status report is wanted.
    pub status_report: bool,
    /// TP-RP.
    pub reply_path: bool,
    /// TP-DA.
    pub destination: Address,
    /// TP-PID.
    pub protocol_identifier: u8,
    /// TP-DCS.
    pub data_coding_scheme: u8,
    /// TP-VP.
    pub validity: Validity,
    /// TP-UD.
    pub user_data: UserData,
}

impl SmsSubmit {
    /// Its octets.
    ///
    /// # Errors
    /// A field that cannot be written.
    pub fn octets(&self) -> Result<Vec<u8>, TpduFault> {
        let mut first = message_type::SUBMIT | self.validity.format();
        for (set, bit) in [
            (self.reject_duplicates, REJECT_DUPLICATES),
            (self.status_report, STATUS_REPORT_REQUEST),
            (self.user_data.has_header(), USER_DATA_HEADER),
            (self.reply_path, REPLY_PATH),
        ] {
            first |= if set { bit } else { 0 };
        }
        let mut out = vec![first, self.message_reference];
        self.destination.write("TP-DA", &mut out)?;
        out.extend([self.protocol_identifier, self.data_coding_scheme]);
        self.validity.write(&mut out);
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
        if first & message_type::MASK != message_type::SUBMIT {
            return Err(TpduFault::MessageType {
                found: first & message_type::MASK,
                expected: message_type::SUBMIT,
            });
        }
        let message_reference = octets.one("TP-MR")?;
        let destination = Address::read(&mut octets, "TP-DA")?;
        let protocol_identifier = octets.one("TP-PID")?;
        let data_coding_scheme = octets.one("TP-DCS")?;
        let validity = Validity::read(first, &mut octets)?;
        let has_header = first & USER_DATA_HEADER != 0;
        Ok(Self {
            message_reference,
            reject_duplicates: first & REJECT_DUPLICATES != 0,
            status_report: first & STATUS_REPORT_REQUEST != 0,
            reply_path: first & REPLY_PATH != 0,
            destination,
            protocol_identifier,
            data_coding_scheme,
            validity,
            user_data: UserData::read(data_coding_scheme, has_header, &mut octets)?,
        })
    }
}
