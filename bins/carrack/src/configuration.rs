//! A whole configuration: the settings, the price lists they name, and the route table made of both.
//!
//! Promise: [`Configuration::load`] gives all of it or all faults at once, of every file, each as `file:line: what`.
//! A price list that several accounts or carriers name is read once.

use std::collections::HashMap;
use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use carrack_ingest::tls::check_tls;
use carrack_message::Micros;
use carrack_routing::{CarrierRow, Deck, OnNoResponse, Prefix, RouteRow, RouteTable};
use carrack_settings::{self as settings, Fault, Faults, Price, Settings};

use crate::{numbering, ways};

/// Settings, decks and routes that hold together.
pub(crate) struct Configuration {
    /// What the file says.
    pub(crate) settings: Settings,
    /// Carriers in the order of the file, and routes.
    pub(crate) table: Arc<RouteTable>,
    /// The sell deck of each account, in the order of the file.
    pub(crate) sell_decks: Vec<Option<Arc<Deck>>>,
}

impl Configuration {
    /// Reads a configuration and every price list it names.
    pub(crate) fn load(path: &Path) -> Result<Self, Faults> {
        Self::of(Settings::load(path)?)
    }

    /// Reads the price lists of settings that hold together.
    pub(crate) fn of(settings: Settings) -> Result<Self, Faults> {
        let mut decks = Decks::default();
        let mut carriers = Vec::with_capacity(settings.carriers.len());
        for carrier in &settings.carriers {
            let (deck, flat_price) = match &carrier.price {
                Price::Deck(path) => (decks.read(path), None),
                Price::Flat(price) => (None, Some(*price)),
            };
            // A deck with faults is none; a price in its place keeps routes from being blamed for it.
            let flat_price = match (&deck, flat_price) {
                (None, None) => Some(Micros::ZERO),
                (_, flat) => flat,
            };
            carriers.push(CarrierRow {
                name: carrier.name.clone(),
                deck,
                flat_price,
                enabled: carrier.enabled,
            });
        }
        let sell_decks = settings
            .accounts
            .iter()
            .map(|account| account.deck.as_deref().and_then(|path| decks.read(path)))
            .collect();
        let mut faults = decks.faults;
        faults.extend(tls_faults(&settings));
        let numbering = numbering::load(&settings.numbers, &mut faults);
        let routes = routes(&settings, &carriers, &mut faults);
        if !faults.is_empty() {
            return Err(Faults(faults));
        }
        match RouteTable::build(carriers, routes) {
            Ok(table) => Ok(Self {
                settings,
                table: Arc::new(table.with_numbering(numbering)),
                sell_decks,
            }),
            Err(fault) => Err(Faults(vec![at(&settings, 0, fault.to_string())])),
        }
    }
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
#[derive(Default)]
struct Decks {
    read: HashMap<PathBuf, Option<Arc<Deck>>>,
    faults: Vec<Fault>,
}

impl Decks {
    fn read(&mut self, path: &Path) -> Option<Arc<Deck>> {
        if let Some(found) = self.read.get(path) {
            return found.clone();
        }
        let deck = self.open(path).map(Arc::new);
        self.read.insert(path.to_owned(), deck.clone());
        deck
    }

    fn open(&mut self, path: &Path) -> Option<Deck> {
        let name = path.display().to_string();
        let file = match File::open(path) {
            Ok(file) => file,
            Err(error) => {
                self.fault(name, 0, format!("cannot be read: {error}"));
                return None;
            }
        };
        match Deck::from_csv(BufReader::new(file), &name) {
            Ok(deck) => Some(deck),
            Err(found) => {
                for fault in found.faults {
                    let line = usize::try_from(fault.line).unwrap_or(usize::MAX);
                    self.fault(fault.file, line, fault.what);
                }
                if found.more > 0 {
                    self.fault(name, 0, format!("and {} faults more", found.more));
                }
                None
            }
        }
    }

    fn fault(&mut self, file: String, line: usize, what: String) {
        self.faults.push(Fault { file, line, what });
    }
}

fn at(settings: &Settings, line: usize, what: String) -> Fault {
    Fault {
        file: settings.source.path.display().to_string(),
        line,
        what,
    }
}

/// Routes as routing knows them, each tried alone so that all their faults are found.
fn routes(settings: &Settings, carriers: &[CarrierRow], faults: &mut Vec<Fault>) -> Vec<RouteRow> {
    let mut rows = Vec::with_capacity(settings.routes.len());
    for route in &settings.routes {
        let mut prefixes = Vec::with_capacity(route.matches.prefixes.len());
        for digits in &route.matches.prefixes {
            match digits.parse::<Prefix>() {
                Ok(prefix) => prefixes.push(prefix),
                Err(fault) => faults.push(at(settings, route.line, fault.to_string())),
            }
        }
        let row = RouteRow {
            name: route.name.clone(),
            matcher: ways::matcher(&route.matches, prefixes),
            carriers: route.carrier_numbers.clone(),
            policy: ways::policy(&route.policy),
            attempts_max: route.attempts_max,
            on_no_response: route.on_no_response.map(on_no_response),
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
