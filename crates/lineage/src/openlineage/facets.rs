//! Facets: what producers add to a run, a job or a dataset. Each is optional, and may be of any version.

use serde_json::Value;

/// A facet of something. `None`: it has none, or it was taken away (`_deleted`).
pub(super) fn of<'a>(owner: &'a Value, name: &str) -> Option<&'a Value> {
    in_group(owner, "facets", name)
}

/// A facet of an input or output, of the group that only these have.
pub(super) fn in_group<'a>(owner: &'a Value, group: &str, name: &str) -> Option<&'a Value> {
    let facet = owner.get(group)?.get(name)?;
    let deleted = facet.get("_deleted").and_then(Value::as_bool).unwrap_or(false);
    (facet.is_object() && !deleted).then_some(facet)
}

/// Entries of a list in a facet.
pub(super) fn list<'a>(facet: Option<&'a Value>, name: &str) -> &'a [Value] {
    facet.and_then(|facet| facet.get(name)).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// A number of a facet that counts something.
pub(super) fn count(facet: Option<&Value>, name: &str) -> Option<u64> {
    let number = facet?.get(name)?;
    // Python's clients write whole floats.
    number.as_u64().or_else(|| number.as_f64().filter(|number| *number >= 0.0 && number.fract() == 0.0).map(whole))
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "checked by its caller; too large is the largest"
)]
fn whole(number: f64) -> u64 {
    number as u64
}

/// The type of a job, in capitals; empty = it does not say.
pub(super) fn job_type(event: &Value) -> String {
    let facet = event.get("job").and_then(|job| of(job, "jobType"));
    facet.and_then(|facet| super::read::text(facet, "jobType")).unwrap_or_default().to_uppercase()
}

/// Which integration speaks, in capitals; empty = it does not say.
pub(super) fn integration(event: &Value) -> String {
    let facet = event.get("job").and_then(|job| of(job, "jobType"));
    facet.and_then(|facet| super::read::text(facet, "integration")).unwrap_or_default().to_uppercase()
}
