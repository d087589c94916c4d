//! A method is answered: permitted, passed on in the name of who calls, and passed back as it comes.

use std::{pin::Pin, sync::Arc};

use axum::{
    body::Body,
    http::{Request, StatusCode},
    response::Response,
};
use bytes::Bytes;
use downbeat_domain::access::Role;
use downbeat_proto::metadata::v1::Position;
use downbeat_runtime::{clock::wall_now, shutdown};
use futures::{Stream, StreamExt as _, stream};
use prost_reflect::{DynamicMessage, prost::Message as _};
use tonic::{Code, Status, Streaming, server::Grpc};
use tower::service_fn;

use super::{
    refused::{is_grpc, status_of},
    table::Entry,
};
use crate::{
    access,
    http::{Call, Fault},
    limits,
    rest::about,
    speech::{Method, Raw},
    traces,
};

type Answers = Pin<Box<dyn Stream<Item = Result<Bytes, Status>> + Send>>;

pub(super) async fn answer(call: Call, entry: &'static Entry) -> Result<Response, Fault> {
    if !is_grpc(&call.headers) {
        let said = "this is a method of gRPC: the content type has to be application/grpc";
        return Err(Fault::Text(StatusCode::UNSUPPORTED_MEDIA_TYPE, said.to_owned()));
    }
    let method = Method::named(entry.path.trim_start_matches('/'))
        .ok_or_else(|| Fault::Text(StatusCode::INTERNAL_SERVER_ERROR, format!("there is no method {}", entry.path)))?;
    let mut request = Request::builder().method("POST").uri(entry.path).body(Body::from(call.body.clone()));
    if let Ok(request) = &mut request {
        call.headers.clone_into(request.headers_mut());
    }
    let request = request.map_err(|_| Fault::bad("the request cannot be read"))?;
    let call = Arc::new(call);
    let mut server = Grpc::new(Raw).max_decoding_message_size(limits::GRPC_BODY_BYTES_MAX);
    let asked = move |request: tonic::Request<Bytes>| {
        let (call, method) = (Arc::clone(&call), method.clone());
        async move {
            let (message, pipeline) = permitted(&call, &method, entry, request.into_inner()).await?;
            Ok::<_, Status>((call, method, message, pipeline))
        }
    };
    let answer = if entry.streams {
        let service = service_fn(move |request| {
            let asked = asked(request);
            async move {
                let (call, method, message, pipeline) = asked.await?;
                streamed(call, &method, entry, message, pipeline).await.map(tonic::Response::new)
            }
        });
        server.server_streaming(service, request).await
    } else {
        let service = service_fn(move |request| {
            let asked = asked(request);
            async move {
                let (call, method, message, _) = asked.await?;
                once(&call, &method, entry, message).await.map(tonic::Response::new)
            }
        });
        server.unary(service, request).await
    };
    Ok(answer.map(Body::new))
}

/// The message as it may be passed on, and the pipeline that it is about, if it is about one.
async fn permitted(
    call: &Call,
    method: &Method,
    entry: &Entry,
    message: Bytes,
) -> Result<(Bytes, Option<String>), Status> {
    let read = DynamicMessage::decode(method.descriptor.input(), message);
    let mut message = read.map_err(|error| Status::invalid_argument(format!("the message cannot be read: {error}")))?;
    let pipeline = about::permit(call, entry.role, entry.about, &mut message).await.map_err(status_of)?;
    Ok((message.encode_to_vec().into(), pipeline))
}

async fn once(call: &Call, method: &Method, entry: &Entry, message: Bytes) -> Result<Bytes, Status> {
    let mut client = method.client(call);
    client.ready().await.map_err(|_| away())?;
    let began = traces::begin();
    let answer = client.unary(call.ask(message), method.path.clone(), Raw).await.map_err(told)?.into_inner();
    let read = || DynamicMessage::decode(method.descriptor.output(), answer.clone()).ok();
    traces::answered(began, entry.path.trim_start_matches('/'), read);
    call.edge.upstream.wrote(written(method, &answer));
    seen(call, method, entry, answer)
}

/// Where in the log a command has written, as its answer says: what is asked for next is looked up there.
fn written(method: &Method, answer: &Bytes) -> Option<Position> {
    let commands = method.descriptor.parent_service().package_name() == "downbeat.control.v1";
    let field = method.descriptor.output().get_field_by_name("position").filter(|_| commands)?;
    let read = DynamicMessage::decode(method.descriptor.output(), answer.clone()).ok()?;
    let position = read.has_field(&field).then(|| read.get_field(&field))?;
    Position::decode(position.as_message()?.encode_to_vec().as_slice()).ok()
}

/// What the caller sees of an answer; all of it, mostly.
fn seen(call: &Call, method: &Method, entry: &Entry, answer: Bytes) -> Result<Bytes, Status> {
    if call.narrowed().map_err(status_of)?.is_none() {
        return Ok(answer);
    }
    let read = DynamicMessage::decode(method.descriptor.output(), answer);
    let mut answer = read.map_err(|error| Status::internal(format!("an answer cannot be read: {error}")))?;
    about::hide_others(call, entry.about, &mut answer).map_err(status_of)?;
    Ok(answer.encode_to_vec().into())
}

async fn streamed(
    call: Arc<Call>,
    method: &Method,
    entry: &'static Entry,
    message: Bytes,
    pipeline: Option<String>,
) -> Result<Answers, Status> {
    let many = || Status::resource_exhausted(format!("{} streams are open: try again", limits::STREAMS_MAX));
    let place = call.edge.streams.clone().try_acquire_owned().map_err(|_| many())?;
    let mut client = method.client(&call);
    client.ready().await.map_err(|_| away())?;
    let answers = client.server_streaming(call.ask(message), method.path.clone(), Raw).await.map_err(told)?;
    call.edge.metrics.streams.inc();
    let open = Open { call, role: entry.role, pipeline, answers: answers.into_inner(), ended: false, _place: place };
    Ok(stream::unfold(open, |mut open| async move { Some((open.next().await?, open)) }).boxed())
}

/// A stream that goes on: as long as its caller may still ask for it, and the gateway lives.
struct Open {
    call: Arc<Call>,
    role: Role,
    /// What it is about; none = all of the account.
    pipeline: Option<String>,
    answers: Streaming<Bytes>,
    ended: bool,
    _place: tokio::sync::OwnedSemaphorePermit,
}

impl Drop for Open {
    fn drop(&mut self) {
        self.call.edge.metrics.streams.dec();
    }
}

impl Open {
    async fn next(&mut self) -> Option<Result<Bytes, Status>> {
        if self.ended {
            return None;
        }
        let mut ending = self.call.edge.ending.clone();
        loop {
            let answer = tokio::select! {
                () = shutdown::wait(&mut ending) => {
                    self.ended = true;
                    return Some(Err(Status::unavailable("the gateway goes down: ask again")));
                }
                answer = self.answers.message() => Some(answer),
                () = tokio::time::sleep(limits::KEEP_ALIVE) => None,
            };
            if !self.still_may().await {
                self.ended = true;
                return Some(Err(Status::unauthenticated("this key opens nothing any more")));
            }
            match answer {
                None => {}
                Some(Ok(Some(answer))) => return Some(Ok(answer)),
                Some(Ok(None)) => return None,
                Some(Err(status)) => {
                    self.ended = true;
                    return Some(Err(told(status)));
                }
            }
        }
    }

    async fn still_may(&self) -> bool {
        let now = wall_now().as_microsecond();
        let who = access::who(&self.call.edge.doors, &self.call.headers, now).await;
        who.is_ok_and(|(table, who)| match &self.pipeline {
            Some(pipeline) => who.may(self.role, table.labels(pipeline)),
            None => who.may_all(self.role),
        })
    }
}

fn away() -> Status {
    Status::unavailable("not available now: try again")
}

/// What a service of ours refused: its words, and its code for programs. Of what broke inside nothing gets out.
fn told(status: Status) -> Status {
    match status.code() {
        Code::Internal | Code::Unknown | Code::DataLoss => {
            tracing::error!(code = ?status.code(), reason = status.message(), "a service failed");
            Status::internal("an error inside of Downbeat; its log has more")
        }
        Code::Unavailable => {
            tracing::warn!(reason = status.message(), "a service is not available");
            let said = status.message();
            if said.contains("rebuilt") { Status::unavailable(said) } else { away() }
        }
        code => {
            let mut told = Status::new(code, status.message());
            if let Some(code) = status.metadata().get("downbeat-code") {
                told.metadata_mut().insert("downbeat-code", code.clone());
            }
            told
        }
    }
}
