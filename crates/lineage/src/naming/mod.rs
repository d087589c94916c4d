//! One asset, one key: `<namespace>/<name>`, after OpenLineage's rules of naming, made canonical.
//!
//! Promises: what dbt, Airflow, SQL tasks and connectors call the same table has the same key: letters of systems that fold names are
//! lower case, default ports stand there, spellings of a scheme and of a host are one, quotes are gone. A canonical name stays as it
//! is. Knows nothing about which assets there are.
//!
//! Source of the rules: OpenLineage's page "Naming Conventions" (spec/naming). Where it is silent (DuckDB, ClickHouse, MotherDuck,
//! MongoDB) the names follow what dbt-ol sends.

mod host;
mod system;
#[cfg(test)]
mod tests;

pub use self::system::{Place, System};

/// Longest key, bytes. What is longer keeps its beginning and ends with a digest of the whole.
pub const KEY_BYTES_MAX: usize = 1_024;

/// The key of an asset, of what a reporter calls its namespace and its name. `None`: there is no name.
pub fn key(namespace: &str, name: &str) -> Option<String> {
    let namespace = self::namespace(namespace);
    let name = self::name(&namespace, name)?;
    Some(joined(&namespace, &name))
}

/// The key of a table of a database at a place; parts that are empty are left out.
pub fn table(system: System, place: &Place<'_>, parts: &[&str]) -> Option<String> {
    let name = parts.iter().map(|part| part.trim()).filter(|part| !part.is_empty()).collect::<Vec<_>>();
    key(&system.namespace(place), &name.join("."))
}

/// A namespace as everybody spells it.
pub fn namespace(reported: &str) -> String {
    let reported = printable(reported);
    let Some((scheme, rest)) = reported.split_once("://") else {
        let bare = trimmed(&reported);
        // `bigquery` and `file` stand alone; other words are somebody's own.
        let known = System::of_scheme(bare).filter(|system| system.stands_alone());
        return known.map_or_else(|| bare.to_owned(), |system| system.scheme().to_owned());
    };
    match System::of_scheme(scheme) {
        Some(system) => system.canonical(rest),
        None => format!("{}://{}", scheme.to_lowercase(), trimmed(rest)),
    }
}

/// A name in a canonical namespace as everybody spells it. `None`: nothing is left of it.
pub fn name(namespace: &str, reported: &str) -> Option<String> {
    let reported = printable(reported);
    let scheme = namespace.split_once("://").map_or(namespace, |(scheme, _)| scheme);
    let name = match System::of_scheme(scheme) {
        Some(system) if system.is_database() => {
            let plain = parts(&reported).join(".");
            if system.folds() { plain.to_lowercase() } else { plain }
        }
        Some(system) if system.holds_files() => path(&reported, system.stands_alone()),
        _ => reported,
    };
    (!name.is_empty()).then_some(name)
}

/// The namespace and the name of a key, as OpenLineage has them: [`key`] makes the same key of them again.
pub fn split(key: &str) -> (&str, &str) {
    let cut = |at: Option<usize>| at.map_or((key, ""), |at| (&key[..at], &key[at + 1..]));
    let Some(scheme) = key.find("://") else { return cut(key.find('/')) };
    let rest = scheme + 3;
    match System::of_scheme(&key[..scheme]) {
        // Its namespace is a path, and its names have no slash.
        Some(System::DuckDb) => cut(key.rfind('/').filter(|at| *at >= rest)),
        _ => cut(key[rest..].find('/').map(|at| rest + at)),
    }
}

/// The last part of a name: what people call the asset.
pub fn short(name: &str) -> &str {
    let short = name.trim_end_matches('/').rsplit(['/', '.']).next().unwrap_or(name);
    if short.is_empty() { name } else { short }
}

fn joined(namespace: &str, name: &str) -> String {
    let key = format!("{namespace}/{name}");
    if key.len() <= KEY_BYTES_MAX {
        return key;
    }
    let digest = blake3::hash(key.as_bytes()).to_hex();
    let mut end = KEY_BYTES_MAX - 33;
    while !key.is_char_boundary(end) {
        end -= 1;
    }
    format!("{}~{}", &key[..end], &digest[..32])
}

/// Parts of a qualified name without their quotes; a dot inside of quotes stays.
pub fn parts(name: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut closing = None;
    let mut letters = name.chars().peekable();
    while let Some(letter) = letters.next() {
        match closing {
            Some(quote) if letter == quote => {
                // A doubled quote is one that belongs to the name.
                match letters.next_if_eq(&quote) {
                    Some(quote) => push(&mut parts, quote),
                    None => closing = None,
                }
            }
            Some(_) => push(&mut parts, letter),
            None => match letter {
                '"' | '`' => closing = Some(letter),
                '[' => closing = Some(']'),
                '.' => parts.push(String::new()),
                _ => push(&mut parts, letter),
            },
        }
    }
    parts.retain(|part| !part.trim().is_empty());
    parts.into_iter().map(|part| part.trim().to_owned()).collect()
}

fn push(parts: &mut [String], letter: char) {
    if let Some(last) = parts.last_mut() {
        last.push(letter);
    }
}

/// Without empty steps and the slash at the end. Paths of a machine begin with a slash, those in a bucket do not.
fn path(reported: &str, of_a_machine: bool) -> String {
    let steps: Vec<_> = reported.split('/').filter(|step| !step.is_empty() && *step != ".").collect();
    if of_a_machine && reported.starts_with('/') { format!("/{}", steps.join("/")) } else { steps.join("/") }
}

/// Without what may stand around it.
fn trimmed(text: &str) -> &str {
    text.trim_start().trim_end_matches(|letter: char| letter == '/' || letter.is_whitespace())
}

/// Control characters would break lines and keys; blanks around it are nobody's.
fn printable(text: &str) -> String {
    let kept: String = text.chars().filter(|letter| !letter.is_control()).collect();
    kept.trim().to_owned()
}
