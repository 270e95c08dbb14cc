//! The words that carriers write for states.
//!
//! They are compared in capitals and without what separates words, so that `not_delivered`,
//! `Not Delivered` and `NOTDELIVERED` are one. What is longer than 24 letters is no word.

use super::ReceiptState;

/// Longest word that is looked up, separators aside.
const WORD_MAX: usize = 24;

/// A word in capitals without its separators.
#[derive(Clone, Copy, Debug)]
pub(super) struct Capitals {
    letters: [u8; WORD_MAX],
    length: usize,
}

impl Capitals {
    /// `None` where it is too long for a word.
    pub(super) fn of(word: &[u8]) -> Option<Self> {
        let mut letters = [0; WORD_MAX];
        let mut length = 0;
        for octet in word.iter().filter(|octet| !is_separator(**octet)) {
            *letters.get_mut(length)? = octet.to_ascii_uppercase();
            length += 1;
        }
        Some(Self { letters, length })
    }

    pub(super) fn as_slice(&self) -> &[u8] {
        self.letters.get(..self.length).unwrap_or_default()
    }
}

const fn is_separator(octet: u8) -> bool {
    matches!(octet, b'_' | b'-' | b' ' | b'\t')
}

/// The state that everybody means by a word.
pub(super) fn known(word: &Capitals) -> Option<ReceiptState> {
    Some(match word.as_slice() {
        b"DELIVRD"
        | b"DELIVERED"
        | b"DELIVERD"
        | b"DELIVRED"
        | b"DELIVER"
        | b"DELVRD"
        | b"DLVRD"
        | b"DELIVEREDTOHANDSET"
        | b"DELIVEREDTOTERMINAL"
        | b"DELIVEREDTODEVICE"
        | b"DELIVEREDTOMOBILE"
        | b"DELIVEREDTOSUBSCRIBER" => ReceiptState::Delivered,
        b"UNDELIV" | b"UNDELIVERED" | b"UNDELIVRD" | b"UNDELIVERABLE" | b"UNDELIVER"
        | b"UNDELIVD" | b"UNDELIVE" | b"UNDELVD" | b"UNDLVRD" | b"NOTDELIVERED" | b"NOTDELIVRD"
        | b"NONDELIVERED" | b"DELIVERYFAILED" | b"DELIVERYFAILURE" | b"DELIVERYERROR"
        | b"FAILED" | b"FAIL" | b"FAILURE" | b"ERROR" | b"SYSERR" | b"SYSTEMERROR"
        | b"UNREACHABLE" | b"ABSENT" | b"ABSENTSUBSCRIBER" | b"NOROUTE" => {
            ReceiptState::Undeliverable
        }
        b"EXPIRED" | b"EXPIRD" | b"EXPRD" | b"EXPIRE" | b"TIMEDOUT" => ReceiptState::Expired,
        b"DELETED" | b"DELETD" | b"DELETE" | b"CANCELLED" | b"CANCELED" | b"CANCELD" => {
            ReceiptState::Deleted
        }
        b"ACCEPTD"
        | b"ACCEPTED"
        | b"ACCEPT"
        | b"ACKED"
        | b"DELIVEREDTOSMSC"
        | b"DELIVEREDTONETWORK"
        | b"DELIVEREDTOGATEWAY"
        | b"DELIVEREDTOOPERATOR"
        | b"DELIVEREDTOCARRIER" => ReceiptState::Accepted,
        b"UNKNOWN" | b"UNKNOWM" | b"UNKNOW" | b"UNKNWN" | b"UNKN" | b"NULL" => {
            ReceiptState::Unknown
        }
        b"REJECTD" | b"REJECTED" | b"REJECT" | b"REJCTD" | b"BLOCKED" | b"BLACKLISTED"
        | b"BARRED" | b"DENIED" | b"NOCRED" | b"NOCREDIT" => ReceiptState::Rejected,
        b"ENROUTE" | b"BUFFRED" | b"BUFFERED" | b"BUFFERD" | b"QUEUED" | b"PENDING"
        | b"WAITING" | b"PROCESSING" | b"INPROGRESS" | b"RETRYING" | b"SUBMITTED" | b"SUBMITD"
        | b"SENT" | b"TRANSMITTED" => ReceiptState::Enroute,
        b"SCHEDULED" | b"SCHEDLD" => ReceiptState::Scheduled,
        b"SKIPPED" | b"SKIPPD" => ReceiptState::Skipped,
        _ => return None,
    })
}

/// True if a second word takes back what "delivered" before it says ("DELIVERED TO SMSC").
pub(super) fn takes_back(second: &[u8]) -> bool {
    let Some(capitals) = Capitals::of(second) else {
        return false;
    };
    matches!(
        capitals.as_slice(),
        b"TO" | b"FAILED" | b"FAILURE" | b"FAIL" | b"ERROR" | b"PENDING" | b"UNKNOWN" | b"NOT"
    )
}
