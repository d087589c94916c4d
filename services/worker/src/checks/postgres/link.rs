//! The way to a PostgreSQL server: who and where it is.

use std::fmt;

use tokio::{net::TcpStream, time::timeout};
use tokio_postgres::{Client, Config, config::SslMode, tls::MakeTlsConnect};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::{failure, tls};
use crate::attempt::Failure;
use crate::checks::guarded::{Guarded, Tether};
use crate::connections::{Connection, Secret};
use crate::limits::{CHECK_ANSWER_BYTES_MAX, CHECK_CONNECT_WAIT};

/// A server, a database and who asks. Shown without credentials.
pub(super) struct Target {
    host: String,
    port: u16,
    database: String,
    username: String,
    password: Option<Secret>,
    /// `None`: without TLS.
    tls: Option<MakeRustlsConnect>,
}

type Tls = <MakeRustlsConnect as MakeTlsConnect<Guarded>>::Stream;
type Connector = <MakeRustlsConnect as MakeTlsConnect<Guarded>>::TlsConnect;

impl Target {
    pub(super) fn read(connection: &Connection) -> Result<Self, Failure> {
        let tls = match connection.text("sslmode")?.unwrap_or("verify-full") {
            "disable" => None,
            "require" => Some(tls::any_certificate()),
            "verify-full" => Some(
                tls::checked(connection.text("ca_certificate")?)
                    .map_err(|why| connection.wrong("ca_certificate", why))?,
            ),
            _ => return Err(connection.wrong("sslmode", "must be verify-full (default), require or disable")),
        };
        Ok(Self {
            host: connection.required("host")?.to_owned(),
            port: connection.port(5432)?,
            database: connection.required("database")?.to_owned(),
            username: connection.required("username")?.to_owned(),
            password: connection.secret("password")?,
            tls,
        })
    }

    /// Opens a connection and signs in. The second part has to be polled beside whatever the first is used for.
    pub(super) async fn connect(&self) -> Result<(Client, tokio_postgres::Connection<Guarded, Tls>, Tether), Failure> {
        let signed_in = async {
            let stream = TcpStream::connect((self.host.as_str(), self.port))
                .await
                .map_err(|error| Failure::transient(format!("cannot reach {self}: {error}")))?;
            stream.set_nodelay(true).ok();
            let (stream, tether) = Guarded::new(stream, CHECK_ANSWER_BYTES_MAX);
            let mut config = Config::new();
            config.user(&self.username).dbname(&self.database).application_name("downbeat");
            if let Some(password) = &self.password {
                config.password(password.reveal());
            }
            config.ssl_mode(if self.tls.is_some() { SslMode::Require } else { SslMode::Disable });
            let mut tls = self.tls.clone().unwrap_or_else(tls::any_certificate);
            let tls = connector(&mut tls, &self.host);
            let (client, connection) = config.connect_raw(stream, tls).await.map_err(|error| failure(self, &error))?;
            Ok((client, connection, tether))
        };
        timeout(CHECK_CONNECT_WAIT, signed_in).await.unwrap_or_else(|_| {
            Err(Failure::transient(format!("{self} did not answer within {} s", CHECK_CONNECT_WAIT.as_secs())))
        })
    }
}

fn connector(tls: &mut MakeRustlsConnect, host: &str) -> Connector {
    let Ok(connector) = MakeTlsConnect::<Guarded>::make_tls_connect(tls, host);
    connector
}

impl fmt::Display for Target {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "the database {:?} at {}:{}", self.database, self.host, self.port)
    }
}
