//! The people and programs that use the control API: they ask, and ask again until somebody answers.

use std::{collections::BTreeMap, sync::Arc};

use downbeat_domain::{
    BackfillId, Command, CreateBackfill, PipelineApplied, PipelineId, Rejection, RunId, StartRun, Trigger, audit,
};
use jiff::Timestamp;
use serde_json::Map;

use crate::sim::{
    checks::acknowledged::Acknowledged,
    network::{Caller, Heard, Request},
    nodes::{people, spending},
    time::{At, MILLISECOND, SECOND},
    workloads::Action,
    world::{Happening, World},
};

/// Where the hours of backfills begin, seconds since the epoch.
const YEAR_2020: i64 = 1_577_836_800;

/// Everybody outside.
#[derive(Debug, Default)]
pub struct Client {
    /// Per workload: its pipelines, and their versions.
    pub pipelines: Vec<Vec<Vec<Arc<PipelineApplied>>>>,
    waiting: BTreeMap<u64, Request>,
    /// Commands that nobody has answered yet, those that wait to be repeated included.
    pub open: u64,
}

/// What happens to a client.
#[derive(Debug)]
pub enum ClientEvent {
    /// Somebody wants something.
    Act(usize, Action),
    /// Somebody asks again.
    Again(Box<Request>),
    /// A person looks for what waits for a decision.
    LookForApprovals,
}

impl World {
    /// Something happens to a client.
    pub(crate) fn client(&mut self, event: ClientEvent) {
        match event {
            ClientEvent::Act(workload, action) => {
                if let Some(request) = self.request(workload, &action) {
                    self.wants(request);
                }
            }
            ClientEvent::Again(request) => self.ask_for(*request),
            ClientEvent::LookForApprovals => people::look_for_approvals(self),
        }
    }

    /// A client hears what became of a call.
    pub(crate) fn client_heard(&mut self, number: u64, heard: Heard) {
        let Some(request) = self.client.waiting.remove(&number) else { return };
        self.heard_refusal(&request, &heard);
        let (answer, pause) = match heard {
            Heard::Nobody | Heard::Taken(_) => return self.ask_later(request, 500 * MILLISECOND),
            // It asked before its pipeline was there, or while that was paused.
            Heard::Answer(Err(Rejection::UnknownPipeline(_) | Rejection::PipelinePaused { .. })) => {
                (None, Some(SECOND))
            }
            Heard::Answer(answer) => (Some(answer), None),
        };
        if let Some(pause) = pause {
            return self.ask_later(request, pause);
        }
        self.client.open -= 1;
        let told = match (&request, answer) {
            (Request::Start(start), Some(Ok(_))) => Acknowledged::Started(start.run),
            (Request::Restart(restart), Some(Ok(_))) => Acknowledged::Started(restart.run),
            (Request::Cancel(run), Some(Ok(_)) | Some(Err(Rejection::RunFinished { .. }))) => {
                Acknowledged::Cancelled(*run)
            }
            (Request::Apply(applied), Some(Ok(answer))) => Acknowledged::Applied {
                pipeline: applied.pipeline,
                version: answer.pipeline_version,
                digest: applied.digest,
            },
            _ => return,
        };
        self.say(|| format!("a client hears {told:?}"));
        self.acknowledged(told);
    }

    /// A refusal is told once it is recorded.
    fn heard_refusal(&mut self, request: &Request, heard: &Heard) {
        let refused = matches!(heard, Heard::Answer(Err(_)));
        let asked = refused.then(|| request.command()).flatten().and_then(|command| audit::asked(&command));
        if let Some((command, targets)) = asked {
            self.acknowledged(Acknowledged::Refused(command, targets));
        }
    }

    /// A person or a program asks for something.
    pub(super) fn wants(&mut self, request: Request) {
        self.client.open += 1;
        self.ask_for(request);
    }

    fn ask_for(&mut self, request: Request) {
        self.calls += 1;
        let number = self.calls;
        self.client.waiting.insert(number, request.clone());
        self.call(Caller::Client, number, request);
    }

    fn ask_later(&mut self, request: Request, pause: At) {
        self.queue.push(self.now + pause, Happening::Client(ClientEvent::Again(Box::new(request))));
    }

    fn request(&mut self, workload: usize, action: &Action) -> Option<Request> {
        let id =
            |world: &Self, pipeline: usize| -> PipelineId { world.client.pipelines[workload][pipeline][0].pipeline };
        Some(match *action {
            Action::Publish(ref publication) => {
                self.publish(workload, publication.clone());
                return None;
            }
            Action::Apply { pipeline, version } => {
                Request::Apply(Arc::clone(&self.client.pipelines[workload][pipeline][version]))
            }
            Action::Start { pipeline, key } => {
                let pipeline = id(self, pipeline);
                Request::Start(Box::new(StartRun {
                    run: RunId::of_key(pipeline, &key.to_string()),
                    pipeline,
                    trigger: Trigger::Manual { user: "user".to_owned() },
                    inputs: Map::new(),
                    environment: Map::new(),
                    environment_name: String::new(),
                    selection: None,
                    version: 0,
                }))
            }
            Action::Cancel { pipeline, key } => Request::Cancel(RunId::of_key(id(self, pipeline), &key.to_string())),
            Action::CancelSome => {
                let living: Vec<RunId> = self.census.living().collect();
                if living.is_empty() {
                    return None;
                }
                Request::Cancel(*self.dice.pick(&living))
            }
            Action::MarkSome => return people::mark_some(self),
            Action::RestartSome => return people::restart_some(self),
            Action::Pause { pipeline } => {
                let pipeline = id(self, pipeline);
                Request::Other(Box::new(Command::PausePipeline { pipeline, reason: "simulated".to_owned() }))
            }
            Action::Resume { pipeline } => {
                Request::Other(Box::new(Command::ResumePipeline { pipeline: id(self, pipeline) }))
            }
            Action::Backfill { pipeline, key, first, hours, max_active, force } => {
                let (pipeline, key) = (id(self, pipeline), key.to_string());
                let at = |hour: u64| Timestamp::from_second(YEAR_2020 + hour as i64 * 3_600).unwrap_or(Timestamp::MAX);
                Request::Other(Box::new(Command::CreateBackfill(Box::new(CreateBackfill {
                    backfill: BackfillId::of_key(pipeline, &key),
                    pipeline,
                    schedule: "hourly".to_owned(),
                    from: at(first),
                    to: at(first + hours),
                    instants: (first..first + hours).map(at).collect(),
                    max_active,
                    force,
                    user: "user".to_owned(),
                }))))
            }
            Action::CancelBackfill { pipeline, key } => {
                let backfill = BackfillId::of_key(id(self, pipeline), &key.to_string());
                Request::Other(Box::new(Command::CancelBackfill { backfill, reason: "simulated".to_owned() }))
            }
            Action::SetPrices => return Some(spending::set_prices(self)),
            Action::BillSome { pipeline } => return Some(spending::bill_some(self, id(self, pipeline))),
            Action::ReleaseSome => return spending::release_some(self),
            Action::SetBudget { micros } => return Some(spending::set_budget(micros)),
            Action::SetPool { slots } => {
                Request::Other(Box::new(Command::SetPool { name: "shared".to_owned(), slots: Some(slots) }))
            }
        })
    }
}
