//! The table of connections. A place is used again after its connection has gone, under a new generation.

use super::bend::Bend;
use super::events::Traffic;
use carrack_smpp::ServerSession;

/// One connection. Never names a later connection that uses the same place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct BindKey {
    slot: u32,
    generation: u32,
}

impl BindKey {
    /// The place of the connection: below `binds_max`, used again after it has gone.
    #[must_use]
    pub fn slot(self) -> usize {
        self.slot as usize
    }
}

#[derive(Debug)]
pub(super) struct Connection {
    pub(super) session: ServerSession,
    pub(super) traffic: Traffic,
    pub(super) is_dirty: bool,
    /// Present once its octets have to be bent.
    pub(super) bend: Option<Bend>,
}

#[derive(Debug, Default)]
pub(super) struct Slot {
    pub(super) generation: u32,
    pub(super) connection: Option<Box<Connection>>,
}

/// All connections, at most `connections_max`.
#[derive(Debug)]
pub(super) struct Connections {
    slots: Vec<Slot>,
    free: Vec<u32>,
    dirty: Vec<BindKey>,
    connections_max: usize,
}

impl Connections {
    pub(super) fn new(connections_max: usize) -> Self {
        Self {
            slots: Vec::new(),
            free: Vec::new(),
            dirty: Vec::new(),
            connections_max,
        }
    }

    /// Adds a connection; `None` when the table is full.
    pub(super) fn add(&mut self, now_ns: u64, session: ServerSession) -> Option<BindKey> {
        let slot = match self.free.pop() {
            Some(slot) => slot,
            None if self.slots.len() >= self.connections_max => return None,
            None => {
                self.slots.push(Slot::default());
                (self.slots.len() - 1) as u32
            }
        };
        let place = self.slots.get_mut(slot as usize)?;
        place.connection = Some(Box::new(Connection {
            session,
            traffic: Traffic {
                since_ns: now_ns,
                ..Traffic::default()
            },
            is_dirty: false,
            bend: None,
        }));
        Some(BindKey {
            slot,
            generation: place.generation,
        })
    }

    pub(super) fn remove(&mut self, key: BindKey) {
        if let Some(place) = self.slots.get_mut(key.slot())
            && place.generation == key.generation
            && place.connection.take().is_some()
        {
            place.generation = place.generation.wrapping_add(1);
            self.free.push(key.slot);
        }
    }

    pub(super) fn get(&self, key: BindKey) -> Option<&Connection> {
        let place = self.slots.get(key.slot())?;
        if place.generation == key.generation {
            place.connection.as_deref()
        } else {
            None
        }
    }

    pub(super) fn get_mut(&mut self, key: BindKey) -> Option<&mut Connection> {
        let place = self.slots.get_mut(key.slot())?;
        if place.generation == key.generation {
            place.connection.as_deref_mut()
        } else {
            None
        }
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Connection> {
        self.slots
            .iter()
            .filter_map(|place| place.connection.as_deref())
    }

    pub(super) fn is_empty(&self) -> bool {
        self.free.len() >= self.slots.len()
    }

    /// The key of the connection at a place; for walks over all places.
    pub(super) fn key_at(&self, slot: usize) -> Option<BindKey> {
        let place = self.slots.get(slot)?;
        place.connection.as_ref().map(|_| BindKey {
            slot: slot as u32,
            generation: place.generation,
        })
    }

    /// Places, empty ones among them.
    pub(super) fn places(&self) -> usize {
        self.slots.len()
    }

    /// Notes that the connection has something to write or is to be closed.
    pub(super) fn mark(&mut self, key: BindKey) {
        if let Some(connection) = self.get_mut(key)
            && !connection.is_dirty
        {
            connection.is_dirty = true;
            self.dirty.push(key);
        }
    }

    /// Moves the marked connections to the end of `keys`, each once.
    pub(super) fn take_dirty(&mut self, keys: &mut Vec<BindKey>) {
        let dirty = std::mem::take(&mut self.dirty);
        for key in &dirty {
            if let Some(connection) = self.get_mut(*key) {
                connection.is_dirty = false;
            }
        }
        keys.extend_from_slice(&dirty);
        self.dirty = dirty;
        self.dirty.clear();
    }
}
