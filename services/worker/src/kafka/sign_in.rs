//! Signing in by SASL: PLAIN, which says the password, or SCRAM, which proves it.

use super::{Session, errors, wire::Fields, wire::Request};
use crate::attempt::Failure;
use crate::connections::{Connection, Secret};
use crate::scram::{Hash, Scram};

const SASL_HANDSHAKE: i16 = 17;
const SASL_AUTHENTICATE: i16 = 36;
/// Characters of what a broker says of a refusal that are shown.
const SHOWN_CHARS: usize = 200;

/// Who signs in.
pub(super) struct Who {
    mechanism: Mechanism,
    username: String,
    password: Secret,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Mechanism {
    Plain,
    Scram(Hash),
}

impl Mechanism {
    fn name(self) -> &'static str {
        match self {
            Self::Scram(Hash::Sha256) => "SCRAM-SHA-256",
            Self::Scram(_) => "SCRAM-SHA-512",
            Self::Plain => "PLAIN",
        }
    }
}

impl Who {
    /// `None`: nobody signs in.
    pub(super) fn read(connection: &Connection) -> Result<Option<Self>, Failure> {
        let mechanism = match connection.text("sasl_mechanism")? {
            None | Some("PLAIN") => Mechanism::Plain,
            Some("SCRAM-SHA-256") => Mechanism::Scram(Hash::Sha256),
            Some("SCRAM-SHA-512") => Mechanism::Scram(Hash::Sha512),
            Some(_) => {
                let wanted = "must be PLAIN (default), SCRAM-SHA-256 or SCRAM-SHA-512";
                return Err(connection.wrong("sasl_mechanism", wanted));
            }
        };
        match (connection.text("username")?, connection.secret("password")?) {
            (Some(username), Some(password)) => Ok(Some(Self { mechanism, username: username.to_owned(), password })),
            (None, None) if connection.text("sasl_mechanism")?.is_none() => Ok(None),
            (None, _) => Err(connection.wrong("username", "is missing, and there is a password or a sasl_mechanism")),
            (Some(_), None) => Err(connection.wrong("password", "is missing, and there is a username")),
        }
    }
}

pub(super) async fn authenticate(session: &mut Session, who: &Who) -> Result<(), Failure> {
    let place = format!("the broker at {}", session.address);
    let handshake = Request::new(SASL_HANDSHAKE, 1).text(who.mechanism.name());
    let said = session.ask(handshake).await?;
    let code = Fields(&said).short().map_err(|error| session.why(&error))?;
    if code != errors::NONE {
        return Err(errors::failure(&place, code));
    }
    let refused = |why: String| Failure::misconfigured(format!("{place}: {why}"));
    match who.mechanism {
        Mechanism::Plain => {
            let said = ["\0", &who.username, "\0", who.password.reveal()].concat();
            token(session, &place, said.as_bytes()).await.map(drop)
        }
        Mechanism::Scram(hash) => {
            let scram = Scram::new(hash, &who.username);
            let first = token(session, &place, scram.first().as_bytes()).await?;
            let proof = scram.prove(&first, who.password.reveal().as_bytes()).map_err(refused)?;
            let last = token(session, &place, proof.message.as_bytes()).await?;
            proof.check(&last).map_err(refused)
        }
    }
}

/// Says one thing of a sign-in and brings what is answered.
async fn token(session: &mut Session, place: &str, said: &[u8]) -> Result<Vec<u8>, Failure> {
    let answer = session.ask(Request::new(SASL_AUTHENTICATE, 0).bytes(said)).await?;
    let mut fields = Fields(&answer);
    let mut read = || Ok((fields.short()?, fields.text()?.to_owned(), fields.bytes()?.to_vec()));
    let (code, message, bytes) = read().map_err(|error| session.why(&error))?;
    if code == errors::NONE {
        return Ok(bytes);
    }
    let mut failure = errors::failure(place, code);
    if !message.is_empty() {
        let message: String = message.chars().filter(|letter| !letter.is_control()).take(SHOWN_CHARS).collect();
        failure.message = format!("{}: {message}", failure.message);
    }
    Err(failure)
}
