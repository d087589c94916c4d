//! The figures of one Downbeat.

use std::time::{Duration, Instant};

use downbeat_integration_tests::{cluster::Addresses, pipelines};
use downbeat_proto::{
    control::v1::{ApplyPipelineRequest, StartRunRequest, control_service_client::ControlServiceClient},
    limits::MESSAGE_BYTES_MAX,
    metadata::v1::{GetRunRequest, ListRunsRequest, Run, TaskRun, metadata_service_client::MetadataServiceClient},
};
use downbeat_runtime::clock;
use tonic::{Status, transport::Channel};

/// Tasks of the wide run.
pub const FAN_OUT_TASKS: usize = 10_000;
/// Tasks of the long run.
const CHAIN_TASKS: usize = 200;
/// Runs whose start latency is taken, one after the other.
pub const LATENCY_RUNS: usize = 200;
/// No run of these takes longer.
const RUN_AT_MOST: Duration = Duration::from_secs(120);

/// One figure per round, or all of them.
#[derive(Debug, Default)]
pub struct Figures {
    /// Tasks per second of the wide run, creation to end.
    pub fan_out_tasks_per_second: Vec<f64>,
    /// From the end of the wide run until a query shows it, milliseconds.
    pub projection_lag_ms: Vec<f64>,
    /// From the start of a task to the start of the next one, milliseconds.
    pub chain_hop_ms: Vec<f64>,
    /// From the start call to the start of the first task, idle, milliseconds.
    pub start_ms: Vec<f64>,
}

impl Figures {
    /// Measures all of them.
    pub async fn measure(addresses: &Addresses, rounds: usize) -> Result<Self, String> {
        let mut target = Target::connect(addresses).await?;
        target.apply("fan_out", pipelines::fan_out(FAN_OUT_TASKS)).await.map_err(|status| status.to_string())?;
        target.apply("chain", pipelines::chain(CHAIN_TASKS)).await.map_err(|status| status.to_string())?;
        target.apply("one", pipelines::chain(1)).await.map_err(|status| status.to_string())?;
        let mut figures = Self::default();
        // The first of each warms up and is not counted.
        for round in 0..=rounds {
            let measured = figures.round(&mut target).await;
            measured.map_err(|status| format!("round {round}: {status}"))?;
            if round == 0 {
                figures = Self::default();
            }
        }
        figures.latencies(&mut target).await.map_err(|status| status.to_string())?;
        Ok(figures)
    }

    async fn round(&mut self, target: &mut Target) -> Result<(), Status> {
        let (run, shown) = target.run("fan_out").await?;
        let seconds = (run.completed_at - run.created_at) as f64 / 1e6;
        self.fan_out_tasks_per_second.push(FAN_OUT_TASKS as f64 / seconds);
        self.projection_lag_ms.push((shown - run.completed_at) as f64 / 1e3);

        let (run, _) = target.run("chain").await?;
        let mut starts: Vec<i64> = target.tasks(&run.id).await?.iter().map(|task| task.started_at).collect();
        starts.sort_unstable();
        self.chain_hop_ms.extend(starts.windows(2).map(|pair| (pair[1] - pair[0]) as f64 / 1e3));
        Ok(())
    }

    async fn latencies(&mut self, target: &mut Target) -> Result<(), Status> {
        for _ in 0..LATENCY_RUNS {
            let asked = clock::wall_now().as_microsecond();
            let (run, _) = target.run("one").await?;
            self.start_ms.push((run.started_at - asked) as f64 / 1e3);
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        Ok(())
    }
}

/// The services that are measured.
pub struct Target {
    control: ControlServiceClient<Channel>,
    metadata: MetadataServiceClient<Channel>,
}

impl Target {
    /// Connects to them.
    pub async fn connect(addresses: &Addresses) -> Result<Self, String> {
        let channel = async |address: &str| {
            let endpoint = downbeat_runtime::grpc::Target::plain(address).map_err(|error| error.to_string())?;
            endpoint.connect().await.map_err(|error| error.to_string())
        };
        let control = ControlServiceClient::new(channel(&addresses.server).await?);
        let metadata = MetadataServiceClient::new(channel(&addresses.metadata).await?);
        Ok(Self { control, metadata: metadata.max_decoding_message_size(MESSAGE_BYTES_MAX) })
    }

    /// Applies a pipeline.
    pub async fn apply(&mut self, alias: &str, source: String) -> Result<(), Status> {
        let request = ApplyPipelineRequest { alias: alias.to_owned(), source, ..ApplyPipelineRequest::default() };
        self.control.apply_pipeline(request).await.map(|_| ())
    }

    /// Runs a pipeline to its end; with it the instant at which a query first showed the end.
    pub async fn run(&mut self, pipeline: &str) -> Result<(Run, i64), Status> {
        let request = StartRunRequest { pipeline: pipeline.to_owned(), ..StartRunRequest::default() };
        let started = self.control.start_run(request).await?.into_inner();
        let asked = Instant::now();
        let newest = ListRunsRequest {
            pipeline: pipeline.to_owned(),
            page_size: 1,
            at_least: started.position,
            ..ListRunsRequest::default()
        };
        loop {
            let runs = self.metadata.list_runs(newest.clone()).await?.into_inner().runs;
            match runs.into_iter().next() {
                Some(run) if run.id == started.run_id && run.completed_at != 0 => {
                    let shown = clock::wall_now().as_microsecond();
                    let well = run.status == "SUCCEEDED";
                    return if well { Ok((run, shown)) } else { Err(Status::internal(run.message)) };
                }
                _ if asked.elapsed() > RUN_AT_MOST => return Err(Status::deadline_exceeded("the run does not end")),
                _ => tokio::time::sleep(Duration::from_millis(5)).await,
            }
        }
    }

    /// A run once it has ended.
    pub async fn ended(&mut self, run_id: &str) -> Result<Run, Status> {
        let asked = Instant::now();
        loop {
            let request = GetRunRequest { run_id: run_id.to_owned(), ..GetRunRequest::default() };
            let run = match self.metadata.get_run(request).await {
                Ok(answer) => answer.into_inner().run,
                Err(status) if status.code() == tonic::Code::NotFound => None,
                Err(status) => return Err(status),
            };
            match run {
                Some(run) if run.completed_at != 0 => return Ok(run),
                _ if asked.elapsed() > RUN_AT_MOST => return Err(Status::deadline_exceeded("the run does not end")),
                _ => tokio::time::sleep(Duration::from_millis(5)).await,
            }
        }
    }

    async fn tasks(&mut self, run_id: &str) -> Result<Vec<TaskRun>, Status> {
        let request = GetRunRequest { run_id: run_id.to_owned(), ..GetRunRequest::default() };
        Ok(self.metadata.get_run(request).await?.into_inner().task_runs)
    }
}
