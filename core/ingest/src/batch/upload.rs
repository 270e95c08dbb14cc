//! An upload that is sent again with its key is the batch that it was.
//!
//! Promise: of uploads of an account with one key, within the time that keys are kept, one becomes a batch; the key lies in
//! `job.json`, so both are there after a crash or neither. A key with another file or other parameters is refused. Bound: one
//! keyed upload is kept at a time; the others wait for the disk. Fails as any upload, and by [`BatchFault::KeyUsed`].

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs::File;
use std::io::{self, Read};
use std::sync::PoisonError;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::batches::{Batches, Shared};
use super::fault::BatchFault;
use super::job::JobRecord;
use super::request::BatchRequest;
use super::store::{Spool, SpoolFault};
use super::view::BatchView;
use crate::accounts::Account;

const BLOCK_OCTETS: usize = 256 << 10;

/// By what an upload is known again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct UploadKey {
    /// The customer's.
    text: String,
    /// SHA-256 of file and parameters, hexadecimal.
    content: String,
}

impl Batches {
    /// As [`Self::submit`], but once a key: true beside the batch says that an earlier upload made it. Blocking.
    ///
    /// # Errors
    /// As [`Self::submit`], and [`BatchFault::KeyUsed`].
    pub fn submit_once(
        &self,
        spool: Spool,
        account: &Account,
        request: BatchRequest,
        key: &str,
    ) -> Result<(BatchView, bool), BatchFault> {
        let key = UploadKey {
            text: key.to_owned(),
            content: content(&spool, &request).map_err(SpoolFault::Disk)?,
        };
        let one = &self.shared.upload;
        let _one = one.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((found, view)) = self.shared.uploaded(&account.name, &key.text) {
            return match found.content == key.content {
                true => Ok((view, true)),
                false => Err(BatchFault::KeyUsed),
            };
        }
        let view = self.put(spool, account, request, Some(key))?;
        Ok((view, false))
    }
}

impl Shared {
    /// The batch that an account uploaded with this key.
    fn uploaded(&self, account: &str, text: &str) -> Option<(UploadKey, BatchView)> {
        let now_utc_ns = self.utc_ns();
        self.jobs().iter().find_map(|job| {
            let live = job.live();
            let key = live.record.upload.as_ref()?;
            let own = live.record.account == account && key.text == text;
            let counts = own && self.key_counts(&live.record, now_utc_ns);
            counts.then(|| (key.clone(), BatchView::of(&live)))
        })
    }

    /// Whether a batch is still known by its key.
    pub(super) fn key_counts(&self, record: &JobRecord, now_utc_ns: u64) -> bool {
        let keep_ns = u64::try_from(self.spec.idempotency_keep.as_nanos()).unwrap_or(u64::MAX);
        let age_ns = now_utc_ns.saturating_sub(record.created_utc_ns);
        record.upload.is_some() && age_ns < keep_ns
    }

    /// Whether a batch may be taken away: it is at its end, and neither it nor its key is to be known any longer.
    pub(super) fn is_over(&self, record: &JobRecord, now_utc_ns: u64) -> bool {
        let keep_ns = u64::try_from(self.spec.keep.as_nanos()).unwrap_or(u64::MAX);
        let old = now_utc_ns.saturating_sub(record.finished_utc_ns) > keep_ns;
        record.has_ended() && old && !self.key_counts(record, now_utc_ns)
    }
}

/// What was asked for, name by name, and nothing that was not: a version that knows more options knows the upload again.
fn said(request: &BatchRequest) -> BTreeMap<String, &str> {
    let given = request.given.iter().map(|(name, value)| (*name, value));
    // The name of the file is the customer's own, and so is what it is sent as.
    let given = given.filter(|(name, value)| *name != "filename" && !value.is_empty());
    let shape = &request.shape;
    // A door may know these without being told by name.
    let seen = [
        ("encoding", &shape.encoding),
        ("format", &shape.format),
        ("delimiter", &shape.delimiter),
    ];
    let seen = seen
        .into_iter()
        .filter_map(|(name, value)| Some((name, value.as_ref()?)));
    let columns = request.columns.iter();
    let columns = columns.map(|(field, column)| (format!("column.{field}"), column.as_str()));
    let named = given.chain(seen);
    let named = named.map(|(name, value)| (name.to_owned(), value.as_str()));
    named.chain(columns).collect()
}

/// What may not differ under one key.
fn content(spool: &Spool, request: &BatchRequest) -> io::Result<String> {
    let mut hash = Sha256::new();
    let said = said(request);
    hash.update((said.len() as u64).to_be_bytes());
    for text in said.iter().flat_map(|(name, value)| [name.as_str(), value]) {
        hash.update((text.len() as u64).to_be_bytes());
        hash.update(text.as_bytes());
    }
    let mut file = File::open(spool.source())?;
    let mut block = vec![0; BLOCK_OCTETS];
    loop {
        match file.read(&mut block)? {
            0 => break,
            read => hash.update(block.get(..read).unwrap_or_default()),
        }
    }
    let mut text = String::with_capacity(64);
    for octet in hash.finalize() {
        // Writing to a text does not fail.
        let _ = write!(text, "{octet:02x}");
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::{BatchRequest, said};

    fn asked(options: &[(&str, &str)]) -> BatchRequest {
        let mut request = BatchRequest::default();
        for (name, value) in options {
            request.set(name, value).unwrap();
        }
        request
    }

    #[test]
    fn an_upload_is_known_by_what_was_asked_for_and_by_nothing_else() {
        assert!(said(&BatchRequest::default()).is_empty());
        let bare = asked(&[("from", "Shop"), ("column.to", "phone")]);
        let known = said(&bare);
        assert!(
            known
                .iter()
                .map(|(name, value)| (name.as_str(), *value))
                .eq([("column.to", "phone"), ("from", "Shop")])
        );
        let options = [
            ("filename", "a.csv"),
            ("from", "Shop"),
            ("column.to", "phone"),
        ];
        assert_eq!(said(&asked(&options)), known);
        for name in BatchRequest::NAMES {
            let value = match name {
                "filename" => continue,
                "template_syntax" => "jinja",
                "duplicates" => "refuse",
                "smart_characters" => "replace",
                "dry_run" => "true",
                _ => "1",
            };
            assert_eq!(said(&asked(&[(name, value)])).len(), 1, "{name} counts");
        }
    }
}
