//! Which commit is meant, and which folders of it.
//!
//! Promises that what it takes can be no option and no pattern, leads to one commit, and to folders inside of the repository.

use std::{
    fmt,
    path::{Component, Path},
};

use crate::limits::{GIT_FOLDERS_MAX, GIT_REFERENCE_BYTES_MAX};

/// A commit, by what people call it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Reference {
    /// The repository's own default branch.
    Default,
    /// A branch, or a tag that is written as `refs/tags/...`; the whole name.
    Named(String),
    /// By its hash.
    Commit(String),
}

impl Reference {
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let text = text.trim();
        if matches!(text.len(), 40 | 64) && text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Ok(Self::Commit(text.to_ascii_lowercase()));
        }
        if text.len() > GIT_REFERENCE_BYTES_MAX {
            return Err(format!("is longer than {GIT_REFERENCE_BYTES_MAX} bytes"));
        }
        if let Some(why) = unfit(text) {
            return Err(format!("is {text:?}, which is no name of a branch: {why}"));
        }
        match text.strip_prefix("refs/") {
            None => Ok(Self::Named(format!("refs/heads/{text}"))),
            Some(rest) if rest.starts_with("heads/") || rest.starts_with("tags/") => Ok(Self::Named(text.to_owned())),
            Some(_) => Err(format!("is {text:?}: name a branch, refs/tags/NAME or the whole hash of a commit")),
        }
    }

    /// As git is asked for it.
    pub(crate) fn refspec(&self) -> &str {
        match self {
            Self::Default => "HEAD",
            Self::Named(name) => name,
            Self::Commit(hash) => hash,
        }
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => formatter.write_str("the default branch"),
            Self::Named(name) => match name.strip_prefix("refs/heads/") {
                Some(branch) => write!(formatter, "branch {branch}"),
                None => formatter.write_str(name),
            },
            Self::Commit(hash) => write!(formatter, "commit {hash}"),
        }
    }
}

/// Git's own rules for names, and no leading `-`.
fn unfit(name: &str) -> Option<&'static str> {
    if name.is_empty() {
        return Some("it is empty");
    }
    if name.starts_with('-') {
        return Some("it begins with `-`");
    }
    if name.chars().any(|letter| letter.is_control() || letter.is_whitespace() || "~^:?*[\\".contains(letter)) {
        return Some("it has a blank, a control character or one of ~ ^ : ? * [ \\");
    }
    if name.contains("..") || name.contains("@{") || name == "@" {
        return Some("it has `..` or `@{`, or is `@`");
    }
    let bad = |part: &str| part.is_empty() || part.starts_with('.') || part.ends_with(".lock");
    if name.ends_with('.') || name.split('/').any(bad) {
        return Some("a part of it is empty, begins with `.` or ends with `.` or `.lock`");
    }
    None
}

/// Folders as people write them, with commas or blanks between, and the project's own.
pub(crate) fn folders(text: &str, project: Option<&str>) -> Result<Vec<String>, String> {
    let written = text.split([',', ' ', '\t', '\r', '\n']).map(str::trim).filter(|name| !name.is_empty());
    let mut folders = Vec::new();
    for name in written.chain(project.map(str::trim)) {
        let path = Path::new(name);
        let inside = path.components().all(|part| matches!(part, Component::Normal(_) | Component::CurDir));
        let parts = path.components().filter(|part| matches!(part, Component::Normal(_)));
        let parts: Vec<_> = parts.map(|part| part.as_os_str().to_string_lossy()).collect();
        let plain = !name.chars().any(|letter| letter.is_control() || "*?[]\\!#\"".contains(letter));
        let own = parts.iter().any(|part| part.starts_with('-') || part.eq_ignore_ascii_case(".git"));
        if !inside || !plain || own {
            return Err(format!(
                "names {name:?}: folders are relative, without `..`, patterns and `.git`, and do not begin with `-`"
            ));
        }
        // The repository itself: then there is nothing to choose from.
        if parts.is_empty() {
            return Ok(Vec::new());
        }
        folders.push(parts.join("/"));
    }
    folders.sort();
    folders.dedup();
    if folders.len() > GIT_FOLDERS_MAX {
        return Err(format!("names more than {GIT_FOLDERS_MAX} folders"));
    }
    Ok(folders)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn branches_tags_and_commits_are_told_apart() {
        let hash = "0123456789ABCDEF0123456789abcdef01234567";
        for (text, refspec, shown) in [
            (" main ", "refs/heads/main", "branch main"),
            ("feature/x-1", "refs/heads/feature/x-1", "branch feature/x-1"),
            ("+main", "refs/heads/+main", "branch +main"),
            ("refs/heads/main", "refs/heads/main", "branch main"),
            ("refs/tags/v1.0", "refs/tags/v1.0", "refs/tags/v1.0"),
            (hash, &hash.to_lowercase(), &format!("commit {}", hash.to_lowercase())),
        ] {
            let reference = Reference::parse(text).unwrap();
            assert_eq!((reference.refspec(), reference.to_string().as_str()), (refspec, shown));
        }
        assert_eq!(Reference::Default.refspec(), "HEAD");
    }

    #[test]
    fn hostile_names_are_refused() {
        for text in [
            "--upload-pack=x",
            "-x",
            "",
            "a..b",
            "a b",
            "a:b",
            "+a:refs/heads/b",
            "a*",
            "a~1",
            "a^",
            "a@{1}",
            "@",
            "/a",
            "a/",
            "a//b",
            ".a",
            "a/.b",
            "a.lock",
            "a.",
            "a\\b",
            "a\u{1b}[31m",
            "a\0",
            "refs/pull/1/head",
            "refs/",
        ] {
            let refused = Reference::parse(text).unwrap_err();
            assert!(refused.contains(&format!("{text:?}")), "{text}: {refused}");
            assert!(!refused.contains('\u{1b}'));
        }
        assert!(Reference::parse(&"a".repeat(300)).unwrap_err().contains("longer than"));
    }

    #[test]
    fn folders_stay_inside_and_hold_the_project() {
        let chosen = |text: &str, project| folders(text, project).unwrap();
        assert_eq!(chosen("b/, a/c  ./b\n", None), ["a/c", "b"]);
        assert_eq!(chosen("b", Some("a/d")), ["a/d", "b"]);
        assert!(chosen("b, .", None).is_empty());
        assert!(chosen("b", Some(".")).is_empty());
        assert!(chosen(" , ", None).is_empty());
        for bad in ["../x", "/etc", "a/../b", "--stdin", "a/-x", "a*", "!a", "a[b]", ".git/hooks", "a/.GIT", "a\\b"] {
            assert!(folders(bad, None).unwrap_err().contains("names"), "{bad}");
        }
        let many: Vec<String> = (0..100).map(|number| format!("f{number}")).collect();
        assert!(folders(&many.join(","), None).unwrap_err().contains("more than"));
    }
}
