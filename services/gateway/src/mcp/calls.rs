//! Which tools were called, by whom, about what: told to the coordinator, for the audit.
//!
//! Promises: no call waits for it; of each call it is told that it was, though of many in a minute only how many; memory and log are bounded, whatever
//! is called, and whoever is away. Arguments are in none of it, but for the ids of what was asked about.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
    time::Instant,
};

use axum::http::{StatusCode, header};
use downbeat_domain::{TargetKind, limits as domain_limits};
use downbeat_proto::control::v1::{
    NoteToolCallsRequest, ToolCalls, ToolTarget, access_service_client::AccessServiceClient,
};
use downbeat_runtime::shutdown::{self, ShutdownSignal};
use prometheus_client::metrics::counter::Counter;
use serde_json::{Map, Value};
use tokio::sync::oneshot;
use tonic::{Code, transport::Channel};

use crate::{
    http::{Call, Fault},
    limits,
};

/// Stands for a tool that there is not: its name may be anything.
const UNKNOWN: &str = "(unknown)";
/// Arguments that say what is asked about; several of a kind stand between commas.
const ABOUT: [(&str, TargetKind); 12] = [
    ("pipeline_run_id", TargetKind::Run),
    ("pipeline_run_ids", TargetKind::Run),
    ("task_run_id", TargetKind::Task),
    ("task_run_ids", TargetKind::Task),
    ("task", TargetKind::Task),
    ("pipeline_id", TargetKind::Pipeline),
    ("pipeline_ids", TargetKind::Pipeline),
    ("alias_or_pipeline_id", TargetKind::Pipeline),
    ("alias", TargetKind::Pipeline),
    ("environment_id", TargetKind::Environment),
    ("asset", TargetKind::Asset),
    ("asset_ids", TargetKind::Asset),
];

/// A call that was answered: what calls that are alike have in common.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Asked {
    actor: String,
    address: String,
    client: String,
    tool: String,
    about: Vec<(TargetKind, String)>,
    /// Empty: it was not refused.
    code: String,
}

impl Asked {
    /// What is asked, before anybody knows what comes of it. `tool`: `None` = there is none of that name.
    pub(super) fn of(call: &Call, tool: Option<&'static str>, arguments: &Map<String, Value>) -> Self {
        Self {
            actor: cut(call.actor(), domain_limits::CALL_TARGET_BYTES_MAX),
            address: call.peer.to_string(),
            client: cut(call.header(header::USER_AGENT).unwrap_or_default(), domain_limits::CALL_ORIGIN_BYTES_MAX),
            tool: tool.unwrap_or(UNKNOWN).to_owned(),
            about: about(arguments),
            code: String::new(),
        }
    }

    /// It was refused.
    pub(super) fn refused(self, fault: &Fault) -> Self {
        Self { code: code(fault).to_owned(), ..self }
    }

    /// It was refused because there is no such tool, or none for this key.
    pub(super) fn denied(self) -> Self {
        let code = if self.tool == UNKNOWN { "NOT_FOUND" } else { "PERMISSION_DENIED" };
        Self { code: code.to_owned(), ..self }
    }

    /// What is left where calls are only counted.
    fn outline(&self) -> Self {
        let Self { actor, tool, code, .. } = self.clone();
        Self { actor, tool, code, address: String::new(), client: String::new(), about: Vec::new() }
    }
}

fn about(arguments: &Map<String, Value>) -> Vec<(TargetKind, String)> {
    let named = ABOUT.iter().filter_map(|(name, kind)| Some((arguments.get(*name)?.as_str()?, *kind)));
    let single = named.flat_map(|(text, kind)| text.split(',').map(move |id| (kind, id.trim())));
    let wanted = single.filter(|(_, id)| !id.is_empty()).take(domain_limits::CALL_TARGETS_MAX);
    wanted.map(|(kind, id)| (kind, cut(id, domain_limits::CALL_TARGET_BYTES_MAX))).collect()
}

fn cut(text: &str, bytes: usize) -> String {
    text[..text.floor_char_boundary(bytes)].to_owned()
}

/// The code of a refusal, as other refusals have it in the audit.
fn code(fault: &Fault) -> &'static str {
    let status = match fault {
        Fault::Text(status, _) => *status,
        Fault::TooEarly(..) => StatusCode::TOO_MANY_REQUESTS,
        Fault::Violations(_) => StatusCode::UNPROCESSABLE_ENTITY,
    };
    match status {
        StatusCode::UNAUTHORIZED => "UNAUTHENTICATED",
        StatusCode::FORBIDDEN => "PERMISSION_DENIED",
        StatusCode::NOT_FOUND => "NOT_FOUND",
        StatusCode::CONFLICT => "FAILED_PRECONDITION",
        StatusCode::TOO_MANY_REQUESTS => "RESOURCE_EXHAUSTED",
        StatusCode::SERVICE_UNAVAILABLE => "UNAVAILABLE",
        StatusCode::GATEWAY_TIMEOUT => "DEADLINE_EXCEEDED",
        status if status.is_client_error() => "INVALID_ARGUMENT",
        _ => "INTERNAL",
    }
}

/// How many calls, and when the first and the last of them came; microseconds since the epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Counted {
    calls: u64,
    first: i64,
    last: i64,
}

impl Counted {
    fn once(at: i64) -> Self {
        Self { calls: 1, first: at, last: at }
    }

    fn again(&mut self, at: i64) {
        self.calls += 1;
        self.last = self.last.max(at);
    }
}

/// What was called and is not told yet.
#[derive(Debug, Default)]
struct Kept {
    /// With what was asked about. They are told soon.
    whole: BTreeMap<Asked, Counted>,
    /// How many of these there were in the window.
    taken: usize,
    /// Without that, where there were too many. They are told at the end of the window.
    outlines: BTreeMap<Asked, Counted>,
    /// Of which only the number is known.
    rest: Option<Counted>,
    /// When the window began.
    began: Option<Instant>,
}

impl Kept {
    /// Takes a call in; says whether more is kept of it than that it was.
    fn note(&mut self, asked: Asked, at: i64) -> bool {
        if let Some(known) = self.whole.get_mut(&asked) {
            known.again(at);
            return true;
        }
        if self.taken < limits::TOOL_CALLS_WHOLE_MAX {
            self.taken += 1;
            self.whole.insert(asked, Counted::once(at));
            return true;
        }
        let outline = asked.outline();
        if let Some(known) = self.outlines.get_mut(&outline) {
            known.again(at);
        } else if self.outlines.len() < limits::TOOL_CALLS_OUTLINED_MAX {
            self.outlines.insert(outline, Counted::once(at));
        } else {
            match &mut self.rest {
                Some(rest) => rest.again(at),
                None => self.rest = Some(Counted::once(at)),
            }
            return false;
        }
        true
    }

    /// What is to be told now; `last`: everything.
    fn take(&mut self, now: Instant, last: bool) -> Vec<ToolCalls> {
        let began = *self.began.get_or_insert(now);
        let mut told: Vec<ToolCalls> = std::mem::take(&mut self.whole).into_iter().map(wire).collect();
        if last || now.duration_since(began) >= limits::TOOL_CALLS_WINDOW {
            told.extend(std::mem::take(&mut self.outlines).into_iter().map(wire));
            let nobody = Asked {
                actor: "gateway".to_owned(),
                address: String::new(),
                client: String::new(),
                tool: String::new(),
                about: Vec::new(),
                code: String::new(),
            };
            told.extend(self.rest.take().map(|rest| wire((nobody, rest))));
            (self.taken, self.began) = (0, None);
        }
        told
    }
}

fn wire((asked, counted): (Asked, Counted)) -> ToolCalls {
    let target = |(kind, id): (TargetKind, String)| ToolTarget { kind: kind.as_str().to_owned(), id };
    ToolCalls {
        actor: asked.actor,
        address: asked.address,
        client: asked.client,
        tool: asked.tool,
        targets: asked.about.into_iter().map(target).collect(),
        code: asked.code,
        calls: counted.calls,
        first_at: counted.first,
        last_at: counted.last,
    }
}

/// Calls of tools on their way into the audit. Cheap to clone: all share them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Calls(Arc<Mutex<Kept>>);

impl Calls {
    /// A tool was called now.
    pub(super) fn note(&self, call: &Call, asked: Asked) {
        let whole = self.kept(|kept| kept.note(asked, call.now.as_microsecond()));
        if !whole {
            call.edge.metrics.tool_calls_outlined.inc();
        }
    }

    fn kept<T>(&self, act: impl FnOnce(&mut Kept) -> T) -> T {
        act(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Tells them until it is stopped: once more when the signal comes, since the coordinator may end as well, and at the end. Those of which
    /// nothing can be told are counted in `lost`.
    pub(crate) async fn tell(
        self,
        channel: Channel,
        lost: Counter,
        mut signal: ShutdownSignal,
        mut stopped: oneshot::Receiver<()>,
    ) {
        let mut client = AccessServiceClient::new(channel);
        let (mut ending, mut over, mut waiting) = (false, false, Vec::new());
        while !over {
            tokio::select! {
                _ = &mut stopped => over = true,
                () = shutdown::wait(&mut signal), if !ending => ending = true,
                () = tokio::time::sleep(limits::TOOL_CALLS_TOLD) => {}
            }
            let last = ending || over;
            if waiting.is_empty() || last {
                waiting.extend(self.kept(|kept| kept.take(Instant::now(), last)));
            }
            while !waiting.is_empty() {
                let part = waiting[..waiting.len().min(domain_limits::TOOL_CALLS_PER_CALL_MAX)].to_vec();
                let count = part.len();
                let told = client.note_tool_calls(NoteToolCallsRequest { calls: part });
                match tokio::time::timeout(limits::TOOL_CALLS_WAIT, told).await {
                    Ok(Ok(_)) => {}
                    Ok(Err(status)) if status.code() == Code::InvalidArgument => {
                        tracing::warn!(%status, count, "calls of tools cannot be told: the audit does not have them");
                        lost.inc_by(count as u64);
                    }
                    // Told next time.
                    _ => break,
                }
                waiting.drain(..count);
            }
        }
        if !waiting.is_empty() {
            tracing::warn!(
                count = waiting.len(),
                "the coordinator is not there: the audit does not have the last calls of tools"
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn asked(actor: &str, tool: &str, run: &str, code: &str) -> Asked {
        Asked {
            actor: actor.to_owned(),
            address: "10.0.0.1".to_owned(),
            client: "assistant/1".to_owned(),
            tool: tool.to_owned(),
            about: vec![(TargetKind::Run, run.to_owned())],
            code: code.to_owned(),
        }
    }

    fn said(told: &[ToolCalls]) -> Vec<String> {
        let about = |it: &ToolCalls| it.targets.iter().map(|at| format!(" {} {}", at.kind, at.id)).collect::<String>();
        let one = |it: &ToolCalls| {
            format!("{} {}{} {}x {}-{} {}", it.actor, it.tool, about(it), it.calls, it.first_at, it.last_at, it.code)
        };
        told.iter().map(|it| one(it).trim_end().to_owned()).collect()
    }

    #[test]
    fn calls_that_are_alike_are_told_once_with_their_number() {
        let (mut kept, now) = (Kept::default(), Instant::now());
        for (asked, at) in [
            (asked("key:a", "why", "r1", ""), 5),
            (asked("key:a", "why", "r1", ""), 7),
            (asked("key:a", "why", "r1", "NOT_FOUND"), 8),
            (asked("key:a", "why", "r2", ""), 9),
            (asked("key:b", "why", "r1", ""), 10),
        ] {
            assert!(kept.note(asked, at));
        }
        assert_eq!(
            said(&kept.take(now, false)),
            [
                "key:a why run r1 2x 5-7",
                "key:a why run r1 1x 8-8 NOT_FOUND",
                "key:a why run r2 1x 9-9",
                "key:b why run r1 1x 10-10",
            ]
        );
        assert_eq!(kept.take(now, false), []);
    }

    #[test]
    fn of_many_in_a_window_the_number_is_told_at_its_end_and_nothing_grows_without_end() {
        let (mut kept, now) = (Kept::default(), Instant::now());
        let whole = limits::TOOL_CALLS_WHOLE_MAX;
        for number in 0..whole + 50 {
            assert!(kept.note(asked("key:a", "why", &format!("r{number:05}"), ""), number as i64));
        }
        assert_eq!(kept.take(now, false).len(), whole, "told soon");
        // Still the same window: what was told whole is known no more.
        assert!(kept.note(asked("key:a", "why", "r00000", ""), 1_000));
        assert_eq!(kept.take(now, false), []);
        for number in 0..limits::TOOL_CALLS_OUTLINED_MAX + 3 {
            kept.note(asked(&format!("key:{number}"), "why", "r1", ""), 2_000);
        }
        let told = kept.take(now + limits::TOOL_CALLS_WINDOW, false);
        assert_eq!(told.len(), limits::TOOL_CALLS_OUTLINED_MAX + 1);
        let said = said(&told);
        assert!(said.contains(&format!("key:a why 51x {whole}-1000")), "{said:?}");
        assert_eq!(said.last().unwrap(), "gateway  4x 2000-2000", "the rest, of whom nobody is named");
        assert!(told.iter().all(|it| it.address.is_empty() && it.targets.is_empty()));
        // A new window.
        assert!(kept.note(asked("key:a", "why", "r1", ""), 3_000));
        assert_eq!(kept.take(now + limits::TOOL_CALLS_WINDOW, false).len(), 1);
    }

    #[test]
    fn at_the_end_everything_is_told() {
        let (mut kept, now) = (Kept::default(), Instant::now());
        for number in 0..=limits::TOOL_CALLS_WHOLE_MAX {
            kept.note(asked("key:a", "why", &format!("r{number}"), ""), 1);
        }
        assert_eq!(kept.take(now, true).len(), limits::TOOL_CALLS_WHOLE_MAX + 1);
    }

    #[test]
    fn of_arguments_only_what_is_asked_about_is_told_within_bounds() {
        let long = "x".repeat(10_000);
        for (arguments, expected) in [
            (json!({}), vec![]),
            (json!({"pipeline_run_id": "r", "task": "load"}), vec![("run", "r"), ("task", "load")]),
            (
                json!({"alias_or_pipeline_id": "orders", "run_inputs": {"token": "s3cret"}}),
                vec![("pipeline", "orders")],
            ),
            (json!({"asset": "a.b", "column": "c"}), vec![("asset", "a.b")]),
            (json!({"pipeline_ids": "a, b,,c"}), vec![("pipeline", "a"), ("pipeline", "b"), ("pipeline", "c")]),
            (json!({"pipeline_run_id": {"nested": "s3cret"}}), vec![]),
            (json!({"name": "s3cret", "values": {"A": {"value": "s3cret"}}}), vec![]),
            (json!({"asset": long}), vec![("asset", &long[..256])]),
        ] {
            let found = about(arguments.as_object().unwrap());
            let found: Vec<_> = found.iter().map(|(kind, id)| (kind.as_str(), id.as_str())).collect();
            assert_eq!(found, expected, "{arguments}");
        }
        let many = json!({"task_run_ids": "1,2,3,4,5,6"});
        assert_eq!(about(many.as_object().unwrap()).len(), domain_limits::CALL_TARGETS_MAX);
    }

    #[test]
    fn a_refusal_has_the_code_that_others_have() {
        let text = |status| Fault::Text(status, "words with what was asked".to_owned());
        for (fault, expected) in [
            (text(StatusCode::FORBIDDEN), "PERMISSION_DENIED"),
            (text(StatusCode::NOT_FOUND), "NOT_FOUND"),
            (text(StatusCode::BAD_REQUEST), "INVALID_ARGUMENT"),
            (text(StatusCode::SERVICE_UNAVAILABLE), "UNAVAILABLE"),
            (text(StatusCode::INTERNAL_SERVER_ERROR), "INTERNAL"),
            (Fault::TooEarly(5, String::new()), "RESOURCE_EXHAUSTED"),
            (Fault::invalid("query", "page", "missing", "Field required"), "INVALID_ARGUMENT"),
        ] {
            assert_eq!(code(&fault), expected);
        }
    }
}
