//! What an operator sets about the identity provider.

use downbeat_domain::access::{Grant, Role};
use reqwest::Url;

use crate::{
    config::OidcConfig,
    error::Error,
    login::{
        origin::is_confidential,
        shown::{ProviderShown, RuleShown},
    },
};

const SECRET: &str = "DOWNBEAT_GATEWAY_OIDC_CLIENT_SECRET";

/// See the module.
pub(super) struct Settings {
    /// As the provider writes it.
    pub(super) issuer: String,
    pub(super) client_id: String,
    /// None = the provider does without.
    pub(super) client_secret: Option<String>,
    pub(super) scopes: String,
    pub(super) user_claim: String,
    pub(super) groups_claim: String,
    /// What each group may.
    pub(super) roles: Vec<(String, Grant)>,
}

impl Settings {
    /// None = no provider is set.
    ///
    /// # Errors
    /// A setting is wrong.
    pub(super) fn of(config: &OidcConfig) -> Result<Option<Self>, Error> {
        let Some(issuer) = &config.issuer else { return Ok(None) };
        let wrong = |setting: &'static str, reason: String| Error::Config { setting, reason };
        let url = Url::parse(issuer).ok().filter(|url| {
            is_confidential(url) && url.query().is_none() && url.fragment().is_none() && url.username().is_empty()
        });
        if url.is_none() {
            let reason = "must be a URL like https://login.example.com, https but on this machine".to_owned();
            return Err(wrong("DOWNBEAT_GATEWAY_OIDC_ISSUER", reason));
        }
        let Some(client_id) = config.client_id.clone().filter(|id| !id.is_empty()) else {
            let reason = "must be set where an issuer is: what the provider calls this gateway".to_owned();
            return Err(wrong("DOWNBEAT_GATEWAY_OIDC_CLIENT_ID", reason));
        };
        if !config.scopes.split(' ').any(|scope| scope == "openid") {
            return Err(wrong("DOWNBEAT_GATEWAY_OIDC_SCOPES", "must have `openid` among them".to_owned()));
        }
        let roles = config.roles.iter().filter(|rule| !rule.trim().is_empty()).map(|rule| {
            let read = rule_of(rule.trim());
            read.map_err(|reason| wrong("DOWNBEAT_GATEWAY_OIDC_ROLES", format!("`{rule}`: {reason}")))
        });
        let roles = roles.collect::<Result<Vec<_>, _>>()?;
        if roles.is_empty() {
            let reason = "must say what somebody may, like *=VIEWER or data-team=EDITOR".to_owned();
            return Err(wrong("DOWNBEAT_GATEWAY_OIDC_ROLES", reason));
        }
        Ok(Some(Self {
            issuer: issuer.clone(),
            client_id,
            client_secret: client_secret(config)?,
            scopes: config.scopes.clone(),
            user_claim: config.user_claim.clone(),
            groups_claim: config.groups_claim.clone(),
            roles,
        }))
    }
}

impl Settings {
    /// What people may look up: no secret, and not how the provider knows us.
    pub(super) fn shown(&self) -> ProviderShown {
        let rule = |(group, grant): &(String, Grant)| RuleShown {
            group: group.clone(),
            role: grant.role.as_str(),
            labels: grant.labels.clone(),
        };
        ProviderShown {
            issuer: self.issuer.clone(),
            user_claim: self.user_claim.clone(),
            groups_claim: self.groups_claim.clone(),
            rules: self.roles.iter().map(rule).collect(),
        }
    }
}

fn client_secret(config: &OidcConfig) -> Result<Option<String>, Error> {
    let Some(file) = &config.client_secret_file else {
        return Ok(std::env::var(SECRET).ok().filter(|secret| !secret.is_empty()));
    };
    let setting = "DOWNBEAT_GATEWAY_OIDC_CLIENT_SECRET_FILE";
    let wrong = |reason: String| Error::Config { setting, reason: format!("{}: {reason}", file.display()) };
    let secret = std::fs::read_to_string(file).map_err(|error| wrong(error.to_string()))?;
    match secret.trim() {
        "" => Err(wrong("it is empty".to_owned())),
        secret => Ok(Some(secret.to_owned())),
    }
}

/// `GROUP=ROLE` or `GROUP=ROLE:LABEL|LABEL`.
fn rule_of(rule: &str) -> Result<(String, Grant), String> {
    // A group may have an equals sign in its name, such as that of a directory.
    let Some((group, may)) = rule.rsplit_once('=').filter(|(group, _)| !group.is_empty()) else {
        return Err("must be GROUP=ROLE or GROUP=ROLE:LABEL|LABEL".to_owned());
    };
    let (role, labels) = may.split_once(':').map_or((may, None), |(role, labels)| (role, Some(labels)));
    let Some(role) = Role::from_word(&role.to_ascii_uppercase()) else {
        let roles: Vec<&str> = Role::ALL.iter().map(|role| role.as_str()).collect();
        return Err(format!("there are the roles {}", roles.join(", ")));
    };
    let labels: Vec<String> = labels.into_iter().flat_map(|labels| labels.split('|')).map(str::to_owned).collect();
    match labels.iter().find(|label| !downbeat_dialect::is_label(label)) {
        Some(label) => Err(format!("`{label}` is no label")),
        None => Ok((group.to_owned(), Grant { role, labels })),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config() -> OidcConfig {
        OidcConfig {
            issuer: Some("https://login.example.com".to_owned()),
            client_id: Some("downbeat".to_owned()),
            scopes: "openid email".to_owned(),
            user_claim: "email".to_owned(),
            groups_claim: "groups".to_owned(),
            roles: vec!["*=viewer".to_owned()],
            ..OidcConfig::default()
        }
    }

    #[test]
    fn rules_say_what_groups_may() {
        for (rule, group, role, labels) in [
            ("*=VIEWER", "*", Role::Viewer, &[][..]),
            ("data=editor:eu|us", "data", Role::Editor, &["eu", "us"]),
            ("cn=ops,dc=x=ADMIN", "cn=ops,dc=x", Role::Admin, &[]),
        ] {
            let labels: Vec<String> = labels.iter().map(|label| (*label).to_owned()).collect();
            assert_eq!(rule_of(rule), Ok((group.to_owned(), Grant { role, labels })), "{rule}");
        }
        for rule in ["", "data", "=ADMIN", "data=", "data=WIZARD", "data=EDITOR:", "data=EDITOR:EU"] {
            assert!(rule_of(rule).is_err(), "{rule}");
        }
    }

    #[test]
    fn what_is_shown_holds_every_rule_and_no_secret() {
        let config = OidcConfig { roles: vec!["ops=ADMIN".to_owned(), "data=editor:eu|us".to_owned()], ..config() };
        let mut settings = Settings::of(&config).unwrap().unwrap();
        settings.client_secret = Some("of no concern".to_owned());
        let shown = serde_json::to_value(settings.shown()).unwrap();
        let expected = serde_json::json!({
            "issuer": "https://login.example.com", "userClaim": "email", "groupsClaim": "groups",
            "rules": [
                {"group": "ops", "role": "ADMIN", "labels": []},
                {"group": "data", "role": "EDITOR", "labels": ["eu", "us"]},
            ],
        });
        assert_eq!(shown, expected);
    }

    #[test]
    fn what_is_wrong_is_told_before_anybody_signs_in() {
        assert!(Settings::of(&OidcConfig::default()).unwrap().is_none());
        assert!(Settings::of(&config()).unwrap().is_some());
        let of = |change: fn(&mut OidcConfig)| {
            let mut config = config();
            change(&mut config);
            Settings::of(&config).err().map(|error| error.to_string()).unwrap_or_default()
        };
        for (found, setting) in [
            (of(|it| it.issuer = Some("http://login.example.com".to_owned())), "ISSUER"),
            (of(|it| it.issuer = Some("login".to_owned())), "ISSUER"),
            (of(|it| it.client_id = None), "CLIENT_ID"),
            (of(|it| it.scopes = "email".to_owned()), "SCOPES"),
            (of(|it| it.roles = Vec::new()), "ROLES"),
            (of(|it| it.roles = vec!["x".to_owned()]), "ROLES"),
            (of(|it| it.client_secret_file = Some("/nowhere".into())), "SECRET_FILE"),
        ] {
            assert!(
                found.starts_with(&format!("DOWNBEAT_GATEWAY_OIDC_{}", setting.trim_start_matches("SECRET_")))
                    || found.starts_with("DOWNBEAT_GATEWAY_OIDC_CLIENT_SECRET_FILE") && setting == "SECRET_FILE",
                "{found}"
            );
        }
    }
}
