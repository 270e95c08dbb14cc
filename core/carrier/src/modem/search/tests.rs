//! Ports come and go, and modems keep their places.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use proptest::prelude::*;

use super::*;

fn port(name: &str, mark: u64) -> SeenPort {
    SeenPort {
        name: name.to_owned(),
        device: PathBuf::from(name),
        mark,
        body: None,
    }
}

fn modem(imei: &str, is_told_here: bool) -> Result<Interviewed, String> {
    Ok(Interviewed {
        imei: imei.to_owned(),
        is_told_here,
        ..Interviewed::default()
    })
}

fn silent() -> Result<Interviewed, String> {
    Err("it does not answer AT".to_owned())
}

/// One look in which each port that is asked says what `who` knows of it.
fn turn(
    search: &mut Search,
    seen: &[SeenPort],
    who: impl Fn(&SeenPort) -> Result<Interviewed, String>,
) -> Vec<SearchChange> {
    for port in search.look(seen, &Spoken::default()) {
        let found = who(&port);
        search.told(&port, found);
    }
    search.decide(&Spoken::default())
}

fn fitted(changes: &[SearchChange]) -> Vec<(usize, String)> {
    let fits = changes.iter().filter_map(|change| match change {
        SearchChange::Fit { place, port, .. } => Some((*place, port.clone())),
        SearchChange::Vacate { .. } => None,
    });
    fits.collect()
}

#[test]
fn one_port_of_a_modem_is_taken_and_best_the_one_where_it_tells_things() {
    let seen = ["/dev/ttyUSB9", "/dev/ttyUSB10", "/dev/ttyUSB11"].map(|name| port(name, 1));
    let mut search = Search::new(4);
    let changes = turn(&mut search, &seen, |port| {
        modem("1", port.name.ends_with("11"))
    });
    assert_eq!(fitted(&changes), [(0, "/dev/ttyUSB11".to_owned())]);
    let mut search = Search::new(4);
    let changes = turn(&mut search, &seen, |_| modem("1", false));
    assert_eq!(fitted(&changes), [(0, "/dev/ttyUSB9".to_owned())]);
    let verdicts = search.ports(|place| format!("rack-auto-{}", place + 1));
    assert_eq!(verdicts[1].verdict, "another port of rack-auto-1");
}

#[test]
fn a_port_that_a_modem_of_the_configuration_names_is_never_asked_nor_its_sisters() {
    let mut sister = port("/dev/ttyUSB1", 1);
    sister.body = Some(PathBuf::from("1-1"));
    let seen = [port("/dev/ttyUSB0", 1), sister, port("/dev/ttyUSB2", 1)];
    let spoken = Spoken {
        devices: [PathBuf::from("/dev/ttyUSB0")].into(),
        bodies: [PathBuf::from("1-1")].into(),
        imeis: ["7".to_owned()].into(),
    };
    let mut search = Search::new(4);
    let asked = search.look(&seen, &spoken);
    assert_eq!(asked, [port("/dev/ttyUSB2", 1)]);
    // The same modem by another way.
    search.told(&asked[0], modem("7", false));
    assert_eq!(search.decide(&spoken), []);
    let changes = search.decide(&Spoken::default());
    assert_eq!(fitted(&changes), [(0, "/dev/ttyUSB2".to_owned())]);
    let changes = search.decide(&spoken);
    assert!(matches!(
        changes[..],
        [SearchChange::Vacate { place: 0, .. }]
    ));
}

#[test]
fn a_modem_that_comes_back_under_another_name_has_the_place_that_it_had() {
    let who = |port: &SeenPort| modem(&port.mark.to_string(), false);
    let mut search = Search::new(3);
    let both = [port("a", 1), port("b", 2)];
    assert_eq!(turn(&mut search, &both, who).len(), 2);
    let changes = turn(&mut search, &both[1..], who);
    assert!(matches!(
        changes[..],
        [SearchChange::Vacate { place: 0, .. }]
    ));
    // A stranger takes a place that nobody had.
    let seen = [port("b", 2), port("c", 3)];
    assert_eq!(turn(&mut search, &seen, who), []);
    assert_eq!(
        fitted(&turn(&mut search, &seen, who)),
        [(2, "c".to_owned())]
    );
    let seen = [port("b", 2), port("c", 3), port("d", 1)];
    assert_eq!(
        turn(&mut search, &seen, who),
        [],
        "its ports may not all be there yet"
    );
    assert_eq!(
        fitted(&turn(&mut search, &seen, who)),
        [(0, "d".to_owned())]
    );
}

#[test]
fn a_name_that_stands_for_another_device_is_another_port() {
    let mut search = Search::new(2);
    turn(&mut search, &[port("a", 1)], |_| modem("1", false));
    let changes = turn(&mut search, &[port("a", 2)], |_| modem("2", false));
    assert!(matches!(
        changes[..],
        [SearchChange::Vacate { place: 0, .. }]
    ));
    let changes = turn(&mut search, &[port("a", 2)], |_| modem("2", false));
    assert_eq!(fitted(&changes), [(1, "a".to_owned())]);
}

#[test]
fn what_does_not_answer_is_asked_ever_less_often_and_never_given_up() {
    let seen = [port("a", 1)];
    let mut search = Search::new(1);
    let mut asked = Vec::new();
    for look in 1..=400 {
        for port in search.look(&seen, &Spoken::default()) {
            asked.push(look);
            search.told(&port, silent());
        }
    }
    assert_eq!(asked[..5], [1, 2, 4, 8, 16]);
    assert_eq!(asked[asked.len() - 1] - asked[asked.len() - 2], 64);
    assert_eq!(
        search.ports(|_| String::new())[0].verdict,
        "it does not answer AT"
    );
}

#[test]
fn one_modem_more_than_there_are_places_waits_for_one() {
    let who = |port: &SeenPort| modem(&port.name, false);
    let mut search = Search::new(1);
    let both = [port("a", 1), port("b", 1)];
    assert_eq!(
        fitted(&turn(&mut search, &both, who)),
        [(0, "a".to_owned())]
    );
    assert_eq!(search.without_place(), 1);
    let verdict = &search.ports(|_| String::new())[1].verdict;
    assert!(verdict.contains("ports_max"), "{verdict}");
    let changes = turn(&mut search, &both[1..], who);
    assert!(matches!(changes[0], SearchChange::Vacate { .. }));
    assert_eq!(fitted(&changes), [(0, "b".to_owned())]);
}

proptest! {
    /// Whatever comes and goes: no modem is at two places, no place is taken twice, and what is there is what was said.
    #[test]
    fn a_modem_is_never_at_two_places(
        looks in proptest::collection::vec(proptest::collection::vec((0_u8..8, 0_u64..2), 0..8), 1..30),
    ) {
        // Three ports of a modem each, but the last two, which are silent.
        let who = |port: &SeenPort| match port.name.parse::<u8>().unwrap() {
            name @ 0..6 => modem(&(u64::from(name / 3) * 2 + port.mark).to_string(), name % 2 == 0),
            _ => silent(),
        };
        let mut search = Search::new(3);
        let mut places: [Option<String>; 3] = Default::default();
        for seen in looks {
            let seen: Vec<SeenPort> = seen.iter().map(|(name, mark)| port(&name.to_string(), *mark)).collect();
            for change in turn(&mut search, &seen, who) {
                match change {
                    SearchChange::Fit { place, found, .. } => {
                        prop_assert!(places[place].is_none());
                        prop_assert!(!places.contains(&Some(found.imei.clone())));
                        places[place] = Some(found.imei);
                    }
                    SearchChange::Vacate { place, .. } => prop_assert!(places[place].take().is_some()),
                }
            }
        }
    }
}
