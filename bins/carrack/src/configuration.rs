//! A whole configuration: the settings, the price lists they name, and the route table made of both.
//!
//! Promise: [`Configuration::load`] gives all of it or all faults at once, of every file, each as `file:line: what`.
//! A price list that several accounts or carriers name is read once.

use std::collections::HashMap;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use carrack_engine::{ConsentRule, LimitSettings, SuppressionSettings};
use carrack_ingest::drop_folder::DropFolderSpec;
use carrack_ingest::loop_probe;
use carrack_ingest::tls::check_tls;
use carrack_message::Micros;
use carrack_routing::local::QuietHours;
use carrack_routing::numbering::Numbering;
use carrack_routing::{
    CarrierRow, Deck, DeckFaults, OnNoResponse, Prefix, PriceList, Rates, RouteRow, RouteTable,
    RoutingFault, is_known_currency,
};
use carrack_settings::{self as settings, Currencies, Fault, Faults, Price, Settings};

use crate::prices::{Listed, Prices, utc_now_ns};
use crate::{consents, limits, loop_probes, numbering, quiet, suppressions, ways};

/// Settings, decks and routes that hold together.
pub(crate) struct Configuration {
    /// What the file says.
    pub(crate) settings: Settings,
    /// Carriers in the order of the file, and routes.
    pub(crate) table: Arc<RouteTable>,
    /// The sell deck of each account, in the order of the file.
    pub(crate) sell_decks: Vec<Option<Arc<Deck>>>,
    /// The lists that all these decks are of, of all dates.
    pub(crate) prices: Prices,
    /// Limits that are no carrier's.
    pub(crate) limits: LimitSettings,
    /// What is done when handsets say stop.
    pub(crate) consent: Option<ConsentRule>,
    /// When recipients are left alone.
    pub(crate) quiet: QuietHours,
    /// Numbers that must not be sent to.
    pub(crate) suppressions: SuppressionSettings,
    /// What is known of numbers, as the table has it.
    pub(crate) numbering: Arc<Numbering>,
}

impl Configuration {
    /// Reads a configuration and every price list it names.
    pub(crate) fn load(path: &Path) -> Result<Self, Faults> {
        Self::of(Settings::load(path)?, utc_now_ns())
    }

    /// Reads the price lists of settings that hold together, for an instant.
    pub(crate) fn of(settings: Settings, utc_ns: u64) -> Result<Self, Faults> {
        let mut decks = Decks::of(&settings, utc_ns);
        let mut prices = Prices::default();
        let mut carriers = Vec::with_capacity(settings.carriers.len());
        for carrier in &settings.carriers {
            let (listed, flat_price) = match &carrier.price {
                Price::Deck(path) => (decks.read(path), None),
                Price::Flat(price) => (None, Some(*price)),
            };
            // A deck with faults is none; a price in its place keeps routes from being blamed for it.
            let flat_price = match (&listed, flat_price) {
                (None, None) => Some(Micros::ZERO),
                (_, flat) => flat,
            };
            carriers.push(CarrierRow {
                name: carrier.name.clone(),
                deck: listed.as_ref().map(|listed| Arc::clone(&listed.deck)),
                flat_price,
                enabled: carrier.enabled,
            });
            prices.carriers.push(listed);
        }
        let of_account = |account: &settings::Account| decks.read(account.deck.as_deref()?);
        prices.accounts = settings.accounts.iter().map(of_account).collect();
        let mut faults = decks.faults;
        faults.extend(tls_faults(&settings));
        let numbering = numbering::load(&settings.numbers, &mut faults);
        let routes = routes(&settings, &carriers, &mut faults);
        let limits = limits::of(&settings, &mut faults);
        for drop in &settings.drop_folders {
            if let Err(fault) = DropFolderSpec::from_settings(drop) {
                let what = format!("options of [[drop_folder]]: {fault}");
                faults.push(at(&settings, drop.line, what));
            }
        }
        let suppressions = suppressions::of(&settings, &mut faults);
        let consent = consents::of(&settings, &mut faults);
        let quiet = quiet::of(&settings, &mut faults);
        if !faults.is_empty() {
            return Err(Faults(faults));
        }
        let table = RouteTable::build(carriers, routes);
        match table.and_then(|table| with_probes(table, &settings)) {
            Ok(table) => Ok(Self {
                settings,
                table: Arc::new(
                    table
                        .with_numbering(Arc::clone(&numbering))
                        .with_rates(prices.worth(utc_ns)),
                ),
                sell_decks: decks_of(&prices.accounts),
                prices,
                limits,
                suppressions,
                consent,
                quiet,
                numbering,
            }),
            Err(fault) => Err(Faults(vec![at(&settings, 0, fault.to_string())])),
        }
    }

    /// Puts the prices of another instant in place of these; says one line a list that changed. On a fault the routes are
    /// as they were, until the next change.
    pub(crate) fn switch(&mut self, utc_ns: u64) -> Result<Vec<String>, RoutingFault> {
        let switched = self.prices.at(utc_ns);
        let mut carriers = self.table.carriers().to_vec();
        for (row, listed) in carriers.iter_mut().zip(&switched.prices.carriers) {
            row.deck = listed.as_ref().map(|listed| Arc::clone(&listed.deck));
        }
        self.sell_decks = decks_of(&switched.prices.accounts);
        self.prices = switched.prices;
        let table = RouteTable::build(carriers, self.table.routes().to_vec())?;
        let table = with_probes(table, &self.settings)?;
        let table = table.with_numbering(Arc::clone(&self.numbering));
        self.table = Arc::new(table.with_rates(self.prices.worth(utc_ns)));
        Ok(switched.said)
    }

    /// One line a price list that is another than before.
    pub(crate) fn told_after(&self, before: &Self) -> Vec<String> {
        let mut told: Vec<&str> = Vec::new();
        let mut said = Vec::new();
        for (owner, listed) in self.owners() {
            if told.contains(&listed.name.as_str()) {
                continue;
            }
            told.push(&listed.name);
            let same_file = before.prices.lists().find(|was| was.name == listed.name);
            let same_owner = || before.owners().find(|(was, _)| *was == owner);
            let was = same_file.or_else(|| same_owner().map(|(_, listed)| listed));
            match was {
                Some(was) => said.extend(listed.told_after(was)),
                None => said.push(format!(
                    "deck {}: new, {} prices",
                    listed.name,
                    listed.deck.len()
                )),
            }
        }
        said
    }

    /// Who uses which list.
    fn owners(&self) -> impl Iterator<Item = ((&'static str, &str), &Arc<Listed>)> {
        let carriers = self.table.carriers().iter().map(|row| row.name.as_str());
        let accounts = self
            .settings
            .accounts
            .iter()
            .map(|account| account.name.as_str());
        let carriers = carriers.zip(&self.prices.carriers);
        let accounts = accounts.zip(&self.prices.accounts);
        let carriers =
            carriers.filter_map(|(name, listed)| Some((("carrier", name), listed.as_ref()?)));
        carriers.chain(
            accounts.filter_map(|(name, listed)| Some((("account", name), listed.as_ref()?))),
        )
    }
}

/// The table with the ways of loop probes.
fn with_probes(table: RouteTable, settings: &Settings) -> Result<RouteTable, RoutingFault> {
    table.with_own(loop_probe::ACCOUNT, loop_probes::routes(settings))
}

fn decks_of(lists: &[Option<Arc<Listed>>]) -> Vec<Option<Arc<Deck>>> {
    let deck = |listed: &Option<Arc<Listed>>| Some(Arc::clone(&listed.as_ref()?.deck));
    lists.iter().map(deck).collect()
}

/// Certificates and keys that do not belong together.
fn tls_faults(settings: &Settings) -> Vec<Fault> {
    let http = settings.http.as_ref().and_then(|http| http.tls.as_ref());
    let smpp = settings.smpp_server.as_ref();
    let smpp = smpp.and_then(|smpp| smpp.tls.as_ref());
    [http, smpp]
        .into_iter()
        .flatten()
        .filter_map(|tls| Some(at(settings, tls.line, check_tls(tls).err()?.to_string())))
        .collect()
}

/// Price lists by path, read once.
struct Decks {
    utc_ns: u64,
    rates: Option<Arc<Rates>>,
    read: HashMap<PathBuf, Option<Arc<Listed>>>,
    faults: Vec<Fault>,
}

impl Decks {
    fn of(settings: &Settings, utc_ns: u64) -> Self {
        let mut decks = Self {
            utc_ns,
            rates: None,
            read: HashMap::new(),
            faults: Vec::new(),
        };
        if let Some(currency) = &settings.currency {
            if !is_known_currency(currency.base) {
                let what = format!(
                    "`base` in [currency] is {}, which ISO 4217 does not know; write one such as \"EUR\"",
                    currency.base
                );
                decks.faults.push(at(settings, currency.line, what));
            }
            decks.rates = decks.rates(currency).map(Arc::new);
        }
        decks
    }

    /// Rates with faults are none: their faults are told, not those that decks would have without them.
    fn rates(&mut self, currency: &Currencies) -> Option<Rates> {
        let Some(path) = &currency.rates else {
            return Some(Rates::of_base(currency.base));
        };
        let file = self.open(path)?;
        let read = Rates::from_csv(file, &path.display().to_string(), currency.base);
        self.kept(read.map_err(|found| numbering::faults_of(path, found)))
    }

    fn read(&mut self, path: &Path) -> Option<Arc<Listed>> {
        if let Some(found) = self.read.get(path) {
            return found.clone();
        }
        let listed = self.list(path).map(Arc::new);
        self.read.insert(path.to_owned(), listed.clone());
        listed
    }

    fn list(&mut self, path: &Path) -> Option<Listed> {
        let file = self.open(path)?;
        let list = PriceList::from_csv(file, &path.display().to_string());
        let list = self.kept(list.map_err(|found| numbering::faults_of(path, found)))?;
        let listed = Listed::of(path, list, self.rates.clone(), self.utc_ns);
        self.kept(listed.map_err(|fault| {
            let (faults, more) = (vec![fault], 0);
            numbering::faults_of(path, DeckFaults { faults, more })
        }))
    }

    fn open(&mut self, path: &Path) -> Option<File> {
        let opened = File::open(path);
        self.kept(
            opened
                .map_err(|error| vec![numbering::whole(path, format!("cannot be read: {error}"))]),
        )
    }

    fn kept<T>(&mut self, read: Result<T, Vec<Fault>>) -> Option<T> {
        read.map_err(|found| self.faults.extend(found)).ok()
    }
}

fn at(settings: &Settings, line: usize, what: String) -> Fault {
    Fault {
        file: settings.source.path.display().to_string(),
        line,
        what,
    }
}

/// The prefixes of a `match`.
pub(crate) fn prefixes(
    settings: &Settings,
    matches: &settings::Match,
    line: usize,
    faults: &mut Vec<Fault>,
) -> Vec<Prefix> {
    let mut prefixes = Vec::with_capacity(matches.prefixes.len());
    for digits in &matches.prefixes {
        match digits.parse::<Prefix>() {
            Ok(prefix) => prefixes.push(prefix),
            Err(fault) => faults.push(at(settings, line, fault.to_string())),
        }
    }
    prefixes
}

/// Routes as routing knows them, each tried alone so that all their faults are found.
fn routes(settings: &Settings, carriers: &[CarrierRow], faults: &mut Vec<Fault>) -> Vec<RouteRow> {
    let mut rows = Vec::with_capacity(settings.routes.len());
    for route in &settings.routes {
        let prefixes = prefixes(settings, &route.matches, route.line, faults);
        let row = RouteRow {
            name: route.name.clone(),
            matcher: ways::matcher(&route.matches, prefixes),
            carriers: route.carrier_numbers.clone(),
            policy: ways::policy(&route.policy),
            attempts_max: route.attempts_max,
            on_no_response: route.on_no_response.map(on_no_response),
            looks_up: route.looks_up,
            margin: ways::margin(route.margin),
            after_receipt: ways::after_receipt(route),
        };
        if let Err(fault) = RouteTable::build(carriers.to_vec(), vec![row.clone()]) {
            faults.push(at(settings, route.line, fault.to_string()));
        }
        rows.push(row);
    }
    rows
}

/// The same choice in routing's words.
pub(crate) const fn on_no_response(choice: settings::OnNoResponse) -> OnNoResponse {
    match choice {
        settings::OnNoResponse::Resend => OnNoResponse::Resend,
        settings::OnNoResponse::Wait => OnNoResponse::Wait,
        settings::OnNoResponse::Query => OnNoResponse::Query,
        settings::OnNoResponse::Fail => OnNoResponse::Fail,
    }
}
