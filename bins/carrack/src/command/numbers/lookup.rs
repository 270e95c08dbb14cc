//! `carrack numbers lookup` and `check`: what an index says, and whether it is whole.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use carrack_message::{Msisdn, number};
use carrack_routing::numbering::{Numbering, Portability};
use carrack_settings::Faults;
use clap::Args;
use serde_json::{Value, json};

use crate::fault::Fault;
use crate::numbering::{index, plan, whole};
use crate::output;
use crate::table::{count, shown, table};

/// Numbers of an index that are timed.
const SAMPLE: u64 = 1 << 20;

/// Arguments of `lookup`.
#[derive(Args)]
pub(crate) struct Lookup {
    /// The index of ported numbers
    index: PathBuf,
    /// Numbers to look up
    #[arg(required = true, value_name = "NUMBER")]
    numbers: Vec<String>,
    /// The numbering plan, for numbers that were not ported
    #[arg(long, value_name = "FILE")]
    plan: Option<PathBuf>,
    /// Country of numbers in national form
    #[arg(long, value_name = "GB")]
    region: Option<String>,
    /// Prints JSON
    #[arg(long)]
    json: bool,
}

/// Arguments of `check`.
#[derive(Args)]
pub(crate) struct Check {
    /// The index of ported numbers
    index: PathBuf,
    /// Times so many look-ups as well, in no order, half of them of numbers that are not in it
    #[arg(long, value_name = "N")]
    lookups: Option<u64>,
    /// Prints JSON
    #[arg(long)]
    json: bool,
}

/// Runs `lookup`.
pub(super) fn lookup(arguments: &Lookup) -> Result<(), Fault> {
    let mut numbers = Vec::with_capacity(arguments.numbers.len());
    for text in &arguments.numbers {
        let number = number::tidy(text, arguments.region.as_deref());
        numbers.push(number.map_err(|fault| Fault::Usage(format!("{text}: {fault}")))?);
    }
    let plan = arguments.plan.as_deref().map(plan).transpose();
    let numbering = Numbering {
        plan: plan.map_err(Faults)?.map(Arc::new),
        portability: Some(index(&arguments.index, false).map_err(|fault| Faults(vec![fault]))?),
    };
    let found: Vec<Value> = numbers.iter().map(|to| known(&numbering, *to)).collect();
    if arguments.json {
        return output::json(&found);
    }
    let columns = [
        "number", "country", "kind", "network", "ported", "prefix", "operator",
    ];
    let mut lines = table(&columns, columns.len());
    for document in &found {
        lines.add_row(columns.map(|column| shown(document, column)));
    }
    output::line(lines)
}

fn known(numbering: &Numbering, to: Msisdn) -> Value {
    let known = numbering.known(to);
    let origin = number::origin(to);
    let country = known.range.and_then(|range| range.country);
    json!({
        "number": to.to_string(),
        "country": country.or(origin.country),
        "kind": origin.kind.name(),
        "network": known.network.is_known().then(|| known.network.to_string()),
        "ported": if known.is_ported { "yes" } else { "no" },
        "prefix": known.range.map(|range| range.prefix.to_string()),
        "operator": known.range.and_then(|range| range.operator),
    })
}

/// Runs `check`.
pub(super) fn check(arguments: &Check) -> Result<(), Fault> {
    let name = arguments.index.display().to_string();
    let checked = index(&arguments.index, true).and_then(|found| {
        let verified = found.verify();
        verified
            .map(|()| found)
            .map_err(|fault| whole(&arguments.index, fault.to_string()))
    });
    let found = match checked {
        Ok(found) => found,
        Err(fault) => {
            if arguments.json {
                output::json(&json!({"file": name, "good": false, "what": fault.what}))?;
            }
            return Err(Faults(vec![fault]).into());
        }
    };
    let built = i64::try_from(found.built_utc_s()).unwrap_or(0);
    let built =
        jiff::Timestamp::from_second(built).map_or_else(|_| String::new(), |at| at.to_string());
    let networks = found.networks().count();
    let lookup_ns = arguments.lookups.map(|lookups| lookup_ns(&found, lookups));
    if arguments.json {
        return output::json(&json!({
            "file": name, "good": true, "numbers": found.len(), "networks": networks,
            "octets": found.octets(), "built": built, "lookup_ns": lookup_ns,
        }));
    }
    output::line(format_args!(
        "{name}: good: {} numbers of {networks} networks in {} octets, built {built}{}",
        count(found.len()),
        count(found.octets()),
        lookup_ns.map_or_else(String::new, |ns| format!("; {ns:.0} ns a look-up"))
    ))
}

/// Nanoseconds of one look-up: a sample of the numbers and what stands behind each of them, scattered.
fn lookup_ns(index: &Portability, lookups: u64) -> f64 {
    let step = usize::try_from(index.len() / SAMPLE + 1).unwrap_or(usize::MAX);
    let sample = index.numbers().step_by(step);
    let behind = |number: Msisdn| Msisdn::from_u64(number.as_u64() + 1);
    let mut asked: Vec<Msisdn> = sample
        .flat_map(|(number, _)| [Some(number), behind(number)])
        .flatten()
        .collect();
    asked.sort_by_cached_key(|number| number.as_u64().wrapping_mul(0x9e37_79b9_7f4a_7c15));
    // Once before, so that what is timed is in memory.
    let warm = asked.iter().filter_map(|to| index.network(*to)).count();
    std::hint::black_box(warm);
    let start = Instant::now();
    let mut done = 0;
    while done < lookups && !asked.is_empty() {
        for to in &asked {
            std::hint::black_box(index.network(*to));
        }
        done += asked.len() as u64;
    }
    start.elapsed().as_nanos() as f64 / done.max(1) as f64
}
