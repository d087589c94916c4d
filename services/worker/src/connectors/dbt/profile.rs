//! Where the tables of a dbt project are: the host, account or file that its profile names, so that its assets are those that others
//! speak of, too.
//!
//! Promises: only looks at the fields that say where; a profile that cannot be read, or says it in words of Jinja other than
//! `env_var`, is a reason for the log and never a failure of the task. Never tells a value of a field that it does not name.

use std::path::{Path, PathBuf};

use downbeat_lineage::naming::{Place, System};
use serde_json::Value;

use super::call::options;
use crate::limits::PROFILE_BYTES_MAX;
use crate::process::environment::Environment;

/// The namespace of what these commands build.
///
/// # Errors
/// Why it is not known, for the log.
pub(super) fn namespace(words: &[String], folder: &Path, variables: &Environment) -> Result<String, String> {
    let target = target(words, folder, variables)?;
    let field = |names: &[&str]| -> Result<Option<String>, String> {
        let found = names.iter().find_map(|name| target.get(name));
        found.map(|value| text(value, variables)).transpose()
    };
    let adapter = field(&["type"])?.ok_or("its profile names no type")?;
    let port = field(&["port"])?.and_then(|port| port.trim().parse().ok());
    let system = match adapter.as_str() {
        "athena" => System::Athena,
        other => System::of_scheme(other).ok_or_else(|| format!("adapter {other} has no rule for names"))?,
    };
    let at = match system {
        System::Snowflake => field(&["account"])?,
        System::BigQuery => Some(String::new()),
        System::DuckDb => return duckdb(field(&["path"])?, folder),
        System::Athena => field(&["region_name"])?.map(|region| format!("athena.{region}.amazonaws.com")),
        _ => field(&["host", "server"])?,
    };
    let at = at.ok_or("its profile does not say where")?;
    Ok(system.namespace(&Place { at: &at, port }))
}

/// A file is named by its whole path, where that stays the same from run to run.
fn duckdb(path: Option<String>, folder: &Path) -> Result<String, String> {
    let path = path.ok_or("its profile names no path: the database is in memory")?;
    if path == ":memory:" {
        return Err("the database is in memory".to_owned());
    }
    if path.starts_with("md:") || path.starts_with("motherduck:") {
        return Ok(System::MotherDuck.namespace(&Place::default()));
    }
    let whole = folder.join(path.trim_start_matches("./"));
    Ok(System::DuckDb.namespace(&Place { at: &whole.to_string_lossy(), port: None }))
}

/// The fields of the target that the commands use.
fn target(words: &[String], folder: &Path, variables: &Environment) -> Result<Value, String> {
    let option = |names: &[&str], variable: &str| {
        let given = options(words, names);
        let value = match given.split_last() {
            Some((last, [])) => last.split_once('=').map(|(_, value)| value.to_owned()),
            Some((last, [.., before])) if before.contains('=') => {
                last.split_once('=').map(|(_, value)| value.to_owned())
            }
            Some((last, _)) => Some(last.split_once('=').map_or(last.as_str(), |(_, value)| value).to_owned()),
            None => None,
        };
        value.or_else(|| variables.get(variable).cloned())
    };
    let profiles = read(&file(option(&["--profiles-dir"], "DBT_PROFILES_DIR"), folder, variables))?;
    let project = read(&folder.join("dbt_project.yml"))?;
    let name = match option(&["--profile"], "DBT_PROFILE") {
        Some(name) => name,
        None => text(project.get("profile").ok_or("dbt_project.yml names no profile")?, variables)?,
    };
    let profile = profiles.get(&name).ok_or_else(|| format!("profiles.yml has no profile {name:?}"))?;
    let target = match option(&["--target", "-t"], "DBT_TARGET") {
        Some(target) => target,
        None => profile.get("target").map_or_else(|| Ok("default".to_owned()), |target| text(target, variables))?,
    };
    let outputs = profile.get("outputs").and_then(|outputs| outputs.get(&target));
    outputs.cloned().ok_or_else(|| format!("profile {name:?} has no target {target:?}"))
}

/// Where dbt looks for profiles.
fn file(given: Option<String>, folder: &Path, variables: &Environment) -> PathBuf {
    let home = || variables.get("HOME").map(|home| Path::new(home).join(".dbt"));
    let own = folder.join("profiles.yml");
    match given {
        Some(given) => folder.join(given).join("profiles.yml"),
        None if own.is_file() => own,
        None => home().unwrap_or_else(|| folder.to_owned()).join("profiles.yml"),
    }
}

fn read(path: &Path) -> Result<Value, String> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let length = std::fs::metadata(path).map_err(|error| format!("{name} cannot be read: {error}"))?;
    if !length.is_file() || length.len() > PROFILE_BYTES_MAX {
        return Err(format!("{name} is no file of at most {PROFILE_BYTES_MAX} bytes"));
    }
    let text = std::fs::read_to_string(path).map_err(|error| format!("{name} cannot be read: {error}"))?;
    // The parser's words could repeat a password that stands there.
    serde_saphyr::from_str(&text).map_err(|_| format!("{name} is no YAML that can be read without dbt"))
}

/// A value with its `env_var`s filled in.
fn text(value: &Value, variables: &Environment) -> Result<String, String> {
    let written = match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let mut filled = String::new();
    let mut rest = written.as_str();
    while let Some((before, after)) = rest.split_once("{{") {
        let (expression, after) = after.split_once("}}").ok_or("a field of its profile does not end its braces")?;
        filled.push_str(before);
        filled.push_str(&env_var(expression, variables)?);
        rest = after;
    }
    if rest.contains("{%") {
        return Err("a field of its profile is more than env_var".to_owned());
    }
    filled.push_str(rest);
    Ok(filled)
}

/// `env_var('NAME')` or `env_var('NAME', 'default')`, with a filter that only changes the type.
fn env_var(expression: &str, variables: &Environment) -> Result<String, String> {
    let refused = || "a field of its profile is more than env_var".to_owned();
    let (call, filter) = expression.split_once('|').unwrap_or((expression, ""));
    if !matches!(filter.trim(), "" | "int" | "as_number" | "as_text" | "as_native") {
        return Err(refused());
    }
    let inside = call.trim().strip_prefix("env_var").map(str::trim).and_then(|call| call.strip_prefix('('));
    let inside = inside.and_then(|inside| inside.strip_suffix(')')).ok_or_else(refused)?;
    let mut words = inside.split(',').map(|word| word.trim().trim_matches(['\'', '"']));
    let name = words.next().unwrap_or_default();
    let default = words.next();
    if words.next().is_some() {
        return Err(refused());
    }
    let value = variables.get(name).map(String::as_str).or(default);
    value.map(str::to_owned).ok_or_else(|| format!("its profile wants the variable {name}, which is not there"))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn asked(profile: &str, words: &str, variables: &[(&str, &str)]) -> Result<String, String> {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("dbt_project.yml"), "name: shop\nprofile: shop\n").unwrap();
        fs::write(folder.path().join("profiles.yml"), profile).unwrap();
        let words: Vec<String> = words.split_whitespace().map(str::to_owned).collect();
        let variables =
            variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect::<Environment>();
        let found = namespace(&words, folder.path(), &variables);
        found.map(|found| found.replace(&folder.path().to_string_lossy().into_owned(), "FOLDER"))
    }

    fn one(fields: &str) -> String {
        format!("shop: {{target: dev, outputs: {{dev: {{{fields}, password: sesame}}}}}}\n")
    }

    #[test]
    fn a_profile_says_where_the_tables_are() {
        let cases = [
            ("type: postgres, host: db.example.org, port: 5433, user: me", "postgres://db.example.org:5433"),
            ("type: postgres, host: \"{{ env_var('DB_HOST') }}\"", "postgres://warehouse:5432"),
            (
                "type: postgres, host: localhost, port: \"{{ env_var('DB_PORT', '5434') | as_number }}\"",
                "postgres://localhost:5434",
            ),
            ("type: snowflake, account: ORG-my_account", "snowflake://org-my-account"),
            ("type: bigquery, project: p", "bigquery"),
            ("type: databricks, host: dbc.cloud.databricks.com", "databricks://dbc.cloud.databricks.com"),
            ("type: duckdb, path: data/shop.duckdb", "duckdb://FOLDER/data/shop.duckdb"),
            ("type: duckdb, path: /data/shop.duckdb", "duckdb:///data/shop.duckdb"),
            ("type: duckdb, path: 'md:shop'", "motherduck"),
            ("type: sqlserver, server: db, port: 1433", "mssql://db:1433"),
            ("type: mysql, server: db", "mysql://db:3306"),
            ("type: clickhouse, host: db", "clickhouse://db:8123"),
            ("type: athena, region_name: eu-west-1", "awsathena://athena.eu-west-1.amazonaws.com"),
        ];
        for (fields, expected) in cases {
            let found = asked(&one(fields), "dbt build", &[("DB_HOST", "warehouse")]);
            assert_eq!(found.as_deref(), Ok(expected), "{fields}");
        }
    }

    #[test]
    fn the_target_is_the_one_that_dbt_takes() {
        let profile = "shop:\n  target: \"{{ env_var('WHICH', 'dev') }}\"\n  outputs:\n    dev: {type: postgres, host: dev}\n    prod: \
                       {type: postgres, host: prod}\nother: {outputs: {default: {type: postgres, host: other}}}\n";
        let cases = [
            ("dbt build", "", "dev"),
            ("dbt build", "WHICH=prod", "prod"),
            ("dbt build --target prod", "", "prod"),
            ("dbt build --target=prod --select x", "", "prod"),
            ("dbt build -t prod", "DBT_TARGET=dev", "prod"),
            ("dbt build", "DBT_TARGET=prod", "prod"),
            ("dbt build --profile other", "", "other"),
        ];
        for (words, variable, host) in cases {
            let expected = format!("postgres://{host}:5432");
            let variables: Vec<_> = variable.split_once('=').into_iter().collect();
            assert_eq!(asked(profile, words, &variables), Ok(expected), "{words} {variable}");
        }
    }

    #[test]
    fn what_is_not_known_is_a_reason_without_a_secret() {
        let cases = [
            (one("type: postgres, host: \"{{ env_var('NO') }}\""), "wants the variable NO"),
            (one("type: postgres, host: \"{{ var('x') }}\""), "more than env_var"),
            (one("type: postgres"), "does not say where"),
            (one("type: fancydb, host: x"), "adapter fancydb has no rule"),
            (one("type: duckdb"), "in memory"),
            ("other: {}\n".to_owned(), "has no profile"),
            ("shop: {target: dev, outputs: {}}\n".to_owned(), "has no target"),
            ("shop: {password: sesame\n".to_owned(), "is no YAML"),
        ];
        for (profile, expected) in cases {
            let reason = asked(&profile, "dbt build", &[]).unwrap_err();
            assert!(reason.contains(expected) && !reason.contains("sesame"), "{profile}: {reason}");
        }
    }
}
