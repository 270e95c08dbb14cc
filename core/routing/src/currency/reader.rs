//! Rates from CSV: header `currency,rate` or `currency,rate,from`, in any order and case.
//!
//! Bounded by [`ROWS_MAX`] rows. A row with a fault does not hide those after it.

use std::io::{BufReader, Read};

use carrack_message::Currency;

use super::{Rate, Rates, is_known};
use crate::deck::{DeckFaults, Gathered};
use crate::lines::{Fields, Lines};
use crate::read_instant;

/// Most rows: a rate a day of every currency for ten years.
const ROWS_MAX: usize = 700_000;

const HEADER: [&str; 3] = ["currency", "rate", "from"];

/// Where each column stands.
struct Columns {
    currency: usize,
    rate: usize,
    from: Option<usize>,
    count: usize,
}

struct Row {
    currency: Currency,
    from: u64,
    rate: Rate,
    line: u64,
}

impl Rates {
    /// Reads rates to a base; `file_name` is what the faults call the file.
    ///
    /// # Errors
    /// All faults of the file at once, each with its line and cure.
    pub fn from_csv(
        reader: impl Read,
        file_name: &str,
        base: Currency,
    ) -> Result<Self, DeckFaults> {
        let mut faults = Gathered::new(file_name);
        let mut lines = Lines::of(BufReader::new(reader));
        let mut columns: Option<Columns> = None;
        let mut rows: Vec<Row> = Vec::new();
        loop {
            let read = lines.next();
            let line = lines.number();
            match read {
                Ok(Some(Ok(()))) => match &columns {
                    None => match Columns::of(lines.fields(), line, &mut faults) {
                        Some(found) => columns = Some(found),
                        None => break,
                    },
                    Some(columns) => {
                        rows.extend(columns.row(lines.fields(), line, base, &mut faults))
                    }
                },
                Ok(Some(Err(what))) => faults.add(line, what),
                Ok(None) if columns.is_none() => {
                    faults.add(
                        1,
                        "the file is empty; begin with the header currency,rate,from",
                    );
                    break;
                }
                Ok(None) => break,
                Err(error) => {
                    faults.add(line + 1, format!("cannot be read: {error}"));
                    break;
                }
            }
            if rows.len() > ROWS_MAX {
                faults.add(
                    line,
                    format!("more than {ROWS_MAX} rows; take old rates away"),
                );
                break;
            }
        }
        check_doubled(&mut rows, &mut faults);
        let rows = rows
            .into_iter()
            .map(|row| (row.currency, row.from, row.rate));
        match faults.into_faults() {
            Some(faults) => Err(faults),
            None => Ok(Self::of(base, file_name, rows.collect())),
        }
    }
}

fn check_doubled(rows: &mut [Row], faults: &mut Gathered<'_>) {
    rows.sort_by_key(|row| (row.currency, row.from, row.line));
    let pairs = rows.iter().zip(rows.iter().skip(1));
    for (first, row) in pairs {
        if (first.currency, first.from) == (row.currency, row.from) {
            faults.add(
                row.line,
                format!(
                    "{} has a rate from that day in line {} already; keep one of the two",
                    row.currency, first.line
                ),
            );
        }
    }
}

impl Columns {
    fn of(header: &Fields, line: u64, faults: &mut Gathered<'_>) -> Option<Self> {
        let mut places = [None; HEADER.len()];
        for place in 0..header.len() {
            let field = header
                .text(place)
                .trim_start_matches('\u{feff}')
                .to_lowercase();
            let known = HEADER.iter().position(|name| *name == field);
            match known.and_then(|known| places.get_mut(known)) {
                None => faults.add(
                    line,
                    format!("unknown column {field:?}; known are currency, rate, from"),
                ),
                Some(column) => {
                    if column.replace(place).is_some() {
                        faults.add(line, format!("column {field} stands twice; keep one"));
                    }
                }
            }
        }
        let [Some(currency), Some(rate), from] = places else {
            faults.add(
                line,
                "the header has to name currency and rate, as in currency,rate,from",
            );
            return None;
        };
        Some(Self {
            currency,
            rate,
            from,
            count: header.len(),
        })
    }

    fn row(
        &self,
        fields: &Fields,
        line: u64,
        base: Currency,
        faults: &mut Gathered<'_>,
    ) -> Option<Row> {
        if fields.len() != self.count {
            let (found, wanted) = (fields.len(), self.count);
            faults.add(
                line,
                format!("{found} fields where the header has {wanted}"),
            );
            return None;
        }
        let mut take = |what: String| faults.add(line, what);
        let text = fields.text(self.currency);
        let currency = text
            .parse::<Currency>()
            .map_err(|fault| format!("currency {text:?}: {fault}"))
            .and_then(|currency| match is_known(currency) {
                true => Ok(currency),
                false => Err(format!(
                    "currency {text:?} is unknown: ISO 4217 has none of that name"
                )),
            });
        let currency = currency.map_err(&mut take);
        let text = fields.text(self.rate);
        let rate = text
            .parse::<Rate>()
            .map_err(|fault| format!("rate {text:?} {fault}"));
        let rate = rate.map_err(&mut take);
        let text = self.from.map_or("".into(), |place| fields.text(place));
        let from = match text.is_empty() {
            true => Ok(0),
            false => read_instant(&text).map_err(|fault| format!("from {text:?} {fault}")),
        };
        let from = from.map_err(&mut take);
        let (currency, rate, from) = (currency.ok()?, rate.ok()?, from.ok()?);
        if currency == base && rate != Rate::ONE {
            take(format!(
                "{base} is the base, whose rate is 1; take the row away"
            ));
            return None;
        }
        Some(Row {
            currency,
            from,
            rate,
            line,
        })
    }
}
