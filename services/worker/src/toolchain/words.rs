//! Splits command lines into programs and their arguments. There is no shell anywhere: what only a shell understands is refused.

/// When a command runs, seen from the ones before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Joiner {
    /// Always (the first one, and after `;`).
    Always,
    /// When the one before succeeded (`&&`).
    And,
    /// When the one before failed (`||`).
    Or,
}

/// One command: when it runs, and its words. There is at least one word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Command {
    pub(crate) joiner: Joiner,
    pub(crate) words: Vec<String>,
}

/// Splits a line at `;`, `&&` and `||` outside quotes, and each part into words as a POSIX shell would.
///
/// # Errors
/// What is wrong, for the user: an open quote, a pipe, a background job, an empty part.
pub(crate) fn split(line: &str) -> Result<Vec<Command>, String> {
    let mut commands = Vec::new();
    let mut joiner = Joiner::Always;
    let mut part = String::new();
    let mut quote = None;
    let mut characters = line.chars().peekable();
    while let Some(character) = characters.next() {
        match (quote, character) {
            (None, '\'' | '"') => quote = Some(character),
            (Some(open), _) if open == character => quote = None,
            (None | Some('"'), '\\') => {
                part.push(character);
                part.extend(characters.next());
                continue;
            }
            (None, ';' | '\n') => {
                // A trailing or doubled `;` is allowed, as in the published examples.
                finish(&mut commands, &mut part, joiner, true)?;
                joiner = Joiner::Always;
                continue;
            }
            (None, '&' | '|') => {
                if characters.next_if_eq(&character).is_none() {
                    return Err(format!("`{character}` needs a shell, and there is none: use `;`, `&&` or `||` only"));
                }
                finish(&mut commands, &mut part, joiner, false)?;
                joiner = if character == '&' { Joiner::And } else { Joiner::Or };
                continue;
            }
            _ => {}
        }
        part.push(character);
    }
    finish(&mut commands, &mut part, joiner, joiner == Joiner::Always)?;
    if commands.is_empty() {
        return Err("there is no command in it".to_owned());
    }
    Ok(commands)
}

fn finish(commands: &mut Vec<Command>, part: &mut String, joiner: Joiner, may_be_empty: bool) -> Result<(), String> {
    let text = std::mem::take(part);
    let words = words(&text)?;
    match (words.is_empty(), may_be_empty && joiner == Joiner::Always) {
        (true, true) => Ok(()),
        (true, false) => Err("a command is missing before or after `&&` or `||`".to_owned()),
        (false, _) => {
            commands.push(Command { joiner, words });
            Ok(())
        }
    }
}

/// Splits one command into words.
///
/// # Errors
/// A quote that is not closed.
pub(crate) fn words(text: &str) -> Result<Vec<String>, String> {
    shlex::split(text).ok_or_else(|| format!("a quote is not closed in {:?}", text.trim()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_split_outside_quotes() {
        use Joiner::{Always, And, Or};
        type Expected<'a> = &'a [(Joiner, &'a [&'a str])];
        let cases: [(&str, Expected<'_>); 7] = [
            ("dbt build", &[(Always, &["dbt", "build"])]),
            ("dbt seed; dbt run;", &[(Always, &["dbt", "seed"]), (Always, &["dbt", "run"])]),
            ("dbt seed && dbt run", &[(Always, &["dbt", "seed"]), (And, &["dbt", "run"])]),
            ("a||b&&c", &[(Always, &["a"]), (Or, &["b"]), (And, &["c"])]),
            ("a 'x;y && z' \"p | q\"", &[(Always, &["a", "x;y && z", "p | q"])]),
            ("a \\; b", &[(Always, &["a", ";", "b"])]),
            ("a\nb", &[(Always, &["a"]), (Always, &["b"])]),
        ];
        for (line, expected) in cases {
            let commands = split(line).unwrap();
            let seen: Vec<_> = commands
                .iter()
                .map(|command| (command.joiner, command.words.iter().map(String::as_str).collect::<Vec<_>>()))
                .collect();
            let expected: Vec<_> = expected.iter().map(|(joiner, words)| (*joiner, words.to_vec())).collect();
            assert_eq!(seen, expected, "{line}");
        }
    }

    #[test]
    fn what_only_a_shell_understands_is_refused() {
        for line in ["", " ; ", "a | b", "a & b", "a &&", "&& a", "a && && b", "a; || b", "a 'open", "a || ; b"] {
            assert!(split(line).is_err(), "{line:?}");
        }
    }
}
