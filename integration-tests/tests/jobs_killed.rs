//! Jobs in other systems while everything dies: a real coordinator and two real workers, over a real NATS server, run jobs of manifests against servers of
//! recorded shape; coordinator and workers are killed (kill -9) at random moments, most often between a request and its answer. Then each
//! job that was intended was submitted once, each that was to end was asked to once, and every run ended as it should (INV-06).
//!
//! `DOWNBEAT_JOBS_KILLS=200 cargo test -p downbeat-integration-tests --test jobs_killed` for the long form; `DOWNBEAT_JOBS_SEED` picks the moments.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    time::{Duration, Instant},
};

use downbeat_integration_tests::{
    cluster::{Addresses, Cluster},
    process::{Process, eventually},
    sim::dice::Dice,
};
use downbeat_worker::testing::recorded::{Fault, On, Plan, Recorded, Shape};
use serde_json::{Value, json};

const WORKER_SLOTS: u32 = 32;
/// So many kills share one round of runs.
const KILLS_PER_ROUND: u64 = 4;
/// A kill comes with the first to last of so many requests after the one before it.
const REQUESTS_BETWEEN_KILLS: u64 = 10;
const SOON: Duration = Duration::from_secs(120);

/// What becomes of the jobs of a pipeline.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// They succeed.
    Ends,
    /// They fail.
    Fails,
    /// They go on until the run is cancelled.
    Endless,
    /// Their system knows no tokens: a start in doubt is never repeated.
    Once,
}

/// What becomes of its jobs, how it is called, and their integrations and names.
type Pipeline = (Kind, &'static str, &'static [(&'static str, &'static str)]);

/// By token, by looking it up, by token behind a login, with signatures and with key pairs.
const PIPELINES: [Pipeline; 4] = [
    (
        Kind::Ends,
        "ends",
        &[
            ("AIRFLOW", "AIRFLOW_RUN_DAG"),
            ("SNOWFLAKE", "SNOWFLAKE_RUN_QUERY"),
            ("AWS_REDSHIFT", "AWS_REDSHIFT_EXECUTE_STATEMENT"),
            ("GCP_BIG_QUERY", "GCP_BQ_RUN_QUERY_JOB"),
            ("AWS_EC2", "AWS_EC2_SSM_RUN_SCRIPT"),
            ("GCP_CLOUD_RUN", "GCP_CLOUD_RUN_EXECUTE_JOB"),
        ],
    ),
    (Kind::Fails, "fails", &[("PREFECT_CLOUD", "PREFECT_CLOUD_RUN_FLOW"), ("AWS_EC2", "AWS_EC2_SSM_RUN_SCRIPT")]),
    (
        Kind::Endless,
        "endless",
        &[
            ("AWS_STEP_FUNCTIONS", "AWS_STEP_FUNCTIONS_START_EXECUTION"),
            ("GCP_CLOUD_RUN", "GCP_CLOUD_RUN_EXECUTE_JOB"),
            ("SNOWFLAKE", "SNOWFLAKE_RUN_QUERY"),
        ],
    ),
    (Kind::Once, "once", &[("AIRBYTE_CLOUD", "AIRBYTE_CLOUD_JOB"), ("HIGHTOUCH", "HIGHTOUCH_SYNC")]),
];

fn setting(name: &str, usual: u64) -> u64 {
    std::env::var(name).ok().and_then(|value| value.parse().ok()).unwrap_or(usual)
}

/// The jobs of one pipeline, and the systems in which they run: one of its own for each.
struct Jobs {
    kind: Kind,
    alias: &'static str,
    servers: Vec<Recorded>,
}

impl Jobs {
    /// Serves them, and writes the pipeline and its connections.
    async fn set_up(kind: Kind, alias: &'static str, jobs: &[(&str, &str)], folder: &Path) -> Self {
        let (mut servers, mut tasks) = (Vec::new(), serde_json::Map::new());
        for (integration, job) in jobs {
            let shape = Shape::of(integration, job).expect("a shape of ours");
            let connection = format!("{alias}_{}", integration.to_lowercase());
            let mut fields = shape.connection.clone();
            let task = json!({
                "integration": integration, "integration_job": job,
                "connection": connection, "parameters": shape.parameters,
            });
            tasks.insert(integration.to_lowercase(), task);
            let plan = Plan {
                fails: kind == Kind::Fails,
                endless: kind == Kind::Endless,
                // Time for somebody to die after a start was taken and before that is known.
                first: vec![(On::Start, Fault::Slow); 1_000],
                ..Plan::default()
            };
            let server = Recorded::serve(shape, plan).await.expect("loopback has free ports");
            fields.insert("endpoint".to_owned(), json!(server.url()));
            let file = json!({ "integration": integration, "fields": fields });
            let path = folder.join("connections").join(format!("{connection}.json"));
            std::fs::write(path, file.to_string()).expect("a file");
            servers.push(server);
        }
        // JSON is YAML.
        let pipeline = json!({ "version": "v1", "name": alias, "pipeline": tasks });
        std::fs::write(folder.join(format!("{alias}.yml")), pipeline.to_string()).expect("a file");
        Self { kind, alias, servers }
    }

    fn requests(&self) -> u64 {
        self.servers.iter().map(Recorded::requests).sum()
    }

    /// How many jobs were submitted under how many tokens, in all.
    fn submitted(&self) -> (usize, u32) {
        let by_token = self.servers.iter().flat_map(|server| server.submitted().into_values());
        by_token.fold((0, 0), |(tokens, jobs), count| (tokens + 1, jobs + count))
    }
}

/// The parts that die.
struct Stage {
    cluster: Cluster,
    second: Process,
    killed: BTreeMap<&'static str, u64>,
}

impl Stage {
    fn kill_one(&mut self, dice: &mut Dice) {
        let name = *dice.pick(&["coordinator", "worker", "second worker", "both workers", "worker and coordinator"]);
        if name.contains("coordinator") {
            self.cluster.coordinator.kill9();
        }
        if matches!(name, "worker" | "both workers" | "worker and coordinator") {
            self.cluster.worker.kill9();
            self.cluster.restart_worker();
        }
        if matches!(name, "second worker" | "both workers") {
            self.second.kill9();
            self.second = self.cluster.another_worker("second");
        }
        if name.contains("coordinator") {
            self.cluster.restart_coordinator();
        }
        *self.killed.entry(name).or_default() += 1;
    }
}

/// Tries again until it is accepted: what is killed meanwhile comes back, and a key makes it one run.
fn insist(addresses: &Addresses, arguments: &[&str]) -> String {
    eventually(&format!("downbeat {arguments:?} is accepted"), SOON, || {
        let output = addresses.downbeat(arguments);
        output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
    })
}

/// A run that somebody was told about.
struct Started {
    kind: Kind,
    id: String,
    cancelled: bool,
}

/// Starts a run of each pipeline.
fn start_round(addresses: &Addresses, jobs: &[Jobs], started: &mut Vec<Started>) {
    for it in jobs {
        let key = format!("jobs-{}", started.len());
        let id = insist(addresses, &["run", it.alias, "--key", &key]);
        started.push(Started { kind: it.kind, id, cancelled: false });
    }
}

/// Cancels the endless runs of which each job was taken by its system, by the log.
fn cancel_what_is_there(addresses: &Addresses, jobs: &[Jobs], started: &mut [Started]) {
    let of_one = jobs.iter().find(|it| it.kind == Kind::Endless).map_or(0, |it| it.servers.len());
    for run in started.iter_mut().filter(|run| run.kind == Kind::Endless && !run.cancelled) {
        let events = events_of(addresses, &run.id);
        let taken = events.iter().filter(|event| event["kind"] == "ATTEMPT_STARTED");
        if taken.map(|event| event["task_id"].to_string()).collect::<BTreeSet<_>>().len() == of_one {
            insist(addresses, &["run", "cancel", &run.id, "--key", &format!("cancel-{}", run.id)]);
            run.cancelled = true;
        }
    }
}

fn events_of(addresses: &Addresses, run: &str) -> Vec<Value> {
    let read = |line: &str| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
    addresses.downbeat_ok(&["log", "cat", "--run", run]).lines().map(read).collect()
}

#[test]
fn whoever_is_killed_when_each_job_is_submitted_once_and_ended_once_and_every_run_ends_right() {
    let (kills, seed) = (setting("DOWNBEAT_JOBS_KILLS", 20), setting("DOWNBEAT_JOBS_SEED", 1));
    println!("seed {seed}, {kills} kills");
    let mut dice = Dice::new(seed);
    let folder = tempfile::tempdir().expect("a temporary folder");
    std::fs::create_dir(folder.path().join("connections")).expect("a folder");
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let jobs: Vec<Jobs> = PIPELINES
        .iter()
        .map(|(kind, alias, jobs)| runtime.block_on(Jobs::set_up(*kind, alias, jobs, folder.path())))
        .collect();
    let cluster = Cluster::start(folder.path(), WORKER_SLOTS);
    let addresses = cluster.addresses.clone();
    let second = cluster.another_worker("second");
    let mut stage = Stage { cluster, second, killed: BTreeMap::new() };
    for it in &jobs {
        let file = folder.path().join(format!("{}.yml", it.alias));
        insist(&addresses, &["apply", file.to_str().expect("text"), "--alias", it.alias]);
    }

    let began = Instant::now();
    let mut started = Vec::new();
    for kill in 0..kills {
        if kill % KILLS_PER_ROUND == 0 {
            start_round(&addresses, &jobs, &mut started);
        }
        let requests = || jobs.iter().map(Jobs::requests).sum::<u64>();
        let due = requests() + dice.between(1, REQUESTS_BETWEEN_KILLS);
        eventually("somebody asks something", SOON, || {
            cancel_what_is_there(&addresses, &jobs, &mut started);
            (requests() >= due).then_some(())
        });
        stage.kill_one(&mut dice);
    }
    println!("killed {:?} within {:?}", stage.killed, began.elapsed());
    let began = Instant::now();
    let mut ends = Vec::new();
    for at in 0..started.len() {
        let end = eventually(&format!("run {} of {:?} ends", started[at].id, started[at].kind), SOON, || {
            cancel_what_is_there(&addresses, &jobs, &mut started);
            end_of(&addresses, &started[at].id)
        });
        ends.push(end);
    }
    println!("{} runs ended {:?} after the last kill", ends.len(), began.elapsed());

    assert!(addresses.downbeat_ok(&["log", "verify"]).contains("log verify: ok"));
    for it in &jobs {
        let ends: Vec<&End> =
            started.iter().zip(&ends).filter(|(run, _)| run.kind == it.kind).map(|(_, end)| end).collect();
        judge(it, &ends);
    }
}

/// How a run ended.
#[derive(Debug)]
struct End {
    status: String,
    /// Of its tasks: the kind of the event and the class of the failure.
    tasks: Vec<(String, String)>,
}

fn end_of(addresses: &Addresses, run: &str) -> Option<End> {
    let output = addresses.downbeat(&["run", "show", run]);
    let shown = String::from_utf8_lossy(&output.stdout).into_owned();
    let head = shown.lines().next().unwrap_or_default();
    let status = ["SUCCEEDED", "WARNING", "FAILED", "CANCELLED"].into_iter().find(|status| head.contains(status));
    let status = status.filter(|_| output.status.success())?.to_owned();
    let (mut tasks, mut seen) = (Vec::new(), BTreeMap::new());
    for event in events_of(addresses, run) {
        let kind = event["kind"].as_str().unwrap_or_default();
        if matches!(kind, "ATTEMPT_SUCCEEDED" | "ATTEMPT_FAILED" | "ATTEMPT_STOPPED" | "ATTEMPT_LOST") {
            let attempt = format!("{} {}", event["task_id"], event["attempt"]);
            if let Some(other) = seen.insert(attempt, event.to_string()) {
                panic!("INV-01: two outcomes of one attempt: {other} and {event}");
            }
            if kind != "ATTEMPT_LOST" {
                tasks.push((kind.to_owned(), event["class"].as_str().unwrap_or_default().to_owned()));
            }
        }
    }
    Some(End { status, tasks })
}

/// INV-06: what was submitted is what was intended, and what was cancelled is what somebody asked for.
fn judge(jobs: &Jobs, ends: &[&End]) {
    let what = format!("{:?}: {ends:#?}", jobs.kind);
    let intended = ends.len() * jobs.servers.len();
    let (tokens, submitted) = jobs.submitted();
    let cancels: usize = jobs.servers.iter().map(Recorded::cancels).sum();
    for server in &jobs.servers {
        assert_eq!((server.unknown(), server.strangers()), (Vec::new(), 0), "{what}");
    }
    let tasks: Vec<_> = ends.iter().flat_map(|end| &end.tasks).collect();
    let with = |kind: &str, class: &str| tasks.iter().filter(|(is, why)| is == kind && why == class).count();
    if jobs.kind == Kind::Once {
        let (succeeded, unknown) = (with("ATTEMPT_SUCCEEDED", ""), with("ATTEMPT_FAILED", "UNKNOWN_OUTCOME"));
        assert_eq!((tasks.len(), succeeded + unknown, cancels), (intended, intended, 0), "{what}");
        assert!((succeeded..=intended).contains(&tokens), "{succeeded} <= {tokens} <= {intended}: {what}");
        println!("once: {tokens} of {intended} submitted, {unknown} unknown");
        return;
    }
    let (status, task, cancelled) = match jobs.kind {
        Kind::Ends => ("SUCCEEDED", ("ATTEMPT_SUCCEEDED", ""), 0),
        Kind::Fails => ("FAILED", ("ATTEMPT_FAILED", "JOB_FAILED"), 0),
        _ => ("CANCELLED", ("ATTEMPT_STOPPED", ""), intended),
    };
    assert!(ends.iter().all(|end| end.status == status), "{what}");
    assert_eq!((tokens, submitted as usize, cancels), (intended, intended, cancelled), "submitted, cancelled: {what}");
    assert_eq!((tasks.len(), with(task.0, task.1)), (intended, intended), "{what}");
    println!("{}: {intended} of {intended} jobs submitted once, {cancels} ended", jobs.alias);
}
