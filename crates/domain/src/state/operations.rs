//! How long the operations of tasks take that somebody watches: those of an attempt until its task ends, and what is usual.
//!
//! Many systems give each operation a new id, so what is the same from run to run is told by type and name.

use std::collections::{BTreeMap, VecDeque};

use crate::{limits, metadata::Operation, plan::PlanAnomaly};

/// An operation, as it is known from run to run.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct OperationKey {
    /// Its type.
    pub kind: String,
    /// Its name; a long one is cut and ends with a digest of the whole.
    pub name: String,
}

impl OperationKey {
    /// The key of an operation.
    pub fn of(kind: &str, name: &str) -> Self {
        let most = limits::WATCHED_NAME_BYTES_MAX;
        let name = if name.len() <= most {
            name.to_owned()
        } else {
            let digest = blake3::hash(name.as_bytes()).to_hex();
            format!("{}~{}", &name[..name.floor_char_boundary(most - 17)], &digest[..16])
        };
        Self { kind: kind.to_owned(), name }
    }
}

/// The watched operations of a task that went well, in whichever attempt, and how long they took, milliseconds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Measured(pub BTreeMap<OperationKey, u64>);

impl Measured {
    /// Takes what an attempt reports. Of several with one name the longest counts.
    pub(crate) fn take(&mut self, watched: &[PlanAnomaly], operations: &[Operation]) {
        for operation in operations {
            let good = matches!(operation.status.as_str(), "SUCCEEDED" | "WARNING");
            let (Some(began), Some(ended), true) = (operation.started_at, operation.completed_at, good) else {
                continue;
            };
            let Ok(took) = u64::try_from(ended.duration_since(began).as_millis()) else { continue };
            let key = OperationKey::of(&operation.kind, &operation.name);
            let wanted = |it: &PlanAnomaly| it.operations.as_ref().is_some_and(|of| of.watches(&key.kind, &key.name));
            if !watched.iter().any(wanted) {
                continue;
            }
            if self.0.contains_key(&key) || self.0.len() < limits::WATCHED_OPERATIONS_MAX {
                let known = self.0.entry(key).or_insert(took);
                *known = took.max(*known);
            }
        }
    }
}

/// What is usual for the operations of a task.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OperationBaselines(pub BTreeMap<OperationKey, Lasted>);

/// What is usual for one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lasted {
    /// How long the last ones took, milliseconds, oldest first.
    pub took_ms: VecDeque<u64>,
    /// Counts the ends of its task that had one: who was seen later has more.
    pub seen: u64,
}

impl OperationBaselines {
    pub(crate) fn learn(&mut self, measured: &Measured) {
        let seen = self.0.values().map(|lasted| lasted.seen).max().unwrap_or(0).saturating_add(1);
        for (key, took) in &measured.0 {
            let lasted = self.0.entry(key.clone()).or_default();
            lasted.seen = seen;
            if lasted.took_ms.len() >= limits::BASELINE_ENDS_MAX {
                lasted.took_ms.pop_front();
            }
            lasted.took_ms.push_back(*took);
        }
        let excess = self.0.len().saturating_sub(limits::WATCHED_OPERATIONS_MAX);
        if excess > 0 {
            let mut oldest: Vec<(u64, OperationKey)> = self.0.iter().map(|(key, it)| (it.seen, key.clone())).collect();
            oldest.sort_unstable();
            oldest.into_iter().take(excess).for_each(|(_, key)| drop(self.0.remove(&key)));
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::plan::PlanOperations;

    fn watched() -> Vec<PlanAnomaly> {
        vec![PlanAnomaly { operations: Some(PlanOperations::default()), ..PlanAnomaly::default() }]
    }

    fn operation(name: &str, status: &str, seconds: Option<i64>) -> Operation {
        let at = |second| Timestamp::from_second(second).ok();
        Operation {
            name: name.to_owned(),
            kind: "MATERIALISATION".to_owned(),
            status: status.to_owned(),
            started_at: at(100),
            completed_at: seconds.and_then(|seconds| at(100 + seconds)),
            ..Operation::default()
        }
    }

    fn seen(measured: &Measured) -> Vec<(&str, u64)> {
        measured.0.iter().map(|(key, took)| (key.name.as_str(), *took)).collect()
    }

    #[test]
    fn what_went_well_and_has_both_times_is_measured() {
        let mut measured = Measured::default();
        let reported = [
            operation("good", "SUCCEEDED", Some(2)),
            operation("warned", "WARNING", Some(3)),
            operation("bad", "FAILED", Some(4)),
            operation("endless", "SUCCEEDED", None),
            operation("backwards", "SUCCEEDED", Some(-1)),
            operation("good", "SUCCEEDED", Some(5)),
            operation("good", "SUCCEEDED", Some(1)),
            Operation { kind: "TEST".to_owned(), ..operation("test", "SUCCEEDED", Some(1)) },
        ];
        measured.take(&watched(), &reported);
        assert_eq!(seen(&measured), [("good", 5_000), ("warned", 3_000)]);
        // A further attempt may do only what is left.
        measured.take(&watched(), &[operation("bad", "SUCCEEDED", Some(1))]);
        assert_eq!(seen(&measured), [("bad", 1_000), ("good", 5_000), ("warned", 3_000)]);
    }

    #[test]
    fn types_and_names_choose_what_is_watched() {
        let of = |names: &[&str], kinds: &[&str]| PlanOperations {
            names: names.iter().map(|it| (*it).to_owned()).collect(),
            kinds: kinds.iter().map(|it| (*it).to_owned()).collect(),
            most: 10,
        };
        let cases = [
            (of(&[], &[]), "QUERY", "a", true),
            (of(&[], &[]), "TEST", "a", false),
            (of(&[], &[]), "TEST_GROUP", "a", false),
            (of(&[], &["TEST"]), "TEST", "a", true),
            (of(&[], &["TEST"]), "QUERY", "a", false),
            (of(&["stg_*", "orders"], &[]), "QUERY", "stg_lines", true),
            (of(&["stg_*", "orders"], &[]), "QUERY", "orders", true),
            (of(&["stg_*", "orders"], &[]), "QUERY", "orders_2", false),
        ];
        for (watches, kind, name, expected) in cases {
            assert_eq!(watches.watches(kind, name), expected, "{watches:?} {kind} {name}");
        }
    }

    #[test]
    fn long_names_stay_apart() {
        let (long, other) = ("ä".repeat(300), format!("{}b", "ä".repeat(300)));
        let keys = [long, other].map(|name| OperationKey::of("QUERY", &name));
        assert_ne!(keys[0], keys[1]);
        assert!(keys.iter().all(|key| key.name.len() <= limits::WATCHED_NAME_BYTES_MAX));
    }

    #[test]
    fn baselines_are_bounded_and_the_oldest_are_forgotten() {
        let mut known = OperationBaselines::default();
        let measured = |names: std::ops::Range<usize>| {
            Measured(names.map(|number| (OperationKey::of("QUERY", &format!("{number:04}")), 7)).collect())
        };
        known.learn(&measured(0..limits::WATCHED_OPERATIONS_MAX));
        known.learn(&measured(10..limits::WATCHED_OPERATIONS_MAX + 10));
        assert_eq!(known.0.len(), limits::WATCHED_OPERATIONS_MAX);
        assert_eq!(known.0.keys().next().unwrap().name, "0010");
        for _ in 0..limits::BASELINE_ENDS_MAX + 5 {
            known.learn(&measured(10..11));
        }
        assert_eq!(known.0.values().next().unwrap().took_ms.len(), limits::BASELINE_ENDS_MAX);
    }
}
