//! A value of a pickle, looked at: as text, number, list, or object with its attributes.

use super::pickle::{At, Pickle, Value};

/// A value.
#[derive(Clone, Copy)]
pub(super) struct Seen<'a> {
    pickle: &'a Pickle,
    at: At,
}

impl<'a> Seen<'a> {
    /// The whole of a pickle.
    pub(super) fn of(pickle: &'a Pickle) -> Self {
        Self {
            pickle,
            at: pickle.root,
        }
    }

    fn at(self, at: At) -> Self {
        Self { at, ..self }
    }

    fn value(self) -> Option<&'a Value> {
        self.pickle.values.get(self.at)
    }

    /// Class of an object, without its module.
    pub(super) fn class(self) -> &'a str {
        let Some(Value::Object {
            class, arguments, ..
        }) = self.value()
        else {
            return "";
        };
        match self.pickle.values.get(*class) {
            // `copyreg._reconstructor(class, object, None)` of the oldest protocols.
            Some(Value::Global(_, name)) if name == "_reconstructor" => {
                let first = self.at(*arguments).items().next();
                match first.and_then(Self::value) {
                    Some(Value::Global(_, name)) => name,
                    _ => "",
                }
            }
            Some(Value::Global(_, name)) => name,
            _ => "",
        }
    }

    /// Members of a list or tuple.
    pub(super) fn items(self) -> impl Iterator<Item = Self> {
        let list = match self.value() {
            Some(Value::List(list)) => list.as_slice(),
            _ => &[],
        };
        list.iter().map(move |at| self.at(*at))
    }

    /// Pairs of a dictionary.
    pub(super) fn pairs(self) -> impl DoubleEndedIterator<Item = (Self, Self)> {
        let dict = match self.value() {
            Some(Value::Dict(dict)) => dict.as_slice(),
            _ => &[],
        };
        dict.iter()
            .map(move |(key, value)| (self.at(*key), self.at(*value)))
    }

    /// What a dictionary has under a key, or an object as an attribute.
    pub(super) fn get(self, name: &str) -> Option<Self> {
        let holder = match self.value()? {
            Value::Object { state, .. } => self.at((*state)?),
            _ => self,
        };
        // With slots the state is a pair.
        let first = holder.items().next();
        let holder = first
            .filter(|it| matches!(it.value(), Some(Value::Dict(_))))
            .unwrap_or(holder);
        let mut pairs = holder.pairs().rev();
        pairs
            .find(|(key, _)| key.text().as_deref() == Some(name))
            .map(|(_, value)| value)
    }

    /// Text, or octets that are one; of a pattern its source.
    pub(super) fn text(self) -> Option<String> {
        match self.value()? {
            Value::Text(text) => Some(text.clone()),
            Value::Octets(octets) => String::from_utf8(octets.clone()).ok(),
            Value::Object { arguments, .. } if self.class() == "_compile" => {
                self.at(*arguments).items().next()?.text()
            }
            Value::Object { .. } => String::from_utf8(self.octets()?).ok(),
            _ => None,
        }
    }

    /// Octets; Python 3 writes them into old protocols as a text and its encoding.
    pub(super) fn octets(self) -> Option<Vec<u8>> {
        match self.value()? {
            Value::Octets(octets) => Some(octets.clone()),
            Value::Text(text) => latin1(text),
            Value::Object { arguments, .. } if self.class() == "encode" => {
                latin1(&self.at(*arguments).items().next()?.text()?)
            }
            Value::Object { arguments, .. } if self.class() == "bytes" => Some(
                self.at(*arguments)
                    .items()
                    .next()
                    .and_then(Self::octets)
                    .unwrap_or_default(),
            ),
            _ => None,
        }
    }

    /// An integer; of an enumeration its value.
    pub(super) fn integer(self) -> Option<i64> {
        match self.value()? {
            Value::Int(number) => Some(*number),
            Value::Object { arguments, .. } => self.at(*arguments).items().next()?.integer(),
            _ => None,
        }
    }

    pub(super) fn number(self) -> Option<f64> {
        match self.value()? {
            Value::Float(number) => Some(*number),
            Value::Int(number) => Some(*number as f64),
            _ => None,
        }
    }

    pub(super) fn flag(self) -> Option<bool> {
        match self.value()? {
            Value::Bool(flag) => Some(*flag),
            Value::Int(number) => Some(*number != 0),
            _ => None,
        }
    }

    /// Integers that an object was made of, such as a date's.
    pub(super) fn made_of(self) -> Option<Vec<u8>> {
        match self.value()? {
            Value::Object { arguments, .. } => {
                let mut arguments = self.at(*arguments).items();
                let first = arguments.next()?;
                match first.octets() {
                    Some(octets) => Some(octets),
                    None => first.text().and_then(|text| latin1(&text)),
                }
            }
            _ => None,
        }
    }

    /// How it is shown to people where nothing better is known.
    pub(super) fn shown(self) -> String {
        match self.value() {
            Some(Value::Int(number)) => number.to_string(),
            Some(Value::Float(number)) => number.to_string(),
            Some(Value::Bool(flag)) => flag.to_string(),
            _ => self.text().unwrap_or_default(),
        }
    }
}

fn latin1(text: &str) -> Option<Vec<u8>> {
    text.chars()
        .map(|sign| u8::try_from(u32::from(sign)).ok())
        .collect()
}
