//! Why there is no TLS connection, in words for an administrator.

use std::io;
use std::net::SocketAddr;

use rustls::CertificateError;
use rustls::pki_types::ServerName;

/// There is no TCP connection to begin with.
#[allow(clippy::wildcard_enum_match_arm)] // foreign enum
pub(super) fn no_connection(remote: SocketAddr, error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::TimedOut => format!("nothing answers at {remote}: is it on, and are address and port right?"),
        io::ErrorKind::ConnectionRefused => format!("nothing listens at {remote}; SIP over TLS is on port 5061 mostly"),
        _ => format!("no connection to {remote}: {error}"),
    }
}

/// The handshake came to nothing.
#[allow(clippy::wildcard_enum_match_arm)] // foreign enums
pub(super) fn no_handshake(error: &io::Error, name: &ServerName<'_>) -> String {
    let name = name.to_str();
    let Some(cause) = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) else {
        return match error.kind() {
            io::ErrorKind::TimedOut => "it does not finish the TLS handshake".into(),
            io::ErrorKind::UnexpectedEof | io::ErrorKind::ConnectionReset => {
                "it ends the connection in the TLS handshake: does it speak TLS on this port?".into()
            }
            _ => format!("no TLS handshake: {error}"),
        };
    };
    match cause {
        rustls::Error::InvalidCertificate(error) => certificate(error, &name),
        rustls::Error::InvalidMessage(_) => "what it answers is not TLS: is this the port for TLS?".into(),
        rustls::Error::PeerIncompatible(_) => {
            format!("it has no safe way of TLS in common with us, which is 1.2 and 1.3 here ({cause})")
        }
        rustls::Error::AlertReceived(alert) => {
            format!("it refuses our TLS handshake ({alert:?}): does it want a certificate of ours, or an older TLS?")
        }
        other => format!("no TLS handshake: {other}"),
    }
}

#[allow(clippy::wildcard_enum_match_arm)] // foreign enum
fn certificate(error: &CertificateError, name: &str) -> String {
    match error {
        CertificateError::UnknownIssuer => {
            "its certificate comes from an authority that is not trusted here: name that one with \
             tls = { ca = \"…\" }, or pin the certificate with `fingerprint`"
                .into()
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            format!("its certificate is not for {name}: set tls = {{ server_name = \"…\" }} to a name it is for")
        }
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            "its certificate has expired: renew it on the phone, and look whether this machine's clock is right".into()
        }
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            "its certificate is not valid yet: are the clocks right?".into()
        }
        // Ours, of a pinned certificate.
        CertificateError::Other(other) => other.to_string(),
        other => format!("its certificate cannot be checked ({other:?}); `fingerprint` can pin it as it is"),
    }
}
