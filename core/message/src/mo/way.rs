//! How a message from a handset reaches a customer.

use rkyv::{Archive, Deserialize, Serialize};

/// A way to a customer.
#[derive(
    Archive, Serialize, Deserialize, Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash,
)]
#[rkyv(derive(Debug))]
pub enum MoWay {
    /// `deliver_sm` to a bind of his.
    Bind,
    /// A request to his webhook.
    Webhook,
}

impl ArchivedMoWay {
    /// The way as it was stored.
    #[must_use]
    pub const fn way(&self) -> MoWay {
        match self {
            Self::Bind => MoWay::Bind,
            Self::Webhook => MoWay::Webhook,
        }
    }
}

/// The ways that one message takes; none: nobody has it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct MoWays {
    /// To a bind.
    pub bind: bool,
    /// To the webhook.
    pub webhook: bool,
}

impl MoWays {
    /// Whether there is any.
    #[must_use]
    pub const fn is_any(self) -> bool {
        self.bind || self.webhook
    }

    /// The ways, one after the other.
    pub fn iter(self) -> impl Iterator<Item = MoWay> {
        let bind = self.bind.then_some(MoWay::Bind);
        let webhook = self.webhook.then_some(MoWay::Webhook);
        bind.into_iter().chain(webhook)
    }

    /// One way less.
    #[must_use]
    pub const fn without(self, way: MoWay) -> Self {
        match way {
            MoWay::Bind => Self {
                bind: false,
                ..self
            },
            MoWay::Webhook => Self {
                webhook: false,
                ..self
            },
        }
    }
}
