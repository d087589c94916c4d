//! `downbeat apply`: a file becomes the current version of its pipeline.

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};

use downbeat_proto::control::v1::{ApplyPipelineRequest, ApplyPipelineResponse};

use crate::{
    cli::{Apply, RunCommand},
    client,
    error::Error,
};

pub(super) async fn run(apply: &Apply) -> Result<ExitCode, Error> {
    let (alias, stored) = apply_file(apply).await?;
    let what = match (stored.changed, apply.draft) {
        (true, false) => "applied",
        (true, true) => "drafted",
        (false, _) => "unchanged",
    };
    println!("{what}: pipeline `{alias}` version {} ({})", stored.version, stored.pipeline_id);
    Ok(ExitCode::SUCCESS)
}

/// Applies a file; warnings go to standard error. Returns the alias and the answer.
pub(super) async fn apply_file(apply: &Apply) -> Result<(String, ApplyPipelineResponse), Error> {
    let Apply { file, by, servers, .. } = apply;
    let text = read(file)?;
    let alias = apply.alias.clone().unwrap_or_else(|| alias_of(file));
    let root = match &apply.source {
        Some(folder) => absolute(folder)?,
        None => source_root(file)?,
    };
    let request = ApplyPipelineRequest {
        alias: alias.clone(),
        source: text,
        file_name: file.display().to_string(),
        source_root: root.display().to_string(),
        actor: by.actor.clone().unwrap_or_default(),
        draft: apply.draft,
        ..ApplyPipelineRequest::default()
    };
    let mut control = client::control(servers).await?;
    let response = control.apply_pipeline(client::asked(request, by)).await.map_err(client::refused)?.into_inner();
    for warning in &response.warnings {
        eprintln!("warning: {warning}");
    }
    Ok((alias, response))
}

/// What `downbeat run` does with a file first.
pub(super) fn file(file: PathBuf, run: &RunCommand) -> Apply {
    Apply { file, alias: None, source: None, draft: false, by: run.by.clone(), servers: run.servers.clone() }
}

/// A text file, or why it cannot be read.
pub(super) fn read(path: &Path) -> Result<String, Error> {
    let unreadable = |source| Error::Read { path: path.to_owned(), source };
    let size = std::fs::metadata(path).map_err(unreadable)?.len();
    if size > downbeat_dialect::limits::SOURCE_BYTES as u64 {
        let limit = downbeat_dialect::limits::SOURCE_BYTES;
        return Err(Error::Refused(format!("{}: {size} bytes; at most {limit} are allowed", path.display())));
    }
    std::fs::read_to_string(path).map_err(unreadable)
}

/// The file's name in lower case, other runs of characters as `_`; a file called `pipeline` takes its folder's name.
pub(super) fn alias_of(file: &Path) -> String {
    let stem = |path: &Path| path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
    let mut name = stem(file);
    if name.eq_ignore_ascii_case("pipeline")
        && let Some(folder) = absolute(file).ok().as_deref().and_then(Path::parent).and_then(Path::file_name)
    {
        name = folder.to_string_lossy().into_owned();
    }
    downbeat_domain::alias::of_name(&name).unwrap_or_else(|| "pipeline".to_owned())
}

/// The repository that holds the file (the nearest folder above it with a `.git`), else the file's own folder.
fn source_root(file: &Path) -> Result<PathBuf, Error> {
    let file = absolute(file)?;
    let folder = file.parent().map(Path::to_owned).unwrap_or_default();
    let repository = folder.ancestors().find(|above| above.join(".git").exists()).map(Path::to_owned);
    Ok(repository.unwrap_or(folder))
}

fn absolute(path: &Path) -> Result<PathBuf, Error> {
    path.canonicalize().map_err(|source| Error::Read { path: path.to_owned(), source })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn aliases_follow_the_official_rule() {
        for (file, alias) in [
            ("daily-load.yml", "daily_load"),
            ("a/Sales Report (v2).yaml", "sales_report_v2"),
            ("x.oml", "x"),
            ("---.yml", "pipeline"),
        ] {
            assert_eq!(alias_of(Path::new(file)), alias, "{file}");
        }
    }

    #[test]
    fn a_file_called_pipeline_takes_its_folders_name_and_the_repository_is_the_source() {
        let folder = tempfile::tempdir().unwrap();
        let nested = folder.path().join("Weather Data");
        std::fs::create_dir_all(&nested).unwrap();
        let file = nested.join("pipeline.yml");
        std::fs::write(&file, "").unwrap();
        assert_eq!(alias_of(&file), "weather_data");
        assert_eq!(source_root(&file).unwrap(), nested.canonicalize().unwrap());
        std::fs::create_dir(folder.path().join(".git")).unwrap();
        assert_eq!(source_root(&file).unwrap(), folder.path().canonicalize().unwrap());
    }
}
