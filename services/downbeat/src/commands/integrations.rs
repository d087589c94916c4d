//! `downbeat integrations`: every job of the catalogue, whether this version runs it and how, what it met in tests, what becomes of it
//! when its worker is lost, and what it collects.

use std::{collections::BTreeMap, process::ExitCode};

use downbeat_dialect::catalogue;
use downbeat_domain::plan::CoreJob;
use downbeat_worker::about::{self, About, Tested};
use serde_json::json;

use crate::{
    cli::{Integrations, TableFormat},
    error::Error,
    render::{columns, integration_table, print},
};

/// A job as it is listed.
#[derive(Debug)]
pub struct Row {
    /// Integration and name.
    pub job: String,
    /// `native`, `manifest`, `core`, `yours` or `not yet`.
    pub runs: &'static str,
    /// What it met in tests.
    pub tested: &'static str,
    /// What becomes of it when its worker is lost.
    pub after_a_loss: &'static str,
    /// What of its work becomes metadata.
    pub collects: String,
}

pub(super) async fn run(command: &Integrations) -> Result<ExitCode, Error> {
    let mut rows = rows(command).await?;
    if let Some(wanted) = &command.filter {
        let wanted = wanted.to_uppercase();
        rows.retain(|row| row.job.to_uppercase().contains(&wanted));
    }
    print(&match command.format {
        TableFormat::Text => integration_table(&rows, columns()) + &summary(&rows),
        TableFormat::Markdown => markdown(&rows),
        TableFormat::Json => json_text(&rows),
    })?;
    Ok(ExitCode::SUCCESS)
}

async fn rows(command: &Integrations) -> Result<Vec<Row>, Error> {
    let listed = |own| async move { about::jobs(own).await.map_err(|error| Error::Refused(error.to_string())) };
    let named = |jobs: Vec<about::Runs>| -> BTreeMap<String, About> {
        jobs.into_iter().map(|runs| (format!("{}/{}", runs.integration, runs.job), runs.about)).collect()
    };
    let built_in = named(listed(None).await?);
    let all = match &command.connectors {
        Some(folder) => named(listed(Some(folder.clone())).await?),
        None => built_in.clone(),
    };
    let catalogued = catalogue::integrations()
        .iter()
        .flat_map(|integration| integration.jobs.iter().map(|job| (integration.name.as_str(), job.name.as_str())));
    let mut rows: BTreeMap<String, Row> = BTreeMap::new();
    for (integration, name) in catalogued {
        let job = format!("{integration}/{name}");
        let row = match CoreJob::of(integration, name) {
            Some(core) => core_job(job.clone(), core),
            None => not_yet(job.clone()),
        };
        rows.insert(job, row);
    }
    for (job, about) in all {
        let own = !built_in.contains_key(&job);
        rows.insert(job.clone(), of(job, about, own));
    }
    Ok(rows.into_values().collect())
}

fn of(job: String, about: About, own: bool) -> Row {
    let runs = match (own, about.by_manifest) {
        (true, _) => "yours",
        (false, true) => "manifest",
        (false, false) => "native",
    };
    let tested = match about.tested {
        _ if own => "",
        Tested::Real(what) => what,
        Tested::RecordedShape => "recorded shape",
        Tested::No => "nothing",
    };
    Row { job, runs, tested, after_a_loss: about.after_a_loss, collects: about.collects }
}

fn core_job(job: String, core: CoreJob) -> Row {
    let collects = match core {
        CoreJob::TriggerPipeline => "the run that it starts",
        CoreJob::Wait => "nothing",
        CoreJob::Approval => "who decided, and why",
    };
    let after_a_loss = "needs no worker";
    Row { job, runs: "core", tested: "itself", after_a_loss, collects: collects.to_owned() }
}

fn not_yet(job: String) -> Row {
    Row { job, runs: "not yet", tested: "", after_a_loss: "", collects: String::new() }
}

fn summary(rows: &[Row]) -> String {
    let count = |runs: &str| rows.iter().filter(|row| row.runs == runs).count();
    let words = ["native", "manifest", "core", "yours", "not yet"];
    let counted = words.iter().map(|word| (word, count(word))).filter(|(_, count)| *count > 0);
    let counted: Vec<String> = counted.map(|(word, count)| format!("{count} {word}")).collect();
    let jobs = if rows.len() == 1 { "job" } else { "jobs" };
    format!("\n{} {jobs}: {}\n", rows.len(), counted.join(", "))
}

fn markdown(rows: &[Row]) -> String {
    let mut text =
        String::from("| job | runs | met in tests | after its worker was lost | collects |\n|---|---|---|---|---|\n");
    for Row { job, runs, tested, after_a_loss, collects } in rows {
        text.push_str(&format!("| `{job}` | {runs} | {tested} | {after_a_loss} | {collects} |\n"));
    }
    text + &summary(rows)
}

fn json_text(rows: &[Row]) -> String {
    let rows: Vec<_> = rows
        .iter()
        .map(|row| {
            json!({
                "job": row.job, "runs": row.runs, "tested": row.tested, "after_a_loss": row.after_a_loss,
                "collects": row.collects,
            })
        })
        .collect();
    format!("{:#}\n", serde_json::Value::Array(rows))
}
