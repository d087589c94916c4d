//! Where a task's code is. In this version that is the folder (or repository) that holds the applied pipeline file.

use std::path::{Component, Path, PathBuf};

use crate::attempt::Failure;
use crate::connectors::{Task, parameters};

/// Parameters that choose another version of the code; the code is run in place, so they have nothing to choose from.
const WITHOUT_EFFECT: [&str; 3] = ["branch", "shallow_clone_dirs", "compute_resource_id"];

/// The folder that `project_dir` names below the pipeline's root. Never one outside of it.
pub(crate) async fn project_folder(task: &Task) -> Result<PathBuf, Failure> {
    for name in WITHOUT_EFFECT {
        if parameters::text(&task.parameters, name).is_some() {
            task.log
                .line(&format!("the parameter {name} has no effect here: the code runs where the pipeline file is"))
                .await;
        }
    }
    resolve(&task.offer.source_root, parameters::text(&task.parameters, "project_dir").as_deref())
}

fn resolve(source_root: &str, project_dir: Option<&str>) -> Result<PathBuf, Failure> {
    if source_root.is_empty() {
        return Err(Failure::misconfigured(
            "the pipeline was applied without a folder, so there is no code to run (source GIT): apply it from a file, or use source INLINE",
        ));
    }
    let root = std::fs::canonicalize(source_root).map_err(|error| {
        Failure::misconfigured(format!("the pipeline's folder {source_root} cannot be read on this worker: {error}"))
    })?;
    let Some(wanted) = project_dir.map(str::trim) else { return Ok(root) };
    let inside = Path::new(wanted).components().all(|part| matches!(part, Component::Normal(_) | Component::CurDir));
    let refused = |why: &str| {
        Failure::misconfigured(format!("project_dir {wanted:?} {why} (the pipeline's folder is {source_root})"))
    };
    if !inside {
        return Err(refused("must be a relative path without `..`"));
    }
    let folder =
        std::fs::canonicalize(root.join(wanted)).map_err(|error| refused(&format!("cannot be read: {error}")))?;
    if !folder.starts_with(&root) {
        return Err(refused("leads out of the pipeline's folder"));
    }
    if !folder.is_dir() {
        return Err(refused("is no folder"));
    }
    Ok(folder)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_project_stays_inside_the_pipelines_folder() {
        let outside = tempfile::tempdir().unwrap();
        let root = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(root.path().join("a/b")).unwrap();
        std::fs::write(root.path().join("file"), "").unwrap();
        std::os::unix::fs::symlink(outside.path(), root.path().join("out")).unwrap();
        let at = root.path().to_str().unwrap();
        let real = std::fs::canonicalize(root.path()).unwrap();

        assert_eq!(resolve(at, None).unwrap(), real);
        assert_eq!(resolve(at, Some("./a/b")).unwrap(), real.join("a/b"));
        for (wanted, why) in [
            ("../x", "without `..`"),
            ("a/../..", "without `..`"),
            ("/etc", "relative path"),
            ("missing", "cannot be read"),
            ("file", "is no folder"),
            ("out", "leads out"),
        ] {
            let message = resolve(at, Some(wanted)).unwrap_err().message;
            assert!(message.contains(why) && message.contains(wanted), "{message}");
        }
        assert!(resolve("", None).unwrap_err().message.contains("INLINE"));
        assert!(resolve("/nowhere/at/all", None).unwrap_err().message.contains("/nowhere/at/all"));
    }
}
