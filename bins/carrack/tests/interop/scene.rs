//! A node, one or two carriers with quirks, a profile, a batch: what came of it.

use std::time::Duration;

use carrack_loadtest::chance::Percent;
use carrack_loadtest::load::batch::{self, Options};
use carrack_loadtest::smsc::{Report, Settings};
use serde_json::Value;

use super::carrier::{Carrier, settings};
use super::node::{CarrierEntry, Node, Place, eventually};

const ROWS: u64 = 400;

/// What is to be played.
pub(crate) struct Scene {
    pub(crate) quirks: Vec<&'static str>,
    /// Keys of the carrier's profile.
    pub(crate) profile: &'static str,
    /// Further keys of the carrier.
    pub(crate) carrier: &'static str,
    /// Further keys of `[delivery]`.
    pub(crate) delivery: &'static str,
    pub(crate) rows: u64,
    pub(crate) links: u32,
    pub(crate) window: u32,
    pub(crate) latency_ms: u64,
    pub(crate) receipt_ms: u64,
    /// Share of long texts, per cent.
    pub(crate) long: f64,
    /// Many scripts, or GSM 7-bit only.
    pub(crate) mixed: bool,
    /// A second carrier without quirks, dearer.
    pub(crate) spare: bool,
    /// Further settings of the simulated carrier.
    pub(crate) simulate: fn(&mut Settings),
}

impl Default for Scene {
    fn default() -> Self {
        Self {
            quirks: Vec::new(),
            profile: "",
            carrier: "",
            delivery: "",
            rows: ROWS,
            links: 1,
            window: 50,
            latency_ms: 1,
            receipt_ms: 5,
            long: 10.0,
            mixed: true,
            spare: false,
            simulate: |_| {},
        }
    }
}

/// A scene whose node runs.
pub(crate) struct Stage {
    pub(crate) odd: Carrier,
    pub(crate) spare: Option<Carrier>,
    pub(crate) place: Place,
    pub(crate) node: Node,
    pub(crate) sample: batch::BatchReport,
    pub(crate) id: String,
}

/// What came of it.
pub(crate) struct Outcome {
    pub(crate) batch: Value,
    pub(crate) carriers: Value,
    pub(crate) odd: Report,
    pub(crate) audit: Value,
    pub(crate) sample: batch::BatchReport,
    pub(crate) said: String,
}

/// A scene with these quirks and nothing else.
pub(crate) fn scene(quirks: &[&'static str]) -> Scene {
    Scene {
        quirks: quirks.to_vec(),
        ..Scene::default()
    }
}

impl Scene {
    pub(crate) fn profile(self, profile: &'static str) -> Self {
        Self { profile, ..self }
    }

    /// Starts carriers and node and hands the batch in.
    pub(crate) fn start(&self) -> Stage {
        let mut simulated = settings("odd", self.latency_ms, self.receipt_ms, &self.quirks);
        (self.simulate)(&mut simulated);
        let odd = Carrier::start(simulated);
        let spare = self
            .spare
            .then(|| Carrier::start(settings("spare", 1, 5, &[])));
        let keys = format!("profile = \"trap\"\n{}", self.carrier);
        let mut entries = vec![CarrierEntry {
            name: "odd",
            address: odd.address,
            price: "0.005",
            links: self.links,
            window: self.window,
            more: &keys,
        }];
        if let Some(spare) = &spare {
            entries.push(CarrierEntry {
                name: "spare",
                address: spare.address,
                price: "0.009",
                links: 1,
                window: 50,
                more: "",
            });
        }
        let place = Place::new(&entries, "");
        let written = std::fs::read_to_string(place.configuration()).unwrap();
        let delivery = format!("[delivery]\n{}", self.delivery);
        std::fs::write(
            place.configuration(),
            written.replace("[delivery]", &delivery),
        )
        .unwrap();
        let profiles = place.folder.path().join("profiles");
        std::fs::create_dir_all(&profiles).unwrap();
        let text = format!(
            "name = \"trap\"\ndescription = \"for one test\"\ndrawn_from = \"the trap's description\"\n{}\n",
            self.profile
        );
        std::fs::write(profiles.join("trap.toml"), text).unwrap();
        let file = place.folder.path().join("rows.csv");
        let options = Options {
            rows: self.rows,
            seed: 11,
            mixed: self.mixed,
            bad: Percent::new(0.0).unwrap(),
            long: Percent::new(self.long).unwrap(),
            keys: false,
        };
        let sample = batch::write(&options, &mut std::fs::File::create(&file).unwrap()).unwrap();
        let node = place.serve();
        let id = node.submit_batch(&file);
        Stage {
            odd,
            spare,
            place,
            node,
            sample,
            id,
        }
    }

    /// Plays the scene to its end; the node is stopped in order.
    pub(crate) fn play(&self) -> Outcome {
        self.start().finish(Duration::from_secs(60))
    }
}

impl Stage {
    pub(crate) fn finish(self, within: Duration) -> Outcome {
        self.node.batch_done(&self.id, within);
        // The batch is done when every row is handed in; its messages end when their receipts have come.
        let total = |batch: &Value| {
            batch["delivered"].as_u64().unwrap_or(0) + batch["failed"].as_u64().unwrap_or(0)
        };
        eventually("every message has its end", within, || {
            let batch = self.node.get(&format!("/v1/batches/{}", self.id));
            total(&batch) >= self.sample.good
        });
        let batch = self.node.get(&format!("/v1/batches/{}", self.id));
        let carriers = self.node.get("/v1/carriers");
        let (code, _) = self.node.stop();
        assert_eq!(code, Some(0), "{}", self.place.said());
        Outcome {
            batch,
            carriers,
            odd: self.odd.report(),
            audit: self.place.audit(),
            sample: self.sample,
            said: self.place.said(),
        }
    }
}

impl Outcome {
    /// Each message delivered, the books in order, nothing the carrier could complain about.
    pub(crate) fn all_delivered(&self) -> &Self {
        assert_eq!(
            self.batch["delivered"], self.sample.good,
            "{}\n{:?}\n{}",
            self.batch, self.odd, self.said
        );
        self.adds_up()
    }

    /// The books are in order.
    pub(crate) fn adds_up(&self) -> &Self {
        assert_eq!(self.audit["adds_up"], true, "{}", self.audit);
        assert_eq!(self.odd.malformed, 0, "{:?}", self.odd);
        self
    }

    /// No segment came to the carrier twice.
    pub(crate) fn nothing_doubled(&self) -> &Self {
        assert_eq!(self.odd.duplicates, 0, "{:?}", self.odd);
        self
    }

    /// The carrier of the trap, as the node shows it.
    pub(crate) fn odd_view(&self) -> &Value {
        let carriers = self.carriers["carriers"]
            .as_array()
            .unwrap_or_else(|| panic!("{}", self.carriers));
        carriers
            .iter()
            .find(|carrier| carrier["name"] == "odd")
            .unwrap()
    }
}
