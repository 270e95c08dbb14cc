//! A book of SIMs that says what it is told to say, and remembers what it heard.

use std::sync::Mutex;

use carrack_carrier::modem::{Allowance, Rest, SimDesk, SimEvent, SimIdentity, SimNumber};
use carrack_message::{Msisdn, Network};

#[derive(Debug, Default)]
pub struct Page {
    pub allowance: Option<Allowance>,
    /// What `spend` says, where it is something else.
    pub spend: Option<Allowance>,
    pub spent: Vec<Msisdn>,
    pub heard: Vec<SimEvent>,
    pub seated: Vec<SimIdentity>,
    pub pin: Option<String>,
    /// PINs that were given, and to whom.
    pub given: Vec<(SimIdentity, String)>,
    pub own: Option<Msisdn>,
    pub on_net: Vec<Network>,
}

#[derive(Debug, Default)]
pub struct Book(Mutex<Page>);

impl Book {
    pub fn page(&self) -> std::sync::MutexGuard<'_, Page> {
        self.0.lock().unwrap()
    }
}

impl SimDesk for Book {
    fn seat(&self, _: &str, _: &str, identity: &SimIdentity, _: u64) -> SimNumber {
        let mut page = self.page();
        let known = page.seated.iter().position(|seated| seated == identity);
        let place = known.unwrap_or_else(|| {
            page.seated.push(identity.clone());
            page.seated.len() - 1
        });
        SimNumber(place as u32)
    }

    fn allowance(&self, _: SimNumber, utc_ns: u64) -> Allowance {
        match self.page().allowance {
            Some(Allowance::NotBefore {
                utc_ns: until,
                rest,
            }) if utc_ns < until => Allowance::NotBefore {
                utc_ns: until,
                rest,
            },
            _ => Allowance::Now,
        }
    }

    fn spend(&self, sim: SimNumber, to: Msisdn, utc_ns: u64) -> Allowance {
        if let Some(allowance) = self.page().spend {
            return allowance;
        }
        let allowance = self.allowance(sim, utc_ns);
        if allowance == Allowance::Now {
            self.page().spent.push(to);
        }
        allowance
    }

    fn spend_more(&self, sim: SimNumber, to: Msisdn, utc_ns: u64) -> Allowance {
        let said = self.page().spend;
        let is_met = matches!(
            said,
            Some(Allowance::NotBefore {
                rest: Rest::Recipients,
                ..
            })
        );
        if is_met {
            self.page().spent.push(to);
            return Allowance::Now;
        }
        self.spend(sim, to, utc_ns)
    }

    fn note(&self, _: SimNumber, event: SimEvent, _: u64) {
        self.page().heard.push(event);
    }

    fn own_number(&self, _: SimNumber) -> Option<Msisdn> {
        self.page().own
    }

    fn on_net(&self, _: SimNumber) -> Vec<Network> {
        self.page().on_net.clone()
    }

    fn pin(&self, _: &str, _: &str, _: &SimIdentity) -> Option<String> {
        self.page().pin.clone()
    }

    fn give_pin(&self, _: (&str, &str), identity: &SimIdentity, pin: &str, _: u64) -> bool {
        let (mut page, given) = (self.page(), (identity.clone(), pin.to_owned()));
        let is_new = !page.given.contains(&given);
        page.given.extend(is_new.then_some(given));
        is_new
    }

    fn count_pins(&self, _: &str, identity: &SimIdentity) -> u8 {
        let page = self.page();
        page.given.iter().filter(|(to, _)| to == identity).count() as u8
    }

    fn forget_pins(&self, _: &str, identity: &SimIdentity) {
        let of = identity.iccid.clone();
        self.page().given.retain(|(to, _)| to.iccid != of);
    }
}
