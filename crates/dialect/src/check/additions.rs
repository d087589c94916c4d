//! From `meta.downbeat` to typed additions; the checks have passed.

use jiff::{Span, SpanRelativeTo};

use super::build::{list_of, schedule_with};
use crate::{
    PipelineAdditions, RetryDelay, TaskAdditions,
    cron::Cron,
    yaml::{Kind, Node},
};

pub(super) fn of_pipeline(root: &Node) -> Option<PipelineAdditions> {
    let Some(ours) = ours(root) else { return Some(PipelineAdditions::default()) };
    let schedules = list_of(ours, "schedules", |node| schedule_with(node, "unix_cron", Cron::parse_unix))?;
    Some(PipelineAdditions { schedules })
}

pub(super) fn of_task(task: &Node) -> Option<TaskAdditions> {
    let retry = match ours(task).and_then(|ours| ours.get("retry")) {
        Some(node) => Some(retry(node)?),
        None => None,
    };
    Some(TaskAdditions { retry })
}

fn ours(owner: &Node) -> Option<&Node> {
    owner.get("meta").and_then(|meta| meta.get("downbeat"))
}

fn retry(node: &Node) -> Option<RetryDelay> {
    let milliseconds = |key: &str| {
        let span: Span = node.get_text(key)?.parse().ok()?;
        let duration = span.to_duration(SpanRelativeTo::days_are_24_hours()).ok()?;
        u64::try_from(duration.as_millis()).ok()
    };
    let jitter = match node.get("jitter").map(|node| &node.kind) {
        #[expect(clippy::cast_precision_loss, reason = "it is 0 or 1")]
        Some(Kind::Integer(whole)) => *whole as f64,
        Some(Kind::Decimal(part)) => *part,
        _ => 0.0,
    };
    Some(RetryDelay {
        delay_ms: milliseconds("delay")?,
        exponential: node.get_text("backoff") == Some("exponential"),
        max_delay_ms: milliseconds("max_delay"),
        jitter,
    })
}
