//! An event in one line, as tests expect it.

use downbeat_domain::{
    AttemptRef, Event, PipelineId, connection::ConnectionEvent, endpoint::EndpointEvent, environment::EnvironmentEvent,
    event::AccessEvent,
};
use jiff::Timestamp;
use serde_json::Value;

use super::World;

impl World {
    pub(super) fn line(&self, event: &Event) -> String {
        let text = self.plain_line(event);
        match event.run().map(|run| self.label(run)).filter(|label| !label.is_empty()) {
            Some(label) => format!("{label}: {text}"),
            None => text,
        }
    }

    fn plain_line(&self, event: &Event) -> String {
        let group = |place: &u32| match event.run().and_then(|run| self.known.get(&run)) {
            Some(run) => run.plan.plan.groups[*place as usize].id.clone(),
            None => format!("#{place}"),
        };
        let task = |place: &u32| match event.run().and_then(|run| self.known.get(&run)) {
            Some(run) => run.tasks.get(*place as usize).cloned().unwrap_or_else(|| format!("#{place}")),
            None => format!("#{place}"),
        };
        let attempt = |attempt: &AttemptRef| format!("{}#{}", task(&attempt.task), attempt.number);
        let seconds = |at: &Timestamp| at.duration_since(self.now).as_secs();
        let later = |at: &Option<Timestamp>| {
            at.as_ref().map(|at| format!(" again after {} s", seconds(at))).unwrap_or_default()
        };
        let until =
            |at: &Option<Timestamp>| at.as_ref().map(|at| format!(" for {} s", seconds(at))).unwrap_or_default();
        let warning = |as_warning: &bool| if *as_warning { " as a warning" } else { "" };
        let iteration = |id: &Option<String>| id.as_ref().map(|id| format!("[{id}]")).unwrap_or_default();
        match event {
            Event::PartitionOwned { .. } => "PartitionOwned".to_owned(),
            Event::PipelineApplied(applied) => format!("PipelineApplied version {}", applied.version),
            Event::PipelineDrafted(drafted) => format!("PipelineDrafted version {}", drafted.version),
            Event::PipelineRecalled(recalled) => format!("PipelineRecalled version {}", recalled.version),
            Event::PipelineStorageSet { storage, .. } => {
                format!("PipelineStorageSet {} {}", storage.provider.as_str(), storage.repository)
            }
            Event::PipelinePaused { reason, .. } => format!("PipelinePaused: {reason}"),
            Event::PipelineResumed { .. } => "PipelineResumed".to_owned(),
            Event::PipelineDeleted { .. } => "PipelineDeleted".to_owned(),
            Event::PoolSet { name, slots, .. } => format!("PoolSet {name} {slots:?}"),
            Event::ScheduleDecided(decided) => {
                let passed =
                    decided.passed.iter().map(|passed| format!(" {}x{}", passed.reason.as_str(), passed.count));
                format!("ScheduleDecided {}:{}", decided.schedule, passed.collect::<String>())
            }
            Event::Cost(fact) => super::costs::line(fact),
            Event::Environment(EnvironmentEvent::Set(set)) => {
                let values = set.variables.iter().map(|(name, variable)| format!(" {name}={}", variable.value));
                let default = if set.is_default { " as the default" } else { "" };
                format!("EnvironmentSet {}{}{default}", set.name, values.collect::<String>())
            }
            Event::Environment(EnvironmentEvent::Removed { name, .. }) => format!("EnvironmentRemoved {name}"),
            Event::Inventory(fact) => super::told::of_inventory(fact),
            Event::FileCommit(fact) => super::told::of_file_commit(fact),
            Event::ToolStateKept(kept) => format!("ToolStateKept {} {}", kept.integration, kept.entries.len()),
            Event::LineageReported(reported) => format!("LineageReported part {}", reported.part),
            Event::LevelRaised { before, level, .. } => format!("LevelRaised {before} to {level}"),
            Event::TimeZonesChanged { before, release, .. } => format!("TimeZonesChanged {before} to {release}"),
            Event::SensorOpened(opened) => format!("SensorOpened {}", opened.window.sensor),
            Event::SensorChecked(checked) => {
                let found = checked.findings.iter().map(|it| match it.message.as_str() {
                    "" => it.state.to_string(),
                    message => format!("{} ({message})", it.state),
                });
                format!("SensorChecked {}: {}", checked.window.sensor, found.collect::<Vec<_>>().join(", "))
            }
            Event::SensorClosed(closed) => {
                format!("SensorClosed {} {}: {}", closed.window.sensor, closed.end, closed.message)
            }
            Event::SensorEventTaken(taken) => format!("SensorEventTaken {}", taken.event_type),
            Event::AssetsMaterialised(done) => format!("AssetsMaterialised {}", done.assets.join(", ")),
            Event::AssetTriggerDeclined(declined) => {
                let alias = &self.partition.pipelines[&declined.pipeline].alias;
                format!("AssetTriggerDeclined {} of {alias}: {}", declined.trigger, declined.reason)
            }
            Event::FreshnessBreached(breached) => {
                let since = |at: &Timestamp| at.duration_since(super::instant(0)).as_secs();
                let last = breached.last.map_or("never".to_owned(), |(_, at)| format!("last at {} s", since(&at)));
                format!(
                    "FreshnessBreached {} of {}, {last}",
                    breached.rule, self.partition.pipelines[&breached.pipeline].alias
                )
            }
            Event::FreshnessRestored(restored) => {
                let by = if restored.run.is_some() { " by a run" } else { "" };
                format!(
                    "FreshnessRestored {} of {}{by}",
                    restored.rule, self.partition.pipelines[&restored.pipeline].alias
                )
            }
            Event::DeadlineMet(met) => {
                format!("DeadlineMet {}{}", met.deadline, if met.run.is_some() { " by a run" } else { "" })
            }
            Event::DeadlineBreached(breached) => {
                let live = breached.live.map(|(_, status)| format!(" while a run is {status}")).unwrap_or_default();
                format!("DeadlineBreached {}{live}", breached.deadline)
            }
            Event::AlertsRaised(raised) => {
                let told = raised.alerts.iter().map(|alert| {
                    let to = alert.content["destination"].as_str().unwrap_or_default();
                    format!(" {} to {}{to}", alert.name, alert.integration)
                });
                let held = raised.held.iter().map(|name| format!(" {name} held"));
                let found =
                    raised.anomalies.iter().map(|it| format!(" {} ms, usual {}", it.observed_ms, it.baseline_ms));
                let what: String = told.chain(held).chain(found).collect::<Vec<String>>().join(",");
                let scope = if raised.scope.is_empty() { "run" } else { &raised.scope };
                format!("AlertsRaised {scope} {}:{what}", raised.status)
            }
            Event::AlertDelivered { .. } => "AlertDelivered".to_owned(),
            Event::AlertFailed { message, retry_at, .. } => format!("AlertFailed: {message}{}", until(retry_at)),
            Event::AlertRetried { .. } => "AlertRetried".to_owned(),
            Event::Access(fact) => match fact.as_ref() {
                AccessEvent::KeyCreated(made) => {
                    let seconds = made.expires_at.duration_since(made.at).as_secs();
                    format!("KeyCreated {} for {seconds} s by {}", made.name, made.by)
                }
                AccessEvent::KeyRevoked { name, .. } => format!("KeyRevoked {name}"),
                AccessEvent::LoginBegun(begun) => {
                    format!("LoginBegun {} of {} for {}", begun.login.0[0], begun.subject, begun.client)
                }
                AccessEvent::LoginCompleted { renewed, .. } => format!(
                    "LoginCompleted {} for {} s, {} s idle",
                    renewed.login.0[0],
                    seconds(&renewed.access_expires_at) - seconds(&renewed.at),
                    seconds(&renewed.refresh_expires_at) - seconds(&renewed.at),
                ),
                AccessEvent::LoginRefreshed { renewed, again } => {
                    format!("LoginRefreshed {}{}", renewed.login.0[0], if *again { " again" } else { "" })
                }
                AccessEvent::LoginEnded { login, subject, end, .. } => {
                    format!("LoginEnded {} of {subject}: {}", login.0[0], end.as_str())
                }
                AccessEvent::ToolsCalled(called) => {
                    let about: String =
                        called.targets.iter().map(|it| format!(" {} {}", it.kind.as_str(), it.id)).collect();
                    let how = if called.code.is_empty() { String::new() } else { format!(": {}", called.code) };
                    let (since, at) = (seconds(&called.since), seconds(&called.at));
                    format!("ToolsCalled {}{about} {} times from {since} to {at} s{how}", called.tool, called.calls)
                }
                AccessEvent::KeysUsed { keys, hour } => {
                    let named: Vec<u8> = keys.iter().map(|key| key.0[0]).collect();
                    format!("KeysUsed {named:?} in the hour of {} s", hour.duration_since(super::instant(0)).as_secs())
                }
            },
            Event::Endpoint(fact) => match fact.as_ref() {
                EndpointEvent::Opened(opened) => {
                    format!("EndpointOpened {} {} by {}", opened.name, opened.scheme.as_str(), opened.by)
                }
                EndpointEvent::Rotated { secret, old_until, at, .. } => {
                    format!("EndpointRotated to {secret}, others for {} s", old_until.duration_since(*at).as_secs())
                }
                EndpointEvent::Closed { name, .. } => format!("EndpointClosed {name}"),
            },
            Event::Connection(fact) => match fact.as_ref() {
                ConnectionEvent::Saved(saved) => {
                    let fields: String = saved.fields.iter().map(|field| format!(" {}", field.name)).collect();
                    let default = if saved.is_default { " as the default" } else { "" };
                    format!("ConnectionSaved {} version {}{fields}{default}", saved.name, saved.version)
                }
                ConnectionEvent::Removed { name, .. } => format!("ConnectionRemoved {name}"),
                ConnectionEvent::Tested { name, health, message, .. } => {
                    format!("ConnectionTested {name}: {} {message}", health.as_str())
                }
                ConnectionEvent::Resealed { connections, master_key, .. } => {
                    format!("ConnectionsResealed {connections} with {master_key}")
                }
            },
            Event::CommandRejected(rejected) => format!("CommandRejected: {}", rejected.message),
            Event::EventTaken(taken) => {
                format!("EventTaken {} part {} of {}", taken.origin.id, taken.part, taken.trigger)
            }
            Event::BackfillCreated(created) => format!(
                "BackfillCreated {}: {} left, {} skipped",
                created.schedule,
                created.instants.len(),
                created.skipped.len()
            ),
            Event::BackfillCancelled { reason, .. } => format!("BackfillCancelled: {reason}"),
            Event::BackfillDeclined { instants, reason, .. } => {
                format!("BackfillDeclined {}: {reason}", instants.len())
            }
            Event::RunCreated(created) => format!("RunCreated of version {}", created.version),
            Event::RunCancelRequested { reason, .. } => format!("RunCancelRequested: {reason}"),
            Event::RunQueued { reason, .. } => format!("RunQueued: {reason}"),
            Event::RunAdmitted { deadline, .. } => format!("RunAdmitted{}", until(deadline)),
            Event::RunTimedOut { .. } => "RunTimedOut".to_owned(),
            Event::CarryCompleted { .. } => "CarryCompleted".to_owned(),
            Event::FollowersDue { followers, .. } => {
                let alias = |id: &PipelineId| self.partition.pipelines[id].alias.clone();
                let mut named: Vec<String> =
                    followers.iter().map(|it| format!("{} by {}", alias(&it.pipeline), it.trigger)).collect();
                named.sort();
                format!("FollowersDue {}", named.join(", "))
            }
            Event::FollowerDeclined { pipeline, reason, .. } => {
                format!("FollowerDeclined {}: {reason}", self.partition.pipelines[pipeline].alias)
            }
            Event::RunFinished { status, message, .. } => format!("RunFinished {status} {message}").trim().to_owned(),
            Event::GroupOpened { group: place, .. } => format!("GroupOpened {}", group(place)),
            Event::GroupSkipped { group: place, reason, .. } => format!("GroupSkipped {}: {reason}", group(place)),
            Event::MatrixExpanded { group: place, axes, .. } => {
                let axes: Vec<String> =
                    axes.iter().map(|(name, values)| format!("{name}={}", Value::Array(values.clone()))).collect();
                format!("MatrixExpanded {} {}", group(place), axes.join(" "))
            }
            Event::IterationOpened { group: place, iteration, .. } => {
                format!("IterationOpened {}[{iteration}]", group(place))
            }
            Event::IterationSkipped { group: place, iteration, reason, .. } => {
                format!("IterationSkipped {}[{iteration}]: {reason}", group(place))
            }
            Event::IterationsEnded { task: place, status, .. } => format!("IterationsEnded {} {status}", task(place)),
            Event::TaskCarriedOver(carried) => {
                format!("TaskCarriedOver {}{} {}", task(&carried.task), iteration(&carried.iteration), carried.status)
            }
            Event::TaskResumes { task: place, iteration: id, operations, .. } => {
                format!("TaskResumes {}{}: {}", task(place), iteration(id), operations.join(", "))
            }
            Event::TaskMarked { task: place, mark, by, reason, .. } => {
                format!("TaskMarked {} {mark} by {by}: {reason}", task(place))
            }
            Event::TaskReady { task: place, .. } => format!("TaskReady {}", task(place)),
            Event::TaskSkipped { task: place, reason, .. } => format!("TaskSkipped {}: {reason}", task(place)),
            Event::TaskFailed { task: place, message, as_warning, .. } => {
                format!("TaskFailed {}{}: {message}", task(place), warning(as_warning))
            }
            Event::AttemptLeased { attempt: of, parameters, .. } => {
                let parameters = parameters.clone().map(|fields| format!(" with {}", Value::Object(fields)));
                format!("AttemptLeased {}{}", attempt(of), parameters.unwrap_or_default())
            }
            Event::AttemptStarted { attempt: of, deadline, .. } => {
                format!("AttemptStarted {}{}", attempt(of), until(deadline))
            }
            Event::AttemptSucceeded { attempt: of, outcome, .. } => {
                format!("AttemptSucceeded {} {outcome}", attempt(of))
            }
            Event::AttemptFailed { attempt: of, class, retry_at, as_warning, .. } => {
                format!("AttemptFailed {} {class}{}{}", attempt(of), later(retry_at), warning(as_warning))
            }
            Event::AttemptLost { attempt: of, retry_at, as_warning, .. } => {
                format!("AttemptLost {}{}{}", attempt(of), later(retry_at), warning(as_warning))
            }
            Event::AttemptStopRequested { attempt: of, reason, .. } => {
                format!("AttemptStopRequested {} {reason}", attempt(of))
            }
            Event::AttemptStopped { attempt: of, unconfirmed, .. } => {
                let doubt = if unconfirmed.is_empty() { String::new() } else { format!(" unconfirmed: {unconfirmed}") };
                format!("AttemptStopped {}{doubt}", attempt(of))
            }
            Event::WaitStarted { attempt: of, until, .. } => {
                format!("WaitStarted {} for {} s", attempt(of), seconds(until))
            }
            Event::ApprovalRequested { attempt: of, approvers, until: at, .. } => {
                format!("ApprovalRequested {}{} of {approvers:?}", attempt(of), until(at))
            }
            Event::ApprovalDecided { attempt: of, approved, by, as_warning, .. } => {
                let decision = if *approved { "approved" } else { "rejected" };
                format!("ApprovalDecided {} {decision} by {by}{}", attempt(of), warning(as_warning))
            }
            Event::ChildStarted { attempt: of, detached, deadline, .. } => {
                format!("ChildStarted {}{}{}", attempt(of), if *detached { " detached" } else { "" }, until(deadline))
            }
            Event::ChildEnded { attempt: of, status, retry_at, .. } => {
                format!("ChildEnded {} {status}{}", attempt(of), later(retry_at))
            }
            Event::OperationsCollected { attempt: of, chunk, .. } => {
                format!("OperationsCollected {} chunk {chunk}", attempt(of))
            }
        }
    }
}
