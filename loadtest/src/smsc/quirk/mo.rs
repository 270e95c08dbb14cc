//! Messages from handsets, in every form that carriers give them (T10, T32 to T36, T39).

use super::{Kind, Quirk};
use crate::chance::{Digest, Percent};

/// The form of one message from a handset.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Form {
    /// A short text in GSM 7-bit.
    Plain,
    /// Reads like a receipt, but `esm_class` says that it is none.
    LikeReceipt,
    /// UCS-2 in the wrong order of octets.
    Ucs2LittleEndian,
    /// UCS-2 behind a byte order mark.
    Ucs2Marked,
    /// UCS-2 with half a unit at the end.
    Ucs2Odd,
    /// UCS-2 with half a surrogate pair.
    Ucs2Lone,
    /// Class 0.
    Flash,
    /// In `message_payload`.
    Payload,
    /// In `message_payload`, with another text in `short_message`.
    BothPayload,
    /// 255 octets in `short_message`.
    Length255,
    /// No text at all.
    Empty,
    /// By data_sm.
    DataSm,
    /// Parts behind a header with an 8-bit reference.
    Udh8,
    /// Parts behind a header with a 16-bit reference.
    Udh16,
    /// Parts by SAR parameters.
    Sar,
    /// Parts by header and by SAR parameters.
    TwoMethods,
    /// Parts, the last one first.
    OutOfOrder,
    /// Parts, one of them twice.
    RepeatedPart,
    /// Parts of UCS-2 with a surrogate pair across the cut.
    SplitPair,
    /// Parts whose `esm_class` lacks the bit of the header.
    UdhiMissing,
    /// A text without header whose `esm_class` announces one.
    UdhiFalse,
    /// A NUL after the text that `sm_length` does not count.
    TrailingNul,
    /// `sm_length` counts a NUL that is not there.
    NoNul,
}

/// Messages from handsets.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Mos {
    share: Option<Percent>,
    forms: Vec<Form>,
}

const SHARE_OF_A_FORM_ALONE: f64 = 10.0;

pub(super) const FAMILY: &[Quirk] = &[Quirk {
    name: "mo",
    traps: &[],
    takes: &[Kind::Percent(10.0)],
    line: "a handset answers this share of accepted submits, by what was sent; mo-... says in which forms, in turn",
    set: |quirks, values| quirks.mo.share = Some(values.percent),
}];

macro_rules! forms {
    ($($name:literal, $trap:literal, $form:ident, $line:literal;)*) => {
        pub(super) const FORMS: &[Quirk] = &[$(Quirk {
            name: $name,
            traps: &[$trap],
            takes: &[],
            line: $line,
            set: |quirks, _| quirks.mo.add(Form::$form),
        },)*];

        impl Form {
            /// The name of its quirk.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    Self::Plain => "mo",
                    $(Self::$form => $name,)*
                }
            }
        }
    };
}

forms! {
    "mo-like-receipt", "T10", LikeReceipt, "messages from handsets read like a receipt while esm_class says that they are none";
    "mo-ucs2-little-endian", "T32", Ucs2LittleEndian, "... are UCS-2 with the octets of each unit swapped";
    "mo-ucs2-bom", "T32", Ucs2Marked, "... are UCS-2 behind a byte order mark";
    "mo-ucs2-odd", "T32", Ucs2Odd, "... are UCS-2 with an odd octet at the end";
    "mo-ucs2-lone", "T32", Ucs2Lone, "... are UCS-2 with half a surrogate pair";
    "mo-flash", "T33", Flash, "... are of class 0, data_coding 0x10";
    "mo-payload", "T34", Payload, "... are in message_payload, with sm_length 0";
    "mo-both-payload", "T34", BothPayload, "... are in message_payload while short_message has another text";
    "mo-length-255", "T34", Length255, "... have exactly 255 octets in short_message";
    "mo-empty", "T34", Empty, "... have no text at all";
    "mo-data-sm", "T09", DataSm, "... come as data_sm";
    "mo-udh8", "T35", Udh8, "... are long, in parts behind a header with an 8-bit reference";
    "mo-udh16", "T35", Udh16, "... are long, in parts behind a header with a 16-bit reference";
    "mo-sar", "T35", Sar, "... are long, in parts by SAR parameters";
    "mo-two-methods", "T35", TwoMethods, "... are long, in parts by header and by SAR parameters at once";
    "mo-out-of-order", "T35", OutOfOrder, "... are long, the last part first";
    "mo-repeated-part", "T35", RepeatedPart, "... are long, the first part twice";
    "mo-split-pair", "T32", SplitPair, "... are long UCS-2 with a surrogate pair across the cut";
    "mo-udhi-missing", "T36", UdhiMissing, "... are long, and esm_class lacks the bit of the header";
    "mo-udhi-false", "T36", UdhiFalse, "... have no header though esm_class announces one";
    "mo-trailing-nul", "T39", TrailingNul, "... have a NUL after the text that sm_length does not count";
    "mo-no-nul", "T39", NoNul, "... have an sm_length that counts a NUL which is not there";
}

impl Mos {
    fn add(&mut self, form: Form) {
        if !self.forms.contains(&form) {
            self.forms.push(form);
        }
    }

    /// True when a handset answers this submit.
    #[must_use]
    pub fn answers(&self, seed: u64, content: u64) -> bool {
        let share = match self.share {
            Some(share) => share,
            None if self.forms.is_empty() => return false,
            None => Percent::new(SHARE_OF_A_FORM_ALONE).unwrap_or_default(),
        };
        !share.is_never() && share.takes(Digest::new(seed).field(b"mo").number(content).finish())
    }

    /// The form of the message with this number: all that are on, in turn.
    #[must_use]
    pub fn form(&self, number: u64) -> Form {
        let place = number.checked_rem(self.forms.len() as u64);
        place
            .and_then(|place| self.forms.get(place as usize))
            .copied()
            .unwrap_or(Form::Plain)
    }
}
