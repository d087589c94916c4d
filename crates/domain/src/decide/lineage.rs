//! What another system says is recorded as it comes.

use crate::{
    event::Event,
    foreign::{LineageReported, ReportLineage},
};

use super::Context;

pub(super) fn decide(report: &ReportLineage, context: &Context) -> Event {
    Event::LineageReported(Box::new(LineageReported {
        said: report.said.clone(),
        part: report.part,
        collected: std::sync::Arc::clone(&report.collected),
        at: context.now,
    }))
}
