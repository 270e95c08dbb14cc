//! A line of commands, taken apart (ITU-T V.250, 5.2 and 5.4).

/// What is asked of a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum Form {
    /// `+CSQ`
    Execute,
    /// `+CREG?`
    Read,
    /// `+CREG=?`
    Test,
    /// `+CREG=1`
    Set,
}

/// One command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) struct Command {
    /// `+CREG`, `E`, `&F`, `^ICCID`; capitals.
    pub(in super::super) name: String,
    pub(in super::super) form: Form,
    /// Behind the `=`, as it came; of a basic command its number.
    pub(in super::super) value: String,
}

impl Command {
    /// Fields of the value without quotes; commas in quotes do not part.
    pub(in super::super) fn fields(&self) -> Vec<String> {
        let mut fields = vec![String::new()];
        let mut is_quoted = false;
        for found in self.value.chars() {
            match found {
                '"' => is_quoted = !is_quoted,
                ',' if !is_quoted => fields.push(String::new()),
                ' ' if !is_quoted => {}
                _ => {
                    if let Some(field) = fields.last_mut() {
                        field.push(found);
                    }
                }
            }
        }
        fields
    }

    /// The n-th field as a number; `None` where it is empty or none.
    pub(in super::super) fn number(&self, place: usize) -> Option<u32> {
        self.fields().get(place)?.parse().ok()
    }

    /// The name with its question mark, as tables have it.
    pub(in super::super) fn key(&self) -> String {
        match self.form {
            Form::Read => format!("{}?", self.name),
            Form::Test => format!("{}=?", self.name),
            Form::Execute | Form::Set => format!(
                "{}{}",
                self.name,
                if self.name.len() == 1 {
                    self.value.as_str()
                } else {
                    ""
                }
            ),
        }
    }
}

/// What follows `AT`: the commands in it.
pub(in super::super) fn commands(line: &str) -> Vec<Command> {
    let mut found = Vec::new();
    let mut rest = line.trim();
    while let Some(first) = rest.chars().next() {
        let end = match first {
            ';' | ' ' => {
                rest = rest.get(1..).unwrap_or_default();
                continue;
            }
            _ if first.is_ascii_alphabetic() || first == '&' => basic_end(rest),
            _ => extended_end(rest),
        };
        let (command, after) = rest.split_at_checked(end).unwrap_or((rest, ""));
        found.push(if first.is_ascii_alphabetic() || first == '&' {
            basic(command)
        } else {
            extended(command)
        });
        rest = after;
    }
    found
}

/// `E0`, `&F`, `S0=1`; a D takes all that follows.
fn basic_end(text: &str) -> usize {
    let upper = text.as_bytes().first().map(u8::to_ascii_uppercase);
    if upper == Some(b'D') {
        return text.find(';').unwrap_or(text.len());
    }
    let letters = if upper == Some(b'&') { 2 } else { 1 };
    let digits = |from: usize| {
        from + text
            .bytes()
            .skip(from)
            .take_while(u8::is_ascii_digit)
            .count()
    };
    let mut end = digits(letters);
    if upper == Some(b'S') {
        match text.as_bytes().get(end) {
            Some(b'=') => end = digits(end + 1),
            Some(b'?') => end += 1,
            _ => {}
        }
    }
    end.min(text.len())
}

fn extended_end(text: &str) -> usize {
    let mut is_quoted = false;
    text.char_indices()
        .find(|(_, found)| {
            is_quoted ^= *found == '"';
            *found == ';' && !is_quoted
        })
        .map_or(text.len(), |(at, _)| at)
}

fn basic(text: &str) -> Command {
    let letters = text
        .bytes()
        .take_while(|octet| !octet.is_ascii_digit() && *octet != b'=' && *octet != b'?')
        .count();
    let (name, value) = text.split_at_checked(letters).unwrap_or((text, ""));
    let (name, value) = (name.to_ascii_uppercase(), value.to_owned());
    // ATS3? and the like; their value is the register.
    Command {
        name,
        form: Form::Execute,
        value,
    }
}

fn extended(text: &str) -> Command {
    let (name, form, value) = if let Some(name) = text.strip_suffix("=?") {
        (name, Form::Test, "")
    } else if let Some((name, value)) = text.split_once('=') {
        (name, Form::Set, value)
    } else if let Some(name) = text.strip_suffix('?') {
        (name, Form::Read, "")
    } else {
        (text, Form::Execute, "")
    };
    Command {
        name: name.trim().to_ascii_uppercase(),
        form,
        value: value.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing
    )]

    use super::*;
    use proptest::prelude::*;

    fn keys(line: &str) -> Vec<(String, String)> {
        commands(line)
            .into_iter()
            .map(|command| (command.key(), command.value))
            .collect()
    }

    #[test]
    fn several_commands_stand_in_one_line() {
        let found = commands("E0V1&F+CMEE=1;+CREG?;^ICCID?;+CUSD=1,\"*100;#\",15");
        let names: Vec<_> = found
            .iter()
            .map(|command| (command.name.as_str(), command.form, command.value.as_str()))
            .collect();
        let expected = [
            ("E", Form::Execute, "0"),
            ("V", Form::Execute, "1"),
            ("&F", Form::Execute, ""),
            ("+CMEE", Form::Set, "1"),
            ("+CREG", Form::Read, ""),
            ("^ICCID", Form::Read, ""),
            ("+CUSD", Form::Set, "1,\"*100;#\",15"),
        ];
        assert_eq!(names, expected);
        assert_eq!(found[6].fields(), ["1", "*100;#", "15"]);
        assert_eq!(keys("i4"), [("I4".to_owned(), "4".to_owned())]);
    }

    proptest! {
        #[test]
        fn any_line_is_taken_apart_to_its_end(line in "\\PC{0,120}") {
            prop_assert!(commands(&line).len() <= line.len());
        }
    }
}
