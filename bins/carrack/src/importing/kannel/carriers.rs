//! All `smsc` groups: those of kind `smpp` become carriers, for others there is no driver yet.

use super::Work;
use super::carrier::draft;
use super::group::Group;
use super::reasons;
use crate::importing::Made;
use crate::importing::draft::Draft;
use crate::importing::names::Names;

/// What routes have to know of a carrier.
#[derive(Debug, Clone, Default)]
pub(super) struct Carrier {
    pub(super) name: String,
    /// Whether it takes messages.
    pub(super) sends: bool,
    pub(super) allowed_smsc: Vec<String>,
    pub(super) denied_smsc: Vec<String>,
    pub(super) preferred_smsc: Vec<String>,
    pub(super) allowed_prefix: Vec<String>,
    pub(super) denied_prefix: Vec<String>,
    pub(super) preferred_prefix: Vec<String>,
    pub(super) file: String,
    pub(super) line: usize,
}

/// What they give.
pub(super) struct Carriers {
    pub(super) drafts: Vec<Draft>,
    pub(super) profiles: Vec<Made>,
    pub(super) carriers: Vec<Carrier>,
}

/// Reads them.
pub(super) fn read(groups: &[Group], work: &mut Work) -> Carriers {
    let mut found = Carriers {
        drafts: Vec::new(),
        profiles: Vec::new(),
        carriers: Vec::new(),
    };
    let mut names = Names::default();
    for group in groups.iter().filter(|group| group.kind == "smsc") {
        let id = group.get("smsc-id").or(group.get("smsc-admin-id"));
        let id = id.unwrap_or("smpp").to_owned();
        let kind = group.get("smsc").unwrap_or_default().to_owned();
        let what = format!("smsc {id} ({kind})");
        if kind != "smpp" {
            work.leave_group(group, &what, reasons::why_driver(&kind));
            continue;
        }
        let name = names.give(&id);
        let (mut draft, profile) = draft(group, &name, work);
        draft.comment("Kannel knows no prices: write what a segment costs, or a deck.");
        let carrier = routing(group, &name, work);
        work.leave_rest(group);
        // Its profile is no file yet.
        let bare = draft.without("profile");
        if !work.good(group, &what, &bare) {
            names.forget(&name);
            continue;
        }
        work.has_secrets = true;
        work.carry(group, what, format!("[[carrier]] {name}"));
        if let Some(profile) = profile {
            found.profiles.push(Made {
                path: format!("profiles/{name}.toml"),
                text: profile.written(),
            });
        }
        found.drafts.push(draft);
        found.carriers.push(carrier);
    }
    found
}

fn routing(group: &Group, name: &str, work: &mut Work) -> Carrier {
    let prefixes = |key: &str, work: &mut Work| {
        let mut kept = Vec::new();
        for prefix in group.list(key) {
            let digits = prefix.strip_prefix('+').or(prefix.strip_prefix("00"));
            let digits = digits.unwrap_or(&prefix).to_owned();
            let is_international = digits.bytes().all(|octet| octet.is_ascii_digit())
                && !digits.is_empty()
                && digits.len() <= 15
                && !digits.starts_with('0');
            match is_international {
                true => kept.push(digits),
                false => {
                    let why = format!(
                        "{prefix:?} is no beginning of an international number, which all numbers are here; write the route yourself"
                    );
                    work.leave(group, key, &why);
                }
            }
        }
        kept
    };
    for key in [
        "allowed-smsc-id-regex",
        "denied-smsc-id-regex",
        "preferred-smsc-id-regex",
        "allowed-prefix-regex",
        "denied-prefix-regex",
        "preferred-prefix-regex",
    ] {
        if group.get(key).is_some() {
            let why = "routes know no regular expression of numbers; write [[route]] with the prefixes that it means";
            work.leave(group, key, why);
        }
    }
    let sends = group.flag("transceiver-mode") == Some(true)
        || group.number("port").unwrap_or(0) > 0
        || group.number("receive-port").unwrap_or(0) == 0;
    Carrier {
        name: name.to_owned(),
        sends,
        allowed_smsc: group.list("allowed-smsc-id"),
        denied_smsc: group.list("denied-smsc-id"),
        preferred_smsc: group.list("preferred-smsc-id"),
        allowed_prefix: prefixes("allowed-prefix", work),
        denied_prefix: prefixes("denied-prefix", work),
        preferred_prefix: prefixes("preferred-prefix", work),
        file: group.file.clone(),
        line: group.line,
    }
}
