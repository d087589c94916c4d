//! `ReadTaskLog`: the text of one attempt, or a range of it, from the blob store. Who wrote it may run, or be gone.

use downbeat_domain::{RunId, TaskRunId};
use downbeat_proto::metadata::v1 as wire;
use downbeat_runtime::blob::{BlobChunk, BlobKey};
use futures::stream::BoxStream;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::Status;
use uuid::Uuid;

use super::Metadata;
use crate::{
    limits,
    query::{
        runs,
        shape::Shape,
        tasks::{self, AttemptState},
    },
};

type Answer = Result<wire::ReadTaskLogResponse, Status>;

pub(super) async fn start(
    metadata: Metadata,
    request: wire::ReadTaskLogRequest,
) -> Result<BoxStream<'static, Answer>, Status> {
    let wire::ReadTaskLogRequest { run_id, task, attempt, offset, follow, length, last } = request;
    if last > 0 && offset > 0 {
        return Err(Status::invalid_argument("offset and last are both given: the first byte is one or the other"));
    }
    let left = if length == 0 { u64::MAX } else { length };
    let found = metadata.ask(None, move |view| {
        let (run, row) = runs::find(view, &run_id)?;
        let place = Shape::read(view.store, run, &row)?.place_of(&task)?;
        Ok((run, place, tasks::attempt_state(view.store, run, place, attempt)?))
    });
    let ((run, place, state), _) = found.await?;
    if !state.known && (!follow || state.last) {
        return Err(no_attempt(attempt, &state));
    }
    let (sender, receiver) = mpsc::channel(limits::STREAM_QUEUE);
    let reader = Reader { metadata, run, place, offset, left, last, follow, sender };
    tokio::spawn(async move {
        let sender = reader.sender.clone();
        if let Err(status) = reader.read(state.attempt).await {
            // The caller may have gone away.
            let _ = sender.send(Err(status)).await;
        }
    });
    Ok(Box::pin(ReceiverStream::new(receiver)))
}

fn no_attempt(attempt: u32, state: &AttemptState) -> Status {
    let which = if attempt == 0 { "no attempt".to_owned() } else { format!("no attempt {attempt}") };
    Status::not_found(format!("the task has {which} and so no log; its status is {}", state.status))
}

struct Reader {
    metadata: Metadata,
    run: RunId,
    place: u32,
    offset: u64,
    /// Bytes that are still wanted.
    left: u64,
    /// Bytes before the end at which it begins, until that was looked up.
    last: u64,
    follow: bool,
    sender: mpsc::Sender<Answer>,
}

impl Reader {
    async fn read(mut self, mut attempt: u32) -> Result<(), Status> {
        loop {
            let (run, place) = (self.run, self.place);
            let asked = self.metadata.ask(None, move |view| Ok(tasks::attempt_state(view.store, run, place, attempt)?));
            let (state, _) = asked.await?;
            // An attempt that began while we waited for the first is the one; a later one does not replace it.
            attempt = state.attempt;
            if state.known {
                // The state was read first: what an ended attempt wrote is all there.
                if !self.send_available(attempt).await? || self.left == 0 || !self.follow || state.ended {
                    return Ok(());
                }
            } else if state.last {
                return Err(no_attempt(attempt, &state));
            }
            let mut progress = self.metadata.published.progress();
            if progress.borrow_and_update().stopped {
                return Err(Status::unavailable("the projector is stopping"));
            }
            tokio::select! {
                () = self.sender.closed() => return Ok(()),
                _ = progress.changed() => {}
                () = tokio::time::sleep(limits::LOG_POLL) => {}
            }
        }
    }

    /// Sends everything that is there from the offset on. Says whether the caller still listens.
    async fn send_available(&mut self, attempt: u32) -> Result<bool, Status> {
        let task_run = TaskRunId::derive(self.run, self.place);
        let key = BlobKey::task_log(Uuid::from_bytes(self.run.0), Uuid::from_bytes(task_run.0), attempt);
        if self.last > 0 {
            let end = self.part(&key, 0).await?.map_or(0, |chunk| chunk.total);
            self.offset = end.saturating_sub(std::mem::take(&mut self.last));
        }
        loop {
            let most = usize::try_from(self.left).unwrap_or(usize::MAX).min(limits::LOG_CHUNK_BYTES);
            let chunk = self.part(&key, most).await?;
            let Some(chunk) = chunk.filter(|chunk| !chunk.data.is_empty()) else { return Ok(true) };
            let offset = self.offset;
            self.offset += chunk.data.len() as u64;
            self.left -= chunk.data.len() as u64;
            let answer = wire::ReadTaskLogResponse { data: chunk.data, offset, attempt, total: chunk.total };
            if self.sender.send(Ok(answer)).await.is_err() {
                return Ok(false);
            }
        }
    }

    async fn part(&self, key: &BlobKey, most: usize) -> Result<Option<BlobChunk>, Status> {
        let read = self.metadata.blobs.read(key, self.offset, most).await;
        read.map_err(|error| Status::internal(error.to_string()))
    }
}
