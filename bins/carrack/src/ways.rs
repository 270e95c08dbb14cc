//! From `[[route]]` and `[quality]` to what routing and the engine are told.

use carrack_message::Micros;
use carrack_routing::quality::Rules;
use carrack_routing::{
    AfterReceipt, Delivered, Hours, Margin, Matcher, NetworkPattern, Policy, Prefix,
};
use carrack_settings as settings;

pub(crate) fn matcher(matches: &settings::Match, prefixes: Vec<Prefix>) -> Matcher {
    let networks = matches.networks.iter().map(|pattern| match pattern {
        settings::NetworkPattern::Is(network) => NetworkPattern::Is(*network),
        settings::NetworkPattern::Country(country) => NetworkPattern::Country(*country),
    });
    let bounded = matches.segments_min.is_some() || matches.segments_max.is_some();
    let segments = matches.segments_min.unwrap_or(1)..=matches.segments_max.unwrap_or(u8::MAX);
    Matcher {
        prefixes,
        accounts: matches.accounts.clone(),
        groups: matches.groups.clone(),
        classes: matches.classes.clone(),
        senders: matches.senders.clone(),
        networks: networks.collect(),
        tags: matches.tags.clone(),
        patterns: matches.patterns.clone(),
        segments: bounded.then_some(segments),
        hours: matches.hours.as_ref().map(|hours| Hours {
            zone: hours.zone.clone(),
            times: hours.times.clone(),
            days: hours.days.clone(),
            dates: hours.dates.clone(),
        }),
    }
}

pub(crate) fn policy(policy: &settings::Policy) -> Policy {
    match policy {
        settings::Policy::LeastCost => Policy::LeastCost,
        settings::Policy::Ordered => Policy::Ordered,
        settings::Policy::Weighted { weights, sticky } => Policy::Weighted {
            weights: weights.clone(),
            sticky: *sticky,
        },
        settings::Policy::LeastCostDelivered(rules) => Policy::LeastCostDelivered(Delivered {
            delivered_permille_min: u16::from(rules.delivery_percent_min) * 10,
            receipt_ms_max: rules.receipt_time_max.map_or(0, |time| {
                u32::try_from(time.as_millis()).unwrap_or(u32::MAX)
            }),
            explore_permille: u16::from(rules.explore_percent) * 10,
            ..Delivered::default()
        }),
    }
}

pub(crate) const fn margin(margin: settings::Margin) -> Margin {
    match margin {
        settings::Margin::AtLeast(Micros(least)) => Margin::AtLeast(Micros(least)),
        settings::Margin::Any => Margin::Any,
    }
}

pub(crate) fn after_receipt(route: &settings::Route) -> AfterReceipt {
    AfterReceipt {
        failed_goes_on: route.failed_receipt_goes_on,
        missing_goes_on_s: route
            .missing_receipt_goes_on
            .map_or(0, |time| u32::try_from(time.as_secs()).unwrap_or(u32::MAX)),
    }
}

pub(crate) fn quality(quality: &settings::Quality) -> Rules {
    Rules {
        window_ns: u64::try_from(quality.window.as_nanos()).unwrap_or(u64::MAX),
        hysteresis_permille: u16::from(quality.hysteresis_percent) * 10,
        expected_permille: u16::from(quality.expected_percent) * 10,
        cells_max: quality.cells_max as usize,
        suspicious_receipt_ms: u32::try_from(quality.suspicious_receipt.as_millis())
            .unwrap_or(u32::MAX),
        ..Rules::default()
    }
}
