//! `downbeat mcp`: the Model Context Protocol on standard input and output, for assistants that start programs and do not speak HTTP.
//!
//! Promises: every message goes to the gateway as it is, with the key, and every answer comes out as one line; nothing else is ever on standard
//! output; a request that the gateway does not answer is answered here, with an error that says why; messages are bounded. It ends with its
//! input, once what was asked is answered. Knows nothing of tools.

mod events;
mod gateway;
mod lines;
mod message;

use std::{process::ExitCode, sync::Arc};

use tokio::{sync::Semaphore, task::JoinSet};

use crate::{cli::Mcp, error::Error};
use gateway::Gateway;
use lines::{Line, Output};
use message::Message;

/// Requests that are under way at once; further lines wait.
const REQUESTS_AT_ONCE: usize = 16;

pub(super) async fn run(mcp: &Mcp) -> Result<ExitCode, Error> {
    let gateway = Arc::new(Gateway::of(mcp).await?);
    let mut input = lines::input(std::io::stdin());
    let output = lines::output(std::io::stdout());
    let places = Arc::new(Semaphore::new(REQUESTS_AT_ONCE));
    let mut under_way = JoinSet::new();
    loop {
        let line = tokio::select! {
            // Whoever reads nothing any more asks nothing either.
            () = output.closed() => break,
            line = input.recv() => line,
        };
        while under_way.try_join_next().is_some() {}
        let text = match line {
            None => break,
            Some(Line::Failed(error)) => {
                eprintln!("standard input cannot be read: {error}");
                break;
            }
            Some(Line::TooLong) => {
                output.say(message::refused_line()).await;
                continue;
            }
            Some(Line::Whole(text)) => text,
        };
        if text.iter().all(u8::is_ascii_whitespace) {
            continue;
        }
        let message = match Message::read(text) {
            Ok(message) => message,
            Err(answer) => {
                output.say(answer).await;
                continue;
            }
        };
        if message.begins {
            // What follows says which version was agreed on, and in which session.
            gateway.pass(&message, &output).await;
            continue;
        }
        let Ok(place) = Arc::clone(&places).acquire_owned().await else { break };
        let (gateway, output) = (Arc::clone(&gateway), output.clone());
        under_way.spawn(async move {
            let _place = place;
            gateway.pass(&message, &output).await;
        });
    }
    while under_way.join_next().await.is_some() {}
    gateway.leave().await;
    output.end().await;
    Ok(ExitCode::SUCCESS)
}

impl Gateway {
    /// Hands a message on, and what comes of it out.
    async fn pass(&self, message: &Message, output: &Output) {
        let mut open = message.requests.clone();
        if let Err(failure) = self.post(message, &mut open, output).await {
            eprintln!("{}", failure.text);
            for id in open {
                output.say(message::error(&id, &failure)).await;
            }
        }
    }
}
