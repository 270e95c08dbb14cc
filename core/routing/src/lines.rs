//! A CSV file line by line.
//!
//! Promise: a line that is broken says so and hides none of those after it, which a parser of the whole file cannot
//! promise: one quote that is not closed swallows the rest. So a field holds no line break. Bounded: a line of 64 KiB and
//! 64 fields; buffers are used again for each line.

use std::borrow::Cow;
use std::io::{self, BufRead, Read as _};

use csv_core::{ReadRecordResult, Reader};

const LINE_OCTETS_MAX: usize = 64 << 10;
const FIELDS_MAX: usize = 64;

/// The lines of a file.
pub(crate) struct Lines<R> {
    input: R,
    number: u64,
    text: Vec<u8>,
    parser: Reader,
    fields: Fields,
}

/// The fields of one line.
pub(crate) struct Fields {
    octets: Vec<u8>,
    ends: [usize; FIELDS_MAX],
    count: usize,
}

impl Fields {
    pub(crate) const fn len(&self) -> usize {
        self.count
    }

    /// A field without the spaces around it; nothing where the line has no such field.
    pub(crate) fn text(&self, place: usize) -> Cow<'_, str> {
        let end_of = |place: usize| self.ends.get(place).copied().unwrap_or_default();
        if place >= self.count {
            return Cow::Borrowed("");
        }
        let begin = place.checked_sub(1).map_or(0, end_of);
        let octets = self.octets.get(begin..end_of(place)).unwrap_or_default();
        String::from_utf8_lossy(octets.trim_ascii())
    }
}

impl<R: BufRead> Lines<R> {
    pub(crate) fn of(input: R) -> Self {
        Self {
            input,
            number: 0,
            text: Vec::new(),
            parser: Reader::new(),
            fields: Fields {
                octets: vec![0; LINE_OCTETS_MAX + 1],
                ends: [0; FIELDS_MAX],
                count: 0,
            },
        }
    }

    /// The line last given, from 1.
    pub(crate) const fn number(&self) -> u64 {
        self.number
    }

    /// The fields of the line last given, where it was good.
    pub(crate) const fn fields(&self) -> &Fields {
        &self.fields
    }

    /// Goes to the next line that is not blank; what is wrong with it where it cannot be split. None at the end.
    pub(crate) fn next(&mut self) -> io::Result<Option<Result<(), String>>> {
        loop {
            let Some(fits) = self.read()? else {
                return Ok(None);
            };
            if !fits {
                let what = format!("the line is longer than {LINE_OCTETS_MAX} octets");
                return Ok(Some(Err(what)));
            }
            if !self.text.trim_ascii().is_empty() {
                break;
            }
        }
        let split = self.split();
        if split.is_err() {
            self.parser.reset();
        }
        Ok(Some(split))
    }

    /// Reads a line without its end; whether it fits. None at the end of the file.
    fn read(&mut self) -> io::Result<Option<bool>> {
        self.text.clear();
        let most = LINE_OCTETS_MAX as u64;
        let mut limited = self.input.by_ref().take(most);
        if limited.read_until(b'\n', &mut self.text)? == 0 {
            return Ok(None);
        }
        self.number += 1;
        if self.text.last() != Some(&b'\n') && self.text.len() == LINE_OCTETS_MAX {
            self.skip()?;
            return Ok(Some(false));
        }
        if self.text.last() == Some(&b'\n') {
            self.text.pop();
        }
        if self.text.last() == Some(&b'\r') {
            self.text.pop();
        }
        Ok(Some(true))
    }

    /// The rest of a line that is too long.
    fn skip(&mut self) -> io::Result<()> {
        loop {
            let rest = self.input.fill_buf()?;
            let (used, ended) = match rest.iter().position(|octet| *octet == b'\n') {
                Some(place) => (place + 1, true),
                None => (rest.len(), rest.is_empty()),
            };
            self.input.consume(used);
            if ended {
                return Ok(());
            }
        }
    }

    fn split(&mut self) -> Result<(), String> {
        // A line that ends inside quotes is told from one that does not by asking for its end.
        self.text.push(b'\n');
        let fields = &mut self.fields;
        let (result, read, _, count) =
            self.parser
                .read_record(&self.text, &mut fields.octets, &mut fields.ends);
        fields.count = count;
        match result {
            ReadRecordResult::Record if read == self.text.len() => Ok(()),
            ReadRecordResult::OutputFull | ReadRecordResult::OutputEndsFull => {
                Err(format!("more than {FIELDS_MAX} fields"))
            }
            ReadRecordResult::InputEmpty => {
                Err("a quote is opened and not closed; close it on the same line".to_owned())
            }
            ReadRecordResult::Record | ReadRecordResult::End => {
                Err("a carriage return stands inside the line; take it away".to_owned())
            }
        }
    }
}
