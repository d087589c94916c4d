//! The audit as rows: what each command changed, who has a row and who has none, however often the log is folded.
#![allow(clippy::unwrap_used, reason = "helpers of tests too")]

mod cases;
#[path = "../support/mod.rs"]
mod support;

use std::collections::BTreeMap;

use cases::*;
use downbeat_domain::{
    AlertId, BackfillCreated, BackfillId, CallOrigin, CommandId, CommandKind, ConnectionId, EndpointId, EnvironmentId,
    Event, FileCommitId, GitOrigin, Grant, KeyId, LoginId, Mark, PassReason, PassedInstants, PipelineApplied,
    PipelineId, PipelineStorage, RestartMode, Role, RunCreated, RunStatus, ScheduleDecided, StorageProvider, Target,
    TargetKind, TaskRunId, Trigger,
    connection::{ConnectionEvent, ConnectionField, ConnectionHealth, ConnectionSaved},
    endpoint::{EndpointEvent, EndpointOpened, SignatureScheme},
    environment::{EnvironmentEvent, EnvironmentSet, Variable, VariableKind},
    event::{
        AccessEvent, Alert, AlertSubject, AlertsRaised, CommandRejected, KeyCreated, LoginBegun, LoginEnd,
        LoginRenewed, SensorEventTaken, ToolsCalled,
    },
    file_commit::{FileCommitAsked, FileCommitEnd, FileCommitEnded, FileCommitEvent},
    inventory::{AssetDetails, Dependency, InventoryEvent, Link},
};
use downbeat_event_log::{Entry, EventLog, LogId, memory::MemoryLog};
use downbeat_metadata_projector::engine::{self, Fold, keys, rows};
use downbeat_proto::{
    metadata::v1::AuditEntry,
    record::{self, Decision},
};
use serde_json::{Map, Value, json};
use support::*;

type Rows = BTreeMap<Vec<u8>, Vec<u8>>;

fn by(actor: &str, events: Vec<Event>) -> Decision {
    Decision { actor: actor.into(), decided_at: at(50), events, ..Decision::default() }
}

async fn log_of(records: Vec<Vec<Decision>>) -> (MemoryLog, Vec<Entry>) {
    let log = MemoryLog::new(LogId("audit".into()));
    for decisions in &records {
        let decisions = decisions.iter().map(record::encode_decision).collect();
        append_payload(&log, record::encode(0, at(0), decisions)).await;
    }
    let entries = log.read(0, 10_000).await.unwrap();
    (log, entries)
}

/// Folds everything so many times, in batches of so many records.
fn fold(log: &MemoryLog, entries: &[Entry], batch: usize) -> Rows {
    let mut rows = Rows::new();
    let mut fold = Fold::new(engine::start_of(log.id()));
    for entries in entries.chunks(batch) {
        for entry in entries {
            fold.record(&rows, log.id(), entry).unwrap();
        }
        let commit = fold.take();
        assert_eq!(commit.head.quarantined_events, 0);
        rows.extend(commit.writes);
    }
    rows
}

fn audit(rows: &Rows) -> Vec<AuditEntry> {
    let found = rows.iter().filter(|(key, _)| key.starts_with(keys::audit::ENTRIES));
    found.map(|(key, row)| rows::read(key, row).unwrap()).collect()
}

async fn audited(records: Vec<Vec<Decision>>) -> Vec<AuditEntry> {
    let (log, entries) = log_of(records).await;
    let rows = fold(&log, &entries, 3);
    for batch in [1, entries.len()] {
        assert_eq!(fold(&log, &entries, batch), rows, "the size of batches does not matter");
    }
    // Folded once more over what is there: nothing changes.
    let mut again = rows.clone();
    let mut fold = Fold::new(engine::start_of(log.id()));
    entries.iter().for_each(|entry| fold.record(&again, log.id(), entry).unwrap());
    again.extend(fold.take().writes);
    assert_eq!(audit(&again), audit(&rows));
    audit(&rows)
}

fn json_of(text: &str) -> Value {
    if text.is_empty() { Value::Null } else { serde_json::from_str(text).unwrap() }
}

#[tokio::test]
async fn of_each_command_the_row_says_about_what_it_was_and_what_it_changed() {
    for (command, before, event, was, is, targets) in cases() {
        let what = format!("{command:?} of {event:?}");
        // What was before comes of the coordinator's own decisions, so that it has no row.
        let setup = [vec![pipeline(2, 0)], before].concat();
        let mut asked = by("user:ada", vec![event]);
        asked.command = Some(CommandId([0xAB; 16]));
        asked.origin = CallOrigin { address: "10.0.0.7:5123".into(), client: "downbeat/0.1.0".into() };
        let entries = audited(vec![vec![by("coordinator", setup)], vec![by("worker:1", vec![]), asked]]).await;
        assert_eq!(entries.len(), 1, "{what}");
        let entry = &entries[0];
        assert_eq!((entry.sequence, entry.ordinal, entry.record_hash.len()), (2, 1, 32), "{what}");
        assert_eq!((entry.command.as_str(), entry.outcome.as_str()), (command.as_str(), "ACCEPTED"), "{what}");
        assert_eq!((json_of(&entry.before), json_of(&entry.after)), (was, is), "{what}");
        let found: Vec<(&str, String)> = entry.targets.iter().map(|it| (it.kind.as_str(), it.id.clone())).collect();
        assert_eq!(found, targets, "{what}");
        assert_eq!((entry.actor.as_str(), entry.actor_kind.as_str()), ("user:ada", "USER"), "{what}");
        assert_eq!(entry.origin_address, "10.0.0.7:5123", "{what}");
        assert_eq!(entry.origin_client, "downbeat/0.1.0", "{what}");
        assert_eq!(entry.command_id, "ab".repeat(16), "{what}");
        assert!(!entry.summary.is_empty() && !entry.summary.contains("  "), "{what}: {}", entry.summary);
        assert!(!format!("{entry:?}").contains("of no concern"), "{what}: values of inputs are told elsewhere");
    }
}

#[tokio::test]
async fn why_is_what_the_caller_said_or_else_what_the_event_says() {
    let pause = || Event::PipelinePaused { pipeline: pipeline_id(), reason: "a while".into(), at: at(8) };
    for (given, expected) in [("", "a while"), ("as agreed", "as agreed")] {
        let asked = Decision { reason: given.into(), ..by("user", vec![pause()]) };
        let entries = audited(vec![vec![by("coordinator", vec![pipeline(1, 0)]), asked]]).await;
        assert_eq!(entries[0].reason, expected);
    }
}

#[tokio::test]
async fn what_follows_by_itself_and_what_workers_say_has_no_row() {
    let follows = Trigger::PipelineEnded {
        run: run_id(1),
        status: RunStatus::Succeeded,
        trigger: 0,
        chain: vec![PipelineId([1; 16])],
    };
    let cancel = |run| Event::RunCancelRequested { run: run_id(run), reason: "gone".into(), at: at(9) };
    let delete = Event::PipelineDeleted { pipeline: pipeline_id(), at: at(9) };
    let entries = audited(vec![
        vec![by("user", vec![pipeline(2, 0)]), by("user:ada", vec![created(run_id(1), 1), ready(run_id(1), 0, 1)])],
        vec![by("worker:9", whole_task(run_id(1), 0)), by("coordinator", vec![created_by(follows)])],
        vec![by("coordinator", vec![cancel(1)]), by("user:ada", vec![delete, cancel(1), cancel(2)])],
    ])
    .await;
    let found: Vec<(u64, u32, &str)> =
        entries.iter().map(|entry| (entry.sequence, entry.ordinal, entry.command.as_str())).collect();
    assert_eq!(found, [(1, 0, "APPLY_PIPELINE"), (1, 1, "START_RUN"), (3, 1, "DELETE_PIPELINE")]);
}

#[tokio::test]
async fn endpoints_that_are_opened_rotated_and_closed_have_rows() {
    let id = EndpointId([6; 16]);
    let opened = EndpointOpened {
        endpoint: id,
        pipeline: pipeline_id(),
        name: "shop".into(),
        hash: [9; 32],
        scheme: SignatureScheme::GitHub,
        by: "user:ada".into(),
        at: at(2),
    };
    let rotated = EndpointEvent::Rotated { endpoint: id, secret: 2, old_until: at(60), at: at(3) };
    let closed = EndpointEvent::Closed { endpoint: id, name: "shop".into(), pipeline: pipeline_id(), at: at(4) };
    let by_ada = |fact| vec![by("user:ada", vec![Event::Endpoint(Box::new(fact))])];
    let entries = audited(vec![by_ada(EndpointEvent::Opened(opened)), by_ada(rotated), by_ada(closed)]).await;
    let found: Vec<_> = entries
        .iter()
        .map(|it| (it.command.as_str(), it.summary.clone(), it.before.as_str(), it.after.clone()))
        .collect();
    let until = json!({"secret": 2, "old_until": at(60).to_string()}).to_string();
    let before = json!({"secret": 1}).to_string();
    assert_eq!(
        found,
        [
            ("OPEN_ENDPOINT", "opened endpoint shop".to_owned(), "", json!({"signed": "GITHUB"}).to_string()),
            ("ROTATE_ENDPOINT", format!("secret 2 of endpoint {id}"), before.as_str(), until),
            ("CLOSE_ENDPOINT", "closed endpoint shop".to_owned(), "", json!({"closed": true}).to_string()),
        ]
    );
    assert!(entries.iter().all(|it| it.targets.iter().any(|it| it.kind == "endpoint" && it.id == id.to_string())));
}

#[tokio::test]
async fn what_became_of_connections_is_told_without_any_value() {
    let id = ConnectionId([6; 16]);
    let field = ConnectionField { name: "password".into(), store: String::new() };
    let saved = |version| ConnectionSaved {
        connection: id,
        integration: "POSTGRES".into(),
        name: "shop".into(),
        version,
        seal: [1; 16],
        fields: vec![field.clone()],
        is_default: false,
        at: at(1),
    };
    let fact = |fact| vec![by("user:ada", vec![Event::Connection(Box::new(fact))])];
    let tested = ConnectionEvent::Tested {
        connection: id,
        name: "shop".into(),
        version: 2,
        health: ConnectionHealth::Failed,
        message: "no such host".into(),
        at: at(2),
    };
    let entries = audited(vec![
        fact(ConnectionEvent::Saved(saved(1))),
        fact(ConnectionEvent::Saved(saved(2))),
        fact(tested),
        fact(ConnectionEvent::Resealed { connections: 1, master_key: "ab".into(), at: at(3) }),
        fact(ConnectionEvent::Removed { connection: id, name: "shop".into(), at: at(4) }),
    ])
    .await;
    let found: Vec<_> = entries.iter().map(|it| (it.command.as_str(), it.summary.as_str())).collect();
    assert_eq!(
        found,
        [
            ("SAVE_CONNECTION", "made connection shop"),
            ("SAVE_CONNECTION", "changed connection shop"),
            ("TEST_CONNECTION", "tried connection shop"),
            ("RESEAL_CONNECTIONS", "sealed all connections anew"),
            ("REMOVE_CONNECTION", "removed connection shop"),
        ]
    );
    assert!(entries[0].after.contains("\"fields\":[\"password\"]"), "{}", entries[0].after);
    let target = &entries[4].targets[0];
    assert_eq!((target.kind.as_str(), target.name.as_str(), &target.id), ("connection", "shop", &id.to_string()));
}

#[tokio::test]
async fn keys_that_are_made_and_revoked_have_rows_and_those_that_are_used_have_none() {
    let key = KeyId([5; 16]);
    let made = KeyCreated {
        key,
        name: "ci".into(),
        hash: [9; 32],
        grants: vec![Grant { role: Role::Editor, labels: vec!["eu".into()] }],
        by: "user:ada".into(),
        expires_at: at(99),
        at: at(1),
    };
    let access = |fact| Event::Access(Box::new(fact));
    let entries = audited(vec![
        vec![by("user:ada", vec![access(AccessEvent::KeyCreated(made))])],
        vec![by("gateway", vec![access(AccessEvent::KeysUsed { keys: vec![key], hour: at(0) })])],
        vec![by("key:ci", vec![access(AccessEvent::KeyRevoked { key, name: "ci".into(), at: at(2) })])],
    ])
    .await;
    let found: Vec<_> = entries
        .iter()
        .map(|it| (it.sequence, it.command.as_str(), it.actor_kind.as_str(), it.summary.as_str(), it.after.clone()))
        .collect();
    let after = json!({"grants": [{"role": "EDITOR", "labels": ["eu"]}], "expires_at": at(99).to_string()});
    assert_eq!(
        found,
        [
            (1, "CREATE_KEY", "USER", "made key ci", after.to_string()),
            (3, "REVOKE_KEY", "KEY", "revoked key ci", json!({"revoked": true}).to_string()),
        ]
    );
    for entry in &entries {
        let target = &entry.targets[0];
        assert_eq!((target.kind.as_str(), target.name.as_str(), &target.id), ("key", "ci", &key.to_string()));
    }
}

#[tokio::test]
async fn a_commit_has_a_row_when_it_is_asked_for_and_one_for_what_came_of_it() {
    let id = FileCommitId([6; 16]);
    let fact = |fact| vec![by("user:ada", vec![Event::FileCommit(Box::new(fact))])];
    let storage = PipelineStorage {
        provider: StorageProvider::Github,
        repository: "acme/etl".into(),
        default_branch: "main".into(),
        working_branch: String::new(),
        yaml_path: "weather.yml".into(),
    };
    let (branch, message) = ("downbeat/x".to_owned(), "Rain, too".to_owned());
    let asked = FileCommitAsked { id, pipeline: pipeline_id(), storage, branch: branch.clone(), message, at: at(3) };
    let ended = |end| fact(FileCommitEvent::Ended(FileCommitEnded { id, pipeline: pipeline_id(), end, at: at(4) }));
    let origin = GitOrigin { branch, commit: "0f".repeat(20) };
    let entries = audited(vec![
        vec![by("coordinator", vec![pipeline(1, 0)])],
        fact(FileCommitEvent::Asked(asked)),
        ended(FileCommitEnd::Stands { origin: origin.clone(), changed: true }),
        ended(FileCommitEnd::Stands { origin, changed: false }),
        ended(FileCommitEnd::Refused("it is protected".into())),
        ended(FileCommitEnd::Unknown("no answer".into())),
    ])
    .await;
    let found: Vec<_> = entries
        .iter()
        .map(|it| (it.outcome.as_str(), it.code.as_str(), it.message.as_str(), it.summary.as_str()))
        .collect();
    let commit = "0f".repeat(20);
    assert_eq!(
        found,
        [
            ("ACCEPTED", "", "", "asked to commit pipeline weather to branch downbeat/x of acme/etl"),
            ("ACCEPTED", "", "", format!("pipeline weather was committed to branch downbeat/x as {commit}").as_str()),
            ("ACCEPTED", "", "", format!("pipeline weather stood already on branch downbeat/x as {commit}").as_str()),
            ("REJECTED", "NOT_COMMITTED", "it is protected", "pipeline weather was not committed: it is protected"),
            ("REJECTED", "NOT_KNOWN", "no answer", "nobody knows whether pipeline weather was committed: no answer"),
        ]
    );
    for entry in &entries {
        assert_eq!((entry.command.as_str(), entry.actor.as_str()), ("COMMIT_PIPELINE_FILE", "user:ada"));
        assert_eq!(entry.targets[0].id, pipeline_id().to_string());
        assert_eq!(json_of(&entry.after)["commit_id"], json!(id.to_string()));
    }
    let after = json_of(&entries[0].after);
    assert_eq!((&after["message"], &after["path"]), (&json!("Rain, too"), &json!("weather.yml")));
    assert_eq!(json_of(&entries[1].after)["commit"], json!(commit));
}

#[tokio::test]
async fn calls_of_tools_have_rows_of_whoever_made_them() {
    let called = |tool: &str, targets: Vec<Target>, code: &str, calls| {
        let (tool, code) = (tool.to_owned(), code.to_owned());
        let called = ToolsCalled { tool, targets, code, calls, since: at(3), at: at(7) };
        vec![Event::Access(Box::new(AccessEvent::ToolsCalled(Box::new(called))))]
    };
    let of_run = vec![Target::new(TargetKind::Run, run_id(1)), Target::new(TargetKind::Pipeline, pipeline_id())];
    let origin = CallOrigin { address: "10.0.0.1".into(), client: "assistant/1".into() };
    let entries = audited(vec![
        vec![by("user", vec![pipeline(1, 0)])],
        // They share a record, and each has its row.
        vec![
            Decision { origin, ..by("key:reads", called("why", of_run, "", 1)) },
            by("user:ada", called("lineage_impact", vec![Target::new(TargetKind::Asset, "a.b")], "NOT_FOUND", 1)),
        ],
        vec![by("key:reads", called("get_pipeline", Vec::new(), "", 250))],
        vec![by("gateway", called("", Vec::new(), "", 9))],
    ])
    .await;
    let found: Vec<_> = entries[1..]
        .iter()
        .map(|it| (it.sequence, it.ordinal, it.actor.as_str(), it.outcome.as_str(), it.more, it.summary.as_str()))
        .collect();
    assert_eq!(
        found,
        [
            (2, 0, "key:reads", "ACCEPTED", 0, "called why"),
            (2, 1, "user:ada", "REJECTED", 0, "called lineage_impact: refused as NOT_FOUND"),
            (3, 0, "key:reads", "ACCEPTED", 250, "called get_pipeline 250 times"),
            (4, 0, "gateway", "ACCEPTED", 9, "called tools 9 times"),
        ]
    );
    let why = &entries[1];
    assert_eq!((why.command.as_str(), why.actor_kind.as_str()), ("CALL_TOOL", "KEY"));
    assert_eq!(why.at, at(7).as_microsecond());
    assert_eq!((why.origin_address.as_str(), why.origin_client.as_str()), ("10.0.0.1", "assistant/1"));
    let targets: Vec<_> = why.targets.iter().map(|it| (it.kind.as_str(), it.name.as_str())).collect();
    assert_eq!(targets, [("run", ""), ("pipeline", "weather")]);
    assert_eq!((entries[2].code.as_str(), entries[2].targets[0].kind.as_str()), ("NOT_FOUND", "asset"));
    assert_eq!((entries[3].since, why.since), (at(3).as_microsecond(), 0));
}

#[tokio::test]
async fn a_login_has_a_row_when_it_opens_something_and_one_when_it_ends() {
    let login = LoginId([6; 16]);
    let begun = LoginBegun {
        login,
        subject: "user:ada".into(),
        key: None,
        grants: Vec::new(),
        read_only: false,
        client: "cli".into(),
        client_hash: [1; 32],
        redirect_hash: [2; 32],
        challenge: [3; 32],
        code: [4; 32],
        code_expires_at: at(61),
        ends_at: at(99),
        at: at(1),
    };
    let renewed = LoginRenewed {
        login,
        access: [5; 32],
        access_expires_at: at(50),
        refresh: [6; 32],
        refresh_expires_at: at(60),
        at: at(2),
    };
    let access = |fact| Event::Access(Box::new(fact));
    let ended = |end| access(AccessEvent::LoginEnded { login, subject: "user:ada".into(), end, at: at(4) });
    let entries = audited(vec![
        vec![by("user:ada", vec![access(AccessEvent::LoginBegun(Box::new(begun)))])],
        vec![by("user:ada", vec![access(AccessEvent::LoginCompleted { family: [7; 32], renewed })])],
        vec![by("gateway", vec![access(AccessEvent::LoginRefreshed { renewed, again: false })])],
        vec![by("user:eve", vec![ended(LoginEnd::Ended)])],
        vec![by("gateway", vec![ended(LoginEnd::RefreshUsedTwice)])],
    ])
    .await;
    let found: Vec<_> = entries
        .iter()
        .map(|it| (it.sequence, it.command.as_str(), it.actor.as_str(), it.summary.as_str(), it.after.clone()))
        .collect();
    assert_eq!(
        found,
        [
            (2, "LOG_IN", "user:ada", "logged in", json!({"until": at(60).to_string()}).to_string()),
            (4, "LOG_OUT", "user:eve", "ended a login of user:ada", json!({"end": "ENDED"}).to_string()),
            (5, "LOG_OUT", "gateway", "ended a login of user:ada", json!({"end": "REFRESH_USED_TWICE"}).to_string()),
        ]
    );
    for entry in &entries {
        assert_eq!((entry.targets[0].kind.as_str(), &entry.targets[0].id), ("login", &login.to_string()));
    }
}

#[tokio::test]
async fn a_refused_command_has_a_row_and_many_that_were_counted_have_one_together() {
    let rejected = |more: u64| {
        Event::CommandRejected(Box::new(CommandRejected {
            command: CommandKind::PausePipeline,
            actor: "user:eve".into(),
            targets: vec![Target::new(TargetKind::Pipeline, pipeline_id())],
            code: if more == 0 { "PIPELINE_PAUSED".into() } else { String::new() },
            message: if more == 0 { "it is paused".into() } else { String::new() },
            more,
            since: at(60),
            at: at(70),
        }))
    };
    let mut asked = by("user:eve", vec![rejected(0)]);
    asked.origin = CallOrigin { address: "10.0.0.9:1".into(), client: String::new() };
    let counted = by("coordinator", vec![rejected(1_234)]);
    let entries = audited(vec![vec![by("coordinator", vec![pipeline(1, 0)])], vec![asked, counted]]).await;
    assert_eq!(entries.len(), 2);
    for entry in &entries {
        assert_eq!((entry.outcome.as_str(), entry.actor.as_str()), ("REJECTED", "user:eve"));
        assert_eq!(entry.targets[0].name, "weather", "the alias, where there is such a pipeline");
        assert_eq!((entry.before.as_str(), entry.after.as_str()), ("", ""));
    }
    assert_eq!((entries[0].code.as_str(), entries[0].more), ("PIPELINE_PAUSED", 0));
    assert_eq!((entries[0].origin_address.as_str(), entries[1].origin_address.as_str()), ("10.0.0.9:1", ""));
    assert_eq!(
        (entries[1].more, entries[1].since, entries[1].at),
        (1_234, 1_700_000_060_000_000, 1_700_000_070_000_000)
    );
    assert!(entries[1].summary.starts_with("1234 more of PAUSE_PIPELINE were refused"), "{}", entries[1].summary);
}
