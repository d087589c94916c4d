//! What a world tells of its runs, live or ended.

use downbeat_domain::{
    Event, PriorRun, Replay, RunId, RunStatus, TaskState, TaskStatus,
    file_commit::{FileCommitEnd, FileCommitEvent},
    inventory::InventoryEvent,
};
use serde_json::Value;

use super::{RUN, World, pipeline, run_id};

/// What people declare of assets, in one line.
pub(super) fn of_inventory(fact: &InventoryEvent) -> String {
    match fact {
        InventoryEvent::Declared { asset, details, .. } => {
            let status = details.status.as_ref().map(|status| format!(" {status}")).unwrap_or_default();
            let name = details.name.as_deref().unwrap_or("-");
            format!("AssetDeclared {asset} {name}{status}")
        }
        InventoryEvent::Removed { asset, .. } => format!("AssetRemoved {asset}"),
        InventoryEvent::Depend { dependencies, .. } => {
            let pairs = dependencies.iter().map(|one| format!(" {}>{}", one.from, one.to));
            format!("DependenciesDeclared{}", pairs.collect::<String>())
        }
    }
}

/// A commit that somebody asks for, in one line.
pub(super) fn of_file_commit(fact: &FileCommitEvent) -> String {
    match fact {
        FileCommitEvent::Asked(asked) => {
            format!("FileCommitAsked {} {}: {}", asked.storage.repository, asked.branch, asked.message)
        }
        FileCommitEvent::Ended(ended) => match &ended.end {
            FileCommitEnd::Stands { origin, changed } => format!("FileCommitEnded {} {changed}", origin.branch),
            FileCommitEnd::Refused(why) => format!("FileCommitEnded refused: {why}"),
            FileCommitEnd::Unknown(why) => format!("FileCommitEnded unknown: {why}"),
        },
    }
}

impl World {
    pub(crate) fn status_of(&self, task: &str) -> TaskStatus {
        self.task(task).status()
    }

    pub(crate) fn task(&self, task: &str) -> &TaskState {
        &self.partition.runs[&RUN].tasks[self.place(RUN, task) as usize]
    }

    pub(crate) fn run_status(&self) -> RunStatus {
        self.run_status_of("")
    }

    pub(crate) fn run_status_of(&self, label: &str) -> RunStatus {
        self.partition.run_status(self.run(label)).unwrap_or_else(|| panic!("no run `{label}`"))
    }

    /// Is there a run of this label?
    pub(crate) fn knows(&self, label: &str) -> bool {
        self.labels.values().any(|known| known == label)
    }

    /// What was said at the end of a run.
    pub(crate) fn message_of(&self, label: &str) -> String {
        let id = self.run(label);
        let ends = self.history.iter().find_map(|event| match event {
            Event::RunFinished { run, message, .. } if *run == id => Some(message.clone()),
            _ => None,
        });
        ends.unwrap_or_else(|| panic!("run `{label}` has not ended"))
    }

    /// The task runs of a run, live or ended, each with its status, and as what others see it where that differs.
    pub(crate) fn tasks_of(&self, label: &str) -> Vec<String> {
        let replay = self.replay(label);
        let run = replay.run().unwrap_or_else(|| panic!("no run `{label}`"));
        let shown = run.tasks.iter().zip(&self.known[&run.id].tasks).map(|(task, name)| {
            let seen = if task.seen_status() == task.status() {
                String::new()
            } else {
                format!(" seen as {}", task.seen_status())
            };
            format!("{name} {}{seen}", task.status())
        });
        shown.collect()
    }

    /// What a task of a run, live or ended, has set.
    pub(crate) fn outputs_of(&self, label: &str, task: &str) -> Value {
        let replay = self.replay(label);
        let run = replay.run().unwrap();
        let outputs = run.tasks[self.place(run.id, task) as usize].outputs.as_deref();
        Value::Object(outputs.cloned().unwrap_or_default())
    }

    fn replay(&self, label: &str) -> Replay {
        let run = self.run(label);
        let mut replay = Replay::new(run, self.known[&run].pipeline);
        self.history.iter().for_each(|event| replay.fold(event));
        replay
    }

    /// A run that has ended, as its restart knows it.
    pub(crate) fn prior(&self, label: &str) -> PriorRun {
        self.replay(label).prior().unwrap_or_else(|| panic!("run `{label}` has not ended"))
    }

    /// The run of a label.
    pub(crate) fn run(&self, label: &str) -> RunId {
        let named = self.labels.iter().find(|(_, known)| *known == label).map(|(run, _)| *run);
        named.unwrap_or_else(|| run_id(label))
    }

    pub(super) fn label(&self, run: RunId) -> String {
        self.labels.get(&run).cloned().unwrap_or_default()
    }

    /// The place of a task by its id; `id[2]` is its iteration 2.
    pub(crate) fn place(&self, run: RunId, task: &str) -> u32 {
        let planned = || self.partition.pipelines[&pipeline()].plan.task_by_id.get(task).copied();
        let known = self.known.get(&run).and_then(|run| run.tasks.iter().position(|name| name == task));
        known.map(|place| place as u32).or_else(planned).unwrap_or_else(|| panic!("there is no task `{task}`"))
    }
}
