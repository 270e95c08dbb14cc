//! Every dependency may be used and passed on under the project's terms. Works offline, from the lock file.

use crate::metadata;

/// Licences whose terms a binary under MIT OR Apache-2.0 can keep.
const ALLOWED: [&str; 14] = [
    "MIT",
    "MIT-0",
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "ISC",
    "Zlib",
    "0BSD",
    "CC0-1.0",
    "Unlicense",
    "BSL-1.0",
    "Unicode-3.0",
    "CDLA-Permissive-2.0",
];

/// Tools that only `bench` uses, which is passed on with nothing: it draws flame graphs.
const BENCH_ONLY: [&str; 1] = ["inferno"];

/// Whether an SPDX expression (`A OR B`, `A AND (B OR C)`, the older `A/B`) can be met by allowed licences.
fn is_allowed(expression: &str) -> bool {
    let spaced = expression.replace('/', " OR ");
    let expression = spaced.split_whitespace().collect::<Vec<_>>().join(" ");
    let expression = expression.as_str();
    for (operator, any) in [(" AND ", false), (" OR ", true)] {
        let parts = split_outside_brackets(expression, operator);
        if parts.len() > 1 {
            return if any {
                parts.iter().any(|part| is_allowed(part))
            } else {
                parts.iter().all(|part| is_allowed(part))
            };
        }
    }
    match expression
        .strip_prefix('(')
        .and_then(|inner| inner.strip_suffix(')'))
    {
        Some(inner) => is_allowed(inner),
        None => ALLOWED.contains(&expression),
    }
}

fn split_outside_brackets<'a>(expression: &'a str, operator: &str) -> Vec<&'a str> {
    let (mut parts, mut depth, mut start) = (Vec::new(), 0i32, 0);
    for (at, character) in expression.char_indices() {
        match character {
            '(' => depth += 1,
            ')' => depth -= 1,
            ' ' if depth == 0 && at >= start && expression[at..].starts_with(operator) => {
                parts.push(&expression[start..at]);
                start = at + operator.len();
            }
            _ => {}
        }
    }
    parts.push(&expression[start..]);
    parts
}

#[test]
fn every_dependency_has_a_licence_that_we_may_pass_on() {
    let metadata = metadata();
    assert!(metadata.packages.len() > 50, "the whole tree was read");
    let refused: Vec<String> = metadata
        .packages
        .iter()
        .filter(|package| !BENCH_ONLY.contains(&package.name.as_str()))
        .filter(|package| !package.license.as_deref().is_some_and(is_allowed))
        .map(|package| {
            format!(
                "{} {}: {:?}",
                package.name, package.version, package.license
            )
        })
        .collect();
    assert!(refused.is_empty(), "not allowed: {refused:#?}");
    let users = metadata.workspace_packages().into_iter().filter(|package| {
        let mut names = package.dependencies.iter().map(|found| found.name.as_str());
        names.any(|name| BENCH_ONLY.contains(&name))
    });
    let users: Vec<&str> = users.map(|package| package.name.as_str()).collect();
    assert_eq!(users, ["bench"]);
}

#[test]
fn copyleft_and_missing_licences_are_refused() {
    for (expression, allowed) in [
        ("MIT OR Apache-2.0", true),
        ("MIT/Apache-2.0", true),
        ("(MIT OR Apache-2.0) AND Unicode-3.0", true),
        ("GPL-3.0", false),
        ("MIT AND GPL-3.0", false),
        ("MIT OR GPL-3.0", true),
        ("(MIT OR GPL-3.0) AND LGPL-2.1", false),
        ("", false),
    ] {
        assert_eq!(is_allowed(expression), allowed, "{expression}");
    }
}
