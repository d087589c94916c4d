//! What the services answer: every question about runs, sensors and alerts that the API has, and every command of the terminal.

use downbeat_integration_tests::cluster::{Addresses, text};
use downbeat_proto::{
    control::v1::{
        ExplainWaitingRequest, GetPipelineHealthRequest, ListSensorsRequest,
        control_service_client::ControlServiceClient,
    },
    metadata::v1::{
        ExplainRunRequest, GetPipelineSourceRequest, GetRunLineageRequest, GetRunRequest, ListAlertsRequest,
        ListAssetsRequest, ListBreachesRequest, ListOperationsRequest, ListPipelinesRequest, ListRunsRequest,
        ListTaskRunsRequest, ReadTaskLogRequest, TaskRun, WatchRunRequest,
        metadata_service_client::MetadataServiceClient,
    },
};
use tonic::transport::Channel;

use crate::places::Places;

/// Both services of one Downbeat.
pub struct Asked<'a> {
    addresses: &'a Addresses,
    control: ControlServiceClient<Channel>,
    metadata: MetadataServiceClient<Channel>,
}

impl<'a> Asked<'a> {
    /// Connects to them.
    pub async fn at(addresses: &'a Addresses) -> Self {
        let control = ControlServiceClient::new(connect(&addresses.server).await);
        let metadata = MetadataServiceClient::new(connect(&addresses.metadata).await);
        Self { addresses, control, metadata }
    }

    /// The tasks of a run.
    pub async fn tasks(&mut self, run: &str) -> Vec<TaskRun> {
        let request = GetRunRequest { run_id: run.to_owned(), ..Default::default() };
        self.metadata.get_run(request).await.map(|answer| answer.into_inner().task_runs).unwrap_or_default()
    }

    /// Searches what both answer about these pipelines and about a run.
    pub async fn search(&mut self, run: &str, pipelines: &[&str], places: &mut Places) {
        let kind = "answers";
        let run_id = || run.to_owned();
        macro_rules! ask {
            ($client:ident.$call:ident($request:expr)) => {
                let answer = self.$client.$call($request).await;
                places.search(kind, stringify!($call), format!("{answer:?}").as_bytes());
            };
        }
        ask!(metadata.get_run(GetRunRequest { run_id: run_id(), ..Default::default() }));
        ask!(metadata.explain_run(ExplainRunRequest { run_id: run_id(), ..Default::default() }));
        ask!(metadata.list_runs(ListRunsRequest::default()));
        ask!(metadata.list_operations(ListOperationsRequest { run_id: run_id(), ..Default::default() }));
        ask!(metadata.list_operations(ListOperationsRequest::default()));
        ask!(metadata.list_task_runs(ListTaskRunsRequest { page_size: 1_000, ..Default::default() }));
        ask!(metadata.list_assets(ListAssetsRequest::default()));
        ask!(metadata.list_alerts(ListAlertsRequest::default()));
        ask!(metadata.list_breaches(ListBreachesRequest::default()));
        ask!(metadata.list_pipelines(ListPipelinesRequest::default()));
        ask!(metadata.get_run_lineage(GetRunLineageRequest { run_id: run_id(), ..Default::default() }));
        ask!(control.explain_waiting(ExplainWaitingRequest { run_id: run_id(), ..Default::default() }));
        for pipeline in pipelines.iter().map(|pipeline| (*pipeline).to_owned()) {
            ask!(control.list_sensors(ListSensorsRequest { pipeline: pipeline.clone() }));
            ask!(control.get_pipeline_health(GetPipelineHealthRequest { pipeline: pipeline.clone() }));
            ask!(metadata.get_pipeline_source(GetPipelineSourceRequest { pipeline, ..Default::default() }));
        }
        if let Ok(answer) = self.metadata.watch_run(WatchRunRequest { run_id: run_id(), at_least: None }).await {
            let first = answer.into_inner().message().await;
            places.search(kind, "watch_run", format!("{first:?}").as_bytes());
        }
        for task in self.tasks(run).await {
            let task = task.task_id;
            ask!(control.explain_waiting(ExplainWaitingRequest { run_id: run_id(), task: task.clone() }));
            let request = ReadTaskLogRequest { run_id: run_id(), task: task.clone(), ..Default::default() };
            let Ok(answer) = self.metadata.read_task_log(request).await else { continue };
            let (mut log, mut stream) = (Vec::new(), answer.into_inner());
            while let Ok(Some(part)) = stream.message().await {
                log.extend_from_slice(&part.data);
            }
            places.search(kind, &format!("log of {task}"), &log);
            self.command(&["logs", run, &task], places);
            self.command(&["run", "why", run, &task], places);
        }
    }

    /// Searches what the terminal shows.
    pub fn search_commands(&self, run: &str, pipelines: &[&str], places: &mut Places) {
        let commands: &[&[&str]] = &[
            &["runs"],
            &["tasks", "-n", "1000"],
            &["run", "operations"],
            &["run", "show", run],
            &["run", "show", "last"],
            &["run", "why", run],
            &["run", "operations", run],
            &["lineage", run],
            &["alert", "list"],
            &["alert", "list", "--state", "dead"],
            &["pipeline", "list"],
            &["pool", "list"],
            &["breaches"],
            &["backfill", "list"],
            &["log", "cat"],
            &["log", "cat", "--run", run],
            &["log", "verify"],
        ];
        commands.iter().for_each(|command| self.command(command, places));
        for pipeline in pipelines {
            self.command(&["sensor", "show", pipeline], places);
            self.command(&["pipeline", "health", pipeline], places);
            self.command(&["schedule", "next", pipeline], places);
        }
    }

    fn command(&self, arguments: &[&str], places: &mut Places) {
        let said = text(&self.addresses.downbeat(arguments));
        places.search("commands", &arguments.join(" "), said.as_bytes());
    }
}

async fn connect(address: &str) -> Channel {
    downbeat_runtime::grpc::Target::plain(address).expect("an address").connect().await.expect("it listens")
}
