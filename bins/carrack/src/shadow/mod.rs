//! `[shadow]`: another configuration beside live traffic: what it would have done with each new message.
//!
//! Promise: nothing of it is sent, charged or changes a message, and no fault of it holds the node or a reload up: it is
//! logged, counted and stands in the report. Reading and comparing are done by one thread ([`Aside`]) that gives way to those
//! that move messages, and for which nobody waits before the node ends. Bound: `queue` messages that wait, sums of the size of the two tables, [`EXAMPLES_MAX`](example::EXAMPLES_MAX)
//! examples.

mod aside;
mod example;
mod loaded;
mod look;
mod report;
#[cfg(test)]
mod tests;
mod text;
mod trial;

use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use carrack_engine::Engine;
use carrack_ingest::http::ShadowDesk;
use carrack_settings as settings;
use serde_json::Value;

pub(crate) use loaded::Loaded;
pub(crate) use report::Report;

use aside::Aside;
use trial::Trial;

/// The trial of now, for those who ask.
#[derive(Default)]
pub(crate) struct Desk(Mutex<Option<Arc<Trial>>>);

impl Desk {
    fn trial(&self) -> Option<Arc<Trial>> {
        let trial = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        trial.clone()
    }

    fn replace(&self, trial: Option<Arc<Trial>>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = trial;
    }
}

impl ShadowDesk for Desk {
    fn report(&self) -> Option<Value> {
        serde_json::to_value(self.trial()?.report()).ok()
    }

    fn begin_anew(&self) -> Option<Value> {
        let trial = self.trial()?;
        trial.begin_anew();
        serde_json::to_value(trial.report()).ok()
    }
}

/// Who keeps a trial going.
pub(crate) struct Shadow {
    engine: Engine,
    desk: Arc<Desk>,
    /// None until something is tried.
    aside: Option<Aside>,
}

impl Shadow {
    /// Begins what the configuration names, if it names anything. The file is read aside: the node does not wait for it.
    pub(crate) fn start(engine: Engine, named: Option<&settings::Shadow>) -> Self {
        let mut shadow = Self {
            engine,
            desk: Arc::default(),
            aside: None,
        };
        shadow.begin(named);
        shadow
    }

    /// Where it can be asked.
    pub(crate) fn desk(&self) -> Arc<Desk> {
        Arc::clone(&self.desk)
    }

    /// After a reload of the node: what is tried goes on where nothing of it has changed, else it begins anew.
    pub(crate) fn reload(&mut self, named: Option<&settings::Shadow>) {
        let goes_on = match (self.desk.trial(), named) {
            (Some(trial), Some(named)) => trial.is_of(named),
            (None, None) => true,
            _ => false,
        };
        if !goes_on {
            // Until there is another one, who asks is told of the old one.
            self.end();
            self.begin(named);
        }
    }

    /// Ends it for good, and does not wait for its thread.
    pub(crate) fn stop(&mut self) {
        self.end();
        self.desk.replace(None);
    }

    /// Messages are shown to nobody any more.
    fn end(&self) {
        if let Some(trial) = self.desk.trial() {
            trial.stop(|| self.engine.replace_shadow(None));
        }
    }

    fn begin(&mut self, named: Option<&settings::Shadow>) {
        let Some(named) = named else {
            return self.desk.replace(None);
        };
        let trial = Arc::new(Trial::of(named.clone()));
        self.desk.replace(Some(Arc::clone(&trial)));
        match self.aside() {
            Ok(aside) => aside.begin(trial),
            Err(error) => trial.fail(&[format!("no thread for the shadow: {error}")]),
        }
    }

    /// The thread, once there is something to try.
    fn aside(&mut self) -> io::Result<&Aside> {
        let (run, shut) = (self.engine.clone(), self.engine.clone());
        Ok(match &mut self.aside {
            Some(aside) => aside,
            none => none.insert(Aside::start(
                move |trial| look::run(trial, &run),
                move || shut.replace_shadow(None),
            )?),
        })
    }
}
