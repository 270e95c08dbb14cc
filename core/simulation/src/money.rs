//! The oracle's purse: what the durable frames say of money, and where it does not add up.
//!
//! It shares no code with the engine's sums. Bound: the messages of one run.

use carrack_message::record::RecordView;
use carrack_message::{MessageId, Micros};
use carrack_queue::FrameKey;
use rustc_hash::FxHashMap;

/// The account with a limit, and the limit: enough for some of its texts.
const LIMITED: u32 = 2;
const LIMIT_MICROS: i64 = 500;

/// What an account may spend.
pub(crate) fn limit_micros(account: u32) -> Option<i64> {
    (account == LIMITED).then_some(LIMIT_MICROS)
}

/// What the text of this number costs; every fifth has no price.
pub(crate) fn price(number: usize, segments: u8) -> Option<Micros> {
    let each = (number % 5) as i64 * 30;
    (each > 0).then(|| Micros(each * i64::from(segments)))
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Purse {
    pub(crate) reserved: i64,
    pub(crate) charged: i64,
}

#[derive(Default)]
pub(crate) struct Money {
    prices: FxHashMap<u128, (u32, i64)>,
    purses: FxHashMap<u32, Purse>,
}

impl Money {
    pub(crate) fn of(&self, account: u32) -> Purse {
        self.purses.get(&account).copied().unwrap_or_default()
    }

    /// A record is durable; says what is wrong with it.
    pub(crate) fn record(&mut self, frame: FrameKey, record: RecordView<'_>) -> Option<String> {
        match record {
            RecordView::Accepted(record) if frame.accepted(MessageId(record.id.to_native())) => {
                let account = record.account.to_native();
                let price = record.price_micros.to_native().max(0);
                self.prices.insert(record.id.to_native(), (account, price));
                let purse = self.purses.entry(account).or_default();
                purse.reserved += price;
                let spent = purse.reserved + purse.charged;
                let limit = limit_micros(account)?;
                (spent > limit).then(|| format!("account {account} has spent {spent} of {limit}"))
            }
            RecordView::Final(end) => {
                let id = end.id.to_native();
                let (account, price) = self.prices.remove(&id)?;
                let (charged, released) = (
                    end.charged_micros.to_native(),
                    end.released_micros.to_native(),
                );
                let purse = self.purses.entry(account).or_default();
                purse.reserved -= price;
                purse.charged += charged;
                let taken = i64::from(end.segments_sent > 0);
                let fits = charged + released == price
                    && (0..=price * taken).contains(&charged)
                    && end.account.to_native() == account;
                (!fits).then(|| {
                    format!(
                        "message {} cost {price}, {charged} are charged and {released} released with {} segments sent",
                        MessageId(id),
                        end.segments_sent
                    )
                })
            }
            _ => None,
        }
    }
}
