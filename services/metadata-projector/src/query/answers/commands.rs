//! What people type about what is broken. Names come from outside: each stands in a command so that a shell takes it as one word.

/// A word of a command.
pub(super) fn word(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_-./:@%+,".contains(&byte);
    if !text.is_empty() && text.bytes().all(plain) && !text.starts_with('-') {
        return text.to_owned();
    }
    let shown: String = text.chars().filter(|character| !character.is_control()).collect();
    format!("'{}'", shown.replace('\'', "'\\''"))
}

/// Runs again what failed of a run.
pub(super) fn restart(run: &str) -> String {
    format!("downbeat run restart {}", word(run))
}

/// Shows the log of a task.
pub(super) fn logs(run: &str, task: &str) -> String {
    format!("downbeat logs {} {}", word(run), word(task))
}

/// Says what holds a run, and what happened to it.
pub(super) fn why(run: &str) -> String {
    format!("downbeat run why {}", word(run))
}

/// Lets a paused pipeline go on.
pub(super) fn resume(pipeline: &str) -> String {
    format!("downbeat pipeline resume {}", word(pipeline))
}

/// Shows how ages and deadlines of a pipeline stand.
pub(super) fn health(pipeline: &str) -> String {
    format!("downbeat pipeline health {}", word(pipeline))
}

/// Starts a run.
pub(super) fn start(pipeline: &str) -> String {
    format!("downbeat run {}", word(pipeline))
}

/// Shows results of the tests of an asset.
pub(super) fn tests(asset: &str) -> String {
    format!("downbeat asset tests {}", word(asset))
}

/// Shows everything that is made of an asset.
pub(super) fn impact(asset: &str) -> String {
    format!("downbeat asset impact {}", word(asset))
}

/// Tries an alert again.
pub(super) fn retry_alert(alert: &str) -> String {
    format!("downbeat alert retry {}", word(alert))
}

/// Shows a record of the log.
pub(super) fn record(sequence: u64) -> String {
    format!("downbeat log cat --after {}", sequence.saturating_sub(1))
}

#[cfg(test)]
mod tests {
    use super::word;

    #[test]
    fn whatever_is_named_is_one_word_of_a_shell() {
        for (text, expected) in [
            ("daily_orders", "daily_orders"),
            ("postgres://db:5432/shop.public.orders", "postgres://db:5432/shop.public.orders"),
            ("load[eu]", "'load[eu]'"),
            ("a; rm -rf $HOME", "'a; rm -rf $HOME'"),
            ("it's", "'it'\\''s'"),
            ("--all", "'--all'"),
            ("a\nb\u{1b}[2J", "'ab[2J'"),
            ("", "''"),
        ] {
            assert_eq!(word(text), expected);
        }
    }
}
