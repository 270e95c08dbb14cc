//! `sms-service` groups: Kannel asks a URL, or answers by itself. Ours hands the message to an account; what is answered is
//! the account's. So none is carried over, and each is told with the rule that would hand it on.

use super::Work;
use super::group::Group;
use crate::importing::draft::{list, quoted};

/// Lists them.
pub(super) fn read(groups: &[Group], work: &mut Work) {
    for group in groups.iter().filter(|group| group.kind == "sms-service") {
        let keyword = group.get("keyword").unwrap_or("default").to_owned();
        let what = format!("sms-service {keyword}");
        let target = ["get-url", "post-url", "post-xml", "url"];
        let url = target.iter().find_map(|key| group.get(key));
        let why = match url {
            Some(url) => format!(
                "Kannel asks {url} with its escapes and sends what it answers; here an account is posted JSON (docs/webhooks.md) and \
                 answers by a message of its own: [[mo_route]] match = {}, account = \"...\", deliver = \"webhook\"",
                matched(group, &keyword)
            ),
            None => format!(
                "fixed texts, files and programs are not answered with here; hand it to an account that answers: \
                 [[mo_route]] match = {}, account = \"...\", deliver = \"bind\"",
                matched(group, &keyword)
            ),
        };
        work.leave_group(group, &what, &why);
    }
}

fn matched(group: &Group, keyword: &str) -> String {
    let mut parts = Vec::new();
    if keyword != "default" {
        let mut words = vec![keyword.to_owned()];
        words.extend(group.list("aliases"));
        parts.push(format!(
            "keyword = {}",
            list(words.iter().map(String::as_str))
        ));
    }
    if let Some(pattern) = group.get("keyword-regex") {
        parts.push(format!("pattern = {}", quoted(pattern)));
    }
    let smscs = group.list("accepted-smsc");
    if let [smsc] = smscs.as_slice() {
        parts.push(format!("carrier = {}", quoted(smsc)));
    }
    let receivers = group.list("allowed-receiver-prefix");
    if !receivers.is_empty() {
        let beginnings: Vec<String> = receivers.iter().map(|it| format!("{it}*")).collect();
        parts.push(format!(
            "to = {}",
            list(beginnings.iter().map(String::as_str))
        ));
    }
    match parts.is_empty() {
        true => "{}".to_owned(),
        false => format!("{{ {} }}", parts.join(", ")),
    }
}
