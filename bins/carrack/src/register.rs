//! The register of `[hlr]`, as the engine asks it.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Context;
use carrack_engine::{Register, RegisterReply};
use carrack_lookup::{Answer, Counts, Known, Lookups};
use carrack_message::{Msisdn, Network};
use carrack_settings::Settings;

/// What a day's questions have cost, in the data folder.
const LEDGER: &str = "hlr-spent";

/// The register, and what came of asking it.
pub(crate) struct Hlr(Lookups);

impl Hlr {
    /// Since the start.
    pub(crate) fn counts(&self) -> Counts {
        self.0.counts()
    }
}

impl fmt::Debug for Hlr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Hlr")
    }
}

fn network(known: Known) -> Option<Network> {
    Some(known.network).filter(|network| network.is_known())
}

impl Register for Hlr {
    fn known(&self, to: Msisdn) -> Option<Network> {
        // One that is remembered without a network need not be asked again.
        self.0.known(to).map(|known| known.network)
    }

    fn ask(&self, to: Msisdn, within: Duration, reply: RegisterReply) {
        let reply = Box::new(move |answer| match answer {
            Answer::Known(known) => reply(network(known)),
            Answer::Failed(_) | Answer::NotAsked(_) | Answer::TooLate => reply(None),
        });
        self.0.ask(to, Instant::now() + within, reply);
    }
}

/// The register of a configuration that names one.
pub(crate) fn start(settings: &Settings) -> anyhow::Result<Option<Arc<Hlr>>> {
    let Some(hlr) = &settings.hlr else {
        return Ok(None);
    };
    let ledger = settings.node.data_dir.join(LEDGER);
    std::fs::create_dir_all(&settings.node.data_dir)
        .with_context(|| format!("{} cannot be made", settings.node.data_dir.display()))?;
    let lookups = Lookups::start(hlr, &ledger).context("the register of [hlr] cannot be asked")?;
    Ok(Some(Arc::new(Hlr(lookups))))
}
