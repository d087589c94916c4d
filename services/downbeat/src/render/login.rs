//! Logins as a table.

use downbeat_proto::control::v1::Login;

use super::{clean, instant, key::grant, table};

/// Whose it is, with which program, what it may, when it began, when its tokens were last made, until when.
pub fn login_table(logins: &[Login]) -> String {
    let row = |login: &Login| {
        vec![
            clean(&login.subject),
            clean(&login.client),
            may(login),
            instant(login.began_at),
            if login.refreshed_at == 0 { "not yet".to_owned() } else { instant(login.refreshed_at) },
            instant(login.expires_at),
            login.id.clone(),
        ]
    };
    let rows: Vec<Vec<String>> = logins.iter().map(row).collect();
    table::lines(&["WHO", "WITH", "MAY", "SINCE", "REFRESHED", "UNTIL", "ID"], &rows, None, &[]).join("\n")
}

fn may(login: &Login) -> String {
    let grants = login.grants.iter().map(grant).collect::<Vec<_>>().join(", ");
    if login.read_only { format!("read ({grants})") } else { grants }
}

#[cfg(test)]
mod tests {
    use downbeat_proto::control::v1::Grant;

    use super::*;

    #[test]
    fn names_of_programs_are_shown_without_what_moves_the_cursor() {
        let login = Login {
            id: "7d0e".to_owned(),
            subject: "user:ada".to_owned(),
            client: "Orchestra\u{1b}[2J CLI".to_owned(),
            grants: vec![Grant { role: "EDITOR".to_owned(), labels: vec!["eu".to_owned()] }],
            ..Login::default()
        };
        let reads = Login { read_only: true, ..login.clone() };
        let shown = login_table(&[login, reads]);
        assert!(shown.lines().nth(2).unwrap().contains("read (editor of eu)"), "{shown}");
        let row = shown.lines().nth(1).unwrap();
        assert!(row.contains("user:ada") && row.contains("editor of eu") && row.contains("not yet"), "{row}");
        assert!(!row.contains('\u{1b}'), "{row:?}");
    }
}
