//! Orders to a rack while it runs, one a line: `MODEM ORDER`, MODEM being a number, `FROM-TO`, or `*`. What a hand at the rack, its operator or its network would do.

use super::Rack;
use super::device::{Air, Modem, Power};
use super::fault::{Cure, Fault};
use super::settings::SimCard;
use crate::duration;

/// Every order, for help.
pub const ORDERS: &str = "\
MODEM is a number, FROM-TO, or *
MODEM heal                  end silence, faults, blocked SIM, lost network; plug and power on
MODEM fault SPEC            one more fault, as --fault
MODEM clear                 no more faults from now on
MODEM silent [D] [cfun|usb|power]   say and hear nothing for D, or until the cure
MODEM power off|on|cycle
MODEM usb reset             the port goes and comes back; the modem starts anew
MODEM unplug [D]            the port is gone, for D or until `plug`
MODEM plug
MODEM sim remove|block [CODE]|unblock|mute
MODEM sim insert N          card N (0 is that of modem 0), out of the modem it is in
MODEM sim insert ICCID IMSI NUMBER [PIN]   a new card
MODEM network lost|denied [D], MODEM network back
MODEM signal N              +CSQ, 0 to 31, 99
MODEM fill [N]              N messages in its store [all places]
MODEM mo FROM TEXT          a handset writes to its SIM
MODEM say LINE              a line unasked
report                      the report, as one line of JSON";

/// Why an order was not carried out.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{order}`: {what}")]
pub struct OrderFault {
    order: String,
    what: &'static str,
}

type Done = Result<(), &'static str>;

impl Rack {
    /// Carries out an order; what it answers (empty, but for `report`).
    ///
    /// # Errors
    /// An order that is none of them, or a modem that is not there.
    pub fn order(&mut self, now_ns: u64, order: &str) -> Result<String, OrderFault> {
        self.tick(now_ns);
        let fault = |what| OrderFault {
            order: order.to_owned(),
            what,
        };
        let order = order.trim();
        if order == "report" {
            return serde_json::to_string(&self.report(now_ns))
                .map_err(|_| fault("the report cannot be written"));
        }
        let (modems, order) = order
            .split_once(' ')
            .ok_or_else(|| fault("begins with a modem and a blank"))?;
        let last = self.modems.len().saturating_sub(1);
        let (from, to) = match modems {
            "*" => (0, last),
            _ => range(modems)
                .filter(|(_, to)| *to <= last)
                .ok_or_else(|| fault("there is no such modem"))?,
        };
        let words: Vec<&str> = order.split_whitespace().collect();
        for index in from..=to {
            self.carry_out(now_ns, index, &words, order)
                .map_err(fault)?;
        }
        Ok(String::new())
    }

    fn carry_out(&mut self, now_ns: u64, index: usize, words: &[&str], order: &str) -> Done {
        match words {
            ["sim", "insert", card] => {
                let card = card.parse().map_err(|_| "the card is no number")?;
                return self.insert(now_ns, index, card);
            }
            ["sim", "insert", iccid, imsi, number, rest @ ..] => {
                let card = SimCard {
                    iccid: (*iccid).to_owned(),
                    imsi: (*imsi).to_owned(),
                    number: (*number).to_owned(),
                    pin: rest.first().map(|pin| (*pin).to_owned()),
                };
                let card = self.network.add(card, &self.settings);
                return self.insert(now_ns, index, card);
            }
            ["mo", from, ..] => {
                let text = order.splitn(3, ' ').nth(2).unwrap_or_default();
                let sim = self
                    .modems
                    .get(index)
                    .and_then(|modem| modem.sim)
                    .ok_or("it has no SIM")?;
                self.network.write(now_ns, sim, from, text, &self.settings);
                self.tick(now_ns);
                return Ok(());
            }
            _ => {}
        }
        let mut done = Err("no such order; `modemsim --help` lists them");
        self.with(now_ns, index, |modem, air| {
            done = told(modem, air, words, order)
        });
        done
    }

    fn insert(&mut self, now_ns: u64, index: usize, card: usize) -> Done {
        let seat = self
            .network
            .sims
            .get(card)
            .ok_or("there is no such card")?
            .seat;
        if let Some(seat) = seat {
            self.with(now_ns, seat, |modem, air| modem.remove_sim(air));
        }
        self.with(now_ns, index, |modem, air| {
            modem.remove_sim(air);
            modem.sim = Some(card);
            if let Some(sim) = air.network.sims.get_mut(card) {
                sim.seat = Some(index);
            }
            if modem.power == Power::On {
                modem.unasked("+CPIN: READY");
                modem.seek_network(air);
            }
        });
        Ok(())
    }
}

fn told(modem: &mut Modem, air: &mut Air<'_>, words: &[&str], order: &str) -> Done {
    match words {
        ["heal"] => heal(modem, air),
        ["fault", spelling] => modem.armed.arm(
            Fault::parse(spelling)
                .map_err(|_| "no such fault; `modemsim --list-faults` has them")?,
        ),
        ["clear"] => modem.armed.disarm(),
        ["silent", rest @ ..] => {
            let cure = rest.last().and_then(|word| cure(word));
            let for_ns = rest.first().and_then(|word| time(word));
            modem.fall_silent(air, for_ns, cure.unwrap_or(Cure::Cfun));
        }
        ["power", "off"] => modem.power_off(air),
        ["power", "on"] => modem.power_on(air),
        ["power", "cycle"] => modem.cure(air, Cure::Power),
        ["usb", "reset"] => usb_reset(modem, air),
        ["unplug"] => modem.unplug(air, None),
        ["unplug", for_time] => {
            let for_ns = time(for_time).ok_or("the time is none")?;
            modem.unplug(air, Some(for_ns));
        }
        ["plug"] => modem.plug(air),
        ["sim", "remove"] => modem.remove_sim(air),
        ["sim", word, rest @ ..] => return operator(modem, air, word, rest.first().copied()),
        ["network", "lost", rest @ ..] => {
            modem.lose_network(air, 2, rest.first().and_then(|word| time(word)))
        }
        ["network", "denied", rest @ ..] => {
            modem.lose_network(air, 3, rest.first().and_then(|word| time(word)))
        }
        ["network", "back"] => modem.force_registration(air, None),
        ["signal", signal] => {
            modem.radio.signal = signal.parse().map_err(|_| "the signal is no number")?
        }
        ["fill"] => modem.fill(air, usize::MAX),
        ["fill", count] => {
            let count = count.parse().map_err(|_| "how many is no number")?;
            modem.fill(air, count);
        }
        ["say", ..] => modem.unasked(order.split_once(' ').map_or("", |(_, line)| line)),
        _ => return Err("no such order; `modemsim --help` lists them"),
    }
    Ok(())
}

fn heal(modem: &mut Modem, air: &mut Air<'_>) {
    modem.armed.disarm();
    if let Some(sim) = modem.sim.and_then(|sim| air.network.sims.get_mut(sim)) {
        sim.heal();
    }
    modem.force_registration(air, None);
    modem.hear_again(air);
    modem.plug(air);
    modem.power_on(air);
}

/// A stick that hangs in its power alone does not come back by this.
fn usb_reset(modem: &mut Modem, air: &mut Air<'_>) {
    let hangs = modem.mute.filter(|mute| mute.cure > Cure::Usb);
    if hangs.is_none() {
        modem.unplug(air, Some(air.settings.boot_ns / 4));
    }
}

fn operator(modem: &mut Modem, air: &mut Air<'_>, word: &str, code: Option<&str>) -> Done {
    let sim = modem
        .sim
        .and_then(|sim| air.network.sims.get_mut(sim))
        .ok_or("it has no SIM")?;
    match word {
        "block" => {
            sim.blocked = Some(
                code.map_or(Ok(50), str::parse)
                    .map_err(|_| "the code is no number")?,
            )
        }
        "unblock" => sim.heal(),
        "mute" => sim.is_mute = true,
        _ => return Err("no such order; `modemsim --help` lists them"),
    }
    Ok(())
}

fn cure(word: &str) -> Option<Cure> {
    match word {
        "cfun" => Some(Cure::Cfun),
        "usb" => Some(Cure::Usb),
        "power" => Some(Cure::Power),
        _ => None,
    }
}

fn time(word: &str) -> Option<u64> {
    duration::parse(word).ok().map(duration::nanoseconds)
}

fn range(text: &str) -> Option<(usize, usize)> {
    let (from, to) = text.split_once('-').unwrap_or((text, text));
    Some((from.parse().ok()?, to.parse().ok()?))
}
