//! The way to a server: who and where it is.

use std::fmt;

use tiberius::{AuthMethod, Client, Config, EncryptionLevel, error::Error};
use tokio::time::timeout;
use tokio_util::compat::{Compat, TokioAsyncWriteCompatExt as _};

use super::errors::{Fault, failure};
use crate::attempt::Failure;
use crate::connections::{Connection, Secret};
use crate::dial::{self, Address};
use crate::guarded::{Guarded, Tether};
use crate::limits::CHECK_CONNECT_WAIT;
use crate::sql::{Visit, tls};

const PORT: u16 = 1_433;
/// How often a server may name another one that shall be asked instead.
const ROUTES_MAX: usize = 3;
/// What a failed handshake is told with.
pub(super) const HINT: &str =
    "the field sslmode of the connection is verify-full, require (any certificate) or disable (no TLS)";

/// A signed-in client. Its line is ours.
pub(super) type Line = Client<Compat<Guarded>>;

/// A server, a database and who asks. Shown without credentials.
#[derive(Clone)]
pub(super) struct Target {
    address: Address,
    /// Empty: the user's default one.
    database: String,
    username: String,
    password: Secret,
    trust: Trust,
}

#[derive(Clone)]
enum Trust {
    /// Without TLS.
    Nobody,
    /// With whoever answers.
    Anybody,
    /// Certificates for the host, of the authorities in this PEM text and of those of the machine.
    Checked(Option<String>),
}

impl Target {
    pub(super) fn read(connection: &Connection, visit: &Visit<'_>) -> Result<Self, Failure> {
        let database = match visit.database {
            Some(named) => named,
            None => connection.text("database")?.unwrap_or_default(),
        };
        // What is wrong with the fields is said as for every other server.
        let trust = match (tls::wanted(connection)?, connection.text("sslmode")?) {
            (None, _) => Trust::Nobody,
            (Some(_), Some("require")) => Trust::Anybody,
            (Some(_), _) => Trust::Checked(connection.text("ca_certificate")?.map(str::to_owned)),
        };
        let (host, port) = (connection.required("host")?, connection.port(PORT)?);
        let password = connection.secret("password")?;
        Ok(Self {
            address: Address { host: host.to_owned(), port },
            database: database.to_owned(),
            username: connection.required("username")?.to_owned(),
            password: password.ok_or_else(|| connection.wrong("password", "is missing or empty"))?,
            trust,
        })
    }

    /// Opens a session.
    pub(super) async fn connect(&self, visit: &Visit<'_>) -> Result<(Line, Tether), Failure> {
        timeout(CHECK_CONNECT_WAIT, self.sign_in(visit)).await.unwrap_or_else(|_| {
            Err(Failure::transient(format!("{self} did not answer within {} s", CHECK_CONNECT_WAIT.as_secs())))
        })
    }

    async fn sign_in(&self, visit: &Visit<'_>) -> Result<(Line, Tether), Failure> {
        let mut address = self.address.clone();
        for _ in 0..ROUTES_MAX {
            let what = match self.database.as_str() {
                "" => "the server".to_owned(),
                database => format!("the database {database:?}"),
            };
            let (stream, tether) = dial::reach(&address, &what, visit.answer_bytes).await?;
            // It holds buffers, and so is large.
            match Box::pin(Client::connect(self.config(&address, visit), stream.compat_write())).await {
                Ok(client) => return Ok((client, tether)),
                // Azure SQL answers in one place and works in another.
                Err(Error::Routing { host, port }) => address = Address { host, port },
                Err(error) => return Err(failure(self, visit.who, visit.answer_bytes, &Fault::Failed(error))),
            }
        }
        Err(Failure::transient(format!("{self}: the servers send us from one to the other")))
    }

    fn config(&self, address: &Address, visit: &Visit<'_>) -> Config {
        let mut config = Config::new();
        config.host(&address.host);
        config.port(address.port);
        if !self.database.is_empty() {
            config.database(&self.database);
        }
        config.application_name(visit.name());
        config.authentication(AuthMethod::sql_server(&self.username, self.password.reveal()));
        // Time is kept by whoever asks.
        config.handshake_timeout(None);
        config.command_timeout(None);
        config.encryption(EncryptionLevel::Required);
        match &self.trust {
            Trust::Nobody => config.encryption(EncryptionLevel::NotSupported),
            Trust::Anybody => config.trust_cert(),
            Trust::Checked(Some(authorities)) => config.trust_cert_ca_bundle(authorities.as_bytes()),
            Trust::Checked(None) => {}
        }
        config
    }
}

impl fmt::Display for Target {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.database.as_str() {
            "" => write!(formatter, "the server at {}", self.address),
            database => write!(formatter, "the database {database:?} at {}", self.address),
        }
    }
}
