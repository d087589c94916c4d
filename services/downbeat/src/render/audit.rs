//! Commands as a table.

use downbeat_proto::metadata::v1::AuditEntry;

use super::{clean, instant, table};

/// Who did what, as it came.
pub fn audit_table(entries: &[AuditEntry], columns: Option<usize>) -> String {
    let header = ["AT", "WHO", "FROM", "COMMAND", "OUTCOME", "WHAT", "WHY"];
    let row = |entry: &AuditEntry| {
        let from = format!("{} {}", entry.origin_address, entry.origin_client);
        vec![
            instant(entry.at),
            clean(&entry.actor).to_string(),
            clean(from.trim()).to_string(),
            clean(&entry.command).to_string(),
            clean(&entry.outcome).to_string(),
            clean(&entry.summary).to_string(),
            clean(&entry.reason).to_string(),
        ]
    };
    let rows: Vec<_> = entries.iter().map(row).collect();
    table::lines(&header, &rows, columns, &["FROM", "COMMAND"]).join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_says_who_from_where_what_and_why() {
        let entry = AuditEntry {
            at: 1_772_366_400_000_000,
            actor: "user:ada".to_owned(),
            origin_address: "10.0.0.7:5123".to_owned(),
            command: "CANCEL_RUN".to_owned(),
            outcome: "ACCEPTED".to_owned(),
            summary: "cancelled run 7\u{1b}[2J".to_owned(),
            reason: "enough".to_owned(),
            ..AuditEntry::default()
        };
        let shown = audit_table(&[entry], None);
        let line = shown.lines().nth(1).unwrap();
        for part in ["user:ada", "10.0.0.7:5123", "CANCEL_RUN", "ACCEPTED", "cancelled run 7", "enough"] {
            assert!(line.contains(part), "{part}: {line}");
        }
        assert!(!line.contains('\u{1b}'), "{line:?}");
    }
}
