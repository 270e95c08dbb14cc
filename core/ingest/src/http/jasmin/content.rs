//! `content` or `hex-content` under its `coding` becomes the bodies of a message.
//!
//! `coding` is SMPP's `data_coding`. A content without one, or with 0, is UTF-8 and goes as text in the alphabet that is
//! best for it; under any other coding its octets are meant, as they are in `hex-content`. Octets that read cleanly in
//! what they say they are become text, all else is relayed untouched.

use carrack_message::record::Body;
use carrack_smpp::{CommandStatus, SubmitSm};

use super::answer::Fault;
use super::arguments::Arguments;
use crate::accounts::DefaultAlphabet;
use crate::http::kannel::hex;
use crate::smpp_server::user_data;
use crate::submission::parts;

/// The bodies.
pub(crate) fn bodies(
    arguments: &Arguments,
    segments_max: u8,
    reference: u8,
) -> Result<Vec<Body>, Fault> {
    let data_coding: u8 = arguments.text("coding").parse().unwrap_or(0);
    let octets = match (arguments.get("content"), arguments.get("hex-content")) {
        (Some(_), Some(_)) => {
            return Err(Fault::bad(
                "content and hex-content cannot be used both in same request.",
            ));
        }
        (None, None) => return Err(Fault::bad("content or hex-content not present.")),
        (None, Some(digits)) => hex(digits).ok_or_else(|| {
            let digits = String::from_utf8_lossy(digits);
            Fault::bad(format!("Invalid hex-content data: '{digits}'"))
        })?,
        (Some(content), None) if data_coding == 0 => {
            let text = std::str::from_utf8(content).map_err(|_| {
                let detail = "content: is no UTF-8; send UTF-8, or octets with their coding";
                Fault::invalid("content", content, detail)
            })?;
            match text.is_empty() {
                true => Vec::new(),
                false => return Ok(vec![Body::Text(text.to_owned())]),
            }
        }
        (Some(content), None) => content.to_vec(),
    };
    let sm = SubmitSm {
        data_coding,
        short_message: &octets,
        ..SubmitSm::default()
    };
    match user_data::read(&sm, DefaultAlphabet::Gsm7) {
        Ok(body) => Ok(vec![body]),
        Err(CommandStatus::ESME_RINVMSGLEN) => {
            parts(data_coding, &[], &octets, segments_max, reference).ok_or_else(|| {
                Fault::bad(format!(
                    "Content has more than the {segments_max} parts allowed."
                ))
            })
        }
        Err(_) => Err(Fault::invalid(
            "coding",
            &[],
            "the octets cannot be of this coding",
        )),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]
    use super::*;

    fn of(query: &str) -> Result<Vec<Body>, String> {
        bodies(&Arguments::of(query), 5, 1).map_err(|fault| fault.text)
    }

    fn text(query: &str) -> String {
        match of(query).unwrap().remove(0) {
            Body::Text(text) => text,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn documented_contents_are_read() {
        assert_eq!(text("content=Hello"), "Hello");
        assert_eq!(text("content=Gr%C3%BC%C3%9Fe+%E2%82%AC"), "Grüße €");
        assert_eq!(text("hex-content=0623063106460628&coding=8"), "أرنب");
        assert_eq!(text("content=%06%23%061%06F%06%28&coding=8"), "أرنب");
        assert_eq!(text("content=%E9&coding=3"), "é");
        assert_eq!(text("hex-content=1b65&coding=0"), "€");
    }

    #[test]
    fn octets_are_relayed_and_cut_where_one_part_does_not_hold_them() {
        let raw = |query: &str| {
            let sizes = of(query).unwrap().into_iter().map(|body| match body {
                Body::Raw {
                    data_coding,
                    octets,
                    ..
                } => (data_coding, octets.len()),
                Body::Text(text) => panic!("{text}"),
            });
            sizes.collect::<Vec<_>>()
        };
        assert_eq!(raw("hex-content=00ff&coding=4"), [(4, 2)]);
        assert_eq!(raw("content=&coding=0"), [(0, 0)]);
        let long = format!("hex-content={}&coding=4", "ff".repeat(141));
        assert_eq!(raw(&long), [(4, 140), (4, 13)]);
        let over = format!("hex-content={}&coding=4", "ff".repeat(800));
        assert!(of(&over).unwrap_err().contains("more than the 5 parts"));
    }

    #[test]
    fn what_is_neither_or_both_is_refused_in_jasmins_words() {
        for (query, said) in [
            ("coding=0", "content or hex-content not present."),
            (
                "content=a&hex-content=61",
                "content and hex-content cannot be used both in same request.",
            ),
            ("hex-content=0g", "Invalid hex-content data: '0g'"),
            ("hex-content=012", "Invalid hex-content data: '012'"),
        ] {
            assert_eq!(of(query).unwrap_err(), said);
        }
        assert!(
            of("content=%E9")
                .unwrap_err()
                .starts_with("Argument [content]")
        );
    }
}
