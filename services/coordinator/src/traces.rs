//! What a coordinator tells of its part in runs: that an attempt was given to a worker, and which record had to be in the log before.
//!
//! An attempt's span of ours is from the instant at which it was decided until its offer goes out, so that it has the append in it; the append
//! is a span of its own, which the spans of all attempts in it link to. Nothing is done of it where no spans are told. Knows nothing of how
//! decisions are taken.

use downbeat_domain::{AttemptRef, Partition, Phase};
use downbeat_proto::{convert::micros, event::attempt_of, traces, worker::v1::coordinator_message::Message};
use downbeat_runtime::otlp::{self, Context, Kind, Span, nanos};

/// A record on its way into the log.
#[derive(Debug)]
pub(crate) struct Append {
    context: Context,
    began: u64,
    bytes: u64,
}

impl Append {
    /// `None`: no spans are told.
    pub(crate) fn begin(bytes: usize) -> Option<Self> {
        let (context, _) = otlp::answering(None)?;
        Some(Self { context, began: otlp::now(), bytes: bytes as u64 })
    }

    /// It is there, under this number. Returns what spans link to.
    pub(crate) fn end(self, sequence: u64) -> Context {
        let Self { context, began, bytes } = self;
        Span::begun(context, Kind::Client, "append", began)
            .with_number("downbeat.log.sequence", sequence)
            .with_number("downbeat.log.record_bytes", bytes)
            .end();
        context
    }
}

/// A message goes to a worker: the attempts that it offers are told.
pub(crate) fn sent(partition: &Partition, message: &Message, append: Option<Context>) {
    let Message::Offers(offers) = message else { return };
    if !otlp::traces() {
        return;
    }
    for offer in &offers.offers {
        let Some(attempt) = offer.attempt.as_ref().and_then(attempt_of) else { continue };
        let (Some(of), Some(leased)) =
            (otlp::place(traces::of_attempt(attempt.run.0, attempt.task, attempt.number)), leased(partition, attempt))
        else {
            continue;
        };
        if !of.sampled {
            continue;
        }
        let mut span =
            Span::begun(of.child("dispatch"), Kind::Producer, &format!("dispatch {}", offer.task_id), leased)
                .below(of)
                .with("cicd.pipeline.name", &offer.pipeline_alias)
                .with("cicd.pipeline.run.id", &attempt.run.to_string())
                .with("cicd.pipeline.task.name", &offer.task_id)
                .with("cicd.pipeline.task.run.id", &offer.task_run_id)
                .with_number("downbeat.attempt", attempt.number.into());
        if let Some(append) = append {
            span = span.linked(append, "recorded by");
        }
        span.end();
    }
}

/// When it was decided. `None`: it is not this attempt that the task is at, or it was offered before and has begun.
fn leased(partition: &Partition, attempt: AttemptRef) -> Option<u64> {
    let task = partition.runs.get(&attempt.run)?.tasks.get(attempt.task as usize)?;
    let is_new = task.attempt == attempt.number && matches!(task.phase, Phase::Leased(_));
    is_new.then(|| nanos(micros(task.since)))
}
