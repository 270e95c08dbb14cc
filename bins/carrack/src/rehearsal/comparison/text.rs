//! A comparison as tables for people.

use carrack_message::Micros;

use super::{Amount, Carrier, Comparison};
use crate::table::{count, money, table};

impl Comparison {
    /// Carriers, sums, moves and routes.
    pub(crate) fn tables(&self) -> String {
        let mut text = self.carriers_text();
        text += &self.totals_text();
        if !self.moves.is_empty() {
            text += &self.moves_text();
        }
        text + &self.routes_text()
    }

    fn carriers_text(&self) -> String {
        let header = [
            "carrier", "messages", "after", "segments", "after", "share %", "after", "cost",
            "after",
        ];
        let mut rows = table(&header, 1);
        for Carrier {
            name,
            before,
            after,
        } in &self.carriers
        {
            rows.add_row([
                name.clone(),
                count(before.messages),
                count(after.messages),
                count(before.segments),
                count(after.segments),
                format!("{:.2}", before.share_percent),
                format!("{:.2}", after.share_percent),
                amounts(&before.cost),
                amounts(&after.cost),
            ]);
        }
        format!("{rows}\n")
    }

    fn totals_text(&self) -> String {
        let mut rows = table(&["in all", "before", "after", "change"], 1);
        let counted = |before: u64, after: u64| {
            let change = i128::from(after) - i128::from(before);
            [count(before), count(after), change.to_string()]
        };
        let (before, after) = (&self.before, &self.after);
        let mut add = |name: String, [before, after, change]: [String; 3]| {
            rows.add_row([name, before, after, change]);
        };
        add(
            "messages".to_owned(),
            counted(before.messages, after.messages),
        );
        add(
            "segments".to_owned(),
            counted(before.segments, after.segments),
        );
        let said = |name: &str| match &self.base {
            Some(base) => format!("{name}, {base}"),
            None => name.to_owned(),
        };
        match (&before.base, &after.base) {
            (Some(old), Some(new)) => {
                add(said("cost"), changed(&old.cost, &new.cost));
                add(said("sell"), changed(&old.sell, &new.sell));
                add(said("margin"), changed(&old.margin, &new.margin));
            }
            _ => {
                let both = |before: &[Amount], after: &[Amount]| {
                    [amounts(before), amounts(after), String::new()]
                };
                add("cost".to_owned(), both(&before.cost, &after.cost));
                add("sell".to_owned(), both(&before.sell, &after.sell));
            }
        }
        format!("{rows}\n")
    }

    fn moves_text(&self) -> String {
        let header = ["from", "to", "messages", "segments", "cost", "after"];
        let mut rows = table(&header, 2);
        for moved in &self.moves {
            rows.add_row([
                name(&moved.from),
                name(&moved.to),
                count(moved.messages),
                count(moved.segments),
                amounts(&moved.cost_before),
                amounts(&moved.cost_after),
            ]);
        }
        format!("{rows}\n")
    }

    fn routes_text(&self) -> String {
        let mut rows = table(&["route of the new table", "messages"], 1);
        for route in &self.routes {
            rows.add_row([route.name.clone(), count(route.messages)]);
        }
        format!("{rows}\n")
    }

    /// What has to be known beside the tables, a line each, each after a line's end.
    pub(crate) fn notes(&self) -> String {
        let mut text = String::new();
        for refused in &self.refused {
            let messages = count(refused.messages);
            text += &format!("\nrefused: {messages} messages, {}", refused.meaning);
        }
        for blind in &self.not_judged.routes {
            text += &format!(
                "\nnot judged: {} messages met route {}, which asks for {}; here they went on to the next",
                count(blind.messages),
                blind.name,
                blind.asks.join(" and ")
            );
        }
        for route in self.routes.iter().filter(|route| route.messages > 0) {
            let name = &route.name;
            if route.measured {
                text += &format!("\nroute {name} follows measured quality; here it went by price");
            }
            if route.looks_up {
                text += &format!(
                    "\nroute {name} asks a register; here networks are those of the number lists"
                );
            }
        }
        text + &self.without_margin()
    }

    /// What is in no margin.
    fn without_margin(&self) -> String {
        let mut text = String::new();
        for (number, what) in [
            (self.before.without_price, "had no price"),
            (self.after.without_price, "would have no price"),
        ] {
            if number > 0 {
                let number = count(number);
                text += &format!("\n{number} messages {what}; they are in no margin");
            }
        }
        if self.before.base.is_none() || self.after.base.is_none() {
            text += "\nseveral currencies do not add up; give [currency] with rates in the new configuration";
        }
        text
    }
}

fn name(carrier: &Option<String>) -> String {
    let refused = || "refused".to_owned();
    carrier.clone().unwrap_or_else(refused)
}

fn changed(before: &str, after: &str) -> [String; 3] {
    let read = |text: &str| text.parse::<Micros>().unwrap_or(Micros::ZERO).0;
    let change = read(after).saturating_sub(read(before));
    [before.to_owned(), after.to_owned(), money(change)]
}

fn amounts(amounts: &[Amount]) -> String {
    let shown: Vec<String> = amounts
        .iter()
        .map(|Amount { amount, currency }| match currency {
            Some(currency) => format!("{amount} {currency}"),
            None => amount.clone(),
        })
        .collect();
    shown.join(", ")
}
