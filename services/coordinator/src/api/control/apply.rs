//! From the text of a pipeline file to the command that stores it.

use downbeat_domain::{ApplyPipeline, PipelineApplied, PipelineId, compile, jobs};
use downbeat_proto::{control::v1 as wire, event as events};
use tonic::Status;

use super::{ACCOUNT, declared, versions::storage_of};
use crate::limits;

/// What a request asks to be applied.
pub(super) struct Compiled {
    pub(super) apply: ApplyPipeline,
    pub(super) warnings: Vec<String>,
    /// Jobs that only a worker with a manifest of its own runs.
    not_yet: Vec<jobs::NotYet>,
    file: String,
}

impl Compiled {
    /// The jobs that nobody runs: a reason to refuse, as no worker of this version ever will.
    pub(super) fn refused(&self, offered: impl Fn(&str, &str) -> bool) -> Option<Status> {
        let nobodys = self.not_yet.iter().filter(|job| !offered(&job.kind.0, &job.kind.1));
        let lines: Vec<String> = nobodys.map(|job| located(&self.file, &job.fault)).collect();
        (!lines.is_empty()).then(|| Status::failed_precondition(lines.join("\n")))
    }
}

/// Parses and compiles; every fault becomes a line of the status message, rendered with its place in the file. `commit`: the text is another
/// one than the same text of another commit; empty = it is not.
pub(super) fn compile_request(request: &wire::ApplyPipelineRequest, commit: &str) -> Result<Compiled, Status> {
    if request.source.len() > limits::SOURCE_BYTES_MAX {
        let (bytes, limit) = (request.source.len(), limits::SOURCE_BYTES_MAX);
        return Err(Status::invalid_argument(format!("the file has {bytes} bytes; at most {limit} are allowed")));
    }
    let file = if request.file_name.is_empty() { "pipeline.yml" } else { &request.file_name };
    let parsed = downbeat_dialect::parse(&request.source);
    let rendered: Vec<String> =
        parsed.diagnostics.iter().map(|diagnostic| diagnostic.render(file, &request.source)).collect();
    let Some(pipeline) = parsed.pipeline else { return Err(Status::invalid_argument(rendered.join("\n"))) };
    let mut compiled = compile::compile(&pipeline).map_err(|refused| {
        let lines: Vec<String> = refused.iter().map(|fault| located(file, fault)).collect();
        Status::failed_precondition(lines.join("\n"))
    })?;
    let renamed = declared::name(&mut compiled.plan);
    let mut digest = blake3::Hasher::new_derive_key("downbeat pipeline digest v1");
    digest.update(&(request.source.len() as u64).to_be_bytes());
    digest.update(request.source.as_bytes());
    digest.update(request.source_root.as_bytes());
    if !commit.is_empty() {
        digest.update(b"\0commit ");
        digest.update(commit.as_bytes());
    }
    let applied = PipelineApplied {
        pipeline: PipelineId::derive(ACCOUNT, &request.alias),
        alias: request.alias.clone(),
        version: 0,
        name: pipeline.name.clone(),
        source: request.source.clone(),
        source_root: request.source_root.clone(),
        digest: *digest.finalize().as_bytes(),
        plan: compiled.plan,
        origin: request.origin.clone().map(events::git_origin_of),
        storage: request.storage.clone().map(storage_of).transpose()?,
    };
    let bytes = events::encode(&downbeat_domain::Event::PipelineApplied(Box::new(applied.clone()))).payload.len();
    if bytes > limits::DECISION_BYTES_MAX {
        let limit = limits::DECISION_BYTES_MAX;
        return Err(Status::invalid_argument(format!(
            "the pipeline takes {bytes} bytes when compressed; at most {limit} are allowed"
        )));
    }
    let warnings = rendered.into_iter().chain(compiled.warnings).chain(renamed).collect();
    let apply =
        ApplyPipeline { applied, draft: request.draft, create: request.create, kept: None, base: request.base_version };
    Ok(Compiled { apply, warnings, not_yet: jobs::not_yet(&pipeline), file: file.to_owned() })
}

fn located(file: &str, fault: &compile::Unsupported) -> String {
    match &fault.span {
        Some(span) => format!("{file}:{}:{}: error: {}", span.line, span.column, fault.message),
        None => format!("{file}: error: {}", fault.message),
    }
}
