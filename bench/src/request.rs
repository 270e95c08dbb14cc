//! One message as an HTTP request: to us, and as Kannel's callers write it. Recipient and text are the same for both.

use std::io::Write;

use crate::node::API_KEY;

/// Characters of a text.
const TEXT_CHARACTERS: usize = 120;
const FILLER: &str = "Your order is packed and will leave our house today. Thank you for your patience and have a nice day. Yours, ACME. ";

/// Who is spoken to.
#[derive(Debug, Clone)]
pub(crate) enum Form {
    /// `POST /v1/messages`, with a callback where the node takes one.
    Carrack {
        /// `host:port`.
        host: String,
        /// Where receipts go.
        callback: Option<String>,
    },
    /// `GET /cgi-bin/sendsms` with `dlr-url`.
    Kannel {
        /// `host:port`.
        host: String,
        /// Where receipts go.
        callback: String,
    },
}

impl Form {
    /// `host:port`.
    pub(crate) fn host(&self) -> &str {
        match self {
            Self::Carrack { host, .. } | Self::Kannel { host, .. } => host,
        }
    }

    /// Replaces what stands in `out` by the request of a message; texts of one run differ by its number, those of two runs
    /// by `mark`.
    pub(crate) fn write(&self, mark: u32, number: u64, out: &mut Vec<u8>) -> std::io::Result<()> {
        out.clear();
        let text = text(mark, number);
        let to = 447_700_900_000 + number % 1_000;
        match self {
            Self::Carrack { host, callback } => {
                let mut message =
                    serde_json::json!({"to": to.to_string(), "from": "ACME", "text": text});
                if let (Some(callback), Some(fields)) = (callback, message.as_object_mut()) {
                    let url = format!("http://{callback}/told?n={number}");
                    fields.insert("callback_url".to_owned(), url.into());
                }
                let body = message.to_string();
                write!(
                    out,
                    "POST /v1/messages HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {API_KEY}\r\n\
                     Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
                    body.len()
                )
            }
            Self::Kannel { host, callback } => write!(
                out,
                "GET /cgi-bin/sendsms?username=bench&password=secret&from=ACME&to={to}&text={}&dlr-mask=3&\
                 dlr-url=http%3A%2F%2F{}%2Ftold%3Fn%3D{number}%26state%3D%25d HTTP/1.1\r\nHost: {host}\r\n\r\n",
                text.replace(' ', "+").replace(',', "%2C"),
                callback.replace(':', "%3A"),
            ),
        }
    }
}

fn text(mark: u32, number: u64) -> String {
    let mut text = format!("{mark:x} {number} {FILLER}{FILLER}");
    text.truncate(TEXT_CHARACTERS);
    // A blank at the end is taken off on the way by some.
    text.truncate(text.trim_end().len());
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_of_two_messages_differ_and_fit_one_segment() {
        assert_ne!(text(1, 1), text(1, 2));
        assert_ne!(text(1, 1), text(2, 1));
        assert!(text(u32::MAX, u64::MAX).len() <= 160);
    }
}
