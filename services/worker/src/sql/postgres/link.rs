//! The way to a PostgreSQL server: who and where it is.

use std::fmt;

use tokio::time::timeout;
use tokio_postgres::{CancelToken, Client, Config, config::SslMode, tls::MakeTlsConnect};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::errors::failure;
use crate::attempt::Failure;
use crate::connections::{Connection, Secret};
use crate::egress;
use crate::guarded::{Guarded, Tether};
use crate::limits::CHECK_CONNECT_WAIT;
use crate::sql::{Visit, tls};

/// A server, a database and who asks. Shown without credentials.
#[derive(Clone)]
pub(super) struct Target {
    host: String,
    port: u16,
    database: String,
    username: String,
    password: Option<Secret>,
    /// `None`: without TLS.
    tls: Option<MakeRustlsConnect>,
}

/// A server says nothing to a cancel; what TLS needs fits into this.
const CANCEL_ANSWER_BYTES_MAX: u64 = 64 * 1024;

pub(super) type Tls = <MakeRustlsConnect as MakeTlsConnect<Guarded>>::Stream;
type Connector = <MakeRustlsConnect as MakeTlsConnect<Guarded>>::TlsConnect;

impl Target {
    pub(super) fn read(connection: &Connection, visit: &Visit<'_>) -> Result<Self, Failure> {
        let tls = tls::wanted(connection)?.map(MakeRustlsConnect::new);
        Ok(Self {
            host: connection.required("host")?.to_owned(),
            port: connection.port(5432)?,
            database: match visit.database {
                Some(named) => named.to_owned(),
                None => connection.required("database")?.to_owned(),
            },
            username: connection.required("username")?.to_owned(),
            password: connection.secret("password")?,
            tls,
        })
    }

    /// Opens a connection and signs in. The second part has to be driven beside whatever the first is used for.
    pub(super) async fn connect(
        &self,
        visit: &Visit<'_>,
    ) -> Result<(Client, tokio_postgres::Connection<Guarded, Tls>, Tether), Failure> {
        let signed_in = async {
            let (stream, tether) = self.reach(visit.answer_bytes).await?;
            let mut config = Config::new();
            config.user(&self.username).dbname(&self.database).application_name(visit.name());
            if let Some(password) = &self.password {
                config.password(password.reveal());
            }
            config.ssl_mode(if self.tls.is_some() { SslMode::Require } else { SslMode::Disable });
            let connected = config.connect_raw(stream, self.connector()).await;
            let (client, connection) =
                connected.map_err(|error| failure(self, visit.who, visit.answer_bytes, &error))?;
            Ok((client, connection, tether))
        };
        timeout(CHECK_CONNECT_WAIT, signed_in).await.unwrap_or_else(|_| Err(self.silent()))
    }

    /// Asks the server to end what runs on another connection. That it did is seen there.
    pub(super) async fn cancel(&self, token: &CancelToken) -> Result<(), Failure> {
        let asked = async {
            let (stream, _tether) = self.reach(CANCEL_ANSWER_BYTES_MAX).await?;
            let sent = token.cancel_query_raw(stream, self.connector()).await;
            sent.map_err(|error| Failure::transient(format!("{self}: {error}")))
        };
        timeout(CHECK_CONNECT_WAIT, asked).await.unwrap_or_else(|_| Err(self.silent()))
    }

    async fn reach(&self, answer_bytes: u64) -> Result<(Guarded, Tether), Failure> {
        let stream = egress::connect(&self.host, self.port).await.map_err(|error| egress::unreached(self, &error))?;
        stream.set_nodelay(true).ok();
        Ok(Guarded::new(stream, answer_bytes))
    }

    fn connector(&self) -> Connector {
        let mut tls = self.tls.clone().unwrap_or_else(|| MakeRustlsConnect::new(tls::any_certificate()));
        let Ok(connector) = MakeTlsConnect::<Guarded>::make_tls_connect(&mut tls, &self.host);
        connector
    }

    fn silent(&self) -> Failure {
        Failure::transient(format!("{self} did not answer within {} s", CHECK_CONNECT_WAIT.as_secs()))
    }
}

impl fmt::Display for Target {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "the database {:?} at {}:{}", self.database, self.host, self.port)
    }
}
