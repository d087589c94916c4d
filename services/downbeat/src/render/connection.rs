//! Connections, one a line, and one with the names of its fields and who uses it.

use downbeat_proto::control::v1::{Connection, GetConnectionResponse};

use super::{clean, instant, table};

/// Name, integration, whether it works, version, and which is a default.
pub fn connection_table(connections: &[Connection]) -> String {
    let rows: Vec<Vec<String>> = connections
        .iter()
        .map(|it| {
            let default = if it.is_default { "default" } else { "" };
            vec![
                clean(&it.name),
                clean(&it.integration),
                status(it).to_owned(),
                it.version.to_string(),
                instant(it.updated_at),
                default.to_owned(),
            ]
        })
        .collect();
    table::lines(&["CONNECTION", "INTEGRATION", "TEST", "VERSION", "SAVED", ""], &rows, None, &[]).join("\n")
}

fn status(connection: &Connection) -> &str {
    match connection.auth_status.as_str() {
        "INITIATED" => "not tried",
        other => other,
    }
}

/// The connection in one line; below it its fields, what was said at the last test, and who uses it.
pub fn connection_text(found: &GetConnectionResponse) -> String {
    let empty = Connection::default();
    let it = found.connection.as_ref().unwrap_or(&empty);
    let default = if it.is_default { ", the default of its integration" } else { "" };
    let mut lines = vec![format!(
        "connection {} of {} ({}), version {}{default}",
        clean(&it.name),
        clean(&it.integration),
        it.id,
        it.version
    )];
    lines.push(match it.message.as_str() {
        "" => format!("test: {}", status(it)),
        said => format!("test: {}, {}", status(it), clean(said)),
    });
    let fields: Vec<String> = it
        .fields
        .iter()
        .map(|field| match field.store.as_str() {
            "" => clean(&field.name),
            store => format!("{} (in {store})", clean(&field.name)),
        })
        .collect();
    lines.push(if fields.is_empty() { "no fields".to_owned() } else { format!("fields: {}", fields.join(", ")) });
    if found.users.is_empty() {
        lines.push("used by nothing".to_owned());
    }
    lines.extend(found.users.iter().map(|user| format!("used by {}: {}", clean(&user.pipeline), clean(&user.what))));
    if found.more_users > 0 {
        lines.push(format!("and {} more", found.more_users));
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use downbeat_proto::control::v1::{ConnectionFieldName, ConnectionUser};

    use super::*;

    #[test]
    fn a_connection_is_shown_without_any_value() {
        let field = |name: &str, store: &str| ConnectionFieldName { name: name.to_owned(), store: store.to_owned() };
        let connection = Connection {
            id: "id-1".to_owned(),
            name: "shop".to_owned(),
            integration: "POSTGRES".to_owned(),
            is_default: true,
            version: 3,
            fields: vec![field("host", ""), field("password", "vault")],
            auth_status: "FAILED".to_owned(),
            message: "no such host".to_owned(),
            ..Connection::default()
        };
        let user = ConnectionUser { pipeline: "orders".to_owned(), what: "task load".to_owned(), ..Default::default() };
        let found = GetConnectionResponse { connection: Some(connection), users: vec![user], more_users: 2 };
        assert_eq!(
            connection_text(&found),
            "connection shop of POSTGRES (id-1), version 3, the default of its integration\n\
             test: FAILED, no such host\nfields: host, password (in vault)\nused by orders: task load\nand 2 more"
        );
        let text = connection_text(&GetConnectionResponse::default());
        assert!(text.ends_with("no fields\nused by nothing"), "{text}");
        let table = connection_table(&[found.connection.unwrap_or_default()]);
        assert!(table.contains("shop") && table.contains("FAILED") && table.contains("default"), "{table}");
    }
}
