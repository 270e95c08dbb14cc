//! Text and octets in the form that one carrier wants, and back.
//!
//! Promise: every conversion is total or names the character that does not fit. Bound: `parts_max` of the form.

mod air;
mod choice;
mod convert;
mod decode;
mod encode;
mod fault;
mod form;
mod heading;
mod inspect;
mod plan;
mod recode;

pub(crate) use air::Air;
pub use air::AirAlphabet;
pub use decode::Decoded;
pub use encode::{Encoded, Sar};
pub use fault::WireFault;
pub use form::{
    DataCodings, FlashForm, Latin1Use, LongMethod, NationalLanguage, TextForm, WireAlphabet,
};
pub use inspect::Reading;
pub(crate) use inspect::{Inspected, text_of, unpacked};
pub use plan::WirePlan;

/// The bit of `esm_class` that says that user data begins with a header (SMPP 3.4, 5.2.12).
pub const ESM_CLASS_UDHI: u8 = 0x40;
