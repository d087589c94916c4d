//! Decides whether a build would install the same thing again: only then may a later run skip it.
//!
//! A build is *repeatable* when each of its commands installs from requirements files (whose bytes are hashed, those that they
//! include too) or names exact versions. Everything else (scripts, local packages, `--upgrade`) runs every time.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use super::words::Command;
use crate::limits::{REQUIREMENT_FILE_BYTES_MAX, REQUIREMENT_FILES_MAX};

const INSTALLERS: [&[&str]; 8] = [
    &["pip", "install"],
    &["pip3", "install"],
    &["python", "-m", "pip", "install"],
    &["uv", "pip", "install"],
    &["uv", "sync", "--frozen"],
    &["uv", "sync", "--locked"],
    &["poetry", "install"],
    &["poetry", "sync"],
];
const HARMLESS: [&str; 8] = [
    "-q",
    "--quiet",
    "-v",
    "--verbose",
    "--no-cache-dir",
    "--no-cache",
    "--prefer-binary",
    "--disable-pip-version-check",
];

/// Feeds every file that the commands install from into `hasher`; returns whether the build is repeatable.
pub(crate) fn hash_inputs(commands: &[Command], folder: &Path, hasher: &mut blake3::Hasher) -> bool {
    let mut files = BTreeSet::new();
    // Every command is looked at, also after one that is not repeatable: its files decide which environment it gets.
    let mut repeatable = true;
    for command in commands {
        repeatable &= hash_command(&command.words, folder, hasher, &mut files);
    }
    repeatable
}

fn hash_command(words: &[String], folder: &Path, hasher: &mut blake3::Hasher, files: &mut BTreeSet<PathBuf>) -> bool {
    let installer = INSTALLERS.iter().find(|installer| words.iter().take(installer.len()).eq(installer.iter()));
    let Some(installer) = installer else { return false };
    if installer[0] == "poetry" {
        let locked = hash_file(&folder.join("poetry.lock"), hasher, files)
            && hash_file(&folder.join("pyproject.toml"), hasher, files);
        return locked && words.iter().any(|word| word == "--no-root") && !names_folders(&folder.join("poetry.lock"));
    }
    if installer[1] == "sync" {
        // The project itself is installed, too, unless the user says otherwise: its code is not hashed.
        let locked = hash_file(&folder.join("uv.lock"), hasher, files)
            && hash_file(&folder.join("pyproject.toml"), hasher, files);
        return locked && words.iter().any(|word| word == "--no-install-project");
    }
    let mut repeatable = true;
    let mut arguments = words[installer.len()..].iter();
    while let Some(argument) = arguments.next() {
        repeatable &= match argument.as_str() {
            "-r" | "--requirement" | "-c" | "--constraint" => match arguments.next() {
                Some(file) => hash_file(&folder.join(file), hasher, files),
                None => false,
            },
            other => match other.split_once('=') {
                Some(("--requirement" | "--constraint", file)) => hash_file(&folder.join(file), hasher, files),
                _ => HARMLESS.contains(&other) || is_pinned(other),
            },
        };
    }
    repeatable
}

/// Whether a lock file of poetry's has packages that are folders beside it: their code is not hashed.
fn names_folders(lock: &Path) -> bool {
    fs::read_to_string(lock).map_or(true, |text| text.lines().any(|line| line.trim() == "type = \"directory\""))
}

fn is_pinned(argument: &str) -> bool {
    let Some((name, version)) = argument.split_once("==") else { return false };
    let plain = |text: &str, also: &str| {
        !text.is_empty() && text.chars().all(|character| character.is_ascii_alphanumeric() || also.contains(character))
    };
    plain(name, "-_.[],") && plain(version, ".+!-_")
}

/// Hashes a requirements file and what it includes. `false`: something in it is not covered by the hash.
fn hash_file(path: &Path, hasher: &mut blake3::Hasher, files: &mut BTreeSet<PathBuf>) -> bool {
    if files.contains(path) {
        return true;
    }
    if files.len() >= REQUIREMENT_FILES_MAX {
        return false;
    }
    files.insert(path.to_path_buf());
    if fs::metadata(path).is_ok_and(|metadata| metadata.len() > REQUIREMENT_FILE_BYTES_MAX) {
        return false;
    }
    // A missing file makes the build fail with the installer's own words.
    let Ok(bytes) = fs::read(path) else { return false };
    hasher.update(&(bytes.len() as u64).to_le_bytes()).update(&bytes);
    if path.extension().is_some_and(|extension| extension == "toml" || extension == "lock") {
        return true;
    }
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let folder = path.parent().unwrap_or(Path::new("."));
    let mut repeatable = true;
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
        repeatable &= hash_line(line, folder, hasher, files);
    }
    repeatable
}

fn hash_line(line: &str, folder: &Path, hasher: &mut blake3::Hasher, files: &mut BTreeSet<PathBuf>) -> bool {
    for option in ["-r", "--requirement", "-c", "--constraint"] {
        if let Some(rest) = line.strip_prefix(option)
            && let Some(file) = rest.trim_start_matches([' ', '=', '\t']).split_whitespace().next()
            && rest.starts_with([' ', '=', '\t'])
        {
            return hash_file(&folder.join(file), hasher, files);
        }
    }
    let local = line.starts_with(['.', '/', '-']) || line.contains("file:") || line.contains("git+");
    // `--hash`, `--index-url` and friends only say where the same thing comes from.
    !local || line.starts_with("--hash") || line.starts_with("--index-url") || line.starts_with("--extra-index-url")
}

#[cfg(test)]
mod tests {
    use super::super::words::split;
    use super::*;

    fn judge(folder: &Path, line: &str) -> (bool, blake3::Hash) {
        let mut hasher = blake3::Hasher::new();
        let repeatable = hash_inputs(&split(line).unwrap(), folder, &mut hasher);
        (repeatable, hasher.finalize())
    }

    #[test]
    fn only_installs_from_hashed_files_and_exact_versions_are_repeatable() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("a.txt"), "duckdb>=1\n# note\n-r b.txt\n").unwrap();
        fs::write(folder.path().join("b.txt"), "requests\n").unwrap();
        fs::write(folder.path().join("local.txt"), "./package\n").unwrap();
        fs::write(folder.path().join("loop.txt"), "-r loop.txt\n").unwrap();
        let cases = [
            ("pip install -r a.txt", true),
            ("pip install --requirement=b.txt -q", true),
            ("python -m pip install -r b.txt && pip install duckdb==1.4.0", true),
            ("uv pip install -r a.txt", true),
            ("pip install -r loop.txt", true),
            ("pip install -r missing.txt", false),
            ("pip install -r local.txt", false),
            ("pip install duckdb", false),
            ("pip install --upgrade duckdb==1", false),
            ("pip install .", false),
            ("pip install -r a.txt; python setup.py", false),
        ];
        for (line, expected) in cases {
            assert_eq!(judge(folder.path(), line).0, expected, "{line}");
        }
    }

    #[test]
    fn what_poetry_installs_is_known_from_its_lock_file_alone() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
        assert!(!judge(folder.path(), "poetry install --no-root").0, "no lock file");
        write("pyproject.toml", "");
        write("poetry.lock", "one");
        let (repeatable, before) = judge(folder.path(), "poetry install --no-root");
        assert!(repeatable && judge(folder.path(), "poetry sync --no-root").0);
        assert!(!judge(folder.path(), "poetry install").0, "the project itself");
        assert!(!judge(folder.path(), "poetry lock && poetry install --no-root").0);
        write("poetry.lock", "two");
        assert_ne!(judge(folder.path(), "poetry install --no-root").1, before);
        write("poetry.lock", "[package.source]\ntype = \"directory\"\n");
        assert!(!judge(folder.path(), "poetry install --no-root").0, "a package beside it");
    }

    #[test]
    fn a_change_in_an_included_file_changes_the_hash() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("a.txt"), "-r b.txt\n").unwrap();
        fs::write(folder.path().join("b.txt"), "duckdb==1\n").unwrap();
        let before = judge(folder.path(), "pip install -r a.txt").1;
        assert_eq!(before, judge(folder.path(), "pip install -r a.txt").1);
        fs::write(folder.path().join("b.txt"), "duckdb==2\n").unwrap();
        assert_ne!(before, judge(folder.path(), "pip install -r a.txt").1);
    }
}
