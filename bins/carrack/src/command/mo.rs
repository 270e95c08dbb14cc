//! `carrack mo explain`: every rule that is looked at for a message from a handset, and why each takes it or does not.

use carrack_routing::{MoQuery, keyword};
use carrack_settings::{MoMatch, MoPattern, MoRoute, Settings, deliver_name};
use clap::{Args, Subcommand};
use serde::Serialize;

use crate::fault::Fault;
use crate::handsets;
use crate::output;
use crate::place::ConfigArgs;
use crate::table::table;

/// `carrack mo`
#[derive(Subcommand)]
pub(crate) enum Command {
    /// Shows every [[mo_route]] for a message from a handset, and why it takes it or does not
    #[command(after_help = "\
The configuration answers alone; no node has to run. The first rule of which every condition holds decides.

Examples:
  carrack mo explain --to 80808 --from +447700900123 --text 'STOP'
  carrack mo explain --to 80808 --from 447700900123 --text 'vote b' --carrier north --config carrack.toml --json

Exit codes: 0 a rule takes it, 1 none does, 2 wrong usage or configuration.")]
    Explain(Explain),
}

/// Arguments of `explain`.
#[derive(Args)]
pub(crate) struct Explain {
    /// The number or short code that the handset sent it to
    #[arg(long, value_name = "NUMBER")]
    to: String,
    /// The handset
    #[arg(long, value_name = "NUMBER")]
    from: String,
    /// What it says
    #[arg(long, default_value = "")]
    text: String,
    /// The carrier that brings it; needed where rules look at it and there are several
    #[arg(long, value_name = "NAME")]
    carrier: Option<String>,
    /// Prints JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    config: ConfigArgs,
}

/// What the rules say.
#[derive(Serialize)]
struct Explanation {
    to: String,
    from: String,
    text: String,
    carrier: Option<String>,
    /// The word that rules compare with their keywords.
    keyword: String,
    /// The rule that decides; none: nobody gets it.
    taken: Option<String>,
    account: Option<String>,
    deliver: Option<&'static str>,
    rules: Vec<Verdict>,
    summary: String,
}

/// What one rule says.
#[derive(Serialize)]
struct Verdict {
    name: String,
    line: usize,
    account: String,
    deliver: &'static str,
    /// Whether all its conditions hold.
    holds: bool,
    /// Whether it is the first of those.
    decides: bool,
    /// The first condition that does not hold.
    failed: Option<&'static str>,
    reason: String,
}

/// Runs the command.
pub(crate) fn run(command: &Command) -> Result<(), Fault> {
    let Command::Explain(arguments) = command;
    let settings = arguments.config.settings()?;
    let explanation = explain(arguments, &settings)?;
    if arguments.json {
        output::json(&explanation)?;
    } else {
        output::line(text(&explanation))?;
    }
    if explanation.taken.is_some() {
        Ok(())
    } else {
        Err(Fault::Said)
    }
}

fn explain(arguments: &Explain, settings: &Settings) -> Result<Explanation, Fault> {
    let carrier = carrier(arguments.carrier.as_deref(), settings)?;
    let query = MoQuery {
        carrier: carrier.unwrap_or(""),
        from: arguments.from.trim().as_bytes(),
        to: arguments.to.trim().as_bytes(),
        text: &arguments.text,
    };
    let found = handsets::rules(settings);
    let word = keyword(&arguments.text);
    let mut rules = Vec::with_capacity(settings.mo_routes.len());
    let mut decided: Option<&MoRoute> = None;
    for (route, (_, failed)) in settings.mo_routes.iter().zip(found.explain(&query)) {
        let decides = failed.is_none() && decided.is_none();
        let reason = match (failed, decided) {
            (Some(condition), _) => why(condition, route, &query, &word),
            (None, None) => "takes it".to_owned(),
            (None, Some(MoRoute { name, .. })) => {
                format!("all its conditions hold, and {name} stands before it")
            }
        };
        if decides {
            decided = Some(route);
        }
        rules.push(Verdict {
            name: route.name.clone(),
            line: route.line,
            account: route.account.clone(),
            deliver: deliver_name(route.deliver),
            holds: failed.is_none(),
            decides,
            failed,
            reason,
        });
    }
    Ok(Explanation {
        to: arguments.to.clone(),
        from: arguments.from.clone(),
        text: arguments.text.clone(),
        carrier: carrier.map(str::to_owned),
        keyword: word,
        taken: decided.map(|route| route.name.clone()),
        account: decided.map(|route| route.account.clone()),
        deliver: decided.map(|route| deliver_name(route.deliver)),
        summary: summary(settings, decided),
        rules,
    })
}

fn summary(settings: &Settings, decided: Option<&MoRoute>) -> String {
    match decided {
        Some(route) => format!(
            "{} gives it to the account {} by {}",
            route.name,
            route.account,
            match deliver_name(route.deliver) {
                "both" => "bind and webhook",
                way => way,
            }
        ),
        None if settings.mo_routes.is_empty() => {
            "the configuration has no [[mo_route]]: carriers are asked to keep such messages"
                .to_owned()
        }
        None => "no rule takes it: it is answered, counted, and given to nobody".to_owned(),
    }
}

/// The carrier that was named, or the only one; none where no rule asks.
fn carrier<'a>(named: Option<&'a str>, settings: &'a Settings) -> Result<Option<&'a str>, Fault> {
    let known: Vec<&str> = settings
        .carriers
        .iter()
        .map(|carrier| carrier.name.as_str())
        .collect();
    let asked = settings
        .mo_routes
        .iter()
        .any(|route| !route.matches.carriers.is_empty());
    match (named, known.as_slice()) {
        (Some(name), _) if known.contains(&name) => Ok(Some(name)),
        (Some(name), _) => Err(Fault::Usage(format!(
            "--carrier {name}: there is none of that name; known: {}",
            known.join(", ")
        ))),
        (None, [only]) => Ok(Some(only)),
        (None, _) if asked => Err(Fault::Usage(format!(
            "--carrier is missing, and rules look at it; known: {}",
            known.join(", ")
        ))),
        (None, _) => Ok(None),
    }
}

/// What the message has, and what the rule wants.
fn why(condition: &str, route: &MoRoute, query: &MoQuery<'_>, word: &str) -> String {
    let MoMatch {
        to,
        from,
        carriers,
        keywords,
        patterns,
    } = &route.matches;
    let shown = String::from_utf8_lossy;
    match condition {
        "to" => format!("to {} is none of {}", shown(query.to), to.join(", ")),
        "from" => format!("from {} is none of {}", shown(query.from), from.join(", ")),
        "carrier" => format!(
            "carrier {} is none of {}",
            query.carrier,
            carriers.join(", ")
        ),
        "keyword" if word.is_empty() => {
            format!("keyword: there is none, {} is wanted", keywords.join(", "))
        }
        "keyword" => format!("keyword {word} is none of {}", keywords.join(", ")),
        _ => {
            let patterns: Vec<&str> = patterns.iter().map(MoPattern::as_str).collect();
            format!("pattern {} is not in the text", patterns.join(", "))
        }
    }
}

fn text(explanation: &Explanation) -> String {
    let mut rules = table(&["rule", "line", "account", "deliver", "why"], 5);
    for rule in &explanation.rules {
        rules.add_row([
            rule.name.clone(),
            rule.line.to_string(),
            rule.account.clone(),
            rule.deliver.to_owned(),
            rule.reason.clone(),
        ]);
    }
    format!("{rules}\n{}: {}", explanation.to, explanation.summary)
}
