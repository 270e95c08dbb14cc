//! The end of a message as a `deliver_sm` to its customer: the line of Appendix B, and the parameters that say the same.
//!
//! Promise: both are in the account's dialect; the id is the one the customer was given, in text and in `receipted_message_id`. Buffers are used again.

use std::io::Write;

use carrack_engine::Ending;
use carrack_message::number::MSISDN_DIGITS_MAX;
use carrack_message::receipt::{self, ReceiptFields, ReceiptForm};
use carrack_message::{ReceiptState, Sender, Status};
use carrack_smpp::{Address, DeliverSm, ESM_CLASS_DELIVERY_RECEIPT, Tlvs, tag, write_tlv};

use super::message_id;
use crate::accounts::{Dialect, ReceiptError};

const SECOND_NS: u64 = 1_000_000_000;

/// Buffers of the receipt being written.
#[derive(Debug, Default)]
pub(crate) struct ReceiptWriter {
    dialect: Dialect,
    /// The id, and a NUL behind it.
    id: Vec<u8>,
    error: Vec<u8>,
    text: Vec<u8>,
    tlvs: Vec<u8>,
}

impl ReceiptWriter {
    /// From now on in this dialect.
    pub(crate) const fn speak(&mut self, dialect: Dialect) {
        self.dialect = dialect;
    }

    /// Builds the receipt and shows it to `send`.
    pub(crate) fn write<R>(
        &mut self,
        ending: &Ending,
        send: impl FnOnce(&DeliverSm<'_>) -> R,
    ) -> R {
        self.id.clear();
        let format = self.dialect.message_id;
        message_id::write_told(format, &ending.told_as, ending.id, &mut self.id);
        let state = state(ending.status);
        let dialect = self.dialect.receipt;
        self.error.clear();
        // A vector takes everything.
        let _ = match dialect.err {
            ReceiptError::Decimal => write!(self.error, "{:03}", ending.error),
            ReceiptError::Hex => write!(self.error, "{:03X}", ending.error),
        };
        let form = ReceiptForm {
            seconds: dialect.seconds,
            no_text: !dialect.text,
        };
        self.text.clear();
        receipt::write_as(
            form,
            &mut self.text,
            &ReceiptFields {
                id: &self.id,
                sub: u16::from(ending.segments),
                dlvrd: if state == ReceiptState::Delivered {
                    u16::from(ending.segments)
                } else {
                    0
                },
                submit_utc_s: seconds(ending.accepted_utc_ns),
                done_utc_s: seconds(ending.done_utc_ns),
                state,
                error: &self.error,
                text: "",
            },
        );
        self.tlvs.clear();
        if dialect.tlvs {
            self.id.push(0);
            // Both values are far below the longest a parameter may have.
            let _ = write_tlv(&mut self.tlvs, tag::RECEIPTED_MESSAGE_ID, &self.id);
            let _ = write_tlv(&mut self.tlvs, tag::MESSAGE_STATE, &[state.code()]);
        }
        let mut digits = [0; MSISDN_DIGITS_MAX];
        let (ton, npi) =
            Sender::parse(&ending.from).map_or((0, 0), |sender| (sender.ton(), sender.npi()));
        send(&DeliverSm {
            source: Address {
                ton: 1,
                npi: 1,
                addr: ending.to.write_digits(&mut digits),
            },
            destination: Address {
                ton,
                npi,
                addr: ending.from.as_bytes(),
            },
            esm_class: ESM_CLASS_DELIVERY_RECEIPT,
            short_message: &self.text,
            tlvs: Tlvs::new(&self.tlvs),
            ..DeliverSm::default()
        })
    }
}

pub(crate) const fn state(status: Status) -> ReceiptState {
    match status {
        Status::Accepted | Status::Submitted => ReceiptState::Accepted,
        Status::Scheduled => ReceiptState::Scheduled,
        Status::Sending => ReceiptState::Enroute,
        Status::Delivered => ReceiptState::Delivered,
        Status::Undelivered => ReceiptState::Undeliverable,
        Status::Expired => ReceiptState::Expired,
        Status::Rejected => ReceiptState::Rejected,
        Status::Cancelled => ReceiptState::Deleted,
        Status::Unknown => ReceiptState::Unknown,
    }
}

fn seconds(utc_ns: u64) -> i64 {
    (utc_ns / SECOND_NS).cast_signed()
}

#[cfg(test)]
pub(crate) mod tests {
    #![allow(clippy::unwrap_used)]
    use carrack_message::{MessageId, Msisdn};

    use super::*;

    pub(crate) fn ending(key: u32) -> Ending {
        Ending {
            id: MessageId(u128::from(key) + 1),
            told_as: Vec::new(),
            to: Msisdn::from_u64(447_700_900_123).unwrap(),
            from: "ACME".into(),
            status: Status::Delivered,
            error: 0,
            segments: 2,
            accepted_utc_ns: 1_800_000_000 * SECOND_NS,
            taken_utc_ns: 0,
            done_utc_ns: 1_800_000_060 * SECOND_NS,
            at_webhook: None,
        }
    }

    #[test]
    fn text_and_parameter_name_the_message_as_its_response_did() {
        use crate::accounts::IdFormat;
        let mut writer = ReceiptWriter::default();
        for format in [IdFormat::Hex, IdFormat::Decimal, IdFormat::Uuid] {
            writer.speak(Dialect {
                message_id: format,
                ..Dialect::default()
            });
            // Twice: nothing of the one before is left. The second goes by the first of its group.
            for key in [7, 8] {
                let mut ending = ending(key);
                let mut told = ending.id;
                if key == 8 {
                    told = MessageId(5);
                    ending.told_as = message_id::told_as(told);
                }
                let mut id = Vec::new();
                message_id::write(format, told, &mut id);
                writer.write(&ending, |sm| {
                    assert_eq!(receipt::parse(sm.short_message).id.unwrap(), id);
                    assert_eq!(sm.tlvs.find_cstring(tag::RECEIPTED_MESSAGE_ID).unwrap(), id);
                });
            }
        }
    }

    #[test]
    fn short_id_that_was_given_is_told_whatever_the_account_says_by_then() {
        use crate::accounts::IdFormat;
        let mut writer = ReceiptWriter::default();
        for message_id in [IdFormat::Short, IdFormat::Hex, IdFormat::Decimal] {
            writer.speak(Dialect {
                message_id,
                ..Dialect::default()
            });
            let given = Ending {
                told_as: b"0001A00F".to_vec(),
                ..ending(7)
            };
            writer.write(&given, |sm| {
                assert!(sm.short_message.starts_with(b"id:0001A00F sub:"));
                let told = sm.tlvs.find_cstring(tag::RECEIPTED_MESSAGE_ID);
                assert_eq!(told, Some(&b"0001A00F"[..]));
            });
        }
        // One that was given none.
        writer.speak(Dialect {
            message_id: IdFormat::Short,
            ..Dialect::default()
        });
        let told = writer.write(&ending(7), |sm| {
            receipt::parse(sm.short_message).id.unwrap().to_vec()
        });
        assert_eq!(told, ending(7).id.hex());
    }

    #[test]
    fn each_dialect_is_written_as_it_says() {
        use crate::accounts::ReceiptDialect;
        let mut writer = ReceiptWriter::default();
        let mut written = |receipt| {
            writer.speak(Dialect {
                receipt,
                ..Dialect::default()
            });
            let mut ending = ending(7);
            (ending.error, ending.status) = (0x2B, Status::Undelivered);
            ending.done_utc_ns += 7 * SECOND_NS;
            writer.write(&ending, |sm| {
                (sm.short_message.to_vec(), sm.tlvs.is_empty())
            })
        };
        let usual = ReceiptDialect::default();
        let id = "00000000000000000000000000000008";
        assert_eq!(
            written(usual),
            (
                format!("id:{id} sub:002 dlvrd:000 submit date:2701150800 done date:2701150801 stat:UNDELIV err:043 text:").into_bytes(),
                false
            )
        );
        let other = ReceiptDialect {
            text: false,
            err: ReceiptError::Hex,
            seconds: true,
            tlvs: false,
        };
        assert_eq!(
            written(other),
            (
                format!("id:{id} sub:002 dlvrd:000 submit date:270115080000 done date:270115080107 stat:UNDELIV err:02B").into_bytes(),
                true
            )
        );
        let (text, _) = written(other);
        assert_eq!(receipt::parse(&text).error, Some(&b"02B"[..]));
    }

    #[test]
    fn text_and_parameters_say_the_same_and_addresses_are_swapped() {
        let mut writer = ReceiptWriter::default();
        for status in Status::ALL {
            let mut ending = ending(7);
            ending.status = status;
            ending.error = 0x55F;
            writer.write(&ending, |sm| {
                assert!(sm.is_receipt());
                assert_eq!(sm.source.addr, b"447700900123");
                assert_eq!((sm.source.ton, sm.source.npi), (1, 1));
                assert_eq!(sm.destination.addr, b"ACME");
                assert_eq!(sm.destination.ton, 5);
                let read = receipt::parse(sm.short_message);
                assert_eq!(read.id, sm.tlvs.find_cstring(tag::RECEIPTED_MESSAGE_ID));
                assert_eq!(read.id.unwrap(), ending.id.hex());
                let state = sm.tlvs.find_number(tag::MESSAGE_STATE).unwrap();
                assert_eq!(u32::from(read.state.unwrap().code()), state);
                assert_eq!(read.error.unwrap(), b"1375");
                assert_eq!(read.sub.unwrap(), b"002");
                let delivered = status == Status::Delivered;
                assert_eq!(read.dlvrd.unwrap() == b"002", delivered);
            });
        }
    }
}
