//! Assets, their tests and the changes of their columns.

use downbeat_proto::metadata::v1::{Asset, AssetTest, AssetUsage, GetAssetResponse, SchemaChange};

use super::{clean, graph, instant, lineage::thousands, mark, short, table};

/// Assets, as they came.
pub fn asset_table(assets: &[Asset], columns: Option<usize>) -> String {
    let header = ["ASSET", "TYPE", "STATE", "TESTS", "ROWS", "WRITTEN", "OWNER"];
    let row = |asset: &Asset| {
        let detail = asset.asset.clone().unwrap_or_default();
        vec![
            clean(&detail.key),
            clean(&detail.r#type),
            format!("{} {}", mark(&asset.status), clean(&asset.status)),
            if asset.tests.is_empty() { String::new() } else { passed(&asset.tests) },
            rows(asset),
            instant(asset.materialised_at),
            clean(&detail.owners.join(", ")),
        ]
    };
    let rows: Vec<_> = assets.iter().map(row).collect();
    table::lines(&header, &rows, columns, &["OWNER", "WRITTEN"]).join("\n")
}

/// All that is known of one asset.
pub fn asset_lines(answer: &GetAssetResponse) -> Vec<String> {
    let asset = answer.asset.clone().unwrap_or_default();
    let detail = asset.asset.clone().unwrap_or_default();
    let mut lines = vec![format!("{}  {}", clean(&detail.key), clean(&detail.r#type)).trim_end().to_owned()];
    let mut say = |title: &str, text: String| {
        if !text.trim().is_empty() {
            lines.push(format!("{title:<12}{text}"));
        }
    };
    say("about", clean(&detail.description));
    say("owners", clean(&detail.owners.join(", ")));
    say("tags", clean(&detail.tags.join(", ")));
    say("link", clean(&detail.link));
    say("also", clean(&detail.aliases.join(", ")));
    say("state", format!("{} {}", mark(&asset.status), clean(&asset.status)));
    say("rows", rows(&asset));
    say("written", instant(asset.materialised_at));
    say("data until", instant(detail.loaded_at));
    say("lineage", format!("made of {}, {} made of it", answer.upstream, answer.downstream));
    say("use", answer.usage.as_ref().map(usage).unwrap_or_default());
    for writer in &answer.writers {
        let when = instant(writer.last_written_at);
        let run = short(&writer.last_run_id);
        say("written by", format!("{}  {when}  run {run}", graph::writer(writer)));
    }
    for consumer in &answer.consumers {
        let name = match consumer.kind.as_str() {
            "TASK" => graph::whose(&consumer.pipeline_alias, &consumer.pipeline_id, &consumer.name),
            _ => clean(&consumer.name),
        };
        say("used by", format!("{name}  {} times, last {}", consumer.uses, instant(consumer.last_used_at)));
    }
    if !detail.columns.is_empty() {
        lines.push("columns".to_owned());
        let row = |column: &downbeat_proto::events::v1::AssetColumn| {
            vec![format!("  {}", clean(&column.name)), clean(&column.r#type), clean(&column.description)]
        };
        let rows: Vec<_> = detail.columns.iter().map(row).collect();
        lines.extend(table::lines(&["", "", ""], &rows, None, &[]).into_iter().skip(1));
    }
    if !asset.tests.is_empty() {
        lines.push("tests".to_owned());
        let text = test_table(&asset.tests, None);
        lines.extend(text.lines().map(|line| format!("  {line}")));
    }
    lines
}

fn usage(usage: &AssetUsage) -> String {
    if usage.uses == 0 {
        return "nobody has used it, as far as anybody said".to_owned();
    }
    let recent: u32 = usage.days.iter().map(|day| day.uses).sum();
    format!("{} times, {recent} of them lately, last {}", usage.uses, instant(usage.last_used_at))
}

fn rows(asset: &Asset) -> String {
    let counted = asset.asset.as_ref().map_or(-1, |detail| detail.row_count);
    let rows = if counted >= 0 { counted } else { asset.rows_affected };
    if rows >= 0 { thousands(rows) } else { String::new() }
}

fn passed(tests: &[AssetTest]) -> String {
    let passed = tests.iter().filter(|test| matches!(test.status.as_str(), "SUCCEEDED" | "REUSED")).count();
    format!("{passed}/{}", tests.len())
}

/// Results of tests, as they came.
pub fn test_table(tests: &[AssetTest], columns: Option<usize>) -> String {
    let header = ["TEST", "COLUMN", "RESULT", "EXPECTED", "FOUND", "AT", "SINCE", "RUN", "MESSAGE"];
    let row = |test: &AssetTest| {
        vec![
            clean(&test.name),
            clean(&test.column),
            format!("{} {}", mark(&test.status), clean(&test.status)),
            clean(&test.expected),
            clean(&test.actual),
            instant(test.at),
            if test.since == test.at { String::new() } else { instant(test.since) },
            short(&test.run_id),
            clean(&test.message),
        ]
    };
    let rows: Vec<_> = tests.iter().map(row).collect();
    table::lines(&header, &rows, columns, &["MESSAGE", "SINCE", "EXPECTED"]).join("\n")
}

/// Changes of columns, as they came: one line per column.
pub fn change_table(changes: &[SchemaChange], columns: Option<usize>) -> String {
    let header = ["AT", "ASSET", "COLUMN", "CHANGE", "FROM", "TO", "BY", "RUN"];
    let rows: Vec<_> = changes
        .iter()
        .flat_map(|change| {
            change.columns.iter().map(|column| {
                vec![
                    instant(change.at),
                    clean(&change.asset),
                    clean(&column.name),
                    clean(&column.change),
                    clean(&column.type_before),
                    clean(&column.type_after),
                    graph::whose(&change.pipeline_alias, &change.pipeline_id, &change.task),
                    short(&change.run_id),
                ]
            })
        })
        .collect();
    table::lines(&header, &rows, columns, &["BY", "RUN"]).join("\n")
}

#[cfg(test)]
mod tests {
    use downbeat_proto::{events::v1 as events, metadata::v1::ColumnChange};

    use super::*;

    fn asset() -> Asset {
        let column = events::AssetColumn { name: "id".into(), r#type: "integer".into(), ..Default::default() };
        Asset {
            asset: Some(events::Asset {
                key: "postgres://db:5432/shop.public.orders".into(),
                r#type: "TABLE".into(),
                row_count: 1_461,
                owners: vec!["sales".into()],
                columns: vec![column],
                description: "Orders\u{1b}[2J".into(),
                ..Default::default()
            }),
            status: "UNHEALTHY".into(),
            tests: vec![AssetTest { name: "unique".into(), status: "FAILED".into(), ..AssetTest::default() }],
            ..Asset::default()
        }
    }

    #[test]
    fn an_asset_is_a_line_in_a_table() {
        let text = asset_table(&[asset()], None);
        let line = text.lines().nth(1).unwrap();
        for part in ["postgres://db:5432/shop.public.orders", "TABLE", "✗ UNHEALTHY", "0/1", "1,461", "sales"] {
            assert!(line.contains(part), "{part}: {line}");
        }
    }

    #[test]
    fn what_is_not_known_of_an_asset_takes_no_line() {
        let answer = GetAssetResponse { asset: Some(asset()), upstream: 2, ..GetAssetResponse::default() };
        let text = asset_lines(&answer).join("\n");
        for part in ["made of 2, 0 made of it", "owners      sales", "  id  integer", "unique", "Orders [2J"] {
            assert!(text.contains(part), "{part}: {text}");
        }
        assert!(!text.contains("link") && !text.contains("used by") && !text.contains('\u{1b}'), "{text}");
    }

    #[test]
    fn every_column_that_changed_is_a_line() {
        let column = |name: &str, change: &str| ColumnChange {
            name: name.into(),
            change: change.into(),
            ..ColumnChange::default()
        };
        let change = SchemaChange {
            asset: "db/t".into(),
            columns: vec![column("a", "ADDED"), column("b", "REMOVED")],
            ..SchemaChange::default()
        };
        assert_eq!(change_table(&[change], None).lines().count(), 3);
    }
}
