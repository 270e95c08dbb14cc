//! The whole configuration, and what has to hold between its parts.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::limit;
use crate::loop_probe;
use crate::mo_route::{self, Customers};
use crate::modem;
use crate::quiet;
use crate::reader::{self, Context, Section, nearest, text_of};
use crate::route::Names;
use crate::source::Source;
use crate::suppression;
use crate::{
    Account, Batch, Bind, Carrier, Cdr, Consent, Currencies, Delivery, DropFolder, Durability,
    Faults, Hlr, Http, Limit, Limits, Log, LoopProbe, Mo, MoRoute, Modem, Modems, Node, Numbers,
    Quality, Queue, Quiet, Route, Runtime, Shadow, Shutdown, Sim, SmppServer, Suppression,
    Suppressions,
};

/// Most octets of a configuration file.
pub(crate) const FILE_OCTETS_MAX: u64 = 16 << 20;

/// Sections that stand once.
const TABLES: &[&str] = &[
    "node",
    "runtime",
    "durability",
    "queue",
    "delivery",
    "mo",
    "consent",
    "quality",
    "numbers",
    "hlr",
    "http",
    "smpp_server",
    "batch",
    "cdr",
    "currency",
    "limits",
    "suppressions",
    "modems",
    "shadow",
    "shutdown",
    "log",
];
/// Sections that stand any number of times.
const LISTS: &[&str] = &[
    "account",
    "carrier",
    "route",
    "mo_route",
    "limit",
    "suppression",
    "quiet_hours",
    "loop_probe",
    "drop_folder",
    "modem",
    "sim",
];

/// The configuration of a node; it holds together.
#[derive(Clone, Debug)]
pub struct Settings {
    /// `[node]`
    pub node: Node,
    /// `[runtime]`
    pub runtime: Runtime,
    /// `[durability]`
    pub durability: Durability,
    /// `[queue]`
    pub queue: Queue,
    /// `[delivery]`
    pub delivery: Delivery,
    /// `[mo]`
    pub mo: Mo,
    /// `[quality]`
    pub quality: Quality,
    /// `[numbers]`
    pub numbers: Numbers,
    /// `[hlr]`; none: no register is asked.
    pub hlr: Option<Hlr>,
    /// `[http]`; none: no HTTP front door.
    pub http: Option<Http>,
    /// `[smpp_server]`; none: no SMPP front door.
    pub smpp_server: Option<SmppServer>,
    /// `[batch]`
    pub batch: Batch,
    /// `[cdr]`; none: no CDR files.
    pub cdr: Option<Cdr>,
    /// `[currency]`; none: nothing is converted.
    pub currency: Option<Currencies>,
    /// `[limits]`
    pub limits: Limits,
    /// `[modems]`
    pub modems: Modems,
    /// `[shadow]`; none: nothing is tried beside live traffic.
    pub shadow: Option<Shadow>,
    /// `[shutdown]`
    pub shutdown: Shutdown,
    /// `[log]`
    pub log: Log,
    /// `[[account]]`, in the file's order.
    pub accounts: Vec<Account>,
    /// `[[carrier]]`, in the file's order.
    pub carriers: Vec<Carrier>,
    /// `[[route]]`, in the file's order, which is their rank.
    pub routes: Vec<Route>,
    /// `[[mo_route]]`, in the file's order, which is their rank.
    pub mo_routes: Vec<MoRoute>,
    /// `[[modem]]`, in the file's order.
    pub modem_list: Vec<Modem>,
    /// `[[sim]]`, in the file's order.
    pub sims: Vec<Sim>,
    /// `[[drop_folder]]`, in the file's order.
    pub drop_folders: Vec<DropFolder>,
    /// `[[limit]]`, in the file's order.
    pub limit_rules: Vec<Limit>,
    /// `[consent]`; none: texts of handsets mean nothing to the node.
    pub consent: Option<Consent>,
    /// `[suppressions]`
    pub suppressions: Suppressions,
    /// `[[suppression]]`, in the file's order.
    pub suppression_lists: Vec<Suppression>,
    /// `[[quiet_hours]]`, in the file's order.
    pub quiet_hours: Vec<Quiet>,
    /// `[[loop_probe]]`, in the file's order.
    pub loop_probes: Vec<LoopProbe>,
    /// Where all this came from.
    pub source: Source,
}

impl Settings {
    /// Reads a file. Paths in it are relative to its folder.
    ///
    /// # Errors
    /// All faults at once; one fault without line where the file cannot be read.
    pub fn load(path: impl AsRef<Path>) -> Result<Self, Faults> {
        let path = path.as_ref();
        let (text, file_name) = (text_of(path, FILE_OCTETS_MAX)?, path.display().to_string());
        Self::parse(&text, &file_name, path.parent().unwrap_or(Path::new("")))
    }

    /// Reads a text. `file_name` is what faults call it; paths in it are relative to `base_dir`.
    ///
    /// # Errors
    /// All faults at once.
    pub fn parse(text: &str, file_name: &str, base_dir: &Path) -> Result<Self, Faults> {
        let context = Context::new(text, file_name, base_dir);
        read(text, file_name, &context)
    }
}

/// Reads every section, gathering faults in `context`.
pub(crate) fn read(text: &str, file_name: &str, context: &Context) -> Result<Settings, Faults> {
    let document = reader::document(text, context)?;
    let document = Document {
        context,
        root: document.get_ref(),
    };
    document.check_sections();
    let settings = document.settings(Source {
        path: PathBuf::from(file_name),
        text: text.to_owned(),
    });
    match context.faults.take() {
        Some(faults) => Err(faults),
        None => Ok(settings),
    }
}

struct Document<'a> {
    context: &'a Context,
    root: &'a DeTable<'a>,
}

impl<'a> Document<'a> {
    fn settings(&self, source: Source) -> Settings {
        let accounts: Vec<Account> = self.list("account").iter().map(Account::read).collect();
        let mut carriers: Vec<Carrier> = self.list("carrier").iter().map(Carrier::read).collect();
        let modems = self.table("modems", Modems::read);
        let (modem_list, sims) = self.modems(&mut carriers, modems);
        let names = Names {
            carriers: carriers
                .iter()
                .map(|carrier| carrier.name.as_str())
                .collect(),
            accounts: accounts
                .iter()
                .map(|account| account.name.as_str())
                .collect(),
            groups: accounts
                .iter()
                .filter_map(|account| account.group.as_deref())
                .collect(),
        };
        let sections = self.list("route");
        let routes: Vec<Route> = sections
            .iter()
            .enumerate()
            .map(|(place, section)| Route::read(section, place, &names))
            .collect();
        let customers = Customers {
            names: &names,
            accounts: &accounts,
            smpp_server: self.root.contains_key("smpp_server"),
        };
        let mo_routes = mo_route::read_all(&self.list("mo_route"), &customers);
        self.check_unique(&accounts, &carriers, &routes);
        let rules = mo_routes.iter().map(|r| (r.name.as_str(), r.line));
        self.unique("two rules of [[mo_route]] are named", true, rules);
        let limit_rules = limit::read_all(&self.list("limit"), &names);
        let limits = limit_rules.iter().map(|l| (l.name.as_str(), l.line));
        self.unique("two limits are named", true, limits);
        let suppression_lists = suppression::read_all(&self.list("suppression"), &names);
        let lists = suppression_lists.iter().map(|l| (l.name.as_str(), l.line));
        self.unique("two suppression lists are named", true, lists);
        let quiet_hours = quiet::read_all(&self.list("quiet_hours"), &names);
        let rules = quiet_hours.iter().map(|q| (q.name.as_str(), q.line));
        self.unique("two [[quiet_hours]] are named", true, rules);
        let probed = loop_probe::Probed {
            names: &names,
            carriers: &carriers,
            takes_mo: !mo_routes.is_empty(),
        };
        let loop_probes = loop_probe::read_all(&self.list("loop_probe"), &probed, self.context);
        let probes = loop_probes.iter().map(|p| (p.name.as_str(), p.line));
        self.unique("two loop probes are named", true, probes);
        self.check_receivers(&carriers, &routes);
        let drops = self.list("drop_folder");
        let drop_folders: Vec<DropFolder> = drops
            .iter()
            .map(|section| DropFolder::read(section, &names))
            .collect();
        let paths: Vec<String> = drop_folders
            .iter()
            .map(|drop| drop.folder.display().to_string())
            .collect();
        let drops = paths.iter().zip(&drop_folders);
        let drops = drops.map(|(path, drop)| (path.as_str(), drop.line));
        self.unique("two drop folders are named", true, drops);
        let queue = self.table("queue", Queue::read);
        self.check_waits(&queue, &routes);
        self.check_lookups(&routes);
        Settings {
            node: self.table("node", Node::read),
            runtime: self.table("runtime", Runtime::read),
            durability: self.table("durability", Durability::read),
            queue,
            delivery: self.table("delivery", Delivery::read),
            mo: self.table("mo", Mo::read),
            quality: self.table("quality", Quality::read),
            numbers: self.table("numbers", Numbers::read),
            hlr: self
                .root
                .contains_key("hlr")
                .then(|| self.table("hlr", Hlr::read)),
            http: self
                .root
                .contains_key("http")
                .then(|| self.table("http", Http::read)),
            smpp_server: self
                .root
                .contains_key("smpp_server")
                .then(|| self.table("smpp_server", SmppServer::read)),
            batch: self.table("batch", Batch::read),
            cdr: self
                .root
                .contains_key("cdr")
                .then(|| self.table("cdr", Cdr::read)),
            currency: self
                .root
                .contains_key("currency")
                .then(|| self.table("currency", Currencies::read))
                .flatten(),
            limits: self.table("limits", Limits::read),
            consent: self.root.contains_key("consent").then(|| {
                self.table("consent", |section| {
                    Consent::read(section, &suppression_lists)
                })
            }),
            suppressions: self.table("suppressions", Suppressions::read),
            modems,
            modem_list,
            sims,
            shadow: self
                .root
                .contains_key("shadow")
                .then(|| self.table("shadow", Shadow::read))
                .flatten(),
            shutdown: self.table("shutdown", Shutdown::read),
            log: self.table("log", Log::read),
            accounts,
            carriers,
            routes,
            mo_routes,
            limit_rules,
            drop_folders,
            suppression_lists,
            quiet_hours,
            loop_probes,
            source,
        }
    }

    /// Modems and SIMs.
    fn modems(&self, carriers: &mut [Carrier], room: Modems) -> (Vec<Modem>, Vec<Sim>) {
        let sections = (self.list("modem"), self.list("sim"));
        let (modems, sims) =
            modem::read_all((&sections.0, &sections.1), carriers, room, self.context);
        let names = modems.iter().map(|m| (m.name.as_str(), m.line));
        self.unique("two modems are named", true, names);
        let cards = sims
            .iter()
            .filter_map(|s| Some((s.iccid.as_deref()?, s.line)));
        self.unique("two [[sim]] have the iccid", true, cards);
        let imsis = sims
            .iter()
            .filter_map(|s| Some((s.imsi.as_deref()?, s.line)));
        self.unique("two [[sim]] have the imsi", true, imsis);
        (modems, sims)
    }

    /// A missing receipt is noticed of what waits in memory.
    fn check_waits(&self, queue: &Queue, routes: &[Route]) {
        for route in routes {
            if route
                .missing_receipt_goes_on
                .is_some_and(|wait| wait > queue.receipt_in_memory)
            {
                self.context.faults.add(
                    route.line,
                    format!(
                        "route `{}`: `missing_receipt_goes_on` is longer than `receipt_in_memory` of [queue]; shorten it or raise the other",
                        route.name
                    ),
                );
            }
        }
    }

    fn check_lookups(&self, routes: &[Route]) {
        if self.root.contains_key("hlr") {
            return;
        }
        for route in routes.iter().filter(|route| route.looks_up) {
            let what = format!(
                "route `{}` has lookup = \"hlr\", and there is no register; add [hlr] or leave it out",
                route.name
            );
            self.context.faults.add(route.line, what);
        }
    }

    /// Sections that are unknown, or stand once where a list is meant, or the other way round.
    fn check_sections(&self) {
        let known: Vec<&str> = TABLES.iter().chain(LISTS).copied().collect();
        for (key, value) in self.root {
            let name: &str = key.get_ref();
            let line = self.context.line(key.span().start);
            let is_list = value
                .get_ref()
                .as_array()
                .is_some_and(|list| list.iter().all(|e| e.get_ref().is_table()));
            if TABLES.contains(&name) && !value.get_ref().is_table() {
                self.context.faults.add(
                    line,
                    format!("`{name}` has to be a table that stands once; write [{name}]"),
                );
            } else if LISTS.contains(&name) && !is_list {
                self.context.faults.add(
                    line,
                    format!("`{name}` has to be a list of tables; write [[{name}]]"),
                );
            } else if !known.contains(&name) {
                let what = if value.get_ref().is_table() || is_list {
                    "section"
                } else {
                    "key"
                };
                self.context.faults.add(
                    line,
                    format!("unknown {what} `{name}`; {}", nearest(name, &known)),
                );
            }
        }
    }

    fn table<T>(&self, name: &str, read: impl FnOnce(&Section<'_>) -> T) -> T {
        let value = self.root.get(name);
        let table = value.and_then(|value| {
            Some((
                value.get_ref().as_table()?,
                self.context.line(value.span().start),
            ))
        });
        let section = Section::new(self.context, &format!("[{name}]"), table);
        let read = read(&section);
        section.finish();
        read
    }

    fn list(&self, name: &str) -> Vec<Section<'a>> {
        let elements = self
            .root
            .get(name)
            .and_then(|value| value.get_ref().as_array());
        let section = |element: &'a Spanned<DeValue<'a>>| {
            let table = element.get_ref().as_table()?;
            let line = self.context.line(element.span().start);
            Some(Section::new(
                self.context,
                &format!("[[{name}]]"),
                Some((table, line)),
            ))
        };
        elements
            .into_iter()
            .flat_map(|elements| elements.iter())
            .filter_map(section)
            .collect()
    }

    fn check_unique(&self, accounts: &[Account], carriers: &[Carrier], routes: &[Route]) {
        let names = |what| format!("two {what} are named");
        self.unique(
            &names("accounts"),
            true,
            accounts.iter().map(|a| (a.name.as_str(), a.line)),
        );
        self.unique(
            &names("carriers"),
            true,
            carriers.iter().map(|c| (c.name.as_str(), c.line)),
        );
        self.unique(
            &names("routes"),
            true,
            routes.iter().map(|r| (r.name.as_str(), r.line)),
        );
        let system_ids = accounts
            .iter()
            .filter_map(|a| Some((a.system_id.as_deref()?, a.line)));
        self.unique("two accounts have the system_id", true, system_ids);
        let api_keys = accounts.iter().flat_map(|a| {
            let own = a.api_key.iter().map(|key| (key.expose(), a.line));
            own.chain(a.api_keys.iter().map(|key| (key.key.expose(), key.line)))
        });
        self.unique("the same api_key stands twice", false, api_keys);
        let users = accounts
            .iter()
            .filter_map(|a| Some((a.legacy.user.as_deref()?, a.line)));
        self.unique("two accounts have the user of `legacy`", true, users);
    }

    /// A carrier that only receives takes no messages, so that a route to it would hold them for ever.
    fn check_receivers(&self, carriers: &[Carrier], routes: &[Route]) {
        for route in routes {
            let named = route
                .carrier_numbers
                .iter()
                .filter_map(|number| carriers.get(*number));
            for carrier in named.filter(|carrier| carrier.bind == Bind::Receiver) {
                self.context.faults.add(
                    route.line,
                    format!(
                        "the route `{}` names the carrier `{}`, which binds as \"receiver\" and takes no messages; \
                         take it away there or change its `bind`",
                        route.name, carrier.name
                    ),
                );
            }
        }
    }

    /// A fault for each value that came before; names both lines, and the value only if it may be `shown`.
    fn unique<'n>(&self, what: &str, shown: bool, values: impl Iterator<Item = (&'n str, usize)>) {
        let mut seen = HashMap::new();
        for (value, line) in values.filter(|(value, _)| !value.is_empty()) {
            let Some(first) = seen.get(value) else {
                seen.insert(value, line);
                continue;
            };
            let value = if shown {
                format!(" `{value}`")
            } else {
                String::new()
            };
            self.context.faults.add(
                line,
                format!("{what}{value}, here and in line {first}; change one of them"),
            );
        }
    }
}
