//! What is broken: failures by their causes, each with since when, what it takes along, what changed before it, and what to type.

use std::collections::{BTreeMap, BTreeSet};

use downbeat_domain::PipelineId;
use downbeat_proto::metadata::v1 as wire;

use super::{
    causes::{self, Group, Link, since, task},
    changes, commands, counted, evidence, instant, known, left_out, others, reach, say,
};
use crate::{
    engine::{
        failing::{
            classes,
            rows::{FailingEntry, FailingTask, Lane, RunMark, Standing},
        },
        graph::reporter,
        keys::{answers as at, graph::node},
    },
    limits,
    published::View,
    query::Refusal,
};

/// Everything that fails now, at this instant, microseconds since the epoch.
///
/// # Errors
/// `Invalid`, `Store`.
pub fn broken(view: &View<'_>, limit: u32, now: i64) -> Result<wire::GetBrokenResponse, Refusal> {
    let limit = match limit {
        0 => limits::BROKEN_DEFAULT,
        limit if limit <= limits::BROKEN_MAX => limit,
        limit => return Err(Refusal::Invalid(format!("limit: {limit} is above {}", limits::BROKEN_MAX))),
    } as usize;
    let all = known::failing(view)?;
    let pipelines: BTreeSet<&[u8]> = all.iter().map(|entry| entry.pipeline.as_slice()).collect();
    let mut drafts: Vec<Draft> = causes::groups(&all).into_iter().map(Draft::of_failure).collect();
    let mut beyond = 0;
    beyond += checks(view, &all, &mut drafts)?;
    beyond += breaches(view, &all, &mut drafts)?;
    let others =
        others::dead_alerts(view)?.into_iter().chain(others::budgets(view, now)?).chain(others::quarantine(view)?);
    drafts.extend(others.map(Draft::other));

    // Those that hold most come first, so that the ones that matter are among those whose reach is worked out.
    drafts.sort_by_key(|draft| (std::cmp::Reverse(draft.held(&all)), draft.since(&all), draft.place()));
    let mut room = limits::REACH_ROWS_MAX;
    let worked_out = drafts.len().min(limits::REACH_GROUPS_MAX);
    for draft in &mut drafts[..worked_out] {
        draft.starts = draft.starts(view, &all)?;
        draft.below = reach::below(view, &draft.starts, &mut room)?;
        draft.followers = reach::followers(view, &draft.pipelines(&all))?;
    }
    drafts[..worked_out].sort_by_key(|draft| (std::cmp::Reverse(draft.sum(&all)), draft.since(&all), draft.place()));
    let count = drafts.len();
    drafts.truncate(limit);
    let mut answer = wire::GetBrokenResponse {
        now,
        more_groups: left_out(count, limit).saturating_add(beyond),
        failing_pipelines: u32::try_from(pipelines.len()).unwrap_or(u32::MAX),
        ..wire::GetBrokenResponse::default()
    };
    let mut details = Details { view, all: &all, found: BTreeMap::new() };
    for draft in drafts {
        answer.groups.push(draft.told(&mut details)?);
    }
    Ok(answer)
}

/// A group before it is put into words.
#[derive(Default)]
struct Draft {
    /// Of tasks that fail.
    failure: Option<Group>,
    /// Of anything else, in words already.
    other: Option<wire::BrokenGroup>,
    /// Tests and promises that it explains.
    explains: Vec<wire::Statement>,
    /// The asset that it is about.
    asset: Option<String>,
    starts: Vec<String>,
    below: reach::Below,
    followers: BTreeSet<String>,
}

impl Draft {
    fn of_failure(group: Group) -> Self {
        Self { failure: Some(group), ..Self::default() }
    }

    fn other(group: wire::BrokenGroup) -> Self {
        Self { other: Some(group), ..Self::default() }
    }

    fn members<'a>(&'a self, all: &'a [FailingEntry]) -> impl Iterator<Item = &'a FailingEntry> {
        self.failure.iter().flat_map(Group::members).map(move |place| &all[place])
    }

    fn skipped(&self, all: &[FailingEntry]) -> u32 {
        self.members(all).map(|entry| task(entry).skipped).fold(0, u32::saturating_add)
    }

    /// What is known of its reach without looking further.
    fn held(&self, all: &[FailingEntry]) -> u32 {
        let explained = self.failure.as_ref().map_or(0, |group| group.explained.len()) + self.explains.len();
        u32::try_from(explained).unwrap_or(u32::MAX).saturating_add(self.skipped(all))
    }

    fn sum(&self, all: &[FailingEntry]) -> u32 {
        let more = u32::try_from(self.below.assets.len() + self.followers.len()).unwrap_or(u32::MAX);
        self.held(all).saturating_add(more)
    }

    fn since(&self, all: &[FailingEntry]) -> i64 {
        let first = self.members(all).map(since).min();
        first.or_else(|| self.other.as_ref().map(|group| group.since)).unwrap_or_default()
    }

    /// Tells those of one instant apart.
    fn place(&self) -> (usize, String) {
        match (&self.failure, &self.other) {
            (Some(group), _) => (group.root, String::new()),
            (_, Some(other)) => {
                let text = other.what.as_ref().map(|what| what.text.clone()).unwrap_or_default();
                (usize::MAX, format!("{} {text}", other.kind))
            }
            _ => (usize::MAX, String::new()),
        }
    }

    fn pipelines(&self, all: &[FailingEntry]) -> BTreeSet<Vec<u8>> {
        self.members(all).map(|entry| entry.pipeline.clone()).collect()
    }

    /// Assets that do not become what they should.
    fn starts(&self, view: &View<'_>, all: &[FailingEntry]) -> Result<Vec<String>, Refusal> {
        let mut starts: Vec<String> = self.asset.iter().cloned().collect();
        for entry in self.members(all) {
            let task = task(entry);
            starts.extend(reach::names(view, reporter::of_task(&entry.pipeline, &task.task), &task.outputs)?);
            if starts.len() >= limits::FAILING_ASSETS_MAX {
                break;
            }
        }
        starts.sort();
        starts.dedup();
        starts.truncate(limits::FAILING_ASSETS_MAX);
        Ok(starts)
    }

    fn told(self, details: &mut Details<'_>) -> Result<wire::BrokenGroup, Refusal> {
        let (view, all) = (details.view, details.all);
        let (skipped, since) = (self.skipped(all), self.since(all));
        let people = reach::people(view, &self.starts, &self.below)?;
        let mut reach = wire::Reach {
            sum: self.sum(all),
            skipped_tasks: skipped,
            skipped: Vec::new(),
            asset_count: u32::try_from(self.below.assets.len()).unwrap_or(u32::MAX),
            assets: reach::some(self.below.assets.iter().cloned()),
            exposures: reach::some(people.exposures),
            owners: reach::some(people.owners),
            consumers: reach::some(people.consumers),
            followers: reach::some(self.followers.iter().cloned()),
            truncated: self.below.truncated,
        };
        let Some(group) = &self.failure else {
            let mut other = self.other.unwrap_or_default();
            other.explains = self.explains;
            other.reach = Some(reach);
            return Ok(other);
        };
        for place in group.members() {
            if reach.skipped.len() >= limits::REACH_NAMED_MAX || task(&all[place]).skipped == 0 {
                continue;
            }
            details.load(place)?;
            reach.skipped.extend(details.of(place).task.skipped_names.iter().cloned());
            reach.skipped.truncate(limits::REACH_NAMED_MAX);
        }
        let mut explains = Vec::new();
        for (place, cause, link) in group.explained.iter().take(limits::EXPLAINED_MAX) {
            explains.push(explained(details, *place, *cause, link)?);
        }
        let count = group.explained.len() + self.explains.len();
        explains.extend(self.explains.into_iter().take(limits::EXPLAINED_MAX.saturating_sub(explains.len())));
        let more_explained = left_out(count, explains.len());
        let commands = typed(details, group, self.below.truncated.then(|| self.starts.first()).flatten())?;
        details.load(group.root)?;
        let root = details.of(group.root);
        let class = classes::named(&root.task.class);
        let changes = match PipelineId::from_slice(&all[group.root].pipeline) {
            Some(id) => changes::before(view, id, &root.lane, &root.task)?,
            None => Vec::new(),
        };
        Ok(wire::BrokenGroup {
            kind: "FAILURE".to_owned(),
            class: class.name.to_owned(),
            remedy: class.remedy.to_owned(),
            commands,
            since,
            history: Some(root.history()),
            failures: root.task.failures,
            explains,
            more_explained,
            changes,
            reach: Some(reach),
            run_id: root.run(),
            pipeline_alias: root.pipeline.alias.clone(),
            task: root.task.task.clone(),
            what: Some(root.what()),
        })
    }
}

/// What is known of failing tasks, each read once.
struct Details<'v> {
    view: &'v View<'v>,
    all: &'v [FailingEntry],
    found: BTreeMap<usize, Detail>,
}

impl Details<'_> {
    fn load(&mut self, place: usize) -> Result<(), Refusal> {
        if !self.found.contains_key(&place) {
            self.found.insert(place, detail(self.view, &self.all[place])?);
        }
        Ok(())
    }

    /// Of one that was loaded.
    fn of(&self, place: usize) -> &Detail {
        &self.found[&place]
    }
}

/// All that is known of a failing task.
struct Detail {
    task: FailingTask,
    lane: Lane,
    pipeline: wire::Pipeline,
}

fn detail(view: &View<'_>, entry: &FailingEntry) -> Result<Detail, Refusal> {
    let id = PipelineId::from_slice(&entry.pipeline).unwrap_or(PipelineId([0; 16]));
    let standing: Standing = view.get(&at::standing(id))?.unwrap_or_default();
    let lane = standing.lanes.into_iter().find(|lane| lane.environment == entry.environment).unwrap_or_default();
    let known = lane.tasks.iter().find(|known| known.task == task(entry).task).cloned();
    let task = known.unwrap_or_else(|| task(entry).clone());
    Ok(Detail { task, lane, pipeline: known::pipeline(view, &entry.pipeline)? })
}

impl Detail {
    fn latest(&self) -> RunMark {
        self.task.latest.clone().unwrap_or_default()
    }

    fn run(&self) -> String {
        known::shown(&self.latest().run)
    }

    fn name(&self) -> String {
        let of = match self.lane.environment.as_str() {
            "" => self.pipeline.alias.clone(),
            environment => format!("{} ({environment})", self.pipeline.alias),
        };
        if self.task.task.is_empty() { of } else { format!("task {} of {of}", self.task.task) }
    }

    /// The failure itself, as the log has it.
    fn evidence(&self) -> Vec<wire::Evidence> {
        let latest = self.latest();
        let mut rests_on = Vec::new();
        if let Some(run) = downbeat_domain::RunId::from_slice(&latest.run) {
            if !self.task.task.is_empty() {
                let id = downbeat_domain::TaskRunId::derive(run, self.task.place).to_string();
                rests_on.push(evidence("TASK_RUN", id, latest.sequence, latest.at));
            }
            rests_on.push(evidence("RUN", run.to_string(), latest.sequence, latest.at));
        }
        rests_on
    }

    fn what(&self) -> wire::Statement {
        let said = if self.task.message.is_empty() { String::new() } else { format!(": {}", self.task.message) };
        let on = match (self.task.integration.as_str(), self.task.connection.as_str()) {
            ("", _) => String::new(),
            (integration, "") => format!(" ({integration})"),
            (integration, connection) => format!(" ({integration}, connection {connection})"),
        };
        let live = if self.task.live { "; its run goes on" } else { "" };
        say("TASK_FAILS", format!("{}{on} fails{said}{live}", self.name()), self.evidence())
    }

    fn history(&self) -> wire::Statement {
        let first = self.task.first.clone().unwrap_or_default();
        let times = counted(self.task.failures.into(), "run");
        let good = match &self.lane.good {
            Some(good) => format!("the last good run was {} at {}", known::shown(&good.run), instant(good.at)),
            None => "no run of it has ended well yet".to_owned(),
        };
        let text = format!("since {}, in {times}; {good}", instant(first.at));
        let mut rests_on = vec![evidence("RUN", known::shown(&first.run), first.sequence, first.at)];
        rests_on
            .extend(self.lane.good.iter().map(|good| evidence("RUN", known::shown(&good.run), good.sequence, good.at)));
        say("SINCE", text, rests_on)
    }
}

/// A failure and how it follows from another one.
fn explained(details: &mut Details<'_>, place: usize, cause: usize, link: &Link) -> Result<wire::Statement, Refusal> {
    details.load(place)?;
    details.load(cause)?;
    let (it, by) = (details.of(place), details.of(cause));
    let mut rests_on = it.evidence();
    let (rule, how) = match link {
        Link::After => ("COMES_AFTER", format!("it comes after task {}", by.task.task)),
        Link::Child => ("STARTED_IT", format!("it waits for a run of {}, which failed", by.pipeline.alias)),
        Link::Follows => ("FOLLOWS_IT", format!("the end of a failed run of {} started it", by.pipeline.alias)),
        Link::Shared => {
            let connection = match it.task.connection.as_str() {
                "" => format!("the default connection of {}", it.task.integration),
                name => format!("connection {name} of {}", it.task.integration),
            };
            ("SAME_CONNECTION", format!("{} on {connection}, too", it.task.class))
        }
        Link::Reads(asset) => {
            let writer = reporter::of_task(&details.all[cause].pipeline, &by.task.task);
            let names = reach::names(details.view, writer, std::slice::from_ref(asset))?;
            let name = names.first().cloned().unwrap_or_else(|| "an asset".to_owned());
            rests_on.push(evidence("ASSET", &name, 0, by.latest().at));
            (
                "READS_WHAT_IT_WRITES",
                format!("it reads {name}, which task {} of {} writes", by.task.task, by.pipeline.alias),
            )
        }
    };
    Ok(say(rule, format!("{} fails: {how}", it.name()), rests_on))
}

/// What to type about a failure: the cause first, then what it took along in other pipelines. `wide` is an asset below which there is more than
/// was looked at.
fn typed(details: &mut Details<'_>, group: &Group, wide: Option<&String>) -> Result<Vec<String>, Refusal> {
    let all = details.all;
    details.load(group.root)?;
    let root = details.of(group.root);
    let run = root.run();
    let mut typed = Vec::new();
    if root.task.attempts > 0 && !root.task.task.is_empty() {
        typed.push(commands::logs(&run, &root.task.task));
    } else {
        typed.push(commands::why(&run));
    }
    if root.pipeline.paused {
        typed.push(commands::resume(&root.pipeline.alias));
    }
    typed.push(if root.task.live { commands::why(&run) } else { commands::restart(&run) });
    for (place, _, link) in &group.explained {
        let other = &all[*place];
        let starts = matches!(link, Link::Reads(_) | Link::Shared | Link::Child);
        if starts && other.pipeline != all[group.root].pipeline && !task(other).live {
            details.load(*place)?;
            typed.push(commands::restart(&details.of(*place).run()));
        }
        if typed.len() >= limits::COMMANDS_MAX {
            break;
        }
    }
    typed.extend(wide.map(|asset| commands::impact(asset)));
    let mut seen = BTreeSet::new();
    typed.retain(|command| seen.insert(command.clone()));
    Ok(typed)
}

/// Tests of assets that fail: with the task that ran them or that writes the asset, or on their own. Returns how many were not looked at.
fn checks(view: &View<'_>, all: &[FailingEntry], drafts: &mut Vec<Draft>) -> Result<u32, Refusal> {
    let found = others::unhealthy(view)?;
    for asset in &found.found {
        let key = others::key_of(asset).to_owned();
        let bad = others::bad_tests(asset);
        let runs_it = |entry: &FailingEntry| {
            bad.iter().any(|test| {
                let of: Option<PipelineId> = test.pipeline_id.parse().ok();
                of.is_some_and(|of| entry.pipeline == of.0) && test.task == task(entry).task
            })
        };
        let writes = |entry: &FailingEntry| task(entry).outputs.iter().any(|output| output == &node(&key));
        let holds = |draft: &Draft, fits: &dyn Fn(&FailingEntry) -> bool| draft.members(all).any(fits);
        let place = drafts.iter().position(|draft| holds(draft, &runs_it));
        let place = place.or_else(|| drafts.iter().position(|draft| holds(draft, &writes)));
        match place {
            Some(place) => drafts[place].explains.push(others::check(asset)),
            None => {
                let draft = Draft { asset: Some(key), ..Draft::other(others::of_check(asset)) };
                drafts.push(draft);
            }
        }
    }
    Ok(found.left_out)
}

/// Promises that are broken: with what fails of their pipeline or writes their asset, or on their own. Returns how many were not looked at.
fn breaches(view: &View<'_>, all: &[FailingEntry], drafts: &mut Vec<Draft>) -> Result<u32, Refusal> {
    let found = others::breaches(view)?;
    for breach in &found.found {
        let of: Option<PipelineId> = breach.pipeline_id.parse().ok();
        let asset = node(&breach.asset);
        let late = |entry: &FailingEntry| {
            let writes = !breach.asset.is_empty() && task(entry).outputs.iter().any(|output| output == &asset);
            writes || of.is_some_and(|of| entry.pipeline == of.0)
        };
        match drafts.iter().position(|draft| draft.members(all).any(late)) {
            Some(place) => drafts[place].explains.push(others::breach(breach)),
            None => drafts.push(Draft::other(others::of_breach(view, breach)?)),
        }
    }
    Ok(found.left_out)
}
