//! Whatever a file is packed and written in: the same rows, once each, and what is broken harms only itself.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use std::io::Write;

use carrack_runtime::Io;
use proptest::prelude::*;

use super::rig::*;
use crate::batch::*;

fn gzip(octets: &[u8]) -> Vec<u8> {
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packer.write_all(octets).unwrap();
    packer.finish().unwrap()
}

fn zstd(octets: &[u8]) -> Vec<u8> {
    zstd::stream::encode_all(octets, 1).unwrap()
}

fn utf16(text: &str, little: bool, marked: bool) -> Vec<u8> {
    let mark = marked.then_some(0xFEFF);
    let units = mark.into_iter().chain(text.encode_utf16());
    units
        .flat_map(|unit| {
            if little {
                unit.to_le_bytes()
            } else {
                unit.to_be_bytes()
            }
        })
        .collect()
}

/// Rows that are all good, with letters of every kind; the texts they say.
fn rows(count: usize) -> (String, Vec<(u64, String)>) {
    let texts: Vec<_> = (1..=count as u64)
        .map(|row| (row, format!("Grüße {row} Γειά 🎉")))
        .collect();
    let rows = texts
        .iter()
        .map(|(row, text)| format!("{},{text}\r\n", 491_700_000_000 + row));
    (format!("to,text\n{}", rows.collect::<String>()), texts)
}

#[test]
fn a_file_is_told_by_its_octets_and_said() {
    let (text, texts) = rows(20);
    let tabs = text.replace(',', "\t");
    let few = "to;text\n491700000001;Gr\u{fc}\u{df}e\n";
    let latin: Vec<u8> = few.chars().map(|letter| u32::from(letter) as u8).collect();
    for (source, told) in [
        (text.clone().into_bytes(), "csv none utf-8 ,"),
        (format!("\u{FEFF}{text}").into_bytes(), "csv none utf-8 ,"),
        (gzip(text.as_bytes()), "csv gzip utf-8 ,"),
        (
            [gzip(&text.as_bytes()[..99]), gzip(&text.as_bytes()[99..])].concat(),
            "csv gzip utf-8 ,",
        ),
        (
            zstd(format!("\u{FEFF}{text}").as_bytes()),
            "csv zstd utf-8 ,",
        ),
        (
            [zstd(&text.as_bytes()[..99]), zstd(&text.as_bytes()[99..])].concat(),
            "csv zstd utf-8 ,",
        ),
        (utf16(&tabs, true, true), "tsv none utf-16le \t"),
        (utf16(&text, true, false), "csv none utf-16le ,"),
        (gzip(&utf16(&text, false, true)), "csv gzip utf-16be ,"),
        (latin.clone(), "csv none latin-1 ;"),
        (zstd(&latin), "csv zstd latin-1 ;"),
    ] {
        let took = take(&source, BatchRequest::default()).unwrap();
        let view = &took.view;
        let shape = serde_json::to_value(view).unwrap();
        let word = |key: &str| shape[key].as_str().unwrap().to_owned();
        let found = format!(
            "{} {} {} {}",
            word("format"),
            word("compression"),
            word("encoding"),
            word("delimiter")
        );
        assert_eq!(found, told);
        if told.contains("latin") {
            assert_eq!(took.texts, [(1, "Grüße".to_owned())]);
        } else {
            assert_eq!(took.texts, texts, "{told}");
        }
        assert_eq!(
            (view.rejected, view.done_octets, &view.fault),
            (0, view.total_octets, &None),
            "{told}"
        );
    }
}

#[test]
fn a_line_for_excel_names_the_separator_and_the_errors_file_has_it_again() {
    // Neither is the one that the header has most of.
    for separator in ['^', ';'] {
        let line = |cells: [&str; 3]| cells.join(&separator.to_string()) + "\r\n";
        let source = [
            format!("sep={separator}\r\n"),
            line(["to", "text,a,b,c", "text"]),
            line(["491700000001", "", "good, fine"]),
            line(["4917x", "", "bad"]),
            line(["491700000001", "", "again"]),
        ]
        .concat();
        let options = [("duplicates", "refuse")];
        let took = take(source.as_bytes(), asked(&options)).unwrap();
        assert_eq!(
            took.view.delimiter.as_deref(),
            Some(&*separator.to_string())
        );
        assert_eq!(took.texts, [(1, "good, fine".to_owned())]);
        let errors = took.errors;
        let lines: Vec<&str> = errors.lines().collect();
        assert_eq!(lines[0], format!("sep={separator}"));
        for (line, number) in [(lines[2], 4), (lines[3], 5)] {
            let place = format!("{separator}{number}{separator}to{separator}");
            assert!(line.contains(&place), "{line}");
        }
        let mended = errors.replace("4917x", "491700000002");
        let took = take(mended.as_bytes(), asked(&options)).unwrap();
        assert_eq!(took.texts.len(), 2, "{}", took.errors);
    }
}

#[test]
fn an_errors_file_that_comes_again_is_utf8_whatever_its_source_was_in() {
    let options = [("encoding", "windows-1257")];
    let again = |file: &[u8], shown: &str| {
        let took = take(file, asked(&options)).unwrap();
        assert_eq!(took.view.encoding, shown);
        took
    };
    // \xA1 is no letter of it.
    let source = b"to,text\n4917x,\xE0\xE8\xE6\n491700000002,\xA1\n";
    let refused = again(source, "windows-1257").errors;
    let mended = refused.replace("4917x", "491700000001");
    let mended = mended.replace('\u{FFFD}', "ų");
    let took = again(mended.as_bytes(), "utf-8");
    assert_eq!(
        took.texts,
        [(1, "ąčę".to_owned()), (2, "ų".to_owned())],
        "{}",
        took.errors
    );
    // Whose program saved it as it was is read as he says.
    let (letters, _, _) = encoding_rs::WINDOWS_1257.encode(&mended);
    assert_eq!(again(&letters, "windows-1257").texts, took.texts);
    // What could not be read is refused again.
    let only_spoilt = b"to,text\n491700000002,\xA1\n";
    let folder = tempfile::tempdir().unwrap();
    let ledger = ledger(Vec::new());
    let spec = spec(folder.path(), 8, 1 << 12, Io::Epoll);
    let batches = Batches::start(spec, ledger, accounts()).unwrap();
    let number = submit(&batches, only_spoilt, asked(&options)).unwrap();
    wait(&batches, number, has_finished);
    let spoilt = errors(&batches, number);
    batches.stop();
    assert_eq!(again(&spoilt, "utf-8").view.rejected, 1);
}

#[test]
fn a_column_that_errors_files_have_is_not_what_is_sent() {
    let source = b"to,text,Error\n491700000001,a,b\n";
    assert_eq!(take(source, asked(&[])).unwrap().view.accepted, 1);
    for (option, value) in [
        ("template", "E {error}"),
        ("template", "E {{ error | upper }}"),
        ("column.text", "error"),
    ] {
        let fault = take(source, asked(&[(option, value)])).err().unwrap();
        let fault = fault.to_string();
        let cured = fault.contains("rename it in the file");
        assert!(fault.starts_with(option) && cured, "{fault}");
    }
}

#[test]
fn what_the_customer_says_of_the_file_goes_before_what_it_looks_like() {
    let cyrillic = b"to|text\n491700000001|\xCF\xF0\xE8\xE2\xE5\xF2; \xE4\xE0\n";
    let said = asked(&[("encoding", "windows-1251"), ("delimiter", "|")]);
    assert_eq!(
        take(cyrillic, said).unwrap().texts,
        [(1, "Привет; да".to_owned())]
    );
    for (name, value, part) in [
        ("encoding", "klingon", "utf-16le"),
        ("format", "xlsx", "csv, tsv or ndjson"),
        ("delimiter", "\"", "one character"),
    ] {
        let fault = take(cyrillic, asked(&[(name, value)]))
            .err()
            .unwrap()
            .to_string();
        assert!(fault.starts_with(name) && fault.contains(part), "{fault}");
    }
}

#[test]
fn what_is_no_text_is_refused_with_its_cure() {
    for (source, part) in [
        (Vec::new(), "empty"),
        (gzip(b""), "empty"),
        (zstd(b"\n\n"), "empty"),
        (b"PK\x03\x04xx".to_vec(), "save it as CSV"),
        (b"\xFD7zXZ\0".to_vec(), "gzip or zstd"),
        (b"[{\"to\":1,\"text\":\"a\"}]".to_vec(), "one object a line"),
        (gzip(&gzip(b"to,text\n")), "packed twice"),
        (gzip(b"to,text\n")[..8].to_vec(), "cut off"),
        (b"\x28\xB5\x2F\xFDnonsense".to_vec(), "broken"),
    ] {
        let fault = take(&source, BatchRequest::default())
            .err()
            .unwrap()
            .to_string();
        assert!(fault.contains(part), "{part}: {fault}");
    }
}

#[test]
fn a_file_that_unpacks_to_more_than_is_allowed_is_taken_up_to_there() {
    let (text, texts) = rows(500);
    let bomb = [text.as_bytes(), &vec![b'x'; 40 << 20]].concat();
    for source in [gzip(&bomb), zstd(&bomb)] {
        assert!(source.len() < 1 << 20);
        let took = take_with(&source, BatchRequest::default(), |spec| {
            spec.unpacked_max = 1 << 20
        })
        .unwrap();
        assert_eq!(took.texts, texts);
        assert_eq!(took.view.rejected, 1, "the row that the bound cuts");
        assert!(took.view.fault.unwrap().contains("unpacked_max"));
    }
}

#[test]
fn what_stands_behind_an_archive_is_a_fault_and_its_rows_are_taken() {
    let (text, texts) = rows(50);
    for mut source in [gzip(text.as_bytes()), zstd(text.as_bytes())] {
        source.extend_from_slice(b"garbage that is no archive");
        let took = take(&source, BatchRequest::default()).unwrap();
        assert_eq!(took.texts, texts);
        assert!(took.view.fault.unwrap().contains("is broken"));
    }
}

const OBJECTS: &str = concat!(
    "{\"to\":491700000001,\"text\":\"one \\u00fc\",\"x\":{\"y\":1}}\n",
    "no object\n",
    "{\"to\":\"4917\",\"text\":\"short number\",\"client_ref\":\"r\"}\n",
    "{\"to\":\"+491700000002\",\"text\":\"two\",\"error\":\"old\"}\n",
    "{\"to\":\"+491700000003\",\"text\":[\"a list\"]}\n",
    "{\"to\":\"+491700000004\"\n",
    "{\"to\":\"+491700000005\",\"text\":\"later\",\"encoding\":\"ucs2\"}",
);

#[test]
fn objects_are_rows_and_those_refused_come_back_as_objects() {
    // What the first lines do not have is only found out row by row.
    let filler = format!(
        "{{\"to\":\"+491700000009\",\"text\":\"{}\"}}\n",
        "x".repeat(400)
    )
    .repeat(400);
    let source = filler + OBJECTS;
    let took = take(source.as_bytes(), BatchRequest::default()).unwrap();
    let texts: Vec<_> = took
        .texts
        .iter()
        .skip(400)
        .map(|(_, text)| text.as_str())
        .collect();
    assert_eq!(texts, ["one ü", "two"]);
    let errors: Vec<serde_json::Value> = took
        .errors
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let lines: Vec<_> = errors
        .iter()
        .map(|row| row["error_line"].as_u64().unwrap())
        .collect();
    assert_eq!(lines, [402, 403, 405, 406, 407]);
    assert_eq!(errors[0]["to"], "whole row: no object");
    assert_eq!(
        (&errors[1]["client_ref"], &errors[2]["text"][0]),
        (&"r".into(), &"a list".into())
    );
    assert_eq!(errors[4]["error_column"], "encoding");
    let again = take(took.errors.as_bytes(), BatchRequest::default())
        .err()
        .unwrap()
        .to_string();
    assert!(
        again.contains("encoding"),
        "now it stands among the first: {again}"
    );
    let mended: String = took
        .errors
        .lines()
        .take(4)
        .map(|line| format!("{line}\n"))
        .collect();
    let mended = mended.replace("\"4917\"", "\"491700000008\"");
    let took = take(mended.as_bytes(), BatchRequest::default()).unwrap();
    assert_eq!((took.view.accepted, took.view.rejected), (1, 3));
    assert_eq!(took.texts[0].1, "short number");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, ..ProptestConfig::default() })]

    #[test]
    fn an_archive_that_is_cut_off_gives_whole_rows_only(cut in 0.1_f64..1.0, with_zstd in any::<bool>()) {
        let (text, texts) = rows(300);
        let whole = if with_zstd { zstd(text.as_bytes()) } else { gzip(text.as_bytes()) };
        let cut = ((whole.len() as f64 * cut) as usize).min(whole.len() - 1);
        match take(&whole[..cut], BatchRequest::default()) {
            // Too little to see a header.
            Err(BatchFault::Shape(_) | BatchFault::Layout(_)) => {}
            Err(fault) => prop_assert!(false, "{fault}"),
            Ok(took) => {
                prop_assert_eq!(&took.texts[..], &texts[..took.texts.len()]);
                prop_assert!(took.view.rejected <= 1, "{}", took.errors);
                prop_assert!(took.view.fault.is_some());
            }
        }
    }

    #[test]
    fn octets_of_any_kind_end_in_a_verdict_or_a_fault(
        octets in prop::collection::vec(any::<u8>(), 0..300),
        start in prop::sample::select(vec![
            &b""[..], b"to,text\n", b"{\"to\":1,\"text\":\"a\"}\n", b"\x1f\x8b\x08\0", b"\x28\xb5\x2f\xfd", b"\xff\xfe", b"\xfe\xff\0t",
        ]),
    ) {
        let source = [start, &octets].concat();
        if let Ok(took) = take(&source, BatchRequest::default()) {
            prop_assert_eq!(took.view.rows, took.view.accepted + took.view.rejected);
        }
    }

    #[test]
    fn a_crash_in_a_packed_file_loses_and_doubles_no_row(
        chunks in prop::collection::vec((0_usize..6, any::<bool>()), 1..4),
        kind in 0..4,
    ) {
        let (text, texts) = rows(60);
        let source = match kind {
            0 => gzip(text.as_bytes()),
            1 => zstd(text.as_bytes()),
            2 => utf16(&text, true, true),
            _ => gzip(&utf16(&text, false, false)),
        };
        let folder = tempfile::tempdir().unwrap();
        let ledger = ledger(Vec::new());
        let mut number = None;
        for (chunks, after) in chunks {
            crash_after(&ledger, chunks, after);
            let batches = Batches::start(spec(folder.path(), 5, 100, Io::Epoll), ledger.clone(), accounts()).unwrap();
            let found = number.unwrap_or_else(|| submit(&batches, &source, BatchRequest::default()).unwrap());
            number = Some(found);
            wait(&batches, found, |view| has_finished(view) || has_crashed(view));
            batches.stop();
        }
        ledger.0.lock().unwrap().plan.clear();
        let batches = Batches::start(spec(folder.path(), 5, 100, Io::Epoll), ledger.clone(), accounts()).unwrap();
        wait(&batches, number.unwrap(), has_finished);
        batches.stop();
        prop_assert_eq!(super::rig::texts(&ledger), texts);
    }
}
