//! Live updates as server-sent events.

use std::convert::Infallible;

use axum::{
    http::Method,
    response::{
        IntoResponse, Response,
        sse::{Event, KeepAlive, Sse},
    },
};
use downbeat_domain::access::Role;
use downbeat_proto::metadata::v1::{WatchRunRequest, WatchRunResponse};
use downbeat_runtime::{clock::wall_now, shutdown};
use futures::stream;
use serde_json::json;
use tokio::sync::OwnedSemaphorePermit;
use tonic::Streaming;

use super::{links, runs, sought, task_runs};
use crate::{
    access,
    http::{Call, Fault, Need, Route, Routes},
    limits,
};

pub(super) fn routes(routes: &mut Routes) {
    let says = "A run now and after every change, until it has ended: server-sent events `run`, whose data holds the run and the task runs that changed";
    routes.add(
        Route::new(Method::GET, "/pipeline_runs/{id}/events", Need::Something(Role::Viewer), says, watch)
            .gives_text("text/event-stream"),
    );
}

async fn watch(call: Call) -> Result<Response, Fault> {
    let run = sought::run(&call, Role::Viewer, call.param("id")).await?;
    let place = call.edge.streams.clone().try_acquire_owned().map_err(|_| {
        Fault::TooEarly(5, format!("{} streams of live updates are open: try again", limits::STREAMS_MAX))
    })?;
    let kept = links::kept(&call, std::slice::from_ref(&run)).await;
    let pipeline_id = run.pipeline_id;
    let request = WatchRunRequest { run_id: run.id, at_least: call.edge.upstream.at_least() };
    let changes = call.edge.upstream.metadata().watch_run(call.ask(request)).await?.into_inner();
    let environments = runs::environments(&call).await;
    call.edge.metrics.streams.inc();
    let state = Watching { call, pipeline_id, changes, environments, kept, ended: false, _place: place };
    let events = stream::unfold(state, |mut watching| async move {
        let event = watching.next().await?;
        Some((Ok::<_, Infallible>(event), watching))
    });
    Ok(Sse::new(events).keep_alive(KeepAlive::new().interval(limits::KEEP_ALIVE)).into_response())
}

struct Watching {
    call: Call,
    pipeline_id: String,
    changes: Streaming<WatchRunResponse>,
    environments: Vec<(String, String)>,
    kept: links::Kept,
    ended: bool,
    _place: OwnedSemaphorePermit,
}

impl Drop for Watching {
    fn drop(&mut self) {
        self.call.edge.metrics.streams.dec();
    }
}

impl Watching {
    async fn next(&mut self) -> Option<Event> {
        if self.ended {
            return None;
        }
        let mut ending = self.call.edge.ending.clone();
        let change = loop {
            let change = tokio::select! {
                () = shutdown::wait(&mut ending) => return None,
                change = self.changes.message() => Some(change),
                () = tokio::time::sleep(limits::KEEP_ALIVE) => None,
            };
            // A stream lives as long as the key that opened it.
            if !self.still_may().await {
                return None;
            }
            if let Some(change) = change {
                break change;
            }
        };
        match change {
            Ok(Some(change)) => Some(self.event(change)),
            Ok(None) => {
                self.ended = true;
                Some(Event::default().event("end").data("{}"))
            }
            Err(status) => {
                self.ended = true;
                let fault = Fault::from(status);
                Some(Event::default().event("error").data(json!({ "status": fault.status().as_u16() }).to_string()))
            }
        }
    }

    async fn still_may(&self) -> bool {
        let now = wall_now().as_microsecond();
        let who = access::who(&self.call.edge.doors, &self.call.headers, now).await;
        who.is_ok_and(|(table, who)| who.may(Role::Viewer, table.labels(&self.pipeline_id)))
    }

    fn event(&self, change: WatchRunResponse) -> Event {
        let of = change.run.iter().map(|run| (run.id.clone(), run.pipeline_id.clone())).collect();
        let sequence = change.position.map(|position| position.sequence).unwrap_or_default();
        let tasks: Vec<_> = change.task_runs.into_iter().map(|task| task_runs::shape(&self.call, task, &of)).collect();
        let run = change.run.map(|run| runs::shape(&self.call, run, &self.environments, &self.kept));
        let data = json!({ "run": run, "taskRuns": tasks });
        Event::default().event("run").id(sequence.to_string()).data(data.to_string())
    }
}
