//! Routes of the node itself, for messages that no customer sent.
//!
//! Promise: they take the messages of one account and of nobody else, and no other route takes those. They stand behind
//! the configured ones, so that the numbers of these, and what is explained and rehearsed of them, are as without.

use crate::{Query, RouteRow, RouteTable, RoutingFault};

/// The account and its routes.
#[derive(Clone, Debug)]
pub(crate) struct Own {
    account: String,
    routes: Vec<RouteRow>,
}

impl RouteTable {
    /// The same, and routes of the node itself for the messages of this account; without any it has none.
    ///
    /// # Errors
    /// The first [`RoutingFault`] found; more routes than there are numbers are one.
    pub fn with_own(mut self, account: &str, routes: Vec<RouteRow>) -> Result<Self, RoutingFault> {
        let count = self.routes.len() + routes.len();
        if count > crate::table::ROWS_MAX {
            let what = "routes";
            return Err(RoutingFault::TooMany { what, count });
        }
        for route in &routes {
            crate::table::check_route(route, &self.carriers)?;
        }
        let account = account.to_owned();
        self.own = Some(Own { account, routes });
        Ok(self)
    }

    /// The routes that a message may take, and the number of the first of them.
    pub(crate) fn routes_of(&self, query: &Query<'_>) -> (usize, &[RouteRow]) {
        match &self.own {
            Some(own) if own.account == query.account => (self.routes.len(), &own.routes),
            _ => (0, &self.routes),
        }
    }

    /// Whether the route of this number is one of the node's own.
    pub fn is_own(&self, number: u16) -> bool {
        usize::from(number) >= self.routes.len() && self.route(number).is_some()
    }

    /// A route by its number.
    pub fn route(&self, number: u16) -> Option<&RouteRow> {
        let number = usize::from(number);
        let own = || self.own.as_ref()?.routes.get(number - self.routes.len());
        match number < self.routes.len() {
            true => self.routes.get(number),
            false => own(),
        }
    }
}
