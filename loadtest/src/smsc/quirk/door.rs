//! Who is let in, and when (T25, T26, T37, T46).

use super::{Kind, Quirk};
use carrack_smpp::CommandStatus;

/// A ban after too many bad or too frequent binds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lockout {
    /// Refused binds in a row that bring it; three times as many binds of any kind in ten seconds do, too.
    pub binds: u64,
    /// How long no connection is taken.
    pub time_ns: u64,
}

/// Rules for binds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Door {
    /// A session that ended without unbind is believed to live for so long.
    pub already_bound_ns: Option<u64>,
    /// The ban.
    pub lockout: Option<Lockout>,
    /// So many first binds are refused with this status.
    pub refuses: Option<(u64, CommandStatus)>,
    /// The only `system_type` that is taken.
    pub system_type: Option<String>,
    /// Passwords above 8 octets are refused.
    pub password_8: bool,
    /// Only `interface_version` 0x34 is taken.
    pub only_34: bool,
}

pub(super) const FAMILY: &[Quirk] = &[
    Quirk {
        name: "already-bound",
        traps: &["T25"],
        takes: &[Kind::Time(10_000)],
        line: "answers ESME_RALYBND so long after a session of the same system_id ended without unbind",
        set: |quirks, values| quirks.door.already_bound_ns = Some(values.time_ns),
    },
    Quirk {
        name: "lockout",
        traps: &["T26"],
        takes: &[Kind::Count(5), Kind::Time(60_000)],
        line: "takes no connection for DURATION after N refused binds in a row, or 3 N binds in ten seconds",
        set: |quirks, values| {
            quirks.door.lockout = Some(Lockout {
                binds: values.count,
                time_ns: values.time_ns,
            });
        },
    },
    Quirk {
        name: "bind-refuse",
        traps: &["T26"],
        takes: &[Kind::Count(3), Kind::Status(0x0D)],
        line: "refuses the first N binds with STATUS",
        set: |quirks, values| {
            let status = values.status.unwrap_or(CommandStatus::ESME_RBINDFAIL);
            quirks.door.refuses = Some((values.count, status));
        },
    },
    Quirk {
        name: "system-type-required",
        traps: &["T37"],
        takes: &[Kind::Text("SMPP")],
        line: "answers ESME_RINVSYSTYP unless the bind's system_type is TEXT",
        set: |quirks, values| quirks.door.system_type = Some(values.text),
    },
    Quirk {
        name: "password-8",
        traps: &["T37"],
        takes: &[],
        line: "answers ESME_RINVPASWD to passwords above 8 octets",
        set: |quirks, _| quirks.door.password_8 = true,
    },
    Quirk {
        name: "version-34-only",
        traps: &["T46"],
        takes: &[],
        line: "answers ESME_RBINDFAIL unless the bind's interface_version is 0x34",
        set: |quirks, _| quirks.door.only_34 = true,
    },
];
