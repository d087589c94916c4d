//! Mail: one letter through the SMTP server of a connection.
//!
//! Promises: a letter is sent over TLS unless the connection says that there is none, and then without a password; the server is who its
//! certificate says; a letter that is sent again has the same Message-ID, by which mail systems know it; an error says whether trying
//! again makes sense, and never a password. It knows nothing of why a letter is sent.

mod letter;
mod server;

use std::{fmt, path::PathBuf};

use crate::attempt::Failure;
use crate::connections::{Connection, Connections, none_given};
pub use letter::Letter;
pub(crate) use server::FIELDS;
use server::Server;

/// Whose connections these are.
pub(crate) const INTEGRATION: &str = "EMAIL";

/// Sends letters through the connections of one folder.
#[derive(Debug, Clone)]
pub struct Mailer {
    connections: Connections,
}

/// A letter was not sent, as far as anybody knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MailError {
    /// It may be different later.
    pub retryable: bool,
    /// What, where, and what to do.
    pub message: String,
}

impl fmt::Display for MailError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.message)
    }
}

impl std::error::Error for MailError {}

impl From<Failure> for MailError {
    fn from(failure: Failure) -> Self {
        let retryable = failure.class == downbeat_proto::events::v1::FailureClass::Transient;
        Self { retryable, message: failure.message }
    }
}

impl Mailer {
    /// `folder`: of connection files.
    pub fn new(folder: Option<PathBuf>) -> Self {
        Self { connections: Connections::new(folder) }
    }

    /// Sends one letter. `connection`: its name; empty: the default one, `default_email`.
    ///
    /// # Errors
    /// See [`MailError`].
    pub async fn send(&self, connection: &str, letter: &Letter) -> Result<(), MailError> {
        let opened = self.connections.open(connection, INTEGRATION, server::FIELDS).await?;
        let connection = opened.ok_or_else(|| none_given(INTEGRATION))?;
        deliver(&connection, letter).await
    }
}

/// Sends one letter through the server of this connection.
pub(crate) async fn deliver(connection: &Connection, letter: &Letter) -> Result<(), MailError> {
    let sent = async {
        let server = Server::read(connection)?;
        let message = letter.message(&server.from)?;
        server.deliver(message).await
    };
    let hide = |error: MailError| MailError { message: connection.hide(error.message), ..error };
    sent.await.map_err(hide)
}
