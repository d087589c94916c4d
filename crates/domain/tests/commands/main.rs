//! Every command, in tables of given steps, one more step, and the events that follow.
#![allow(clippy::unwrap_used, missing_docs)]

mod alerts;
mod assets;
mod attempts;
mod backfills;
mod budgets;
mod cancel;
mod carrying;
mod children;
mod conditions;
mod connections;
mod costs;
mod declared;
mod endpoints;
mod environments;
mod events;
mod file_commits;
mod followers;
mod graph;
mod groups;
mod inventory;
mod keys;
mod lanes;
mod limits;
mod logins;
mod marks;
mod matrix;
mod people;
mod pipelines;
mod pools;
mod promises;
mod refusals;
mod remote;
mod restarts;
mod runs;
mod schedules;
mod sensors;
mod versions;
mod world;

/// Tasks `a` and `b`, the second after the first, with these lines more for the first.
fn chain(more: &str) -> String {
    format!(
        "pipeline:\n  a:\n    integration: X\n    integration_job: Y\n    parameters: {{}}\n{more}  b:\n    integration: X\n    integration_job: Y\n    parameters: {{}}\n    depends_on: [a]\n"
    )
}
