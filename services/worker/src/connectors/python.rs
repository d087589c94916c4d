//! PYTHON/PYTHON_EXECUTE_SCRIPT: a script from a repository or the pipeline's folder (GIT), or from the task itself (INLINE).

use std::sync::Arc;

use async_trait::async_trait;

use super::{
    Connector, Step, Task, parameters,
    source::{Code, Sources, variables},
};
use crate::about::{About, Tested};
use crate::attempt::{Ended, Ending, Failure, cut};
use crate::connections::Connection;
use crate::process::{
    environment::Environment,
    log::last_lines,
    run::{Exit, out_of_memory},
};
use crate::script_events::{ScriptEvents, ScriptState, ScriptStatus};
use crate::toolchain::{
    Build, PackageManager, Toolchain, run_in,
    words::{Command, split, words},
};

#[derive(Debug)]
pub(crate) struct Python {
    toolchain: Arc<Toolchain>,
    events: Arc<ScriptEvents>,
    sources: Sources,
}

/// The task's parameters, checked.
struct Script {
    version: Option<&'static str>,
    manager: PackageManager,
    build: Vec<Command>,
    variables: Environment,
    set_outputs: bool,
    command: Vec<String>,
    /// For INLINE: the file's name and text.
    code: Option<(String, String)>,
}

impl Python {
    pub(crate) fn new(toolchain: Arc<Toolchain>, events: Arc<ScriptEvents>, sources: Sources) -> Self {
        Self { toolchain, events, sources }
    }

    async fn carry_out(&self, task: &Task) -> Step<Ending> {
        let script = Script::read(task)?;
        let connection = self.sources.open(task, "PYTHON").await?;
        let code = script.place(task, &self.sources, connection.as_ref()).await?;
        let folder = code.folder.clone();
        let build = Build {
            version: script.version,
            manager: script.manager,
            commands: &script.build,
            folder: &folder,
            variables: &script.variables,
            scope: &code.scope,
        };
        let environment = self.toolchain.environment(task, &build).await?;
        let admission = self.events.admit(&task.offer.task_run_id, script.set_outputs);
        let given = [
            ("ORCHESTRA_API_KEY", admission.key.clone()),
            ("ORCHESTRA_TASK_RUN_ID", task.offer.task_run_id.clone()),
            ("ORCHESTRA_WEBHOOK_URL", admission.url.clone()),
        ];
        // Only what runs sees them, not what installs.
        let linked = connection.iter().flat_map(|connection| variables(connection, "PYTHON"));
        let environment =
            environment.with(linked).with(given.map(|(name, value)| (name.to_owned(), value))).below(task);
        task.log.line(&format!("$ {}", script.command.join(" "))).await;
        let ran = run_in(task, environment.program(&script.command, &folder)?).await?;
        let said = admission.close();
        show(task, &said).await;
        Ok(judge(&ran.exit, said, &task.log.tail().await))
    }
}

#[async_trait]
impl Connector for Python {
    fn job(&self) -> (&'static str, &'static str) {
        ("PYTHON", "PYTHON_EXECUTE_SCRIPT")
    }

    fn about(&self) -> About {
        About {
            by_manifest: false,
            tested: Tested::Real("Python 3.11, git 2.39"),
            after_a_loss: "ends with its worker, runs again",
            collects: "what the script reports".to_owned(),
        }
    }

    async fn run(&self, task: &Task) -> Ended {
        self.carry_out(task).await.unwrap_or_else(|ending| ending).into()
    }
}

impl Script {
    fn read(task: &Task) -> Result<Self, Failure> {
        let given = &task.parameters;
        let bad = |name: &str, reason: String| Failure::misconfigured(format!("{name}: {reason}"));
        let inline = parameters::one_of(given, "source", &["GIT", "INLINE"])? == "INLINE";
        let command = parameters::text(given, "command").map(|line| words(&line)).transpose();
        let command = command.map_err(|reason| bad("command", reason))?;
        if let Some(command) = &command {
            check_command(command)?;
        }
        let (command, code) = if inline {
            let command = command.unwrap_or_else(|| vec!["python".to_owned(), "main.py".to_owned()]);
            let (command, name) = called(command);
            (command, Some((name, parameters::required(given, "code")?)))
        } else {
            let missing =
                || Failure::misconfigured("the parameter command is missing: say what to run, like `python load.py`");
            (command.ok_or_else(missing)?, None)
        };
        let build = match parameters::text(given, "build_command") {
            Some(line) => split(&line).map_err(|reason| bad("build_command", reason))?,
            None => Vec::new(),
        };
        Ok(Self {
            version: parameters::python_version(given)?,
            manager: parameters::package_manager(given)?,
            build,
            variables: parameters::variables(given)?,
            set_outputs: parameters::flag(given, "set_outputs")?,
            command,
            code,
        })
    }

    /// The folder to run in; inline code is written there.
    async fn place(&self, task: &Task, sources: &Sources, connection: Option<&Connection>) -> Step<Code> {
        let Some((name, code)) = &self.code else {
            let code = sources.place(task, connection).await?;
            let build = self.build.iter().flat_map(|command| &command.words);
            code.check_words(self.command.iter().chain(build).map(String::as_str))?;
            return Ok(code);
        };
        let path = task.folder.join(name);
        tokio::fs::write(&path, code)
            .await
            .map_err(|error| Failure::transient(format!("cannot write the script to {}: {error}", path.display())))?;
        Ok(Code::of_the_attempt(task, task.folder.clone()))
    }
}

fn check_command(command: &[String]) -> Result<(), Failure> {
    match command.first().map(String::as_str) {
        Some("python" | "uv" | "poetry") if command.len() > 1 => Ok(()),
        _ => Err(Failure::misconfigured(
            "command must be `python`, `uv` or `poetry` and at least one argument, like `python load.py`",
        )),
    }
}

/// Inline code gets the name under which the command calls it; `python -`, which reads its program, reads this one.
fn called(command: Vec<String>) -> (Vec<String>, String) {
    let named = command.iter().skip(1).find(|word| word.ends_with(".py") && !word.contains('/'));
    let name = named.cloned().unwrap_or_else(|| "main.py".to_owned());
    let command = command.into_iter().map(|word| if word == "-" { name.clone() } else { word });
    (command.collect(), name)
}

async fn show(task: &Task, said: &ScriptState) {
    for name in &said.ignored_outputs {
        task.log.line(&format!("the output {name:?} was ignored: the task does not have `set_outputs: true`")).await;
    }
    for (name, text) in &said.logs {
        task.log.line(&format!("log file {name:?} of the script:")).await;
        task.log.text(text).await;
    }
}

/// What a script's end and its own words make of the attempt. The last line that it printed is what an exception says; the rest is in
/// the log.
fn judge(exit: &Exit, said: ScriptState, tail: &str) -> Ending {
    let outputs = said.outputs_text();
    let (status, message) = match said.status {
        Some((status, message)) => (Some(status), message),
        None => (None, None),
    };
    let bad = matches!(status, Some(ScriptStatus::Failed | ScriptStatus::Cancelled));
    let how = match exit {
        Exit::Stopped => return Ending::Stopped,
        Exit::Code(0) if bad => "the script reported that it failed".to_owned(),
        Exit::Code(0) => {
            let warning = status == Some(ScriptStatus::Warning);
            return Ending::Succeeded { warning, outputs, message: cut(message.unwrap_or_default()) };
        }
        Exit::Code(code) => format!("exit code {code}"),
        Exit::Signal(signal) => format!("killed by signal {signal}"),
        Exit::OutOfMemory(memory) => out_of_memory(*memory),
    };
    let why = message.filter(|_| bad).unwrap_or_else(|| last_lines(tail, 1));
    let text = if why.is_empty() { how } else { format!("{how}: {why}") };
    Ending::Failed(Failure::job(text).with_outputs(outputs))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(status: Option<ScriptStatus>, message: Option<&str>) -> ScriptState {
        let status = status.map(|status| (status, message.map(str::to_owned)));
        let mut state = ScriptState::default();
        state.status = status;
        state.set_output("n", 1.into()).unwrap();
        state
    }

    #[test]
    fn inline_code_is_what_the_command_calls() {
        for (command, expected, name) in [
            ("python load.py --day 1", "python load.py --day 1", "load.py"),
            ("python -", "python main.py", "main.py"),
            ("python - --day 1", "python main.py --day 1", "main.py"),
            ("uv run -", "uv run main.py", "main.py"),
            ("python -m main", "python -m main", "main.py"),
            ("python lib/x.py", "python lib/x.py", "main.py"),
        ] {
            let (command, file) = called(words(command).unwrap());
            assert_eq!((command.join(" ").as_str(), file.as_str()), (expected, name), "{command:?}");
        }
    }

    #[test]
    fn exit_code_and_reported_status_decide_together() {
        use ScriptStatus::{Cancelled, Failed, Running, Succeeded, Warning};
        let cases = [
            (Exit::Code(0), None, None, "SUCCEEDED "),
            (Exit::Code(0), Some(Running), None, "SUCCEEDED "),
            (Exit::Code(0), Some(Succeeded), Some("done"), "SUCCEEDED done"),
            (Exit::Code(0), Some(Warning), Some("late"), "WARNING late"),
            (Exit::Code(0), Some(Failed), Some("no data"), "FAILED the script reported that it failed: no data"),
            (Exit::Code(0), Some(Cancelled), None, "FAILED the script reported that it failed: last line"),
            (Exit::Code(3), Some(Succeeded), Some("done"), "FAILED exit code 3: last line"),
            (Exit::Code(3), Some(Failed), Some("no data"), "FAILED exit code 3: no data"),
            (Exit::Signal(9), None, None, "FAILED killed by signal 9: last line"),
        ];
        for (exit, status, message, expected) in cases {
            let (shown, outputs) = match judge(&exit, said(status, message), "first\n\nlast line\n".split_at(7).1) {
                Ending::Succeeded { warning, outputs, message } => {
                    (format!("{} {message}", if warning { "WARNING" } else { "SUCCEEDED" }), outputs)
                }
                Ending::Failed(failure) => (format!("FAILED {}", failure.message), failure.outputs),
                Ending::Stopped | Ending::Unconfirmed(_) | Ending::Abandoned => unreachable!("nobody asked"),
            };
            assert_eq!(shown, expected, "{exit:?} {status:?}");
            assert_eq!(outputs, r#"{"n":1}"#);
        }
        assert_eq!(judge(&Exit::Stopped, said(Some(Failed), None), ""), Ending::Stopped);
    }
}
