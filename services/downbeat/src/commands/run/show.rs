//! `downbeat run show`: a run and its tasks, now or as they were.

use std::process::ExitCode;

use downbeat_proto::metadata::v1::GetRunRequest;
use downbeat_runtime::clock;

use super::find;
use crate::{
    cli::RunShow,
    error::Error,
    render::{columns, cut_failures, is_live, moment, print, run_header, run_notes, task_notes, task_table},
};

pub(super) async fn run(show: &RunShow) -> Result<ExitCode, Error> {
    let mut request = GetRunRequest { run_id: show.run.clone(), ..GetRunRequest::default() };
    if let Some(at) = &show.at {
        (request.at_time, request.at_sequence) = when(at)?;
    }
    let is_position = request.at_sequence != 0;
    let (run, tasks) = find::run_at(request, &show.servers).await?;
    // What was running then did not go on until now.
    let now = (show.at.is_none() && is_live(&run)).then(|| clock::wall_now().as_microsecond());
    let mut text = vec![run_header(&run, now)];
    if let Some(at) = &show.at {
        let what = if is_position { "position " } else { "" };
        text.push(format!("as it was at {what}{at}"));
    }
    text.extend(run_notes(&run));
    text.push(task_table(&tasks, now, columns()));
    text.extend(cut_failures(&tasks, columns()));
    if show.at.is_none() {
        text.extend(task_notes(&run, &tasks));
    }
    text.retain(|line| !line.is_empty());
    print(&format!("{}\n", text.join("\n")))?;
    Ok(ExitCode::SUCCESS)
}

/// Time in microseconds or position, the other 0.
fn when(written: &str) -> Result<(i64, u64), Error> {
    if let Ok(position) = written.parse::<u64>() {
        return match position {
            0 => Err(Error::Usage("--at 0: positions of the log begin at 1".to_owned())),
            position => Ok((0, position)),
        };
    }
    match moment(written) {
        Some(at) if at > 0 => Ok((at, 0)),
        _ => Err(Error::Usage(format!(
            "--at `{written}`: give a time like 2026-03-01T12:00:00Z or (local) \"2026-03-01 12:00:00\", or a position of the log like 1234"
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_and_positions_are_told_apart() {
        assert_eq!(when("17").unwrap(), (0, 17));
        assert_eq!(when("1970-01-01T00:00:01Z").unwrap(), (1_000_000, 0));
        assert_eq!(when("1970-01-01T01:00:01+01:00").unwrap(), (1_000_000, 0));
        for wrong in ["0", "yesterday", "", "-5", "2026-13-01T00:00:00Z"] {
            assert!(when(wrong).unwrap_err().to_string().starts_with("--at "), "{wrong}");
        }
    }
}
