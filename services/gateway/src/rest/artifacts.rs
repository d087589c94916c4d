//! Files that attempts of task runs left: which there are, and each of them, whole or in ranges of bytes.
//!
//! Promises: a file goes out as what nobody's browser shows or runs, whatever it is called and whatever is in it; only names of the list lead to one.

use axum::{
    body::Body,
    http::{HeaderName, HeaderValue, Method, StatusCode, header},
    response::{IntoResponse, Response},
};
use bytes::BytesMut;
use downbeat_domain::access::Role;
use downbeat_proto::metadata::v1::{ListTaskArtifactsRequest, ReadTaskArtifactRequest, ReadTaskArtifactResponse};
use futures::{StreamExt as _, TryStreamExt as _};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use schemars::JsonSchema;
use serde::Serialize;
use tonic::{Code, Status, Streaming};

use super::{range::Range, sought};
use crate::{
    http::{Call, Fault, Need, Route, Routes, json},
    limits,
};

/// The files of an attempt of a task run.
#[derive(Debug, Serialize, JsonSchema)]
struct Artifacts {
    filenames: Vec<String>,
}

/// What a name in a header may hold as it is (RFC 8187, attr-char).
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'!')
    .remove(b'#')
    .remove(b'$')
    .remove(b'&')
    .remove(b'+')
    .remove(b'-')
    .remove(b'.')
    .remove(b'^')
    .remove(b'_')
    .remove(b'`')
    .remove(b'|')
    .remove(b'~');

pub(super) fn routes(routes: &mut Routes) {
    let viewer = Need::Something(Role::Viewer);
    let attempt = ("attempt", "Number of an attempt, from 1 on; by default the last one");
    let files = "/pipeline_runs/{id}/task_runs/{task_run_id}/artifacts";
    routes.add(
        Route::new(Method::GET, files, viewer, "The files that a task run left", list)
            .query(&[attempt])
            .gives::<Artifacts>(200),
    );
    let download = "/pipeline_runs/{id}/task_runs/{task_run_id}/artifacts/download";
    routes.add(
        Route::new(Method::GET, download, viewer, "One of them, or the range of it that `Range` names", download_file)
            .query(&[("filename", "One of the file names of the list"), attempt])
            .gives_text("application/octet-stream"),
    );
}

/// 0 = the last one.
fn attempt(call: &Call) -> Result<u32, Fault> {
    Ok(call.query.number("attempt", 1..=u32::MAX)?.unwrap_or(0))
}

async fn list(call: Call) -> Result<Response, Fault> {
    let attempt = attempt(&call)?;
    let (run, task) = sought::task_run(&call, Role::Viewer, call.param("id"), call.param("task_run_id")).await?;
    let request = ListTaskArtifactsRequest { run_id: run.id, task: task.id, attempt };
    let listed = call.edge.upstream.metadata().list_task_artifacts(call.ask(request)).await;
    let listed = listed.map_err(|status| told(status, "Attempt not found"))?.into_inner();
    json(200, &Artifacts { filenames: listed.artifacts.into_iter().map(|file| file.name).collect() })
}

/// What is not there, in our words.
fn told(status: Status, missing: &str) -> Fault {
    match status.code() {
        Code::NotFound | Code::InvalidArgument => Fault::unknown(missing),
        _ => status.into(),
    }
}

async fn download_file(call: Call) -> Result<Response, Fault> {
    let attempt = attempt(&call)?;
    let (run, task) = sought::task_run(&call, Role::Viewer, call.param("id"), call.param("task_run_id")).await?;
    let Some(filename) = call.query.text("filename") else {
        return Err(Fault::invalid("query", "filename", "missing", "Field required"));
    };
    let request = ReadTaskArtifactRequest {
        run_id: run.id,
        task: task.id,
        attempt,
        name: filename.to_owned(),
        ..ReadTaskArtifactRequest::default()
    };
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("application/octet-stream")),
        (header::CONTENT_DISPOSITION, disposition(filename)),
        (header::ACCEPT_RANGES, HeaderValue::from_static("bytes")),
    ];
    match call.header(header::RANGE).and_then(Range::read) {
        None => whole(&call, request, headers).await,
        Some(range) => part(&call, request, range, headers).await,
    }
}

/// The name as a header may carry it: once for clients that know ASCII only, and once as it is.
fn disposition(name: &str) -> HeaderValue {
    let plain: String = name
        .chars()
        .map(|letter| if (' '..='~').contains(&letter) && !matches!(letter, '"' | '\\' | '%') { letter } else { '_' })
        .collect();
    let whole = utf8_percent_encode(name, PLAIN);
    let text = format!("attachment; filename=\"{plain}\"; filename*=UTF-8''{whole}");
    HeaderValue::try_from(text).unwrap_or(HeaderValue::from_static("attachment"))
}

type Headers = [(HeaderName, HeaderValue); 3];

async fn read(call: &Call, request: ReadTaskArtifactRequest) -> Result<Streaming<ReadTaskArtifactResponse>, Fault> {
    let read = call.edge.upstream.metadata().read_task_artifact(call.ask(request)).await;
    Ok(read.map_err(|status| told(status, "Artifact not found"))?.into_inner())
}

/// All of it, as it comes.
async fn whole(call: &Call, request: ReadTaskArtifactRequest, headers: Headers) -> Result<Response, Fault> {
    let streams = call.edge.streams.clone();
    let place = streams.try_acquire_owned().map_err(|_| Fault::TooEarly(5, "too many streams are open".to_owned()))?;
    let mut stream = read(call, request).await?;
    let first = stream.message().await?.unwrap_or_default();
    let total = first.total;
    let rest = stream.map_ok(|part| part.data).map_err(std::io::Error::other);
    let all = futures::stream::iter([Ok(first.data)]).chain(rest);
    // Whoever does not read holds it no longer than that.
    let all = all.take_until(tokio::time::sleep(limits::LOG_STREAM_MAX)).map(move |part| {
        let _held = &place;
        part
    });
    let length = [(header::CONTENT_LENGTH, HeaderValue::from(total))];
    Ok((StatusCode::OK, headers, length, Body::from_stream(all)).into_response())
}

/// A range of it, at most [`limits::LOG_BYTES_MAX`].
async fn part(
    call: &Call,
    request: ReadTaskArtifactRequest,
    range: Range,
    headers: Headers,
) -> Result<Response, Fault> {
    let (offset, length, last) = match range {
        Range::From(offset) => (offset, limits::LOG_BYTES_MAX, 0),
        Range::Between(offset, end) => (offset, (end - offset).saturating_add(1).min(limits::LOG_BYTES_MAX), 0),
        // Nothing can be read from the last of all places on.
        Range::Last(0) => (u64::MAX, 1, 0),
        Range::Last(last) => (0, limits::LOG_BYTES_MAX, last),
    };
    let mut stream = read(call, ReadTaskArtifactRequest { offset, length, last, ..request }).await?;
    let (mut first, mut data, mut total) = (None, BytesMut::new(), 0);
    while let Some(part) = stream.message().await? {
        first = first.or(Some(part.offset));
        total = part.total;
        data.extend_from_slice(&part.data);
        if data.len() as u64 >= limits::LOG_BYTES_MAX {
            break;
        }
    }
    if range.is_end_of_nothing(total) {
        return Ok((StatusCode::OK, headers, Body::empty()).into_response());
    }
    let content = |text: String| HeaderValue::try_from(text).unwrap_or(HeaderValue::from_static("bytes */0"));
    let Some(first) = first.filter(|_| !data.is_empty()) else {
        let nothing = [(header::CONTENT_RANGE, content(format!("bytes */{total}")))];
        return Ok((StatusCode::RANGE_NOT_SATISFIABLE, headers, nothing).into_response());
    };
    let last = first + data.len() as u64 - 1;
    let content = [(header::CONTENT_RANGE, content(format!("bytes {first}-{last}/{total}")))];
    Ok((StatusCode::PARTIAL_CONTENT, headers, content, data.freeze()).into_response())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_holds_any_name_and_no_name_ends_it() {
        for (name, expected) in [
            ("manifest.json", "attachment; filename=\"manifest.json\"; filename*=UTF-8''manifest.json"),
            ("a b;c.txt", "attachment; filename=\"a b;c.txt\"; filename*=UTF-8''a%20b%3Bc.txt"),
            ("\"; x=\"y\\", "attachment; filename=\"_; x=_y_\"; filename*=UTF-8''%22%3B%20x%3D%22y%5C"),
            ("50%.csv", "attachment; filename=\"50_.csv\"; filename*=UTF-8''50%25.csv"),
            ("März.csv", "attachment; filename=\"M_rz.csv\"; filename*=UTF-8''M%C3%A4rz.csv"),
            ("a\r\nX-Evil: 1", "attachment; filename=\"a__X-Evil: 1\"; filename*=UTF-8''a%0D%0AX-Evil%3A%201"),
        ] {
            assert_eq!(disposition(name), expected, "{name:?}");
        }
    }
}
