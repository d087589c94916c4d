//! What two runs did differently: `+` only the later one, `-` only the earlier one, `~` both, but not the same.

use downbeat_proto::{
    events::v1::LineageEdge,
    metadata::v1::{AssetChange, DiffRunsResponse},
};

use super::{clean, lineage::thousands, short};

/// One difference a line.
pub fn lines(answer: &DiffRunsResponse) -> Vec<String> {
    let id = |run: &Option<downbeat_proto::metadata::v1::Run>| {
        run.as_ref().map(|run| format!("{} ({})", short(&run.id), clean(&run.status))).unwrap_or_default()
    };
    let mut lines = vec![format!("run {} against run {}", id(&answer.after), id(&answer.before))];
    lines.extend(answer.assets_added.iter().map(|key| format!("+ asset {}", clean(key))));
    lines.extend(answer.assets_removed.iter().map(|key| format!("- asset {}", clean(key))));
    lines.extend(answer.edges_added.iter().map(|edge| format!("+ {}", ends(edge))));
    lines.extend(answer.edges_removed.iter().map(|edge| format!("- {}", ends(edge))));
    for change in &answer.changed {
        lines.push(format!("~ {}", clean(&change.key)));
        lines.extend(changes(change).into_iter().map(|line| format!("    {line}")));
    }
    if lines.len() == 1 {
        lines.push("no difference in what they read, wrote and tested".to_owned());
    }
    lines
}

fn ends(edge: &LineageEdge) -> String {
    match (edge.from.as_str(), edge.to.as_str()) {
        (from, "") => format!("reads {}", clean(from)),
        ("", to) => format!("writes {}", clean(to)),
        (from, to) => format!("{} → {}", clean(from), clean(to)),
    }
}

fn changes(change: &AssetChange) -> Vec<String> {
    let number = |rows: i64| if rows < 0 { "not known".to_owned() } else { thousands(rows) };
    let mut lines = Vec::new();
    let mut differ = |what: &str, before: String, after: String| {
        if before != after {
            lines.push(format!("{what}: {before} → {after}"));
        }
    };
    differ("rows written", number(change.rows_affected_before), number(change.rows_affected_after));
    differ("rows", number(change.row_count_before), number(change.row_count_after));
    differ("state", clean(&change.status_before), clean(&change.status_after));
    for column in &change.columns {
        let name = clean(&column.name);
        lines.push(match column.change.as_str() {
            "ADDED" => format!("column {name} is new"),
            "REMOVED" => format!("column {name} is gone"),
            _ => format!("column {name}: {} → {}", clean(&column.type_before), clean(&column.type_after)),
        });
    }
    for test in &change.tests {
        let or_none = |status: &str| if status.is_empty() { "not run".to_owned() } else { clean(status) };
        let name = clean(&test.name);
        lines.push(format!("test {name}: {} → {}", or_none(&test.status_before), or_none(&test.status_after)));
    }
    lines
}

#[cfg(test)]
mod tests {
    use downbeat_proto::metadata::v1::{ColumnChange, TestChange};

    use super::*;

    #[test]
    fn every_difference_is_a_line() {
        let edge = LineageEdge { from: "db/a".into(), to: "db/t".into(), ..LineageEdge::default() };
        let change = AssetChange {
            key: "db/t".into(),
            rows_affected_before: 1_000,
            rows_affected_after: -1,
            row_count_before: -1,
            row_count_after: -1,
            status_before: "HEALTHY".into(),
            status_after: "UNHEALTHY".into(),
            columns: vec![ColumnChange { name: "id".into(), change: "REMOVED".into(), ..ColumnChange::default() }],
            tests: vec![TestChange { name: "unique".into(), status_after: "FAILED".into(), ..TestChange::default() }],
        };
        let answer = DiffRunsResponse {
            assets_added: vec!["db/new".into()],
            edges_removed: vec![edge],
            changed: vec![change],
            ..DiffRunsResponse::default()
        };
        let expected = [
            "+ asset db/new",
            "- db/a → db/t",
            "~ db/t",
            "    rows written: 1,000 → not known",
            "    state: HEALTHY → UNHEALTHY",
            "    column id is gone",
            "    test unique: not run → FAILED",
        ];
        assert_eq!(lines(&answer)[1..], expected);
        assert_eq!(lines(&DiffRunsResponse::default()).len(), 2);
    }
}
