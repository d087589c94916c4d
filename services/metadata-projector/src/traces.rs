//! What a projector tells of its own work: each batch that it folds and writes is one span, linked to the runs that its events were about. What
//! became of the runs is told elsewhere ([`crate::outgoing`]).

use std::{collections::BTreeSet, time::Instant};

use downbeat_domain::RunId;
use downbeat_proto::traces;
use downbeat_runtime::otlp::{self, Kind, Span};

/// A batch was folded from then on, up to this record, and is written now.
pub(crate) fn folded(runs: &BTreeSet<RunId>, begun: Instant, events: usize, sequence: u64) {
    let Some((context, _)) = otlp::answering(None).filter(|(context, _)| context.sampled) else { return };
    let took = u64::try_from(begun.elapsed().as_nanos()).unwrap_or_default();
    let mut span = Span::begun(context, Kind::Consumer, "fold", otlp::now().saturating_sub(took))
        .with_number("downbeat.log.sequence", sequence)
        .with_number("downbeat.events", events as u64);
    for run in runs.iter().filter_map(|run| otlp::place(traces::of_run(*run))) {
        span = span.linked(run, "has events of");
    }
    span.end();
}
