//! Receipts early, twice, never, elsewhere, and in every dress (T04 to T12). All by what was sent: the same submit always has
//! the same fate.

use super::{Kind, Quirk};
use crate::chance::{Digest, Percent};

/// Which of a receipt's two ids is the true one (T06).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Disagreement {
    /// Both.
    #[default]
    None,
    /// That of the parameter.
    TextIsWrong,
    /// That of the text.
    TlvIsWrong,
}

/// What of text and parameters is there.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Carries {
    /// Both.
    #[default]
    Both,
    /// Text only.
    Text,
    /// Parameters only.
    Tlvs,
}

/// The PDU of a receipt.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Carrier {
    /// `short_message` of a deliver_sm.
    #[default]
    ShortMessage,
    /// `message_payload` of a deliver_sm.
    Payload,
    /// A data_sm.
    DataSm,
}

/// The `esm_class` of a receipt (T10).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum EsmClass {
    /// As it should be.
    #[default]
    Right,
    /// 0.
    Zero,
    /// The receipt's bit among others.
    Bits,
}

/// The alphabet of a receipt's text (T11).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Coding {
    /// ASCII, `data_coding` 0.
    #[default]
    Ascii,
    /// ASCII, said to be UCS-2.
    FalseUcs2,
    /// UCS-2.
    Ucs2,
}

/// How receipts look. The default is one as Appendix B draws it, with both parameters.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Dress {
    /// Whether its two ids agree.
    pub disagreement: Disagreement,
    /// Text, parameters or both.
    pub carries: Carries,
    /// Where the text is.
    pub carrier: Carrier,
    /// `esm_class`.
    pub esm_class: EsmClass,
    /// `data_coding` and alphabet.
    pub coding: Coding,
    /// `receipted_message_id` has no NUL.
    pub is_tlv_unterminated: bool,
    /// `receipted_message_id` is longer than any table allows.
    pub is_tlv_long: bool,
    /// Each receipt's text in another dialect.
    pub has_dialects: bool,
}

/// Shares of receipts that go wrong, and how all look.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Receipts {
    drop: Percent,
    early: Percent,
    double: Percent,
    intermediate: Percent,
    intermediate_late: Percent,
    contradicts: Percent,
    /// They leave in any order.
    pub is_shuffled: bool,
    /// They go to another bind than the submit came on, where there is one.
    pub goes_elsewhere: bool,
    /// How they look.
    pub dress: Dress,
}

pub(super) const FAMILY: &[Quirk] = &[
    Quirk {
        name: "drop-receipt",
        traps: &[],
        takes: &[Kind::Percent(1.0)],
        line: "never sends this share of receipts, by what was sent",
        set: |quirks, values| quirks.receipt.drop = values.percent,
    },
    Quirk {
        name: "receipt-before-response",
        traps: &["T04"],
        takes: &[Kind::Percent(30.0)],
        line: "sends this share of receipts at least a millisecond before the submit_sm_resp, by what was sent",
        set: |quirks, values| quirks.receipt.early = values.percent,
    },
    Quirk {
        name: "double-receipt",
        traps: &["T12"],
        takes: &[Kind::Percent(10.0)],
        line: "sends this share of receipts twice, by what was sent",
        set: |quirks, values| quirks.receipt.double = values.percent,
    },
    Quirk {
        name: "receipt-other-bind",
        traps: &["T05"],
        takes: &[],
        line: "sends receipts on another bind of the same system_id than the submit came on, where there is one",
        set: |quirks, _| quirks.receipt.goes_elsewhere = true,
    },
    Quirk {
        name: "receipts-shuffled",
        traps: &["T12"],
        takes: &[],
        line: "receipts leave in any order: up to 8 ms later, and shuffled among those due together",
        set: |quirks, _| quirks.receipt.is_shuffled = true,
    },
    Quirk {
        name: "receipt-intermediate",
        traps: &["T12"],
        takes: &[Kind::Percent(50.0)],
        line: "sends an intermediate notification (ENROUTE) before this share of receipts, by what was sent",
        set: |quirks, values| quirks.receipt.intermediate = values.percent,
    },
    Quirk {
        name: "receipt-intermediate-late",
        traps: &["T12"],
        takes: &[Kind::Percent(50.0)],
        line: "sends an intermediate notification (ENROUTE) after this share of receipts, by what was sent",
        set: |quirks, values| quirks.receipt.intermediate_late = values.percent,
    },
    Quirk {
        name: "receipt-contradicts",
        traps: &["T12"],
        takes: &[Kind::Percent(20.0)],
        line: "sends the other final state (UNDELIV for DELIVRD) 30 ms after this share of receipts, by what was sent",
        set: |quirks, values| quirks.receipt.contradicts = values.percent,
    },
    Quirk {
        name: "receipt-tlv-disagrees",
        traps: &["T06"],
        takes: &[],
        line: "the id in a receipt's text is another one than receipted_message_id, which is right",
        set: |quirks, _| quirks.receipt.dress.disagreement = Disagreement::TextIsWrong,
    },
    Quirk {
        name: "receipt-tlv-wrong",
        traps: &["T06"],
        takes: &[],
        line: "receipted_message_id is another one than the id in a receipt's text, which is right",
        set: |quirks, _| quirks.receipt.dress.disagreement = Disagreement::TlvIsWrong,
    },
    Quirk {
        name: "receipt-tlv-no-nul",
        traps: &["T06"],
        takes: &[],
        line: "receipted_message_id has no NUL",
        set: |quirks, _| quirks.receipt.dress.is_tlv_unterminated = true,
    },
    Quirk {
        name: "receipt-tlv-long",
        traps: &["T06"],
        takes: &[],
        line: "receipted_message_id is filled up with NULs to 96 octets",
        set: |quirks, _| quirks.receipt.dress.is_tlv_long = true,
    },
    Quirk {
        name: "receipt-tlv-only",
        traps: &["T06"],
        takes: &[],
        line: "receipts have parameters and no text",
        set: |quirks, _| quirks.receipt.dress.carries = Carries::Tlvs,
    },
    Quirk {
        name: "receipt-no-tlv",
        traps: &["T06"],
        takes: &[],
        line: "receipts have text and no parameters",
        set: |quirks, _| quirks.receipt.dress.carries = Carries::Text,
    },
    Quirk {
        name: "receipt-dialects",
        traps: &["T07"],
        takes: &[],
        line: "each receipt's text is in another of the dialects that carriers write, without parameters",
        set: |quirks, _| {
            quirks.receipt.dress.has_dialects = true;
            quirks.receipt.dress.carries = Carries::Text;
        },
    },
    Quirk {
        name: "receipt-in-payload",
        traps: &["T08"],
        takes: &[],
        line: "a receipt's text is in message_payload, with sm_length 0",
        set: |quirks, _| quirks.receipt.dress.carrier = Carrier::Payload,
    },
    Quirk {
        name: "receipt-data-sm",
        traps: &["T09"],
        takes: &[],
        line: "receipts come as data_sm",
        set: |quirks, _| quirks.receipt.dress.carrier = Carrier::DataSm,
    },
    Quirk {
        name: "receipt-esm-zero",
        traps: &["T10"],
        takes: &[],
        line: "receipts have esm_class 0",
        set: |quirks, _| quirks.receipt.dress.esm_class = EsmClass::Zero,
    },
    Quirk {
        name: "receipt-esm-bits",
        traps: &["T10"],
        takes: &[],
        line: "receipts have mode and reply-path bits in esm_class beside the receipt's own",
        set: |quirks, _| quirks.receipt.dress.esm_class = EsmClass::Bits,
    },
    Quirk {
        name: "receipt-ucs2",
        traps: &["T11"],
        takes: &[],
        line: "receipts say data_coding 8 while their octets are ASCII",
        set: |quirks, _| quirks.receipt.dress.coding = Coding::FalseUcs2,
    },
    Quirk {
        name: "receipt-ucs2-real",
        traps: &["T11"],
        takes: &[],
        line: "receipts are in UCS-2 indeed",
        set: |quirks, _| quirks.receipt.dress.coding = Coding::Ucs2,
    },
];

impl Receipts {
    /// True when this receipt is never sent.
    #[must_use]
    pub fn is_dropped(&self, seed: u64, content: u64) -> bool {
        takes(self.drop, seed, b"drop-receipt", content)
    }

    /// True when this receipt goes before the answer.
    #[must_use]
    pub fn is_early(&self, seed: u64, content: u64) -> bool {
        takes(self.early, seed, b"receipt-before-response", content)
    }

    /// True when any receipt may go before its answer.
    #[must_use]
    pub fn comes_early(&self) -> bool {
        !self.early.is_never()
    }

    /// True when this receipt goes twice.
    #[must_use]
    pub fn is_doubled(&self, seed: u64, content: u64) -> bool {
        takes(self.double, seed, b"double-receipt", content)
    }

    /// True when an intermediate notification goes before it.
    #[must_use]
    pub fn is_announced(&self, seed: u64, content: u64) -> bool {
        takes(self.intermediate, seed, b"receipt-intermediate", content)
    }

    /// True when an intermediate notification goes after it.
    #[must_use]
    pub fn is_taken_back(&self, seed: u64, content: u64) -> bool {
        let salt = b"receipt-intermediate-late";
        takes(self.intermediate_late, seed, salt, content)
    }

    /// True when the other final state follows it.
    #[must_use]
    pub fn is_contradicted(&self, seed: u64, content: u64) -> bool {
        takes(self.contradicts, seed, b"receipt-contradicts", content)
    }
}

fn takes(share: Percent, seed: u64, salt: &[u8], content: u64) -> bool {
    !share.is_never() && share.takes(Digest::new(seed).field(salt).number(content).finish())
}
