//! `docs/metrics.md`: every metric of every service, as the processes themselves say. `DOWNBEAT_WRITE_SNAPSHOTS=1` writes it anew.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
};

use downbeat_integration_tests::repository;

const HEAD: &str = "# Metrics

What each service says at `GET /metrics`, in the text format of OpenMetrics, on the address that its flag `--metrics` (gateway: `--health`) names. Written by the test `dashboards` of
`integration-tests` (`DOWNBEAT_WRITE_SNAPSHOTS=1`) from what the services say while they work.

Of a histogram, Prometheus reads `_bucket`, `_sum` and `_count`. Labels of which there is a bounded number only: no name of a pipeline, no id of a run is one. Dashboards and alerts over
these metrics: [operations.md](operations.md#dashboards-and-alerts).
";

#[derive(Debug, Default)]
struct Metric {
    kind: String,
    help: String,
    labels: BTreeSet<String>,
}

/// The file says what the services say.
pub fn documented(pages: &[(&str, String)]) {
    let mut text = HEAD.to_owned();
    for (service, page) in pages {
        let metrics = read(page);
        assert!(metrics.len() >= 5, "{service} measures {} things", metrics.len());
        write!(
            text,
            "\n## {}{}\n\n| metric | kind | labels | |\n|---|---|---|---|\n",
            service[..1].to_uppercase(),
            &service[1..]
        )
        .expect("writing to a string");
        for (name, Metric { kind, help, labels }) in metrics {
            assert!(!help.is_empty(), "{name} says not what it is");
            let labels: Vec<String> = labels.iter().map(|label| format!("`{label}`")).collect();
            writeln!(text, "| `{name}` | {kind} | {} | {} |", labels.join(", "), help.replace('|', "\\|"))
                .expect("writing to a string");
        }
    }
    let path = repository().join("docs/metrics.md");
    if std::env::var_os("DOWNBEAT_WRITE_SNAPSHOTS").is_some() {
        std::fs::write(&path, &text).expect("the repository is ours");
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(kept == text, "docs/metrics.md is stale: DOWNBEAT_WRITE_SNAPSHOTS=1 writes it anew. It should be:\n{text}");
}

fn read(page: &str) -> BTreeMap<String, Metric> {
    let mut metrics = BTreeMap::<String, Metric>::new();
    let mut helps = BTreeMap::new();
    for line in page.lines() {
        if let Some((name, help)) = line.strip_prefix("# HELP ").and_then(|rest| rest.split_once(' ')) {
            // The format ends each with a full stop.
            helps.insert(name.to_owned(), help.trim_end_matches('.').to_owned());
        } else if let Some((name, kind)) = line.strip_prefix("# TYPE ").and_then(|rest| rest.split_once(' ')) {
            let help = helps.get(name).cloned().unwrap_or_default();
            let shown = if kind == "counter" { format!("{name}_total") } else { name.to_owned() };
            metrics.insert(shown, Metric { kind: kind.to_owned(), help, labels: BTreeSet::new() });
        } else if let Some((name, rest)) = line.split_once('{') {
            let bare =
                ["_bucket", "_sum", "_count"].iter().find_map(|ending| name.strip_suffix(ending)).unwrap_or(name);
            let known = if metrics.contains_key(name) { name } else { bare };
            let metric = metrics.get_mut(known).unwrap_or_else(|| panic!("{name} has no type"));
            metric.labels.extend(labels(rest).into_iter().filter(|label| label != "le"));
        }
    }
    metrics
}

/// Names of labels; values may hold whatever stands between quotes.
fn labels(rest: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut rest = rest;
    while let Some((name, after)) = rest.split_once("=\"") {
        found.push(name.trim_start_matches(',').to_owned());
        let bytes = after.as_bytes();
        let mut at = 0;
        while at < bytes.len() && bytes[at] != b'"' {
            at += if bytes[at] == b'\\' { 2 } else { 1 };
        }
        rest = after.get(at + 1..).unwrap_or_default();
        if rest.starts_with('}') {
            break;
        }
    }
    found
}
