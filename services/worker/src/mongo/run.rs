//! Sending a command and taking what it brings: documents of a cursor, portion by portion, or an answer as a whole.

use bson::{
    Document, RawDocumentBuf,
    raw::{RawArray, RawBsonRef, RawDocument, cstr},
    rawdoc,
};
use serde_json::Value;

use super::{
    Command, Session, Time,
    errors::{Fault, failure},
    values,
};
use crate::attempt::Failure;

/// Documents that are asked for at once.
const PORTION: i32 = 1_000;
/// What servers say of themselves beside an answer.
const GOSSIP: [&str; 4] = ["$clusterTime", "operationTime", "electionId", "opTime"];

/// What is asked.
pub(crate) struct Asked<'a> {
    pub(crate) command: &'a Command,
    /// How long the server may work at it.
    pub(crate) time: Time,
    /// Takes documents. Returns whether there is room for more.
    pub(crate) take: &'a mut (dyn FnMut(Value) -> bool + Send),
}

/// What was done.
#[derive(Debug, Default)]
pub(crate) struct Ran {
    /// Documents that were written; `None`: the server does not say.
    pub(crate) written: Option<u64>,
    /// There are documents that nobody took.
    pub(crate) more: bool,
}

/// Why a command came to nothing, or perhaps did not.
#[derive(Debug)]
pub(crate) enum NotRun {
    /// Nothing of it goes on.
    Failed(Failure),
    /// Nobody knows what it did.
    InDoubt(Failure),
}

impl Session {
    /// Sends a command.
    pub(crate) async fn run(&mut self, asked: Asked<'_>) -> Result<Ran, NotRun> {
        let reads = asked.command.reads;
        match self.carry_out(asked).await {
            Ok(ran) => Ok(ran),
            Err(Unfinished::Written(text)) => Err(NotRun::Failed(Failure::job(format!("{}: {text}", self.place())))),
            Err(Unfinished::Unconfirmed(text)) => {
                Err(NotRun::InDoubt(Failure::job(format!("{}: {text}", self.place()))))
            }
            Err(Unfinished::Fault(fault)) => {
                let known = match &fault {
                    Fault::Said(said) => !said.in_doubt(),
                    Fault::Refused(_) => true,
                    Fault::Line(_) | Fault::Strange(_) => false,
                };
                let failure = failure(&self.place(), self.answer_bytes, &fault);
                Err(if reads || known { NotRun::Failed(failure) } else { NotRun::InDoubt(failure) })
            }
        }
    }

    async fn carry_out(&mut self, asked: Asked<'_>) -> Result<Ran, Unfinished> {
        let Asked { command, time, take } = asked;
        let mut sent = encoded(&command.document)?;
        if let (Some(time), true) = (time, command.is_timed()) {
            sent.append(cstr!("maxTimeMS"), i64::try_from(time.as_millis()).unwrap_or(i64::MAX).max(1));
        }
        self.sign(&mut sent);
        let said = self.command(sent).await?;
        complaints(&said)?;
        let Ok(cursor) = said.get_document("cursor") else {
            let written = written(command, &said);
            let answer = without_gossip(&said).ok_or_else(broken)?;
            return Ok(Ran { written, more: !take(answer) });
        };
        let more = self.drain(cursor, take).await?;
        Ok(Ran { written: None, more })
    }

    /// Takes the documents of a cursor. Returns whether some were left. Portions may be empty: what the line may bring is the bound.
    async fn drain(
        &mut self,
        first: &RawDocument,
        take: &mut (dyn FnMut(Value) -> bool + Send),
    ) -> Result<bool, Fault> {
        let strange = || Fault::Strange("a cursor is none".to_owned());
        let namespace = first.get_str("ns").map_err(|_| strange())?;
        let (database, collection) = namespace.split_once('.').ok_or_else(strange)?;
        let mut id = first.get_i64("id").map_err(|_| strange())?;
        let mut room = taken(first.get_array("firstBatch").map_err(|_| strange())?, take)?;
        while id != 0 {
            if !room {
                self.leave(database, collection, id).await;
                return Ok(true);
            }
            let mut next = rawdoc! { "getMore": id, "collection": collection, "batchSize": PORTION };
            if let Some(id) = &self.id {
                next.append(cstr!("lsid"), id.clone());
            }
            next.append(cstr!("$db"), database);
            let said = self.command(next).await?;
            let cursor = said.get_document("cursor").map_err(|_| strange())?;
            id = cursor.get_i64("id").map_err(|_| strange())?;
            let batch = cursor.get_array("nextBatch").map_err(|_| strange())?;
            room = taken(batch, take)?;
        }
        Ok(!room)
    }

    /// Lets go of a cursor that is not read to its end.
    async fn leave(&mut self, database: &str, collection: &str, id: i64) {
        let mut ids = bson::RawArrayBuf::new();
        ids.push(id);
        let mut kill = rawdoc! { "killCursors": collection };
        kill.append(cstr!("cursors"), ids);
        kill.append(cstr!("$db"), database);
        self.command(kill).await.ok();
    }

    /// Says which session it is of and which database it is about.
    fn sign(&self, command: &mut RawDocumentBuf) {
        if let Some(id) = &self.id {
            command.append(cstr!("lsid"), id.clone());
        }
        command.append(cstr!("$db"), self.target.database.as_str());
    }
}

/// How a command did not end as it should.
enum Unfinished {
    Fault(Fault),
    /// Some of what it writes was refused.
    Written(String),
    /// It was written, and not as safely as was wanted.
    Unconfirmed(String),
}

impl From<Fault> for Unfinished {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

fn encoded(document: &Document) -> Result<RawDocumentBuf, Fault> {
    RawDocumentBuf::try_from(document).map_err(|error| Fault::Refused(format!("the command cannot be sent: {error}")))
}

fn broken() -> Fault {
    Fault::Strange("a document is broken, or nested too deeply".to_owned())
}

/// Hands documents on until there is no more room. Returns whether there is.
fn taken(batch: &RawArray, take: &mut (dyn FnMut(Value) -> bool + Send)) -> Result<bool, Fault> {
    let mut room = true;
    for item in batch {
        let Ok(RawBsonRef::Document(item)) = item else { return Err(broken()) };
        if !room {
            return Ok(false);
        }
        room = take(values::document(item).ok_or_else(broken)?);
    }
    Ok(room)
}

/// What an answer of success says of writes that were refused all the same.
fn complaints(said: &RawDocument) -> Result<(), Unfinished> {
    let number = || said.get("n").ok().flatten().and_then(values::single).unwrap_or_default();
    if let Ok(errors) = said.get_array("writeErrors") {
        let errors: Vec<_> = errors.into_iter().filter_map(|error| error.ok()?.as_document()).collect();
        if let Some(first) = errors.first() {
            let text = first.get_str("errmsg").unwrap_or_default();
            let code = first.get_i32("code").unwrap_or_default();
            let text = format!(
                "{text} (error {code}); {} of the writes failed, {} were carried out and stay",
                errors.len(),
                number()
            );
            return Err(Unfinished::Written(text));
        }
    }
    if let Ok(concern) = said.get_document("writeConcernError") {
        let text = concern.get_str("errmsg").unwrap_or_default();
        return Err(Unfinished::Unconfirmed(format!(
            "{text}: {} were written, and not as safely as asked for",
            number()
        )));
    }
    Ok(())
}

/// Documents that were written.
fn written(command: &Command, said: &RawDocument) -> Option<u64> {
    let number = |document: &RawDocument| document.get("n").ok().flatten().and_then(values::single)?.as_u64();
    match command.name.as_str() {
        "insert" | "update" | "delete" => number(said),
        "findAndModify" => number(said.get_document("lastErrorObject").ok()?),
        _ => None,
    }
}

fn without_gossip(said: &RawDocument) -> Option<Value> {
    let mut answer = values::document(said)?;
    if let Value::Object(entries) = &mut answer {
        entries.retain(|name, _| !GOSSIP.contains(&name.as_str()));
    }
    Some(answer)
}
