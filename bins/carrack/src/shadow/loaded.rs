//! The configuration of `[shadow]`, read whole, and the files that it was read from.

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use carrack_routing::Rates;
use carrack_settings::{Faults, Price, Settings};

use crate::configuration::Configuration;
use crate::prices::utc_now_ns;
use crate::rehearsal::rates;

/// A configuration that can be tried.
pub(crate) struct Loaded {
    pub(crate) configuration: Configuration,
    pub(crate) rates: Option<Rates>,
    pub(crate) files: Files,
}

impl Loaded {
    /// Reads a configuration as a node does; a `[shadow]` of its own is nobody's business.
    pub(crate) fn read(path: &Path) -> Result<Self, Faults> {
        // First, so that what is written meanwhile is seen as a change.
        let mut files = Files::default();
        files.add(path);
        let settings = Settings::load(path)?;
        for path in named(&settings) {
            files.add(path);
        }
        let configuration = Configuration::of(settings, utc_now_ns())?;
        let rates = rates(&configuration.settings)?;
        Ok(Self {
            configuration,
            rates,
            files,
        })
    }
}

fn named(settings: &Settings) -> Vec<&Path> {
    let carriers = settings
        .carriers
        .iter()
        .filter_map(|carrier| match &carrier.price {
            Price::Deck(path) => Some(path),
            Price::Flat(_) => None,
        });
    let accounts = settings.accounts.iter();
    let accounts = accounts.filter_map(|account| account.deck.as_ref());
    let numbers = [&settings.numbers.plan, &settings.numbers.portability];
    let currency = settings.currency.as_ref();
    let rates = currency.and_then(|currency| currency.rates.as_ref());
    let all = carriers.chain(accounts);
    let all = all.chain(numbers.into_iter().flatten()).chain(rates);
    all.map(PathBuf::as_path).collect()
}

/// Files as they were when they were read.
#[derive(Debug, Default)]
pub(crate) struct Files(Vec<(PathBuf, Stamp)>);

/// Device, inode, octets, and when it was written; none: it is not there.
type Stamp = Option<(u64, u64, u64, i64, i64)>;

fn stamp(path: &Path) -> Stamp {
    let found = std::fs::metadata(path).ok()?;
    let octets = found.len();
    Some((
        found.dev(),
        found.ino(),
        octets,
        found.mtime(),
        found.mtime_nsec(),
    ))
}

impl Files {
    fn add(&mut self, path: &Path) {
        self.0.push((path.to_owned(), stamp(path)));
    }

    /// Whether all of them are still what they were.
    pub(crate) fn are_the_same(&self) -> bool {
        self.0.iter().all(|(path, was)| stamp(path) == *was)
    }
}
