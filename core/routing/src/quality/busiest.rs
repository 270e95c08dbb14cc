//! How a carrier does by network, as people and metrics see it.
//!
//! Bound: as many networks as are asked for, those first that need to be looked at.

use std::cmp::Reverse;

use carrack_message::{Class, Network};
use serde::Serialize;
use utoipa::ToSchema;

use super::{CarrierQuality, Quality};

/// How a carrier does in one network.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct NetworkQuality {
    /// MCC and MNC such as `234-15`, or `unknown`.
    pub network: String,
    /// All classes.
    #[serde(flatten)]
    pub quality: Quality,
    /// By class, the most urgent first.
    pub classes: Vec<ClassQuality>,
}

/// How a carrier does in one network with messages of one class.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ClassQuality {
    /// The class.
    pub class: &'static str,
    /// How it does.
    #[serde(flatten)]
    pub quality: Quality,
}

impl Quality {
    /// What the window has of it: messages that ended or submits that were answered, whichever is more.
    #[must_use]
    pub fn seen(&self) -> u32 {
        self.ended.max(self.answered)
    }
}

impl CarrierQuality {
    /// The networks of which the window has something: suspected ones first, then those with most messages.
    #[must_use]
    pub fn busiest(&self, most: usize) -> Vec<(Network, &Quality)> {
        let seen = self.networks.iter();
        let seen = seen.filter(|(_, quality)| quality.seen() > 0 || quality.suspected);
        let mut found: Vec<_> = seen.map(|(network, quality)| (*network, quality)).collect();
        found.sort_unstable_by_key(|(network, quality)| {
            (!quality.suspected, Reverse(quality.seen()), *network)
        });
        found.truncate(most);
        found
    }

    /// The same with their classes.
    #[must_use]
    pub fn by_network(&self, most: usize) -> Vec<NetworkQuality> {
        let with_classes = |(network, quality): (Network, &Quality)| {
            let class = |class: Class| {
                let quality = *self.cells.get(&(network, class))?;
                let class = class.name();
                (quality.seen() > 0).then_some(ClassQuality { class, quality })
            };
            NetworkQuality {
                network: network.to_string(),
                quality: *quality,
                classes: Class::ALL.into_iter().filter_map(class).collect(),
            }
        };
        self.busiest(most).into_iter().map(with_classes).collect()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;

    fn of(networks: &[(u16, u32, bool)]) -> CarrierQuality {
        let mut quality = CarrierQuality::default();
        for (code, ended, suspected) in networks {
            let network: Network = format!("234-{:02}", code % 100).parse().unwrap();
            let one = Quality {
                ended: *ended,
                suspected: *suspected,
                ..Quality::default()
            };
            quality.networks.insert(network, one);
            quality.cells.insert((network, Class::Bulk), one);
        }
        quality
    }

    proptest! {
        #[test]
        fn nobody_left_out_has_more_messages_than_one_shown(
            networks in prop::collection::vec((0u16..100, 0u32..50, any::<bool>()), 0..60),
            most in 0usize..70,
        ) {
            let quality = of(&networks);
            let shown = quality.busiest(most);
            prop_assert!(shown.len() <= most);
            let rank = |quality: &Quality| (quality.suspected, quality.seen());
            let least = shown.iter().map(|(_, quality)| rank(quality)).min();
            let left_out = quality.networks.iter().filter(|(network, one)| {
                one.seen() > 0 && !shown.iter().any(|(shown, _)| shown == *network)
            });
            for (_, one) in left_out {
                prop_assert_eq!(shown.len(), most);
                prop_assert!(least.is_none_or(|least| rank(one) <= least));
            }
        }
    }

    #[test]
    fn networks_of_which_nothing_came_are_not_shown_and_classes_are_named() {
        let shown = of(&[(15, 3, false), (20, 0, false)]).by_network(50);
        let [one] = shown.as_slice() else {
            unreachable!("one has messages: {shown:?}");
        };
        assert_eq!(one.network, "234-15");
        let classes: Vec<_> = one.classes.iter().map(|one| one.class).collect();
        assert_eq!(classes, ["bulk"]);
    }
}
