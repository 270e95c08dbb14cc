//! `kannel.conf`: its groups become accounts, carriers and routes (Kannel 1.4 and 1.5, user guide).

mod accounts;
mod carrier;
mod carriers;
mod group;
mod parse;
mod reasons;
mod routes;
mod services;
#[cfg(test)]
mod tests;
mod top;

use std::path::PathBuf;

use self::group::Group;
use super::draft::Draft;
use super::{Carried, Imported, Left};

/// What grows while groups are read.
#[derive(Default)]
struct Work {
    carried: Vec<Carried>,
    left: Vec<Left>,
    has_secrets: bool,
}

impl Work {
    fn carry(&mut self, group: &Group, from: String, to: String) {
        self.carried.push(Carried {
            from,
            file: group.file.clone(),
            line: group.line,
            to,
        });
    }

    fn leave_group(&mut self, group: &Group, what: &str, why: &str) {
        self.left.push(Left {
            file: group.file.clone(),
            line: group.line,
            what: what.to_owned(),
            why: why.to_owned(),
        });
    }

    fn leave(&mut self, group: &Group, key: &str, why: &str) {
        if let Some(pair) = group.pair(key) {
            self.left.push(Left {
                file: pair.file.clone(),
                line: pair.line,
                what: format!("{key} = {}", pair.shown()),
                why: why.to_owned(),
            });
        }
    }

    /// All keys of a group that nobody took.
    fn leave_rest(&mut self, group: &Group) {
        for pair in group.untaken() {
            let why = reasons::why(&group.kind, &pair.name);
            self.left.push(Left {
                file: pair.file.clone(),
                line: pair.line,
                what: format!("{} = {}", pair.name, pair.shown()),
                why: why.to_owned(),
            });
        }
    }

    /// A draft that is good, or its faults listed.
    fn good(&mut self, group: &Group, what: &str, draft: &Draft) -> bool {
        let faults = draft.faults();
        for fault in &faults {
            self.leave_group(group, what, fault);
        }
        faults.is_empty()
    }
}

/// Reads the files, and those that they include.
pub(crate) fn import(files: &[PathBuf]) -> anyhow::Result<Imported> {
    let parsed = parse::files(files)?;
    let mut work = Work {
        left: parsed.left,
        ..Work::default()
    };
    let groups = parsed.groups;
    let top = top::read(&groups, &mut work);
    let carriers = carriers::read(&groups, &mut work);
    let accounts = accounts::read(&groups, top.sender.as_deref(), &mut work);
    let routes = routes::drafts(&carriers.carriers, &accounts.users, &mut work);
    services::read(&groups, &mut work);
    for group in &groups {
        if !reasons::is_read(&group.kind) {
            work.leave_group(
                group,
                &format!("group = {}", group.kind),
                reasons::why_group(&group.kind),
            );
        }
    }
    work.left
        .sort_by(|one, other| (&one.file, one.line).cmp(&(&other.file, other.line)));
    let mut text = String::from(
        "# Made of Kannel's configuration by `carrack import kannel`. What could not be carried over was listed then;\n\
         # docs/switching.md says what is done otherwise here. Move secrets to { env = \"NAME\" } or { file = \"PATH\" }.\n",
    );
    let all = [top.drafts, accounts.drafts, carriers.drafts, routes].concat();
    for draft in &all {
        text.push('\n');
        text.push_str(&draft.written());
    }
    Ok(Imported {
        text,
        beside: carriers.profiles,
        carried: work.carried,
        left: work.left,
        has_secrets: work.has_secrets,
    })
}
