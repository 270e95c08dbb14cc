//! How an account's SMPP client wants to be spoken to.
//!
//! Clients that come from another gateway parse what that gateway wrote: each account may have it so. Held in place
//! and copied; nothing of it is looked up a message.

pub use carrack_settings::{
    DefaultAlphabet, ErrorBody, IdFormat, MoForm, ReceiptDialect, ReceiptError,
};

/// The dialect of one account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dialect {
    /// What `data_coding` 0 means.
    pub alphabet: DefaultAlphabet,
    /// Body of responses by which something is refused.
    pub error_body: ErrorBody,
    /// How message ids are written.
    pub message_id: IdFormat,
    /// How receipts are written.
    pub receipt: ReceiptDialect,
    /// How long messages from handsets are written.
    pub mo_form: MoForm,
    /// Whether the carrier's name and our id go beside messages from handsets.
    pub mo_link_tlv: bool,
}

impl Default for Dialect {
    fn default() -> Self {
        Self {
            alphabet: DefaultAlphabet::default(),
            error_body: ErrorBody::None,
            message_id: IdFormat::default(),
            receipt: ReceiptDialect::default(),
            mo_form: MoForm::default(),
            mo_link_tlv: false,
        }
    }
}

impl Dialect {
    /// As configured.
    #[must_use]
    pub const fn from_settings(account: &carrack_settings::Account) -> Self {
        Self {
            alphabet: account.alphabet,
            error_body: account.error_body,
            message_id: account.message_id,
            receipt: account.receipt,
            mo_form: account.mo_form,
            mo_link_tlv: account.mo_link_tlv,
        }
    }
}
