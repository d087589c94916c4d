//! One file per command.

mod alert;
mod apply;
mod artifacts;
mod asset;
mod audit;
mod backfill;
mod body;
mod breaches;
mod broken;
mod budget;
mod commit;
mod connection;
mod cost;
mod dev;
mod diff;
mod env;
mod explain;
mod find;
mod fmt;
mod import;
mod integrations;
mod key;
mod lineage;
mod listing;
mod log_archive;
mod log_cat;
mod log_export;
mod log_import;
mod log_level;
mod log_verify;
mod login;
mod logs;
mod mcp;
mod now;
mod openlineage;
mod pipeline;
mod plan;
mod pool;
mod run;
mod runs;
mod schedule;
mod schema;
mod sensor;
mod statement;
mod sync;
mod tasks;
mod trends;
mod trigger;
mod validate;
mod values;
mod webhook;

pub use integrations::Row as IntegrationRow;
pub use run::View;

use std::process::ExitCode;

use crate::{
    cli::{Arguments, Command, LogSub},
    error::Error,
};

/// Does what was typed.
pub async fn run(arguments: Arguments) -> Result<ExitCode, Error> {
    match arguments.command {
        Command::Dev(dev) => Box::pin(dev::run(dev)).await,
        Command::Validate(validate) => validate::run(&validate),
        Command::Explain(explain) => explain::run(&explain),
        Command::Integrations(command) => integrations::run(&command).await,
        Command::Schema(schema) => schema::run(&schema),
        Command::Fmt(fmt) => fmt::run(&fmt),
        Command::Diff(diff) => diff::run(&diff),
        Command::Plan(plan) => plan::run(&plan).await,
        Command::Apply(apply) => apply::run(&apply).await,
        Command::Import(import) => import::run(&import).await,
        Command::Sync(sync) => sync::run(&sync).await,
        Command::Commit(commit) => commit::run(&commit).await,
        Command::Run(command) => run::run(&command).await,
        Command::Now(now) => now::run(&now).await,
        Command::Broken(broken) => broken::run(&broken).await,
        Command::Runs(runs) => runs::run(&runs).await,
        Command::Tasks(tasks) => tasks::run(&tasks).await,
        Command::Pipeline(command) => pipeline::run(&command).await,
        Command::Schedule(command) => schedule::run(&command).await,
        Command::Backfill(command) => backfill::run(&command).await,
        Command::Env(command) => env::run(&command).await,
        Command::Connection(command) => connection::run(&command).await,
        Command::Pool(command) => pool::run(&command).await,
        Command::Key(command) => key::run(&command).await,
        Command::Login(command) => login::run(&command).await,
        Command::Logout(command) => login::out(&command).await,
        Command::Trigger(command) => trigger::run(&command).await,
        Command::Sensor(command) => sensor::run(&command).await,
        Command::Webhook(command) => webhook::run(&command).await,
        Command::Alert(command) => alert::run(&command).await,
        Command::Audit(command) => audit::run(&command).await,
        Command::Cost(command) => cost::run(&command).await,
        Command::Budget(command) => budget::run(&command).await,
        Command::Trends(command) => trends::run(&command).await,
        Command::Breaches(breaches) => breaches::run(&breaches).await,
        Command::Logs(logs) => logs::run(&logs).await,
        Command::Artifacts(artifacts) => artifacts::run(&artifacts).await,
        Command::Lineage(lineage) => lineage::run(&lineage).await,
        Command::Asset(command) => asset::run(&command).await,
        Command::Openlineage(command) => openlineage::run(&command).await,
        Command::Mcp(command) => mcp::run(&command).await,
        Command::Log(log) => match &log.sub {
            LogSub::Verify(verify) => log_verify::run(&log, verify).await,
            LogSub::Export(export) => log_export::run(&log, export).await,
            LogSub::Import(import) => Box::pin(log_import::run(&log, import)).await,
            LogSub::Level(level) => log_level::run(level).await,
            LogSub::Cat { after, run, follow } => log_cat::run(&log, *after, run.as_deref(), *follow).await,
        },
    }
}
