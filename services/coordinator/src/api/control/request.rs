//! What requests have in common: ids, keys, JSON fields; each refused with the name of its field.

use downbeat_domain::{CommandId, PipelineId, RunId, limits as domain_limits};
use downbeat_proto::convert;
use tonic::Status;

use super::ACCOUNT;

pub(super) fn check_alias(alias: &str) -> Result<(), Status> {
    let fits = (1..=domain_limits::ALIAS_CHARS_MAX).contains(&alias.len())
        && alias.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    if !fits {
        return Err(Status::invalid_argument("alias: 1 to 255 characters of A-Z a-z 0-9 _ are allowed"));
    }
    // Ids name pipelines, too, with and without dashes.
    if alias.parse::<PipelineId>().is_ok() {
        return Err(Status::invalid_argument("alias: it must not look like an id"));
    }
    Ok(())
}

pub(super) fn pipeline_of(id_or_alias: &str) -> Result<PipelineId, Status> {
    if let Ok(id) = id_or_alias.parse() {
        return Ok(id);
    }
    check_alias(id_or_alias)
        .map_err(|_| Status::invalid_argument(format!("`{id_or_alias}` is neither a pipeline id nor an alias")))?;
    Ok(PipelineId::derive(ACCOUNT, id_or_alias))
}

pub(super) fn run_of(id: &str) -> Result<RunId, Status> {
    id.parse().map_err(|error| Status::invalid_argument(format!("run_id: {error}")))
}

pub(super) fn object(text: &str, field: &str) -> Result<serde_json::Map<String, serde_json::Value>, Status> {
    convert::object(text).ok_or_else(|| Status::invalid_argument(format!("{field}: not a JSON object")))
}

/// How many of something one call may hold.
pub(super) fn at_most(what: &str, found: usize, most: usize) -> Result<(), Status> {
    if found > most {
        return Err(Status::invalid_argument(format!("{what}: {found}; at most {most} are allowed in one call")));
    }
    Ok(())
}

pub(super) fn check_key(key: &str) -> Result<(), Status> {
    let limit = domain_limits::IDEMPOTENCY_KEY_CHARS_MAX;
    if key.chars().count() > limit {
        return Err(Status::invalid_argument(format!("idempotency_key: at most {limit} characters are allowed")));
    }
    Ok(())
}

/// The command that a key stands for, by what it is about; without a key it is a new one.
pub(super) fn command_id(what: &[&str], key: &str) -> Result<Option<CommandId>, Status> {
    check_key(key)?;
    Ok((!key.is_empty()).then(|| CommandId::of_key(what, key)))
}
