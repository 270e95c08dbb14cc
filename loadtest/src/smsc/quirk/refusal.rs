//! Submits that are refused although nothing is wrong with them (T14, T15, T16, T42).

use super::{Kind, Played, Quirk, Quirks, Values};
use crate::chance::{Digest, Percent};
use carrack_smpp::CommandStatus;

/// Statuses outside the specification, and old ones, that carriers really send (T16).
const VENDOR_STATUSES: [u32; 6] = [0x22, 0x400, 0x401, 0x40B, 0x55F, 0x0000_1001];
/// A burst of N comes once in so many times N submits.
const BURST_APART: u64 = 500;

/// By what a share is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum By {
    /// The number of the submit.
    Number,
    /// The destination: always the same.
    Destination,
    /// The destination, anew after so long.
    DestinationFor(u64),
    /// So many in a row, once in so many.
    Burst { length: u64, every: u64 },
}

/// How the submit is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// By its own response.
    Response,
    /// By a `generic_nack` with its sequence number.
    Nack,
    /// By a `generic_nack` with sequence number 0.
    NackZero,
}

/// A refusal of one submit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Refused {
    /// The status.
    pub status: CommandStatus,
    /// How it is said.
    pub form: Form,
}

#[derive(Debug, Clone, Copy, PartialEq)]
struct Rule {
    name: &'static str,
    share: Percent,
    by: By,
    /// `None`: one of [`VENDOR_STATUSES`], by the number of the submit.
    status: Option<CommandStatus>,
    form: Form,
}

/// Rules by which submits are refused; the first that takes a submit counts.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Refusal {
    rules: Vec<Rule>,
    /// The rate is counted from full second to full second instead of over any second.
    pub is_rate_tumbling: bool,
}

/// A submit as the rules see it.
#[derive(Debug, Clone, Copy)]
pub struct Submitted<'a> {
    /// Seed of the run.
    pub seed: u64,
    /// Number of the submit.
    pub number: u64,
    /// When.
    pub now_ns: u64,
    /// Its destination address.
    pub destination: &'a [u8],
}

fn rule(name: &'static str, share: Percent, by: By, status: CommandStatus) -> Rule {
    Rule {
        name,
        share,
        by,
        status: Some(status),
        form: Form::Response,
    }
}

fn share(quirks: &mut Quirks, name: &'static str, values: &Values, status: CommandStatus) {
    quirks
        .refusal
        .put(rule(name, values.percent, By::Number, status));
}

fn nack(quirks: &mut Quirks, name: &'static str, values: &Values, form: Form) {
    let status = values.status.unwrap_or(CommandStatus::ESME_RSYSERR);
    quirks.refusal.put(Rule {
        form,
        ..rule(name, values.percent, By::Number, status)
    });
}

pub(super) const FAMILY: &[Quirk] = &[
    Quirk {
        name: "throttle",
        traps: &["T14"],
        takes: &[Kind::Percent(10.0)],
        line: "answers ESME_RTHROTTLED to this share of submits, by the number of the submit",
        set: |quirks, values| share(quirks, "throttle", &values, CommandStatus::ESME_RTHROTTLED),
    },
    Quirk {
        name: "throttle-burst",
        traps: &["T14"],
        takes: &[Kind::Count(10), Kind::CountOrOwn],
        line: "answers ESME_RTHROTTLED to N submits in a row, somewhere in every EVERY submits (500 times N unless given)",
        set: |quirks, values| {
            let every = values.every.unwrap_or(values.count * BURST_APART);
            let by = By::Burst {
                length: values.count,
                every: every.max(values.count),
            };
            let status = CommandStatus::ESME_RTHROTTLED;
            quirks
                .refusal
                .put(rule("throttle-burst", Percent::ALWAYS, by, status));
        },
    },
    Quirk {
        name: "rate-tumbling",
        traps: &["T14"],
        takes: &[],
        line: "counts the rate from full second to full second instead of over any second",
        set: |quirks, _| quirks.refusal.is_rate_tumbling = true,
    },
    Quirk {
        name: "queue-full",
        traps: &["T15"],
        takes: &[Kind::Percent(10.0)],
        line: "answers ESME_RMSGQFUL to this share of submits, by the number of the submit",
        set: |quirks, values| share(quirks, "queue-full", &values, CommandStatus::ESME_RMSGQFUL),
    },
    Quirk {
        name: "queue-full-destination",
        traps: &["T15"],
        takes: &[Kind::Percent(10.0), Kind::Time(2_000)],
        line: "answers ESME_RMSGQFUL to all for this share of destinations; which ones changes after each DURATION",
        set: |quirks, values| {
            let by = By::DestinationFor(values.time_ns.max(1));
            let status = CommandStatus::ESME_RMSGQFUL;
            quirks
                .refusal
                .put(rule("queue-full-destination", values.percent, by, status));
        },
    },
    Quirk {
        name: "refuse",
        traps: &["T16"],
        takes: &[Kind::Percent(10.0)],
        line: "answers ESME_RSUBMITFAIL to this share of submits, by the number of the submit; as submit-fail",
        set: |quirks, values| share(quirks, "refuse", &values, CommandStatus::ESME_RSUBMITFAIL),
    },
    Quirk {
        name: "submit-fail",
        traps: &["T16"],
        takes: &[Kind::Percent(10.0)],
        line: "answers ESME_RSUBMITFAIL (0x45) to this share of submits, by the number of the submit",
        set: |quirks, values| {
            share(
                quirks,
                "submit-fail",
                &values,
                CommandStatus::ESME_RSUBMITFAIL,
            );
        },
    },
    Quirk {
        name: "system-error",
        traps: &["T16"],
        takes: &[Kind::Percent(10.0)],
        line: "answers ESME_RSYSERR (0x08) to this share of submits, by the number of the submit",
        set: |quirks, values| share(quirks, "system-error", &values, CommandStatus::ESME_RSYSERR),
    },
    Quirk {
        name: "temporary-error",
        traps: &["T16"],
        takes: &[Kind::Percent(10.0)],
        line: "answers ESME_RX_T_APPN (0x64) to this share of submits, by the number of the submit",
        set: |quirks, values| {
            share(
                quirks,
                "temporary-error",
                &values,
                CommandStatus::ESME_RX_T_APPN,
            );
        },
    },
    Quirk {
        name: "vendor-status",
        traps: &["T16"],
        takes: &[Kind::Percent(10.0), Kind::StatusOrOwn],
        line: "answers a status outside the specification (0x22, 0x400, 0x55F, ... or STATUS) to this share of submits, by number",
        set: |quirks, values| {
            quirks.refusal.put(Rule {
                name: "vendor-status",
                share: values.percent,
                by: By::Number,
                status: values.status,
                form: Form::Response,
            });
        },
    },
    Quirk {
        name: "account-fault",
        traps: &["T16"],
        takes: &[Kind::Percent(100.0), Kind::Status(0x0F)],
        line: "answers a status that faults the account (no credit, barred) to this share of submits, by number",
        set: |quirks, values| {
            let status = values.status.unwrap_or(CommandStatus::ESME_RINVSYSID);
            share(quirks, "account-fault", &values, status);
        },
    },
    Quirk {
        name: "reject",
        traps: &[],
        takes: &[Kind::Percent(1.0)],
        line: "answers ESME_RINVDSTADR to this share of destinations: a destination is always taken or always rejected",
        set: |quirks, values| {
            let status = CommandStatus::ESME_RINVDSTADR;
            quirks
                .refusal
                .put(rule("reject", values.percent, By::Destination, status));
        },
    },
    Quirk {
        name: "nack-submit",
        traps: &["T42"],
        takes: &[Kind::Percent(5.0), Kind::Status(0x08)],
        line: "refuses this share of submits by a generic_nack with their sequence number, by number",
        set: |quirks, values| nack(quirks, "nack-submit", &values, Form::Nack),
    },
    Quirk {
        name: "nack-zero",
        traps: &["T42"],
        takes: &[Kind::Percent(1.0), Kind::Status(0x08)],
        line: "refuses this share of submits by a generic_nack with sequence number 0, by number",
        set: |quirks, values| nack(quirks, "nack-zero", &values, Form::NackZero),
    },
];

impl Refusal {
    fn put(&mut self, rule: Rule) {
        self.rules.retain(|known| known.name != rule.name);
        self.rules.push(rule);
    }

    /// How this submit is refused, if it is.
    #[must_use]
    pub fn of(&self, submitted: &Submitted<'_>, played: &mut Played) -> Option<Refused> {
        let rule = self.rules.iter().find(|rule| rule.takes(submitted))?;
        played.count(rule.name);
        let vendor = || {
            let place = submitted.number as usize % VENDOR_STATUSES.len();
            CommandStatus(VENDOR_STATUSES.get(place).copied().unwrap_or(0x400))
        };
        Some(Refused {
            status: rule.status.unwrap_or_else(vendor),
            form: rule.form,
        })
    }
}

impl Rule {
    fn takes(&self, submitted: &Submitted<'_>) -> bool {
        let salted = Digest::new(submitted.seed).field(self.name.as_bytes());
        let draw = match self.by {
            By::Number => salted.number(submitted.number),
            By::Destination => salted.field(submitted.destination),
            By::DestinationFor(time_ns) => salted
                .field(submitted.destination)
                .number(submitted.now_ns / time_ns),
            By::Burst { length, every } => {
                let (block, place) = (submitted.number / every, submitted.number % every);
                let free = every - length + 1;
                let begin =
                    ((u128::from(salted.number(block).finish()) * u128::from(free)) >> 64) as u64;
                return (begin..begin + length).contains(&place);
            }
        };
        self.share.takes(draw.finish())
    }
}
