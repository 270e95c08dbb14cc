//! Short messages as a modem has them: the TPDUs of 3GPP TS 23.040, 9.2.2, written and read, and the lines of hexadecimal
//! digits that carry them (3GPP TS 27.005, 3.1).
//!
//! Promise: pure and total. What is written here is read again as it was; what comes from outside is refused with the field and
//! the fault, or read whole: no octet is left over and none is read twice. Bound: 140 octets of user data, addresses of
//! 20 digits, 176 octets in all.

mod address;
mod coding;
mod deliver;
mod fault;
mod hex;
mod moment;
mod octets;
mod status;
mod status_report;
mod submit;
mod user_data;
mod validity;

pub use address::{ADDRESS_DIGITS_MAX, Address};
pub use coding::{Coding, coding_of};
pub use deliver::SmsDeliver;
pub use fault::TpduFault;
pub use hex::{Pdu, from_line, to_line};
pub use moment::Moment;
pub use status::{receipt_state, status_of};
pub use status_report::SmsStatusReport;
pub use submit::SmsSubmit;
pub use user_data::UserData;
pub use validity::Validity;

/// TP-MTI of a TPDU from the service centre to the handset (9.2.3.1).
pub mod message_type {
    /// SMS-DELIVER, and SMS-DELIVER-REPORT the other way.
    pub const DELIVER: u8 = 0b00;
    /// SMS-SUBMIT, and SMS-SUBMIT-REPORT the other way.
    pub const SUBMIT: u8 = 0b01;
    /// SMS-STATUS-REPORT, and SMS-COMMAND the other way.
    pub const STATUS_REPORT: u8 = 0b10;
    /// The bits of the first octet that hold it.
    pub const MASK: u8 = 0b11;
}

/// TP-UDHI (9.2.3.23).
const USER_DATA_HEADER: u8 = 0x40;
/// TP-RP (9.2.3.17).
const REPLY_PATH: u8 = 0x80;
