//! What could be saved, by fixed rules: one file per rule, each a pure function of what was read.
//!
//! Promises: the same rows and the same instant give the same findings; every finding names what it rests on; what the evidence does not
//! give is not estimated; money of two currencies is never added. Work is bounded: of each rule the largest candidates are looked at, which
//! the fold keeps in an index, and the answer says where there were more. Knows nothing about clocks.

mod assets;
mod facts;
mod finding;
mod slow;
mod twice;
mod unchanged;
mod waits;
mod wasted;

use std::collections::BTreeSet;

use downbeat_domain::PipelineId;
use downbeat_proto::metadata::v1 as wire;

use self::{
    facts::Candidates,
    finding::{Finding, Period},
    twice::DoesIt,
    unchanged::ScheduleFacts,
};
use super::{Refusal, runs};
use crate::{
    engine::{
        candidates::Kind,
        costs::rows::TotalsRow,
        durations::DurationRow,
        keys::{cost as cost_keys, graph::node, savings, trends},
        schedules::ScheduleRow,
        spending::RunSpendRow,
        twice::{Member, SameRow},
    },
    limits,
    published::View,
};

/// A rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rule {
    /// It costs, and nobody reads it.
    UnusedAsset,
    /// It costs, and is built more often than it is read.
    BuiltMoreThanRead,
    /// It takes longer than it used to.
    SlowingTask,
    /// It takes half of what its pipeline takes.
    SlowTask,
    /// Its attempts fail.
    WastedAttempts,
    /// Its runs change nothing.
    UnchangedData,
    /// Several build the same asset.
    WrittenTwice,
    /// Several pipelines have the same plan.
    SamePipeline,
    /// Several tasks do the same job.
    SameJob,
    /// Several copy the same source.
    SameSource,
    /// It waits longer than it runs.
    WaitsMoreThanRuns,
}

impl Rule {
    /// Every rule.
    pub const ALL: [Self; 11] = [
        Self::UnusedAsset,
        Self::BuiltMoreThanRead,
        Self::SlowingTask,
        Self::SlowTask,
        Self::WastedAttempts,
        Self::UnchangedData,
        Self::WrittenTwice,
        Self::SamePipeline,
        Self::SameJob,
        Self::SameSource,
        Self::WaitsMoreThanRuns,
    ];

    /// The word of the API.
    pub fn code(self) -> &'static str {
        match self {
            Self::UnusedAsset => "UNUSED_ASSET",
            Self::BuiltMoreThanRead => "BUILT_MORE_THAN_READ",
            Self::SlowingTask => "SLOWING_TASK",
            Self::SlowTask => "SLOW_TASK",
            Self::WastedAttempts => "WASTED_ATTEMPTS",
            Self::UnchangedData => "UNCHANGED_DATA",
            Self::WrittenTwice => "WRITTEN_TWICE",
            Self::SamePipeline => "SAME_PIPELINE",
            Self::SameJob => "SAME_JOB",
            Self::SameSource => "SAME_SOURCE",
            Self::WaitsMoreThanRuns => "WAITS_MORE_THAN_RUNS",
        }
    }
}

/// What could be saved, as of `now` (microseconds since the epoch).
///
/// # Errors
/// `NotFound` for an unknown pipeline; `Invalid` for an unknown rule; `Store`.
pub fn find(view: &View<'_>, asked: &wire::GetSavingsRequest, now: i64) -> Result<wire::GetSavingsResponse, Refusal> {
    let only = match asked.pipeline.as_str() {
        "" => None,
        named => Some(runs::find_pipeline(view, named)?),
    };
    let rules = rules(&asked.rules)?;
    let period = Period::up_to(now);
    let mut search = Search { view, period, rules, found: Vec::new(), incomplete: BTreeSet::new() };
    search.assets()?;
    search.tasks()?;
    search.schedules()?;
    search.twice()?;
    let Search { found, incomplete, .. } = search;
    let concerns = |found: &Finding| only.is_none_or(|pipeline| found.pipelines.contains(&pipeline));
    let mut found: Vec<Finding> = found.into_iter().filter(concerns).collect();
    found.sort_by_cached_key(Finding::order);
    let mut incomplete: Vec<String> = incomplete.into_iter().map(|rule| rule.code().to_owned()).collect();
    if found.len() > limits::SAVINGS_MAX {
        incomplete.push(format!("{} further findings did not fit", found.len() - limits::SAVINGS_MAX));
        found.truncate(limits::SAVINGS_MAX);
    }
    let savings = found.into_iter().map(|found| found.saving).collect();
    Ok(wire::GetSavingsResponse { savings, incomplete, from: period.from, to: period.to, position: None })
}

fn rules(asked: &[String]) -> Result<BTreeSet<Rule>, Refusal> {
    if asked.is_empty() {
        return Ok(Rule::ALL.into());
    }
    if asked.len() > limits::RULES_ASKED_MAX {
        return Err(Refusal::Invalid(format!("rules: at most {}", limits::RULES_ASKED_MAX)));
    }
    let read = |code: &String| {
        let rule = Rule::ALL.into_iter().find(|rule| rule.code() == code);
        rule.ok_or_else(|| {
            let known = Rule::ALL.map(Rule::code).join(", ");
            let shown: String = code.chars().take(50).collect();
            Refusal::Invalid(format!("rules: there is no `{shown}`, but {known}"))
        })
    };
    asked.iter().map(read).collect()
}

/// One question on its way.
struct Search<'a> {
    view: &'a View<'a>,
    period: Period,
    rules: BTreeSet<Rule>,
    found: Vec<Finding>,
    incomplete: BTreeSet<Rule>,
}

impl Search<'_> {
    fn wants(&self, rules: &[Rule]) -> bool {
        rules.iter().any(|rule| self.rules.contains(rule))
    }

    /// What to look at for these rules; nothing where nobody asks for one of them.
    fn candidates(&mut self, rules: &[Rule], kind: Kind, group: &str, most: usize) -> Result<Vec<Vec<u8>>, Refusal> {
        if !self.wants(rules) {
            return Ok(Vec::new());
        }
        let Candidates { subjects, complete } = facts::candidates(self.view, kind, group, most)?;
        if !complete {
            self.incomplete.extend(rules.iter().filter(|rule| self.rules.contains(rule)));
        }
        Ok(subjects)
    }

    fn take(&mut self, found: impl IntoIterator<Item = Finding>) {
        let rules = &self.rules;
        let asked = |found: &Finding| rules.iter().any(|rule| rule.code() == found.saving.rule);
        self.found.extend(found.into_iter().filter(asked));
    }

    fn assets(&mut self) -> Result<(), Refusal> {
        const RULES: [Rule; 2] = [Rule::UnusedAsset, Rule::BuiltMoreThanRead];
        let totals: TotalsRow = self.view.get(cost_keys::TOTALS)?.unwrap_or_default();
        for currency in totals.by_currency.keys() {
            let most = limits::CANDIDATES_LOOKED_AT_MAX;
            for subject in self.candidates(&RULES, Kind::Asset, currency, most)? {
                if let Some(asset) = facts::asset(self.view, &subject, currency, self.period)? {
                    self.take(assets::find(&asset, self.period));
                }
            }
        }
        Ok(())
    }

    fn tasks(&mut self) -> Result<(), Refusal> {
        let rules = [
            (Rule::SlowingTask, Kind::Slowing),
            (Rule::SlowTask, Kind::Slow),
            (Rule::WastedAttempts, Kind::Wasted),
            (Rule::WaitsMoreThanRuns, Kind::Waits),
        ];
        for (rule, kind) in rules {
            for subject in self.candidates(&[rule], kind, "", limits::CANDIDATES_LOOKED_AT_MAX)? {
                let Some(task) = facts::task(self.view, &subject, self.period)? else { continue };
                match rule {
                    Rule::SlowingTask => self.take(slow::slowing(&task)),
                    Rule::SlowTask => self.take(slow::slow(&task)),
                    Rule::WastedAttempts => self.take(wasted::find(&task)),
                    _ => self.take(waits::find(&task)),
                }
            }
        }
        Ok(())
    }

    fn schedules(&mut self) -> Result<(), Refusal> {
        let most = limits::COSTLY_CANDIDATES_LOOKED_AT_MAX;
        for subject in self.candidates(&[Rule::UnchangedData], Kind::Unchanged, "", most)? {
            let Some((pipeline, name)) = savings::read_of_pipeline(&subject) else { continue };
            let Some(known) = facts::pipeline(self.view, pipeline)? else { continue };
            let Some(row) = self.view.get::<ScheduleRow>(&trends::schedule(pipeline, name))? else { continue };
            if row.unchanged_in_a_row() < limits::UNCHANGED_RUNS_MIN {
                continue;
            }
            let mut spent = Vec::with_capacity(row.firings.len());
            for firing in &row.firings {
                let run = firing.run_id.parse().ok();
                let row = run.map(|run| self.view.get::<RunSpendRow>(&savings::spent_on_run(run))).transpose()?;
                spent.push(row.flatten().unwrap_or_default().micros);
            }
            let subject = facts::subject_of(&known.alias, name);
            self.take(unchanged::find(&ScheduleFacts { pipeline, subject, row, spent }, self.period));
        }
        Ok(())
    }

    fn twice(&mut self) -> Result<(), Refusal> {
        let most = limits::COSTLY_CANDIDATES_LOOKED_AT_MAX;
        for (rule, kind) in [(Rule::WrittenTwice, Kind::WrittenTwice), (Rule::SameSource, Kind::SameSource)] {
            for subject in self.candidates(&[rule], kind, "", most)? {
                let Ok(at) = subject.as_slice().try_into() else { continue };
                let key = if rule == Rule::SameSource { savings::copies(at) } else { savings::builders(at) };
                let Some(row) = self.view.get::<SameRow>(&key)? else { continue };
                let all = self.at_work(&row, rule)?;
                self.take(twice::find(rule, &row.asset, &all));
            }
        }
        let mut whole: Vec<BTreeSet<PipelineId>> = Vec::new();
        let mut single = Vec::new();
        for subject in self.candidates(&[Rule::SamePipeline, Rule::SameJob], Kind::SameJob, "", most)? {
            let Ok(job) = subject.as_slice().try_into() else { continue };
            let Some(row) = self.view.get::<SameRow>(&savings::job(job))? else { continue };
            let all = self.planned(&row)?;
            if all.iter().all(|one| one.task.is_empty()) {
                if all.len() > 1 {
                    whole.push(all.iter().map(|one| one.pipeline).collect());
                }
                self.take(twice::find(Rule::SamePipeline, "", &all));
            } else {
                single.push(all);
            }
        }
        for all in single {
            // Of pipelines with the same plan every task does the same job: that is said once.
            let pipelines: BTreeSet<PipelineId> = all.iter().map(|one| one.pipeline).collect();
            if !(pipelines.len() == all.len() && whole.iter().any(|same| pipelines.is_subset(same))) {
                self.take(twice::find(Rule::SameJob, "", &all));
            }
        }
        Ok(())
    }

    /// Those who were seen to do it in the period, in pipelines that are there; each once.
    fn at_work(&self, row: &SameRow, rule: Rule) -> Result<Vec<DoesIt>, Refusal> {
        let mut all: Vec<DoesIt> = Vec::new();
        for member in row.members.iter().rev().filter(|member| self.period.holds(member.at)) {
            let Some(mut one) = self.does_it(member)? else { continue };
            if all.iter().any(|known| (known.pipeline, &known.task) == (one.pipeline, &one.task)) {
                continue;
            }
            // Of who builds an asset only what this asset costs counts.
            if rule == Rule::WrittenTwice {
                let theirs = |spend: &&crate::engine::spending::SpendRow| {
                    spend.pipeline == member.pipeline && spend.task == member.task
                };
                let spent = facts::spent_on_asset(self.view, node(&row.asset))?;
                one.spent = spent
                    .iter()
                    .filter(theirs)
                    .map(|spend| {
                        let sums = spend.sums(self.period.today, limits::PERIOD_DAYS);
                        (spend.currency.clone(), sums.micros)
                    })
                    .collect();
                // How long the task took for this asset alone is not kept.
                one.ran = 0;
            }
            all.push(one);
        }
        all.sort_by(|a, b| a.subject.cmp(&b.subject));
        Ok(all)
    }

    /// Those whose newest version has the job.
    fn planned(&self, row: &SameRow) -> Result<Vec<DoesIt>, Refusal> {
        let mut all = Vec::new();
        for member in &row.members {
            let Some(id) = PipelineId::from_slice(&member.pipeline) else { continue };
            let current = facts::pipeline(self.view, id)?.is_some_and(|known| known.version == member.version);
            if current && let Some(one) = self.does_it(member)? {
                all.push(one);
            }
        }
        all.sort_by(|a, b| a.subject.cmp(&b.subject));
        Ok(all)
    }

    fn does_it(&self, member: &Member) -> Result<Option<DoesIt>, Refusal> {
        let Some(pipeline) = PipelineId::from_slice(&member.pipeline) else { return Ok(None) };
        let Some(known) = facts::pipeline(self.view, pipeline)? else { return Ok(None) };
        let row: DurationRow = self.view.get(&trends::durations(pipeline, &member.task))?.unwrap_or_default();
        let spent = facts::spent_on_task(self.view, pipeline, &member.task, self.period)?;
        Ok(Some(DoesIt {
            pipeline,
            task: member.task.clone(),
            subject: facts::subject_of(&known.alias, &member.task),
            run: if member.run.is_empty() { row.last_run.clone() } else { member.run.clone() },
            sequence: member.sequence,
            spent: spent.into_iter().map(|(currency, sum)| (currency, sum.micros)).collect(),
            ran: row.sums(self.period.today, limits::PERIOD_DAYS).ran,
            to: member.to.clone(),
        }))
    }
}
