//! What is answered.

use carrack_message::Class;
use carrack_settings::Settings;

/// The answers of `[consent]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConsentSpec {
    /// To a stop; none: nothing is answered.
    pub stop: Option<String>,
    /// To a start.
    pub start: Option<String>,
    /// To help.
    pub help: Option<String>,
    /// Their class.
    pub class: Class,
    /// Texts that wait for a person.
    pub review_max: usize,
}

impl ConsentSpec {
    /// As it is set; none without `[consent]`.
    #[must_use]
    pub fn from_settings(settings: &Settings) -> Option<Self> {
        let consent = settings.consent.as_ref()?;
        Some(Self {
            stop: consent.stop_reply.clone(),
            start: consent.start_reply.clone(),
            help: consent.help_reply.clone(),
            class: consent.class,
            review_max: usize::try_from(consent.review_max).unwrap_or(usize::MAX),
        })
    }
}
