//! Logs of task runs: one file per attempt, whole or in ranges of bytes, while it is written and afterwards.

use std::collections::BTreeMap;

use axum::{
    body::Body,
    http::{HeaderName, Method, StatusCode, header},
    response::{IntoResponse, Response},
};
use bytes::{Bytes, BytesMut};
use downbeat_domain::access::Role;
use downbeat_proto::metadata::v1::{ReadTaskLogRequest, ReadTaskLogResponse, TaskRun};
use futures::{StreamExt as _, TryStreamExt as _};
use schemars::JsonSchema;
use serde::Serialize;
use tonic::{Code, Streaming};

use super::{range::Range, sought};
use crate::{
    http::{Call, Fault, Need, Route, Routes, json},
    limits,
};

const FILE_STATUS: HeaderName = HeaderName::from_static("x-file-status");

/// The log files of a task run.
#[derive(Debug, Serialize, JsonSchema)]
struct LogFiles {
    filenames: Vec<String>,
    files: BTreeMap<String, LogFile>,
}

/// One of them.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct LogFile {
    attempt_number: u32,
    display_name: String,
}

pub(super) fn routes(routes: &mut Routes) {
    let viewer = Need::Something(Role::Viewer);
    let files = "/pipeline_runs/{id}/task_runs/{task_run_id}/logs";
    routes.add(Route::new(Method::GET, files, viewer, "The log files of a task run", list).gives::<LogFiles>(200));
    let download = "/pipeline_runs/{id}/task_runs/{task_run_id}/logs/download";
    routes.add(
        Route::new(Method::GET, download, viewer, "A log file, or the range of it that `Range` names", download_file)
            .query(&[("filename", "One of the file names of the list")])
            .gives_text("text/plain"),
    );
}

async fn list(call: Call) -> Result<Response, Fault> {
    let (_, task) = sought::task_run(&call, Role::Viewer, call.param("id"), call.param("task_run_id")).await?;
    let attempts = 1..=task.attempts;
    let files: BTreeMap<String, LogFile> = attempts
        .clone()
        .map(|number| (name_of(number), LogFile { attempt_number: number, display_name: format!("Attempt {number}") }))
        .collect();
    json(200, &LogFiles { filenames: attempts.map(name_of).collect(), files })
}

fn name_of(attempt: u32) -> String {
    format!("attempt-{attempt}.log")
}

/// The attempt that a file name stands for, if the task run has it.
fn attempt_of(filename: &str, task: &TaskRun) -> Option<u32> {
    let number = filename.strip_prefix("attempt-")?.strip_suffix(".log")?.parse().ok()?;
    // Only as it is written in the list: `attempt-01.log` is no name.
    ((1..=task.attempts).contains(&number) && name_of(number) == filename).then_some(number)
}

async fn download_file(call: Call) -> Result<Response, Fault> {
    let (run, task) = sought::task_run(&call, Role::Viewer, call.param("id"), call.param("task_run_id")).await?;
    let Some(filename) = call.query.text("filename") else {
        return Err(Fault::invalid("query", "filename", "missing", "Field required"));
    };
    let attempt = attempt_of(filename, &task).ok_or_else(|| Fault::unknown("Log file not found"))?;
    // Read before the bytes: what an ended attempt wrote is all there.
    // Of very many attempts only the last ones are remembered.
    let ended = attempt < task.attempts || task.ended_attempts.iter().any(|ended| ended.number == attempt);
    let log = Log { call: &call, run: run.id, task: task.id, attempt };
    let Some(range) = call.header(header::RANGE).and_then(Range::read) else { return whole(&log, ended).await };
    let (found, total) = log.part(range).await?;
    let status = file_status(ended, total);
    let Some((first, data)) = found.filter(|(_, data)| !data.is_empty()) else {
        if range.is_end_of_nothing(total) || (total == 0 && !ended) {
            // A client that asks for the first byte of what is still written takes anything but this for a failure.
            return Ok((StatusCode::OK, [(FILE_STATUS, status), TEXT], Body::empty()).into_response());
        }
        let nothing = [(header::CONTENT_RANGE, format!("bytes */{total}"))];
        return Ok((StatusCode::RANGE_NOT_SATISFIABLE, [(FILE_STATUS, status), TEXT], nothing).into_response());
    };
    let last = first + data.len() as u64 - 1;
    let range = [(header::CONTENT_RANGE, format!("bytes {first}-{last}/{total}"))];
    Ok((StatusCode::PARTIAL_CONTENT, [(FILE_STATUS, status), TEXT], range, data).into_response())
}

const TEXT: (HeaderName, &str) = (header::CONTENT_TYPE, "text/plain; charset=utf-8");

fn file_status(ended: bool, total: u64) -> &'static str {
    match (ended, total) {
        (true, _) => "READY",
        (false, 0) => "PENDING",
        (false, _) => "WRITING",
    }
}

/// All of it that is there, as it comes.
async fn whole(log: &Log<'_>, ended: bool) -> Result<Response, Fault> {
    let streams = log.call.edge.streams.clone();
    let place = streams.try_acquire_owned().map_err(|_| Fault::TooEarly(5, "too many streams are open".to_owned()))?;
    let mut stream = log.read(0, 0, 0).await?;
    let first = stream.message().await.or_else(absent)?;
    let total = first.as_ref().map_or(0, |first| first.total);
    let rest = stream.map_ok(|part| part.data).map_err(std::io::Error::other);
    let all = futures::stream::iter(first.map(|first| Ok(first.data))).chain(rest);
    // Whoever does not read holds it no longer than that.
    let all = all.take_until(tokio::time::sleep(limits::LOG_STREAM_MAX)).map(move |part| {
        let _held = &place;
        part
    });
    let headers = [(FILE_STATUS, file_status(ended, total)), TEXT, (header::ACCEPT_RANGES, "bytes")];
    Ok((StatusCode::OK, headers, Body::from_stream(all)).into_response())
}

/// The log of one attempt.
struct Log<'a> {
    call: &'a Call,
    run: String,
    task: String,
    attempt: u32,
}

type Found = (Option<(u64, Bytes)>, u64);

impl Log<'_> {
    async fn read(&self, offset: u64, length: u64, last: u64) -> Result<Streaming<ReadTaskLogResponse>, Fault> {
        let request = ReadTaskLogRequest {
            run_id: self.run.clone(),
            task: self.task.clone(),
            attempt: self.attempt,
            offset,
            length,
            last,
            follow: false,
        };
        Ok(self.call.edge.upstream.metadata().read_task_log(self.call.ask(request)).await?.into_inner())
    }

    /// Bytes of a range with the place of the first, at most [`limits::LOG_BYTES_MAX`], and how many the log has in all.
    async fn part(&self, range: Range) -> Result<Found, Fault> {
        let (offset, length, last) = match range {
            Range::From(offset) => (offset, limits::LOG_BYTES_MAX, 0),
            Range::Between(offset, end) => (offset, (end - offset + 1).min(limits::LOG_BYTES_MAX), 0),
            Range::Last(0) => return Ok((None, self.total().await?)),
            Range::Last(last) => (0, limits::LOG_BYTES_MAX, last),
        };
        let mut stream = self.read(offset, length, last).await?;
        let (mut first, mut data, mut total) = (None, BytesMut::new(), 0);
        while let Some(part) = stream.message().await.or_else(absent)? {
            first = first.or(Some(part.offset));
            total = part.total;
            data.extend_from_slice(&part.data);
            if data.len() as u64 >= limits::LOG_BYTES_MAX {
                break;
            }
        }
        match first {
            Some(first) => Ok((Some((first, data.freeze())), total)),
            // Nothing is there from that byte on: how many bytes there are, the last one says.
            None => Ok((None, self.total().await?)),
        }
    }

    async fn total(&self) -> Result<u64, Fault> {
        let mut stream = self.read(0, 1, 1).await?;
        Ok(stream.message().await.or_else(absent)?.map_or(0, |last| last.total))
    }
}

/// An attempt that has not begun to write has no log yet.
fn absent(status: tonic::Status) -> Result<Option<ReadTaskLogResponse>, Fault> {
    if status.code() == Code::NotFound { Ok(None) } else { Err(status.into()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_named_as_the_list_names_it() {
        let task = TaskRun { attempts: 2, ..Default::default() };
        for (name, expected) in [
            ("attempt-1.log", Some(1)),
            ("attempt-2.log", Some(2)),
            ("attempt-3.log", None),
            ("attempt-0.log", None),
            ("attempt-01.log", None),
            ("attempt-+1.log", None),
            ("../attempt-1.log", None),
            ("", None),
        ] {
            assert_eq!(attempt_of(name, &task), expected, "{name}");
        }
    }
}
