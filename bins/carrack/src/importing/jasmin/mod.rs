//! Jasmin's folder, `/etc/jasmin`: `jasmin.cfg`, and what `persist` has written under `store` (Jasmin 0.9 to 0.12).
//!
//! The store is read as it lies on the disk; `jcli` shows neither passwords nor all of a route. Jasmin keeps its users'
//! passwords as MD5 alone: they are carried over so, and callers go on with the password that they have.

mod cfg;
mod connectors;
mod filters;
mod moroutes;
mod pickle;
mod routes;
mod seen;
mod store;
#[cfg(test)]
mod tests;
mod users;

use std::collections::HashMap;
use std::path::Path;

use self::store::Store;
use super::{Carried, Imported, Left};

/// What grows while the store is read.
#[derive(Default)]
struct Work {
    carried: Vec<Carried>,
    left: Vec<Left>,
    has_secrets: bool,
    /// Our names of users, groups and connectors by theirs.
    accounts: HashMap<String, String>,
    account_of_system_id: HashMap<String, String>,
    groups: HashMap<String, String>,
    carriers: HashMap<String, String>,
}

impl Work {
    fn carry(&mut self, file: &str, from: String, to: String) {
        self.carried.push(Carried {
            from,
            file: file.to_owned(),
            line: 0,
            to,
        });
    }

    fn leave(&mut self, file: &str, line: usize, what: impl Into<String>, why: impl Into<String>) {
        self.left.push(Left {
            file: file.to_owned(),
            line,
            what: what.into(),
            why: why.into(),
        });
    }
}

/// Reads a folder, and the profile of this name in its store.
pub(crate) fn import(folder: &Path, profile: &str) -> anyhow::Result<Imported> {
    let store = Store::open(folder, profile)?;
    let mut work = Work::default();
    let top = cfg::read(&store, &mut work)?;
    let carriers = connectors::read(&store, &mut work)?;
    let accounts = users::read(&store, &mut work)?;
    let routes = routes::read(&store, &mut work)?;
    let mo_routes = moroutes::read(&store, &mut work)?;
    for kind in ["router-mtinterceptors", "router-mointerceptors"] {
        store::leave_interceptors(&store, kind, &mut work)?;
    }
    let mut text = String::from(
        "# Made of Jasmin's store by `carrack import jasmin`. What could not be carried over was listed then;\n\
         # docs/switching.md says what is done otherwise here. Move secrets to { env = \"NAME\" } or { file = \"PATH\" }.\n",
    );
    for draft in [top, accounts, carriers.drafts, routes, mo_routes].concat() {
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
