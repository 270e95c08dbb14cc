//! `core` and `smsbox`: where callers come in, and the sender of those who name none.

use super::Work;
use super::group::Group;
use crate::importing::draft::Draft;

const SENDSMS: &str = "/cgi-bin/sendsms";

/// What they give.
pub(super) struct Top {
    pub(super) drafts: Vec<Draft>,
    /// `global-sender`.
    pub(super) sender: Option<String>,
}

/// Reads them.
pub(super) fn read(groups: &[Group], work: &mut Work) -> Top {
    let mut node = Draft::new("[node]");
    node.text("data_dir", "data");
    let mut drafts = vec![node];
    let mut sender = None;
    for group in groups {
        match group.kind.as_str() {
            "core" => {
                if let Some(most) = group
                    .number("maximum-queue-length")
                    .filter(|most| *most > 0)
                {
                    let mut queue = Draft::new("[queue]");
                    queue.raw("messages_max", most);
                    if work.good(group, "maximum-queue-length", &queue) {
                        drafts.push(queue);
                    }
                }
                work.leave_rest(group);
            }
            "smsbox" => {
                sender = group.get("global-sender").map(str::to_owned).or(sender);
                drafts.extend(http(group, work));
                work.leave_rest(group);
            }
            _ => {}
        }
    }
    Top { drafts, sender }
}

fn http(group: &Group, work: &mut Work) -> Option<Draft> {
    let interface = group.get("sendsms-interface").unwrap_or("0.0.0.0");
    group.get("sendsms-port")?;
    let Some(port) = group.number("sendsms-port") else {
        let why = "is no port; write `listen` of [http] by hand";
        work.leave(group, "sendsms-port", why);
        return None;
    };
    // The address of IPv6 has colons of its own.
    let listen = match interface.contains(':') && !interface.starts_with('[') {
        true => format!("[{interface}]:{port}"),
        false => format!("{interface}:{port}"),
    };
    let mut http = Draft::new("[http]");
    http.comment("Kannel's callers find /cgi-bin/sendsms where they found it.");
    http.text("listen", &listen);
    http.raw("kannel", true);
    http.raw("jasmin", false);
    if group.get("sendsms-url").is_some_and(|url| url != SENDSMS) {
        let why =
            "the path is always /cgi-bin/sendsms here; change the callers, or let a proxy do it";
        work.leave(group, "sendsms-url", why);
    }
    if !work.good(group, "sendsms-port", &http) {
        return None;
    }
    work.carry(
        group,
        "smsbox".to_owned(),
        format!("[http] listen = {listen}"),
    );
    Some(http)
}
