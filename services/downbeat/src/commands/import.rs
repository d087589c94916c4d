//! `downbeat import`: a file in a repository becomes a pipeline.

use std::{path::Path, process::ExitCode};

use downbeat_proto::{control::v1::ImportPipelineRequest, events::v1::PipelineStorage};

use crate::{
    cli::{Import, Provider},
    client,
    error::Error,
    render::clean,
};

pub(super) async fn run(import: &Import) -> Result<ExitCode, Error> {
    let (provider, repository) = named(&import.repository, import.provider)?;
    let storage = PipelineStorage {
        provider: provider.to_owned(),
        repository,
        default_branch: import.branch.clone().unwrap_or_default(),
        working_branch: String::new(),
        yaml_path: import.path.clone(),
    };
    let request = ImportPipelineRequest {
        alias: import.alias.clone().unwrap_or_default(),
        storage: Some(storage),
        actor: import.by.actor.clone().unwrap_or_default(),
    };
    let mut pipelines = client::pipelines(&import.servers).await?;
    let imported = pipelines.import_pipeline(client::asked(request, &import.by)).await.map_err(client::refused)?;
    let imported = imported.into_inner();
    for warning in &imported.warnings {
        eprintln!("warning: {warning}");
    }
    let origin = imported.origin.unwrap_or_default();
    println!(
        "imported: pipeline `{}` version {} ({}) of branch {}, commit {}",
        imported.alias,
        imported.version,
        imported.pipeline_id,
        clean(&origin.branch),
        origin.commit
    );
    Ok(ExitCode::SUCCESS)
}

/// The provider's word, and the repository as the server takes it.
fn named(repository: &str, given: Option<Provider>) -> Result<(&'static str, String), Error> {
    let word = |provider: Provider| match provider {
        Provider::Github => "GITHUB",
        Provider::Gitlab => "GITLAB",
        Provider::Bitbucket => "BITBUCKET",
        Provider::AzureDevops => "AZURE_DEVOPS",
        Provider::Git => "GIT",
    };
    let is_address = repository.contains("://") || (repository.contains('@') && repository.contains(':'));
    if is_address {
        let provider = given.map_or_else(|| of_host(host(repository)), word);
        return Ok((provider, repository.to_owned()));
    }
    if let Some(provider) = given.filter(|provider| *provider != Provider::Git) {
        return Ok((word(provider), repository.to_owned()));
    }
    let unreadable = |source| Error::Read { path: Path::new(repository).to_owned(), source };
    if !Path::new(repository).exists() {
        return Err(Error::Usage(format!(
            "{repository:?} is neither an address nor a folder here; of owner/name, --provider says whose it is"
        )));
    }
    let folder = std::fs::canonicalize(repository).map_err(unreadable)?;
    let text = folder.to_str().filter(|text| !text.contains([' ', '%', '?', '#']));
    let text = text.ok_or_else(|| Error::Usage(format!("{repository:?}: letters of its path stand in no address")))?;
    Ok(("GIT", format!("file://{text}")))
}

fn host(address: &str) -> &str {
    let rest = address.split_once("://").map_or(address, |(_, rest)| rest);
    let rest = rest.split_once('@').map_or(rest, |(_, rest)| rest);
    rest.split(['/', ':']).next().unwrap_or_default()
}

fn of_host(host: &str) -> &'static str {
    match host {
        "github.com" => "GITHUB",
        "gitlab.com" => "GITLAB",
        "bitbucket.org" => "BITBUCKET",
        "dev.azure.com" => "AZURE_DEVOPS",
        _ => "GIT",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_says_whose_a_repository_is() {
        for (repository, given, provider) in [
            ("https://github.com/acme/etl", None, "GITHUB"),
            ("git@gitlab.com:acme/etl.git", None, "GITLAB"),
            ("https://git.example.com/acme/etl.git", None, "GIT"),
            ("https://git.example.com/acme/etl.git", Some(Provider::Gitlab), "GITLAB"),
            ("acme/etl", Some(Provider::Bitbucket), "BITBUCKET"),
        ] {
            assert_eq!(named(repository, given).unwrap(), (provider, repository.to_owned()));
        }
        assert!(named("acme/etl", None).is_err());
        let folder = tempfile::tempdir().unwrap();
        let (provider, address) = named(folder.path().to_str().unwrap(), None).unwrap();
        assert!(provider == "GIT" && address.starts_with("file:///"), "{address}");
    }
}
