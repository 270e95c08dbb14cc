//! `/metrics` says how modems and SIMs stand, and what they did.

use std::collections::BTreeMap;
use std::time::Duration;

use carrack_loadtest::modem::Settings;
use carrack_loadtest::modem::edge::{Detached, Setup};

use crate::carrier::{Carrier, settings};
use crate::node::{CarrierEntry, Node, Place, eventually};

const PATIENCE: Duration = Duration::from_secs(60);

fn metrics(node: &Node) -> BTreeMap<String, f64> {
    let page = ureq::get(format!("{}/metrics", node.http)).call();
    let page = page.unwrap().body_mut().read_to_string().unwrap();
    let rows = page.lines().filter(|line| !line.starts_with('#'));
    let rows = rows.filter_map(|line| line.rsplit_once(' '));
    rows.map(|(name, value)| (name.to_owned(), value.parse().unwrap()))
        .collect()
}

#[test]
fn modems_and_sims_are_measured_by_pool_and_name_and_no_number_of_a_card_is_told() {
    let settings_of_rack = Settings {
        modems: 2,
        register_ns: 0,
        submit_ns: 100_000_000,
        submit_jitter_ns: 0,
        report_delay_ns: 50_000_000,
        ..Settings::default()
    };
    let rack = Detached::start(Setup::tcp(settings_of_rack.clone())).unwrap();
    let north = Carrier::start(settings("north", 1, 10, &[]));
    let mut pool = "[[carrier]]\nname = \"rack\"\nkind = \"modem_pool\"\nprice = \"0.001\"\nsignal_every = \"1s\"\n\
                    sim = { per_minute = 60, per_day = 2 }\n\
                    [[mo_route]]\naccount = \"test\"\nmatch = {}\n"
        .to_owned();
    for (number, port) in rack.ports.iter().enumerate() {
        pool.push_str(&format!(
            "[[modem]]\nname = \"rack-{number}\"\npool = \"rack\"\nport = \"{port}\"\n"
        ));
    }
    let place = Place::new(&[CarrierEntry::north(north.address, (1, 100))], &pool);
    let path = place.configuration();
    let text = std::fs::read_to_string(&path).unwrap();
    let both = text.replace("carriers = [\"north\"]", "carriers = [\"rack\", \"north\"]");
    std::fs::write(path, both).unwrap();
    let node = place.serve();
    let seen = |name: &str| metrics(&node).get(name).copied();
    eventually("both are up", PATIENCE, || {
        seen("carrack_modems{pool=\"rack\",state=\"up\"}") == Some(2.0)
    });
    eventually("signals are known", PATIENCE, || {
        seen("carrack_modem_signal_dbm{pool=\"rack\",modem=\"rack-1\"}").is_some()
    });
    assert_eq!(
        seen("carrack_sims{pool=\"rack\",state=\"ready\"}"),
        Some(2.0)
    );
    rack.order("0 mo +4917099 hello").unwrap();
    eventually("a handset is read", PATIENCE, || {
        let row = "carrack_modem_received_total{pool=\"rack\",modem=\"rack-0\",what=\"message\"}";
        seen(row) == Some(1.0)
    });

    let file = place.folder.path().join("rows.csv");
    let rows: String = (0..6)
        .map(|row| format!("4917012{row:05},ACME,hello {row}\n"))
        .collect();
    std::fs::write(&file, format!("to,from,text\n{rows}")).unwrap();
    let batch = node.submit_batch(&file);
    node.batch_done(&batch, PATIENCE);
    eventually("both SIMs had their day", PATIENCE, || {
        seen("carrack_sims{pool=\"rack\",state=\"capped\"}") == Some(2.0)
    });
    for modem in ["rack-0", "rack-1"] {
        let of = |name: &str, more: &str| {
            seen(&format!("{name}{{pool=\"rack\",modem=\"{modem}\"{more}}}"))
        };
        let accepted = ",outcome=\"accepted\"";
        assert_eq!(of("carrack_modem_segments_total", accepted), Some(2.0));
        assert_eq!(of("carrack_sim_segments", ",span=\"day\""), Some(2.0));
        assert_eq!(of("carrack_sim_segments_max", ",span=\"day\""), Some(2.0));
        assert_eq!(of("carrack_sim_segments_max", ",span=\"month\""), None);
        assert_eq!(of("carrack_modem_registered", ""), Some(1.0));
        assert!(of("carrack_modem_storage_places", "").is_some_and(|places| places > 0.0));
    }

    rack.order("0 network lost").unwrap();
    eventually("a lost network is counted", PATIENCE, || {
        let row = "carrack_modem_faults_total{pool=\"rack\",modem=\"rack-0\",fault=\"registration_lost\"}";
        seen(row) == Some(1.0)
    });
    let row = "carrack_modem_registered{pool=\"rack\",modem=\"rack-0\"}";
    assert_eq!(seen(row), Some(0.0));
    rack.order("1 silent").unwrap();
    eventually(
        "silence and what is done about it are counted",
        PATIENCE,
        || {
            let silent = "carrack_modem_faults_total{pool=\"rack\",modem=\"rack-1\",fault=\"command_timed_out\"}";
            let step = "carrack_modem_steps_total{pool=\"rack\",modem=\"rack-1\",step=\"resync\"}";
            seen(silent) >= Some(1.0) && seen(step) >= Some(1.0)
        },
    );

    let page = format!("{:?}", metrics(&node).keys());
    for card in settings_of_rack.cards() {
        let tail = &card.iccid[card.iccid.len() - 6..];
        assert!(!page.contains(tail) && !page.contains(&card.imsi), "{page}");
    }
    assert_eq!(node.stop().0, Some(0), "{}", place.said());
}
