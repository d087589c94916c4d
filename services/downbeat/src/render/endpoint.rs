//! Endpoints as a table.

use downbeat_proto::control::v1::Endpoint;

use super::{clean, instant, table};

/// Pipeline, name, how calls are signed, which secrets are valid, who opened it.
pub fn endpoint_table(endpoints: &[Endpoint]) -> String {
    let row = |endpoint: &Endpoint| {
        vec![
            clean(&endpoint.pipeline_alias),
            clean(&endpoint.name),
            clean(&endpoint.scheme.to_lowercase().replace('_', " ")),
            secrets(endpoint),
            clean(&endpoint.created_by),
            instant(endpoint.created_at),
            endpoint.id.clone(),
        ]
    };
    let rows: Vec<Vec<String>> = endpoints.iter().map(row).collect();
    table::lines(&["PIPELINE", "NAME", "SIGNED", "SECRETS", "OPENED BY", "AT", "ID"], &rows, None, &[]).join("\n")
}

/// The newest, and until when those before are valid.
fn secrets(endpoint: &Endpoint) -> String {
    let old = endpoint.old_secrets.iter().map(|old| format!("{} until {}", old.number, instant(old.until)));
    let newest = (endpoint.secret > 0).then(|| endpoint.secret.to_string());
    old.chain(newest).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use downbeat_proto::control::v1::OldSecret;

    use super::*;

    #[test]
    fn which_secrets_are_valid_is_said() {
        let endpoint = Endpoint {
            pipeline_alias: "shop".to_owned(),
            name: "orders".to_owned(),
            scheme: "STANDARD_WEBHOOKS".to_owned(),
            secret: 3,
            old_secrets: vec![OldSecret { number: 2, until: 1_750_000_000_000_000 }],
            ..Default::default()
        };
        let shown = endpoint_table(&[endpoint, Endpoint { scheme: "NONE".to_owned(), ..Default::default() }]);
        assert!(shown.contains("standard webhooks") && shown.contains("2 until 2025-06-15"), "{shown}");
        assert!(shown.contains("15:06:40, 3\n"), "{shown}");
    }
}
