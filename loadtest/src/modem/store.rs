//! A store of messages: that of a SIM or of a modem (3GPP TS 27.005, 3.2.2).
//!
//! Places are numbered from 1, or from 0 where a dialect does so; a place that was freed is used again, the lowest first. Bound: its size.

/// What became of a message in a store (`<stat>`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stat {
    /// 0, `REC UNREAD`.
    Unread,
    /// 1, `REC READ`.
    Read,
}

impl Stat {
    /// Its number in PDU mode.
    pub(super) fn number(self) -> u8 {
        self as u8
    }

    /// Its name in text mode.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Unread => "REC UNREAD",
            Self::Read => "REC READ",
        }
    }
}

/// One message.
#[derive(Debug, Clone)]
pub(super) struct Stored {
    pub(super) stat: Stat,
    pub(super) tpdu: Vec<u8>,
}

/// A store.
#[derive(Debug)]
pub(super) struct Store {
    places: Vec<Option<Stored>>,
}

impl Store {
    pub(super) fn new(size: usize) -> Self {
        Self {
            places: (0..size).map(|_| None).collect(),
        }
    }

    pub(super) fn size(&self) -> usize {
        self.places.len()
    }

    pub(super) fn used(&self) -> usize {
        self.places.iter().flatten().count()
    }

    pub(super) fn is_full(&self) -> bool {
        self.places.iter().all(Option::is_some)
    }

    /// Its place, from 0; `None` where it is full.
    pub(super) fn put(&mut self, stat: Stat, tpdu: Vec<u8>) -> Option<usize> {
        let place = self.places.iter().position(Option::is_none)?;
        *self.places.get_mut(place)? = Some(Stored { stat, tpdu });
        Some(place)
    }

    /// What is there, and from now on read.
    pub(super) fn read(&mut self, place: usize) -> Option<Stored> {
        let stored = self.places.get_mut(place)?.as_mut()?;
        let before = stored.clone();
        if stored.stat == Stat::Unread {
            stored.stat = Stat::Read;
        }
        Some(before)
    }

    /// All with this state, or all, and from now on read.
    pub(super) fn list(&mut self, stat: Option<u8>) -> Vec<(usize, Stored)> {
        let wanted = |stored: &Stored| stat.is_none_or(|stat| stored.stat.number() == stat);
        let places: Vec<usize> = self
            .places
            .iter()
            .enumerate()
            .filter(|(_, stored)| stored.as_ref().is_some_and(wanted))
            .map(|(place, _)| place)
            .collect();
        places
            .into_iter()
            .filter_map(|place| Some((place, self.read(place)?)))
            .collect()
    }

    /// False where the place does not exist; an empty one is well.
    pub(super) fn delete(&mut self, place: usize) -> bool {
        self.places.get_mut(place).map(Option::take).is_some()
    }

    /// Deletes by flag (3.5.4): 1 to 3 what was read (nothing here is unsent or sent), 4 all.
    pub(super) fn delete_many(&mut self, flag: u8) {
        for place in &mut self.places {
            let goes = place.as_ref().is_some_and(|stored| match flag {
                1..=3 => stored.stat == Stat::Read,
                _ => true,
            });
            if goes {
                *place = None;
            }
        }
    }
}
