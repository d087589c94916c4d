//! The way to a server: who and where it is.

use std::{fmt, sync::Arc};

use rustls::{ClientConfig, pki_types::ServerName};
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

use super::errors::{Fault, failure};
use super::packets::{Line, Open, Packets};
use super::sign_in::{Greeting, Who, sign_in};
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
    /// Empty: none.
    database: String,
    username: String,
    password: Option<Secret>,
    /// `None`: without TLS.
    tls: Option<Arc<ClientConfig>>,
}

/// A session that has begun.
pub(super) struct Linked {
    pub(super) packets: Open,
    pub(super) greeting: Greeting,
    pub(super) tether: Tether,
}

impl Target {
    pub(super) fn read(connection: &Connection, visit: &Visit<'_>) -> Result<Self, Failure> {
        let database = match visit.database {
            Some(named) => named,
            None => connection.text("database")?.unwrap_or_default(),
        };
        let target = Self {
            host: connection.required("host")?.to_owned(),
            port: connection.port(3306)?,
            database: database.to_owned(),
            username: connection.required("username")?.to_owned(),
            password: connection.secret("password")?,
            tls: tls::wanted(connection)?.map(Arc::new),
        };
        let texts = [&target.database, &target.username];
        if texts.iter().any(|text| text.contains('\0')) {
            return Err(Failure::misconfigured("the name of the database or of the user holds a null character"));
        }
        Ok(target)
    }

    /// Opens a session.
    pub(super) async fn connect(&self, visit: &Visit<'_>) -> Result<Linked, Failure> {
        let signed_in = async {
            let stream =
                egress::connect(&self.host, self.port).await.map_err(|error| egress::unreached(self, &error))?;
            stream.set_nodelay(true).ok();
            let (stream, tether) = Guarded::new(stream, visit.answer_bytes);
            let linked = self.sign_in(stream, visit).await;
            let (packets, greeting) = linked.map_err(|fault| failure(self, visit.who, visit.answer_bytes, &fault))?;
            Ok(Linked { packets, greeting, tether })
        };
        timeout(CHECK_CONNECT_WAIT, signed_in).await.unwrap_or_else(|_| {
            Err(Failure::transient(format!("{self} did not answer within {} s", CHECK_CONNECT_WAIT.as_secs())))
        })
    }

    async fn sign_in(&self, stream: Guarded, visit: &Visit<'_>) -> Result<(Open, Greeting), Fault> {
        let mut plain = Packets::new(stream);
        let greeting = Greeting::read(&plain.read().await?)?;
        let mut packets = match &self.tls {
            None => {
                let (stream, number) = plain.into_parts();
                Packets::open(Box::new(stream), number)
            }
            Some(config) => self.encrypt(plain, &greeting, config).await?,
        };
        let who = Who {
            username: &self.username,
            password: self.password.as_ref().map_or("", Secret::reveal),
            database: &self.database,
            name: &visit.name(),
            tls: self.tls.is_some(),
        };
        sign_in(&mut packets, &greeting, &who).await?;
        Ok((packets, greeting))
    }

    async fn encrypt(
        &self,
        mut plain: Packets<Guarded>,
        greeting: &Greeting,
        config: &Arc<ClientConfig>,
    ) -> Result<Open, Fault> {
        let hint = "the field sslmode of the connection is verify-full, require (any certificate) or disable (no TLS)";
        if !greeting.offers_tls() {
            return Err(Fault::Refused(format!("the server does not support TLS; {hint}")));
        }
        plain.write(&greeting.ask_for_tls()).await?;
        let name = ServerName::try_from(self.host.clone())
            .map_err(|_| Fault::Refused(format!("no certificate can be for a host of this name; {hint}")))?;
        let (stream, number) = plain.into_parts();
        let line = TlsConnector::from(Arc::clone(config)).connect(name, stream).await;
        let line: Box<dyn Line> = Box::new(line.map_err(|error| match error.kind() {
            std::io::ErrorKind::InvalidData => Fault::Refused(format!("TLS handshake: {error}; {hint}")),
            _ => Fault::Line(error),
        })?);
        Ok(Packets::open(line, number))
    }
}

impl fmt::Display for Target {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.database.as_str() {
            "" => write!(formatter, "the server at {}:{}", self.host, self.port),
            database => write!(formatter, "the database {database:?} at {}:{}", self.host, self.port),
        }
    }
}
