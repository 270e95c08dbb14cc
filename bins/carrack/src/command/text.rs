//! `carrack text`: what a text is on the air, and why.

use std::io::Read;

use carrack_message::explain::{Cost, Costly, Explanation};
use carrack_message::wire::{AirAlphabet, TextForm};
use carrack_settings::Profile;
use clap::{Args, Subcommand};
use serde_json::{Value, json};

use crate::fault::Fault;
use crate::output;
use crate::table::table;

/// Characters that are shown one by one.
const COSTLY_SHOWN_MAX: usize = 40;

/// `carrack text`
#[derive(Subcommand)]
pub(crate) enum Command {
    /// Shows alphabet and segments of a text, each character that makes it dearer, and what to write instead
    #[command(after_help = "\
Examples:
  carrack text explain 'Your code is 123456'
  carrack text explain 'It’s here – “Grüße” for 5 €'
  carrack text explain 'Καλημέρα' --profile latin1-default --json
  cat message.txt | carrack text explain -

Exit codes: 0 done, 1 the carrier of the profile would not take it, 2 wrong usage.")]
    Explain(Arguments),
}

/// Arguments of `explain`.
#[derive(Args)]
pub(crate) struct Arguments {
    /// The text; `-` reads it from standard input
    text: String,
    /// The carrier's profile, by its name or its file; without one, SMPP as most carriers speak it
    #[arg(long, value_name = "NAME|FILE")]
    profile: Option<String>,
    /// Prints JSON
    #[arg(long)]
    json: bool,
}

/// Runs the command.
pub(crate) fn run(command: &Command) -> Result<(), Fault> {
    let Command::Explain(arguments) = command;
    let form = match &arguments.profile {
        Some(profile) => Profile::load(profile)?.text,
        None => TextForm::default(),
    };
    let text = if arguments.text == "-" {
        let mut octets = Vec::new();
        std::io::stdin().lock().read_to_end(&mut octets)?;
        let text = String::from_utf8(octets).map_err(|error| {
            let place = error.utf8_error().valid_up_to() + 1;
            Fault::Usage(format!("standard input is no UTF-8: see its octet {place}"))
        })?;
        // An editor's last line end is nobody's message.
        text.strip_suffix('\n').map(str::to_owned).unwrap_or(text)
    } else {
        arguments.text.clone()
    };
    let explanation = Explanation::of(&text, &form);
    if arguments.json {
        output::json(&document(&explanation))?;
    } else {
        output::line(shown(&explanation))?;
    }
    match explanation.fault {
        Some(_) => Err(Fault::Said),
        None => Ok(()),
    }
}

const fn alphabet(explanation: &Explanation) -> &'static str {
    match explanation.plan.air {
        AirAlphabet::Gsm7 => "GSM 7-bit",
        AirAlphabet::Octets => "octets",
        AirAlphabet::Ucs2 => "UCS-2",
    }
}

const fn unit(explanation: &Explanation) -> &'static str {
    match explanation.plan.air {
        AirAlphabet::Gsm7 => "septets",
        AirAlphabet::Octets => "octets",
        AirAlphabet::Ucs2 => "units of 16 bits",
    }
}

const fn why(cost: Cost) -> &'static str {
    match cost {
        Cost::ForcesUcs2 => "in no other alphabet of this carrier: the whole text becomes UCS-2",
        Cost::GoesWithUcs2 => {
            "in a national table of the profile, which does not pay for this text: it goes as UCS-2"
        }
        Cost::NeedsNationalTable => "in a national table, which each segment must name",
        Cost::TwoSeptets => "takes two septets",
    }
}

const fn cost_name(cost: Cost) -> &'static str {
    match cost {
        Cost::ForcesUcs2 => "forces_ucs2",
        Cost::GoesWithUcs2 => "goes_with_ucs2",
        Cost::NeedsNationalTable => "needs_national_table",
        Cost::TwoSeptets => "two_septets",
    }
}

fn document(explanation: &Explanation) -> Value {
    let plan = &explanation.plan;
    let segments: Vec<Value> = explanation
        .segments
        .iter()
        .map(|segment| json!({"units": segment.units, "text": segment.text}))
        .collect();
    let costly: Vec<Value> = explanation.costly.iter().map(|each| {
        json!({
            "char": each.found, "position": each.position, "name": each.name, "cost": cost_name(each.cost),
            "suggestion": each.suggestion, "saves_segments": each.saves,
        })
    }).collect();
    json!({
        "alphabet": alphabet(explanation),
        "data_coding": explanation.data_coding,
        "units": explanation.units,
        "segment_units": plan.segment_units,
        "submits": plan.parts,
        "segments": segments,
        "costly": costly,
        "segments_whole": explanation.segments_whole.unwrap_or(explanation.segments.len()),
        "segments_with_suggestions": explanation.segments_advised,
        "locking_table": plan.locking.map(|language| format!("{language:?}").to_lowercase()),
        "single_table": plan.single.map(|language| format!("{language:?}").to_lowercase()),
        "fault": explanation.fault.map(|fault| fault.to_string()),
    })
}

fn shown(explanation: &Explanation) -> String {
    let plan = &explanation.plan;
    let segments = explanation.segments.len();
    let plural = if segments == 1 { "segment" } else { "segments" };
    let mut lines = vec![format!(
        "{}, data_coding {}: {}{segments} {plural}, {} {} in all, {} a segment",
        alphabet(explanation),
        explanation.data_coding,
        match explanation.segments_whole {
            Some(whole) =>
                format!("{whole} segments, more than any message may have; of the first "),
            None => String::new(),
        },
        explanation.units,
        unit(explanation),
        plan.segment_units
    )];
    if plan.parts != plan.segments {
        lines.push(format!(
            "sent in {} submits; the carrier cuts it",
            plan.parts
        ));
    }
    if let Some(fault) = explanation.fault {
        lines.push(format!("this carrier does not take it: {fault}"));
    }
    let mut parts = table(&["segment", unit(explanation), "text"], 3);
    for (number, segment) in explanation.segments.iter().enumerate() {
        parts.add_row([
            (number + 1).to_string(),
            segment.units.to_string(),
            printable(&segment.text),
        ]);
    }
    lines.push(parts.to_string());
    if !explanation.costly.is_empty() {
        lines.push(characters(&explanation.costly));
    }
    if let Some(advised) = explanation.segments_advised {
        lines.push(format!(
            "with every suggestion taken: {advised} instead of {segments} {plural}"
        ));
    }
    lines.join("\n")
}

fn characters(costly: &[Costly]) -> String {
    let mut rows = table(
        &["at", "character", "why it costs more", "write", "saves"],
        5,
    );
    for each in costly.iter().take(COSTLY_SHOWN_MAX) {
        let code = format!("U+{:04X}", u32::from(each.found));
        let name = each
            .name
            .map_or(code.clone(), |name| format!("{name}, {code}"));
        let is_hidden =
            is_unprintable(each.found) || each.name.is_some() && each.found.is_whitespace();
        let character = if is_hidden {
            name
        } else {
            format!("{} ({name})", each.found)
        };
        let write = match each.suggestion {
            Some("") => "leave it out".to_owned(),
            Some(" ") => "a blank".to_owned(),
            Some(other) => other.to_owned(),
            None => String::new(),
        };
        let saves = match each.saves {
            0 => String::new(),
            1 => "1 segment".to_owned(),
            count => format!("{count} segments"),
        };
        rows.add_row([
            (each.position + 1).to_string(),
            character,
            why(each.cost).to_owned(),
            write,
            saves,
        ]);
    }
    let more = costly.len().saturating_sub(COSTLY_SHOWN_MAX);
    if more > 0 {
        return format!("{rows}\nand {more} more");
    }
    rows.to_string()
}

/// Control characters would tear the table, those of direction turn it round, those without width hide in it.
fn is_unprintable(found: char) -> bool {
    found.is_control()
        || matches!(
            found,
            '\u{AD}'
                | '\u{61C}'
                | '\u{180E}'
                | '\u{200B}'..='\u{200F}'
                | '\u{2028}'..='\u{202E}'
                | '\u{2060}'..='\u{206F}'
                | '\u{FE00}'..='\u{FE0F}'
                | '\u{FEFF}'
                | '\u{FFF9}'..='\u{FFFB}'
                | '\u{E0000}'..='\u{E0FFF}'
        )
}

/// A text with what cannot be shown written as its code.
fn printable(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for each in text.chars() {
        if is_unprintable(each) {
            shown.extend(each.escape_unicode());
        } else {
            shown.push(each);
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::printable;

    #[test]
    fn what_tears_or_turns_a_table_is_shown_by_its_code() {
        for (text, shown) in [
            ("a\u{1b}[31mb", "a\\u{1b}[31mb"),
            ("a\u{202e}b", "a\\u{202e}b"),
            ("a\u{2066}b\u{200f}", "a\\u{2066}b\\u{200f}"),
            ("a\nb", "a\\u{a}b"),
            ("Gr\u{fc}\u{df}e \u{1F600}", "Gr\u{fc}\u{df}e \u{1F600}"),
        ] {
            assert_eq!(printable(text), shown);
        }
    }
}
