//! Calls that are not there: which one was probably meant.
//!
//! Bound: [`SHOWN_MAX`] calls named; a path is looked at up to [`OCTETS_MAX`] octets.

use std::sync::OnceLock;

use axum::http::Uri;
use utoipa::OpenApi as _;

use super::openapi::Document;
use super::problem::Problem;

const SHOWN_MAX: usize = 8;
const OCTETS_MAX: usize = 64;

/// Answers a call that is not there.
pub(crate) async fn unknown(uri: Uri) -> Problem {
    Problem::not_found(cure(uri.path()))
}

/// Paths of all calls, in the order of the document.
fn calls() -> &'static [String] {
    static CALLS: OnceLock<Vec<String>> = OnceLock::new();
    CALLS.get_or_init(|| Document::openapi().paths.paths.into_keys().collect())
}

fn cure(path: &str) -> String {
    let path = path.trim_end_matches('/');
    let is_short = path.len() <= OCTETS_MAX;
    let below = |call: &&String| {
        let rest = call.strip_prefix(path);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', ':']))
    };
    let under: Vec<&str> = (calls().iter().filter(below))
        .map(String::as_str)
        .take(SHOWN_MAX)
        .collect();
    if is_short && path.len() > "/v1".len() && !under.is_empty() {
        return format!("there is no call {path}; there are {}", under.join(", "));
    }
    let distance = |call: &&String| strsim::damerau_levenshtein(path, call);
    let near = (calls().iter())
        .filter(|_| is_short)
        .min_by_key(distance)
        .filter(|call| distance(call) <= (path.chars().count() / 4).max(2));
    match near {
        Some(call) => format!("there is no such call; did you mean {call}?"),
        None => {
            "there is no such call; calls begin with /v1/, and /openapi.json lists them".to_owned()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_that_is_not_there_is_told_by_those_below_it_or_near_it() {
        let told = cure("/v1/routes");
        assert!(
            told.ends_with("there are /v1/routes/explain, /v1/routes/shadow"),
            "{told}"
        );
        assert_eq!(
            cure("/v1/carriers/"),
            "there is no call /v1/carriers; there are /v1/carriers, /v1/carriers/{name}/trace, /v1/carriers/{name}/{change}"
        );
        assert!(cure("/v1/mesages").ends_with("did you mean /v1/messages?"));
        for far in [
            "",
            "/",
            "/v1",
            "/v2/everything/else",
            &"/v1/messages".repeat(100),
        ] {
            assert!(cure(far).contains("/openapi.json"), "{far}: {}", cure(far));
        }
    }
}
