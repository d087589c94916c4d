//! `downbeat sensor`.

use std::process::ExitCode;

use downbeat_proto::control::v1::{ListSensorsRequest, TakeSensorEventRequest};

use crate::{
    cli::{SensorCommand, SensorShow, SensorSub, SensorTell},
    client,
    error::Error,
    render::{clean, print, sensor_lines},
};

pub(super) async fn run(command: &SensorCommand) -> Result<ExitCode, Error> {
    match &command.sub {
        SensorSub::Show(arguments) => show(arguments).await,
        SensorSub::Tell(arguments) => tell(arguments).await,
    }
}

async fn show(arguments: &SensorShow) -> Result<ExitCode, Error> {
    let request = ListSensorsRequest { pipeline: arguments.pipeline.clone() };
    let answer = client::control(&arguments.servers).await?.list_sensors(request).await;
    let sensors = answer.map_err(client::refused)?.into_inner().sensors;
    if sensors.is_empty() {
        eprintln!("{} has no sensors", clean(&arguments.pipeline));
    }
    let shown: Vec<String> = sensors.iter().map(|sensor| sensor_lines(sensor) + "\n").collect();
    print(&shown.join("\n"))?;
    Ok(ExitCode::SUCCESS)
}

async fn tell(arguments: &SensorTell) -> Result<ExitCode, Error> {
    let request = TakeSensorEventRequest {
        event_type: arguments.event_type.clone(),
        event: arguments.data.clone(),
        idempotency_key: arguments.key.key.clone().unwrap_or_default(),
        actor: arguments.by.actor.clone().unwrap_or_default(),
    };
    let answer =
        client::control(&arguments.servers).await?.take_sensor_event(client::asked(request, &arguments.by)).await;
    let stored = answer.map_err(client::refused)?.into_inner().stored;
    print(if stored { "stored\n" } else { "was stored before\n" })?;
    Ok(ExitCode::SUCCESS)
}
