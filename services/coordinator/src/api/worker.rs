//! `WorkerService.Attach`: one stream per worker.

use std::pin::Pin;

use downbeat_proto::worker::v1 as wire;
use futures::{Stream, StreamExt};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Request, Response, Status, Streaming};
use wire::worker_message::Message;

use super::refused;
use crate::{driver::Handle, engine::Input, limits};

/// The service.
pub struct Workers {
    handle: Handle,
}

impl Workers {
    /// A service over this coordinator.
    pub fn new(handle: Handle) -> Self {
        Self { handle }
    }
}

#[tonic::async_trait]
impl wire::worker_service_server::WorkerService for Workers {
    type AttachStream = Pin<Box<dyn Stream<Item = Result<wire::CoordinatorMessage, Status>> + Send>>;

    async fn attach(
        &self,
        request: Request<Streaming<wire::WorkerMessage>>,
    ) -> Result<Response<Self::AttachStream>, Status> {
        let mut said = request.into_inner();
        let (sender, messages) = mpsc::channel(limits::WORKER_QUEUE);
        let handle = self.handle.clone();
        // The answer's headers must not wait for the hello: some clients send it only after they have them.
        tokio::spawn(async move {
            if let Err(status) = converse(&handle, &mut said, sender).await {
                tracing::debug!(%status, "a worker's connection ended");
            }
        });
        Ok(Response::new(Box::pin(ReceiverStream::new(messages).map(Ok))))
    }
}

async fn converse(
    handle: &Handle,
    said: &mut Streaming<wire::WorkerMessage>,
    sender: mpsc::Sender<wire::CoordinatorMessage>,
) -> Result<(), Status> {
    let Some(wire::WorkerMessage { message: Some(Message::Hello(hello)) }) = said.message().await? else {
        return Err(Status::invalid_argument("the first message must be a hello"));
    };
    // Weak from here on: when the driver drops its sender, the worker sees the end of the stream.
    let answers = sender.downgrade();
    let session = handle.attach(hello, sender).await.map_err(|error| refused(&error))?;
    let outcome = listen(handle, said, session, &answers).await;
    let detached = handle.input(Input::WorkerDetached { session }).await;
    outcome.and(detached.map_err(|error| refused(&error)))
}

async fn listen(
    handle: &Handle,
    said: &mut Streaming<wire::WorkerMessage>,
    session: u64,
    answers: &mpsc::WeakSender<wire::CoordinatorMessage>,
) -> Result<(), Status> {
    while let Some(message) = said.message().await? {
        let input = match message.message {
            Some(Message::Reports(reports)) => Input::WorkerReports { session, reports: reports.reports },
            Some(Message::Heartbeat(_)) => {
                // Answered here: a worker stays alive while the log is away for a while and the engine has nothing to tell it.
                let Some(answers) = answers.upgrade() else { return Ok(()) };
                if handle.renews_leases() {
                    let answer = wire::coordinator_message::Message::Heartbeat(wire::HeartbeatAnswer {});
                    // A full queue means that plenty of other messages tell the worker that we live.
                    let _ = answers.try_send(wire::CoordinatorMessage { message: Some(answer) });
                }
                Input::WorkerHeartbeat { session }
            }
            Some(Message::CheckAnswers(answers)) => Input::WorkerChecked { session, answers: answers.answers },
            Some(Message::Hello(_)) => return Err(Status::invalid_argument("a second hello")),
            None => continue,
        };
        handle.input(input).await.map_err(|error| refused(&error))?;
    }
    Ok(())
}
