//! `WatchRun`: the run now and after every change, until it has finished.

use std::{
    collections::HashMap,
    hash::{DefaultHasher, Hash, Hasher},
    sync::Arc,
};

use downbeat_domain::{RunId, RunStatus};
use downbeat_proto::metadata::v1::{self as wire, Position};
use futures::stream::BoxStream;
use prost::Message;
use tokio::sync::{
    broadcast::{self, error::RecvError},
    mpsc,
};
use tokio_stream::wrappers::ReceiverStream;
use tonic::Status;

use super::Metadata;
use crate::{
    limits,
    published::{Changes, Progress},
    query::{
        runs,
        shape::{Shape, head_of},
        tasks,
    },
};

type Answer = Result<wire::WatchRunResponse, Status>;

pub(super) async fn start(
    metadata: Metadata,
    request: wire::WatchRunRequest,
) -> Result<BoxStream<'static, Answer>, Status> {
    // Before the first read, so that no change falls between the two.
    let changes = metadata.published.changes();
    let found = metadata.ask(request.at_least, move |view| {
        let (id, row) = runs::find(view, &request.run_id)?;
        Ok(Shape::read(view.store, id, &row)?)
    });
    let (shape, _) = found.await?;
    let (sender, receiver) = mpsc::channel(limits::STREAM_QUEUE);
    let watcher =
        Watcher { metadata, run: shape.run, shape: Arc::new(shape), sent: HashMap::new(), sent_run: None, sender };
    tokio::spawn(watcher.watch(changes));
    Ok(Box::pin(ReceiverStream::new(receiver)))
}

struct Watcher {
    metadata: Metadata,
    run: RunId,
    /// As it was when it was last read; it grows with every matrix whose elements become known.
    shape: Arc<Shape>,
    /// What was sent last of each task run, as a fingerprint: a run may have 100,000.
    sent: HashMap<u32, u64>,
    sent_run: Option<wire::Run>,
    sender: mpsc::Sender<Answer>,
}

impl Watcher {
    async fn watch(mut self, mut changes: broadcast::Receiver<Arc<Changes>>) {
        let mut progress = self.metadata.published.progress();
        let mut places = None;
        loop {
            match self.send_changed(places).await {
                Ok(true) => {}
                Ok(false) => return,
                Err(status) => {
                    // The caller may have gone away.
                    let _ = self.sender.send(Err(status)).await;
                    return;
                }
            }
            let stopped = |progress: &Progress| progress.stopped;
            places = tokio::select! {
                biased;
                () = self.sender.closed() => return,
                heard = next_of(&mut changes, self.run) => heard,
                () = async { drop(progress.wait_for(stopped).await) } => {
                    let _ = self.sender.send(Err(Status::unavailable("the projector is stopping"))).await;
                    return;
                }
            };
        }
    }

    /// Reads the task runs at these places (`None` = all) and sends what differs from what was sent. Says whether to go on.
    async fn send_changed(&mut self, places: Option<Vec<u32>>) -> Result<bool, Status> {
        let (run, mut shape) = (self.run, Arc::clone(&self.shape));
        let question = move |view: &crate::published::View<'_>| {
            let (_, row) = runs::find(view, &run.to_string())?;
            // With a new matrix, task runs appear and others begin to stand for them.
            let places = if shape.fits(&head_of(view.store, run)?) { places } else { None };
            if places.is_none() {
                shape = Arc::new(Shape::with_plan(view.store, run, Arc::clone(&shape.plan))?);
            }
            let places = places.unwrap_or_else(|| (0..shape.head.total()).collect());
            let tasks: Result<Vec<_>, _> =
                places.into_iter().map(|place| tasks::one(view.store, place, &row, &shape)).collect();
            Ok((row, tasks?, shape))
        };
        let ((row, tasks, shape), position) = self.metadata.ask(None, question).await?;
        self.shape = shape;
        let changed: Vec<wire::TaskRun> = tasks.into_iter().filter(|task| self.is_news(task)).collect();
        let ended = RunStatus::ALL.iter().any(|status| status.is_final() && status.as_str() == row.status);
        if !changed.is_empty() || self.sent_run.as_ref() != Some(&row) {
            self.sent_run = Some(row.clone());
            if !self.send(row, changed, position).await {
                return Ok(false);
            }
        }
        Ok(!ended)
    }

    fn is_news(&mut self, task: &wire::TaskRun) -> bool {
        let mut hasher = DefaultHasher::new();
        task.encode_to_vec().hash(&mut hasher);
        let fingerprint = hasher.finish();
        self.sent.insert(task.index, fingerprint) != Some(fingerprint)
    }

    /// Sends in parts what is too large for one message.
    async fn send(&self, run: wire::Run, changed: Vec<wire::TaskRun>, position: Option<Position>) -> bool {
        let mut parts = vec![Vec::new()];
        let mut bytes = 0;
        for task in changed {
            bytes += task.encoded_len();
            if bytes > limits::WATCH_BYTES_MAX {
                bytes = task.encoded_len();
                parts.push(Vec::new());
            }
            if let Some(part) = parts.last_mut() {
                part.push(task);
            }
        }
        for task_runs in parts {
            let answer = wire::WatchRunResponse { run: Some(run.clone()), task_runs, position: position.clone() };
            if self.sender.send(Ok(answer)).await.is_err() {
                return false;
            }
        }
        true
    }
}

/// The places that changed next in this run; `None` = any may have changed: too many commits were missed, or another store answers.
async fn next_of(changes: &mut broadcast::Receiver<Arc<Changes>>, run: RunId) -> Option<Vec<u32>> {
    loop {
        match changes.recv().await {
            Ok(changes) if changes.everything => return None,
            Ok(changes) => {
                if let Some(places) = changes.runs.get(&run) {
                    return Some(places.clone());
                }
            }
            Err(RecvError::Lagged(_)) => return None,
            // The sender lives as long as this service; the end is told by the progress.
            Err(RecvError::Closed) => std::future::pending().await,
        }
    }
}
