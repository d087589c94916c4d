//! Signing in: what a server says of itself, and how a password is proved to it.

use bson::{
    RawDocumentBuf,
    raw::{RawDocument, cstr},
    rawdoc,
    spec::BinarySubtype,
};
use md5::{Digest as _, Md5};

use super::{
    PORT, Session,
    errors::{COMMAND_NOT_FOUND, Fault},
};
use crate::connections::Secret;
use crate::dial::Address;
use crate::scram::{Hash, Scram};

/// Ways to prove a password that are looked at.
const MECHANISMS_MAX: usize = 16;

/// Who signs in.
#[derive(Clone)]
pub(super) struct Who {
    pub(super) username: String,
    pub(super) password: Secret,
    /// Where the user is kept.
    pub(super) database: String,
}

/// What a server says of itself.
pub(super) struct Greeting {
    /// Whether it takes writes: a primary, a server alone, a router.
    pub(super) writable: bool,
    /// Who does, if it knows.
    pub(super) primary: Option<Address>,
    /// Whether what is done in a session can be ended from another one.
    pub(super) sessions: bool,
    /// How the user may prove the password; empty where it is not said.
    mechanisms: Vec<String>,
}

/// Says hello.
pub(super) async fn greet(session: &mut Session, who: Option<&Who>) -> Result<Greeting, Fault> {
    let said = match session.command(greeting(rawdoc! { "hello": 1 }, who)).await {
        // Servers before 4.4.2.
        Err(Fault::Said(said)) if said.code == COMMAND_NOT_FOUND => {
            session.command(greeting(rawdoc! { "isMaster": 1 }, who)).await?
        }
        said => said?,
    };
    let flag = |name: &str| said.get_bool(name).unwrap_or(false);
    let text = |name: &str| said.get_str(name).unwrap_or_default();
    let mechanisms = said.get_array("saslSupportedMechs").map(|all| {
        let names = all.into_iter().filter_map(|name| name.ok()?.as_str().map(str::to_owned));
        names.take(MECHANISMS_MAX).collect()
    });
    Ok(Greeting {
        writable: flag("isWritablePrimary") || flag("ismaster") || text("msg") == "isdbgrid",
        primary: Address::parse(text("primary"), PORT),
        sessions: matches!(said.get("logicalSessionTimeoutMinutes"), Ok(Some(_))),
        mechanisms: mechanisms.unwrap_or_default(),
    })
}

fn greeting(mut hello: RawDocumentBuf, who: Option<&Who>) -> RawDocumentBuf {
    if let Some(who) = who {
        hello.append(cstr!("saslSupportedMechs"), format!("{}.{}", who.database, who.username));
    }
    let client = rawdoc! {
        "application": { "name": "downbeat" },
        "driver": { "name": "downbeat", "version": env!("CARGO_PKG_VERSION") },
        "os": { "type": std::env::consts::OS },
    };
    hello.append(cstr!("client"), client);
    hello.append(cstr!("$db"), "admin");
    hello
}

/// Proves who comes.
pub(super) async fn authenticate(session: &mut Session, who: &Who, greeting: &Greeting) -> Result<(), Fault> {
    let offered = |name: &str| greeting.mechanisms.iter().any(|mechanism| mechanism == name);
    let (hash, name) = if offered("SCRAM-SHA-256") || greeting.mechanisms.is_empty() {
        (Hash::Sha256, "SCRAM-SHA-256")
    } else if offered("SCRAM-SHA-1") {
        (Hash::Sha1, "SCRAM-SHA-1")
    } else {
        let offered: String = greeting.mechanisms.join(", ").chars().filter(|letter| !letter.is_control()).collect();
        return Err(refused(&format!("the user may sign in with {offered} only, and not with SCRAM")));
    };
    let password = prepared(hash, who)?;
    let scram = Scram::new(hash, &who.username);
    let start = rawdoc! {
        "saslStart": 1, "mechanism": name, "payload": binary(scram.first().as_bytes()),
        "options": { "skipEmptyExchange": true }, "$db": who.database.as_str(),
    };
    let first = session.command(start).await?;
    let proof = scram.prove(payload(&first)?, &password).map_err(|why| refused(&why))?;
    let id = conversation(&first)?;
    let last = session.command(step(id, proof.message.as_bytes(), &who.database)).await?;
    proof.check(payload(&last)?).map_err(|why| refused(&why))?;
    if !last.get_bool("done").unwrap_or(false) {
        // Older servers want to be answered once more.
        session.command(step(id, b"", &who.database)).await?;
    }
    Ok(())
}

/// What is proved instead of the password: itself as RFC 4013 spells it, or, with SHA-1, MongoDB's own digest of it.
fn prepared(hash: Hash, who: &Who) -> Result<Vec<u8>, Fault> {
    let password = who.password.reveal();
    if hash == Hash::Sha1 {
        let digest = Md5::digest(format!("{}:mongo:{password}", who.username));
        return Ok(digest.iter().map(|byte| format!("{byte:02x}")).collect::<String>().into_bytes());
    }
    let spelled =
        stringprep::saslprep(password).map_err(|_| refused("the password has characters that none may have"))?;
    Ok(spelled.as_bytes().to_vec())
}

fn step(conversation: i32, payload: &[u8], database: &str) -> RawDocumentBuf {
    rawdoc! { "saslContinue": 1, "conversationId": conversation, "payload": binary(payload), "$db": database }
}

fn binary(bytes: &[u8]) -> bson::Binary {
    bson::Binary { subtype: BinarySubtype::Generic, bytes: bytes.to_vec() }
}

fn payload(said: &RawDocument) -> Result<&[u8], Fault> {
    said.get_binary("payload").map(|binary| binary.bytes).map_err(|_| strange())
}

fn conversation(said: &RawDocument) -> Result<i32, Fault> {
    said.get_i32("conversationId").map_err(|_| strange())
}

fn strange() -> Fault {
    Fault::Strange("the server says something else than how it wants a password".to_owned())
}

fn refused(why: &str) -> Fault {
    Fault::Refused(why.to_owned())
}
