//! `downbeat schedule preview`: of a file here, of a pipeline by its coordinator; both in the same way.

use std::{path::Path, process::ExitCode};

use downbeat_domain::{
    PipelineId, compile,
    plan::PlanSchedule,
    schedule::{Timetable, preview},
};
use downbeat_proto::{control::v1::PreviewScheduleRequest, convert, event::decode_schedule};
use downbeat_runtime::{clock::wall_now, zones::zones};
use jiff::tz::Offset;

use super::{apply, diff};
use crate::{
    cli::{ScheduleCommand, SchedulePreview, ScheduleSub},
    client,
    error::Error,
    render::{FiringRow, clean, moment, print, schedule_table},
};

/// The account of pipelines that were not applied.
const ACCOUNT: &str = "default";

/// A schedule and its next firings.
struct Found {
    schedule: PlanSchedule,
    paused: bool,
    firings: Vec<FiringRow>,
}

pub(super) async fn run(command: &ScheduleCommand) -> Result<ExitCode, Error> {
    let ScheduleSub::Preview(preview) = &command.sub;
    let after = preview.after.as_deref().map(|written| {
        moment(written).ok_or_else(|| Error::Usage(format!("`{written}` is no time such as 2026-03-01T06:00:00Z")))
    });
    let after = after.transpose()?;
    let (found, rules) = match Path::new(&preview.pipeline).is_file() {
        true => match of_file(preview, after)? {
            Some(found) => (found, format!("{} ({})", zones().version(), zones().origin())),
            None => return Ok(ExitCode::FAILURE),
        },
        false => of_pipeline(preview, after).await?,
    };
    if found.is_empty() {
        eprintln!("no schedules");
    }
    for (place, found) in found.iter().enumerate() {
        let gap = if place > 0 { "\n" } else { "" };
        let table = schedule_table(&found.schedule, found.paused, &found.firings);
        print(&format!("{gap}{table}\n"))?;
    }
    eprintln!("by the time zone rules {}", clean(&rules));
    Ok(ExitCode::SUCCESS)
}

/// None if the file is refused; then everything that stands against it was printed.
fn of_file(arguments: &SchedulePreview, after: Option<i64>) -> Result<Option<Vec<Found>>, Error> {
    let path = Path::new(&arguments.pipeline);
    let Some(pipeline) = diff::pipeline_of(path)? else { return Ok(None) };
    let after = after.and_then(convert::instant).unwrap_or_else(wall_now);
    let id = PipelineId::derive(ACCOUNT, &apply::alias_of(path));
    let mut all = Vec::new();
    for plan in compile::schedules::compile(&pipeline) {
        if arguments.schedule.as_ref().is_some_and(|name| *name != plan.name) {
            continue;
        }
        let unusable = |reason: String| Error::Refused(format!("schedule `{}`: {reason}", plan.name));
        let zone = zones()
            .get(&plan.timezone)
            .ok_or_else(|| unusable(format!("there is no time zone `{}`", plan.timezone)))?;
        let table = Timetable::new(&plan, zone).map_err(unusable)?;
        let firings = preview::preview(&table, (id, &plan.name), after, arguments.count as usize);
        let firings = firings.into_iter().map(|firing| FiringRow {
            instant: firing.instant,
            offset: Offset::from_seconds(firing.offset_seconds).unwrap_or(Offset::UTC),
            due: firing.due,
            effect: firing.effect.map(|effect| effect.as_str().to_owned()).unwrap_or_default(),
        });
        all.push(Found { firings: firings.collect(), paused: plan.paused, schedule: plan });
    }
    none_of_this_name(arguments, &all)?;
    Ok(Some(all))
}

/// With the rules of time zones that the coordinator computes by, in words.
async fn of_pipeline(arguments: &SchedulePreview, after: Option<i64>) -> Result<(Vec<Found>, String), Error> {
    let request = PreviewScheduleRequest {
        pipeline: arguments.pipeline.clone(),
        count: arguments.count,
        after,
        schedule: arguments.schedule.clone().unwrap_or_default(),
    };
    let mut control = client::control(&arguments.servers).await?;
    let answer = control.preview_schedule(request).await.map_err(client::refused)?.into_inner();
    let rules = format!("{} ({})", answer.time_zones, answer.time_zones_origin);
    let found = answer.schedules.into_iter().map(|found| {
        let firings = found.firings.into_iter().map(|firing| {
            Some(FiringRow {
                instant: convert::instant(firing.instant)?,
                offset: Offset::from_seconds(firing.offset_seconds).ok()?,
                due: convert::instant(firing.due)?,
                effect: firing.effect,
            })
        });
        let schedule = decode_schedule(found.schedule?)?;
        Some(Found { schedule, paused: found.paused, firings: firings.collect::<Option<Vec<_>>>()? })
    });
    let unreadable = || Error::Refused("the server's answer cannot be read: it is of a newer version".to_owned());
    found.collect::<Option<Vec<_>>>().map(|found| (found, rules)).ok_or_else(unreadable)
}

fn none_of_this_name(arguments: &SchedulePreview, found: &[Found]) -> Result<(), Error> {
    match arguments.schedule.as_ref().filter(|_| found.is_empty()) {
        Some(name) => Err(Error::Refused(format!("the pipeline has no schedule `{name}`"))),
        None => Ok(()),
    }
}
