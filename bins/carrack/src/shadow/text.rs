//! The report of a trial for people.

use super::example::Side;
use super::report::{Report, SeenSoFar};
use crate::table::{count, table};

impl Report {
    /// All of it.
    pub(crate) fn text(&self) -> String {
        let name = &self.configuration;
        match (&self.seen, self.state.as_str()) {
            (Some(seen), _) => seen.text(name, self.share_percent),
            (None, "faulty") => {
                let mut text = format!(
                    "{name} cannot be tried; mend it and reload (SIGHUP). The node goes on without it."
                );
                for fault in &self.faults {
                    text += &format!("\nfault: {fault}");
                }
                if self.faults_more > 0 {
                    text += &format!("\nand {} faults more", self.faults_more);
                }
                text
            }
            (None, _) => format!("{name} is being read; ask again in a moment"),
        }
    }
}

impl SeenSoFar {
    fn text(&self, name: &str, share: u8) -> String {
        let mut text = self.comparison.tables();
        text += &self.parts_text();
        if !self.examples.0.is_empty() {
            text += &self.examples_text();
        }
        text += &format!(
            "{name} beside live traffic since {}: {} messages looked at ({share} % of what came), {} dropped",
            self.since,
            count(self.messages),
            count(self.dropped),
        );
        if self.left_out > 0 {
            let left_out = count(self.left_out);
            text += &format!(
                "\n{left_out} messages went to more carriers than are counted; they are in no sum"
            );
        }
        text + &self.comparison.notes()
    }

    fn parts_text(&self) -> String {
        let mut rows = table(&["messages that would have", "count"], 1);
        for (what, number) in [
            ("the same carrier", self.same),
            ("another carrier", self.other),
            ("none, where they have one now", self.only_now),
            ("  of those for want of margin", self.refused_for_margin),
            ("one, where they have none now", self.only_then),
            ("none, as now", self.neither),
        ] {
            rows.add_row([what.to_owned(), count(number)]);
        }
        format!("{rows}\n")
    }

    fn examples_text(&self) -> String {
        let header = [
            "at", "account", "class", "to", "segments", "before", "after",
        ];
        let mut rows = table(&header, header.len());
        for example in &self.examples.0 {
            rows.add_row([
                example.at.clone(),
                example.account.clone(),
                example.class.clone(),
                example.to.clone(),
                example.segments.to_string(),
                side(&example.before),
                side(&example.after),
            ]);
        }
        format!("{rows}\n")
    }
}

fn side(side: &Side) -> String {
    let part = |text: &Option<String>| text.clone().unwrap_or_default();
    match &side.carrier {
        Some(carrier) => {
            let (cost, currency) = (part(&side.cost), part(&side.currency));
            let text = format!("{carrier} by {}, {cost} {currency}", part(&side.route));
            text.trim_end().to_owned()
        }
        None => match &side.refused {
            Some(why) => format!("refused: {why}"),
            None => "refused".to_owned(),
        },
    }
}
