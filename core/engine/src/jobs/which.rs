//! Which waiting messages a job is about.

use carrack_message::{Class, Msisdn};
use carrack_routing::{Prefix, RouteTable};
use serde::{Serialize, Serializer};
use utoipa::ToSchema;

use super::JobRefused;
use crate::directory::Directory;
use crate::shard::LaneKey;

/// Every condition that is there has to hold.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct JobFilter {
    /// The first carrier that it waits for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub carrier: Option<String>,
    /// Its class.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "class_name")]
    #[schema(value_type = Option<String>)]
    pub class: Option<Class>,
    /// Its customer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    /// First digits of its recipient.
    #[serde(
        skip_serializing_if = "Option::is_none",
        serialize_with = "prefix_digits"
    )]
    #[schema(value_type = Option<String>)]
    pub to_prefix: Option<Prefix>,
    /// Its sender.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// Accepted at least so many seconds before the job began.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub older_than_seconds: Option<u64>,
    /// The batch it came with.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "batch_name")]
    #[schema(value_type = Option<String>)]
    pub batch: Option<u64>,
}

fn batch_name<S: Serializer>(batch: &Option<u64>, out: S) -> Result<S::Ok, S::Error> {
    out.collect_str(&format_args!("{:016x}", batch.unwrap_or(0)))
}

fn class_name<S: Serializer>(class: &Option<Class>, out: S) -> Result<S::Ok, S::Error> {
    out.serialize_str(class.map_or("", Class::name))
}

fn prefix_digits<S: Serializer>(prefix: &Option<Prefix>, out: S) -> Result<S::Ok, S::Error> {
    out.collect_str(&prefix.map_or(0, Prefix::as_u64))
}

impl JobFilter {
    /// Whether it has no condition.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// A filter with carriers and accounts by number.
#[derive(Debug, Clone)]
pub(crate) struct Which {
    carrier: Option<u16>,
    class: Option<Class>,
    account: Option<u32>,
    to_prefix: Option<Prefix>,
    from: Option<String>,
    pub(crate) older_than_ns: Option<u64>,
    pub(crate) batch: Option<u64>,
}

impl Which {
    pub(crate) fn new(
        filter: &JobFilter,
        table: &RouteTable,
        directory: &Directory,
    ) -> Result<Self, JobRefused> {
        let carrier = filter.carrier.as_ref().map(|name| {
            let place = table.carrier_number(name);
            place.ok_or_else(|| JobRefused::UnknownCarrier(name.clone()))
        });
        let account = filter.account.as_ref().map(|name| {
            let number = directory.account_number(name);
            number.ok_or_else(|| JobRefused::UnknownAccount(name.clone()))
        });
        Ok(Self {
            carrier: carrier.transpose()?,
            class: filter.class,
            account: account.transpose()?,
            to_prefix: filter.to_prefix,
            from: filter.from.clone(),
            batch: filter.batch,
            older_than_ns: filter
                .older_than_seconds
                .map(|seconds| seconds.saturating_mul(1_000_000_000)),
        })
    }

    /// Whether a lane (with the carriers of its plan) may hold such messages.
    pub(crate) fn lane(&self, key: &LaneKey, carriers: &[u16]) -> bool {
        self.carrier
            .is_none_or(|carrier| carriers.first() == Some(&carrier))
            && self.class.is_none_or(|class| key.class == class)
            && self.account.is_none_or(|account| key.account == account)
    }

    /// Whether all of such a lane matches.
    pub(crate) fn takes_whole_lanes(&self) -> bool {
        self.to_prefix.is_none()
            && self.from.is_none()
            && self.older_than_ns.is_none()
            && self.batch.is_none()
    }

    /// Whether a message of a lane that matches does so too, but for its age; its sender is asked for only if it counts.
    pub(crate) fn message<'a>(
        &self,
        to: Msisdn,
        batch: u64,
        from: impl FnOnce() -> Option<&'a str>,
    ) -> bool {
        self.batch.is_none_or(|wanted| batch == wanted)
            && self.to_prefix.is_none_or(|prefix| prefix.covers(to))
            && self
                .from
                .as_deref()
                .is_none_or(|sender| from() == Some(sender))
    }
}
