//! Sensors: a line about each, and one per check.

use downbeat_proto::{control::v1::Sensor, convert};

use super::{clean, table, words};

/// A line about the sensor, then its checks.
pub fn sensor_lines(sensor: &Sensor) -> String {
    let at =
        |micros: i64| convert::instant(micros).map_or_else(|| "?".to_owned(), |at| at.strftime("%F %TZ").to_string());
    let state = match &sensor.window {
        None => "no window is open".to_owned(),
        Some(window) => {
            let next = match window.next_poll_at {
                0 => "is being asked".to_owned(),
                next => format!("asks again at {}", at(next)),
            };
            format!("open since {}, closes at {}, {next}", at(window.opened_at), at(window.closes_at))
        }
    };
    let head = format!("{}  {}  {}  {state}", clean(&sensor.id), clean(&sensor.cron), clean(&sensor.timezone));
    let rows = sensor.checks.iter().map(|check| {
        let kind = format!("{}/{}", clean(&check.integration), clean(&check.sensor_type));
        vec![clean(&check.id).to_string(), kind, clean(&check.state).to_string(), words(&check.message)]
    });
    let lines = table::lines(&["CHECK", "KIND", "STATE", "WHAT"], &rows.collect::<Vec<_>>(), None, &[]);
    format!("{head}\n{}", lines.join("\n"))
}

#[cfg(test)]
mod tests {
    use downbeat_proto::control::v1::{OpenWindow, SensorCheckState};

    use super::*;

    #[test]
    fn a_sensor_says_what_it_waits_for_and_when_it_asks_again() {
        let check = |id: &str, state: &str, message: &str| SensorCheckState {
            id: id.to_owned(),
            integration: "POSTGRES".to_owned(),
            sensor_type: "POSTGRES_QUERY".to_owned(),
            state: state.to_owned(),
            message: message.to_owned(),
        };
        let mut sensor = Sensor {
            id: "landed".to_owned(),
            name: "Landed".to_owned(),
            cron: "0 8 ? * * *".to_owned(),
            timezone: "UTC".to_owned(),
            window: Some(OpenWindow {
                instant: 0,
                opened_at: 1_000_000,
                closes_at: 3_601_000_000,
                next_poll_at: 61_000_000,
            }),
            checks: vec![check("a", "PASSED", ""), check("b", "PENDING", "no row")],
        };
        assert_eq!(
            sensor_lines(&sensor),
            "landed  0 8 ? * * *  UTC  open since 1970-01-01 00:00:01Z, closes at 1970-01-01 01:00:01Z, asks again at \
             1970-01-01 00:01:01Z\n\
             CHECK  KIND                     STATE    WHAT\n\
             a      POSTGRES/POSTGRES_QUERY  PASSED\n\
             b      POSTGRES/POSTGRES_QUERY  PENDING  no row"
        );
        sensor.window = None;
        sensor.checks.clear();
        assert!(sensor_lines(&sensor).starts_with("landed  0 8 ? * * *  UTC  no window is open"));
    }
}
