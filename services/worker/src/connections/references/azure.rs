//! Azure Key Vault: `GET https://VAULT.vault.azure.net/secrets/NAME`, by an application of Microsoft Entra (`AZURE_TENANT_ID`,
//! `AZURE_CLIENT_ID`, `AZURE_CLIENT_SECRET`) with the role Key Vault Secrets User. `AZURE_AUTHORITY_HOST` and `AZURE_KEY_VAULT_SUFFIX`
//! are for other clouds; `AZURE_KEY_VAULT_URL` asks another address, with the name of the vault as its first part.

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::Method;

use super::{Question, Reference, Settings, plain, text_at};
use crate::attempt::Failure;

const WHOM: &str = "Azure Key Vault";
const VERSION: &str = "7.4";

/// Names have letters, digits and `-` only; that of a vault becomes a part of a host's name.
pub(super) fn read(place: &str, field: Option<&str>) -> Option<Reference> {
    let (vault, secret) = place.split_once('/')?;
    let fits = |name: &str| {
        (1..=127).contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    (field.is_none() && fits(vault) && fits(secret))
        .then(|| Reference::Azure { vault: vault.to_owned(), secret: secret.to_owned() })
}

pub(super) async fn ask(settings: &Settings, vault: &str, secret: &str) -> Result<String, Failure> {
    let suffix = settings.get("AZURE_KEY_VAULT_SUFFIX").unwrap_or_else(|| "vault.azure.net".to_owned());
    let base = match settings.get("AZURE_KEY_VAULT_URL") {
        Some(url) => format!("{}/{vault}", url.trim_end_matches('/')),
        None => format!("https://{vault}.{suffix}"),
    };
    let token = token(settings, &suffix).await?;
    let url = format!("{base}/secrets/{secret}?api-version={VERSION}");
    let answer =
        Question::new(WHOM, Method::GET, &url)?.header("authorization", &format!("Bearer {token}"))?.ask().await?;
    text_at(WHOM, &answer, "/value", "as its value")
}

async fn token(settings: &Settings, suffix: &str) -> Result<String, Failure> {
    let tenant = settings.needed("AZURE_TENANT_ID")?;
    if !plain(&tenant) {
        return Err(Failure::misconfigured("AZURE_TENANT_ID is no id of a tenant"));
    }
    let host = settings.get("AZURE_AUTHORITY_HOST").unwrap_or_else(|| "https://login.microsoftonline.com".to_owned());
    let encoded = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
    let form = [
        ("grant_type", "client_credentials".to_owned()),
        ("client_id", settings.needed("AZURE_CLIENT_ID")?),
        ("client_secret", settings.needed("AZURE_CLIENT_SECRET")?),
        ("scope", format!("https://{suffix}/.default")),
    ];
    let form: Vec<String> = form.iter().map(|(name, value)| format!("{name}={}", encoded(value))).collect();
    let url = format!("{}/{tenant}/oauth2/v2.0/token", host.trim_end_matches('/'));
    let question = Question::new("Microsoft Entra", Method::POST, &url)?
        .header("content-type", "application/x-www-form-urlencoded")?
        .body(form.join("&").into_bytes());
    text_at("Microsoft Entra", &question.ask().await?, "/access_token", "of a token")
}
