//! The one cluster and user of a kubeconfig that a cloud hands out. Pure.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::Value;

/// See the module.
#[derive(Debug, PartialEq)]
pub(super) struct Kubeconfig {
    pub(super) server: String,
    pub(super) authority: String,
    pub(super) user: User,
}

/// Who asks.
#[derive(PartialEq)]
pub(super) enum User {
    Token(String),
    Certificate {
        certificate: String,
        key: String,
    },
    /// A program would fetch a token of the cloud's own directory.
    Directory,
}

impl std::fmt::Debug for User {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(match self {
            Self::Token(_) => "Token",
            Self::Certificate { .. } => "Certificate",
            Self::Directory => "Directory",
        })
    }
}

/// Reads it from base64.
///
/// # Errors
/// What is missing; nothing of its content is repeated.
pub(super) fn read(encoded: &str) -> Result<Kubeconfig, &'static str> {
    let text = decoded(encoded).ok_or("is no base64")?;
    let config: Value = serde_saphyr::from_str(&text).map_err(|_| "is no YAML")?;
    let cluster = &config["clusters"][0]["cluster"];
    let of = |value: &Value, name: &str| value.get(name).and_then(Value::as_str).map(str::to_owned);
    let encoded_of = |value: &Value, name: &str| decoded(value.get(name)?.as_str()?);
    let user = &config["users"][0]["user"];
    let user = match (encoded_of(user, "client-certificate-data"), encoded_of(user, "client-key-data")) {
        _ if user.get("exec").is_some() => User::Directory,
        (Some(certificate), Some(key)) => User::Certificate { certificate, key },
        _ => User::Token(of(user, "token").ok_or("names no token, no certificate and no program to sign in with")?),
    };
    Ok(Kubeconfig {
        server: of(cluster, "server").ok_or("names no server")?,
        authority: encoded_of(cluster, "certificate-authority-data").ok_or("names no certificate authority")?,
        user,
    })
}

/// The text behind base64.
pub(super) fn decoded(text: &str) -> Option<String> {
    String::from_utf8(STANDARD.decode(text.trim()).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(user: &str) -> Result<Kubeconfig, &'static str> {
        let authority = STANDARD.encode("CA");
        read(&STANDARD.encode(format!(
            "clusters:\n- cluster: {{certificate-authority-data: {authority}, server: 'https://k'}}\n  name: k\n\
             users:\n- name: u\n  user: {user}\n"
        )))
    }

    #[test]
    fn every_kind_of_user_is_known() {
        let (certificate, key) = (STANDARD.encode("C"), STANDARD.encode("K"));
        let cases = [
            ("{token: t}".to_owned(), User::Token("t".to_owned())),
            (
                format!("{{client-certificate-data: {certificate}, client-key-data: {key}, token: t}}"),
                User::Certificate { certificate: "C".to_owned(), key: "K".to_owned() },
            ),
            ("{exec: {command: kubelogin}}".to_owned(), User::Directory),
        ];
        for (written, user) in cases {
            let expected = Kubeconfig { server: "https://k".to_owned(), authority: "CA".to_owned(), user };
            assert_eq!(config(&written).unwrap(), expected, "{written}");
        }
        assert!(config("{}").unwrap_err().contains("no token"));
        assert_eq!(read("?"), Err("is no base64"));
        assert_eq!(read(&STANDARD.encode("users:\n- user: {token: t}")), Err("names no server"));
    }
}
