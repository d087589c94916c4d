//! Other rules of time zones: the engine computes by them from then on, and the coordinator is told of them, so that the log says from when.

use downbeat_proto::control::v1::{NoteTimeZonesRequest, control_service_client::ControlServiceClient};
use downbeat_runtime::{
    retry,
    zones::{follow, zones},
};
use jiff::Timestamp;
use tonic::{Code, transport::Channel};

use crate::engine::{Engine, Input};

/// What the engine hears when the rules of this process have changed.
pub fn changed(engine: &Engine, at: Timestamp) -> Input {
    let rules = zones();
    let zones = engine.zone_names().into_iter().filter_map(|name| rules.get(&name).map(|zone| (name, zone)));
    Input::Zones { zones: zones.collect(), at }
}

/// Tells the coordinator of the rules now, and at every change of them.
pub(crate) async fn note(mut client: ControlServiceClient<Channel>) {
    let mut rules = follow();
    loop {
        let release = rules.borrow_and_update().version().to_owned();
        for attempt in 1.. {
            match client.note_time_zones(NoteTimeZonesRequest { release: release.clone() }).await {
                Err(status) if status.code() == Code::Unavailable => tokio::time::sleep(retry::pause(attempt)).await,
                Err(status) => {
                    tracing::warn!(%status, "the coordinator takes no note of the time zone rules");
                    break;
                }
                Ok(_) => break,
            }
        }
        if rules.changed().await.is_err() {
            return;
        }
    }
}
