//! Which serial ports are modems of a pool that looks for its own (`ports = "auto"`), and which place each takes.
//!
//! Promise: a port that a `[[modem]]` names, another port of the same USB device, and a modem that is served already are left alone;
//! of a modem with several ports one is taken, best one where it tells things by itself. A modem that comes back has the place that it
//! had. What does not answer is asked again, ever less often, as it may have been starting. Nothing is opened here: whoever calls does.
//! Bound: the places; one port more is told, and counted.

use std::collections::HashSet;
use std::path::PathBuf;

use serde::Serialize;

use super::interview::Interviewed;

/// A port is asked again at most every so many looks.
const PATIENCE_LOOKS_MAX: u32 = 64;

/// A serial port as the system lists it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeenPort {
    /// The name under which it is opened.
    pub name: String,
    /// What the name stands for.
    pub device: PathBuf,
    /// Another one for another device under the same name.
    pub mark: u64,
    /// The USB device that it is a part of, where it is.
    pub body: Option<PathBuf>,
}

impl SeenPort {
    fn is(&self, other: &Self) -> bool {
        self.device == other.device && self.mark == other.mark
    }
}

/// What others have.
#[derive(Debug, Clone, Default)]
pub struct Spoken {
    /// Ports that a `[[modem]]` names.
    pub devices: HashSet<PathBuf>,
    /// USB devices of these.
    pub bodies: HashSet<PathBuf>,
    /// Modems that answer there.
    pub imeis: HashSet<String>,
}

impl Spoken {
    fn has(&self, port: &SeenPort) -> bool {
        let of_body = port
            .body
            .as_ref()
            .is_some_and(|body| self.bodies.contains(body));
        self.devices.contains(&port.device) || of_body
    }
}

/// Something is to be done at a place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SearchChange {
    /// A modem takes it.
    Fit {
        /// From 0.
        place: usize,
        /// Where it is opened.
        port: String,
        /// Who it is.
        found: Interviewed,
    },
    /// Its modem is gone.
    Vacate {
        /// From 0.
        place: usize,
        /// Why, for people.
        reason: String,
    },
}

/// What is known of a port, for people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PortView {
    /// Its name.
    pub port: String,
    /// What came of it.
    pub verdict: String,
}

#[derive(Debug)]
enum State {
    /// It is asked at a later look; of one that was asked, why nobody is known there.
    Waiting(Option<String>),
    /// It is being asked.
    Asked,
    Answered(Interviewed),
}

#[derive(Debug)]
struct Candidate {
    port: SeenPort,
    state: State,
    /// The look at which it is asked, should it wait.
    due_at: u64,
    /// Looks until it is asked once more, should nobody be there.
    patience_looks: u32,
}

#[derive(Debug, Default, Clone)]
struct Place {
    /// Who is in it, or was last.
    imei: String,
    port: Option<SeenPort>,
    /// The look at which it was left.
    left_at: u64,
}

/// The ports of a machine and the places of a pool.
#[derive(Debug)]
pub struct Search {
    candidates: Vec<Candidate>,
    places: Vec<Place>,
    looks: u64,
}

impl Search {
    /// With so many places.
    #[must_use]
    pub fn new(places: usize) -> Self {
        Self {
            candidates: Vec::new(),
            places: vec![Place::default(); places],
            looks: 0,
        }
    }

    /// Takes a look at what is there, best names first; says which ports are to be asked. Each has to be told of by [`Self::told`].
    pub fn look(&mut self, seen: &[SeenPort], spoken: &Spoken) -> Vec<SeenPort> {
        self.looks += 1;
        let mut ports: Vec<&SeenPort> = Vec::with_capacity(seen.len());
        for port in seen.iter().filter(|port| !spoken.has(port)) {
            if !ports.iter().any(|other| other.device == port.device) {
                ports.push(port);
            }
        }
        self.candidates
            .retain(|candidate| ports.iter().any(|port| candidate.port.is(port)));
        // The other ports of a modem that comes are there a moment later; at the start all are.
        let due_at = self.looks + u64::from(self.looks > 1);
        for port in ports {
            if !self.candidates.iter().any(|known| known.port.is(port)) {
                self.candidates.push(Candidate {
                    port: port.clone(),
                    state: State::Waiting(None),
                    due_at,
                    patience_looks: 1,
                });
            }
        }
        let mut due = Vec::new();
        for candidate in &mut self.candidates {
            if matches!(candidate.state, State::Waiting(_)) && candidate.due_at <= self.looks {
                candidate.state = State::Asked;
                due.push(candidate.port.clone());
            }
        }
        due
    }

    /// Who is at a port that was to be asked; an error is for people.
    pub fn told(&mut self, port: &SeenPort, found: Result<Interviewed, String>) {
        let looks = self.looks;
        let mut candidates = self.candidates.iter_mut();
        let Some(candidate) = candidates.find(|candidate| candidate.port.is(port)) else {
            return;
        };
        let reason = match found {
            Ok(found) if !found.imei.is_empty() => {
                candidate.state = State::Answered(found);
                return;
            }
            Ok(_) => {
                "a modem that does not tell its IMEI (AT+CGSN): write a [[modem]] for it".to_owned()
            }
            Err(reason) => reason,
        };
        candidate.state = State::Waiting(Some(reason));
        candidate.due_at = looks + u64::from(candidate.patience_looks);
        candidate.patience_looks = (candidate.patience_looks * 2).min(PATIENCE_LOOKS_MAX);
    }

    /// What follows from all that is known.
    pub fn decide(&mut self, spoken: &Spoken) -> Vec<SearchChange> {
        let mut changes = Vec::new();
        for place in 0..self.places.len() {
            changes.extend(self.leave(place, spoken));
        }
        let mut answered: Vec<usize> = (0..self.candidates.len())
            .filter(|place| {
                let candidate = self.candidates.get(*place);
                candidate.is_some_and(|candidate| candidate.found().is_some())
            })
            .collect();
        answered.sort_by_key(|place| self.candidates.get(*place).map(Candidate::rank));
        for candidate in answered {
            changes.extend(self.enter(candidate, spoken));
        }
        changes
    }

    /// What came of each port.
    #[must_use]
    pub fn ports(&self, place_name: impl Fn(usize) -> String) -> Vec<PortView> {
        let view = |candidate: &Candidate| PortView {
            port: candidate.port.name.clone(),
            verdict: self.verdict(candidate, &place_name),
        };
        self.candidates.iter().map(view).collect()
    }

    /// Modems that answered and found no place.
    #[must_use]
    pub fn without_place(&self) -> usize {
        if self.places.iter().any(|place| place.port.is_none()) {
            return 0;
        }
        let found = self.candidates.iter().filter_map(Candidate::found);
        let imeis: HashSet<&str> = found.map(|found| found.imei.as_str()).collect();
        let served = |imei: &&&str| self.places.iter().any(|place| place.imei == **imei);
        imeis.iter().filter(|imei| !served(imei)).count()
    }

    fn verdict(&self, candidate: &Candidate, place_name: impl Fn(usize) -> String) -> String {
        let found = match &candidate.state {
            State::Waiting(None) | State::Asked => return "it is being asked".to_owned(),
            State::Waiting(Some(reason)) => return reason.clone(),
            State::Answered(found) => found,
        };
        let in_use = |place: &Place| place.port.is_some() && place.imei == found.imei;
        let Some(place) = self.places.iter().position(in_use) else {
            return match self.places.iter().any(|place| place.port.is_none()) {
                true => "its modem is served at a port of a [[modem]]".to_owned(),
                false => "no place is left for its modem: raise ports_max".to_owned(),
            };
        };
        let taken = self.places.get(place).and_then(|place| place.port.as_ref());
        match taken {
            Some(port) if port.is(&candidate.port) => place_name(place),
            _ => format!("another port of {}", place_name(place)),
        }
    }

    /// Whose port is gone, or whose modem somebody else serves, leaves.
    fn leave(&mut self, place: usize, spoken: &Spoken) -> Option<SearchChange> {
        let looks = self.looks;
        let taken = self.places.get_mut(place)?;
        let port = taken.port.as_ref()?;
        let is_there = |candidate: &Candidate| candidate.port.is(port);
        let reason = if spoken.imeis.contains(&taken.imei) {
            format!("its modem ({}) is one of [[modem]]", taken.imei)
        } else if !self.candidates.iter().any(is_there) {
            format!(
                "{} is gone, and the modem {} with it",
                port.name, taken.imei
            )
        } else {
            return None;
        };
        taken.port = None;
        taken.left_at = looks;
        Some(SearchChange::Vacate { place, reason })
    }

    /// A modem that no place has takes one: its own, one that nobody had, or the one that was left first.
    fn enter(&mut self, candidate: usize, spoken: &Spoken) -> Option<SearchChange> {
        let candidate = self.candidates.get(candidate)?;
        let found = candidate.found()?;
        let is_served = |place: &Place| place.port.is_some() && place.imei == found.imei;
        if spoken.imeis.contains(&found.imei) || self.places.iter().any(is_served) {
            return None;
        }
        let empty = (0_usize..).zip(&self.places);
        let empty = empty.filter(|(_, place)| place.port.is_none());
        let (place, _) =
            empty.min_by_key(|(_, place)| (place.imei != found.imei, place.left_at))?;
        let (port, found) = (candidate.port.clone(), found.clone());
        let taken = self.places.get_mut(place)?;
        taken.imei.clone_from(&found.imei);
        let name = port.name.clone();
        taken.port = Some(port);
        Some(SearchChange::Fit {
            place,
            port: name,
            found,
        })
    }
}

impl Candidate {
    const fn found(&self) -> Option<&Interviewed> {
        match &self.state {
            State::Answered(found) => Some(found),
            _ => None,
        }
    }

    /// The best port of a modem first.
    fn rank(&self) -> (bool, usize, String) {
        let is_told_here = self.found().is_some_and(|found| found.is_told_here);
        let (length, name) = order(&self.port);
        (!is_told_here, length, name.to_owned())
    }
}

/// As people count: ttyUSB2 before ttyUSB10.
fn order(port: &SeenPort) -> (usize, &str) {
    (port.name.len(), &port.name)
}

#[cfg(test)]
mod tests;
