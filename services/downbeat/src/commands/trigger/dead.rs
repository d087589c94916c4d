//! `downbeat trigger dead`: dead letters, straight from NATS.

use std::process::ExitCode;

use downbeat_event_log::LogAddress;
use downbeat_proto::callers::OPERATOR;
use downbeat_scheduler::{
    limits::DEAD_LISTED_MAX,
    triggers::dead::{DeadLetter, DeadLetters},
};

use crate::{
    cli::{DeadCommand, DeadSub, Which},
    error::Error,
    render::{clean, dead_table, print, words},
};

pub(super) async fn run(command: &DeadCommand) -> Result<ExitCode, Error> {
    let LogAddress::Nats(servers) = &command.log else {
        return Err(Error::Usage(
            "an embedded log has no NATS and no dead letters: give --log nats://HOST:PORT".to_owned(),
        ));
    };
    let letters = DeadLetters::open(&command.nats.of(OPERATOR), servers).await.map_err(failed)?;
    match &command.sub {
        DeadSub::List { limit } => list(&letters, *limit).await,
        DeadSub::Show { id } => show(&letters, *id).await,
        DeadSub::Replay(replay) => match replay.which {
            Which::One(id) => replay_these(&letters, vec![one(&letters, id).await?]).await,
            Which::All => replay_these(&letters, letters.list(DEAD_LISTED_MAX).await.map_err(failed)?).await,
        },
    }
}

async fn list(letters: &DeadLetters, limit: usize) -> Result<ExitCode, Error> {
    let found = letters.list(limit.min(DEAD_LISTED_MAX)).await.map_err(failed)?;
    if found.is_empty() {
        eprintln!("no dead letters");
        return Ok(ExitCode::SUCCESS);
    }
    print(&format!("{}\n", dead_table(&found)))?;
    Ok(ExitCode::SUCCESS)
}

async fn show(letters: &DeadLetters, id: u64) -> Result<ExitCode, Error> {
    let letter = one(letters, id).await?;
    let mut text = format!(
        "{}\nreason: {}\npublished: {}\ndeliveries: {}\n\n",
        clean(&letter.subject),
        words(&letter.reason),
        clean(&letter.published),
        clean(&letter.deliveries)
    );
    for (name, value) in &letter.headers {
        text.push_str(&format!("{}: {}\n", clean(name), clean(value)));
    }
    // Whatever was sent, a terminal must not take it for commands.
    let payload = String::from_utf8_lossy(&letter.payload);
    text.push_str(&format!("\n{}\n", payload.lines().map(clean).collect::<Vec<_>>().join("\n")));
    print(&text)?;
    Ok(ExitCode::SUCCESS)
}

async fn replay_these(letters: &DeadLetters, all: Vec<DeadLetter>) -> Result<ExitCode, Error> {
    for letter in &all {
        letters.replay(letter).await.map_err(failed)?;
    }
    println!("published again: {}", all.len());
    Ok(ExitCode::SUCCESS)
}

async fn one(letters: &DeadLetters, id: u64) -> Result<DeadLetter, Error> {
    let found = letters.get(id).await.map_err(failed)?;
    found.ok_or_else(|| Error::Usage(format!("there is no dead letter {id}: see `downbeat trigger dead list`")))
}

fn failed(error: downbeat_scheduler::error::Error) -> Error {
    Error::Service(error.to_string())
}
