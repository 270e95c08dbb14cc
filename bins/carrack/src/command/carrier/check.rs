//! `carrack carrier check`: a recording through a profile, as a link with that profile would read it.

use std::path::PathBuf;

use anyhow::anyhow;
use carrack_carrier::replay::{Replay, ReplayLine, Said, Summary, TextRead};
use carrack_carrier::trace::Direction;
use carrack_settings::Profile;
use carrack_smpp::CommandStatus;
use clap::Args;
use serde_json::{Value, json};

use super::words::{base_word, class_word, reading_word, transform_word};
use crate::fault::Fault;
use crate::output;
use crate::recording;
use crate::table::{count, table};

/// Plays a recording through a profile: which receipts find their messages, what statuses mean, how texts read
#[derive(Args)]
#[command(after_help = "\
Examples:
  carrack carrier check --profile draft.toml --trace north.pcap
  carrack carrier check --profile hex-response-decimal-receipt --trace north.hex --lines
  carrack carrier check --profile draft.toml --trace north.pcap --json

A recording is a capture of `carrack trace` or of tcpdump or Wireshark (pcap, pcapng; without TLS), or lines of
hexadecimal: `> 0000...` for what we sent, `< 0000...` for what came.

Exit codes: 0 all fits, 1 receipts or responses match nothing or PDUs cannot be read, 2 wrong usage or profile.")]
pub(crate) struct Arguments {
    /// The profile, by its name or its file
    #[arg(long, value_name = "NAME|FILE")]
    profile: String,
    /// The recording
    #[arg(long, value_name = "FILE")]
    trace: PathBuf,
    /// Shows each PDU with what it means
    #[arg(long)]
    lines: bool,
    /// Leaves texts and numbers unmasked
    #[arg(long)]
    contents: bool,
    /// Prints JSON
    #[arg(long)]
    json: bool,
}

/// Runs the command.
pub(super) fn run(arguments: &Arguments) -> Result<(), Fault> {
    let profile = Profile::load(&arguments.profile)?;
    let recording =
        recording::read(&arguments.trace).map_err(|fault| Fault::Usage(fault.to_string()))?;
    if recording.pdus.is_empty() {
        let file = arguments.trace.display();
        if let Some(cut) = &recording.cut {
            return Err(Fault::Usage(format!("{file}: {cut}")));
        }
        return Err(anyhow!("{file}: no SMPP in it; a capture of TLS cannot be read, take one with `carrack trace carrier`").into());
    }
    if let Some(cut) = &recording.cut {
        eprintln!(
            "{}: {cut}; what stands before it is read",
            arguments.trace.display()
        );
    }
    let mut replay = Replay::new(&profile);
    if arguments.contents {
        replay = replay.with_numbers();
    }
    let mut lines = Vec::new();
    for pdu in &recording.pdus {
        // Links and sessions that one recording holds have sequence numbers of their own.
        let stream = pdu.stream;
        let connection =
            stream.connection ^ (stream.link << 16) ^ (u32::from(stream.session) << 30);
        let read = replay.feed_on(connection, pdu.direction, &pdu.octets);
        if arguments.lines {
            lines.extend(read);
        }
    }
    let summary = replay.summary();
    if arguments.json {
        let mut document = document(&summary, recording.passed_over);
        if arguments.lines {
            let lines: Vec<Value> = lines
                .iter()
                .map(|line| line_document(line, arguments.contents))
                .collect();
            if let Some(document) = document.as_object_mut() {
                document.insert("lines".to_owned(), lines.into());
            }
        }
        output::json(&document)?;
    } else {
        for line in &lines {
            output::line(line_text(line, arguments.contents))?;
        }
        output::line(text(&summary, recording.passed_over))?;
    }
    if summary.is_clean() {
        Ok(())
    } else if arguments.json {
        Err(Fault::Said)
    } else {
        Err(anyhow!("{}", verdict(&summary)).into())
    }
}

/// What another rule for ids would match.
fn otherwise(summary: &Summary) -> Option<String> {
    let (transform, more) = summary.otherwise?;
    let rule = transform.rule();
    Some(format!(
        "{} of them would match with id_submit_base = \"{}\", id_receipt_base = \"{}\" and case and zeros ignored",
        count(more),
        base_word(rule.submit),
        base_word(rule.receipt)
    ))
}

/// What does not fit, and where the cure may be.
fn verdict(summary: &Summary) -> String {
    let mut parts = Vec::new();
    let mut part = |found: u64, what: &str| {
        if found > 0 {
            parts.push(format!("{} {what}", count(found)));
        }
    };
    part(
        summary.receipts_unmatched,
        "receipts match no message (id_submit_base, id_receipt_base; or their messages were sent before the recording began)",
    );
    part(
        summary.receipts_without_id,
        "receipts name no message (receipt_source, receipt_grammar)",
    );
    part(summary.responses_unmatched, "responses answer nothing");
    part(summary.malformed, "PDUs cannot be read");
    parts.extend(otherwise(summary));
    parts.join("; ")
}

fn text(summary: &Summary, passed_over: u64) -> String {
    let mut rows = table(&["what", "count"], 1);
    let mut row = |what: &str, found: u64| {
        if found > 0 {
            rows.add_row([what.to_owned(), count(found)]);
        }
    };
    let [same, hex_decimal, decimal_hex] = summary.receipts_matched;
    row("PDUs", summary.pdus);
    row("PDUs that cannot be read", summary.malformed);
    row("octets passed over", passed_over);
    row("binds", summary.binds);
    row("submits", summary.submits);
    row("  taken", summary.taken);
    row("  taken without an id", summary.taken_without_id);
    for (status, (class, found)) in &summary.refused {
        row(
            &format!(
                "  refused with {}: {}",
                CommandStatus(*status),
                class_word(*class)
            ),
            *found,
        );
    }
    row("requests without a response", summary.requests_unanswered);
    row("responses to nothing", summary.responses_unmatched);
    row(
        "responses to what came before the recording",
        summary.responses_before,
    );
    row("receipts", summary.receipts);
    row("  matched, ids the same", same);
    row("  matched, hexadecimal to decimal", hex_decimal);
    row("  matched, decimal to hexadecimal", decimal_hex);
    row("  before their response", summary.receipts_early);
    row("  of more than one message", summary.receipts_ambiguous);
    row("  of another number", summary.receipts_of_another_number);
    row("  matched to nothing", summary.receipts_unmatched);
    row("  without an id", summary.receipts_without_id);
    row(
        "  whose text and parameters differ",
        summary.receipts_disagreeing,
    );
    for (state, found) in &summary.states {
        row(&format!("  {state}"), *found);
    }
    for (word, found) in &summary.words_unknown {
        row(&format!("  state word {word:?}, unknown"), *found);
    }
    row("messages from handsets", summary.mo);
    for (data_coding, found) in &summary.data_codings {
        row(
            &format!("texts with data_coding {data_coding:#04x}"),
            *found,
        );
    }
    row(
        "texts with characters that cannot be read",
        summary.texts_unreadable,
    );
    for (name, found) in &summary.oddities {
        row(&format!("tolerated: {}", name.replace('_', " ")), *found);
    }
    row("forgotten for want of room", summary.forgotten);
    let proposal = summary.proposal.map(|proposal| {
        format!(
            "\nthese ids would fit a fixed rule: id_submit_base = \"{}\", id_receipt_base = \"{}\" ({} % of {} matches)",
            base_word(proposal.rule.submit),
            base_word(proposal.rule.receipt),
            proposal.share_percent,
            proposal.matched
        )
    });
    format!("{rows}{}", proposal.unwrap_or_default())
}

fn document(summary: &Summary, passed_over: u64) -> Value {
    let [same, hex_decimal, decimal_hex] = summary.receipts_matched;
    let refused: Vec<Value> = summary.refused.iter().map(|(status, (class, found))| {
        json!({"status": CommandStatus(*status).to_string(), "code": status, "class": class_word(*class), "count": found})
    }).collect();
    let proposal = summary.proposal.map(|proposal| {
        json!({
            "id_submit_base": base_word(proposal.rule.submit),
            "id_receipt_base": base_word(proposal.rule.receipt),
            "matched": proposal.matched, "share_percent": proposal.share_percent,
        })
    });
    let data_codings: Value = summary
        .data_codings
        .iter()
        .map(|(data_coding, found)| (format!("{data_coding:#04x}"), json!(found)))
        .collect::<serde_json::Map<_, _>>()
        .into();
    json!({
        "fits": summary.is_clean(),
        "pdus": summary.pdus,
        "malformed": summary.malformed,
        "passed_over_octets": passed_over,
        "binds": summary.binds,
        "submits": summary.submits,
        "taken": summary.taken,
        "taken_without_id": summary.taken_without_id,
        "refused": refused,
        "requests_unanswered": summary.requests_unanswered,
        "responses": summary.responses,
        "responses_unmatched": summary.responses_unmatched,
        "responses_before": summary.responses_before,
        "receipts": {
            "all": summary.receipts,
            "matched": {"same": same, "hex_to_decimal": hex_decimal, "decimal_to_hex": decimal_hex},
            "early": summary.receipts_early,
            "ambiguous": summary.receipts_ambiguous,
            "of_another_number": summary.receipts_of_another_number,
            "unmatched": summary.receipts_unmatched,
            "without_id": summary.receipts_without_id,
            "disagreeing": summary.receipts_disagreeing,
            "states": summary.states,
            "words_unknown": summary.words_unknown,
        },
        "mo": summary.mo,
        "data_codings": data_codings,
        "texts_unreadable": summary.texts_unreadable,
        "oddities": summary.oddities,
        "forgotten": summary.forgotten,
        "proposal": proposal,
        "otherwise": summary.otherwise.map(|(transform, more)| {
            json!({
                "id_submit_base": base_word(transform.rule().submit),
                "id_receipt_base": base_word(transform.rule().receipt),
                "more_matched": more,
            })
        }),
    })
}

fn line_document(line: &ReplayLine, with_contents: bool) -> Value {
    json!({
        "connection": line.connection,
        "direction": match line.direction {
            Direction::Out => "out",
            Direction::In => "in",
        },
        "command": line.command_id.to_string(),
        "sequence_number": line.sequence_number,
        "status": line.command_status.to_string(),
        "oddities": line.oddities.names().collect::<Vec<_>>(),
        "meaning": meaning(line, with_contents),
    })
}

fn line_text(line: &ReplayLine, with_contents: bool) -> String {
    let sign = match line.direction {
        Direction::Out => '>',
        Direction::In => '<',
    };
    let status = if line.command_status.is_ok() {
        String::new()
    } else {
        format!(" {}", line.command_status)
    };
    let odd: Vec<&str> = line.oddities.names().collect();
    let odd = if odd.is_empty() {
        String::new()
    } else {
        format!(" [{}]", odd.join(", "))
    };
    format!(
        "{sign} {} {}{status} {}{odd}",
        line.command_id,
        line.sequence_number,
        meaning(line, with_contents)
    )
}

fn meaning(line: &ReplayLine, with_contents: bool) -> String {
    let read = |text: &TextRead| {
        let part = text.part.map_or(String::new(), |(part, total)| {
            format!(", part {part} of {total}")
        });
        let unreadable = if text.unreadable > 0 {
            format!(", {} characters cannot be read", text.unreadable)
        } else {
            String::new()
        };
        let shown = if with_contents {
            format!(": {:?}", text.text)
        } else {
            format!(": {} characters", text.text.chars().count())
        };
        format!(
            "data_coding {:#04x} {}{part}{unreadable}{shown}",
            text.data_coding,
            reading_word(text.reading)
        )
    };
    match &line.said {
        Said::Bind {
            system_id,
            interface_version,
        } => format!("bind of {system_id:?}, version {interface_version:#04x}"),
        Said::Bound { interface_version } => {
            let version = interface_version.map_or("no version".to_owned(), |version| {
                format!("version {version:#04x}")
            });
            format!("bound, {version}")
        }
        Said::Submit { from, to, text } => format!("{from} to {to}, {}", read(text)),
        Said::Taken { id } => format!("taken under {id:?}"),
        Said::Refused { class } => format!("refused: {}", class_word(*class)),
        Said::ResponseUnmatched => "answers nothing".to_owned(),
        Said::ResponseBefore => "answers what came before the recording".to_owned(),
        Said::Receipt {
            id,
            state,
            error,
            matched,
        } => {
            let matched = matched.map_or("no message (yet)".to_owned(), |found| {
                format!("matched, {}", transform_word(found.transform))
            });
            format!(
                "receipt of {id:?}: {}, error {error}, {matched}",
                state.word()
            )
        }
        Said::EarlyReceipt { id, matched } => {
            format!(
                "early receipt of {id:?}: matched, {}",
                transform_word(matched.transform)
            )
        }
        Said::ReceiptOfNothing => "receipt that names no message".to_owned(),
        Said::Mo { from, to, text } => format!("from handset {from} to {to}, {}", read(text)),
        Said::Queried { state } => state.map_or("state unknown".to_owned(), |state| {
            format!("state {}", state.word())
        }),
        Said::Malformed { reason, .. } => format!("cannot be read: {reason}"),
        Said::Other => String::new(),
    }
}
