//! Loop numbers: what is sent to one comes back as a message from a handset, to the number, from whom it had as sender.
//!
//! Each submit comes back as it was, its header and reference included; a lost receipt or a bad one changes nothing of that.

use super::desk::{Desk, Sender};
use super::mo::{Composed, MoPart};
use super::quirk::mo::Form;
use super::reading::{Reading, script};
use carrack_message::alphabet::national::Shift;
use carrack_smpp::{ESM_CLASS_UDHI, SubmitSm, tag, write_tlv};

/// Parameters that belong to the text.
const TAGS: [u16; 4] = [
    tag::MESSAGE_PAYLOAD,
    tag::SAR_MSG_REF_NUM,
    tag::SAR_TOTAL_SEGMENTS,
    tag::SAR_SEGMENT_SEQNUM,
];

impl Desk {
    /// Sends the message just accepted back, where it went to a loop number.
    pub(super) fn plan_loop(&mut self, due_ns: u64, sender: Sender, sm: &SubmitSm<'_>) {
        let to = sm.destination.addr;
        let mut loops = self.settings.loops.iter();
        if !loops.any(|number| number.as_bytes() == to.strip_prefix(b"+").unwrap_or(to)) {
            return;
        }
        let mut part = MoPart {
            esm_class: sm.esm_class & ESM_CLASS_UDHI,
            data_coding: sm.data_coding,
            short_message: sm.short_message.to_vec(),
            ..MoPart::default()
        };
        for tag in TAGS {
            if let Some(value) = sm.tlvs.find(tag) {
                // It was read from a PDU, so it fits one.
                let _ = write_tlv(&mut part.tlvs, tag, value);
            }
        }
        self.counts.mo += 1;
        let composed = Composed {
            number: self.counts.mo,
            form: Form::Plain,
            text: self.looped_text(sm),
            parts: vec![part],
        };
        self.hand_over(due_ns, sender, &sm.source, &sm.destination, composed);
    }

    /// What a reader should show; read only where it is kept.
    fn looped_text(&self, sm: &SubmitSm<'_>) -> String {
        if self.settings.texts_kept == 0 {
            return String::new();
        }
        let alphabets = &self.settings.quirks.alphabet;
        let body = sm
            .split_udh()
            .map_or_else(|| sm.user_data(), |(_, body)| body);
        let mut reading = Reading::default();
        reading.read(
            body,
            (0, Shift::NONE),
            script(sm.data_coding, alphabets),
            alphabets,
        );
        reading.text
    }
}
