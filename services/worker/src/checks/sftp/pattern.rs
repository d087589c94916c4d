//! Where to look on an SFTP server: a folder, a file, or a folder with a pattern for its names.

use crate::attempt::Failure;

/// A path as it was given: `folder`, `folder/file` or `folder/*.csv`.
#[derive(Debug, PartialEq)]
pub(super) struct Place {
    /// The folder when there is a pattern, the whole path otherwise.
    pub(super) path: String,
    /// What names must look like.
    pub(super) pattern: Option<String>,
}

impl Place {
    pub(super) fn read(text: &str) -> Result<Self, Failure> {
        let wrong = |what: &str| Failure::misconfigured(format!("the parameter path {text:?} {what}"));
        if text.contains('\0') {
            return Err(wrong("holds a null character"));
        }
        let (folder, name) = match text.rsplit_once('/') {
            Some(("", name)) => ("/", name),
            Some((folder, name)) => (folder, name),
            None => (".", text),
        };
        if folder.contains(['*', '?']) {
            return Err(wrong("has * or ? in a folder; only the last part may be a pattern"));
        }
        if name.contains(['*', '?']) {
            return Ok(Self { path: folder.to_owned(), pattern: Some(name.to_owned()) });
        }
        Ok(Self { path: text.to_owned(), pattern: None })
    }

    /// Whether a name of the folder is meant.
    pub(super) fn means(&self, name: &str) -> bool {
        self.pattern.as_deref().is_none_or(|pattern| matches(pattern, name))
    }
}

/// `*` stands for any letters, `?` for one. Takes a time of pattern times name at most.
fn matches(pattern: &str, name: &str) -> bool {
    let (pattern, name): (Vec<char>, Vec<char>) = (pattern.chars().collect(), name.chars().collect());
    let (mut at, mut place) = (0, 0);
    // The last star, and where what follows it was tried.
    let mut star = None;
    while place < name.len() {
        match pattern.get(at) {
            Some('*') => {
                star = Some((at, place));
                at += 1;
            }
            Some(letter) if *letter == '?' || *letter == name[place] => {
                at += 1;
                place += 1;
            }
            _ => {
                let Some((back, tried)) = star else { return false };
                star = Some((back, tried + 1));
                at = back + 1;
                place = tried + 1;
            }
        }
    }
    pattern[at..].iter().all(|letter| *letter == '*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_stand_in_the_last_part() {
        let place =
            |path: &str, pattern: Option<&str>| Place { path: path.to_owned(), pattern: pattern.map(str::to_owned) };
        for (text, expected) in [
            (".", place(".", None)),
            ("in/a.csv", place("in/a.csv", None)),
            ("in/*.csv", place("in", Some("*.csv"))),
            ("*.csv", place(".", Some("*.csv"))),
            ("/?", place("/", Some("?"))),
            ("in/", place("in/", None)),
        ] {
            assert_eq!(Place::read(text).unwrap(), expected);
        }
        for text in ["a*/b", "?/*.csv", "a\0b"] {
            assert!(Place::read(text).unwrap_err().message.contains("parameter path"), "{text:?}");
        }
    }

    #[test]
    fn names_match_patterns() {
        for (pattern, name, expected) in [
            ("*.csv", "a.csv", true),
            ("*.csv", ".csv", true),
            ("*.csv", "a.csv.tmp", false),
            ("a*b*c", "a-b-b-c", true),
            ("a*b*c", "a-c-b", false),
            ("?.csv", "é.csv", true),
            ("?.csv", ".csv", false),
            ("**", "", true),
            ("[a]", "a", false),
        ] {
            assert_eq!(matches(pattern, name), expected, "{pattern} {name}");
        }
        let hostile = "*a".repeat(2_000);
        assert!(!matches(&hostile, &"a".repeat(1_999)));
    }
}
