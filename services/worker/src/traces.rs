//! What a worker tells of an attempt: that it carried it out, what the connector did, and, of a job in another system, that it was begun, waited
//! for and collected. And what an attempt hands down: its place in the trace, to its processes and requests.
//!
//! All ids are derived of the attempt. Nothing is done of it where no spans are told.

use downbeat_proto::{traces, worker::v1::Offer};
use downbeat_runtime::otlp::{self, Context, Kind, Span};

use crate::attempt::{AttemptId, Ended, Ending};
use crate::process::environment::Environment;

/// The variable by which programs are told whose child their work is.
const VARIABLE: &str = "TRACEPARENT";

const EXECUTION: &str = "execution";
const CONNECTOR: &str = "connector";

/// An attempt that is carried out.
#[derive(Debug)]
pub(crate) struct Execution {
    context: Context,
    span: Span,
}

impl Execution {
    /// `None`: no spans are told.
    pub(crate) fn begin(attempt: AttemptId, offer: &Offer) -> Option<Self> {
        let of = place(attempt)?;
        let context = of.child(EXECUTION);
        let span = Span::begun(context, Kind::Consumer, &format!("execute {}", offer.task_id), otlp::now())
            .below(of)
            .with("cicd.pipeline.name", &offer.pipeline_alias)
            .with("cicd.pipeline.task.name", &offer.task_id)
            .with("cicd.pipeline.task.run.id", &offer.task_run_id)
            .with_number("downbeat.attempt", attempt.number.into());
        Some(Self { context, span })
    }

    /// What is said meanwhile, is said in this.
    pub(crate) fn context(&self) -> Context {
        self.context
    }

    /// It ended like this.
    pub(crate) fn end(self, ended: &Ended) {
        finish(self.span, &ended.ending);
    }
}

/// What a connector does.
#[derive(Debug)]
pub(crate) struct Connecting(Span);

impl Connecting {
    /// `None`: no spans are told.
    pub(crate) fn begin(offer: &Offer, remote: bool) -> Option<Self> {
        let (execution, connector) = (of_offer(offer)?.child(EXECUTION), connector(offer)?);
        let kind = if remote { Kind::Client } else { Kind::Internal };
        let name = format!("{} {}", offer.integration, offer.integration_job);
        let span = Span::begun(connector, kind, &name, otlp::now())
            .below(execution)
            .with("downbeat.integration", &offer.integration)
            .with("downbeat.integration.job", &offer.integration_job)
            .with("downbeat.connection", &offer.connection);
        Some(Self(span))
    }

    pub(crate) fn end(self, ended: &Ended) {
        finish(self.0, &ended.ending);
    }
}

/// A step of a job in another system: `start`, `poll`, `collect`. It lasts until it is dropped.
#[derive(Debug)]
pub(crate) struct Step(Option<(Span, u64)>);

impl Step {
    /// Nothing, where no spans are told.
    pub(crate) fn begin(offer: &Offer, step: &str) -> Self {
        let begun =
            |connector: Context| Span::begun(connector.child(step), Kind::Client, step, otlp::now()).below(connector);
        Self(connector(offer).map(|connector| (begun(connector), 0)))
    }

    /// The other system is asked once more: all polls of a job are one span.
    pub(crate) fn asks(&mut self) {
        if let Some((_, times)) = &mut self.0 {
            *times += 1;
        }
    }
}

impl Drop for Step {
    fn drop(&mut self) {
        if let Some((span, times)) = self.0.take() {
            let span = if times > 0 { span.with_number("downbeat.polls", times) } else { span };
            span.end();
        }
    }
}

/// Tells a process whose child its work is, unless its variables say so.
pub(crate) fn hand_down(offer: &Offer, variables: &mut Environment) {
    if let Some(connector) = connector(offer)
        && !variables.contains_key(VARIABLE)
    {
        variables.insert(VARIABLE.to_owned(), connector.to_string());
    }
}

/// The header that a request made for a task has, unless the task says another.
pub(crate) fn header(offer: &Offer) -> Option<String> {
    connector(offer).map(|connector| connector.to_string())
}

fn connector(offer: &Offer) -> Option<Context> {
    Some(of_offer(offer)?.child(EXECUTION).child(CONNECTOR))
}

fn of_offer(offer: &Offer) -> Option<Context> {
    place(AttemptId::from_wire(offer.attempt.as_ref())?)
}

fn place(attempt: AttemptId) -> Option<Context> {
    if !otlp::traces() {
        return None;
    }
    otlp::place(traces::of_attempt(attempt.run, attempt.task, attempt.number))
}

fn finish(span: Span, ending: &Ending) {
    let (result, class) = match ending {
        Ending::Succeeded { .. } => ("success", None),
        Ending::Failed(failure) => {
            let class = failure.class.as_str_name().trim_start_matches("FAILURE_CLASS_");
            (if class == "TIMED_OUT" { "timeout" } else { "failure" }, Some(class))
        }
        Ending::Stopped => ("cancellation", None),
        Ending::Unconfirmed(_) => ("cancellation", Some("UNCONFIRMED")),
        Ending::Abandoned => ("error", Some("ABANDONED")),
    };
    let span = span.with("cicd.pipeline.task.run.result", result);
    match class {
        Some(class) => span.failed(class).end(),
        None => span.end(),
    }
}
