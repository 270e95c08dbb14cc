//! When the rows of a batch are taken: from a moment on, by a moment, at a rate.

use serde::{Deserialize, Serialize};

use super::request::{BatchRequest, OptionFault};
use carrack_routing::local::LocalMoment;

use crate::submission::{SendAt, send_at_utc_ns, validity_ns};

/// Most rows a second that can be asked for.
const RATE_MAX: u32 = 1_000_000;

/// When rows are taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) struct Timing {
    /// Not before, UTC nanoseconds; 0: at once.
    pub(crate) start_at_utc_ns: u64,
    /// Spread evenly so that the last one is taken by then; 0: as fast as can be.
    pub(crate) finish_by_utc_ns: u64,
    /// Rows a second.
    pub(crate) rate: Option<u32>,
}

impl Timing {
    /// Reads what a batch asks for.
    pub(crate) fn of(request: &BatchRequest, utc_ns: u64) -> Result<Self, OptionFault> {
        let fault = |field: &str, detail: String| OptionFault {
            field: field.to_owned(),
            detail,
        };
        let moment = |field: &str, text: &Option<String>| match text {
            None => Ok(0),
            Some(text) if LocalMoment::is_meant(text) => {
                let cure = "is a time of each recipient's own clock, and this is one moment for all; write it with its offset, or let rows wait with send_at";
                Err(fault(field, format!("{text:?} {cure}")))
            }
            Some(text) => send_at_utc_ns(text, utc_ns)
                .map_err(|found| fault(field, format!("{text:?} {found}"))),
        };
        if let Some(text) = &request.send_at {
            SendAt::read(text, utc_ns)
                .map_err(|found| fault("send_at", format!("{text:?} {found}")))?;
        }
        let start_at_utc_ns = moment("start_at", &request.start_at)?;
        let mut finish_by_utc_ns = moment("finish_by", &request.finish_by)?;
        if request.finish_by.is_some() && finish_by_utc_ns == 0 {
            return Err(fault(
                "finish_by",
                "has passed; choose a later moment".to_owned(),
            ));
        }
        if let Some(text) = &request.spread {
            if finish_by_utc_ns > 0 {
                let detail = "says the same as finish_by in another way; take one of them out";
                return Err(fault("spread", detail.to_owned()));
            }
            let length =
                validity_ns(text).map_err(|found| fault("spread", format!("{text:?} {found}")))?;
            finish_by_utc_ns = start_at_utc_ns.max(utc_ns).saturating_add(length);
        }
        if finish_by_utc_ns > 0 && finish_by_utc_ns <= start_at_utc_ns {
            let detail = "lies before start_at; choose a later moment";
            return Err(fault("finish_by", detail.to_owned()));
        }
        let rate = request.rate.as_deref().map(|text| {
            let digits = text.trim();
            let rate = digits.strip_suffix("/s").unwrap_or(digits).parse();
            let rate = rate.ok().filter(|rate| (1..=RATE_MAX).contains(rate));
            rate.ok_or_else(|| {
                fault(
                    "rate",
                    format!("{text:?} is no rate; write rows a second, 1 to {RATE_MAX}, like 200"),
                )
            })
        });
        Ok(Self {
            start_at_utc_ns,
            finish_by_utc_ns,
            rate: rate.transpose()?,
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    /// 2026-11-22T12:00:00Z
    const NOW: u64 = 1_795_348_800_000_000_000;
    const HOUR: u64 = 3_600_000_000_000;

    fn of(options: &[(&str, &str)]) -> Result<Timing, OptionFault> {
        let mut request = BatchRequest::default();
        for (name, value) in options {
            request.set(name, value)?;
        }
        Timing::of(&request, NOW)
    }

    #[test]
    fn moments_lengths_and_rates_are_read() {
        let timing = of(&[
            ("start_at", "2026-11-22T13:00:00Z"),
            ("spread", "2h"),
            ("rate", "50/s"),
        ]);
        let expected = Timing {
            start_at_utc_ns: NOW + HOUR,
            finish_by_utc_ns: NOW + 3 * HOUR,
            rate: Some(50),
        };
        assert_eq!(timing.unwrap(), expected);
        assert_eq!(
            of(&[("start_at", "2026-11-22T11:00:00Z")]).unwrap(),
            Timing::default()
        );
        for (options, field) in [
            (&[("start_at", "tomorrow")][..], "start_at"),
            (&[("finish_by", "2026-11-22T11:00:00Z")], "finish_by"),
            (
                &[
                    ("finish_by", "2026-11-22T13:00:00Z"),
                    ("start_at", "2026-11-22T14:00:00Z"),
                ],
                "finish_by",
            ),
            (
                &[("finish_by", "2026-11-22T13:00:00Z"), ("spread", "1h")],
                "spread",
            ),
            (&[("spread", "long")], "spread"),
            (&[("rate", "0")], "rate"),
        ] {
            assert_eq!(of(options).unwrap_err().field, field, "{options:?}");
        }
    }
}
