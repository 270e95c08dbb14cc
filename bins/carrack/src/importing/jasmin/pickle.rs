//! Python's pickles, read as data: Jasmin keeps its users, connectors and routes as such.
//!
//! Promise: nothing is run. What a pickle would call is kept as a name and its arguments, and nobody calls it. Protocols
//! 0 to 5 without buffers outside. Bound: [`NODES_MAX`] values, and the octets of the file. Fails by a sentence that says
//! where.

use std::collections::HashMap;

use anyhow::{Context, bail};

const NODES_MAX: usize = 1_000_000;

/// A value by its place.
pub(super) type At = usize;

/// A value.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Value {
    None,
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(String),
    Octets(Vec<u8>),
    /// List, tuple or set.
    List(Vec<At>),
    Dict(Vec<(At, At)>),
    /// A class or function by its module and name.
    Global(String, String),
    /// What a class or function would make of its arguments, and the state that it would be given.
    Object {
        class: At,
        arguments: At,
        state: Option<At>,
    },
}

/// All values of a pickle.
#[derive(Debug)]
pub(super) struct Pickle {
    pub(super) values: Vec<Value>,
    pub(super) root: At,
}

/// Reads one.
pub(super) fn read(octets: &[u8]) -> anyhow::Result<Pickle> {
    let mut reader = Reader {
        octets,
        at: 0,
        values: Vec::new(),
        stack: Vec::new(),
        marks: Vec::new(),
        memo: HashMap::new(),
    };
    loop {
        let place = reader.at;
        let operation = reader.octet().context("the pickle has no end")?;
        if operation == b'.' {
            let root = reader.pop()?;
            return Ok(Pickle {
                values: reader.values,
                root,
            });
        }
        let done = reader.step(operation);
        done.with_context(|| format!("the pickle cannot be read at octet {place}"))?;
    }
}

struct Reader<'a> {
    octets: &'a [u8],
    at: usize,
    values: Vec<Value>,
    stack: Vec<At>,
    marks: Vec<usize>,
    memo: HashMap<u64, At>,
}

impl<'a> Reader<'a> {
    fn take(&mut self, count: u64) -> anyhow::Result<&'a [u8]> {
        let count = usize::try_from(count)?;
        let end = self.at.checked_add(count).context("too long")?;
        let taken = self.octets.get(self.at..end).context("it is cut short")?;
        self.at = end;
        Ok(taken)
    }

    fn octet(&mut self) -> anyhow::Result<u8> {
        Ok(self.take(1)?.first().copied().unwrap_or_default())
    }

    /// A number of so many octets, the lowest first.
    fn number(&mut self, octets: u64) -> anyhow::Result<u64> {
        let taken = self.take(octets)?;
        Ok(taken
            .iter()
            .rev()
            .fold(0, |number, octet| number << 8 | u64::from(*octet)))
    }

    fn line(&mut self) -> anyhow::Result<&'a str> {
        let rest = self.octets.get(self.at..).unwrap_or_default();
        let length = rest
            .iter()
            .position(|octet| *octet == b'\n')
            .context("a line has no end")?;
        let line = self.take(length as u64)?;
        self.at += 1;
        Ok(std::str::from_utf8(line)?)
    }

    fn text(&mut self, octets: u64) -> anyhow::Result<Value> {
        let length = self.number(octets)?;
        let text = String::from_utf8_lossy(self.take(length)?).into_owned();
        Ok(Value::Text(text))
    }

    fn raw(&mut self, octets: u64) -> anyhow::Result<Value> {
        let length = self.number(octets)?;
        Ok(Value::Octets(self.take(length)?.to_vec()))
    }

    fn push(&mut self, value: Value) -> anyhow::Result<()> {
        if self.values.len() >= NODES_MAX {
            bail!("it has more than {NODES_MAX} values");
        }
        self.stack.push(self.values.len());
        self.values.push(value);
        Ok(())
    }

    fn pop(&mut self) -> anyhow::Result<At> {
        self.stack.pop().context("nothing is left to take")
    }

    /// What came since the last mark.
    fn marked(&mut self) -> anyhow::Result<Vec<At>> {
        let mark = self.marks.pop().context("there is no mark")?;
        if mark > self.stack.len() {
            bail!("the mark is past the end");
        }
        Ok(self.stack.split_off(mark))
    }

    fn top(&self) -> anyhow::Result<At> {
        self.stack.last().copied().context("nothing is there")
    }

    fn last(&mut self, count: usize) -> anyhow::Result<Vec<At>> {
        let from = self
            .stack
            .len()
            .checked_sub(count)
            .context("too little is there")?;
        Ok(self.stack.split_off(from))
    }

    fn remember(&mut self, name: u64) -> anyhow::Result<()> {
        let top = self.top()?;
        self.memo.insert(name, top);
        Ok(())
    }

    fn recall(&mut self, name: u64) -> anyhow::Result<()> {
        let at = self
            .memo
            .get(&name)
            .copied()
            .context("it is not in the memo")?;
        self.stack.push(at);
        Ok(())
    }

    fn extend(&mut self, more: Vec<At>) -> anyhow::Result<()> {
        let top = self.top()?;
        match self.values.get_mut(top) {
            Some(Value::List(list)) => list.extend(more),
            _ => bail!("it adds to what is no list"),
        }
        Ok(())
    }

    fn insert(&mut self, more: Vec<At>) -> anyhow::Result<()> {
        let top = self.top()?;
        let (pairs, _) = more.as_chunks::<2>();
        let pairs = pairs.iter().map(|[key, value]| (*key, *value));
        match self.values.get_mut(top) {
            Some(Value::Dict(dict)) => dict.extend(pairs),
            // An object that is a dictionary too.
            Some(Value::Object { .. }) => {}
            _ => bail!("it sets an item of what is no dictionary"),
        }
        Ok(())
    }

    fn made(&mut self) -> anyhow::Result<()> {
        let arguments = self.pop()?;
        let class = self.pop()?;
        self.push(Value::Object {
            class,
            arguments,
            state: None,
        })
    }

    fn step(&mut self, operation: u8) -> anyhow::Result<()> {
        match operation {
            0x80 => drop(self.octet()?),
            0x95 => drop(self.take(8)?),
            b'(' => self.marks.push(self.stack.len()),
            b'0' => drop(self.pop()?),
            b'1' => drop(self.marked()?),
            b'2' => self.stack.push(self.top()?),
            b'N' => self.push(Value::None)?,
            0x88 | 0x89 => self.push(Value::Bool(operation == 0x88))?,
            b'K' | b'M' | b'J' | b'I' | b'L' | 0x8A | 0x8B => {
                let number = self.integer(operation)?;
                self.push(number)?;
            }
            b'G' => {
                let octets = self
                    .take(8)?
                    .first_chunk::<8>()
                    .copied()
                    .unwrap_or_default();
                self.push(Value::Float(f64::from_be_bytes(octets)))?;
            }
            b'F' => {
                let number = self.line()?.parse()?;
                self.push(Value::Float(number))?;
            }
            _ => return self.step_of_texts(operation),
        }
        Ok(())
    }

    fn integer(&mut self, operation: u8) -> anyhow::Result<Value> {
        let small = |number: u64| Value::Int(number.cast_signed());
        Ok(match operation {
            b'K' => small(self.number(1)?),
            b'M' => small(self.number(2)?),
            b'J' => Value::Int(i64::from((self.number(4)? as u32).cast_signed())),
            b'I' => match self.line()? {
                "00" => Value::Bool(false),
                "01" => Value::Bool(true),
                digits => Value::Int(digits.parse()?),
            },
            b'L' => Value::Int(self.line()?.trim_end_matches('L').parse()?),
            _ => {
                let length = self.number(if operation == 0x8A { 1 } else { 4 })?;
                let octets = self.take(length)?;
                if octets.len() > 8 {
                    bail!("a number has more than 64 bits");
                }
                let is_negative = octets.last().is_some_and(|octet| octet & 0x80 != 0);
                let fill = if is_negative { 0xFF } else { 0 };
                let mut whole = [fill; 8];
                whole
                    .iter_mut()
                    .zip(octets)
                    .for_each(|(to, from)| *to = *from);
                Value::Int(i64::from_le_bytes(whole))
            }
        })
    }

    fn step_of_texts(&mut self, operation: u8) -> anyhow::Result<()> {
        let value = match operation {
            b'X' => self.text(4)?,
            0x8C => self.text(1)?,
            0x8D => self.text(8)?,
            b'V' => Value::Text(self.line()?.to_owned()),
            b'S' => Value::Text(self.line()?.trim_matches(['\'', '"']).to_owned()),
            // Python 2 knew no difference between texts and octets.
            b'T' => self.text(4)?,
            b'U' => self.text(1)?,
            b'B' => self.raw(4)?,
            b'C' => self.raw(1)?,
            0x8E | 0x96 => self.raw(8)?,
            _ => return self.step_of_containers(operation),
        };
        self.push(value)
    }

    fn step_of_containers(&mut self, operation: u8) -> anyhow::Result<()> {
        match operation {
            b']' | b')' | 0x8F => self.push(Value::List(Vec::new())),
            b'}' => self.push(Value::Dict(Vec::new())),
            b'l' | b't' | 0x91 => {
                let list = self.marked()?;
                self.push(Value::List(list))
            }
            b'd' => {
                let pairs = self.marked()?;
                self.push(Value::Dict(Vec::new()))?;
                self.insert(pairs)
            }
            0x85..=0x87 => {
                let tuple = self.last(usize::from(operation - 0x84))?;
                self.push(Value::List(tuple))
            }
            b'a' => {
                let one = self.last(1)?;
                self.extend(one)
            }
            b'e' | 0x90 => {
                let more = self.marked()?;
                self.extend(more)
            }
            b's' => {
                let pair = self.last(2)?;
                self.insert(pair)
            }
            b'u' => {
                let pairs = self.marked()?;
                self.insert(pairs)
            }
            _ => self.step_of_objects(operation),
        }
    }

    fn step_of_objects(&mut self, operation: u8) -> anyhow::Result<()> {
        match operation {
            b'c' => {
                let (module, name) = (self.line()?.to_owned(), self.line()?.to_owned());
                self.push(Value::Global(module, name))
            }
            0x93 => {
                let name = self.pop()?;
                let module = self.pop()?;
                let text = |at: At| match self.values.get(at) {
                    Some(Value::Text(text)) => Ok(text.clone()),
                    _ => bail!("a class has no name"),
                };
                let global = Value::Global(text(module)?, text(name)?);
                self.push(global)
            }
            b'R' | 0x81 => self.made(),
            0x92 => {
                // Arguments by name are nobody's here.
                self.pop()?;
                self.made()
            }
            b'o' => {
                let mut parts = self.marked()?;
                if parts.is_empty() {
                    bail!("an object has no class");
                }
                let arguments = parts.split_off(1);
                self.stack.extend(parts);
                self.push(Value::List(arguments))?;
                self.made()
            }
            b'i' => {
                let (module, name) = (self.line()?.to_owned(), self.line()?.to_owned());
                let arguments = self.marked()?;
                self.push(Value::Global(module, name))?;
                self.push(Value::List(arguments))?;
                self.made()
            }
            b'b' => {
                let given = self.pop()?;
                let top = self.top()?;
                if let Some(Value::Object { state, .. }) = self.values.get_mut(top) {
                    *state = Some(given);
                }
                Ok(())
            }
            _ => self.step_of_memo(operation),
        }
    }

    fn step_of_memo(&mut self, operation: u8) -> anyhow::Result<()> {
        match operation {
            b'p' => {
                let name = self.line()?.parse()?;
                self.remember(name)
            }
            b'q' => {
                let name = self.number(1)?;
                self.remember(name)
            }
            b'r' => {
                let name = self.number(4)?;
                self.remember(name)
            }
            0x94 => self.remember(self.memo.len() as u64),
            b'g' => {
                let name = self.line()?.parse()?;
                self.recall(name)
            }
            b'h' => {
                let name = self.number(1)?;
                self.recall(name)
            }
            b'j' => {
                let name = self.number(4)?;
                self.recall(name)
            }
            other => bail!("{other:#04x} is no operation known here"),
        }
    }
}
