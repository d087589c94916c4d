//! `downbeat connection set`: values come from the command line, from files, or from standard input, and no error repeats one.

use std::{io::Read as _, process::ExitCode};

use downbeat_proto::control::v1::SaveConnectionRequest;
use serde_json::{Map, Value};

use crate::{cli::ConnectionSet, client, error::Error, render::clean};

/// A value that is read from a file or from standard input, bytes.
const VALUE_BYTES_MAX: u64 = 128 * 1024;

pub(super) async fn run(set: &ConnectionSet) -> Result<ExitCode, Error> {
    let mut fields = Map::new();
    let mut input = Some(std::io::stdin());
    let mut read = |value: &str| source(value, &mut input);
    for pair in &set.fields {
        let (name, value) = split("--field", pair)?;
        put(&mut fields, name, Value::String(read(value).map_err(|why| wrong("--field", name, &why))?))?;
    }
    for pair in &set.json {
        let (name, value) = split("--json", pair)?;
        let text = read(value).map_err(|why| wrong("--json", name, &why))?;
        // What is wrong with it is not said: it could repeat a part of it.
        let value = serde_json::from_str(&text).map_err(|_| wrong("--json", name, "the value is no JSON"))?;
        put(&mut fields, name, value)?;
    }
    for name in &set.unset {
        put(&mut fields, name, Value::Null)?;
    }
    let request = SaveConnectionRequest {
        connection: set.connection.clone(),
        integration: set.integration.clone().unwrap_or_default(),
        fields: Value::Object(fields).to_string(),
        is_default: (set.default || set.not_default).then_some(set.default),
        create: false,
        idempotency_key: set.key.key.clone().unwrap_or_default(),
        actor: set.by.actor.clone().unwrap_or_default(),
    };
    let mut client = client::connections(&set.servers).await?;
    let answer = client.save_connection(client::asked(request, &set.by)).await.map_err(client::refused)?.into_inner();
    let saved = answer.connection.unwrap_or_default();
    let what = if answer.changed { "set" } else { "unchanged" };
    let default = if saved.is_default { ", the default of its integration" } else { "" };
    println!(
        "{what}: connection `{}` of {}, version {}{default}",
        clean(&saved.name),
        saved.integration,
        saved.version
    );
    Ok(ExitCode::SUCCESS)
}

fn split<'a>(flag: &str, pair: &'a str) -> Result<(&'a str, &'a str), Error> {
    // A pair without a name may be a value: it is not repeated.
    pair.split_once('=')
        .filter(|(name, _)| !name.is_empty())
        .ok_or_else(|| Error::Usage(format!("{flag}: write NAME=VALUE, NAME=@FILE or NAME=-")))
}

fn wrong(flag: &str, name: &str, why: &str) -> Error {
    Error::Usage(format!("{flag} {name}: {why}"))
}

fn put(fields: &mut Map<String, Value>, name: &str, value: Value) -> Result<(), Error> {
    match fields.insert(name.to_owned(), value) {
        Some(_) => Err(Error::Usage(format!("the field `{name}` is given twice"))),
        None => Ok(()),
    }
}

/// The value itself, the content of a file, or standard input, which can be read once; without the line break at its end.
fn source(value: &str, input: &mut Option<std::io::Stdin>) -> Result<String, String> {
    let text = if let Some(path) = value.strip_prefix('@') {
        let file = std::fs::File::open(path).map_err(|error| format!("{path} cannot be read: {error}"))?;
        whole(file).map_err(|why| format!("{path} {why}"))?
    } else if value == "-" {
        let input = input.take().ok_or("standard input is read once")?;
        whole(input).map_err(|why| format!("standard input {why}"))?
    } else {
        return Ok(value.to_owned());
    };
    let text = text.strip_suffix('\n').unwrap_or(&text);
    Ok(text.strip_suffix('\r').unwrap_or(text).to_owned())
}

fn whole(from: impl std::io::Read) -> Result<String, String> {
    let mut bytes = Vec::new();
    from.take(VALUE_BYTES_MAX + 1).read_to_end(&mut bytes).map_err(|error| format!("cannot be read: {error}"))?;
    if bytes.len() as u64 > VALUE_BYTES_MAX {
        return Err(format!("is larger than {} KiB", VALUE_BYTES_MAX / 1024));
    }
    String::from_utf8(bytes).map_err(|_| "is no UTF-8".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_typed_or_read_from_files() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("pw");
        std::fs::write(&file, "hunter2\r\n").unwrap();
        let at = format!("@{}", file.display());
        assert_eq!(source("a=b", &mut None).unwrap(), "a=b");
        assert_eq!(source(&at, &mut None).unwrap(), "hunter2");
        assert_eq!(source("-", &mut None).unwrap_err(), "standard input is read once");
        std::fs::write(&file, "x".repeat(129 * 1024)).unwrap();
        assert!(source(&at, &mut None).unwrap_err().ends_with("is larger than 128 KiB"));
        assert!(source("@/gone", &mut None).unwrap_err().contains("/gone cannot be read"));
    }

    #[test]
    fn what_is_typed_wrongly_is_not_repeated() {
        let error = split("--field", "hunter2").unwrap_err().to_string();
        assert!(error.contains("NAME=@FILE") && !error.contains("hunter2"), "{error}");
        assert_eq!(split("--field", "a=b=c").unwrap(), ("a", "b=c"));
        let mut fields = Map::new();
        put(&mut fields, "a", Value::Null).unwrap();
        assert!(put(&mut fields, "a", Value::Null).unwrap_err().to_string().contains("given twice"));
    }
}
