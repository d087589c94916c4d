//! Several of everything on this one machine: three NATS servers that copy the log, three coordinators, four workers. What that costs beside one
//! of each, and how long it takes until the next coordinator goes on when the owner is killed.

use std::time::Instant;

use downbeat_integration_tests::{
    fleet::{Fleet, Sizes},
    process::eventually,
};
use downbeat_proto::control::v1::{StartRunRequest, control_service_client::ControlServiceClient};
use futures::{StreamExt, stream};
use tonic::transport::Channel;

use crate::measure::{Figures, Target};

/// With the slots of one worker elsewhere.
pub const SIZES: Sizes = Sizes { servers: 3, coordinators: 3, workers: 4, schedulers: 1, projectors: 1, slots: 64 };
/// Name of the setup.
pub const NAME: &str = "3 NATS servers (R3), 3 coordinators, 4 workers";
/// What is measured beside what others measure, too.
pub const FIGURE: &str = "kill -9 of the owner with 10,000 live runs until the next command is accepted, s";
/// Live runs when the owner is killed.
const LIVE_RUNS: usize = 10_000;
/// Calls at once.
const CALLS: usize = 64;

/// The figures of a single Downbeat, of this one.
pub async fn figures(fleet: &Fleet, rounds: usize) -> Result<Figures, String> {
    Figures::measure(&fleet.addresses, rounds).await
}

/// Seconds, one for each time that the owner is killed.
pub async fn take_overs(fleet: &mut Fleet, rounds: usize) -> Result<Vec<f64>, String> {
    let mut target = Target::connect(&fleet.addresses).await?;
    let waits = "version: v1\nname: waits\npipeline:\n  g:\n    tasks:\n      ask:\n        integration: ORCHESTRA\n        \
                 integration_job: APPROVAL\n        parameters: {approvers: [ada]}\n";
    target.apply("waits", waits.to_owned()).await.map_err(|status| status.to_string())?;
    target.apply("next", downbeat_integration_tests::pipelines::chain(1)).await.map_err(|status| status.to_string())?;
    let control = connect(fleet).await?;
    let started = stream::iter(0..LIVE_RUNS).map(|number| start(control.clone(), "waits", format!("live-{number}")));
    let refused = started.buffer_unordered(CALLS).filter_map(|started| async { started.err() });
    if let Some(status) = std::pin::pin!(refused).next().await {
        return Err(status.to_string());
    }
    let mut seconds = Vec::new();
    for round in 0..rounds {
        let owner = fleet.owner().ok_or("nobody owns the log")?;
        fleet.coordinators[owner].kill9();
        let began = Instant::now();
        // As a client does that has a key for its call: it calls again until it is accepted.
        while start(connect(fleet).await?, "next", format!("after-{round}")).await.is_err() {}
        seconds.push(began.elapsed().as_secs_f64());
        fleet.coordinators[owner].start();
        let follows = fleet.coordinators[owner].printed().matches("this one follows").count();
        eventually("it follows again", std::time::Duration::from_secs(60), || {
            (fleet.coordinators[owner].printed().matches("this one follows").count() > follows).then_some(())
        });
    }
    Ok(seconds)
}

async fn connect(fleet: &Fleet) -> Result<ControlServiceClient<Channel>, String> {
    let target = downbeat_runtime::grpc::Target::plain(&fleet.addresses.server).map_err(|error| error.to_string())?;
    Ok(ControlServiceClient::new(target.connect_lazy()))
}

async fn start(
    mut control: ControlServiceClient<Channel>,
    pipeline: &str,
    key: String,
) -> Result<(), Box<tonic::Status>> {
    let request = StartRunRequest { pipeline: pipeline.to_owned(), idempotency_key: key, ..StartRunRequest::default() };
    control.start_run(request).await.map(drop).map_err(Box::new)
}
