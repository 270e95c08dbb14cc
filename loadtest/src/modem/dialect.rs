//! How modems of a make differ from what 3GPP TS 27.005 and 27.007 say: who they say they are, what they write when they begin, how they
//! give the ICCID, how they write USSD, and which stores they have.
//!
//! From manuals of the makers (SIM800 Series AT Command Manual V1.09, SIM7500/SIM7600 Series AT Command Manual V1.08, Quectel EC25 AT Commands
//! Manual V1.3, Huawei HSPA MU509/E-series AT Command Interface, Telit LE910 AT Commands Reference) and from what such sticks write.

use serde::Serialize;

/// A make.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Dialect {
    /// What the specifications say, no more.
    #[default]
    Generic,
    /// SIMCom SIM800, GSM.
    Sim800,
    /// SIMCom SIM7600, LTE.
    Sim7600,
    /// Quectel EC25, LTE.
    Ec25,
    /// Huawei sticks, UMTS.
    Huawei,
    /// Telit LE910, LTE.
    Telit,
}

/// How an answer in USSD is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum UssdForm {
    /// `+CUSD: 0,"text",15`
    Plain,
    /// `+CUSD: 0, "text", 15`
    Spaced,
    /// Packed septets in hexadecimal digits, asked and answered.
    Packed,
}

/// What differs.
#[derive(Debug)]
pub(super) struct Profile {
    pub(super) manufacturer: &'static str,
    pub(super) model: &'static str,
    pub(super) revision: &'static str,
    /// Lines of ATI; `{imei}` is the serial number.
    pub(super) identification: &'static [&'static str],
    /// Before the answer to +CGMR.
    pub(super) revision_prefix: &'static str,
    /// Commands that give the ICCID, and what stands before it.
    pub(super) iccid: &'static [(&'static str, &'static str)],
    /// Filled with F to 20 digits.
    pub(super) iccid_filled: bool,
    /// Share of the boot in hundredths, and what is written then.
    pub(super) boot: &'static [(u64, &'static str)],
    /// Written now and then, unasked.
    pub(super) chatter: &'static [&'static str],
    pub(super) memories: &'static [&'static str],
    /// Where messages go at first.
    pub(super) memory: &'static str,
    pub(super) ussd: UssdForm,
    /// Location and cell in +CREG in quotes.
    pub(super) creg_quoted: bool,
    /// `<AcT>` behind them.
    pub(super) creg_act: Option<u8>,
    /// Commands that start it anew, beside +CFUN=1,1.
    pub(super) reset: &'static [&'static str],
    /// The number of the first place of a store.
    pub(super) first_place: usize,
    /// It knows +CEREG.
    pub(super) is_lte: bool,
    /// Other commands that are answered OK, or with a line.
    pub(super) own: &'static [(&'static str, &'static str)],
}

const GENERIC: Profile = Profile {
    manufacturer: "Simulated",
    model: "TS27005",
    revision: "1.0",
    identification: &["Simulated TS27005"],
    revision_prefix: "",
    iccid: &[("+CCID", "+CCID: ")],
    iccid_filled: false,
    boot: &[],
    chatter: &["RING"],
    memories: &["SM", "ME"],
    memory: "SM",
    ussd: UssdForm::Plain,
    creg_quoted: true,
    creg_act: None,
    reset: &[],
    first_place: 1,
    is_lte: false,
    own: &[],
};

const SIM800: Profile = Profile {
    manufacturer: "SIMCOM_Ltd",
    model: "SIMCOM_SIM800L",
    revision: "1418B05SIM800L24",
    identification: &["SIM800 R14.18"],
    revision_prefix: "Revision:",
    iccid: &[("+CCID", ""), ("+ICCID", "+ICCID: ")],
    iccid_filled: true,
    boot: &[
        (10, "RDY"),
        (15, "+CFUN: 1"),
        (40, "+CPIN: READY"),
        (80, "Call Ready"),
        (95, "SMS Ready"),
    ],
    chatter: &[
        "RING",
        "*PSUTTZ: 2026,11,23,10,13,41,\"+4\",0",
        "DST: 0",
        "+CIEV: 10,\"26202\",\"Sim\",\"Sim\", 0, 0",
        "UNDER-VOLTAGE WARNNING",
    ],
    memories: &["SM", "ME", "MT"],
    memory: "SM",
    ussd: UssdForm::Spaced,
    creg_quoted: true,
    creg_act: None,
    reset: &[],
    first_place: 1,
    is_lte: false,
    own: &[
        ("+CBC", "+CBC: 0,87,4012"),
        ("+CCALR?", "+CCALR: 1"),
        ("+CSMINS?", "+CSMINS: 0,1"),
    ],
};

const SIM7600: Profile = Profile {
    manufacturer: "SIMCOM INCORPORATED",
    model: "SIMCOM_SIM7600E-H",
    revision: "LE20B04SIM7600M22",
    identification: &[
        "Manufacturer: SIMCOM INCORPORATED",
        "Model: SIMCOM_SIM7600E-H",
        "Revision: LE20B04SIM7600M22",
        "IMEI: {imei}",
        "+GCAP: +CGSM",
    ],
    revision_prefix: "+CGMR: ",
    iccid: &[("+CICCID", "+ICCID: ")],
    iccid_filled: false,
    boot: &[
        (10, "RDY"),
        (40, "+CPIN: READY"),
        (80, "SMS DONE"),
        (95, "PB DONE"),
    ],
    chatter: &["RING", "+CTZV: +4", "+CGEV: ME PDN ACT 1"],
    memories: &["ME", "MT", "SM", "SR"],
    memory: "ME",
    ussd: UssdForm::Plain,
    creg_quoted: true,
    creg_act: Some(7),
    reset: &["+CRESET"],
    first_place: 0,
    is_lte: true,
    own: &[(
        "+CPSI?",
        "+CPSI: LTE,Online,262-02,0x1A2B,50001,1,EUTRAN-BAND20,6300,5,5,-100,-850,-560,14",
    )],
};

const EC25: Profile = Profile {
    manufacturer: "Quectel",
    model: "EC25",
    revision: "EC25EFAR06A03M4G",
    identification: &["Quectel", "EC25", "Revision: EC25EFAR06A03M4G"],
    revision_prefix: "",
    iccid: &[
        ("+QCCID", "+QCCID: "),
        ("+CCID", "+CCID: "),
        ("+ICCID", "+ICCID: "),
    ],
    iccid_filled: true,
    boot: &[
        (10, "RDY"),
        (15, "+CFUN: 1"),
        (40, "+CPIN: READY"),
        (60, "+QUSIM: 1"),
        (80, "+QIND: SMS DONE"),
        (95, "+QIND: PB DONE"),
    ],
    chatter: &["RING", "+QIND: \"csq\",21,99", "+CGEV: NW PDN ACT 1"],
    memories: &["ME", "SM", "MT"],
    memory: "ME",
    ussd: UssdForm::Plain,
    creg_quoted: true,
    creg_act: Some(7),
    reset: &[],
    first_place: 0,
    is_lte: true,
    own: &[
        (
            "+QNWINFO",
            "+QNWINFO: \"FDD LTE\",\"26202\",\"LTE BAND 20\",6300",
        ),
        ("+QINISTAT", "+QINISTAT: 7"),
    ],
};

const HUAWEI: Profile = Profile {
    manufacturer: "huawei",
    model: "E173",
    revision: "11.126.29.00.00",
    identification: &[
        "Manufacturer: huawei",
        "Model: E173",
        "Revision: 11.126.29.00.00",
        "IMEI: {imei}",
        "+GCAP: +CGSM,+DS,+ES",
    ],
    revision_prefix: "",
    iccid: &[("^ICCID?", "^ICCID: ")],
    iccid_filled: true,
    boot: &[
        (10, "^BOOT:16273623,0,0,0,72"),
        (40, "^SIMST:1"),
        (70, "^SRVST:2"),
        (80, "^MODE:5,4"),
        (95, "^RSSI:20"),
    ],
    chatter: &[
        "^RSSI:19",
        "^BOOT:16273623,0,0,0,72",
        "^DSFLOWRPT:00000010,00000000,00000000,0000000000000000,0000000000000000,0003E800,0003E800",
        "^MODE:5,4",
        "RING",
    ],
    memories: &["SM", "ME"],
    memory: "SM",
    ussd: UssdForm::Packed,
    creg_quoted: false,
    creg_act: None,
    reset: &["^RESET"],
    first_place: 0,
    is_lte: false,
    own: &[
        ("^CARDLOCK?", "^CARDLOCK: 2,10,0"),
        ("^SYSINFO", "^SYSINFO:2,3,0,5,1,,4"),
        ("^HWVER", "^HWVER:\"CD25TCPV\""),
    ],
};

const TELIT: Profile = Profile {
    manufacturer: "Telit",
    model: "LE910C1-EUG",
    revision: "25.20.204",
    identification: &["332"],
    revision_prefix: "",
    iccid: &[("#CCID", "#CCID: "), ("+CCID", "+CCID: ")],
    iccid_filled: false,
    boot: &[(95, "#QSS: 1")],
    chatter: &["RING", "#MONI: Sim BSIC:20 RxQual:0", "#QSS: 1"],
    memories: &["SM", "ME", "SR"],
    memory: "SM",
    ussd: UssdForm::Plain,
    creg_quoted: true,
    creg_act: Some(7),
    reset: &["#REBOOT"],
    first_place: 1,
    is_lte: true,
    own: &[
        ("#CGMI", "#CGMI: Telit"),
        ("#CGMM", "#CGMM: LE910C1-EUG"),
        ("I4", "LE910C1-EUG"),
        ("#SIMDET?", "#SIMDET: 2,1"),
    ],
};

impl Dialect {
    /// All of them, in the order of their names here.
    pub const ALL: [Self; 6] = [
        Self::Generic,
        Self::Sim800,
        Self::Sim7600,
        Self::Ec25,
        Self::Huawei,
        Self::Telit,
    ];

    /// The name, as it is written in settings.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Generic => "generic",
            Self::Sim800 => "sim800",
            Self::Sim7600 => "sim7600",
            Self::Ec25 => "ec25",
            Self::Huawei => "huawei",
            Self::Telit => "telit",
        }
    }

    /// Of its name.
    #[must_use]
    pub fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|dialect| dialect.name() == name)
    }

    pub(super) const fn profile(self) -> &'static Profile {
        match self {
            Self::Generic => &GENERIC,
            Self::Sim800 => &SIM800,
            Self::Sim7600 => &SIM7600,
            Self::Ec25 => &EC25,
            Self::Huawei => &HUAWEI,
            Self::Telit => &TELIT,
        }
    }
}
