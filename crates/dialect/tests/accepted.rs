//! What an accepted document becomes: defaults, spellings, types, and documents at the edge of YAML.
#![allow(clippy::unwrap_used, missing_docs)]

use downbeat_dialect::{
    Code, Entry, GroupAdditions, InputType, MatrixValues, OnLimit, Pipeline, PipelineAdditions, PoolUse, RetryDelay,
    Severity, TaskAdditions, Templated, parse,
};
use serde_json::json;

const FULL: &str = include_str!("data/full.yml");

fn accepted(source: &str) -> Pipeline {
    let parsed = parse(source);
    let shown: Vec<String> = parsed.diagnostics.iter().map(|found| found.render("p.yml", source)).collect();
    parsed.pipeline.unwrap_or_else(|| panic!("refused:\n{}", shown.join("\n")))
}

fn minimal(rest: &str) -> String {
    format!(
        "version: v1\nname: demo\npipeline:\n  a: {{integration: DOWNBEAT, integration_job: NOOP, parameters: {{}}}}\n{rest}"
    )
}

#[test]
fn a_document_with_every_key_is_accepted_without_advice() {
    let parsed = parse(FULL);
    let shown: Vec<String> = parsed.diagnostics.iter().map(|found| found.render("full.yml", FULL)).collect();
    assert_eq!(shown, Vec::<String>::new());
}

#[test]
fn given_every_key_then_the_typed_pipeline_carries_it() {
    let pipeline = accepted(FULL);
    assert_eq!((pipeline.version.as_str(), pipeline.name.as_str()), ("v1", "everything"));
    assert_eq!(pipeline.configuration.retries, Some(2));
    let concurrency = pipeline.configuration.concurrency.unwrap();
    assert_eq!(concurrency.max_active, Some(Templated::Fixed(1)));
    assert_eq!(concurrency.on_limit, Templated::Fixed(OnLimit::QueueLatest));
    assert_eq!(pipeline.inputs["day"].kind, InputType::String);
    assert!(pipeline.inputs["day"].is_required());
    assert_eq!(pipeline.schedules[0].timezone, "Europe/London");
    assert_eq!(pipeline.schedules[0].cron.to_string(), "0 8 ? * MON-FRI *");
    assert_eq!(pipeline.sensors["files"].checks["new_file"].map_outputs["day"], "${{ outputs.file_name }}");
    assert_eq!(pipeline.sensors["files"].frequency_seconds, 60);
    assert_eq!(pipeline.trigger_events[0].statuses, ["SUCCEEDED", "WARNING"]);
    assert!(pipeline.webhook.enabled);
    assert_eq!(pipeline.alerts[0].destinations[0].destination.as_deref(), Some("#data"));
    assert_eq!(pipeline.meta["owner"], json!("data team"));
    assert_eq!(pipeline.entries.keys().collect::<Vec<_>>(), ["load", "build", "notify"]);
}

#[test]
fn groups_tasks_and_matrices_are_resolved() {
    let pipeline = accepted(FULL);
    let Entry::Group(build) = &pipeline.entries["build"] else { panic!("not a group") };
    assert_eq!(build.depends_on, ["load"], "spelled as the entry, though written LOAD, and once");
    let matrix = build.matrix.as_ref().unwrap();
    assert!(matches!(matrix.inputs["region"], MatrixValues::Expression(_)));
    assert_eq!((matrix.max_parallel, matrix.sequential), (Some(2), false));
    let dbt = &build.tasks["dbt"];
    assert!(!dbt.parameters.contains_key("package_manager"), "as written: defaults are the connector's");
    assert_eq!(dbt.configuration.or(&pipeline.configuration).retries, Some(2));
    assert_eq!(dbt.configuration.timeout_seconds, Some(600));
    assert_eq!(build.tasks["check"].depends_on, ["dbt"]);
    let Entry::Task(notify) = &pipeline.entries["notify"] else { panic!("not a task") };
    assert!(notify.condition.as_ref().unwrap().text.starts_with("${{"));
    assert_eq!((notify.span.line, notify.span.column), (FULL[..notify.span.start].lines().count() as u32, 3));
}

#[test]
fn yaml_at_its_edges_is_read_as_documented() {
    let cases = [
        ("byte order mark", format!("\u{feff}{}", minimal(""))),
        ("carriage returns", minimal("").replace('\n', "\r\n")),
        ("JSON", r#"{"version": "v1", "name": "n", "pipeline": {"a": {"integration": "X", "integration_job": "Y", "parameters": {"z": 1}}}}"#.to_owned()),
        ("document marker", format!("---\n{}", minimal("...\n"))),
        ("anchors and merge keys", minimal("meta:\n  base: &base {a: 1, b: 2}\n  more: {<<: *base, b: 3}\n")),
        ("quoted text that looks like a number", minimal("").replace("demo", "'010'")),
        ("null for an absent key", minimal("schedule:\ninputs: ~\n")),
    ];
    for (what, source) in cases {
        let parsed = parse(&source);
        assert!(parsed.pipeline.is_some(), "{what}: {:?}", parsed.diagnostics);
    }
}

#[test]
fn values_keep_their_yaml_1_1_types() {
    let pipeline = accepted(&minimal(
        "meta: {on_word: on, octal: 010, date: 2024-01-01, merged: {<<: {a: 1, b: 2}, b: 3}, big: 1.5, text: 'yes'}\n",
    ));
    let expected = json!({"on_word": true, "octal": 8, "date": "2024-01-01", "merged": {"b": 3, "a": 1}, "big": 1.5, "text": "yes"});
    assert_eq!(serde_json::Value::Object(pipeline.meta), expected);
}

#[test]
fn advice_does_not_refuse() {
    let source = minimal("meta: {on: 1, x: '${{ inputs.nowhere }}'}\n");
    let parsed = parse(&source);
    assert!(parsed.pipeline.is_some());
    assert!(
        parsed.diagnostics.len() == 2 && parsed.diagnostics.iter().all(|found| found.severity == Severity::Warning)
    );
}

#[test]
fn retry_delay_is_limited_as_by_the_service() {
    for (minutes, accepted) in [("120", true), ("121", false), ("120.0", true), ("-1", true)] {
        let parsed = parse(&minimal(&format!("configuration: {{retry_delay: {minutes}}}\n")));
        assert_eq!(parsed.pipeline.is_some(), accepted, "{minutes}: {:?}", parsed.diagnostics);
    }
}

#[test]
fn additions_are_typed() {
    let ours = "{schedules: [{unix_cron: '*/10 8-17 * * 1-5', timezone: Europe/London, exclude: ['2026-12-25']}]}";
    let task =
        "{downbeat: {version: 1, retry: {delay: P1DT1.5S, backoff: exponential, max_delay: PT5M, jitter: 0.25}}}";
    let source = format!(
        "version: v1\nname: demo\nmeta: {{downbeat: {ours}}}\npipeline:\n  a: {{integration: X, integration_job: Y, parameters: {{}}, meta: {task}}}\n"
    );
    let pipeline = accepted(&source);
    let schedule = &pipeline.additions.schedules[0];
    assert_eq!((schedule.cron_text.as_str(), schedule.timezone.as_str()), ("*/10 8-17 * * 1-5", "Europe/London"));
    let Entry::Task(task) = &pipeline.entries["a"] else { panic!("not a task") };
    let expected = RetryDelay { delay_ms: 86_401_500, exponential: true, max_delay_ms: Some(300_000), jitter: 0.25 };
    assert_eq!(task.additions.retry, Some(expected));
}

/// The example has both kinds of trigger.
#[test]
fn event_triggers_are_typed() {
    let source = include_str!("../../../deploy/examples/features/event-triggers.yml");
    assert_eq!(parse(source).diagnostics, []);
    let triggers = accepted(source).additions.triggers;
    let names: Vec<&str> = triggers.iter().map(|trigger| trigger.name.as_str()).collect();
    assert_eq!(names, ["orders", "both"]);
    let [orders] = &triggers[0].parts[..] else { panic!("{:?}", triggers[0]) };
    assert_eq!((orders.subject.as_str(), orders.when.as_deref()), ("orders.*.landed", Some("event.data.rows > 0")));
    assert_eq!(orders.run_inputs["table"], "event.data.table");
    assert_eq!((triggers[0].within_ms, triggers[1].within_ms, triggers[1].parts.len()), (None, Some(HOUR_MS), 2));
    let unnamed = accepted(&minimal("meta: {downbeat: {triggers: [{nats: a}, {nats: '>'}]}}\n")).additions.triggers;
    assert_eq!((unnamed[0].name.as_str(), unnamed[1].name.as_str()), ("trigger-1", "trigger-2"));
}

/// The example has each kind.
#[test]
fn what_is_said_of_assets_and_time_is_typed() {
    let source = include_str!("../../../deploy/examples/features/assets.yml");
    assert_eq!(parse(source).diagnostics, []);
    let ours = accepted(source).additions;
    let [trigger] = &ours.asset_triggers[..] else { panic!("{ours:?}") };
    assert_eq!((trigger.name.as_str(), trigger.debounce_ms), ("sales", 300_000));
    assert_eq!(trigger.assets, ["warehouse/sales.*", "lake/currencies"]);
    assert_eq!(trigger.run_inputs["tables"], "event.data.assets");
    let [rule] = &ours.freshness[..] else { panic!("{ours:?}") };
    assert_eq!((rule.name.as_str(), rule.asset.as_str()), ("orders", "warehouse/sales.orders"));
    assert_eq!(rule.max_age_ms, 24 * HOUR_MS);
    let [deadline] = &ours.deadlines[..] else { panic!("{ours:?}") };
    assert_eq!((deadline.name.as_str(), deadline.within_ms, deadline.unix), ("morning", 6 * HOUR_MS, false));
    assert_eq!(deadline.schedule.timezone, "Europe/London");
    // Names where none are given; the places of triggers count whatever they listen to.
    let unnamed = "{triggers: [{nats: a}, {asset: db/a}], freshness: [{asset: db/a, max_age: P1D}], \
                   deadlines: [{unix_cron: '@daily', within: PT1H, paused: true}]}";
    let ours = accepted(&minimal(&format!("meta: {{downbeat: {unnamed}}}\n"))).additions;
    assert_eq!((ours.triggers[0].name.as_str(), ours.asset_triggers[0].name.as_str()), ("trigger-1", "trigger-2"));
    assert_eq!((ours.freshness[0].name.as_str(), ours.deadlines[0].name.as_str()), ("db/a", "deadline-1"));
    assert_eq!((ours.deadlines[0].unix, ours.deadlines[0].schedule.options.paused), (true, true));
}

const HOUR_MS: u64 = 3_600_000;

#[test]
fn labels_of_a_pipeline_are_typed() {
    let with = |labels: &str| {
        let meta =
            if labels.is_empty() { String::new() } else { format!("meta: {{downbeat: {{labels: [{labels}]}}}}\n") };
        let tasks = "pipeline: {a: {integration: X, integration_job: Y, parameters: {}}}\n";
        format!("version: v1\nname: demo\n{meta}{tasks}")
    };
    assert_eq!(accepted(&with("")).additions.labels, [""; 0]);
    assert_eq!(accepted(&with("finance, eu-1.x_y")).additions.labels, ["finance", "eu-1.x_y"]);
    for (count, fits) in [(20, true), (21, false)] {
        let labels: Vec<String> = (0..count).map(|number| format!("l{number}")).collect();
        assert_eq!(parse(&with(&labels.join(", "))).pipeline.is_some(), fits, "{count}");
    }
}

/// The example says of a script, and of a task that waits, what they read and write.
#[test]
fn what_tasks_read_and_write_is_typed() {
    let source = include_str!("../../../deploy/examples/features/declared-lineage.yml");
    assert_eq!(parse(source).diagnostics, []);
    let pipeline = accepted(source);
    let Entry::Task(load) = &pipeline.entries["load"] else { panic!("not a task") };
    assert_eq!(load.additions.reads, ["s3://landing/orders.csv", "warehouse/shop.rates"]);
    assert_eq!(load.additions.writes, ["warehouse/shop.orders"]);
}

#[test]
fn a_task_reads_and_writes_at_most_a_hundred_assets_and_not_too_many_pairs() {
    let keys = |count: usize, letters: usize| {
        let keys: Vec<String> = (0..count).map(|at| format!("db/{at:0letters$}")).collect();
        keys.join(", ")
    };
    for (reads, writes, accepted) in [
        (keys(100, 40), keys(1, 40), true),
        (keys(1, 40), keys(100, 40), true),
        (keys(20, 40), keys(15, 40), true),
        (keys(101, 3), keys(1, 3), false),
        (keys(1, 3), keys(101, 3), false),
        (keys(100, 3), keys(100, 3), false),
        (keys(60, 490), String::new(), false),
    ] {
        let source = format!(
            "version: v1\nname: demo\npipeline:\n  a: {{integration: X, integration_job: Y, parameters: {{}}, meta: {{downbeat: {{reads: [{reads}], writes: [{writes}]}}}}}}\n"
        );
        assert_eq!(parse(&source).pipeline.is_some(), accepted, "{}: {:?}", source.len(), parse(&source).diagnostics);
    }
}

/// The example has every addition of the run engine once.
#[test]
fn additions_of_the_run_engine_are_typed() {
    let source = include_str!("../../../deploy/examples/features/run-engine-additions.yml");
    assert_eq!(parse(source).diagnostics, []);
    let pipeline = accepted(source);
    let expected = PipelineAdditions {
        timeout_ms: Some(6 * HOUR_MS),
        priority: Some(10),
        cancel_running: true,
        ..PipelineAdditions::default()
    };
    assert_eq!(pipeline.additions, expected);
    let Entry::Group(stores) = &pipeline.entries["stores"] else { panic!("not a group") };
    assert_eq!(stores.additions, GroupAdditions { priority: Some(20) });
    let retry = RetryDelay { delay_ms: 10_000, exponential: true, max_delay_ms: Some(120_000), jitter: 0.0 };
    let pool = PoolUse { name: "warehouse".to_owned(), slots: 2 };
    let copy = TaskAdditions { retry: Some(retry), pool: Some(pool), ..TaskAdditions::default() };
    assert_eq!(stores.tasks["copy"].additions, copy);
    let labels = [("gpu", "a100"), ("zone", "eu-west")].map(|(name, value)| (name.to_owned(), value.to_owned()));
    let train = TaskAdditions { priority: Some(-20), worker_labels: labels.into(), ..TaskAdditions::default() };
    assert_eq!(stores.tasks["train"].additions, train);
    for (id, expected) in [
        ("decide", TaskAdditions { approval_expires_ms: Some(48 * HOUR_MS), ..TaskAdditions::default() }),
        ("publish", TaskAdditions { wait: Some(false), ..TaskAdditions::default() }),
    ] {
        let Entry::Task(task) = &pipeline.entries[id] else { panic!("not a task") };
        assert_eq!(task.additions, expected, "{id}");
    }
}

#[test]
fn additions_of_a_task_keep_to_their_limits() {
    let labels = |count: usize| {
        let labels: Vec<String> = (0..count).map(|at| format!("l{at}: v")).collect();
        format!("worker: {{{}}}", labels.join(", "))
    };
    for (written, accepted) in [
        ("priority: -100".to_owned(), true),
        ("priority: 100.0".to_owned(), true),
        ("priority: -101".to_owned(), false),
        ("priority: 1.5".to_owned(), false),
        ("priority: 9223372036854775807".to_owned(), false),
        ("priority: '5'".to_owned(), false),
        ("priority: ~".to_owned(), false),
        ("pool: {name: A.b_c-9, slots: 10000}".to_owned(), true),
        ("pool: {name: a, slots: 10001}".to_owned(), false),
        ("pool: {name: a, slots: 1.0}".to_owned(), true),
        ("pool: {name: ''}".to_owned(), false),
        ("pool: {name: é}".to_owned(), false),
        ("pool: {slots: 1}".to_owned(), false),
        ("pool: warehouse".to_owned(), false),
        (format!("pool: {{name: {}}}", "a".repeat(100)), true),
        (format!("pool: {{name: {}}}", "a".repeat(101)), false),
        ("pool: {name: \"a\\n\"}".to_owned(), false),
        (labels(16), true),
        (labels(17), false),
        (labels(0), false),
        (format!("worker: {{{}: {}}}", "a".repeat(63), "b".repeat(63)), true),
        (format!("worker: {{{}: b}}", "a".repeat(64)), false),
        (format!("worker: {{a: {}}}", "b".repeat(64)), false),
        ("worker: {'': b}".to_owned(), false),
        ("wait: yes".to_owned(), true),
        ("wait: 1".to_owned(), false),
        ("approval: {}".to_owned(), false),
        ("approval: {expires: PT0S}".to_owned(), true),
        ("timeout: PT1H".to_owned(), false),
    ] {
        let source = format!(
            "version: v1\nname: demo\npipeline:\n  a: {{integration: X, integration_job: Y, parameters: {{}}, meta: {{downbeat: {{{written}}}}}}}\n"
        );
        assert_eq!(parse(&source).pipeline.is_some(), accepted, "{written}: {:?}", parse(&source).diagnostics);
    }
}

/// As a `timeout` of 0 is none in the configuration.
#[test]
fn a_duration_of_nothing_is_no_limit() {
    for (written, expected) in
        [("PT0S", None), ("PT0.000S", None), ("P0D", None), ("PT0.001S", Some(1)), ("P1DT1H", Some(25 * HOUR_MS))]
    {
        let source = minimal(&format!("meta: {{downbeat: {{timeout: {written}}}}}\n"));
        assert_eq!(accepted(&source).additions.timeout_ms, expected, "{written}");
    }
}

#[test]
fn durations_of_additions_have_at_least_one_part() {
    for (delay, accepted) in [
        ("PT5S", true),
        ("PT0.250S", true),
        ("PT1H30S", true),
        ("P2D", true),
        ("PT999999H", true),
        ("P", false),
        ("PT", false),
        ("P1DT", false),
        ("P1Y", false),
        ("PT1234567S", false),
        ("5s", false),
    ] {
        let source = format!(
            "version: v1\nname: demo\npipeline:\n  a: {{integration: X, integration_job: Y, parameters: {{}}, meta: {{downbeat: {{retry: {{delay: {delay}}}}}}}}}\n"
        );
        assert_eq!(parse(&source).pipeline.is_some(), accepted, "{delay}");
    }
}

#[test]
fn a_job_that_is_no_text_is_an_unlisted_one() {
    for (written, name) in [("5", "5"), ("~", "null"), ("[a]", "[\"a\"]")] {
        let source = format!(
            "version: v1\nname: demo\npipeline: {{a: {{integration: X, integration_job: {written}, parameters: {{}}}}}}\n"
        );
        let parsed = parse(&source);
        let codes: Vec<Code> = parsed.diagnostics.iter().map(|found| found.code).collect();
        assert_eq!(codes, [Code::WrongType], "{written}");
        let Entry::Task(task) = &parsed.pipeline.unwrap().entries["a"] else { panic!("not a task") };
        assert_eq!(task.integration_job, name);
    }
}

#[test]
fn sensors_under_meta_are_typed_as_the_published_ones_are() {
    let sensor = "{name: S, cron: 0 8 * * ? *, timezone: UTC, timeout_mins: 30, frequency_secs: 90, exclude: ['2026-12-25'], \
                  checks: {c: {integration: HTTP, sensor_type: HTTP_REQUEST, parameters: {url: 'https://x'}, \
                  connection: feed, map_outputs: {n: status}}}}";
    let source = format!(
        "version: v1\nname: x\nmeta: {{downbeat: {{sensors: {{s: {sensor}}}}}}}\npipeline:\n  a: {{integration: X, integration_job: Y, parameters: {{}}}}\n"
    );
    let parsed = parse(&source);
    assert!(parsed.diagnostics.iter().all(|fault| fault.code != Code::UnknownKey), "{:?}", parsed.diagnostics);
    let pipeline = parsed.pipeline.unwrap();
    let (id, sensor) = pipeline.all_sensors().next().unwrap();
    assert_eq!((id.as_str(), sensor.timeout_minutes, sensor.frequency_seconds), ("s", 30, 90));
    let check = &sensor.checks["c"];
    assert_eq!((check.integration.as_str(), check.sensor_type.as_str()), ("HTTP", "HTTP_REQUEST"));
    assert_eq!(check.map_outputs["n"], "status");
    for (wrong, words) in [
        ("timeout_mins: 30", "timeout_mins: 7201"),
        ("frequency_secs: 90", "frequency_secs: 59"),
        ("integration: HTTP, ", ""),
        ("name: S, ", "nam: S, "),
        ("cron: 0 8 * * ? *", "cron: 0 8 * * *"),
    ] {
        let refused = parse(&source.replacen(wrong, words, 1));
        assert!(refused.pipeline.is_none(), "{wrong} -> {words} is refused");
    }
}
