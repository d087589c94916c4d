//! From events to messages for workers, and from workers' messages to commands.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use downbeat_domain::{
    AttemptRef, Caller, Command, Event, FailureClass, Phase, Report, RunState, TaskRunId, TaskState, WorkerId,
    connection::of_sides, effects as domain_effects, names::RunNames, plan::PlanTask,
};
use downbeat_proto::{convert, event as events, worker::v1 as wire};
use serde_json::Map;
use wire::coordinator_message::Message;

use super::{
    Engine, Moment, Output, SessionId,
    dispatch::JobKind,
    workers::{Offers, Runs},
};
use crate::limits;

impl Engine {
    /// Takes note of what an event means for queues and workers.
    pub(super) fn absorb(&mut self, now: Moment, event: &Event) {
        match event {
            Event::TaskReady { run, task, .. } => {
                if let Some(run) = self.partition.runs.get(run) {
                    self.ready.push(run, *task);
                }
            }
            Event::AttemptLeased { attempt, worker, .. } => {
                self.workers.hold(*worker, *attempt, now.monotonic);
                if let Some(run) = self.partition.runs.get(&attempt.run) {
                    self.ready.hold(run, *attempt);
                }
                self.send_offer(*worker, *attempt);
            }
            Event::AttemptStopRequested { attempt, .. } => self.send_stop(*attempt),
            // If a worker holds it, it stops first.
            Event::TaskMarked { run, task, .. } => {
                if let Some(attempt) = self.partition.runs.get(run).and_then(|run| run.attempt(*task)) {
                    self.send_stop(attempt);
                }
            }
            Event::RunFinished { run, .. } => {
                self.priors.remove(run);
            }
            Event::AttemptSucceeded { attempt, .. }
            | Event::AttemptFailed { attempt, .. }
            | Event::AttemptLost { attempt, .. }
            | Event::AttemptStopped { attempt, .. } => {
                self.workers.release(*attempt);
                self.ready.release(*attempt);
            }
            _ => {}
        }
    }

    pub(super) fn attach(&mut self, now: Moment, session: SessionId, hello: &wire::Hello) {
        let Some(worker) = WorkerId::from_slice(&hello.worker_id) else {
            let reason = "hello without a worker id of 16 bytes".to_owned();
            self.batches.push_output(Output::Close { session, reason });
            return;
        };
        let jobs: BTreeMap<JobKind, Runs> = hello
            .jobs
            .iter()
            .take(limits::JOBS_MAX)
            .map(|job| {
                let runs = Runs { remote: job.remote, sealed_only: job.sealed_only };
                ((job.integration.clone(), job.integration_job.clone()), runs)
            })
            .collect();
        let slots = hello.slots.min(limits::SLOTS_MAX) as usize;
        let labels: BTreeMap<String, String> =
            hello.labels.iter().take(limits::LABELS_MAX).map(|(name, value)| (name.clone(), value.clone())).collect();
        let checks: BTreeMap<JobKind, bool> = hello
            .checks
            .iter()
            .take(limits::JOBS_MAX)
            .map(|check| ((check.integration.clone(), check.sensor_type.clone()), check.sealed_only))
            .collect();
        let offers = Offers { slots, jobs, checks, labels };
        if let Some(replaced) = self.workers.attach(worker, session, offers, now.monotonic) {
            let reason = "the worker attached again".to_owned();
            self.close(now, replaced, reason);
        }
        tracing::info!(worker = %hello.name, id = %worker, slots, in_hand = hello.in_hand.len(), "worker attached");
        let lease_milliseconds = limits::LEASE.as_millis() as u32;
        self.send(session, Message::Welcome(wire::Welcome { lease_milliseconds, ..Default::default() }));
        let in_hand: BTreeSet<AttemptRef> = hello.in_hand.iter().filter_map(events::attempt_of).collect();
        self.reconcile(now, worker, session, &in_hand);
    }

    /// Who can make a check with this connection; see [`super::workers::Workers::checker_of`].
    pub(super) fn checker_of(&self, integration: &str, kind: &str, connection: &str) -> Option<Option<SessionId>> {
        self.workers.checker_of(integration, kind, self.has_sealed(integration, connection))
    }

    /// The connections of everything that the worker of this connection holds: integration and name.
    pub fn connections_in_hand(&self, session: SessionId) -> BTreeSet<(String, String)> {
        let Some(worker) = self.workers.of_session(session) else { return BTreeSet::new() };
        let mut found = BTreeSet::new();
        for attempt in self.workers.held_by(worker) {
            let Some(run) = self.partition.runs.get(&attempt.run) else { continue };
            let Some(plan) = run.planned(attempt.task) else { continue };
            found.insert((plan.integration.clone(), plan.connection.clone()));
            // As it was resolved when it was leased, or as the file has it.
            let state = run.tasks.get(attempt.task as usize).and_then(|state| state.parameters.as_deref());
            let parameters = state.unwrap_or(&plan.parameters);
            found.extend(of_sides(parameters).map(|(integration, named)| (integration.to_owned(), named.to_owned())));
        }
        found
    }

    /// What the worker holds against what the state says that it holds.
    fn reconcile(&mut self, now: Moment, worker: WorkerId, session: SessionId, in_hand: &BTreeSet<AttemptRef>) {
        let held = self.workers.held_by(worker);
        for attempt in &held {
            let run = self.partition.runs.get(&attempt.run);
            let owed = run.and_then(|run| domain_effects::owed_to_holder(run, attempt.task));
            let remote = run.and_then(|run| run.tasks.get(attempt.task as usize)).is_some_and(is_remote);
            match (owed, in_hand.contains(attempt)) {
                // It may have begun before it was restarted: whoever gets it next has to know.
                (Some(_), false) if remote => self.lose(now, *attempt, "its worker was restarted"),
                // The offer was lost on the way.
                (Some(domain_effects::Effect::Offer { .. }), false) => self.send_offer(worker, *attempt),
                (Some(domain_effects::Effect::AwaitReport { .. }), false) => {
                    self.lose(now, *attempt, "its worker was restarted");
                }
                // Asked to stop, and the worker knows nothing of it: then nothing of it runs.
                (Some(domain_effects::Effect::Stop { .. }), false) => {
                    let report =
                        Command::Report { attempt: *attempt, report: Report::Stopped { unconfirmed: String::new() } };
                    if let Err(rejection) = self.decide(now, &report, Caller::named(format!("worker:{worker}")), None) {
                        tracing::debug!(%rejection, "attempt had ended");
                    }
                }
                (Some(domain_effects::Effect::Stop { .. }), true) => self.send_stop(*attempt),
                _ => {}
            }
        }
        // Given to others meanwhile, or ended: whatever of it still runs here must not.
        let stale: Vec<wire::Stop> = in_hand
            .difference(&held)
            .map(|attempt| wire::Stop {
                attempt: Some(events::attempt_ref(*attempt)),
                reason: downbeat_proto::events::v1::StopReason::StopCancelled as i32,
                abandon: true,
                remote: false,
            })
            .collect();
        for stops in stale.chunks(limits::ITEMS_PER_MESSAGE_MAX) {
            self.send(session, Message::Stops(wire::Stops { stops: stops.to_vec() }));
        }
    }

    pub(super) fn reports(&mut self, now: Moment, session: SessionId, reports: Vec<wire::Report>) {
        let Some(worker) = self.workers.of_session(session) else { return };
        self.workers.heard(session, now.monotonic);
        let mut up_to = 0;
        for report in reports {
            up_to = up_to.max(report.number);
            if !self.workers.is_new_report(session, report.number) {
                continue;
            }
            if let Some((attempt, said)) = report_of(report) {
                self.take_report(now, worker, attempt, said);
            }
        }
        self.send(session, Message::Acknowledged(wire::Acknowledged { up_to }));
    }

    fn take_report(&mut self, now: Moment, worker: WorkerId, attempt: AttemptRef, report: Report) {
        // The attempt number fences between leases of one task; the holder fences between workers.
        if self.holder_of(attempt) != Some(worker) {
            tracing::debug!(%worker, ?attempt, "stale report");
            self.counts.stale_reports.inc();
            return;
        }
        let command = Command::Report { attempt, report };
        if let Err(rejection) = self.decide(now, &command, Caller::named(format!("worker:{worker}")), None) {
            tracing::debug!(%rejection, "report refused");
            self.counts.refused_reports.inc();
        }
    }

    fn holder_of(&self, attempt: AttemptRef) -> Option<WorkerId> {
        let task = self.partition.runs.get(&attempt.run)?.tasks.get(attempt.task as usize)?;
        task.holder().filter(|_| task.attempt == attempt.number)
    }

    fn send(&mut self, session: SessionId, message: Message) {
        self.batches.push_send(session, message);
    }

    fn send_offer(&mut self, worker: WorkerId, attempt: AttemptRef) {
        let Some(session) = self.workers.session_of(worker) else { return };
        let Some(run) = self.partition.runs.get(&attempt.run) else { return };
        let alias = self.partition.pipelines.get(&run.pipeline).map(|pipeline| pipeline.alias.as_str());
        let Some(offer) = offer(run, alias.unwrap_or_default(), attempt) else { return };
        self.counts.offers.inc();
        self.send(session, Message::Offers(wire::Offers { offers: vec![offer] }));
    }

    fn send_stop(&mut self, attempt: AttemptRef) {
        let Some(task) = self.partition.runs.get(&attempt.run).and_then(|run| run.tasks.get(attempt.task as usize))
        else {
            return;
        };
        let Phase::Stopping(worker, reason) = task.phase else { return };
        let Some(session) = self.workers.session_of(worker) else { return };
        let remote = is_remote(task);
        let stop = wire::Stop {
            attempt: Some(events::attempt_ref(attempt)),
            reason: events::stop_reason(reason) as i32,
            abandon: false,
            remote,
        };
        self.send(session, Message::Stops(wire::Stops { stops: vec![stop] }));
    }
}

/// May its attempt have begun something that outlives the worker?
fn is_remote(task: &TaskState) -> bool {
    task.unsettled.is_some()
}

fn offer(run: &RunState, alias: &str, attempt: AttemptRef) -> Option<wire::Offer> {
    let plan = run.planned(attempt.task)?;
    let state = run.tasks.get(attempt.task as usize)?;
    let parameters = state.parameters.as_deref().unwrap_or(&plan.parameters);
    Some(wire::Offer {
        attempt: Some(events::attempt_ref(attempt)),
        task_id: plan.id.clone(),
        task_run_id: TaskRunId::derive(run.id, attempt.task).to_string(),
        pipeline_name: run.pipeline_name.to_string(),
        pipeline_alias: alias.to_owned(),
        integration: plan.integration.clone(),
        integration_job: plan.integration_job.clone(),
        parameters: convert::object_text(parameters),
        connection: plan.connection.clone(),
        source_root: run.source_root.to_string(),
        timeout_seconds: plan.timeout_seconds.unwrap_or(0),
        operation_metadata: operation_metadata(run, attempt.task, state, plan),
        only_operations: state.resumes.as_deref().cloned().unwrap_or_default(),
        resume: state.unsettled.as_deref().filter(|job| job.token != attempt.number).map(|job| wire::Resume {
            token_attempt: job.token,
            handle: Bytes::copy_from_slice(&job.handle),
            external_id: job.external_id.clone(),
            link: job.link.clone(),
        }),
    })
}

/// Rendered as of the instant at which the attempt was leased, so that it says the same however often it is offered. It decides nothing, so
/// what does not evaluate fails nothing.
fn operation_metadata(run: &RunState, task: u32, state: &TaskState, plan: &PlanTask) -> String {
    if plan.operation_metadata.is_empty() {
        return String::new();
    }
    let names = RunNames { run, task: Some(task), now: state.since };
    let text = convert::object_text(&names.render_what_evaluates(&plan.operation_metadata));
    if text.len() <= limits::OPERATION_METADATA_BYTES_MAX { text } else { String::new() }
}

/// The command that a report stands for; `None` = it makes no sense and is acknowledged all the same. An outcome that cannot be
/// read is a failure: dropped, it would leave its task running for ever.
fn report_of(report: wire::Report) -> Option<(AttemptRef, Report)> {
    use wire::report::Report as Said;
    let attempt = report.attempt.as_ref().and_then(events::attempt_of)?;
    let said = match report.report? {
        Said::Started(started) => {
            Report::Started { handle: started.handle.to_vec(), external_id: started.external_id, link: started.link }
        }
        Said::Succeeded(succeeded) => {
            match (events::outcome(succeeded.outcome()), convert::object(&succeeded.outputs)) {
                (Some(outcome), Some(outputs)) => Report::Succeeded { outcome, outputs, message: succeeded.message },
                _ => Report::Failed {
                    class: FailureClass::Misconfigured,
                    message: "the worker reported an outcome, or outputs, that this version cannot read".to_owned(),
                    outputs: Map::new(),
                },
            }
        }
        Said::Failed(failed) => Report::Failed {
            class: events::failure_class(failed.failure_class()).unwrap_or(FailureClass::JobFailed),
            message: failed.message,
            outputs: convert::object(&failed.outputs).unwrap_or_default(),
        },
        Said::Stopped(stopped) => Report::Stopped { unconfirmed: stopped.unconfirmed },
        Said::Abandoned(_) => Report::Abandoned,
        Said::Collected(collected) => {
            if prost::Message::encoded_len(&collected) > limits::COLLECTED_BYTES_MAX {
                tracing::error!(?attempt, "collected metadata over the limit is dropped");
                return None;
            }
            Report::Collected {
                chunk: collected.chunk,
                collected: events::collected_of(collected.operations, collected.assets, collected.edges),
            }
        }
    };
    Some((attempt, said))
}
