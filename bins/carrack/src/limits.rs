//! From `[[limit]]` and `[limits]` to what the engine is told.

use carrack_engine::{Each, LimitKind, LimitRule, LimitSettings, SenderIs};
use carrack_settings::{self as settings, Fault, SenderPattern, Settings};

use crate::configuration::prefixes;
use crate::node::nanoseconds;
use crate::ways;

/// Limits as the engine knows them; faults of their prefixes are gathered.
pub(crate) fn of(settings: &Settings, faults: &mut Vec<Fault>) -> LimitSettings {
    let rule = |limit: &settings::Limit| LimitRule {
        name: limit.name.clone(),
        shown: limit.shown(),
        matcher: ways::matcher(
            &limit.matches,
            prefixes(settings, &limit.matches, limit.line, faults),
        ),
        senders: limit.senders.iter().map(sender).collect(),
        kind: kind(&limit.kind),
    };
    let size = |count: u32| usize::try_from(count).unwrap_or(usize::MAX);
    LimitSettings {
        rules: settings.limit_rules.iter().map(rule).collect(),
        buckets_max: size(settings.limits.buckets_max),
        recipients_max: size(settings.limits.recipients_max),
    }
}

/// A sender, or the beginning of senders.
pub(crate) fn sender(pattern: &SenderPattern) -> SenderIs {
    let text = pattern.text().to_owned();
    match pattern.is_prefix() {
        true => SenderIs::Begins(text),
        false => SenderIs::Exactly(text),
    }
}

fn kind(kind: &settings::LimitKind) -> LimitKind {
    match kind {
        settings::LimitKind::Paced {
            each,
            count,
            unit,
            burst,
        } => LimitKind::Paced {
            each: match each {
                settings::Each::All => Each::All,
                settings::Each::Sender => Each::Sender,
                settings::Each::Network => Each::Network,
            },
            count: *count,
            unit_ns: nanoseconds(*unit),
            burst: *burst,
        },
        settings::LimitKind::Recipient { count, within } => LimitKind::Recipient {
            count: *count,
            within_ns: nanoseconds(*within),
        },
    }
}
