//! The latest result of each test of an asset, and what they say of it together.

use downbeat_domain::metadata;
use downbeat_proto::metadata::v1 as wire;

use super::collected::count;
use crate::limits;

/// Reports of a task about an asset after which a test that is in none of them is gone.
const MISSED_MAX: u32 = 3;

/// Who ran a test, and when.
#[derive(Clone, Debug)]
pub(super) struct Ran<'a> {
    pub(super) run_id: &'a str,
    /// Empty, with `task`: it does not matter, as among the tests of one run.
    pub(super) pipeline_id: &'a str,
    pub(super) task: &'a str,
    pub(super) at: i64,
}

/// A test that an operation made.
pub(super) fn of(done: &metadata::Operation, ran: &Ran<'_>) -> wire::AssetTest {
    wire::AssetTest {
        name: done.name.clone(),
        status: done.status.clone(),
        column: done.column.clone(),
        failures: count(done.failures),
        message: done.message.clone(),
        run_id: ran.run_id.to_owned(),
        severity: done.severity.clone(),
        expected: done.expected.clone(),
        actual: done.actual.clone(),
        at: ran.at,
        since: ran.at,
        pipeline_id: ran.pipeline_id.to_owned(),
        task: ran.task.to_owned(),
        missed: 0,
    }
}

/// Notes a result, and what is not tested any more.
pub(super) fn note(row: &mut wire::Asset, test: wire::AssetTest) {
    let whose = |known: &wire::AssetTest| known.pipeline_id == test.pipeline_id && known.task == test.task;
    // The first result of a run: whatever its task tests is tested again in it, or was missed.
    if !row.tests.iter().any(|known| whose(known) && known.run_id == test.run_id) {
        row.tests.iter_mut().filter(|known| whose(known)).for_each(|known| known.missed += 1);
        row.tests.retain(|known| known.missed <= MISSED_MAX);
    }
    match row.tests.iter().position(|known| known.name == test.name && known.column == test.column) {
        Some(place) => {
            let known = &mut row.tests[place];
            let since = if known.status == test.status { known.since } else { test.at };
            *known = wire::AssetTest { since, ..test };
        }
        None if row.tests.len() < limits::TESTS_PER_ASSET_MAX => row.tests.push(test),
        None => {}
    }
    health(&row.tests).clone_into(&mut row.status);
}

/// UNHEALTHY when a test failed, WARNING when one warned, HEALTHY when all that ran passed, UNKNOWN when none ran.
fn health(tests: &[wire::AssetTest]) -> &'static str {
    let any = |status: &str| tests.iter().any(|test| test.status == status);
    if any("FAILED") {
        "UNHEALTHY"
    } else if any("WARNING") {
        "WARNING"
    } else if any("SUCCEEDED") || any("REUSED") {
        "HEALTHY"
    } else {
        "UNKNOWN"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn test(run: &str, task: &str, name: &str, status: &str) -> wire::AssetTest {
        wire::AssetTest {
            name: name.to_owned(),
            status: status.to_owned(),
            run_id: run.to_owned(),
            task: task.to_owned(),
            at: i64::from(run.as_bytes()[0]),
            since: i64::from(run.as_bytes()[0]),
            ..wire::AssetTest::default()
        }
    }

    /// Run, task, test and status.
    type Results = &'static [(&'static str, &'static str, &'static str, &'static str)];

    fn after(results: &[(&str, &str, &str, &str)]) -> wire::Asset {
        let mut row = wire::Asset::default();
        results.iter().for_each(|(run, task, name, status)| note(&mut row, test(run, task, name, status)));
        row
    }

    #[test]
    fn an_asset_is_as_good_as_the_worst_of_its_latest_results() {
        let cases: &[(Results, &str)] = &[
            (&[], ""),
            (&[("1", "t", "a", "SUCCEEDED"), ("1", "t", "b", "SUCCEEDED")], "HEALTHY"),
            (&[("1", "t", "a", "FAILED"), ("1", "t", "b", "WARNING")], "UNHEALTHY"),
            (&[("1", "t", "a", "SUCCEEDED"), ("1", "t", "b", "WARNING")], "WARNING"),
            (&[("1", "t", "a", "SKIPPED")], "UNKNOWN"),
            (&[("1", "t", "a", "FAILED"), ("2", "t", "a", "SUCCEEDED")], "HEALTHY"),
            // Another task's run says nothing about this one's test.
            (&[("1", "t", "a", "FAILED"), ("2", "other", "b", "SUCCEEDED")], "UNHEALTHY"),
            // A run of a part of the tests leaves the others as they were.
            (&[("1", "t", "a", "FAILED"), ("2", "t", "b", "SUCCEEDED")], "UNHEALTHY"),
            // A test that its task does not run any more is gone after a while.
            (
                &[
                    ("1", "t", "a", "FAILED"),
                    ("2", "t", "b", "SUCCEEDED"),
                    ("3", "t", "b", "SUCCEEDED"),
                    ("4", "t", "b", "SUCCEEDED"),
                    ("5", "t", "b", "SUCCEEDED"),
                ],
                "HEALTHY",
            ),
        ];
        for (results, expected) in cases {
            assert_eq!(after(results).status, *expected, "{results:?}");
        }
    }

    #[test]
    fn a_result_says_since_when_it_has_been_so() {
        let row = after(&[("1", "t", "a", "FAILED"), ("2", "t", "a", "FAILED"), ("3", "t", "a", "SUCCEEDED")]);
        assert_eq!((row.tests[0].at, row.tests[0].since), (i64::from(b'3'), i64::from(b'3')));
        let row = after(&[("1", "t", "a", "FAILED"), ("2", "t", "a", "FAILED")]);
        assert_eq!((row.tests[0].at, row.tests[0].since), (i64::from(b'2'), i64::from(b'1')));
    }
}
