//! A scheduler that is the test itself: it asks for an instant of a schedule when the test says so, instead of waiting for a clock.

use downbeat_proto::control::v1::{
    FireSchedulesRequest, Firing, control_service_client::ControlServiceClient, firing_outcome::Outcome,
};
use jiff::Timestamp;
use serde_json::Value;

use crate::cluster::Addresses;

/// Fires the schedule of the pipeline that was applied last, for this moment; of a sensor it is called `sensor:ID`. Panics unless it is
/// decided by this very call.
pub async fn fire_now(addresses: &Addresses, schedule: &str) {
    let log = addresses.downbeat_ok(&["log", "cat"]);
    let mut events = log.lines().map(|line| serde_json::from_str::<Value>(line).expect("JSON"));
    let applied = events.rfind(|event| event["kind"] == "PIPELINE_APPLIED").expect("a pipeline was applied");
    let firing = Firing {
        pipeline_id: applied["pipeline_id"].as_str().expect("an id").to_owned(),
        pipeline_version: applied["version"]
            .as_u64()
            .and_then(|version| u32::try_from(version).ok())
            .expect("a version"),
        schedule: schedule.to_owned(),
        instant: Timestamp::now().as_microsecond(),
        ..Firing::default()
    };
    let channel = downbeat_runtime::grpc::Target::plain(&addresses.server).expect("an address").connect().await;
    let mut client = ControlServiceClient::new(channel.expect("it listens"));
    let answer = client.fire_schedules(FireSchedulesRequest { firings: vec![firing] }).await.expect("an answer");
    let outcome = answer.into_inner().outcomes.remove(0).outcome;
    assert!(matches!(&outcome, Some(Outcome::Decided(decided)) if !decided.decided_before), "{outcome:?}");
}
