//! Environments, one a line, and one with its variables.

use downbeat_proto::control::v1::Environment;

use super::{clean, table};

/// Name, id, how many variables, and which is the default.
pub fn environment_table(environments: &[Environment]) -> String {
    let rows: Vec<Vec<String>> = environments
        .iter()
        .map(|it| {
            let default = if it.is_default { "default" } else { "" };
            vec![clean(&it.name), it.values.len().to_string(), it.id.clone(), default.to_owned()]
        })
        .collect();
    table::lines(&["ENVIRONMENT", "VARIABLES", "ID", ""], &rows, None, &[]).join("\n")
}

/// The environment in one line, below it its variables by name.
pub fn environment_text(environment: &Environment) -> String {
    let default = if environment.is_default { ", the default" } else { "" };
    let head = format!("environment {} ({}){default}", clean(&environment.name), environment.id);
    if environment.values.is_empty() {
        return format!("{head}\nno variables");
    }
    let rows: Vec<Vec<String>> = environment
        .values
        .iter()
        .map(|(name, value)| vec![clean(name), clean(&value.r#type), clean(&value.value)])
        .collect();
    format!("{head}\n{}", table::lines(&["VARIABLE", "TYPE", "VALUE"], &rows, None, &[]).join("\n"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use downbeat_proto::control::v1::EnvironmentValue;

    #[test]
    fn an_environment_is_shown_with_its_variables() {
        let value = |kind: &str, value: &str| EnvironmentValue { r#type: kind.to_owned(), value: value.to_owned() };
        let values = [("LIMIT", value("int", "7")), ("REGION", value("string", "\"eu\""))];
        let environment = Environment {
            id: "id-1".to_owned(),
            name: "Production".to_owned(),
            is_default: true,
            values: values.into_iter().map(|(name, value)| (name.to_owned(), value)).collect(),
            ..Environment::default()
        };
        assert_eq!(
            environment_text(&environment),
            "environment Production (id-1), the default\nVARIABLE  TYPE    VALUE\nLIMIT     int     7\nREGION    string  \"eu\""
        );
        assert_eq!(
            environment_table(&[environment]),
            "ENVIRONMENT  VARIABLES  ID\nProduction   2          id-1  default"
        );
        assert!(environment_text(&Environment::default()).ends_with("no variables"));
    }
}
