//! Keys as a table.

use downbeat_proto::control::v1::{Grant, Key};

use super::{clean, instant, table};

/// Name, what it is for, how long, who made it, when it was used. `now` in microseconds since the epoch.
pub fn key_table(keys: &[Key], now: i64) -> String {
    let row = |key: &Key| {
        let expires = instant(key.expires_at);
        vec![
            clean(&key.name),
            key.grants.iter().map(grant).collect::<Vec<_>>().join(", "),
            if key.expires_at <= now { format!("expired {expires}") } else { expires },
            clean(&key.created_by),
            if key.last_used_at == 0 { "never".to_owned() } else { instant(key.last_used_at) },
            key.id.clone(),
        ]
    };
    let rows: Vec<Vec<String>> = keys.iter().map(row).collect();
    table::lines(&["KEY", "MAY", "EXPIRES", "MADE BY", "USED", "ID"], &rows, None, &[]).join("\n")
}

pub(super) fn grant(grant: &Grant) -> String {
    let role = clean(&grant.role.to_lowercase());
    if grant.labels.is_empty() { role } else { clean(&format!("{role} of {}", grant.labels.join("|"))) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_key_may_do_and_that_it_expired_is_said() {
        let grant = |role: &str, labels: &[&str]| Grant {
            role: role.to_owned(),
            labels: labels.iter().map(|label| (*label).to_owned()).collect(),
        };
        let keys = [Key {
            id: "7d0e".to_owned(),
            name: "ci\u{7}".to_owned(),
            grants: vec![grant("VIEWER", &[]), grant("EDITOR", &["eu", "us"])],
            created_by: "user:ada".to_owned(),
            expires_at: 1,
            ..Key::default()
        }];
        let shown = key_table(&keys, 1);
        let row = shown.lines().nth(1).unwrap();
        for part in ["viewer, editor of eu|us", "  expired ", "  user:ada  never  7d0e"] {
            assert!(row.contains(part), "{row}");
        }
        assert!(!row.contains('\u{7}'), "{row:?}");
        assert!(!key_table(&keys, 0).contains("expired"));
    }
}
