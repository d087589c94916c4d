//! What lists have in common: filters as people type them.

use crate::{cli::Window, error::Error, render};

/// Words as servers spell them: `dbt-core` becomes DBT_CORE.
pub(super) fn words(typed: &[String]) -> Vec<String> {
    typed.iter().map(|word| word.trim().to_uppercase().replace('-', "_")).collect()
}

/// Microseconds since the epoch; 0 = nothing was typed.
///
/// # Errors
/// `Usage` for what is no time.
pub(super) fn moment(name: &str, written: Option<&String>) -> Result<i64, Error> {
    match written {
        None => Ok(0),
        Some(written) => render::moment(written).ok_or_else(|| {
            Error::Usage(format!("--{name} {written}: write it as 2026-03-29T13:00:00Z or `2026-03-29 13:00:00`"))
        }),
    }
}

/// From when to when.
///
/// # Errors
/// As [`moment`].
pub(super) fn window(window: &Window) -> Result<(i64, i64), Error> {
    Ok((moment("since", window.since.as_ref())?, moment("until", window.until.as_ref())?))
}

/// Prints how many there are.
///
/// # Errors
/// When nobody reads it.
pub(super) fn total(total: Option<u64>) -> Result<std::process::ExitCode, Error> {
    render::print(&format!("{}\n", total.unwrap_or_default()))?;
    Ok(std::process::ExitCode::SUCCESS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_may_be_typed_as_people_do() {
        let typed = ["failed", "dbt-core", " Reverse_ETL"].map(str::to_owned);
        assert_eq!(words(&typed), ["FAILED", "DBT_CORE", "REVERSE_ETL"]);
    }

    #[test]
    fn times_are_read_or_refused_with_their_name() {
        let window = |since: Option<&str>, until: Option<&str>| {
            self::window(&Window { since: since.map(str::to_owned), until: until.map(str::to_owned) })
        };
        assert_eq!(window(None, None).unwrap(), (0, 0));
        assert_eq!(window(Some("1970-01-01T00:00:01Z"), None).unwrap(), (1_000_000, 0));
        let refused = window(None, Some("soon")).unwrap_err().to_string();
        assert!(refused.contains("--until soon"), "{refused}");
    }
}
