//! What goes wrong with TLS, in words that name the cure.

use std::io;
use std::path::PathBuf;

use super::pinned::is_authority_itself;
use thiserror::Error;
use tokio_rustls::rustls::{AlertDescription, CertificateError, Error};

/// TLS could not even be begun: our side's settings.
#[derive(Debug, Error)]
pub enum TlsFault {
    /// A file cannot be read.
    #[error("{path} cannot be read: {source}")]
    Unreadable {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A file holds nothing of what it should.
    #[error("{path} holds no {what} in PEM form")]
    Missing {
        /// Which file.
        path: PathBuf,
        /// Certificate or private key.
        what: &'static str,
    },
    /// The system knows no authority.
    #[error(
        "this system has no certificates of authorities; install them (package ca-certificates) or name the carrier's by `ca`"
    )]
    NoAuthorities,
    /// Certificate and key do not fit, or cannot be used.
    #[error("the client certificate cannot be used: {0}")]
    Unusable(Error),
    /// A name that no certificate can carry.
    #[error("{0:?} is no host name; give the one in the carrier's certificate by `server_name`")]
    Name(String),
}

/// A failed handshake or connection in words; `name` is whom we asked for.
pub(crate) fn explain(error: &io::Error, name: &str) -> String {
    let inner = error
        .get_ref()
        .and_then(|inner| inner.downcast_ref::<Error>());
    match inner {
        Some(fault) => of_tls(fault, name),
        None if is_end(error.kind()) => {
            "the other side closed during the TLS handshake; does this port speak TLS?".to_owned()
        }
        None => format!("TLS: {error}"),
    }
}

const fn is_end(kind: io::ErrorKind) -> bool {
    matches!(
        kind,
        io::ErrorKind::UnexpectedEof
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionAborted
            | io::ErrorKind::BrokenPipe
    )
}

fn of_tls(fault: &Error, name: &str) -> String {
    match fault {
        Error::InvalidMessage(_) => {
            "the other side does not speak TLS on this port; set `tls` off or take its TLS port"
                .to_owned()
        }
        Error::InvalidCertificate(certificate) => of_certificate(certificate, name),
        Error::AlertReceived(alert) => of_alert(*alert),
        Error::NoCertificatesPresented => "the other side shows no certificate".to_owned(),
        other => format!("TLS: {other}"),
    }
}

fn of_certificate(fault: &CertificateError, name: &str) -> String {
    use CertificateError as E;
    match fault {
        E::Expired | E::ExpiredContext { .. } => {
            format!(
                "the certificate of {name} has expired: its owner must renew it (or our clock is wrong)"
            )
        }
        E::NotValidYet | E::NotValidYetContext { .. } => {
            format!("the certificate of {name} is not valid yet: is our clock right?")
        }
        E::UnknownIssuer => format!(
            "the certificate of {name} comes from an authority that is not trusted; name the carrier's own by `ca`"
        ),
        E::NotValidForName | E::NotValidForNameContext { .. } => format!(
            "the certificate is not for {name}; where the carrier says another name, give it by `server_name`"
        ),
        E::Revoked => format!("the certificate of {name} was revoked"),
        other if is_authority_itself(other) => format!(
            "the certificate of {name} is an authority's own and not a server's; its owner must issue one for the server, or name this very one by `ca`"
        ),
        other => format!("the certificate of {name} cannot be used: {other}"),
    }
}

fn of_alert(alert: AlertDescription) -> String {
    use AlertDescription as A;
    match alert {
        A::CertificateRequired => {
            "the other side wants a client certificate: give `cert` and `key`".to_owned()
        }
        A::BadCertificate
        | A::UnknownCA
        | A::CertificateExpired
        | A::CertificateRevoked
        | A::CertificateUnknown
        | A::UnsupportedCertificate
        | A::AccessDenied => {
            format!("the other side does not take our client certificate ({alert:?})")
        }
        A::UnrecognisedName => {
            "the other side knows no such name: give the right one by `server_name`".to_owned()
        }
        A::HandshakeFailure | A::ProtocolVersion | A::InsufficientSecurity => {
            format!("the other side offers no TLS that is safe (1.2 or 1.3 is needed; {alert:?})")
        }
        other => format!("the other side ended TLS: {other:?}"),
    }
}
