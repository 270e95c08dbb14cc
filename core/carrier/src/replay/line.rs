//! What one recorded PDU says.

use carrack_message::ReceiptState;
use carrack_message::wire::{Reading, TextForm};
use carrack_settings::StatusClass;
use carrack_smpp::{Address, CommandId, CommandStatus, Oddities, Pdu, ShortMessage};

use super::ids::{Match, Parked};
use crate::trace::Direction;

/// Last characters of a number that are not shown.
const NUMBER_END: usize = 4;
/// Shorter ones are short codes, nobody's own.
const NUMBER_DIGITS_MIN: usize = 7;

/// One PDU, read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReplayLine {
    /// As given.
    pub connection: u32,
    /// Who sent it.
    pub direction: Direction,
    /// Its command; 0 where not even that could be read.
    pub command_id: CommandId,
    /// Its number.
    pub sequence_number: u32,
    /// Its status.
    pub command_status: CommandStatus,
    /// What was tolerated.
    pub oddities: Oddities,
    /// What it means.
    pub said: Said,
}

/// What a PDU means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Said {
    /// A bind of ours.
    Bind {
        /// Who we are.
        system_id: String,
        /// The version claimed.
        interface_version: u8,
    },
    /// The bind was taken.
    Bound {
        /// The peer's version, if it says one.
        interface_version: Option<u8>,
    },
    /// A segment to the carrier.
    Submit {
        /// Source address, masked unless asked for.
        from: String,
        /// Destination address, masked unless asked for.
        to: String,
        /// Its text.
        text: TextRead,
    },
    /// The carrier took a segment.
    Taken {
        /// Under which id; may be empty.
        id: String,
    },
    /// A request was refused.
    Refused {
        /// What the profile says that its status means.
        class: StatusClass,
    },
    /// A response to nothing that was asked.
    ResponseUnmatched,
    /// A response to what was asked before the recording began.
    ResponseBefore,
    /// A receipt.
    Receipt {
        /// The id it names.
        id: String,
        /// The state it tells.
        state: ReceiptState,
        /// Its error, 0 where none.
        error: u32,
        /// The segment it belongs to; none: not known, or not yet.
        matched: Option<Match>,
    },
    /// A receipt from before has now found its segment.
    EarlyReceipt {
        /// The id it named.
        id: String,
        /// How it was found.
        matched: Match,
    },
    /// A receipt that names no segment.
    ReceiptOfNothing,
    /// A message from a handset.
    Mo {
        /// Source address, masked unless asked for.
        from: String,
        /// Destination address, masked unless asked for.
        to: String,
        /// Its text.
        text: TextRead,
    },
    /// A question was answered.
    Queried {
        /// The state, if the answer has one that is known.
        state: Option<ReceiptState>,
    },
    /// It cannot be read.
    Malformed {
        /// The status that a link would answer; none where there is nothing to be answered.
        answer: Option<CommandStatus>,
        /// Why.
        reason: String,
    },
    /// Anything else.
    Other,
}

/// The text of a segment as the profile reads it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TextRead {
    /// `data_coding` as sent.
    pub data_coding: u8,
    /// How it was read.
    pub reading: Reading,
    /// The text; empty where it is none.
    pub text: String,
    /// Characters that could not be read.
    pub unreadable: usize,
    /// Part and total of a long text.
    pub part: Option<(u8, u8)>,
}

impl ReplayLine {
    pub(super) fn new(connection: u32, direction: Direction, pdu: &Pdu<'_>) -> Self {
        Self {
            connection,
            direction,
            command_id: pdu.header.command_id,
            sequence_number: pdu.header.sequence_number,
            command_status: pdu.header.command_status,
            oddities: Oddities::default(),
            said: Said::Other,
        }
    }

    pub(super) fn unframed(connection: u32, direction: Direction, reason: String) -> Self {
        Self {
            connection,
            direction,
            command_id: CommandId(0),
            sequence_number: 0,
            command_status: CommandStatus(0),
            oddities: Oddities::default(),
            said: Said::Malformed {
                answer: None,
                reason,
            },
        }
    }

    pub(super) fn early(connection: u32, receipt: &Parked, matched: Match) -> Self {
        Self {
            connection,
            direction: Direction::In,
            command_id: CommandId::DELIVER_SM,
            sequence_number: 0,
            command_status: CommandStatus(0),
            oddities: Oddities::default(),
            said: Said::EarlyReceipt {
                id: String::from_utf8_lossy(&receipt.id).into_owned(),
                matched,
            },
        }
    }
}

/// An address for people.
pub(super) fn address(address: &Address<'_>, shows_numbers: bool) -> String {
    let mut shown: Vec<char> = address
        .addr
        .iter()
        .map(|octet| char::from(*octet))
        .collect();
    let digits = shown
        .iter()
        .filter(|letter| letter.is_ascii_digit())
        .count();
    if !shows_numbers && digits >= NUMBER_DIGITS_MIN {
        for letter in shown.iter_mut().rev().take(NUMBER_END) {
            *letter = 'x';
        }
    }
    shown.into_iter().collect()
}

/// The text of a message as `form` reads it.
pub(super) fn text_of(form: &TextForm, sm: &ShortMessage<'_>) -> TextRead {
    let mut text = String::new();
    let decoded = form.decode(sm.data_coding, sm.esm_class, sm.user_data(), &mut text);
    let by_header = decoded.concatenation.map(|it| (it.part, it.total));
    TextRead {
        data_coding: sm.data_coding,
        reading: decoded.reading,
        text,
        unreadable: decoded.oddities.replaced,
        part: by_header.or_else(|| by_sar(sm)),
    }
}

fn by_sar(sm: &ShortMessage<'_>) -> Option<(u8, u8)> {
    use carrack_smpp::tag::{SAR_SEGMENT_SEQNUM, SAR_TOTAL_SEGMENTS};
    let part = sm.tlvs.find_number(SAR_SEGMENT_SEQNUM)?;
    let total = sm.tlvs.find_number(SAR_TOTAL_SEGMENTS)?;
    Some((u8::try_from(part).ok()?, u8::try_from(total).ok()?))
}
