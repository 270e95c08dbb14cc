//! The front doors of a node: opened together, given new accounts together, closed together before the node drains.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use carrack_engine::{AccountEntry, Directory, Engine, LimitSettings};
use carrack_ingest::accounts::{AccountBook, AccountSpec, Accounts};
use carrack_ingest::batch::{BatchSpec, Batches};
use carrack_ingest::consent::{ConsentDoor, ConsentSpec, Review};
use carrack_ingest::drop_folder::{DropFolderSpec, DropFolders};
use carrack_ingest::http::{HttpDoor, HttpSpec, MetricsPage, Modems, Shadow, Taps};
use carrack_ingest::loop_probe::{LoopProbes, ProbeBoard};
use carrack_ingest::smpp_server::{SmppServer, SmppServerSpec};
use carrack_ingest::webhook::{WebhookSpec, Webhooks};

use crate::configuration::Configuration;
use crate::node::{acknowledged_early, group, io, messages_max, terms};
use crate::place::Ready;
use crate::{consents, handsets, loop_probes};

/// Doors that are open.
pub(crate) struct Doors {
    book: Arc<AccountBook>,
    batches: Batches,
    drop_folders: DropFolders,
    http: Option<HttpDoor>,
    smpp: Option<SmppServer>,
    webhooks: Webhooks,
    loop_probes: LoopProbes,
    consent: ConsentDoor,
}

impl Doors {
    /// Opens every door of the configuration.
    pub(crate) fn open(
        configuration: &Configuration,
        engine: &Engine,
        page: MetricsPage,
        taps: Taps,
        shadow: Shadow,
        board: ProbeBoard,
        modems: Modems,
    ) -> anyhow::Result<Self> {
        let settings = &configuration.settings;
        let directory = engine.directory();
        let accounts = Accounts::build(&specifications(configuration), |name| {
            directory.account_number(name)
        })?;
        let book = Arc::new(AccountBook::new(accounts));
        book.replies().bound(settings.mo.replies_an_hour);
        let review = Review::open(consents::review_path(settings));
        let batches = Batches::start(
            BatchSpec::from_settings(settings),
            engine.clone(),
            Arc::clone(&book),
        )?;
        let smpp = settings.smpp_server.as_ref().map(|smpp_server| {
            let spec =
                SmppServerSpec::from_settings(smpp_server, io(settings), &settings.node.data_dir);
            SmppServer::start(spec, engine.clone(), Arc::clone(&book))
        });
        let smpp = smpp.transpose()?;
        let webhooks = WebhookSpec {
            data_dir: settings.node.data_dir.clone(),
            mo_keep: settings.mo.keep,
            tell_within: settings.delivery.tell_within,
        };
        let webhooks = Webhooks::start(webhooks, engine.clone(), Arc::clone(&book))?;
        let http = settings.http.as_ref().map(|http| {
            let spec = HttpSpec {
                taps,
                shadow,
                loop_probes: board.clone(),
                review: review.clone(),
                modems,
                webhooks: Some(webhooks.desk()),
                ..HttpSpec::from_settings(http, Some(page))
            };
            HttpDoor::open(&spec, engine.clone(), Arc::clone(&book), batches.clone())
        });
        let http = http.transpose()?;
        let probes = loop_probes::specifications(settings);
        let drops = settings.drop_folders.iter();
        let drops: Vec<DropFolderSpec> = drops
            .map(DropFolderSpec::from_settings)
            .collect::<Result<_, _>>()?;
        let drop_folders = DropFolders::start(drops, &batches, &book)
            .context("a drop folder cannot be watched")?;
        let consent = ConsentDoor::start(
            engine,
            Arc::clone(&book),
            review,
            ConsentSpec::from_settings(settings),
        )?;
        Ok(Self {
            drop_folders,
            loop_probes: LoopProbes::start(engine.clone(), probes, board)?,
            consent,
            http,
            book,
            batches,
            smpp,
            webhooks,
        })
    }

    /// Where they are.
    pub(crate) fn ready(&self) -> Ready {
        Ready {
            pid: std::process::id(),
            http: self.http.as_ref().map(HttpDoor::address),
            smpp: self.smpp.as_ref().map(SmppServer::address),
        }
    }

    /// Gives engine and doors the accounts of another configuration, and the engine its rules for messages from
    /// handsets, other `limits` if there are others, and its routes and loop probes as well unless they are to stay.
    pub(crate) fn reload(
        &self,
        configuration: &Configuration,
        engine: &Engine,
        limits: Option<LimitSettings>,
        keep_routes: bool,
    ) -> anyhow::Result<()> {
        let table = if keep_routes {
            engine.table()
        } else {
            Arc::clone(&configuration.table)
        };
        // All that can fail comes first, so that a fault leaves everything as it was.
        let directory = directory(configuration, engine)?;
        let accounts = self.book.prepare(&specifications(configuration), |name| {
            directory.account_number(name)
        })?;
        engine
            .replace_suppressions(configuration.suppressions.clone())
            .context("what was added to a suppression list cannot be read")?;
        engine.replace_tables(directory, table);
        // Where they are the same, nothing that waits need look at them.
        if let Some(limits) = limits {
            engine.replace_limits(limits);
        }
        self.book.replace(accounts);
        if let Some(smpp) = &self.smpp {
            smpp.reload();
        }
        if let Some(http) = &self.http {
            http.reload();
        }
        self.webhooks.reload();
        self.book
            .replies()
            .bound(configuration.settings.mo.replies_an_hour);
        self.consent
            .follow(ConsentSpec::from_settings(&configuration.settings));
        // Without its route a probe would be sent by that of another carrier, or by none.
        if !keep_routes {
            self.loop_probes
                .follow(loop_probes::specifications(&configuration.settings));
        }
        Ok(())
    }

    /// Gives engine and doors the decks and routes of a configuration that is theirs otherwise.
    pub(crate) fn take_prices(
        &self,
        configuration: &Configuration,
        engine: &Engine,
    ) -> anyhow::Result<()> {
        let directory = engine.directory();
        let accounts = self.book.prepare(&specifications(configuration), |name| {
            directory.account_number(name)
        })?;
        engine.replace_tables(
            Directory::clone(&directory),
            Arc::clone(&configuration.table),
        );
        self.book.replace(accounts);
        if let Some(smpp) = &self.smpp {
            smpp.take_accounts();
        }
        Ok(())
    }

    /// Closes them: nothing new is taken, what is on its way is answered. The engine must still run.
    pub(crate) fn close(self, within: Duration) {
        let within_each = within / 3;
        self.loop_probes.stop();
        self.consent.stop();
        if let Some(http) = self.http {
            http.close(within_each);
        }
        if let Some(smpp) = self.smpp {
            smpp.stop(within_each);
        }
        self.webhooks.stop(within_each);
        self.drop_folders.stop();
        self.batches.stop();
    }
}

fn specifications(configuration: &Configuration) -> Vec<AccountSpec> {
    let settings = &configuration.settings;
    settings
        .accounts
        .iter()
        .zip(&configuration.sell_decks)
        .map(|(account, deck)| {
            let numbering = Arc::clone(&configuration.numbering);
            AccountSpec::from_settings(account, &settings.delivery, deck.clone(), numbering)
        })
        .collect()
}

/// Accounts of another configuration with the counters they have. Those that are gone stay for the sake of messages on
/// their way, and so does the node's own; no door knows them any more.
fn directory(configuration: &Configuration, engine: &Engine) -> anyhow::Result<Directory> {
    let before = engine.directory();
    let mut entries: Vec<AccountEntry> = before.accounts().cloned().collect();
    let decks = &configuration.sell_decks;
    for (account, deck) in configuration.settings.accounts.iter().zip(decks) {
        let currency = deck.as_ref().and_then(|deck| deck.currency());
        let found = entries.iter_mut().find(|entry| entry.name == account.name);
        if let Some(entry) = found {
            entry.messages_max = messages_max(account);
            entry.share = account.share;
            (entry.group, entry.currency) = (group(account), currency);
            entry.terms = terms(account);
            entry.acknowledged_early = acknowledged_early(account);
            continue;
        }
        let number = engine
            .number_account(&account.name)
            .with_context(|| format!("account {} cannot be given a number", account.name))?;
        entries.push(AccountEntry {
            number,
            name: account.name.clone(),
            waiting: Arc::default(),
            messages_max: messages_max(account),
            share: account.share,
            group: group(account),
            currency,
            terms: terms(account),
            acknowledged_early: acknowledged_early(account),
            balance: Arc::default(),
        });
    }
    let carriers = before.carriers().to_vec();
    Ok(Directory::new(entries, carriers)
        .with_mo(handsets::rules(&configuration.settings))
        .with_consent(configuration.consent.clone())
        .with_quiet(configuration.quiet.clone()))
}
