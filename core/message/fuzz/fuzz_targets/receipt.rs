//! Receipts and ids: no octets make reading panic, and what is read holds to its bounds.
//!
//! Input: `esm_class`, `data_coding`, choices of the rules, `message_state`, length of the parameter with the id, that
//! parameter, and the text.

#![no_main]

use carrack_message::carrier_id::{Candidates, ID_OCTETS_MAX, IdBase, IdCase, IdPad, IdRule, fold};
use carrack_message::receipt::{
    Grammar, ReceiptParts, ReceiptRules, ReceiptSign, ReceiptSource, ReceiptState, date,
    error_number, looks_like_receipt, octets_of, parse, parse_with, read,
};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Some((&[esm_class, data_coding, choices, state, id_length], rest)) =
        data.split_first_chunk()
    else {
        return;
    };
    let (tlv_id, text) = rest
        .split_at_checked(usize::from(id_length))
        .unwrap_or((&[], rest));
    let parts = ReceiptParts {
        esm_class,
        data_coding,
        text,
        tlv_id: (!tlv_id.is_empty()).then_some(tlv_id),
        tlv_state: (state != u8::MAX).then_some(state),
        tlv_error: tlv_id.get(..3),
    };
    let rules = rules(choices);
    let found = read(&parts, &rules);
    if esm_class & 0x04 != 0 {
        assert!(
            found.is_some(),
            "what is marked is a receipt, whatever it says"
        );
    }
    if let Some(found) = &found {
        for id in [&found.id, &found.text.id, &found.parameters.id]
            .into_iter()
            .flatten()
        {
            assert!((1..=ID_OCTETS_MAX).contains(&id.len()));
            check_id(&id_rule(choices), id);
        }
        assert!(
            found
                .other_id()
                .is_none_or(|other| Some(other) != found.id.as_deref())
        );
        assert!(!found.sources_disagree() || found.text.id.is_some() || found.text.state.is_some());
    }
    check_text(&rules.grammar, text, data_coding);
    check_id(&id_rule(choices), tlv_id);
});

fn rules(choices: u8) -> ReceiptRules {
    let mut grammar = Grammar::default();
    if choices & 0x10 != 0 {
        grammar.id_labels.push("ref no".into());
        grammar.states.push(("ok".into(), ReceiptState::Delivered));
        grammar.utc_offset_minutes = 330;
    }
    ReceiptRules {
        source: match choices & 3 {
            0 => ReceiptSource::TlvFirst,
            1 => ReceiptSource::TextFirst,
            2 => ReceiptSource::TlvOnly,
            _ => ReceiptSource::TextOnly,
        },
        sign: match (choices >> 2) & 3 {
            0 => ReceiptSign::Bits,
            1 => ReceiptSign::BitsOrTlv,
            _ => ReceiptSign::BitsTlvOrText,
        },
        grammar,
    }
}

fn id_rule(choices: u8) -> IdRule {
    let base = |choice: u8| match choice & 3 {
        0 => IdBase::Learn,
        1 => IdBase::Text,
        2 => IdBase::Hex,
        _ => IdBase::Decimal,
    };
    IdRule {
        submit: base(choices),
        receipt: base(choices >> 2),
        case: if choices & 0x20 != 0 {
            IdCase::Keep
        } else {
            IdCase::Ignore
        },
        pad: if choices & 0x40 != 0 {
            IdPad::Keep
        } else {
            IdPad::Ignore
        },
    }
}

fn check_text(grammar: &Grammar, text: &[u8], data_coding: u8) {
    let receipt = parse_with(grammar, text);
    let fields = [
        receipt.id,
        receipt.sub,
        receipt.dlvrd,
        receipt.submit_date,
        receipt.done_date,
        receipt.state_word,
        receipt.error,
    ];
    assert!(
        fields
            .iter()
            .flatten()
            .all(|field| !field.is_empty() && field.len() <= text.len())
    );
    assert!(receipt.state_known <= receipt.state_word.is_some());
    assert_eq!(receipt.state.is_some(), receipt.state_word.is_some());
    for field in fields.into_iter().flatten() {
        let _ = (date::parse_at(field, i16::MIN), error_number(field));
    }
    assert!(!looks_like_receipt(text) || parse(text).id.is_some() || parse(text).state_known);
    assert!(octets_of(data_coding, text).len() <= text.len() * 3 / 2 + 1);
}

fn check_id(rule: &IdRule, id: &[u8]) {
    let folded = fold(rule, id);
    assert!(folded.len() <= id.len());
    assert_eq!(fold(rule, &folded), folded, "folding twice changes nothing");
    let forms = Candidates::of_receipt(rule, id);
    assert!((1..=3).contains(&forms.as_slice().len()));
    if rule.submit != rule.receipt && ![rule.submit, rule.receipt].contains(&IdBase::Learn) {
        // Fixed to two bases: an id that is not in its own has no way back.
        return;
    }
    for (_, form) in forms {
        let back = Candidates::of_response(rule, &form);
        let finds = back.as_slice().iter().any(|(_, back)| *back == folded);
        assert!(
            finds,
            "a response under a candidate finds the parked receipt"
        );
    }
}
