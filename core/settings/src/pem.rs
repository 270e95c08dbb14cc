//! A first look at certificates and keys: readable, PEM, and of the right sort.
//!
//! It does not verify them; it catches the wrong path, the wrong file and the cut file when the configuration is
//! read instead of when the first client connects.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

const FILE_OCTETS_MAX: u64 = 4 << 20;
const CERTIFICATE: &[&str] = &["CERTIFICATE"];
const PRIVATE_KEY: &[&str] = &["PRIVATE KEY", "RSA PRIVATE KEY", "EC PRIVATE KEY"];

/// The file holds at least one certificate.
pub(crate) fn check_certificate(path: &Path) -> Result<(), String> {
    check(path, CERTIFICATE, "certificate")
}

/// The file holds a private key without passphrase.
pub(crate) fn check_key(path: &Path) -> Result<(), String> {
    check(path, PRIVATE_KEY, "private key")
}

fn check(path: &Path, labels: &[&str], what: &str) -> Result<(), String> {
    let mut text = String::new();
    File::open(path)
        .and_then(|file| file.take(FILE_OCTETS_MAX).read_to_string(&mut text))
        .map_err(|error| format!("names {}, which cannot be read: {error}", path.display()))?;
    if labels.iter().any(|label| holds(&text, label)) {
        return Ok(());
    }
    let encrypted = if text.contains("ENCRYPTED") {
        " (keys with a passphrase are not taken)"
    } else {
        ""
    };
    Err(format!(
        "names {}, which holds no whole {what} in PEM form{encrypted}",
        path.display()
    ))
}

/// Whether there is a whole block of this label whose content can be DER.
fn holds(text: &str, label: &str) -> bool {
    let (begin, end) = (
        format!("-----BEGIN {label}-----"),
        format!("-----END {label}-----"),
    );
    let block = text
        .split_once(&begin)
        .and_then(|(_, rest)| rest.split_once(&end));
    let Some((block, _)) = block else {
        return false;
    };
    let content: String = block.split_whitespace().collect();
    let digits = content.trim_end_matches('=');
    let base64 = |octet: u8| octet.is_ascii_alphanumeric() || octet == b'+' || octet == b'/';
    // DER begins with a SEQUENCE, 0x30, which base64 writes as M.
    content.len().is_multiple_of(4) && digits.starts_with('M') && digits.bytes().all(base64)
}
