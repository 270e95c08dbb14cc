//! One record as one line, of JSON or CSV. The columns stand here once for both.
//!
//! Pure; appends to the caller's buffer. A JSON line has no line's end in it but its last octet. Nothing fails.

use carrack_message::record::BatchRow;
use carrack_message::{Class, Currency, MessageId, Micros, Status};

use super::CdrFormat;
use super::text::{push_hex, push_micros, push_moment, push_number};

/// How a message came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    Gsm7,
    Ucs2,
    /// Octets with this `data_coding`.
    Raw(u8),
}

/// What is known of a message since it was accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Origin<'a> {
    pub(super) client_ref: Option<&'a str>,
    pub(super) batch: Option<BatchRow>,
    pub(super) class: u8,
    pub(super) to: u64,
    pub(super) from: &'a str,
    pub(super) segments: u8,
    pub(super) form: Form,
    pub(super) at_utc_ns: u64,
    pub(super) price: Option<Micros>,
    pub(super) tag: Option<&'a str>,
}

/// Everything a line says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Line<'a> {
    pub(super) id: MessageId,
    pub(super) account: &'a str,
    /// None: the log does not have it any more, or it cannot be read.
    pub(super) origin: Option<Origin<'a>>,
    pub(super) status: u8,
    pub(super) error: u32,
    pub(super) carrier: Option<&'a str>,
    pub(super) segments_sent: u8,
    /// What the account is charged, whatever the price.
    pub(super) charged: Micros,
    pub(super) currency: Option<Currency>,
    pub(super) cost: Micros,
    pub(super) cost_currency: Option<Currency>,
    pub(super) at_utc_ns: u64,
}

/// Where columns go.
trait Row {
    fn begin(&mut self, name: &'static str) -> &mut Vec<u8>;
    /// What may need marks of escape.
    fn text(&mut self, name: &'static str, value: Option<&str>);
    /// What needs none, between quotes where the format has them.
    fn plain(&mut self, name: &'static str, value: Option<impl FnOnce(&mut Vec<u8>)>);
    fn number(&mut self, name: &'static str, value: Option<u64>);
}

impl Line<'_> {
    /// What is charged less cost, where there was a price and both are in one currency, as far as that is known.
    fn margin(&self) -> Option<Micros> {
        self.origin?.price?;
        if let (Some(charged), Some(cost)) = (self.currency, self.cost_currency)
            && charged != cost
        {
            return None;
        }
        self.charged.checked_sub(self.cost)
    }

    fn columns(&self, row: &mut impl Row) {
        let origin = self.origin;
        let batch = origin.and_then(|origin| origin.batch);
        let class = origin.and_then(|origin| Class::from_u8(origin.class));
        let (encoding, data_coding) = match origin.map(|origin| origin.form) {
            None => (None, None),
            Some(Form::Gsm7) => (Some("gsm7"), None),
            Some(Form::Ucs2) => (Some("ucs2"), None),
            Some(Form::Raw(data_coding)) => (Some("binary"), Some(data_coding)),
        };
        let status = Status::from_u8(self.status).unwrap_or(Status::Unknown);
        let money = |amount: Option<Micros>| {
            amount.map(|amount| move |out: &mut Vec<u8>| push_micros(out, amount))
        };
        let moment = |utc_ns: Option<u64>| {
            utc_ns.map(|utc_ns| move |out: &mut Vec<u8>| push_moment(out, utc_ns))
        };
        let word = |word: Option<&'static str>| {
            word.map(|word| move |out: &mut Vec<u8>| out.extend_from_slice(word.as_bytes()))
        };
        let currency = |currency: Option<Currency>| {
            currency.map(|currency| move |out: &mut Vec<u8>| out.extend_from_slice(&currency.0))
        };
        let id = self.id.hex();
        row.plain("id", Some(|out: &mut Vec<u8>| out.extend_from_slice(&id)));
        row.text("account", Some(self.account));
        row.text("client_ref", origin.and_then(|origin| origin.client_ref));
        let number = batch.map(|batch| move |out: &mut Vec<u8>| push_hex(out, batch.batch));
        row.plain("batch", number);
        row.number("row", batch.map(|batch| batch.row));
        row.plain("class", word(class.map(Class::name)));
        let to = origin.map(|origin| move |out: &mut Vec<u8>| push_number(out, origin.to));
        row.plain("to", to);
        row.text("from", origin.map(|origin| origin.from));
        row.number("segments", origin.map(|origin| u64::from(origin.segments)));
        row.plain("encoding", word(encoding));
        row.number("data_coding", data_coding.map(u64::from));
        row.plain("accepted_at", moment(origin.map(|origin| origin.at_utc_ns)));
        row.plain("final_at", moment(Some(self.at_utc_ns)));
        row.plain("status", word(Some(status.name())));
        row.number("error", Some(u64::from(self.error)));
        row.text("carrier", self.carrier);
        row.number("segments_sent", Some(u64::from(self.segments_sent)));
        row.plain("price", money(origin.and_then(|origin| origin.price)));
        row.plain("charged", money(Some(self.charged)));
        row.plain("currency", currency(self.currency));
        row.plain("cost", money(Some(self.cost)));
        row.plain("cost_currency", currency(self.cost_currency));
        row.plain("margin", money(self.margin()));
        row.text("tag", origin.and_then(|origin| origin.tag));
    }

    /// Appends the line.
    pub(super) fn write(&self, format: CdrFormat, out: &mut Vec<u8>) {
        match format {
            CdrFormat::Jsonl => {
                let mut row = Json { out, mark: b'{' };
                self.columns(&mut row);
                out.extend_from_slice(b"}\n");
            }
            CdrFormat::Csv => {
                let mut row = Csv { out, first: true };
                self.columns(&mut row);
                out.push(b'\n');
            }
        }
    }
}

/// What stands before the first line of a file.
pub(super) fn header(format: CdrFormat) -> Vec<u8> {
    let mut out = Vec::new();
    if format == CdrFormat::Csv {
        let nothing = Line {
            id: MessageId(0),
            account: "",
            origin: None,
            status: 0,
            error: 0,
            carrier: None,
            segments_sent: 0,
            charged: Micros::ZERO,
            currency: None,
            cost: Micros::ZERO,
            cost_currency: None,
            at_utc_ns: 0,
        };
        nothing.columns(&mut Names { out: &mut out });
        out.push(b'\n');
    }
    out
}

struct Json<'a> {
    out: &'a mut Vec<u8>,
    /// What stands before the next name.
    mark: u8,
}

impl Json<'_> {
    fn null(&mut self, name: &'static str) {
        self.begin(name).extend_from_slice(b"null");
    }
}

impl Row for Json<'_> {
    fn begin(&mut self, name: &'static str) -> &mut Vec<u8> {
        self.out.extend_from_slice(&[self.mark, b'"']);
        self.mark = b',';
        self.out.extend_from_slice(name.as_bytes());
        self.out.extend_from_slice(b"\":");
        self.out
    }

    fn text(&mut self, name: &'static str, value: Option<&str>) {
        let Some(value) = value else {
            return self.null(name);
        };
        let out = self.begin(name);
        out.push(b'"');
        for octet in value.bytes() {
            match octet {
                b'"' | b'\\' => out.extend_from_slice(&[b'\\', octet]),
                0..=0x1f => {
                    out.extend_from_slice(b"\\u00");
                    out.extend_from_slice(format!("{octet:02x}").as_bytes());
                }
                _ => out.push(octet),
            }
        }
        out.push(b'"');
    }

    fn plain(&mut self, name: &'static str, value: Option<impl FnOnce(&mut Vec<u8>)>) {
        let Some(value) = value else {
            return self.null(name);
        };
        let out = self.begin(name);
        out.push(b'"');
        value(out);
        out.push(b'"');
    }

    fn number(&mut self, name: &'static str, value: Option<u64>) {
        match value {
            Some(value) => push_number(self.begin(name), value),
            None => self.null(name),
        }
    }
}

struct Csv<'a> {
    out: &'a mut Vec<u8>,
    first: bool,
}

impl Row for Csv<'_> {
    fn begin(&mut self, _: &'static str) -> &mut Vec<u8> {
        if !std::mem::take(&mut self.first) {
            self.out.push(b',');
        }
        self.out
    }

    fn text(&mut self, name: &'static str, value: Option<&str>) {
        let out = self.begin(name);
        let value = value.unwrap_or_default();
        let marked = |octet: u8| b",\"\r\n".contains(&octet);
        let blank = value.starts_with([' ', '\t']) || value.ends_with([' ', '\t']);
        if !blank && !value.bytes().any(marked) {
            return out.extend_from_slice(value.as_bytes());
        }
        out.push(b'"');
        for octet in value.bytes() {
            if octet == b'"' {
                out.push(b'"');
            }
            out.push(octet);
        }
        out.push(b'"');
    }

    fn plain(&mut self, name: &'static str, value: Option<impl FnOnce(&mut Vec<u8>)>) {
        let out = self.begin(name);
        if let Some(value) = value {
            value(out);
        }
    }

    fn number(&mut self, name: &'static str, value: Option<u64>) {
        let out = self.begin(name);
        if let Some(value) = value {
            push_number(out, value);
        }
    }
}

/// The header: names in the place of values.
struct Names<'a> {
    out: &'a mut Vec<u8>,
}

impl Row for Names<'_> {
    fn begin(&mut self, name: &'static str) -> &mut Vec<u8> {
        if !self.out.is_empty() {
            self.out.push(b',');
        }
        self.out.extend_from_slice(name.as_bytes());
        self.out
    }

    fn text(&mut self, name: &'static str, _: Option<&str>) {
        self.begin(name);
    }

    fn plain(&mut self, name: &'static str, _: Option<impl FnOnce(&mut Vec<u8>)>) {
        self.begin(name);
    }

    fn number(&mut self, name: &'static str, _: Option<u64>) {
        self.begin(name);
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use super::*;
    use proptest::prelude::*;

    fn line<'a>(client_ref: Option<&'a str>, from: &'a str) -> Line<'a> {
        Line {
            id: MessageId(0x0123_4567_89ab_cdef_0123_4567_89ab_cdef),
            account: "acme",
            origin: Some(Origin {
                client_ref,
                batch: Some(BatchRow {
                    batch: 0x19a,
                    row: 7,
                }),
                class: 3,
                to: 447_700_900_001,
                from,
                segments: 2,
                form: Form::Gsm7,
                at_utc_ns: 1_795_367_700_123_000_000,
                price: Some(Micros(20_000)),
                tag: Some("news"),
            }),
            status: Status::Delivered.as_u8(),
            error: 0,
            carrier: Some("north"),
            segments_sent: 2,
            charged: Micros(15_000),
            currency: Some(Currency(*b"EUR")),
            cost: Micros(10_500),
            cost_currency: None,
            at_utc_ns: 1_795_367_701_500_000_000,
        }
    }

    fn written(line: &Line<'_>, format: CdrFormat) -> String {
        let mut out = Vec::new();
        line.write(format, &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn line_says_all_of_it_in_both_formats() {
        let line = line(Some("order 9"), "ACME");
        assert_eq!(
            written(&line, CdrFormat::Jsonl),
            concat!(
                r#"{"id":"0123456789abcdef0123456789abcdef","account":"acme","client_ref":"order 9","#,
                r#""batch":"000000000000019a","row":7,"class":"bulk","to":"447700900001","from":"ACME","#,
                r#""segments":2,"encoding":"gsm7","data_coding":null,"#,
                r#""accepted_at":"2026-11-22T17:15:00.123Z","final_at":"2026-11-22T17:15:01.500Z","#,
                r#""status":"delivered","error":0,"carrier":"north","segments_sent":2,"#,
                r#""price":"0.02","charged":"0.015","currency":"EUR","cost":"0.0105","cost_currency":null,"margin":"0.0045","tag":"news"}"#,
                "\n"
            )
        );
        assert_eq!(
            written(&line, CdrFormat::Csv),
            "0123456789abcdef0123456789abcdef,acme,order 9,000000000000019a,7,bulk,447700900001,ACME,2,gsm7,,\
             2026-11-22T17:15:00.123Z,2026-11-22T17:15:01.500Z,delivered,0,north,2,0.02,0.015,EUR,0.0105,,0.0045,news\n"
        );
        assert_eq!(
            String::from_utf8(header(CdrFormat::Csv)).unwrap(),
            "id,account,client_ref,batch,row,class,to,from,segments,encoding,data_coding,accepted_at,final_at,status,error,\
             carrier,segments_sent,price,charged,currency,cost,cost_currency,margin,tag\n"
        );
        assert!(header(CdrFormat::Jsonl).is_empty());
    }

    #[test]
    fn margin_of_two_currencies_or_without_a_price_is_none() {
        let mut line = line(None, "ACME");
        line.cost_currency = Some(Currency(*b"USD"));
        assert!(written(&line, CdrFormat::Jsonl).contains("\"margin\":null,"));
        line.cost_currency = Some(Currency(*b"EUR"));
        assert!(written(&line, CdrFormat::Jsonl).contains("\"margin\":\"0.0045\","));
        line.origin.as_mut().unwrap().price = None;
        assert!(written(&line, CdrFormat::Jsonl).contains("\"margin\":null,"));
        line.origin = None;
        let text = written(&line, CdrFormat::Jsonl);
        assert!(text.contains("\"to\":null") && text.contains("\"cost\":\"0.0105\""));
    }

    proptest! {
        #[test]
        fn whatever_a_customer_wrote_stays_in_its_column(reference in ".{0,20}", from in "[ -~]{0,21}") {
            let line = line(Some(&reference), &from);
            for format in [CdrFormat::Jsonl, CdrFormat::Csv] {
                let text = written(&line, format);
                prop_assert!(text.ends_with('\n'));
                if format == CdrFormat::Jsonl {
                    prop_assert_eq!(text.matches('\n').count(), 1);
                    let read: serde_json::Value = serde_json::from_str(&text).unwrap();
                    prop_assert_eq!(read["client_ref"].as_str().unwrap(), reference.as_str());
                    prop_assert_eq!(read["from"].as_str().unwrap(), from.as_str());
                } else {
                    let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(text.as_bytes());
                    let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
                    prop_assert_eq!(rows.len(), 1);
                    prop_assert_eq!(&rows[0][2], reference.as_str());
                    prop_assert_eq!(&rows[0][7], from.as_str());
                    prop_assert_eq!(rows[0].len(), 24);
                }
            }
        }
    }
}
