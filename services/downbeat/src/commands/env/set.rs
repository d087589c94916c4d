//! `downbeat env set`: what is typed is laid over what the environment has, and all of it is set.

use std::{collections::BTreeMap, process::ExitCode};

use downbeat_proto::control::v1::{EnvironmentValue, SetEnvironmentRequest};
use serde_json::Value;

use crate::{cli::EnvSet, client, error::Error};

type Values = BTreeMap<String, EnvironmentValue>;

pub(super) async fn run(set: &EnvSet) -> Result<ExitCode, Error> {
    let typed = typed(set)?;
    let before = super::named(super::all(&set.servers).await?, &set.environment);
    let name = set.rename.clone().or_else(|| before.as_ref().map(|before| before.name.clone()));
    let request = SetEnvironmentRequest {
        environment: before.as_ref().map(|before| before.id.clone()).unwrap_or_default(),
        name: name.unwrap_or_else(|| set.environment.clone()),
        values: laid_over(before.map(|before| before.values).unwrap_or_default(), typed, &set.unset)?,
        is_default: set.default.then_some(true),
        idempotency_key: set.key.key.clone().unwrap_or_default(),
        actor: set.by.actor.clone().unwrap_or_default(),
    };
    let name = request.name.clone();
    let mut client = client::environments(&set.servers).await?;
    let answer = client.set_environment(client::asked(request, &set.by)).await.map_err(client::refused)?.into_inner();
    let what = if answer.changed { "set" } else { "unchanged" };
    let default = if answer.environment.is_some_and(|it| it.is_default) { ", the default" } else { "" };
    println!("{what}: environment `{name}`{default}");
    Ok(ExitCode::SUCCESS)
}

/// The variables that were typed.
fn typed(set: &EnvSet) -> Result<Values, Error> {
    let text = |value: &str| Ok(Value::String(value.to_owned()));
    let number = |value: &str| value.parse::<i64>().map(Value::from).map_err(|_| "a whole number");
    let flag = |value: &str| value.parse::<bool>().map(Value::from).map_err(|_| "true or false");
    let mut values = Values::new();
    read(&set.texts, ("--var", "string"), text, &mut values)?;
    read(&set.numbers, ("--int", "int"), number, &mut values)?;
    read(&set.flags, ("--bool", "bool"), flag, &mut values)?;
    read(&set.connections, ("--connection", "integration_credential"), text, &mut values)?;
    Ok(values)
}

fn read(
    given: &[String],
    (flag, kind): (&str, &str),
    value_of: impl Fn(&str) -> Result<Value, &'static str>,
    values: &mut Values,
) -> Result<(), Error> {
    for pair in given {
        let Some((name, value)) = pair.split_once('=').filter(|(name, _)| !name.is_empty()) else {
            return Err(Error::Usage(format!("{flag} `{pair}`: write NAME=VALUE")));
        };
        let value = value_of(value).map_err(|what| Error::Usage(format!("{flag} `{pair}`: the value is {what}")))?;
        let given = EnvironmentValue { r#type: kind.to_owned(), value: value.to_string() };
        if values.insert(name.to_owned(), given).is_some() {
            return Err(Error::Usage(format!("{flag} `{pair}`: `{name}` is given twice")));
        }
    }
    Ok(())
}

fn laid_over(mut before: Values, typed: Values, unset: &[String]) -> Result<Values, Error> {
    for name in unset {
        if before.remove(name).is_none() {
            return Err(Error::Usage(format!("--unset {name}: the environment has no such variable")));
        }
    }
    before.extend(typed);
    Ok(before)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(kind: &str, value: &str) -> EnvironmentValue {
        EnvironmentValue { r#type: kind.to_owned(), value: value.to_owned() }
    }

    #[test]
    fn what_is_typed_is_laid_over_what_was_there() {
        let before = Values::from([("A".to_owned(), value("string", "\"a\"")), ("B".to_owned(), value("int", "1"))]);
        let mut typed = Values::new();
        let number = |text: &str| text.parse::<i64>().map(Value::from).map_err(|_| "a whole number");
        read(&["B=-2".to_owned()], ("--int", "int"), number, &mut typed).unwrap();
        let now = laid_over(before.clone(), typed, &["A".to_owned()]).unwrap();
        assert_eq!(now, Values::from([("B".to_owned(), value("int", "-2"))]));
        let error = laid_over(before, Values::new(), &["C".to_owned()]).unwrap_err();
        assert_eq!(error.to_string(), "--unset C: the environment has no such variable");
    }

    #[test]
    fn faults_are_shown_with_what_would_be_right() {
        let number = |text: &str| text.parse::<i64>().map(Value::from).map_err(|_| "a whole number");
        for (given, expected) in [
            (vec!["A"], "--int `A`: write NAME=VALUE"),
            (vec!["=1"], "--int `=1`: write NAME=VALUE"),
            (vec!["A=x"], "--int `A=x`: the value is a whole number"),
            (vec!["A=1", "A=2"], "--int `A=2`: `A` is given twice"),
        ] {
            let given: Vec<String> = given.into_iter().map(ToOwned::to_owned).collect();
            let error = read(&given, ("--int", "int"), number, &mut Values::new()).unwrap_err();
            assert_eq!(error.to_string(), expected);
        }
    }
}
