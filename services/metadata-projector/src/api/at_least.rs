//! Read your writes: waiting until the fold has reached a position.

use downbeat_proto::metadata::v1::Position;
use tonic::Status;

use crate::{engine, limits, position, published::Published};

/// Waits until the rows reflect everything up to `wanted`; `None` waits for nothing.
///
/// `FAILED_PRECONDITION`: a position of another log or partition, or of another history of this log.
/// `DEADLINE_EXCEEDED` after [`limits::AT_LEAST_WAIT`], with both positions. `UNAVAILABLE`: the projector is stopping, or the rows
/// that go as far are still being rebuilt after that time.
pub(super) async fn wait(published: &Published, wanted: Option<Position>) -> Result<(), Status> {
    let Some(mut wanted) = wanted else { return Ok(()) };
    let log = published.log();
    // Who asks may have written to the log that this one was restored from; what was lost with it comes never.
    if let Some(from) = position::restored(log, &wanted.log_id) {
        let is_lost = wanted.sequence > from.up_to;
        wanted.log_id.clone_from(&log.0);
        if is_lost {
            (wanted.sequence, wanted.hash) = (from.up_to, bytes::Bytes::new());
        }
    }
    if wanted.log_id != log.0 || wanted.partition != engine::PARTITION {
        return Err(Status::failed_precondition(format!(
            "at_least is a position of partition {} of log {}; this projector follows partition {} of log {log}",
            wanted.partition,
            wanted.log_id,
            engine::PARTITION
        )));
    }
    let mut progress = published.progress();
    published.want(wanted.sequence);
    let reached = progress.wait_for(|progress| progress.sequence >= wanted.sequence || progress.stopped);
    let reached = tokio::time::timeout(limits::AT_LEAST_WAIT, reached).await;
    let reached = reached.map(|progress| progress.map(|progress| progress.sequence));
    match reached {
        Ok(Ok(sequence)) if sequence < wanted.sequence => Err(Status::unavailable("the projector is stopping")),
        Ok(Ok(_)) => check_history(published, &wanted),
        Ok(Err(_)) => Err(Status::unavailable("the projector is stopping")),
        Err(_elapsed) => Err(late(published, wanted.sequence)),
    }
}

fn late(published: &Published, wanted: u64) -> Status {
    let (log, at) = (published.log(), published.progress().borrow().sequence);
    let asked = format!("log {log}: at_least asks for sequence {wanted}, the projections stand at {at}");
    match published.rebuild() {
        Some(rebuild) => Status::unavailable(format!(
            "{asked} until they are rebuilt, since other versions of them wrote their rows: {} of {} records are folded so far; \
             ask again later",
            *rebuild.folded().borrow(),
            rebuild.goal()
        )),
        None => Status::deadline_exceeded(format!("{asked}; try again later")),
    }
}

/// Only the hash of the newest position is known here: at any other sequence the caller is taken at its word.
fn check_history(published: &Published, wanted: &Position) -> Result<(), Status> {
    let contradicted = published.view(|view| {
        view.head
            .position
            .as_ref()
            .is_some_and(|here| here.sequence == wanted.sequence && !wanted.hash.is_empty() && here.hash != wanted.hash)
    });
    match contradicted {
        true => Err(Status::failed_precondition(format!(
            "at_least names another record at sequence {} than log {} has there",
            wanted.sequence,
            published.log()
        ))),
        false => Ok(()),
    }
}
