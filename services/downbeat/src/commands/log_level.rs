//! `downbeat log level`: the coordinator is asked, not the log.

use std::process::ExitCode;

use downbeat_proto::control::v1::{GetLogLevelRequest, GetLogLevelResponse, RaiseLogLevelRequest};

use crate::{cli::LogLevel, client, error::Error};

pub(super) async fn run(arguments: &LogLevel) -> Result<ExitCode, Error> {
    let mut control = client::control(&arguments.servers).await?;
    if arguments.raise {
        let request = RaiseLogLevelRequest {
            idempotency_key: arguments.key.key.clone().unwrap_or_default(),
            actor: arguments.by.actor.clone().unwrap_or_default(),
        };
        let asked = control.raise_log_level(client::asked(request, &arguments.by)).await;
        let answer = asked.map_err(client::refused)?.into_inner();
        let what = if answer.changed { "raised" } else { "unchanged" };
        println!("{what}: the log is of level {}", answer.level);
    } else {
        let asked = control.get_log_level(GetLogLevelRequest {}).await;
        println!("{}", told(&asked.map_err(client::refused)?.into_inner()));
    }
    Ok(ExitCode::SUCCESS)
}

fn told(answer: &GetLogLevelResponse) -> String {
    let GetLogLevelResponse { level, newest, software_version } = answer;
    let head = format!("level of the log: {level}\nthe coordinator ({software_version}) knows levels up to {newest}");
    if level >= newest {
        return format!("{head}: nothing is left to be raised");
    }
    format!(
        "{head}: what came with level {newest} is refused until the log is raised, so that the version before can go on with it.\n\
         Once every coordinator, projector and scheduler is upgraded and nobody goes back: downbeat log level --raise"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_to_do_is_said() {
        for (level, newest, words) in [(1, 2, "downbeat log level --raise"), (2, 2, "nothing is left")] {
            let told = told(&GetLogLevelResponse { level, newest, software_version: "0.2.0".to_owned() });
            assert!(told.starts_with(&format!("level of the log: {level}\n")) && told.contains(words), "{told}");
        }
    }
}
