//! What a modem writes unasked (3GPP TS 27.005, 3.4; TS 27.007, 6 and 7), and words of its own at a start.

/// Where a modem stands in the network (TS 27.007, 7.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Registration {
    /// Not registered, and not looking.
    Not,
    /// At home.
    Home,
    /// Looking for a network.
    Searching,
    /// The network refuses the SIM.
    Denied,
    /// Not known: out of coverage.
    Unknown,
    /// In another operator's network.
    Roaming,
    /// For short messages only.
    SmsOnly,
}

impl Registration {
    /// Of `<stat>`.
    #[must_use]
    pub const fn of(stat: u8) -> Self {
        match stat {
            0 => Self::Not,
            1 => Self::Home,
            2 => Self::Searching,
            3 => Self::Denied,
            5 => Self::Roaming,
            6 | 7 => Self::SmsOnly,
            _ => Self::Unknown,
        }
    }

    /// Whether short messages can go.
    #[must_use]
    pub const fn is_in(self) -> bool {
        matches!(self, Self::Home | Self::Roaming | Self::SmsOnly)
    }
}

/// Something unasked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unsolicited {
    /// `+CMTI: <mem>,<index>`: a message was stored.
    Stored {
        /// Which store, `SM` or `ME`.
        memory: String,
        /// Its place there.
        index: u16,
    },
    /// `+CDSI: <mem>,<index>`: a status report was stored.
    ReportStored {
        /// Which store.
        memory: String,
        /// Its place there.
        index: u16,
    },
    /// `+CMT: ...`: a message, whose PDU is the next line.
    MessageFollows,
    /// `+CDS: ...`: a status report, whose PDU is the next line.
    ReportFollows,
    /// `+CREG: <stat>` or `+CEREG`, `+CGREG`.
    Registered(Registration),
    /// `+CUSD: <m>,<str>,<dcs>`: the network's answer.
    Ussd {
        /// 0 done, 1 it asks for more, 2 ended by the network, 3 and above: it failed.
        kind: u8,
        /// What it says, in the form of `dcs`.
        text: String,
        /// Data coding scheme of the cell broadcast kind.
        data_coding_scheme: u8,
    },
    /// The modem began anew: what was under way is gone, and what was set is lost.
    Booted,
    /// A part of it is ready now; it comes late after a start.
    Started,
    /// The SIM is there, or was taken out.
    Sim {
        /// It is there.
        present: bool,
    },
    /// `RING`, `+CLIP`, `^RSSI` and what else there is.
    Other,
}

/// The first that modems say when they begin, and the last when they end.
const BOOTED: &[&str] = &["RDY", "START", "^SYSSTART", "NORMAL POWER DOWN"];
/// What modems say of themselves some time after they began.
const STARTED: &[&str] = &[
    "PB DONE",
    "SMS DONE",
    "SMS READY",
    "CALL READY",
    "APP RDY",
    "+CFUN: 1",
    "*PSUTTZ",
];
const OTHERS: &[&str] = &[
    "RING",
    "+CRING",
    "+CLIP",
    "+CCWA",
    "+CBM",
    "^RSSI",
    "^BOOT",
    "^MODE",
    "^SRVST",
    "^HCSQ",
    "^DSFLOWRPT",
    "^STIN",
    "^SIMST",
    "+QIND",
    "+QUSIM",
    "+ZUSIMR",
    "+ZPASR",
    "+ZDONR",
    "#",
    "+PACSP",
    "+CIEV",
    "+CGEV",
    "+CTZV",
    "+CTZE",
    "*PSNWID",
    "DST:",
    "+CSQN",
    "UNDER-VOLTAGE",
    "OVER-VOLTAGE",
    "+STIN",
];

/// What a line is that came unasked; `None` where it may as well be the answer to a command. `asked` is the name of the
/// command under way (`+CREG`): a line that begins with it is its answer where it has the answer's form.
#[must_use]
pub fn unsolicited(line: &str, asked: Option<&str>) -> Option<Unsolicited> {
    let (name, value) = line.split_once(':').unwrap_or((line, ""));
    let value = value.trim();
    let is_asked = asked == Some(name);
    Some(match name {
        "+CMTI" => stored(value, |memory, index| Unsolicited::Stored { memory, index }),
        "+CDSI" => stored(value, |memory, index| Unsolicited::ReportStored {
            memory,
            index,
        }),
        "+CMT" => Unsolicited::MessageFollows,
        "+CDS" => Unsolicited::ReportFollows,
        "+CREG" | "+CGREG" | "+CEREG" => registered(value, is_asked)?,
        // Its answer is `OK`; what the network says comes later, so it is never the answer itself.
        "+CUSD" => ussd(value),
        "+CPIN" if !is_asked => Unsolicited::Sim {
            present: value == "READY",
        },
        _ if is_asked => return None,
        _ if BOOTED.iter().any(|word| line.eq_ignore_ascii_case(word)) => Unsolicited::Booted,
        _ if STARTED.iter().any(|word| line.eq_ignore_ascii_case(word)) => Unsolicited::Started,
        _ if OTHERS.iter().any(|word| line.starts_with(word)) => Unsolicited::Other,
        _ => return None,
    })
}

fn stored(value: &str, make: impl FnOnce(String, u16) -> Unsolicited) -> Unsolicited {
    let found = value.split_once(',').and_then(|(memory, index)| {
        let index = index.split(',').next()?.trim().parse().ok()?;
        Some((memory.trim().trim_matches('"').to_owned(), index))
    });
    match found {
        Some((memory, index)) => make(memory, index),
        None => Unsolicited::Other,
    }
}

/// Unasked it has `<stat>` first, asked `<n>,<stat>`; where both could be meant, the place of the quotes tells: `<lac>` is quoted.
fn registered(value: &str, is_asked: bool) -> Option<Unsolicited> {
    let mut fields = value.split(',').map(str::trim);
    let stat: u8 = fields.next()?.parse().ok()?;
    let second = fields.next();
    if is_asked && second.is_some_and(|second| second.parse::<u8>().is_ok()) {
        return None;
    }
    Some(Unsolicited::Registered(Registration::of(stat)))
}

fn ussd(value: &str) -> Unsolicited {
    let (kind, rest) = value.split_once(',').unwrap_or((value, ""));
    let (text, scheme) = match rest.rsplit_once(',') {
        Some((text, scheme)) if scheme.trim().parse::<u8>().is_ok() => (text, scheme),
        _ => (rest, "15"),
    };
    Unsolicited::Ussd {
        kind: kind.trim().parse().unwrap_or(4),
        text: text.trim().trim_matches('"').to_owned(),
        data_coding_scheme: scheme.trim().parse().unwrap_or(15),
    }
}
