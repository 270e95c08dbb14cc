//! PINs that were given to cards: no PIN twice where it was not taken, or where nobody knows whether it was (a third wrong one locks a card).
//!
//! Promise: what [`SimDesk::give_pin`] allows is in the file's pages before it returns, with the card, whichever modem it is in. What a card
//! has taken is forgotten, so the file holds no PIN that opens one. Bound: [`GIVEN_MAX`] a card. A card that tells no number while it
//! is locked is known by its modem, until the node ends; of those [`UNNAMED_MAX`].

use std::collections::HashMap;

use super::directory::Place;
use super::{SimBook, locked, tidy};
use crate::modem::{SimDesk, SimIdentity, SimNumber};

/// Different PINs that a card is given: one less than lock it.
pub(super) const GIVEN_MAX: usize = 2;
const UNNAMED_MAX: usize = 4_096;

/// What stands for PINs that were given; 0: none.
pub(super) type Given = [u32; GIVEN_MAX];

/// Of cards without a place in the book.
pub(super) type Unnamed = HashMap<String, Given>;

fn mark(pin: &str) -> u32 {
    crc32c::crc32c(pin.as_bytes()).max(1)
}

/// Takes a PIN down; false: it is there, or too many are.
fn take_down(given: &mut Given, pin: &str) -> bool {
    let mark = mark(pin);
    if given.contains(&mark) {
        return false;
    }
    let free = given.iter_mut().find(|place| **place == 0);
    free.map(|place| *place = mark).is_some()
}

fn count(given: &Given) -> u8 {
    given.iter().filter(|mark| **mark != 0).count() as u8
}

/// By the card where it says its number.
fn name<'a>(modem: &'a str, identity: &'a SimIdentity) -> &'a str {
    identity.iccid.as_deref().unwrap_or(modem)
}

impl SimBook {
    /// Where a card stands that was here before.
    fn known(&self, identity: &SimIdentity) -> Option<SimNumber> {
        identity.iccid.as_ref()?;
        let place = locked(&self.directory).place(identity, self.layout.sims_max, 0);
        match place {
            Place::Known(place) => Some(SimNumber(place)),
            _ => None,
        }
    }

    pub(super) fn pins_given(&self, modem: &str, identity: &SimIdentity) -> u8 {
        let identity = tidy(identity);
        let unnamed = locked(&self.pins).get(name(modem, &identity)).map(count);
        let of_card = self.known(&identity).and_then(|sim| self.sheet(sim));
        let kept = of_card.map(|sheet| count(&sheet.kept.pins));
        kept.unwrap_or(0).max(unnamed.unwrap_or(0))
    }

    pub(super) fn give_pin_to(
        &self,
        (pool, modem): (&str, &str),
        identity: &SimIdentity,
        pin: &str,
        utc_ns: u64,
    ) -> bool {
        let identity = tidy(identity);
        if identity.iccid.is_some() {
            let number = self.seat(pool, modem, &identity, utc_ns);
            if let Some(mut sheet) = self.sheet(number) {
                let is_new = take_down(&mut sheet.kept.pins, pin);
                if is_new {
                    self.keep(number, &mut sheet);
                }
                return is_new;
            }
        }
        let (mut unnamed, name) = (locked(&self.pins), name(modem, &identity));
        if unnamed.len() >= UNNAMED_MAX && !unnamed.contains_key(name) {
            return false;
        }
        take_down(unnamed.entry(name.to_owned()).or_default(), pin)
    }

    pub(super) fn forget_given(&self, modem: &str, identity: &SimIdentity) {
        let identity = tidy(identity);
        let mut unnamed = locked(&self.pins);
        unnamed.remove(modem);
        unnamed.remove(name(modem, &identity));
        drop(unnamed);
        if let Some(sim) = self.known(&identity)
            && let Some(mut sheet) = self.sheet(sim)
            && sheet.kept.pins != Given::default()
        {
            sheet.kept.pins = Given::default();
            self.keep(sim, &mut sheet);
        }
    }
}
