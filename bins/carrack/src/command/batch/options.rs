//! Options of a batch, as the node knows them by name.

use clap::Args;

use crate::fault::Fault;

/// What goes with a file.
#[derive(Args)]
pub(super) struct Options {
    /// Text of each row: {column}, or {{ column | default("you") }} and {% if column %}...{% endif %}
    #[arg(long)]
    template: Option<String>,
    /// How the template is written, where it could be both: simple or jinja
    #[arg(long, value_name = "SYNTAX")]
    template_syntax: Option<String>,
    /// Sender of rows that name none
    #[arg(long, value_name = "SENDER")]
    from: Option<String>,
    /// Class of rows that name none: otp, alert, transactional or bulk
    #[arg(long)]
    class: Option<String>,
    /// Sent again with the same key, it is the same batch, for 48 h
    #[arg(long, value_name = "KEY")]
    idempotency_key: Option<String>,
    /// Which column is which field, as in --map to=Telefon; may stand several times
    #[arg(long, value_name = "FIELD=COLUMN")]
    map: Vec<String>,
    /// csv, tsv or ndjson; default: told from the file
    #[arg(long)]
    format: Option<String>,
    /// utf-8, utf-16le, latin-1, windows-1252 ...; default: told from the file
    #[arg(long)]
    encoding: Option<String>,
    /// What stands between cells; default: told from the header
    #[arg(long)]
    delimiter: Option<String>,
    /// Rows whose recipient (or recipient and text) stands in the file before: send, refuse, refuse_same_text
    #[arg(long, value_name = "WHAT")]
    duplicates: Option<String>,
    /// Typographic signs that make a text dearer: keep or replace
    #[arg(long, value_name = "WHAT")]
    smart_characters: Option<String>,
    /// Takes the first row then, as in 2026-12-24T09:00:00+01:00
    #[arg(long, value_name = "MOMENT")]
    start_at: Option<String>,
    /// Spreads the rows evenly so that the last one is taken by then
    #[arg(long, value_name = "MOMENT")]
    finish_by: Option<String>,
    /// Spreads the rows evenly over this time, as in 2h
    #[arg(long, value_name = "TIME")]
    spread: Option<String>,
    /// Rows a second at most
    #[arg(long, value_name = "ROWS")]
    rate: Option<String>,
    /// Sends each row then that does not say it: a moment, or the recipient's own clock as in '2026-12-24T09:00 local'
    #[arg(long, value_name = "MOMENT")]
    send_at: Option<String>,
    /// How long a row is valid that does not say it, as in 2h
    #[arg(long, value_name = "TIME")]
    validity: Option<String>,
}

impl Options {
    /// Names and values as the node takes them.
    pub(super) fn fields(&self) -> Result<Vec<(String, String)>, Fault> {
        let given = [
            ("template", &self.template),
            ("template_syntax", &self.template_syntax),
            ("from", &self.from),
            ("class", &self.class),
            ("format", &self.format),
            ("encoding", &self.encoding),
            ("delimiter", &self.delimiter),
            ("duplicates", &self.duplicates),
            ("smart_characters", &self.smart_characters),
            ("start_at", &self.start_at),
            ("finish_by", &self.finish_by),
            ("spread", &self.spread),
            ("rate", &self.rate),
            ("send_at", &self.send_at),
            ("validity", &self.validity),
            ("idempotency_key", &self.idempotency_key),
        ];
        let mut fields: Vec<(String, String)> = given
            .into_iter()
            .filter_map(|(name, value)| Some((name.to_owned(), value.clone()?)))
            .collect();
        for map in &self.map {
            let Some((field, column)) = map.split_once('=') else {
                return Err(Fault::Usage(format!(
                    "--map {map}: write the field and its column, as in --map to=Telefon"
                )));
            };
            fields.push((format!("column.{field}"), column.to_owned()));
        }
        Ok(fields)
    }
}
