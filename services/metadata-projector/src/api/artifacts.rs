//! `ListTaskArtifacts` and `ReadTaskArtifact`: files that an attempt left, from the blob store. Who stored them is gone, mostly.
//!
//! Promises: what is read is what is listed, and nothing else of the store can be named.

use downbeat_domain::{RunId, TaskRunId};
use downbeat_proto::metadata::v1 as wire;
use downbeat_runtime::blob::{BlobChunk, BlobKey, BlobStore, artifacts::is_name};
use futures::stream::{self, BoxStream, StreamExt as _};
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

type Answer = Result<wire::ReadTaskArtifactResponse, Status>;

/// An attempt as the store names it.
#[derive(Clone, Copy)]
struct Attempt {
    run: Uuid,
    task_run: Uuid,
    number: u32,
}

pub(super) async fn list(
    metadata: &Metadata,
    request: wire::ListTaskArtifactsRequest,
) -> Result<wire::ListTaskArtifactsResponse, Status> {
    let wire::ListTaskArtifactsRequest { run_id, task, attempt } = request;
    let (found, state) = of_task(metadata, run_id, task, attempt).await?;
    let artifacts = match (state.known, attempt) {
        (true, _) => stored(&metadata.blobs, found).await?,
        (false, 0) => Vec::new(),
        (false, _) => return Err(no_attempt(&state)),
    };
    Ok(wire::ListTaskArtifactsResponse { artifacts, attempt: found.number })
}

pub(super) async fn read(
    metadata: &Metadata,
    request: wire::ReadTaskArtifactRequest,
) -> Result<BoxStream<'static, Answer>, Status> {
    let wire::ReadTaskArtifactRequest { run_id, task, attempt, name, offset, length, last } = request;
    if last > 0 && offset > 0 {
        return Err(Status::invalid_argument("offset and last are both given: the first byte is one or the other"));
    }
    if !is_name(&name) {
        return Err(Status::invalid_argument("name: 1 to 255 bytes, without separators and control characters"));
    }
    let (found, state) = of_task(metadata, run_id, task, attempt).await?;
    if !state.known {
        return Err(no_attempt(&state));
    }
    let unknown = || Status::not_found(format!("attempt {} left no file {name:?}", found.number));
    let listed = stored(&metadata.blobs, found).await?.into_iter().find(|file| file.name == name);
    let listed = listed.ok_or_else(unknown)?;
    let reader = Reader {
        blobs: metadata.blobs.clone(),
        key: BlobKey::task_artifact(found.run, found.task_run, found.number, &name),
        attempt: found.number,
        offset: if last > 0 { listed.size.saturating_sub(last) } else { offset },
        left: if length == 0 { u64::MAX } else { length },
    };
    let (first, reader) = reader.next().await?.ok_or_else(unknown)?;
    let rest = stream::unfold(Some(reader), |reader| async move {
        match reader?.next().await {
            Ok(None) => None,
            Ok(Some((answer, _))) if answer.data.is_empty() => None,
            Ok(Some((answer, reader))) => Some((Ok(answer), Some(reader))),
            Err(status) => Some((Err(status), None)),
        }
    });
    // Where nothing is there from the offset on, the first one says so.
    let over = first.data.is_empty();
    Ok(stream::iter([Ok(first)]).chain(rest.take(if over { 0 } else { usize::MAX })).boxed())
}

fn no_attempt(state: &AttemptState) -> Status {
    Status::not_found(format!("the task has no such attempt and so no files; its status is {}", state.status))
}

async fn of_task(
    metadata: &Metadata,
    run_id: String,
    task: String,
    attempt: u32,
) -> Result<(Attempt, AttemptState), Status> {
    let asked = metadata.ask(None, move |view| {
        let (run, row) = runs::find(view, &run_id)?;
        let place = Shape::read(view.store, run, &row)?.place_of(&task)?;
        Ok((run, place, tasks::attempt_state(view.store, run, place, attempt)?))
    });
    let ((run, place, state), _): ((RunId, u32, AttemptState), _) = asked.await?;
    let task_run = Uuid::from_bytes(TaskRunId::derive(run, place).0);
    Ok((Attempt { run: Uuid::from_bytes(run.0), task_run, number: state.attempt }, state))
}

async fn stored(blobs: &BlobStore, of: Attempt) -> Result<Vec<wire::TaskArtifact>, Status> {
    let found = blobs.artifacts((of.run, of.task_run, of.number)).await;
    let found = found.map_err(|error| Status::internal(error.to_string()))?;
    Ok(found.into_iter().map(|file| wire::TaskArtifact { name: file.name, size: file.bytes }).collect())
}

/// Reads a file piece by piece, as fast as the caller takes them.
struct Reader {
    blobs: BlobStore,
    key: BlobKey,
    attempt: u32,
    offset: u64,
    /// Bytes that are still wanted.
    left: u64,
}

impl Reader {
    /// The next piece. `None`: the file is gone.
    async fn next(mut self) -> Result<Option<(wire::ReadTaskArtifactResponse, Self)>, Status> {
        let most = usize::try_from(self.left).unwrap_or(usize::MAX).min(limits::LOG_CHUNK_BYTES);
        let read = self.blobs.read(&self.key, self.offset, most).await;
        let Some(BlobChunk { data, offset, total }) = read.map_err(|error| Status::internal(error.to_string()))? else {
            return Ok(None);
        };
        self.offset += data.len() as u64;
        self.left -= data.len() as u64;
        let answer = wire::ReadTaskArtifactResponse { data, offset, attempt: self.attempt, total };
        Ok(Some((answer, self)))
    }
}
