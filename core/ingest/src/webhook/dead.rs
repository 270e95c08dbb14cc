//! The dead letters of one account: two files, of which the older goes when the newer is full.
//!
//! Promise: what was added is on the disk when that returns, and is listed until it is taken away or, where there are more than the account
//! may have, the oldest half goes; how many went so is said. A line that was cut off by a crash is passed over. Bound: letters as settings say; in memory
//! eight octets for each that was taken away. Fails by the disk's fault; what was asked then did not happen, or, of letters that
//! are added, happened to as many as that says.

use std::collections::HashSet;
use std::fs::{File, OpenOptions};
use std::io::{self, BufRead as _, BufReader, BufWriter, Write as _};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::letter::Letter;

#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Line {
    Letter(Letter),
    Gone { gone: u64 },
}

/// What is known of a file.
#[derive(Debug, Default, Clone, Copy)]
struct Part {
    letters: u64,
    first: u64,
}

/// What became of letters that were to be added.
#[derive(Debug, Default)]
pub(crate) struct Added {
    /// So many of them, from the first on, are listed durably; the others are not.
    pub(crate) durable: usize,
    /// So many older ones went for them.
    pub(crate) went: u64,
    /// Why not all are.
    pub(crate) fault: Option<io::Error>,
}

/// The list of one account.
#[derive(Debug)]
pub(crate) struct DeadLetters {
    now_path: PathBuf,
    before_path: PathBuf,
    most: u64,
    now: Part,
    before: Part,
    /// Taken away, and still in a file.
    gone: HashSet<u64>,
    next: u64,
}

impl DeadLetters {
    /// The list in a folder under a name; what is there is read.
    ///
    /// # Errors
    /// The disk's.
    pub(crate) fn open(folder: &Path, name: &str, most: u64) -> io::Result<Self> {
        std::fs::create_dir_all(folder)?;
        let mut found = Self {
            now_path: folder.join(format!("{name}.jsonl")),
            before_path: folder.join(format!("{name}.before.jsonl")),
            most,
            now: Part::default(),
            before: Part::default(),
            gone: HashSet::new(),
            next: 1,
        };
        let (before, now) = (found.before_path.clone(), found.now_path.clone());
        found.before = found.read_part(&before)?;
        found.now = found.read_part(&now)?;
        let first = found.first();
        found.gone.retain(|serial| *serial >= first);
        Ok(found)
    }

    fn read_part(&mut self, path: &Path) -> io::Result<Part> {
        let mut part = Part::default();
        each_line(path, &mut |line| {
            match line {
                Line::Letter(letter) => {
                    part.first = if part.letters == 0 {
                        letter.serial
                    } else {
                        part.first
                    };
                    part.letters += 1;
                    self.next = self.next.max(letter.serial + 1);
                }
                Line::Gone { gone } => {
                    self.gone.insert(gone);
                }
            }
            true
        })?;
        Ok(part)
    }

    fn first(&self) -> u64 {
        let part = if self.before.letters > 0 {
            self.before
        } else {
            self.now
        };
        if part.letters > 0 {
            part.first
        } else {
            self.next
        }
    }

    /// So many are listed.
    pub(crate) fn len(&self) -> u64 {
        (self.now.letters + self.before.letters).saturating_sub(self.gone.len() as u64)
    }

    /// Another bound, from the next letter on.
    pub(crate) fn set_most(&mut self, most: u64) {
        self.most = most;
    }

    /// Adds letters, whose places it gives them.
    pub(crate) fn add(&mut self, mut letters: &[Letter]) -> Added {
        let mut added = Added::default();
        if self.most == 0 {
            let all = letters.len();
            (added.durable, added.went) = (all, all as u64);
            return added;
        }
        while !letters.is_empty() {
            match self.add_some(letters, &mut added.went) {
                Ok(some) => {
                    added.durable += some;
                    letters = letters.get(some..).unwrap_or_default();
                }
                Err(error) => {
                    added.fault = Some(error);
                    break;
                }
            }
        }
        added
    }

    /// Adds as many as the newer file has room for: all of them, or none where the disk refuses.
    fn add_some(&mut self, letters: &[Letter], went: &mut u64) -> io::Result<usize> {
        let half = self.most.div_ceil(2);
        if self.now.letters >= half {
            *went += self.turn_over()?;
        }
        let room = usize::try_from(half - self.now.letters).unwrap_or(usize::MAX);
        let some = letters.get(..room).unwrap_or(letters);
        let file = self.appending()?;
        let length = file.get_ref().metadata()?.len();
        if let Err(error) = write_letters(file, self.next, some) {
            // What of them stands there would be listed, and they come again.
            let file = OpenOptions::new().write(true).open(&self.now_path)?;
            file.set_len(length)?;
            return Err(error);
        }
        if self.now.letters == 0 {
            self.now.first = self.next;
        }
        self.next += some.len() as u64;
        self.now.letters += some.len() as u64;
        Ok(some.len())
    }

    /// The newer file becomes the older one; says how many letters went with that.
    fn turn_over(&mut self) -> io::Result<u64> {
        let listed = self.len();
        std::fs::rename(&self.now_path, &self.before_path)?;
        (self.before, self.now) = (self.now, Part::default());
        let first = self.first();
        self.gone.retain(|serial| *serial >= first);
        Ok(listed.saturating_sub(self.len()))
    }

    /// The listed letters after a place, the oldest first; `take` says how long it goes on.
    ///
    /// # Errors
    /// The disk's.
    pub(crate) fn each(&self, after: u64, take: &mut dyn FnMut(Letter) -> bool) -> io::Result<()> {
        let mut goes_on = true;
        for path in [&self.before_path, &self.now_path] {
            if !goes_on {
                break;
            }
            each_line(path, &mut |line| {
                if let Line::Letter(letter) = line
                    && letter.serial > after
                    && !self.gone.contains(&letter.serial)
                {
                    goes_on = take(letter);
                }
                goes_on
            })?;
        }
        Ok(())
    }

    /// Takes letters away; says how many were there.
    ///
    /// # Errors
    /// The disk's.
    pub(crate) fn take_away(&mut self, serials: &[u64]) -> io::Result<u64> {
        let known = self.first()..self.next;
        let fresh: Vec<u64> = serials
            .iter()
            .copied()
            .filter(|serial| known.contains(serial) && !self.gone.contains(serial))
            .collect();
        if fresh.is_empty() {
            return Ok(0);
        }
        let mut file = self.appending()?;
        for gone in fresh.iter().copied() {
            write_line(&mut file, &Line::Gone { gone })?;
        }
        finish(file)?;
        self.gone.extend(fresh.iter().copied());
        if self.len() == 0 {
            self.clear()?;
        }
        Ok(fresh.len() as u64)
    }

    fn clear(&mut self) -> io::Result<()> {
        for path in [&self.before_path, &self.now_path] {
            match std::fs::remove_file(path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        (self.now, self.before) = (Part::default(), Part::default());
        self.gone.clear();
        Ok(())
    }

    fn appending(&self) -> io::Result<BufWriter<File>> {
        let mut options = OpenOptions::new();
        let mut file = options
            .create(true)
            .append(true)
            .read(true)
            .open(&self.now_path)?;
        if is_torn(&mut file)? {
            file.write_all(b"\n")?;
        }
        Ok(BufWriter::new(file))
    }
}

/// Whether the last line has no end.
fn is_torn(file: &mut File) -> io::Result<bool> {
    use std::io::{Read as _, Seek as _, SeekFrom};
    if file.metadata()?.len() == 0 {
        return Ok(false);
    }
    file.seek(SeekFrom::End(-1))?;
    let mut last = [0];
    file.read_exact(&mut last)?;
    Ok(last != *b"\n")
}

fn write_line(file: &mut BufWriter<File>, line: &Line) -> io::Result<()> {
    serde_json::to_writer(&mut *file, line)?;
    file.write_all(b"\n")
}

fn write_letters(mut file: BufWriter<File>, first: u64, letters: &[Letter]) -> io::Result<()> {
    for (serial, letter) in (first..).zip(letters) {
        let mut letter = letter.clone();
        letter.serial = serial;
        write_line(&mut file, &Line::Letter(letter))?;
    }
    finish(file)
}

fn finish(file: BufWriter<File>) -> io::Result<()> {
    let file = file.into_inner().map_err(io::IntoInnerError::into_error)?;
    file.sync_data()
}

/// Visits the lines that can be read, until it is enough.
fn each_line(path: &Path, visit: &mut dyn FnMut(Line) -> bool) -> io::Result<()> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    };
    let mut reader = BufReader::new(file);
    let mut line = Vec::new();
    loop {
        line.clear();
        if reader.read_until(b'\n', &mut line)? == 0 {
            return Ok(());
        }
        if let Ok(line) = serde_json::from_slice(&line)
            && !visit(line)
        {
            return Ok(());
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use carrack_message::CallbackKind;
    use proptest::prelude::*;

    use super::*;

    fn letter(number: u64) -> Letter {
        Letter::new(format!("e{number}"), CallbackKind::Webhook)
    }

    fn listed(letters: &DeadLetters) -> Vec<(u64, String)> {
        let mut all = Vec::new();
        letters
            .each(0, &mut |letter| {
                all.push((letter.serial, letter.id));
                true
            })
            .unwrap();
        all
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        /// Whatever is added and taken away, also over starts: the newest are there, at most as many as may be and at least half of that.
        #[test]
        fn the_newest_are_listed_until_they_are_taken_away(most in 1..12_u64, steps in prop::collection::vec((0..4_u8, 1..6_u64, any::<prop::sample::Index>()), 1..60)) {
            let folder = tempfile::tempdir().unwrap();
            let mut letters = DeadLetters::open(folder.path(), "7", most).unwrap();
            let (mut model, mut number): (Vec<(u64, String)>, u64) = (Vec::new(), 0);
            for (what, count, which) in steps {
                match what {
                    0 | 1 => {
                        let new: Vec<Letter> = (0..count).map(|step| letter(number + step)).collect();
                        for step in 0..count {
                            model.push((0, format!("e{}", number + step)));
                        }
                        number += count;
                        let before = model.len() as u64;
                        let added = letters.add(&new);
                        prop_assert!(added.fault.is_none() && added.durable == new.len());
                        let went = added.went;
                        prop_assert_eq!(before - went, letters.len());
                        model.drain(..usize::try_from(went).unwrap());
                    }
                    2 if !model.is_empty() => {
                        let all = listed(&letters);
                        let (serial, id) = all[which.index(all.len())].clone();
                        prop_assert_eq!(letters.take_away(&[serial, serial + 1_000_000]).unwrap(), 1);
                        prop_assert_eq!(letters.take_away(&[serial]).unwrap(), 0);
                        model.retain(|(_, known)| *known != id);
                    }
                    _ => letters = DeadLetters::open(folder.path(), "7", most).unwrap(),
                }
                let ids: Vec<String> = listed(&letters).into_iter().map(|(_, id)| id).collect();
                let expected: Vec<String> = model.iter().map(|(_, id)| id.clone()).collect();
                prop_assert_eq!(ids, expected);
                prop_assert_eq!(letters.len(), model.len() as u64);
                prop_assert!(letters.len() <= most + 1);
            }
        }
    }

    #[test]
    fn line_that_a_crash_cut_off_spoils_no_other() {
        let folder = tempfile::tempdir().unwrap();
        let mut letters = DeadLetters::open(folder.path(), "7", 100).unwrap();
        assert_eq!(letters.add(&[letter(1), letter(2)]).durable, 2);
        let path = folder.path().join("7.jsonl");
        let octets = std::fs::read(&path).unwrap();
        std::fs::write(&path, octets.get(..octets.len() - 9).unwrap()).unwrap();
        let mut letters = DeadLetters::open(folder.path(), "7", 100).unwrap();
        assert_eq!(letters.len(), 1);
        assert_eq!(letters.add(&[letter(3)]).durable, 1);
        let ids: Vec<String> = listed(&letters).into_iter().map(|(_, id)| id).collect();
        assert_eq!(ids, ["e1", "e3"]);
    }

    #[test]
    fn disk_that_fails_in_the_middle_doubles_no_letter_and_loses_none() {
        let folder = tempfile::tempdir().unwrap();
        let mut letters = DeadLetters::open(folder.path(), "7", 6).unwrap();
        let all: Vec<Letter> = (1..=5).map(letter).collect();
        // The newer file cannot take the place of the older one.
        let before = folder.path().join("7.before.jsonl");
        std::fs::create_dir(&before).unwrap();
        let added = letters.add(&all);
        assert_eq!((added.durable, added.fault.is_some()), (3, true));
        assert_eq!(letters.len(), 3);
        std::fs::remove_dir(&before).unwrap();
        assert_eq!(letters.add(&all[added.durable..]).durable, 2);
        // A full disk takes some octets, or none.
        let now = folder.path().join("7.jsonl");
        let aside = folder.path().join("aside");
        std::fs::rename(&now, &aside).unwrap();
        std::os::unix::fs::symlink("/dev/full", &now).unwrap();
        let added = letters.add(&[letter(6)]);
        assert_eq!((added.durable, added.fault.is_some()), (0, true));
        std::fs::rename(&aside, &now).unwrap();
        assert_eq!((letters.len(), letters.add(&[letter(6)]).durable), (5, 1));
        for letters in [letters, DeadLetters::open(folder.path(), "7", 6).unwrap()] {
            let expected = (1..=6).map(|number| (number, format!("e{number}")));
            assert_eq!(listed(&letters), expected.collect::<Vec<_>>());
            assert_eq!(letters.len(), 6);
        }
    }
}
