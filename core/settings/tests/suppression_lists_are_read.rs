//! `[[suppression]]` and `[suppressions]`: what lists are, and faults with their cure.
#![allow(clippy::unwrap_used, missing_docs)]

use std::path::Path;

use carrack_settings::{Faults, Settings, SuppressionHash, SuppressionScope};

const NODE: &str = "[node]\ndata_dir = \"data\"\n[[account]]\nname = \"shop\"\napi_key = \"k\"\n";

fn settings(text: &str) -> Result<Settings, Faults> {
    Settings::parse(&format!("{NODE}{text}"), "c.toml", Path::new("/etc"))
}

fn fault(text: &str) -> String {
    settings(text).unwrap_err().to_string()
}

#[test]
fn a_list_is_global_and_has_numbers_unless_told_otherwise() {
    let settings = settings(
        "[[suppression]]\nname = \"stop\"\n[[suppression]]\nname = \"dnc\"\nscope = \"sender\"\nhash = \"keyed\"\nsecret = \"k\"\nbase = \"/etc/passwd\"\nmatch = { class = \"bulk\", account = \"shop\", from = \"4477*\" }\n[suppressions]\nadded_max = 5000\n",
    )
    .unwrap();
    let [stop, dnc] = settings.suppression_lists.as_slice() else {
        unreachable!()
    };
    assert_eq!(
        (stop.scope, stop.hash),
        (SuppressionScope::Global, SuppressionHash::None)
    );
    assert_eq!(
        (dnc.scope, dnc.hash),
        (SuppressionScope::Sender, SuppressionHash::Keyed)
    );
    assert_eq!((dnc.senders.len(), dnc.matches.accounts.len()), (1, 1));
    assert!(dnc.base.is_some() && dnc.secret.is_some());
    assert_eq!(settings.suppressions.added_max, 5000);
}

#[test]
fn what_does_not_fit_is_a_fault_with_its_cure() {
    for (text, said) in [
        ("[[suppression]]\n", "name"),
        ("[[suppression]]\nname = \"a/b\"", "use 1 to 32 of a-z"),
        (
            "[[suppression]]\nname = \"a\"\nhash = \"keyed\"",
            "there is no `secret`",
        ),
        (
            "[[suppression]]\nname = \"a\"\nsecret = \"k\"",
            "hash = \"keyed\"",
        ),
        ("[[suppression]]\nname = \"a\"\nscope = \"all\"", "global"),
        (
            "[[suppression]]\nname = \"a\"\nbase = \"nowhere.idx\"",
            "cannot be read",
        ),
        (
            "[[suppression]]\nname = \"a\"\n[[suppression]]\nname = \"a\"",
            "two suppression lists",
        ),
        ("[[suppression]]\nname = \"a\"\nfile = \"b\"", "unknown key"),
        ("[suppressions]\nadded_max = 0", "added_max"),
    ] {
        let fault = fault(text);
        assert!(fault.contains(said), "{text}: {fault}");
    }
    let many: String = (0..17)
        .map(|place| format!("[[suppression]]\nname = \"l{place}\"\n"))
        .collect();
    assert!(fault(&many).contains("17th"));
}

#[test]
fn consent_names_a_list_that_is_there() {
    let stop = "[[suppression]]\nname = \"stop\"\nscope = \"sender\"\n";
    let good = settings(&format!(
        "{stop}[consent]\nlist = \"stop\"\nunclear = \"stop\"\nstop_reply = \"You get no more.\"\n[mo]\nreplies_an_hour = 3\n"
    ))
    .unwrap();
    let consent = good.consent.unwrap();
    assert!(consent.unclear_is_stop && consent.help_reply.is_none());
    assert_eq!(
        (consent.list.as_str(), good.mo.replies_an_hour),
        ("stop", 3)
    );
    assert!(settings(stop).unwrap().consent.is_none());
    for (text, said) in [
        ("[consent]", "list"),
        (
            "[consent]\nlist = \"other\"",
            "no [[suppression]] of that name",
        ),
        ("[consent]\nlist = \"stop\"\nunclear = \"ask\"", "review"),
        (
            "[consent]\nlist = \"stop\"\nstop_reply = \"\"",
            "stop_reply",
        ),
        (
            "[consent]\nlist = \"stop\"\nkeywords = \"none.csv\"",
            "cannot be read",
        ),
    ] {
        let fault = fault(&format!("{stop}{text}\n"));
        assert!(fault.contains(said), "{text}: {fault}");
    }
}
