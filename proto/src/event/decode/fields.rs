//! Reads fields of a payload and knows, for errors, of which kind it is.

use downbeat_domain::{AttemptRef, ConditionResult, PipelineId, RunId, TaskStatus};
use jiff::Timestamp;
use prost::Message;
use serde_json::{Map, Value};

use super::attempt_of;
use crate::{
    convert,
    event::{DecodeError, words},
    events::v1 as wire,
};

#[derive(Clone, Copy)]
pub(super) struct Fields {
    pub(super) kind: i32,
}

impl Fields {
    pub(super) fn parse<M: Message + Default>(self, payload: &[u8]) -> Result<M, DecodeError> {
        M::decode(payload).map_err(|source| DecodeError::Payload { kind: self.kind, source })
    }

    pub(super) fn missing(self, field: &'static str) -> DecodeError {
        DecodeError::Field { kind: self.kind, field }
    }

    pub(super) fn run(self, bytes: &[u8]) -> Result<RunId, DecodeError> {
        RunId::from_slice(bytes).ok_or(self.missing("run_id"))
    }

    pub(super) fn pipeline(self, bytes: &[u8]) -> Result<PipelineId, DecodeError> {
        PipelineId::from_slice(bytes).ok_or(self.missing("pipeline_id"))
    }

    pub(super) fn at(self, micros: i64) -> Result<Timestamp, DecodeError> {
        convert::instant(micros).ok_or(self.missing("at"))
    }

    pub(super) fn object(self, text: &str, field: &'static str) -> Result<Map<String, Value>, DecodeError> {
        convert::object(text).ok_or(self.missing(field))
    }

    pub(super) fn task_status(self, number: i32) -> Result<TaskStatus, DecodeError> {
        words::task_status_of(number).ok_or(self.missing("status"))
    }

    pub(super) fn attempt(self, attempt: Option<wire::Attempt>) -> Result<AttemptRef, DecodeError> {
        attempt.as_ref().and_then(attempt_of).ok_or(self.missing("attempt"))
    }

    pub(super) fn condition(
        self,
        result: Option<wire::ConditionResult>,
    ) -> Result<Option<ConditionResult>, DecodeError> {
        let Some(result) = result else { return Ok(None) };
        let value = serde_json::from_str(&result.value).map_err(|_| self.missing("condition"))?;
        Ok(Some(ConditionResult { expression: result.expression, value }))
    }
}
