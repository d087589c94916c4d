//! What goes wrong between two sides of TLS, in words that say what to do.

use std::{error::Error as StdError, io};

use rustls::{AlertDescription as Alert, CertificateError, Error};

/// Of an error of a connection.
pub(super) fn of_io(error: &io::Error) -> String {
    match error.get_ref().and_then(|inner| inner.downcast_ref::<Error>()) {
        Some(error) => of(error),
        None if error.kind() == io::ErrorKind::UnexpectedEof => {
            "the other side closed the connection and did not say why".to_owned()
        }
        None => with_causes(error),
    }
}

/// Of an error of TLS. A certificate is one that was shown to us; in an alert, it is ours.
pub(super) fn of(error: &Error) -> String {
    match error {
        Error::NoCertificatesPresented => {
            "no certificate was shown: who calls here needs --tls-cert, --tls-key and --tls-ca".to_owned()
        }
        Error::InvalidCertificate(why) => of_certificate(why),
        Error::AlertReceived(alert) => of_alert(*alert),
        Error::InvalidMessage(_) => {
            "the other side does not speak TLS: write https:// and give --tls-cert, --tls-key and \
                                     --tls-ca where it is a service of ours"
                .to_owned()
        }
        Error::PeerIncompatible(why) => {
            format!("the other side cannot do what is wanted here (TLS 1.3, HTTP/2): {why:?}")
        }
        Error::NoApplicationProtocol => "the other side does not speak HTTP/2".to_owned(),
        other => other.to_string(),
    }
}

fn of_certificate(why: &CertificateError) -> String {
    match why {
        CertificateError::UnknownIssuer | CertificateError::BadSignature => {
            "the certificate is not of the authority in --tls-ca".to_owned()
        }
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => "the certificate has expired".to_owned(),
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            "the certificate is not valid yet: compare the clocks of both machines".to_owned()
        }
        CertificateError::NotValidForNameContext { expected, presented } => format!(
            "the certificate is not for {}, but for {}",
            expected.to_str(),
            if presented.is_empty() { "no host".to_owned() } else { presented.join(", ") }
        ),
        CertificateError::InvalidPurpose | CertificateError::InvalidPurposeContext { .. } => {
            "the certificate is not made for this side: its usages must be `client auth` and `server auth`".to_owned()
        }
        other => format!("the certificate is not accepted: {other}"),
    }
}

fn of_alert(alert: Alert) -> String {
    match alert {
        Alert::CertificateRequired => {
            "the other side wants a certificate: give --tls-cert, --tls-key and --tls-ca".to_owned()
        }
        Alert::UnknownCA => "the other side refuses our certificate: it is not of its authority".to_owned(),
        Alert::CertificateExpired => {
            "the other side refuses our certificate: it has expired, or is not valid yet".to_owned()
        }
        Alert::BadCertificate | Alert::UnsupportedCertificate | Alert::CertificateUnknown => {
            "the other side refuses our certificate; its log says why".to_owned()
        }
        Alert::ProtocolVersion => "the other side does not speak TLS 1.3".to_owned(),
        other => format!("the other side refuses the connection: {other:?}"),
    }
}

/// The whole chain of causes: the outermost often says nothing.
pub(crate) fn with_causes(error: &dyn StdError) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        text = format!("{text}: {inner}");
        cause = inner.source();
    }
    text
}
