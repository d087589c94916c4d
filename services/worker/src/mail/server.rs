//! The server of a connection: where it is, who it must be, and who signs in.

use std::{io, net::SocketAddr};

use lettre::{
    AsyncSmtpTransport, AsyncTransport as _, Message, Tokio1Executor,
    message::Mailbox,
    transport::smtp::{
        authentication::Credentials,
        client::{Certificate, CertificateStore, Tls, TlsParameters},
    },
};
use tokio::time::timeout;

use super::MailError;
use crate::attempt::Failure;
use crate::connections::{Connection, Fields, Secret};
use crate::egress;
use crate::limits::{HTTP_CONNECT_WAIT, MAIL_WAIT};

/// The fields of a connection.
pub(crate) const FIELDS: Fields =
    Fields { open: &["host", "port", "username", "from", "tls", "ca_certificate"], secret: &["password"] };

/// How the line is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Protection {
    /// TLS from the first byte on.
    Implicit,
    /// TLS once the server was greeted.
    StartTls,
    None,
}

/// See the module.
pub(super) struct Server {
    host: String,
    port: u16,
    protection: Protection,
    authority: Option<Certificate>,
    credentials: Option<(String, Secret)>,
    pub(super) from: Mailbox,
}

impl Server {
    pub(super) fn read(connection: &Connection) -> Result<Self, Failure> {
        let host = connection.required("host")?.trim().to_owned();
        let (protection, port) = match connection.text("tls")?.unwrap_or("starttls") {
            "starttls" => (Protection::StartTls, 587),
            "implicit" => (Protection::Implicit, 465),
            "none" => (Protection::None, 25),
            _ => return Err(connection.wrong("tls", "must be starttls, implicit or none")),
        };
        let from = connection.required("from")?.parse();
        let from =
            from.map_err(|_| connection.wrong("from", "must be an address, like Downbeat <downbeat@example.com>"))?;
        let credentials = match (connection.text("username")?, connection.secret("password")?) {
            (Some(user), Some(password)) => Some((user.to_owned(), password)),
            (None, None) => None,
            (Some(_), None) => return Err(connection.wrong("password", "is missing beside username")),
            (None, Some(_)) => return Err(connection.wrong("username", "is missing beside password")),
        };
        if protection == Protection::None && credentials.is_some() {
            return Err(connection.wrong("tls", "is none, and a password is never sent without TLS"));
        }
        let authority = connection.text("ca_certificate")?.map(|pem| {
            let read = Certificate::from_pem(pem.as_bytes());
            read.map_err(|_| {
                connection.wrong("ca_certificate", "holds no certificates in PEM (-----BEGIN CERTIFICATE-----)")
            })
        });
        let authority = authority.transpose()?;
        Ok(Self { host, port: connection.port(port)?, protection, authority, credentials, from })
    }

    /// Hands the letter over.
    pub(super) async fn deliver(&self, message: Message) -> Result<(), MailError> {
        // What stands between two mail servers, a greylist for example, may take its time.
        let delivered = timeout(MAIL_WAIT, async {
            let address = self.reach().await?;
            let sent = self.transport(address)?.send(message).await;
            sent.map(drop).map_err(|error| self.refused(&error))
        });
        delivered.await.unwrap_or_else(|_| {
            let seconds = MAIL_WAIT.as_secs();
            Err(MailError { retryable: true, message: format!("{}: no answer within {seconds} s", self.place()) })
        })
    }

    fn place(&self) -> String {
        format!("the mail server {}:{}", self.host, self.port)
    }

    /// An address of it that takes connections.
    async fn reach(&self) -> Result<SocketAddr, MailError> {
        let lost =
            |why: String| MailError { retryable: true, message: format!("{} cannot be reached: {why}", self.place()) };
        let refused =
            |error: io::Error| MailError { retryable: !egress::is_refusal(&error), ..lost(error.to_string()) };
        let line = timeout(HTTP_CONNECT_WAIT, egress::connect(&self.host, self.port)).await;
        let line = line.map_err(|_| lost("it took too long".to_owned()))?.map_err(refused)?;
        line.peer_addr().map_err(|error| lost(error.to_string()))
    }

    fn transport(&self, address: SocketAddr) -> Result<AsyncSmtpTransport<Tokio1Executor>, MailError> {
        let tls = || {
            let mut parameters = TlsParameters::builder(self.host.clone());
            if let Some(authority) = &self.authority {
                parameters =
                    parameters.certificate_store(CertificateStore::None).add_root_certificate(authority.clone());
            }
            let wrong = |error| MailError { retryable: false, message: format!("{}: TLS: {error}", self.place()) };
            parameters.build_rustls().map_err(wrong)
        };
        let tls = match self.protection {
            Protection::Implicit => Tls::Wrapper(tls()?),
            Protection::StartTls => Tls::Required(tls()?),
            Protection::None => Tls::None,
        };
        // The address was checked; the certificate is held against the name.
        let mut builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(address.ip().to_string())
            .port(address.port())
            .tls(tls)
            .timeout(Some(MAIL_WAIT));
        if let Some((user, password)) = &self.credentials {
            builder = builder.credentials(Credentials::new(user.clone(), password.reveal().to_owned()));
        }
        Ok(builder.build())
    }

    fn refused(&self, error: &lettre::transport::smtp::Error) -> MailError {
        let mut text = error.to_string();
        let mut cause = std::error::Error::source(error);
        while let Some(inner) = cause {
            let inner_text = inner.to_string();
            if !text.contains(&inner_text) {
                text = format!("{text}: {inner_text}");
            }
            cause = inner.source();
        }
        // A certificate that is not believed stays so; so does what was understood and refused.
        let for_good = error.is_permanent() || error.is_client() || text.contains("certificate");
        MailError { retryable: !for_good, message: format!("{}: {text}", self.place()) }
    }
}
