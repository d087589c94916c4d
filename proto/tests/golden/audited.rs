//! Refused commands, one by one and counted; and decisions that say from where and why.

use bytes::Bytes;
use downbeat_domain::{CallOrigin, CommandKind, Event, Target, TargetKind, event::CommandRejected};
use downbeat_proto::{
    events::v1 as wire,
    record::{self, Decision},
};

use crate::{
    added::text,
    samples::{PIPELINE, RUN, at},
};

fn rejected() -> CommandRejected {
    CommandRejected {
        command: CommandKind::MarkTask,
        actor: text("user:ada"),
        targets: vec![Target::new(TargetKind::Run, RUN), Target::new(TargetKind::Task, "load[2]")],
        code: text("TASK_ENDED"),
        message: text("task `load` has ended FAILED; restart the run from it instead"),
        more: 0,
        since: at(70),
        at: at(70),
    }
}

/// File name and event.
pub(crate) fn events() -> Vec<(&'static str, Event)> {
    let named = Target { name: text("orders"), ..Target::new(TargetKind::Pipeline, PIPELINE) };
    let counted = CommandRejected {
        command: CommandKind::TakeWebhook,
        actor: text("webhook"),
        targets: vec![named],
        code: String::new(),
        message: String::new(),
        more: 1_234,
        since: at(71),
        at: at(119),
    };
    vec![
        ("COMMAND_REJECTED", Event::CommandRejected(Box::new(rejected()))),
        ("COMMAND_REJECTED.counted", Event::CommandRejected(Box::new(counted))),
    ]
}

/// Decisions that say from where they were asked and why: both, one, none.
pub(crate) fn record() -> Bytes {
    let decision = |address: &str, client: &str, reason: &str| Decision {
        command: None,
        actor: text("user:ada"),
        origin: CallOrigin { address: text(address), client: text(client) },
        reason: text(reason),
        decided_at: at(72),
        events: vec![Event::PipelineResumed { pipeline: PIPELINE, at: at(72) }],
    };
    let decisions = [
        decision("10.0.0.7:51234", "downbeat/0.1.0", "the upstream is back"),
        decision("10.0.0.7:51234", "", ""),
        decision("", "", "as agreed"),
        decision("", "", ""),
    ];
    record::encode(7, at(72), decisions.iter().map(record::encode_decision).collect())
}

/// What of it decisions say; nothing where none says anything.
pub(crate) fn text_of(record: &wire::Record) -> String {
    let told = record.decisions.iter().enumerate().filter_map(|(place, decision)| {
        let origin =
            decision.origin.as_ref().map(|origin| format!(" from `{}` by `{}`", origin.address, origin.client));
        let reason = (!decision.reason.is_empty()).then(|| format!(" because `{}`", decision.reason));
        let said = [origin, reason].into_iter().flatten().collect::<String>();
        (!said.is_empty()).then(|| format!("decision {place}{said}\n"))
    });
    told.collect()
}
