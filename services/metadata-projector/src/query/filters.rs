//! Filters of lists as callers write them: words, ids, texts, times. What is none is refused with what would be one.

use std::str::FromStr;

use downbeat_domain::{PipelineId, RunStatus, TaskStatus};

use super::{
    Refusal,
    runs::{find_pipeline, shortened},
};
use crate::{limits, published::View};

/// Types of operations, in the spelling of the public API.
const OPERATION_TYPES: [&str; 17] = [
    "AGGREGATION",
    "ANALYSIS",
    "DEPLOY",
    "INGESTION",
    "ITERATOR",
    "MATERIALISATION",
    "OPERATION",
    "QUERY",
    "REFRESH",
    "REVERSE_ETL",
    "SEED",
    "SNAPSHOT",
    "SOURCE",
    "TEST",
    "TEST_GROUP",
    "TRIGGER",
    "UNKNOWN",
];
/// Statuses of operations in the spelling of the public API; RUNNING is ours.
const OPERATION_STATUSES: [&str; 8] =
    ["CANCELLED", "FAILED", "REUSED", "RUNNING", "SKIPPED", "SUCCEEDED", "UNKNOWN", "WARNING"];
/// Statuses of assets, in the spelling of the public API.
const ASSET_STATUSES: [&str; 4] = ["HEALTHY", "UNHEALTHY", "UNKNOWN", "WARNING"];

/// Words that there are.
#[derive(Clone, Copy, Debug)]
pub(super) enum Words {
    /// Statuses of runs.
    Run,
    /// Statuses of task runs.
    Task,
    /// Statuses of operations.
    Operation,
    /// Types of operations.
    OperationType,
    /// Statuses of assets.
    Asset,
}

impl Words {
    fn all(self) -> Vec<&'static str> {
        match self {
            Self::Run => RunStatus::ALL.iter().map(|status| status.as_str()).collect(),
            Self::Task => TaskStatus::ALL.iter().map(|status| status.as_str()).collect(),
            Self::Operation => OPERATION_STATUSES.to_vec(),
            Self::OperationType => OPERATION_TYPES.to_vec(),
            Self::Asset => ASSET_STATUSES.to_vec(),
        }
    }

    /// Refuses a word that is none of them.
    ///
    /// # Errors
    /// `Invalid`.
    pub(super) fn check(self, field: &str, values: &[String]) -> Result<(), Refusal> {
        texts(field, values)?;
        let all = self.all();
        match values.iter().find(|value| !all.contains(&value.as_str())) {
            Some(other) => {
                Err(Refusal::Invalid(format!("{field}: `{}` is none of {}", shortened(other), all.join(", "))))
            }
            None => Ok(()),
        }
    }
}

/// Refuses too many values, empty ones, and such that are too long.
///
/// # Errors
/// `Invalid`.
pub(super) fn texts(field: &str, values: &[String]) -> Result<(), Refusal> {
    let (most, longest) = (limits::FILTER_VALUES_MAX, limits::FILTER_BYTES_MAX);
    if values.len() > most {
        return Err(Refusal::Invalid(format!("{field}: {} values, at most {most} are allowed", values.len())));
    }
    if values.iter().any(|value| value.is_empty() || value.len() > longest) {
        return Err(Refusal::Invalid(format!("{field}: a value has 1 to {longest} bytes")));
    }
    Ok(())
}

/// Ids, none of them twice.
///
/// # Errors
/// `Invalid` for what is no id.
pub(super) fn ids<T: FromStr + Ord>(field: &str, values: &[String]) -> Result<Vec<T>, Refusal> {
    texts(field, values)?;
    let id = |value: &String| {
        value.parse().map_err(|_| {
            Refusal::Invalid(format!(
                "{field}: `{}` is no id, such as 3f1c9a52-7d0e-4b6a-9f57-0c2d8e4b1a90",
                shortened(value)
            ))
        })
    };
    let mut ids: Vec<T> = values.iter().map(id).collect::<Result<_, _>>()?;
    ids.sort_unstable();
    ids.dedup();
    Ok(ids)
}

/// Pipelines by one name and by ids; both say the same. `None` = all.
///
/// # Errors
/// `NotFound` for a name that nobody has, `Invalid`, `Store`.
pub(super) fn pipelines(
    view: &View<'_>,
    named: &str,
    pipeline_ids: &[String],
) -> Result<Option<Vec<PipelineId>>, Refusal> {
    let mut ids = ids::<PipelineId>("pipeline_ids", pipeline_ids)?;
    if named.is_empty() {
        return Ok((!ids.is_empty()).then_some(ids));
    }
    let named = find_pipeline(view, named)?;
    let fits = ids.is_empty() || ids.contains(&named);
    ids.clear();
    ids.extend(fits.then_some(named));
    Ok(Some(ids))
}

/// Is it one of these? Without any, everything is.
pub(super) fn is_one(values: &[String], found: &str) -> bool {
    values.is_empty() || values.iter().any(|value| value == found)
}

/// Instants in `[from, to)`, microseconds since the epoch; 0 = open.
#[derive(Clone, Copy, Debug)]
pub(super) struct Window {
    pub(super) from: i64,
    pub(super) to: i64,
}

impl Window {
    /// From what was asked for.
    ///
    /// # Errors
    /// `Invalid` where nothing lies in between.
    pub(super) fn new(from: i64, to: i64) -> Result<Self, Refusal> {
        if from != 0 && to != 0 && from >= to {
            return Err(Refusal::Invalid("from, to: the first must lie before the second".to_owned()));
        }
        Ok(Self { from, to })
    }

    /// Does it lie within?
    pub(super) fn holds(self, at: i64) -> bool {
        (self.from == 0 || at >= self.from) && (self.to == 0 || at < self.to)
    }
}

#[cfg(test)]
mod tests {
    use downbeat_domain::RunId;

    use super::*;

    fn values(values: &[&str]) -> Vec<String> {
        values.iter().map(|value| (*value).to_owned()).collect()
    }

    #[test]
    fn words_that_are_none_are_refused_with_those_that_are() {
        for (words, fine, none, named) in [
            (Words::Run, "QUEUED", "queued", "CREATED, QUEUED, RUNNING"),
            (Words::Task, "CANCELLING", "READY", "CANCELLING, CANCELLED"),
            (Words::Operation, "REUSED", "DONE", "CANCELLED, FAILED, REUSED"),
            (Words::OperationType, "REVERSE_ETL", "MATERIALIZATION", "ITERATOR, MATERIALISATION"),
            (Words::Asset, "UNHEALTHY", "FAILED", "HEALTHY, UNHEALTHY"),
        ] {
            words.check("status", &values(&[fine])).unwrap();
            words.check("status", &[]).unwrap();
            let refused = words.check("status", &values(&[fine, none])).unwrap_err().to_string();
            assert!(refused.contains(&format!("status: `{none}` is none of")) && refused.contains(named), "{refused}");
        }
    }

    #[test]
    fn filters_have_limits() {
        let many = vec!["x".to_owned(); limits::FILTER_VALUES_MAX + 1];
        assert!(texts("f", &many[1..]).is_ok());
        let long = vec!["x".repeat(limits::FILTER_BYTES_MAX + 1)];
        for bad in [many, long, values(&[""])] {
            assert!(matches!(texts("f", &bad), Err(Refusal::Invalid(_))));
        }
        assert!(matches!(ids::<RunId>("f", &values(&["last"])), Err(Refusal::Invalid(_))));
        let id = RunId([7; 16]);
        let twice = values(&[&id.to_string(), &id.to_string()]);
        assert_eq!(ids::<RunId>("f", &twice).unwrap(), [id]);
    }

    #[test]
    fn windows_hold_their_beginning_and_not_their_end() {
        let window = Window::new(3, 5).unwrap();
        assert_eq!([2, 3, 4, 5].map(|at| window.holds(at)), [false, true, true, false]);
        assert!(Window::new(0, 0).unwrap().holds(i64::MIN) && Window::new(4, 4).is_err());
    }
}
