//! The form of receipts as PDUs: parameters, `esm_class`, where the text is and in which alphabet.

use carrack_message::receipt::{ReceiptSign, ReceiptSource};
use carrack_smpp::{
    CommandId, ESM_CLASS_DELIVERY_RECEIPT, ESM_CLASS_INTERMEDIATE_NOTIFICATION,
    ESM_CLASS_TYPE_MASK, tag,
};

use super::receipts::{QUESTION, share};
use super::{Sheet, odd, shown};
use crate::probe::analysis::{Analysis, Dressing, ReceiptSeen, dressing};

/// Octets of `receipted_message_id` that a table of fixed length has.
const TLV_ID_OCTETS_USUAL: usize = 65;

pub(super) fn find(all: &Analysis<'_>, sheet: &mut Sheet) {
    parameters(all, sheet);
    form(all, sheet);
}

fn parameters(all: &Analysis<'_>, sheet: &mut Sheet) {
    let total = all.receipts.len();
    let count = |test: fn(&ReceiptSeen<'_>) -> bool| {
        all.receipts.iter().filter(|receipt| test(receipt)).count()
    };
    let first =
        |test: fn(&ReceiptSeen<'_>) -> bool| all.receipts.iter().find(|receipt| test(receipt));
    let disagreeing: Vec<&ReceiptSeen<'_>> = all
        .receipts
        .iter()
        .filter(|receipt| disagrees(receipt))
        .collect();
    if let Some(example) = disagreeing.first() {
        let (tlv, text) = (
            example.tlv_id.as_deref().unwrap_or_default(),
            example.text_id.as_deref().unwrap_or_default(),
        );
        let shown = format!("parameter {}, text {}", shown(tlv), shown(text));
        let text_is_right = disagreeing
            .iter()
            .any(|receipt| joins(all, receipt.text_id.as_deref()))
            && !disagreeing
                .iter()
                .any(|receipt| joins(all, receipt.tlv_id.as_deref()));
        let (quirk, what) = if text_is_right {
            sheet.profile.receipt_source = ReceiptSource::TextFirst;
            (
                "receipt-tlv-wrong",
                "receipted_message_id and the id of the text differ, and the text is right",
            )
        } else {
            (
                "receipt-tlv-disagrees",
                "receipted_message_id and the id of the text differ, and the parameter is right",
            )
        };
        share(
            sheet,
            disagreeing.len(),
            total,
            odd(QUESTION, "T06", quirk, what)
                .seen(shown)
                .keys(&["receipt_source"]),
        );
    }
    let no_nul =
        |receipt: &ReceiptSeen<'_>| receipt.tlv_raw.is_some_and(|raw| raw.last() != Some(&0));
    share(
        sheet,
        count(no_nul),
        total,
        odd(
            QUESTION,
            "T06",
            "receipt-tlv-no-nul",
            "receipted_message_id has no NUL at its end",
        ),
    );
    // An id that is long itself is no fault of the parameter.
    let is_long = |receipt: &ReceiptSeen<'_>| {
        let id_octets = receipt.tlv_id.as_ref().map_or(0, Vec::len);
        let raw = receipt.tlv_raw;
        raw.is_some_and(|raw| raw.len() > TLV_ID_OCTETS_USUAL && raw.len() > id_octets + 1)
    };
    share(
        sheet,
        count(is_long),
        total,
        odd(
            QUESTION,
            "T06",
            "receipt-tlv-long",
            "receipted_message_id is longer than the 65 octets of the specification",
        ),
    );
    let tlv_only =
        |receipt: &ReceiptSeen<'_>| receipt.tlv_id.is_some() && receipt.text_id.is_none();
    // None of none says nothing.
    if total > 0 && count(tlv_only) == total {
        sheet.profile.receipt_source = ReceiptSource::TlvOnly;
    }
    share(
        sheet,
        count(tlv_only),
        total,
        odd(
            QUESTION,
            "T06",
            "receipt-tlv-only",
            "receipts name their id in a parameter only; the text has none",
        )
        .keys(&["receipt_source"]),
    );
    let text_only =
        |receipt: &ReceiptSeen<'_>| receipt.tlv_id.is_none() && receipt.text_id.is_some();
    let example = first(text_only).map(|receipt| shown(&receipt.text));
    share(
        sheet,
        count(text_only),
        total,
        odd(
            QUESTION,
            "T06",
            "receipt-no-tlv",
            "receipts have no parameters; all is in the text",
        )
        .examples(example),
    );
}

fn disagrees(receipt: &ReceiptSeen<'_>) -> bool {
    match (&receipt.tlv_id, &receipt.text_id) {
        (Some(tlv), Some(text)) => dressing(tlv, text) != Some(Dressing::Same),
        _ => false,
    }
}

fn joins(all: &Analysis<'_>, id: Option<&[u8]>) -> bool {
    id.is_some_and(|id| {
        all.ids
            .iter()
            .flatten()
            .any(|known| dressing(known, id).is_some())
    })
}

fn form(all: &Analysis<'_>, sheet: &mut Sheet) {
    const UCS2: u8 = 8;
    let total = all.receipts.len();
    let count = |test: fn(&ReceiptSeen<'_>) -> bool| {
        all.receipts.iter().filter(|receipt| test(receipt)).count()
    };
    let payload = |receipt: &ReceiptSeen<'_>| {
        receipt.deliver.tlv(tag::MESSAGE_PAYLOAD).is_some()
            && receipt.deliver.command == CommandId::DELIVER_SM
    };
    share(
        sheet,
        count(payload),
        total,
        odd(
            QUESTION,
            "T08",
            "receipt-in-payload",
            "the text of receipts is in message_payload",
        ),
    );
    let data = |receipt: &ReceiptSeen<'_>| receipt.deliver.command == CommandId::DATA_SM;
    share(
        sheet,
        count(data),
        total,
        odd(
            QUESTION,
            "T09",
            "receipt-data-sm",
            "receipts come as data_sm",
        ),
    );
    let zero = |receipt: &ReceiptSeen<'_>| receipt.deliver.esm_class & ESM_CLASS_TYPE_MASK == 0;
    let mut keys: &[&str] = &[];
    if count(zero) > 0 {
        let without_tlv = |receipt: &ReceiptSeen<'_>| {
            receipt.deliver.esm_class & ESM_CLASS_TYPE_MASK == 0 && receipt.tlv_id.is_none()
        };
        if count(without_tlv) > 0 {
            sheet.profile.receipt_sign = ReceiptSign::BitsTlvOrText;
            keys = &["receipt_esm_rule"];
        }
    }
    share(
        sheet,
        count(zero),
        total,
        odd(
            QUESTION,
            "T10",
            "receipt-esm-zero",
            "esm_class of receipts does not say that they are receipts",
        )
        .keys(keys),
    );
    let more = |receipt: &ReceiptSeen<'_>| {
        let class = receipt.deliver.esm_class;
        class & ESM_CLASS_TYPE_MASK != 0
            && !matches!(
                class,
                ESM_CLASS_DELIVERY_RECEIPT | ESM_CLASS_INTERMEDIATE_NOTIFICATION
            )
    };
    let example = all
        .receipts
        .iter()
        .find(|receipt| more(receipt))
        .map(|receipt| format!("esm_class {:#04x}", receipt.deliver.esm_class));
    share(
        sheet,
        count(more),
        total,
        odd(
            QUESTION,
            "T10",
            "receipt-esm-bits",
            "esm_class of receipts has other bits set beside the receipt's",
        )
        .examples(example),
    );
    let is_wide = |receipt: &ReceiptSeen<'_>| receipt.deliver.user_data().contains(&0);
    let marked = |receipt: &ReceiptSeen<'_>| receipt.deliver.data_coding == UCS2;
    let wide = all
        .receipts
        .iter()
        .filter(|receipt| marked(receipt) && is_wide(receipt))
        .count();
    let narrow = all
        .receipts
        .iter()
        .filter(|receipt| marked(receipt) && !is_wide(receipt) && !receipt.text.is_empty())
        .count();
    share(
        sheet,
        wide,
        total,
        odd(
            QUESTION,
            "T11",
            "receipt-ucs2-real",
            "receipts are in UCS-2",
        ),
    );
    share(
        sheet,
        narrow,
        total,
        odd(
            QUESTION,
            "T11",
            "receipt-ucs2",
            "receipts say that they are UCS-2, and are ASCII",
        ),
    );
}
