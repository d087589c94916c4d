//! Alerts as a table.

use downbeat_proto::metadata::v1::Alert;

use super::{clean, instant, short, table};

/// Alerts, as they came. Ids are whole: `downbeat alert retry` takes them.
pub fn alert_table(alerts: &[Alert], columns: Option<usize>) -> String {
    let header = ["ALERT", "RAISED", "PIPELINE", "OF", "STATUS", "NAME", "TO", "STATE", "TRIES", "MESSAGE"];
    let row = |alert: &Alert| {
        let of = match (alert.task_id.as_str(), alert.sensor_id.as_str()) {
            ("", "") => format!("run {}", short(&alert.run_id)),
            ("", sensor) => format!("sensor {sensor}"),
            (task, _) => format!("{task} in {}", short(&alert.run_id)),
        };
        let to = format!("{} {}", alert.integration, alert.destination);
        let tries = alert.failures + u32::from(alert.delivered_at != 0);
        vec![
            alert.alert_id.clone(),
            instant(alert.raised_at),
            clean(&alert.pipeline_alias).to_string(),
            clean(&of).to_string(),
            clean(&alert.status).to_string(),
            clean(&alert.name).to_string(),
            clean(to.trim_end()).to_string(),
            clean(&alert.state).to_string(),
            tries.to_string(),
            clean(&alert.message).to_string(),
        ]
    };
    let rows: Vec<_> = alerts.iter().map(row).collect();
    table::lines(&header, &rows, columns, &["MESSAGE", "TO"]).join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dead_letter_says_of_what_to_whom_and_why() {
        let alert = Alert {
            alert_id: "3f1c9a52-7d0e-4b6a-9f57-0c2d8e4b1a90".to_owned(),
            run_id: "0a1b2c3d-7d0e-4b6a-9f57-0c2d8e4b1a90".to_owned(),
            pipeline_alias: "daily".to_owned(),
            task_id: "load".to_owned(),
            status: "FAILED".to_owned(),
            name: "oops".to_owned(),
            integration: "SLACK".to_owned(),
            destination: "#data".to_owned(),
            state: "DEAD".to_owned(),
            failures: 10,
            message: "channel_not_found\u{1b}[2J".to_owned(),
            ..Alert::default()
        };
        let shown = alert_table(&[alert], None);
        let line = shown.lines().nth(1).unwrap();
        for part in ["3f1c9a52-7d0e-4b6a-9f57-0c2d8e4b1a90", "daily", "load in 0a1b2c3d", "SLACK #data", "DEAD", "10"] {
            assert!(line.contains(part), "{part}: {line}");
        }
        assert!(!line.contains('\u{1b}'), "{line:?}");
    }
}
