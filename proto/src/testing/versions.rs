//! Random versions: applied, drafted, read back, kept elsewhere.

use downbeat_domain::{
    ApplyPipeline, Command, Event, GitOrigin, PipelineApplied, PipelineId, PipelineStorage, StorageProvider, plan::Plan,
};

use super::{CHILD, MAIN, World};

fn stored(pipeline: PipelineId, alias: &str, plan: Plan, digest: u8) -> PipelineApplied {
    PipelineApplied {
        pipeline,
        alias: alias.to_owned(),
        version: 0,
        name: format!("The {alias} pipeline"),
        source: "version: v1".to_owned(),
        source_root: "/repo".to_owned(),
        digest: [digest; 32],
        plan,
        origin: None,
        storage: None,
    }
}

pub fn applied(pipeline: PipelineId, alias: &str, plan: Plan, digest: u8) -> Command {
    Command::apply(stored(pipeline, alias, plan, digest))
}

/// One of a few places, some of which cannot be.
fn storage(detail: u8) -> PipelineStorage {
    match detail % 4 {
        0 => PipelineStorage::ours(),
        number => PipelineStorage {
            provider: StorageProvider::Github,
            repository: "acme/data".to_owned(),
            default_branch: ["main", "a..b"][usize::from(number == 3)].to_owned(),
            working_branch: String::new(),
            yaml_path: "orders.yml".to_owned(),
        },
    }
}

impl World {
    /// Mostly the current version; also others, those among them that are not at hand, and one that there is not.
    pub(super) fn version_to_start(&self, which: u8, detail: u8) -> u32 {
        let latest = self.partition.pipelines.get(&MAIN).map_or(0, |state| state.latest);
        if detail % 5 == 4 { 1 + u32::from(which) % (latest + 1) } else { 0 }
    }

    /// A version is stored or comes back, or a file goes elsewhere.
    pub(super) fn of_versions(&self, which: u8, detail: u8, more: u8) -> Command {
        let (pipeline, alias) = [(MAIN, "main"), (MAIN, "main"), (CHILD, "child")][usize::from(which) % 3];
        let of_this = |event: &&Event| match event {
            Event::PipelineApplied(it) | Event::PipelineDrafted(it) => it.pipeline == pipeline,
            _ => false,
        };
        match detail % 6 {
            0 => {
                let known = self.partition.pipelines.get(&pipeline);
                let elsewhere = self.events().filter(of_this).find_map(|event| match event {
                    Event::PipelineApplied(it) | Event::PipelineDrafted(it) => {
                        known.is_some_and(|state| state.is_elsewhere(it.version)).then_some(it)
                    }
                    _ => None,
                });
                // Where all are at hand, another one is applied, so that the next time one is not.
                let plan = self.plan.clone();
                elsewhere.map_or_else(|| applied(MAIN, "main", plan, more), |it| Command::RecallVersion(it.clone()))
            }
            1 => Command::SetPipelineStorage { pipeline, storage: storage(more) },
            number => {
                let mut plan = if pipeline == MAIN { self.plan.clone() } else { Plan::default() };
                // Nothing depends on the last task: another size, so that versions are not taken for one another.
                plan.tasks.truncate(plan.tasks.len().saturating_sub(usize::from(which % 2)).max(1));
                let mut version = stored(pipeline, alias, plan, detail / 8);
                let commit = format!("{detail:02x}").repeat(20);
                version.origin = detail.is_multiple_of(4).then(|| GitOrigin { branch: "main".to_owned(), commit });
                version.storage = detail.is_multiple_of(5).then(|| storage(more));
                let (draft, create) = (number < 5, more.is_multiple_of(7));
                Command::ApplyPipeline(Box::new(ApplyPipeline {
                    applied: version,
                    draft,
                    create,
                    kept: None,
                    base: None,
                }))
            }
        }
    }
}
