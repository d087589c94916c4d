//! LINUX_SSH_EXECUTE_COMMAND and WINDOWS_SSH_COMMAND: one command in the shell of another machine.
//!
//! What it prints is the task's log. A stop sends SIGTERM, then SIGKILL, and has come true when the server says how the command
//! ended; a server that sends no signals (Windows) says nothing, and the attempt says that the stop is unconfirmed. When the line
//! is lost nobody knows whether the command went on, so it is not run again by itself.

use async_trait::async_trait;
use downbeat_proto::events::v1::Operation;
use jiff::Timestamp;
use russh::{Channel, ChannelMsg, Disconnect, Sig, client::Msg};
use tokio::time::timeout;

use super::{Connector, Step, Task, parameters, unless_killed, unless_stopped};
use crate::about::{About, Tested};
use crate::attempt::{Collection, Ended, Ending, Failure, Job};
use crate::connections::{Connections, none_given};
use crate::limits::{SSH_ANSWER_BYTES_MAX, SSH_IDLE_WAIT, SSH_STOP_WAIT};
use crate::parents::Parents;
use crate::process::log::last_lines;
use crate::ssh::{self, Server};
use crate::stop::StopLevel;

/// Tells the command which attempt it belongs to, where the server accepts variables (`AcceptEnv DOWNBEAT_*`).
const TOKEN: &str = "DOWNBEAT_TOKEN";

#[derive(Debug)]
pub(crate) struct RunCommand {
    pub(crate) job: (&'static str, &'static str),
    pub(crate) connections: Connections,
}

/// Both of them.
pub(crate) fn all(connections: &Connections) -> Vec<std::sync::Arc<dyn Connector>> {
    let jobs = [("LINUX_SSH", "LINUX_SSH_EXECUTE_COMMAND"), ("WINDOWS_SSH", "WINDOWS_SSH_COMMAND")];
    let connector = |job| RunCommand { job, connections: connections.clone() };
    jobs.into_iter().map(|job| std::sync::Arc::new(connector(job)) as std::sync::Arc<dyn Connector>).collect()
}

#[async_trait]
impl Connector for RunCommand {
    fn job(&self) -> (&str, &str) {
        self.job
    }

    fn about(&self) -> About {
        About {
            by_manifest: false,
            tested: match self.job.0 {
                "LINUX_SSH" => Tested::Real("OpenSSH 9.2"),
                _ => Tested::No,
            },
            after_a_loss: "never again: UNKNOWN_OUTCOME",
            collects: "OPERATION".to_owned(),
        }
    }

    fn needs_connection(&self) -> bool {
        true
    }

    fn remote(&self) -> bool {
        true
    }

    async fn run(&self, task: &Task) -> Ended {
        // It holds a whole session.
        Box::pin(unless_killed(&task.stop, self.attempt(task))).await
    }
}

impl RunCommand {
    async fn attempt(&self, task: &Task) -> Ended {
        let begun = Timestamp::now();
        if task.resume.is_some() {
            return lost(task, "its worker was lost").into();
        }
        let (ending, external_id) = match self.carry_out(task).await {
            Ok(done) => done,
            Err(ending) => return ending.into(),
        };
        let status = match &ending {
            Ending::Succeeded { .. } => "SUCCEEDED",
            Ending::Failed(_) => "FAILED",
            Ending::Stopped => "CANCELLED",
            Ending::Unconfirmed(_) | Ending::Abandoned => "UNKNOWN",
        };
        let operation = Operation {
            name: external_id.clone(),
            external_id,
            r#type: "OPERATION".to_owned(),
            status: status.to_owned(),
            started_at: begun.as_microsecond(),
            completed_at: Timestamp::now().as_microsecond(),
            rows_affected: -1,
            failures: -1,
            ..Operation::default()
        };
        Ended { ending, collection: Collection { operations: vec![operation], ..Collection::default() } }
    }

    async fn carry_out(&self, task: &Task) -> Step<(Ending, String)> {
        let command = parameters::required(&task.parameters, "command")?;
        if command.contains('\0') {
            return Err(Failure::misconfigured("the parameter command holds a null character").into());
        }
        let opened = task.open(&self.connections, self.job.0, ssh::FIELDS).await?;
        let connection = opened.ok_or_else(|| none_given(self.job.0))?;
        let server = Server::read(&connection, "SSH server")?;
        let hide = |ending| match ending {
            Ending::Failed(failure) => Failure { message: connection.hide(failure.message), ..failure }.into(),
            other => other,
        };
        let signed_in = unless_stopped(&task.stop, server.sign_in(SSH_IDLE_WAIT, SSH_ANSWER_BYTES_MAX)).await?;
        let signed_in = signed_in.map_err(|failure| hide(failure.into()))?;
        task.log.line(&format!("$ {command}")).await;
        let channel = signed_in.ssh.channel_open_session().await.map_err(|error| hide(server.broken(&error).into()))?;
        let ending = Command { task, server: &server, channel }.run(&command).await.unwrap_or_else(|ending| ending);
        signed_in.ssh.disconnect(Disconnect::ByApplication, "", "").await.ok();
        Ok((hide(ending), server.address("ssh")))
    }
}

struct Command<'a> {
    task: &'a Task,
    server: &'a Server,
    channel: Channel<Msg>,
}

impl Command<'_> {
    async fn run(mut self, command: &str) -> Step<Ending> {
        // Servers that do not want it say nothing.
        self.channel.set_env(false, TOKEN, self.task.token.as_str()).await.ok();
        for (name, value) in Parents::of(&self.task.offer).iter().flat_map(Parents::variables) {
            self.channel.set_env(false, name, value).await.ok();
        }
        self.task
            .submitted(Job { handle: vec![1], external_id: self.server.address("ssh"), link: String::new() })
            .await;
        let asked = self.channel.exec(true, command).await;
        asked.map_err(|error| self.server.broken(&error))?;
        let mut stop = self.task.stop.clone();
        let exit = tokio::select! {
            biased;
            () = stop.wait_for(StopLevel::Gentle) => None,
            exit = self.follow() => Some(exit),
        };
        match exit {
            Some(exit) => Ok(self.judge(exit?).await),
            None => self.end().await,
        }
    }

    /// Reads what it prints until it has ended.
    async fn follow(&mut self) -> Step<Exit> {
        let mut exit = None;
        while let Some(message) = self.channel.wait().await {
            match message {
                ChannelMsg::Data { data } | ChannelMsg::ExtendedData { data, .. } => self.task.log.output(&data).await,
                ChannelMsg::ExitStatus { exit_status } => exit = Some(Exit::Code(exit_status)),
                ChannelMsg::ExitSignal { signal_name, .. } => exit = Some(Exit::Signal(format!("{signal_name:?}"))),
                ChannelMsg::Failure => {
                    return Err(Failure::misconfigured(format!("{} does not run commands", self.server)).into());
                }
                _ => {}
            }
        }
        self.task.log.output_ended().await;
        exit.ok_or_else(|| lost(self.task, &format!("{} was lost", self.server)))
    }

    async fn end(mut self) -> Step<Ending> {
        for (signal, name) in [(Sig::TERM, "SIGTERM"), (Sig::KILL, "SIGKILL")] {
            self.task.log.line(&format!("sending {name}")).await;
            self.channel.signal(signal).await.ok();
            match timeout(SSH_STOP_WAIT, self.follow()).await {
                Ok(Ok(_)) => return Err(Ending::Stopped),
                Ok(Err(_)) => break,
                Err(_) => {}
            }
        }
        Err(Ending::Unconfirmed(format!(
            "the command was asked to end, and {} has not said that it did: it may still run there",
            self.server
        )))
    }

    async fn judge(&self, exit: Exit) -> Ending {
        let how = match exit {
            Exit::Code(0) => {
                return Ending::Succeeded { warning: false, outputs: String::new(), message: String::new() };
            }
            Exit::Code(code) => format!("exit code {code}"),
            Exit::Signal(name) => format!("killed by signal {name}"),
        };
        let why = last_lines(&self.task.log.tail().await, 1);
        Failure::job(if why.is_empty() { how } else { format!("{how}: {why}") }).into()
    }
}

/// The command may have gone on, and may have done all that it should.
fn lost(task: &Task, why: &str) -> Ending {
    let text = format!("{why} while the command ran, and nobody knows whether it went on");
    if task.stop.asked() {
        return Ending::Unconfirmed(text);
    }
    Failure::unknown(format!("{text}, so it is not run again; look there, then restart the task")).into()
}

enum Exit {
    Code(u32),
    Signal(String),
}
