//! Differences of pipelines: what is reported for which change, and what makes no difference.
#![allow(clippy::unwrap_used, missing_docs)]

use downbeat_dialect::{
    Pipeline,
    diff::{ChangeKind, diff, render},
    parse,
};

const BASE: &str = r#"
version: v1
name: base
configuration: {retries: 1}
inputs:
  day: {type: string, default: today}
schedule:
  - {name: nightly, cron: "0 1 ? * * *"}
  - {cron: "0 2 ? * * *"}
trigger_events:
  - {type: pipeline, pipeline_id: 7c9e6679-7425-40de-944b-e07fc1f90ae7}
alerts:
  - {name: all, statuses: [FAILED], destinations: [{integration: EMAIL, destination: a@example.org}]}
meta: {owner: data}
pipeline:
  load:
    tasks:
      fetch:
        integration: PYTHON
        integration_job: PYTHON_EXECUTE_SCRIPT
        parameters:
          source: INLINE
          python_version: '3.11'
          code: |
            one
            two
            three
      tidy:
        integration: ORCHESTRA
        integration_job: WAIT
        depends_on: [fetch]
        parameters: {wait_minutes: 1}
  report:
    depends_on: [load]
    condition: ${{ task_groups['load'].all().status == 'SUCCEEDED' }}
    tasks:
      send: {integration: ORCHESTRA, integration_job: WAIT, parameters: {wait_minutes: 2}}
  last:
    integration: ORCHESTRA
    integration_job: WAIT
    depends_on: [load, report]
    parameters: {wait_minutes: 3}
"#;

fn pipeline(source: &str) -> Pipeline {
    let parsed = parse(source);
    parsed.pipeline.unwrap_or_else(|| panic!("{}", parsed.diagnostics[0].render("f", source)))
}

/// The difference that one replacement in the text makes.
fn change(from: &str, to: &str) -> String {
    assert!(BASE.contains(from), "{from}");
    render(&diff(&pipeline(BASE), &pipeline(&BASE.replace(from, to))))
}

#[test]
fn every_change_is_reported_as_what_it_is() {
    let wait = "{integration: ORCHESTRA, integration_job: WAIT, parameters: {wait_minutes: 2}}";
    let cases: &[(&str, &str, &str)] = &[
        ("name: base", "name: other", r#"~ name: "base" -> "other""#),
        ("retries: 1", "retries: 2", "~ configuration.retries: 1 -> 2"),
        ("default: today", "optional: true", "- inputs.day.default: \"today\"\n+ inputs.day.optional: true"),
        (
            "  day: {",
            "  night: {type: number, optional: true}\n  day: {",
            r#"+ inputs.night: {"type":"number","optional":true}"#,
        ),
        ("cron: \"0 1 ?", "cron: \"0 5 ?", r#"~ schedule.nightly.cron: "0 1 ? * * *" -> "0 5 ? * * *""#),
        ("name: nightly", "name: daily", r#"~ schedule.nightly.name: "nightly" -> "daily""#),
        ("  - {cron: \"0 2 ? * * *\"}\n", "", r#"- schedule.0 2 ? * * *: {"cron":"0 2 ? * * *","timezone":"UTC"}"#),
        (
            "e07fc1f90ae7}",
            "e07fc1f90ae7, statuses: [FAILED]}",
            r#"~ trigger_events.7c9e6679-7425-40de-944b-e07fc1f90ae7.statuses: ["SUCCEEDED","WARNING"] -> ["FAILED"]"#,
        ),
        ("statuses: [FAILED]", "statuses: [WARNING]", r#"~ alerts.all.statuses: ["FAILED"] -> ["WARNING"]"#),
        ("owner: data", "owner: sales", r#"~ meta.owner: "data" -> "sales""#),
        (
            "owner: data",
            "owner: data, downbeat: {timeout: PT2H, priority: 5, concurrency: {on_limit: CANCEL_RUNNING}}",
            "+ meta.downbeat.timeout: \"PT2H\"\n+ meta.downbeat.priority: 5\n\
             + meta.downbeat.concurrency: {\"on_limit\":\"CANCEL_RUNNING\"}",
        ),
        (
            "owner: data",
            "owner: data, downbeat: {schedules: [{unix_cron: '@daily'}]}",
            r#"+ meta.downbeat.schedules.@daily: {"unix_cron":"@daily","timezone":"UTC"}"#,
        ),
        (
            "{wait_minutes: 3}",
            "{wait_minutes: 3}\n    meta: {downbeat: {pool: {name: db}, worker: {zone: eu}, approval: {expires: P1D}, wait: false}}",
            "+ pipeline.last.meta.downbeat.pool: {\"name\":\"db\",\"slots\":1}\n\
             + pipeline.last.meta.downbeat.worker: {\"zone\":\"eu\"}\n\
             + pipeline.last.meta.downbeat.wait: false\n\
             + pipeline.last.meta.downbeat.approval: {\"expires\":\"PT24H\"}",
        ),
        (
            "  report:\n",
            "  report:\n    meta: {downbeat: {priority: -1}}\n",
            "+ pipeline.report.meta.downbeat.priority: -1",
        ),
        (
            "            two\n",
            "            2\n            2.5\n",
            "~ pipeline.load.fetch.parameters.code:\n    - two\n    + 2\n    + 2.5",
        ),
        ("{wait_minutes: 1}", "{wait_minutes: 4}", "~ pipeline.load.tidy.parameters.wait_minutes: 1 -> 4"),
        ("depends_on: [load, report]", "depends_on: [report]", "- pipeline.last.depends_on: \"load\""),
        ("        depends_on: [fetch]\n", "", "- pipeline.load.tidy.depends_on: \"fetch\""),
        ("    depends_on: [load]\n", "", "- pipeline.report.depends_on: \"load\""),
        (
            ".all()",
            ".any()",
            "~ pipeline.report.condition: \"task_groups['load'].all().status == 'SUCCEEDED'\" -> \"task_groups['load'].any().status == 'SUCCEEDED'\"",
        ),
        ("send: {", &format!("more: {wait}\n      send: {{"), "+ task pipeline.report.more (ORCHESTRA WAIT)"),
        ("send: {", "deliver: {", "~ pipeline.report.deliver: renamed from \"send\""),
        ("      send:", "      Send:", "~ pipeline.report.Send: renamed from \"send\""),
        ("  last:\n", "  final:\n", "~ pipeline.final: renamed from \"last\""),
        ("  last:\n", &format!("  extra:\n    tasks: {{e1: {wait}}}\n  last:\n"), "+ group pipeline.extra (tasks: e1)"),
    ];
    for (from, to, expected) in cases {
        assert_eq!(&change(from, to), expected, "{from} -> {to}");
        let back = diff(&pipeline(&BASE.replace(from, to)), &pipeline(BASE));
        assert_eq!(back.is_empty(), expected.is_empty(), "the way back from {to}");
    }
}

#[test]
fn a_task_that_moves_is_no_other_task() {
    let text = "      send: {integration: ORCHESTRA, integration_job: WAIT, parameters: {wait_minutes: 2}}\n";
    let two = BASE.replace(
        text,
        &format!("{text}      stay: {{integration: ORCHESTRA, integration_job: WAIT, parameters: {{}}}}\n")
            .replace("parameters: {}}", "parameters: {wait_minutes: 9}}"),
    );
    let moved = two.replace(text, "").replace("      tidy:\n", &format!("{text}      tidy:\n"));
    assert_eq!(
        render(&diff(&pipeline(&two), &pipeline(&moved))),
        "~ pipeline.load.send: moved from group report to group load"
    );
}

#[test]
fn two_equal_candidates_are_not_taken_for_renamed() {
    let wait = "{integration: ORCHESTRA, integration_job: WAIT, parameters: {wait_minutes: 2}}";
    let changed = BASE.replace(&format!("send: {wait}"), &format!("a1: {wait}\n      a2: {wait}"));
    let expected = "- task pipeline.report.send (ORCHESTRA WAIT)\n+ task pipeline.report.a1 (ORCHESTRA WAIT)\n+ task pipeline.report.a2 (ORCHESTRA WAIT)";
    assert_eq!(render(&diff(&pipeline(BASE), &pipeline(&changed))), expected);
}

#[test]
fn layout_order_and_spelling_make_no_difference() {
    let cases = [
        ("name: base", "# a comment\nname:   \"base\""),
        ("{wait_minutes: 3}", "\n      wait_minutes: 3 # three"),
        ("depends_on: [load, report]", "depends_on: [REPORT, Load]"),
        ("${{ task_groups['load'].all().status == 'SUCCEEDED' }}", "task_groups['load'].all().status == 'SUCCEEDED'"),
        (
            "          source: INLINE\n          python_version: '3.11'\n",
            "          python_version: \"3.11\"\n          source: INLINE\n",
        ),
        ("cron: \"0 1 ? * * *\"", "cron: \"0  1 ? * * *\", timezone: UTC"),
    ];
    for (from, to) in cases {
        assert_eq!(change(from, to), "", "{from} -> {to}");
    }
}

#[test]
fn additions_are_compared_by_what_they_mean() {
    let with = |additions: &str| {
        let meta = format!("{{wait_minutes: 3}}\n    meta: {{note: 1, downbeat: {additions}}}");
        pipeline(&BASE.replace("{wait_minutes: 3}", &meta))
    };
    let cases = [
        ("{retry: {delay: PT60S}}", "{version: 1, retry: {delay: PT1M, backoff: fixed, jitter: 0}}", ""),
        ("{retry: {delay: PT60S}}", "{retry: {delay: PT61S}}", r#""PT1M" -> "PT1M1S""#),
        ("{pool: {name: db}}", "{pool: {name: db, slots: 1.0}}", ""),
        ("{pool: {name: db}}", "{pool: {name: db, slots: 2}}", "1 -> 2"),
        ("{worker: {a: x, b: y}}", "{worker: {b: y, a: x}}", ""),
        ("{wait: true}", "{}", ""),
        ("{approval: {expires: PT0S}}", "{}", ""),
        ("{reads: [db/a, db/b], writes: []}", "{reads: [db/b, db/a]}", ""),
        ("{writes: [db/a]}", "{writes: [db/b]}", r#"["db/a"] -> ["db/b"]"#),
        ("{approval: {expires: P1D}}", "{approval: {expires: PT24H}}", ""),
    ];
    for (old, new, expected) in cases {
        let changes = diff(&with(old), &with(new));
        let shown = render(&changes);
        assert_eq!(shown.is_empty(), expected.is_empty(), "{old} -> {new}: {shown}");
        assert!(shown.ends_with(expected), "{old} -> {new}: {shown}");
        assert!(changes.iter().all(|change| change.kind == ChangeKind::ConfigurationChanged), "{changes:?}");
    }
}

#[test]
fn changes_are_json_with_path_kind_old_and_new() {
    let changes = diff(&pipeline(BASE), &pipeline(&BASE.replace("wait_minutes: 3", "wait_minutes: 5")));
    let json = serde_json::to_string(&changes).unwrap();
    let expected =
        r#"[{"path":["pipeline","last","parameters","wait_minutes"],"kind":"parameter_changed","old":3,"new":5}]"#;
    assert_eq!(json, expected);
}
