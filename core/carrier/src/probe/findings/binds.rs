//! Binds: which are taken, what their answers look like, what stood in the way.

use carrack_settings::{Bind, InterfaceVersion};
use carrack_smpp::{BindKind, BindResp, CommandStatus};

use super::{Sheet, odd, plain, shown, time, trouble};
use crate::probe::analysis::Analysis;
use crate::probe::observation::{Answer, BindSeen, Instead};
use crate::probe::script::Wire;

const QUESTION: &str = "binds";

pub(super) fn find(all: &Analysis<'_>, sheet: &mut Sheet) {
    let Some(main) = all
        .seen
        .binds
        .iter()
        .rfind(|bind| bind.wire == Wire::Main && is_taken(bind))
    else {
        refused(all, sheet);
        return;
    };
    sheet.profile.bind = match main.kind {
        BindKind::Transceiver => Bind::Transceiver,
        _ => Bind::TransmitterReceiver,
    };
    if !all.plan.account.system_type.is_empty() {
        sheet.profile.system_type =
            String::from_utf8_lossy(&all.plan.account.system_type).into_owned();
    }
    if let Some(answer) = &main.answer {
        body(answer, sheet);
    }
    waited(all, main, sheet);
    kinds(all, sheet);
}

fn is_taken(bind: &BindSeen) -> bool {
    bind.answer
        .as_ref()
        .is_some_and(|answer| answer.status.is_ok())
}

fn status(bind: &BindSeen) -> Option<CommandStatus> {
    bind.answer.as_ref().map(|answer| answer.status)
}

/// The bind was never taken.
fn refused(all: &Analysis<'_>, sheet: &mut Sheet) {
    let last = all.seen.binds.iter().rfind(|bind| bind.wire == Wire::Main);
    let Some(status) = last.and_then(status) else {
        let Some(last) = last else { return };
        let instead = last.instead.as_ref();
        sheet.add(match instead {
            Some(Instead::Foreign(sequence)) => trouble(
                QUESTION,
                "T20",
                "sequence-mismatch",
                "it answers the bind with a sequence number that is not the bind's",
            )
            .seen(format!("sequence number {sequence}")),
            Some(Instead::Octets(octets)) => {
                let what = instead.map_or_else(String::new, ToString::to_string);
                trouble(QUESTION, "T41", "", what)
                    .without_quirk()
                    .seen(shown(octets))
            }
            Some(instead) => trouble(
                QUESTION,
                "",
                "",
                format!("the bind was never answered: {instead}"),
            )
            .without_quirk(),
            None => trouble(QUESTION, "", "", "the bind was never answered").without_quirk(),
        });
        return;
    };
    let finding = match status {
        CommandStatus::ESME_RINVSYSTYP => trouble(QUESTION, "T37", "system-type-required", "it wants a system_type of its own: ask the carrier for it, and give it with --system-type").keys(&["system_type"]),
        CommandStatus::ESME_RALYBND => trouble(QUESTION, "T25", "already-bound", "it still holds an earlier session of this system_id; it must be closed there, or more time be allowed with --bind-wait").keys(&["already_bound_wait"]),
        CommandStatus::ESME_RINVPASWD if all.plan.account.password.len() > 8 => trouble(QUESTION, "T37", "password-8", "it refuses the password, which is longer than the 8 octets of the specification").keys(&["spec_limits"]),
        CommandStatus::ESME_RINVPASWD | CommandStatus::ESME_RINVSYSID => {
            trouble(QUESTION, "T26", "", "it refuses the credentials; more tries may lock the account").without_quirk()
        }
        _ => trouble(QUESTION, "T26", "bind-refuse", format!("it refuses the bind with {status}")),
    };
    sheet.add(finding);
}

/// The answer's form and the version in it.
fn body(answer: &Answer, sheet: &mut Sheet) {
    let resp = BindResp::decode(&answer.body).value;
    if answer.body.is_empty() {
        sheet.add(odd(
            QUESTION,
            "T18",
            "bind-resp-bare",
            "the answer to the bind has no body: no name, no version",
        ));
        return;
    }
    if answer.body.len() == resp.system_id.len() {
        sheet.add(
            odd(
                QUESTION,
                "T18",
                "bind-resp-short",
                "the answer to the bind ends in the system_id, without its NUL",
            )
            .seen(shown(&answer.body)),
        );
        return;
    }
    let claimed = InterfaceVersion::V34;
    match resp.interface_version() {
        None => sheet.add(odd(
            QUESTION,
            "T46",
            "version-none",
            "it names no version (sc_interface_version)",
        )),
        Some(0x33) => {
            sheet.profile.interface_version = InterfaceVersion::V33;
            sheet.add(
                odd(
                    QUESTION,
                    "T46",
                    "version-33",
                    "it says that it speaks SMPP 3.3",
                )
                .keys(&["interface_version"]),
            );
        }
        Some(0x50) => sheet.add(odd(
            QUESTION,
            "T46",
            "version-50",
            "it says that it speaks SMPP 5.0, whatever we claim",
        )),
        Some(version) if version == claimed.octet() => {
            let name = shown(resp.system_id);
            sheet.add(plain(
                QUESTION,
                format!("it takes SMPP 3.4 and calls itself {name}"),
            ));
        }
        Some(version) => sheet.add(
            odd(
                QUESTION,
                "T46",
                "",
                format!("it says version {version:#04x}, which is none"),
            )
            .without_quirk(),
        ),
    }
}

/// What stood in the way before the first bind that was taken.
fn waited(all: &Analysis<'_>, main: &BindSeen, sheet: &mut Sheet) {
    let before: Vec<&BindSeen> = all
        .seen
        .binds
        .iter()
        .filter(|bind| bind.wire == Wire::Main && bind.at < main.at && !is_taken(bind))
        .collect();
    let Some(first) = before.first() else { return };
    let waited_ns = main.at.now_ns.saturating_sub(first.at.now_ns);
    let bound_already = before
        .iter()
        .any(|bind| status(bind) == Some(CommandStatus::ESME_RALYBND));
    if bound_already {
        let wait = std::time::Duration::from_secs(waited_ns.div_ceil(1_000_000_000).max(1));
        sheet.profile.already_bound_wait = wait;
        sheet.add(
            odd(QUESTION, "T25", "already-bound", format!("it holds an old session for {} after it was lost, and answers ESME_RALYBND meanwhile", time(waited_ns)))
                .keys(&["already_bound_wait"]),
        );
    } else {
        let refusals = before.iter().map(|bind| {
            status(bind).map_or_else(|| "no answer".to_owned(), |status| status.to_string())
        });
        sheet.add(
            odd(
                QUESTION,
                "T26",
                "bind-refuse",
                format!(
                    "it took the bind only after {} tries and {}",
                    before.len() + 1,
                    time(waited_ns)
                ),
            )
            .examples(refusals),
        );
    }
}

/// The kinds of bind that were tried beside the main one.
fn kinds(all: &Analysis<'_>, sheet: &mut Sheet) {
    for (kind, name) in [
        (BindKind::Transmitter, "transmitter"),
        (BindKind::Receiver, "receiver"),
    ] {
        let Some(bind) = all
            .seen
            .binds
            .iter()
            .find(|bind| bind.wire == Wire::Beside && bind.kind == kind)
        else {
            continue;
        };
        let finding = match status(bind) {
            Some(status) if status.is_ok() => {
                plain(QUESTION, format!("it takes a {name} beside the first bind"))
            }
            Some(status) => plain(
                QUESTION,
                format!("it refuses a {name} beside the first bind"),
            )
            .seen(status.to_string()),
            None => plain(
                QUESTION,
                format!("it does not answer a {name} beside the first bind"),
            ),
        };
        sheet.add(finding);
    }
}
