//! Callers of Kannel and Jasmin: their messages leave, and their receipts come back in the words that they know; a
//! configuration that was imported runs.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::asked::answering;
use super::carrier::{Carrier, settings};
use super::node::{CarrierEntry, Node, Place, eventually};

const PATIENCE: Duration = Duration::from_secs(60);

/// What was asked: the request line, and the body.
type Asked = Arc<Mutex<Vec<(String, String)>>>;

/// A receiver that refuses each request once and says `ACK/Jasmin` from then on.
fn receiver() -> (Asked, SocketAddr) {
    let asked = Asked::default();
    let kept = Arc::clone(&asked);
    let address = answering(move |first, body| {
        let one = (first.to_owned(), String::from_utf8(body.to_vec()).unwrap());
        let mut asked = kept.lock().unwrap();
        let is_first = !asked.contains(&one);
        asked.push(one);
        match is_first {
            true => ("503 Later".to_owned(), "later"),
            false => ("200 OK".to_owned(), "ACK/Jasmin"),
        }
    });
    (asked, address)
}

fn get(node: &Node, target: &str) -> (u16, String) {
    let agent = ureq::Agent::config_builder()
        .http_status_as_error(false)
        .build()
        .new_agent();
    let mut answer = agent.get(format!("{}{target}", node.http)).call().unwrap();
    let body = answer.body_mut().read_to_string().unwrap();
    (answer.status().as_u16(), body)
}

fn escaped(url: &str) -> String {
    let escape = |octet: u8| match octet {
        b'0'..=b'9' | b'a'..=b'z' => char::from(octet).to_string(),
        _ => format!("%{octet:02X}"),
    };
    url.bytes().map(escape).collect()
}

#[test]
fn receipts_come_back_in_the_words_of_both_until_they_are_taken() {
    let north = Carrier::start(settings("north", 1, 5, &[]));
    let entry = CarrierEntry::north(north.address, (1, 100));
    let (asked, address) = receiver();
    let more = "callbacks = { hosts = [\"*\"], private = true }\nlegacy = { user = \"foo\", password = \"bar\" }\n";
    let place = Place::new(&[entry], more);
    let node = place.serve();
    eventually("the link is bound", PATIENCE, || {
        node.get("/v1/carriers")["carriers"][0]["links_bound"] != 0
    });
    let url = escaped(&format!("http://{address}/kannel?to=%p&d=%d&mine=7"));
    let call = format!(
        "/cgi-bin/sendsms?username=foo&password=bar&from=ACME&to=%2B447700900123&text=hi&dlr-mask=31&dlr-url={url}"
    );
    let (status, said) = get(&node, &call);
    assert!(
        status == 202 && (said.starts_with("0: ") || said.starts_with("3: ")),
        "{said}"
    );
    let url = escaped(&format!("http://{address}/jasmin"));
    let call = format!(
        "/send?username=foo&password=bar&from=ACME&to=447700900124&content=hi&dlr-level=3&dlr-url={url}"
    );
    let (status, said) = get(&node, &call);
    assert_eq!(status, 200, "{said}");
    let id = said
        .trim_start_matches("Success \"")
        .trim_end_matches('"')
        .to_owned();

    let of = |what: &str| {
        let asked = asked.lock().unwrap();
        let of: Vec<(String, String)> = asked
            .iter()
            .filter(|(first, _)| first.contains(what))
            .cloned()
            .collect();
        of
    };
    // Each is refused once and told again.
    eventually("all are told", PATIENCE, || {
        of("/kannel").len() >= 4 && of("/jasmin").len() >= 4
    });
    let kannel: Vec<String> = of("/kannel").into_iter().map(|(first, _)| first).collect();
    let state = |state: u8| format!("GET /kannel?to=%2B447700900123&d={state}&mine=7 HTTP/1.1");
    assert_eq!(kannel, [state(8), state(8), state(1), state(1)]);
    let jasmin = of("/jasmin");
    assert!(
        jasmin
            .iter()
            .all(|(first, _)| first == "POST /jasmin HTTP/1.1")
    );
    let taken = format!("id={id}&level=1&message_status=ESME_ROK&connector=carrack");
    assert_eq!(jasmin[0].1, taken);
    let ended = &jasmin[3].1;
    assert!(
        ended.starts_with(&format!("id={id}&level=2&message_status=DELIVRD&")),
        "{ended}"
    );
    node.kill();
}

#[test]
fn an_imported_configuration_is_good_and_runs() {
    let place = Place::new(&[], "");
    let folder = place.folder.path();
    let conf = folder.join("kannel.conf");
    std::fs::write(
        &conf,
        "group = smsbox\nsendsms-port = 13013\nsendsms-interface = 127.0.0.1\nglobal-sender = 13013\n\n\
         group = smsc\nsmsc = smpp\nsmsc-id = south\nhost = 127.0.0.1\nport = 9\ntransceiver-mode = 1\n\
         smsc-username = u\nsmsc-password = p\nmsg-id-type = 3\n\n\
         group = sendsms-user\nusername = tester\npassword = foobar\n\ngroup = wapbox\nmap-url-max = 1\n",
    )
    .unwrap();
    let out = folder.join("made.toml");
    let (conf, out) = (conf.to_str().unwrap(), out.to_str().unwrap());
    let imported = place.run(&["import", "kannel", conf, "--out", out, "--json"]);
    let said = String::from_utf8_lossy(&imported.stderr).into_owned();
    assert_eq!(imported.status.code(), Some(0), "{said}");
    let told: serde_json::Value = serde_json::from_slice(&imported.stdout).unwrap();
    let left: Vec<_> = told["left"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["line"].clone())
        .collect();
    // Receipts told at any host, and the WAP box.
    assert_eq!(left, [16, 20], "{told}");
    assert_eq!(told["written"].as_array().unwrap().len(), 2);
    let checked = place.run(&["config", "check", out]);
    assert_eq!(
        checked.status.code(),
        Some(0),
        "{}",
        String::from_utf8_lossy(&checked.stderr)
    );
    // A second one does not write over it.
    let again = place.run(&["import", "kannel", conf, "--out", out]);
    assert_eq!(again.status.code(), Some(2));
    let table = place.run(&["import", "kannel", conf, "--out", out, "--force"]);
    assert_eq!(table.status.code(), Some(0));
    let shown = String::from_utf8_lossy(&table.stdout).into_owned();
    assert!(
        shown.contains("[[carrier]] south") && shown.contains("WAP"),
        "{shown}"
    );
    let warned = String::from_utf8_lossy(&table.stderr).into_owned();
    assert!(warned.contains("secrets"), "{warned}");

    let text = std::fs::read_to_string(out)
        .unwrap()
        .replace("127.0.0.1:13013", "127.0.0.1:0");
    std::fs::write(place.configuration(), text).unwrap();
    let node = place.serve();
    let call = "/cgi-bin/sendsms?username=tester&password=foobar&to=447700900123&text=hi";
    assert_eq!(
        get(&node, call),
        (202, "3: Queued for later delivery".to_owned())
    );
    node.kill();
}
