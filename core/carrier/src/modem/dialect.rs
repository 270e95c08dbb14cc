//! How makes of modems differ: a row of data each, told by what the modem says of itself.
//!
//! Promise: a modem that no row knows is served by the last one, plain TS 27.005. Sources: the vendors' AT manuals (SIMCom SIM800 and
//! SIM7500/7600, Quectel EC25, Huawei, Telit) and traps of gammu and smstools. What a modem refuses is tried in the next form.

/// How `+CUSD` has its text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UssdForm {
    /// As characters.
    Plain,
    /// As hexadecimal digits of packed septets.
    Packed,
}

/// A make of modems.
#[derive(Debug, PartialEq, Eq)]
pub struct Dialect {
    /// As settings name it.
    pub name: &'static str,
    /// Words of which one stands in the answer to `+CGMI` (or in that to `I`), in capitals; none: any.
    pub makers: &'static [&'static str],
    /// Words of which one stands in the answer to `+CGMM`; none: any.
    pub models: &'static [&'static str],
    /// Commands for the number of the card, tried in turn; `+CRSM` (TS 27.007, 8.18) is tried last for all.
    pub iccid: &'static [&'static str],
    /// Commands of its own after identification; what it refuses of them is passed over.
    pub extra: &'static [&'static str],
    /// `+CSMS=<service>`; 1 wants each status report that comes directly to be acknowledged.
    pub service: u8,
    /// Stores for messages, tried in turn.
    pub memories: &'static [&'static str],
    /// Values of `+CNMI` in the order of liking; where all are refused the store is looked at on schedule.
    pub notify: &'static [&'static str],
    /// Begins the modem anew; where it is refused `+CFUN=0` and `+CFUN=1` are tried.
    pub reset: &'static str,
    /// From a reset to the first answer, seconds, at most.
    pub boot_s: u64,
    /// How `+CUSD` has its text.
    pub ussd: UssdForm,
    /// Registrations that count, asked in turn until one is.
    pub registrations: &'static [&'static str],
}

const PLAIN: Dialect = Dialect {
    name: "generic",
    makers: &[],
    models: &[],
    iccid: &["+CCID", "+ICCID"],
    extra: &[],
    service: 0,
    memories: &["SM", "ME", "MT"],
    notify: &["2,1,0,1,0", "2,1,0,2,0", "1,1,0,1,0", "2,1,0,0,0", "1,1"],
    reset: "+CFUN=1,1",
    boot_s: 40,
    ussd: UssdForm::Plain,
    registrations: &["+CREG", "+CEREG"],
};

/// All of them, the most special first.
pub const DIALECTS: &[Dialect] = &[
    Dialect {
        name: "sim7600",
        makers: &["SIMCOM"],
        models: &["SIM75", "SIM76", "SIM70", "A76"],
        iccid: &["+CICCID", "+CCID"],
        reset: "+CRESET",
        boot_s: 45,
        ..PLAIN
    },
    Dialect {
        name: "sim800",
        makers: &["SIMCOM"],
        iccid: &["+CCID"],
        boot_s: 20,
        registrations: &["+CREG"],
        ..PLAIN
    },
    Dialect {
        name: "ec25",
        makers: &["QUECTEL"],
        iccid: &["+QCCID", "+CCID"],
        // What comes unasked is to come on the port that is open, whichever it is.
        extra: &["+QURCCFG=\"urcport\",\"all\""],
        memories: &["ME", "SM", "MT"],
        boot_s: 30,
        ..PLAIN
    },
    Dialect {
        name: "huawei",
        makers: &["HUAWEI"],
        iccid: &["^ICCID?", "+ICCID", "+CCID"],
        // Signal and cells every few seconds, which nobody reads.
        extra: &["^CURC=0"],
        notify: &["2,1,0,2,0", "2,1,0,1,0", "1,1,0,1,0", "1,1,0,0,0"],
        boot_s: 45,
        ussd: UssdForm::Packed,
        ..PLAIN
    },
    Dialect {
        name: "telit",
        makers: &["TELIT"],
        iccid: &["#CCID", "+CCID"],
        service: 1,
        notify: &["2,1,0,1,0", "1,1,0,1,0", "2,1,0,2,0"],
        reset: "#REBOOT",
        boot_s: 45,
        ..PLAIN
    },
    PLAIN,
];

impl Dialect {
    /// By the name that settings have.
    #[must_use]
    pub fn named(name: &str) -> Option<&'static Self> {
        DIALECTS.iter().find(|dialect| dialect.name == name)
    }

    /// The one for all that no other knows.
    #[must_use]
    pub fn generic() -> &'static Self {
        const GENERIC: &Dialect = &PLAIN;
        DIALECTS.last().unwrap_or(GENERIC)
    }

    /// By what a modem says of its maker and model.
    #[must_use]
    pub fn of(maker: &str, model: &str) -> &'static Self {
        let (maker, model) = (maker.to_ascii_uppercase(), model.to_ascii_uppercase());
        let has = |text: &str, words: &[&str]| {
            words.is_empty() || words.iter().any(|word| text.contains(word))
        };
        DIALECTS
            .iter()
            .find(|row| has(&maker, row.makers) && has(&model, row.models))
            .unwrap_or_else(Self::generic)
    }
}

#[cfg(test)]
mod tests {
    use super::Dialect;

    #[test]
    fn makes_are_told_apart_by_what_they_say() {
        for (maker, model, name) in [
            ("SIMCOM_Ltd", "SIMCOM_SIM800L", "sim800"),
            ("SIMCOM INCORPORATED", "SIMCOM_SIM7600E-H", "sim7600"),
            ("Quectel", "EC25", "ec25"),
            ("huawei", "E173", "huawei"),
            ("Telit", "HE910-D", "telit"),
            ("Sierra Wireless", "MC7304", "generic"),
            ("", "", "generic"),
        ] {
            assert_eq!(Dialect::of(maker, model).name, name, "{maker} {model}");
        }
        assert!(
            super::DIALECTS
                .iter()
                .all(|row| Dialect::named(row.name) == Some(row))
        );
    }
}
