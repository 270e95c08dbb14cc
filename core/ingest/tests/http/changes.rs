//! Two who want something of one message at once.

use std::sync::Barrier;

use super::*;

#[test]
fn a_withdrawal_beside_a_change_of_the_moment_waits_for_it_and_is_done() {
    let folder = tempfile::tempdir().unwrap();
    let stand = open(folder.path());
    let address = stand.door.address();
    let hours = |hours: i64| {
        let moment = jiff::Timestamp::now() + jiff::SignedDuration::from_hours(hours);
        moment.to_string()
    };
    for round in 0..40 {
        let body = json!({"to": "491700000001", "text": "later", "send_at": hours(1)});
        let (status, answer) = stand.json("POST", "/v1/messages", "shop", &body);
        assert_eq!(status, 202, "{answer}");
        let path = format!(
            "/v1/messages/{}",
            answer["messages"][0]["id"].as_str().unwrap()
        );
        let change = json!({"send_at": hours(2)}).to_string();
        let begin = Arc::new(Barrier::new(4));
        let moves: Vec<_> = (0..3)
            .map(|_| {
                let (begin, path, change) = (Arc::clone(&begin), path.clone(), change.clone());
                std::thread::spawn(move || {
                    begin.wait();
                    let body = change.as_bytes();
                    call(address, "PATCH", &path, "shop", "application/json", body)
                })
            })
            .collect();
        begin.wait();
        let (status, answer) = stand.json("DELETE", &path, "shop", &NONE);
        assert_eq!(status, 200, "{round}: {answer}");
        for moved in moves {
            let (status, _, answer) = moved.join().unwrap();
            assert!([200, 409].contains(&status), "{round}: {answer}");
            assert!(!answer.contains("(scheduled)"), "{round}: {answer}");
        }
    }
    stand.close();
}
