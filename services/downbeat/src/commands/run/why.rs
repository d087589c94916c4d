//! `downbeat run why`: first what holds a run or a task now, then why it went as it did.

use std::process::ExitCode;

use downbeat_proto::{
    control::v1::{ExplainWaitingRequest, ExplainWaitingResponse, control_service_client::ControlServiceClient},
    metadata::v1::{ExplainRunRequest, Run, TaskRun},
};
use downbeat_runtime::clock;

use super::find;
use crate::{
    cli::RunWhy,
    client::{self, Channel},
    error::Error,
    render::{columns, is_live, print, run_header, task_line, task_name, why},
};

/// Tasks that a live run's explanation looks at.
const TASKS_LOOKED_AT: usize = 50;
/// Tasks that it shows.
const TASKS_SHOWN: usize = 10;

pub(super) async fn run(command: &RunWhy) -> Result<ExitCode, Error> {
    let (run, tasks) = find::run(&command.run, &command.servers).await?;
    let wanted = command.task.as_deref().map(|written| find::named(&tasks, written)).unwrap_or_default();
    let request = ExplainRunRequest { run_id: run.id.clone(), task: wanted.clone(), at_least: None };
    let mut metadata = client::metadata(&command.servers).await?;
    let events = metadata.explain_run(request).await.map_err(client::refused)?.into_inner().explanations;

    let now = is_live(&run).then(|| clock::wall_now().as_microsecond());
    let mut text = vec![run_header(&run, now)];
    let of_task = command
        .task
        .as_deref()
        .and_then(|written| tasks.iter().find(|task| task.id == wanted || task.task_id.eq_ignore_ascii_case(written)));
    text.extend(of_task.map(task_line));
    if is_live(&run) {
        let mut control = client::control(&command.servers).await?;
        text.extend(held(&mut control, &run, &tasks, &wanted).await?);
    }
    text.push(String::new());
    text.push(if events.is_empty() {
        "Nothing has happened to it yet.".to_owned()
    } else {
        format!("What happened:\n{}", why::events(&events, command.task.is_some(), columns()))
    });
    print(&format!("{}\n", text.join("\n")))?;
    Ok(ExitCode::SUCCESS)
}

/// What holds a live run or one of its tasks; of a run whose tasks go on, what holds those.
async fn held(
    control: &mut ControlServiceClient<Channel>,
    run: &Run,
    tasks: &[TaskRun],
    wanted: &str,
) -> Result<Vec<String>, Error> {
    let answer = explain(control, &run.id, wanted).await?;
    let mut text = vec![String::new()];
    if !answer.gates.is_empty() {
        text.push("What holds it now:".to_owned());
        text.extend(answer.gates.iter().map(|gate| why::gate(gate, 2)));
        return Ok(text);
    }
    if !wanted.is_empty() {
        text.push(format!("Nothing holds it now; it is {}.", answer.status));
        return Ok(text);
    }
    let mut found = Vec::new();
    for task in tasks.iter().filter(|task| is_open(task)).take(TASKS_LOOKED_AT) {
        let gates = explain(control, &run.id, &task.id).await?.gates;
        if !gates.is_empty() {
            found.push((task, gates));
        }
    }
    // Those that wait for others of the run say nothing new beside what the others wait for.
    let for_others = |kind: &str| matches!(kind, "DEPENDENCIES" | "ITERATIONS");
    if found.iter().any(|(_, gates)| gates.iter().any(|gate| !for_others(&gate.kind))) {
        found.retain(|(_, gates)| !gates.iter().all(|gate| for_others(&gate.kind)));
    }
    if found.is_empty() {
        text.push("Nothing holds it now.".to_owned());
        return Ok(text);
    }
    text.push("What its tasks wait for or are at now:".to_owned());
    for (task, gates) in found.iter().take(TASKS_SHOWN) {
        text.push(format!("  {}", task_name(task)));
        text.extend(gates.iter().map(|gate| why::gate(gate, 4)));
    }
    if found.len() > TASKS_SHOWN {
        text.push(format!("  … and {} more; ask for one with `downbeat run why RUN TASK`", found.len() - TASKS_SHOWN));
    }
    Ok(text)
}

fn is_open(task: &TaskRun) -> bool {
    matches!(task.status.as_str(), "CREATED" | "QUEUED" | "RUNNING" | "CANCELLING")
}

/// What holds a run or a task of it at this moment; empty task = the run.
pub(in crate::commands) async fn explain(
    control: &mut ControlServiceClient<Channel>,
    run: &str,
    task: &str,
) -> Result<ExplainWaitingResponse, Error> {
    let request = ExplainWaitingRequest { run_id: run.to_owned(), task: task.to_owned() };
    Ok(control.explain_waiting(request).await.map_err(client::refused)?.into_inner())
}
