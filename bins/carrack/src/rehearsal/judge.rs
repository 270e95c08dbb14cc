//! What a configuration would do with a message: as a door prices it and a shard chooses for it, with every carrier up, and
//! measured as far as the judge was told ([`Judge::take_quality`]).
//!
//! Promise: the same tables, the same look-ups and the same draws as the node's; what is not known of a message is not
//! guessed but told ([`Judged::blind`]).

use std::collections::HashMap;

use carrack_message::{Currency, Micros, Network};
use carrack_routing::quality::Qualities;
use carrack_routing::{Deck, Draws, Matcher, NoRoute, Query};

use super::Facts;
use crate::configuration::Configuration;

/// An account as it would be.
struct Account<'a> {
    group: &'a str,
    deck: Option<&'a Deck>,
}

/// A route that asks for what may not be known of a message.
struct Blind<'a> {
    route: u16,
    /// What it asks beside that.
    rest: Matcher,
    own: &'a Matcher,
}

/// What would become of a message.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Judged {
    pub(crate) verdict: Result<Taken, Refusal>,
    /// The first route that might have taken it, had more been known.
    pub(crate) blind: Option<u16>,
}

/// A carrier has it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Taken {
    pub(crate) route: u16,
    pub(crate) carrier: u16,
    /// All its segments, in the currency of the carrier's deck.
    pub(crate) cost: Micros,
    pub(crate) cost_currency: Option<Currency>,
    /// What the customer's deck says, all segments.
    pub(crate) price: Option<Micros>,
    pub(crate) currency: Option<Currency>,
}

/// Why nobody would have it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Refusal {
    UnknownAccount,
    NoSellPrice,
    NoRoute,
    NoPrice,
    Margin,
}

impl Refusal {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::UnknownAccount => "unknown_account",
            Self::NoSellPrice => "no_sell_price",
            Self::NoRoute => "no_route",
            Self::NoPrice => "no_price",
            Self::Margin => "margin",
        }
    }

    pub(crate) const fn meaning(self) -> &'static str {
        match self {
            Self::UnknownAccount => "its account is not in the new configuration",
            Self::NoSellPrice => "its account's deck has no price for the number",
            Self::NoRoute => "no route matches",
            Self::NoPrice => "no enabled carrier of its route has a price",
            Self::Margin => "no carrier of its route leaves the margin",
        }
    }
}

/// A configuration that is tried.
pub(crate) struct Judge<'a> {
    configuration: &'a Configuration,
    accounts: HashMap<&'a str, Account<'a>>,
    blind: Vec<Blind<'a>>,
    draws: Draws,
    /// For messages that were drawn for before.
    drawn: Draws,
    quality: Option<Qualities>,
}

impl<'a> Judge<'a> {
    pub(crate) fn new(configuration: &'a Configuration) -> Self {
        let decks = configuration.sell_decks.iter().map(Option::as_deref);
        let accounts = configuration.settings.accounts.iter().zip(decks);
        let accounts = accounts.map(|(account, deck)| {
            let group = account.group.as_deref().unwrap_or_default();
            (account.name.as_str(), Account { group, deck })
        });
        let routes = configuration.table.routes();
        let blind = (0u16..).zip(routes).filter_map(|(route, row)| {
            let own = &row.matcher;
            let asks = !own.patterns.is_empty() || !own.tags.is_empty();
            asks.then(|| Blind {
                route,
                rest: Matcher {
                    patterns: Vec::new(),
                    tags: Vec::new(),
                    ..own.clone()
                },
                own,
            })
        });
        Self {
            configuration,
            accounts: accounts.collect(),
            blind: blind.collect(),
            draws: Draws::new(routes.len()),
            drawn: Draws::new(routes.len()),
            quality: None,
        }
    }

    /// How carriers do, by their numbers in this configuration.
    pub(crate) fn take_quality(&mut self, quality: Qualities) {
        self.quality = Some(quality);
    }

    /// Whether the moment at which a message comes matters.
    pub(crate) fn is_timed(&self) -> bool {
        let mut routes = self.configuration.table.routes().iter();
        routes.any(|route| route.matcher.hours.is_some())
    }

    pub(crate) fn judge(&self, facts: &Facts<'_>) -> Judged {
        let refused = |refusal| Judged {
            verdict: Err(refusal),
            blind: None,
        };
        let Some(account) = self.accounts.get(facts.account) else {
            return refused(Refusal::UnknownAccount);
        };
        let Ok((price, currency)) = self.price(account, facts) else {
            return refused(Refusal::NoSellPrice);
        };
        let segments = i64::from(facts.segments.max(1));
        let draws = match facts.draw {
            Some(drawn) => {
                self.drawn.repeat(drawn);
                &self.drawn
            }
            None => &self.draws,
        };
        let query = Query {
            group: account.group,
            segments: facts.segments,
            tag: facts.tag.unwrap_or_default(),
            text: facts.text,
            network: facts.network,
            quality: self.quality.as_ref(),
            at_utc_ns: facts.at_utc_ns,
            sell: price.map(|price| Micros(price.0 / segments)),
            sell_currency: currency,
            draws: Some(draws),
            ..Query::of(facts.account, facts.to, facts.from, facts.class)
        };
        let verdict = self.choose(&query, facts, (price, currency));
        let taken_by = match &verdict {
            Ok((taken, network)) => Some((taken.route, *network)),
            Err((_, route)) => route.map(|route| (route, self.network(&query))),
        };
        Judged {
            blind: self.blind(&query, facts, taken_by),
            verdict: verdict
                .map(|(taken, _)| taken)
                .map_err(|(refusal, _)| refusal),
        }
    }

    fn network(&self, query: &Query<'_>) -> Network {
        self.configuration.table.network(query)
    }

    /// As doors price.
    fn price(
        &self,
        account: &Account<'_>,
        facts: &Facts<'_>,
    ) -> Result<(Option<Micros>, Option<Currency>), ()> {
        let Some(deck) = account.deck else {
            return Ok((None, None));
        };
        let network = match deck.has_networks() {
            true => self.configuration.numbering.network(facts.to),
            false => Network::UNKNOWN,
        };
        let hit = deck.price_for(facts.to, network);
        let price = hit.and_then(|hit| hit.cost(u32::from(facts.segments)));
        Ok((Some(price.ok_or(())?), deck.currency()))
    }

    /// With the number of the route that matched, where one did.
    fn choose(
        &self,
        query: &Query<'_>,
        facts: &Facts<'_>,
        (price, currency): (Option<Micros>, Option<Currency>),
    ) -> Result<(Taken, Network), (Refusal, Option<u16>)> {
        let table = &self.configuration.table;
        let choice = table.choose(query).map_err(|fault| match fault {
            NoRoute::NoRouteMatches => (Refusal::NoRoute, None),
            NoRoute::NoCarrierHasAPrice { route, .. } => (Refusal::NoPrice, Some(route)),
            NoRoute::NoMargin { route, .. } => (Refusal::Margin, Some(route)),
        })?;
        let no_price = (Refusal::NoPrice, Some(choice.route));
        let first = choice.candidates.first().ok_or(no_price)?;
        let row = table.carrier(first.carrier).ok_or(no_price)?;
        let cost = row.cost(facts.to, choice.network, u32::from(facts.segments));
        let taken = Taken {
            route: choice.route,
            carrier: first.carrier,
            cost: cost.ok_or(no_price)?,
            cost_currency: row.currency(),
            price,
            currency,
        };
        Ok((taken, choice.network))
    }

    /// The first route before the one that takes it that asks for what is not known, and for nothing else that the message
    /// does not have.
    fn blind(
        &self,
        query: &Query<'_>,
        facts: &Facts<'_>,
        taken_by: Option<(u16, Network)>,
    ) -> Option<u16> {
        if self.blind.is_empty() {
            return None;
        }
        let network = taken_by.map_or_else(|| self.network(query), |(_, network)| network);
        let before = |blind: &&Blind<'_>| taken_by.is_none_or(|(route, _)| blind.route < route);
        let might = |blind: &&Blind<'_>| {
            let needs_text = !blind.own.patterns.is_empty() && facts.text.is_none();
            let needs_tag = !blind.own.tags.is_empty() && facts.tag.is_none();
            let tag_holds = || {
                let tags = &blind.own.tags;
                let own = facts.tag.unwrap_or_default();
                facts.tag.is_none() || tags.is_empty() || tags.iter().any(|tag| tag == own)
            };
            (needs_text || needs_tag)
                && (!needs_text || facts.is_text)
                && tag_holds()
                && blind.rest.matches(query, network)
        };
        let mut blind = self.blind.iter().take_while(before);
        blind.find(might).map(|blind| blind.route)
    }
}
