//! What the gateway costs: how long a start over REST takes, and what many who look on take away from those who work.
//!
//! The gateway and everybody who asks it share one core, what dispatches the other one, in both measures of dispatch: so the difference is what
//! the questions cost the services behind, and not what they cost the machine.

use std::{
    process::Command,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use downbeat_integration_tests::{cluster::Cluster, process::Process};
use downbeat_runtime::clock;
use reqwest::{Client, Method, RequestBuilder};
use serde_json::Value;
use tokio::{task::JoinSet, time};

use crate::measure::{FAN_OUT_TASKS, LATENCY_RUNS, Target};

/// Rows of the table, in the order of what [`measure`] returns.
pub const FIGURES: [&str; 6] = [
    "start call over REST to start of the first task, idle, ms",
    "10,000 no-op tasks, everything but the gateway on one core, tasks/s",
    "the same beside 2,000 status polls/s and 500 live streams, tasks/s",
    "polls answered meanwhile, per second",
    "a poll meanwhile, ms",
    "live streams open meanwhile",
];

/// Polls per second that are asked for.
const POLLS_PER_SECOND: u64 = 2_000;
/// Connections that poll.
const POLLERS: u64 = 20;
/// Live streams.
const STREAMS: usize = 500;
/// A run that waits for somebody, which most look at.
const WAITS: &str = "version: v1\nname: Waits\npipeline:\n  person:\n    integration: ORCHESTRA\n    integration_job: APPROVAL\n    parameters: {}\n";

/// Measures all of them.
///
/// # Errors
/// Something is not there or is refused, in words.
pub async fn measure(cluster: &Cluster, rounds: usize) -> Result<[Vec<f64>; 6], String> {
    let (gateway, api) = cluster.gateway(&["--requests-per-minute", "1000000"]);
    let key = cluster.addresses.downbeat_ok(&["key", "create", "bench", "--role", "admin"]).trim().to_owned();
    let asker = Asker { http: Client::new(), base: format!("{api}/api/engine/public"), key };
    let mut target = Target::connect(&cluster.addresses).await?;
    target.apply("one", downbeat_integration_tests::pipelines::chain(1)).await.map_err(|status| status.to_string())?;
    target.apply("waits", WAITS.to_owned()).await.map_err(|status| status.to_string())?;
    let wide = downbeat_integration_tests::pipelines::fan_out(FAN_OUT_TASKS);
    target.apply("fan_out", wide).await.map_err(|status| status.to_string())?;
    asker.known().await?;

    let mut starts = Vec::new();
    for _ in 0..LATENCY_RUNS {
        let asked = clock::wall_now().as_microsecond();
        let run_id = asker.start("one").await?;
        let run = target.ended(&run_id).await.map_err(|status| status.to_string())?;
        starts.push((run.started_at - asked) as f64 / 1e3);
        time::sleep(Duration::from_millis(20)).await;
    }

    pin(cluster, &gateway);
    let alone = dispatched(&mut target, rounds).await?;
    let waiting = asker.start("waits").await?;
    let looking = Looking::begin(&asker, &waiting).await?;
    let beside = dispatched(&mut target, rounds).await;
    let (per_second, took, streams) = looking.end().await?;
    Ok([starts, alone, beside?, vec![per_second], took, vec![streams as f64]])
}

/// Tasks per second of wide runs; the first one warms up.
async fn dispatched(target: &mut Target, rounds: usize) -> Result<Vec<f64>, String> {
    let mut figures = Vec::new();
    for round in 0..=rounds {
        let (run, _) = target.run("fan_out").await.map_err(|status| format!("round {round}: {status}"))?;
        figures.push(FAN_OUT_TASKS as f64 / ((run.completed_at - run.created_at) as f64 / 1e6));
    }
    figures.remove(0);
    Ok(figures)
}

/// The gateway and this process on the second core, everything else on the first one.
fn pin(cluster: &Cluster, gateway: &Process) {
    let behind = [
        cluster.nats.pid().unwrap_or_default(),
        cluster.coordinator.pid(),
        cluster.projector.pid(),
        cluster.scheduler.pid(),
        cluster.worker.pid(),
    ];
    let on = |core: &str, pid: u32| {
        let pinned = Command::new("taskset").args(["-a", "-c", "-p", core, &pid.to_string()]).output();
        assert!(pinned.is_ok_and(|pinned| pinned.status.success()), "taskset pins process {pid} to core {core}");
    };
    behind.into_iter().for_each(|pid| on("0", pid));
    [gateway.pid(), std::process::id()].into_iter().for_each(|pid| on("1", pid));
}

/// Somebody who asks the API.
#[derive(Clone)]
struct Asker {
    http: Client,
    base: String,
    key: String,
}

impl Asker {
    fn ask(&self, method: Method, path: &str) -> RequestBuilder {
        self.http.request(method, format!("{}{path}", self.base)).bearer_auth(&self.key)
    }

    /// Until the gateway knows the key.
    async fn known(&self) -> Result<(), String> {
        for _ in 0..200 {
            let answer = self.ask(Method::GET, "/pipelines").send().await;
            if answer.is_ok_and(|answer| answer.status().is_success()) {
                return Ok(());
            }
            time::sleep(Duration::from_millis(50)).await;
        }
        Err("the gateway does not know the key".to_owned())
    }

    async fn start(&self, pipeline: &str) -> Result<String, String> {
        let asked = self.ask(Method::POST, &format!("/pipelines/{pipeline}/start"));
        let asked = asked.header("content-type", "application/json").body("{}");
        let answer = asked.send().await.map_err(said)?.bytes().await.map_err(said)?;
        let answer: Value = serde_json::from_slice(&answer).unwrap_or_default();
        let run_id = answer["pipelineRunId"].as_str().ok_or_else(|| format!("no run: {answer}"))?;
        Ok(run_id.to_owned())
    }
}

fn said(error: reqwest::Error) -> String {
    error.to_string()
}

/// Everybody who looks on.
struct Looking {
    since: Instant,
    end: Arc<AtomicBool>,
    open: Arc<AtomicU64>,
    streams: JoinSet<()>,
    polls: JoinSet<Result<Vec<f64>, String>>,
}

impl Looking {
    async fn begin(asker: &Asker, run_id: &str) -> Result<Self, String> {
        let (end, open) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
        let mut streams = JoinSet::new();
        for _ in 0..STREAMS {
            let path = format!("/pipeline_runs/{run_id}/events");
            let mut stream = asker.ask(Method::GET, &path).send().await.map_err(said)?;
            if !stream.status().is_success() {
                return Err(format!("a live stream is answered {}", stream.status()));
            }
            let open = Arc::clone(&open);
            streams.spawn(async move {
                open.fetch_add(1, Ordering::Relaxed);
                while let Ok(Some(_)) = stream.chunk().await {}
                open.fetch_sub(1, Ordering::Relaxed);
            });
        }
        let mut polls = JoinSet::new();
        for _ in 0..POLLERS {
            let (asker, end, path) = (asker.clone(), Arc::clone(&end), format!("/pipeline_runs/{run_id}/status"));
            polls.spawn(async move {
                let mut took = Vec::new();
                let mut beat = time::interval(Duration::from_micros(1_000_000 * POLLERS / POLLS_PER_SECOND));
                while !end.load(Ordering::Relaxed) {
                    beat.tick().await;
                    let asked = Instant::now();
                    let answer = asker.ask(Method::GET, &path).send().await.map_err(said)?;
                    let status = answer.status();
                    let body = answer.bytes().await.map_err(said)?;
                    if !status.is_success() {
                        return Err(format!("a poll is answered {status}: {}", String::from_utf8_lossy(&body)));
                    }
                    took.push(asked.elapsed().as_secs_f64() * 1e3);
                }
                Ok(took)
            });
        }
        Ok(Self { since: Instant::now(), end, open, streams, polls })
    }

    /// Polls per second, how long each took in milliseconds, and the streams that were open to the end.
    async fn end(mut self) -> Result<(f64, Vec<f64>, u64), String> {
        self.end.store(true, Ordering::Relaxed);
        let mut took = Vec::new();
        while let Some(poller) = self.polls.join_next().await {
            took.extend(poller.map_err(|error| error.to_string())??);
        }
        let seconds = self.since.elapsed().as_secs_f64();
        let open = self.open.load(Ordering::Relaxed);
        self.streams.shutdown().await;
        Ok((took.len() as f64 / seconds, took, open))
    }
}
