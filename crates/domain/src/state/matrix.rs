//! The iterations of a group that has a matrix: which values each sees, which have begun, which tasks are theirs.

use std::sync::Arc;

use serde_json::Value;

use crate::plan::PlanMatrix;

/// A matrix whose elements are known.
#[derive(Clone, Debug)]
pub struct Expansion {
    /// Per name: its values. Iterations are their combinations, the last name turning fastest.
    pub axes: Arc<Vec<(String, Vec<Value>)>>,
    /// Place of the first task of the first iteration; all tasks follow, iteration by iteration, in the order of the group.
    pub first: u32,
    /// The first iteration that was neither opened nor skipped.
    pub next: u32,
    /// Opened iterations that have not ended.
    pub live: u32,
    /// A task of an iteration has failed.
    pub failed: bool,
    /// Per iteration: tasks that have not ended.
    pub unfinished: Vec<u32>,
}

impl Expansion {
    /// Number of iterations of these axes; `None` = more than fit into 32 bits.
    pub fn size(axes: &[(String, Vec<Value>)]) -> Option<u32> {
        axes.iter().try_fold(1u32, |size, (_, values)| size.checked_mul(u32::try_from(values.len()).ok()?))
    }

    /// The next iteration may begin, or is to be skipped.
    pub(crate) fn has_room(&self, matrix: &PlanMatrix) -> bool {
        let stopped = self.failed && !matrix.continue_on_error;
        self.next < self.count() && (stopped || matrix.max_parallel == 0 || self.live < matrix.max_parallel)
    }

    /// Number of iterations.
    pub fn count(&self) -> u32 {
        self.unfinished.len() as u32
    }

    /// The value that an iteration sees under a name, without regard to case; `index` is its place where no input has that name.
    pub fn value(&self, iteration: u32, name: &str) -> Option<Value> {
        let mut rest = iteration;
        for (axis, values) in self.axes.iter().rev() {
            let length = u32::try_from(values.len()).ok().filter(|length| *length > 0)?;
            if axis.eq_ignore_ascii_case(name) {
                return values.get((rest % length) as usize).cloned();
            }
            rest /= length;
        }
        name.eq_ignore_ascii_case("index").then(|| Value::from(iteration))
    }
}

/// The names of all iterations, by which a restart finds them again: the `id` of the element, else (also where two elements have the
/// same) its place.
pub fn iteration_ids(axes: &[(String, Vec<Value>)]) -> Vec<String> {
    let count = Expansion::size(axes).unwrap_or(0);
    let [(_, values)] = axes else { return (0..count).map(|place| place.to_string()).collect() };
    let mut seen = std::collections::BTreeSet::new();
    let own = |value: &Value| match value.get("id") {
        Some(Value::String(id)) if !id.is_empty() => Some(id.clone()),
        Some(Value::Number(id)) => Some(id.to_string()),
        _ => None,
    };
    let ids = values.iter().enumerate().map(|(place, value)| match own(value) {
        Some(id) if seen.insert(id.clone()) => id,
        _ => place.to_string(),
    });
    ids.collect()
}
