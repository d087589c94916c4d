//! How the worker signs in where a repository is: with a token over https, with a key over ssh.
//!
//! Promises: a token reaches git in its environment alone, and git sends it to that scheme, host and port only; a key lies in a file of the attempt's own,
//! which only its owner may read, while git runs, and no longer; over ssh nobody is believed but whom the connection names.

use std::{
    fmt, fs,
    io::Write as _,
    net::IpAddr,
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
};

use base64::{Engine as _, engine::general_purpose::STANDARD};

use super::address::{Address, Protocol};
use crate::attempt::Failure;
use crate::connections::{Connection, Secret};
use crate::limits::GIT_CONNECT_WAIT;

/// Fields of a connection that are not for the script; of them the token and the key are credentials.
pub(crate) const FIELDS: [&str; 6] =
    ["git_repository", "git_branch", "git_username", "git_host_key", "git_token", "git_private_key"];

/// The folder beside the checkout that holds what ssh reads.
const FOLDER: &str = "git-access";
/// Git hands this to a shell, so nothing in it comes from outside: ssh runs in the checkout, and everything else stands in that file.
pub(super) const SSH_COMMAND: &str = "ssh -F ../git-access/settings";
/// What services take for a user's name when the token alone counts.
const ANY_USER: &str = "x-access-token";

/// How to sign in.
pub(crate) enum Access {
    /// Not at all.
    Open,
    /// The value of a header.
    Token(Secret),
    /// A key, and who the server is: lines of a key's kind and itself.
    Key { private: Secret, hosts: Vec<String> },
}

impl Access {
    pub(super) fn read(connection: &Connection, address: &Address) -> Result<Self, Failure> {
        let (token, key) = (connection.secret("git_token")?, connection.secret("git_private_key")?);
        match address.protocol {
            Protocol::Ssh => {
                if token.is_some() {
                    return Err(connection.wrong("git_token", "is for addresses with https; ssh takes git_private_key"));
                }
                let private = key.ok_or_else(|| {
                    connection.wrong("git_private_key", "is missing: ssh needs a key, without a passphrase")
                })?;
                let hosts = connection.text("git_host_key")?.and_then(keys).ok_or_else(|| {
                    let what = "must say who the server is: lines of known_hosts, or public keys (ssh-ed25519 AAAA...), \
                                as `ssh-keyscan` prints them and the server's owner confirms them";
                    connection.wrong("git_host_key", what)
                })?;
                Ok(Self::Key { private, hosts })
            }
            _ if key.is_some() => {
                Err(connection.wrong("git_private_key", "is for addresses with ssh; https takes git_token"))
            }
            Protocol::Https | Protocol::Http => {
                let Some(token) = token else { return Ok(Self::Open) };
                let user = connection.text("git_username")?.unwrap_or(ANY_USER);
                for (field, text) in [("git_username", user), ("git_token", token.reveal())] {
                    if text.chars().any(char::is_control) {
                        return Err(connection.wrong(field, "has a control character or a line break"));
                    }
                }
                if user.contains(':') {
                    return Err(connection.wrong("git_username", "has a `:`"));
                }
                let pair = STANDARD.encode(format!("{user}:{}", token.reveal()));
                Ok(Self::Token(Secret::new(format!("Authorization: Basic {pair}"))))
            }
            Protocol::File if token.is_some() => Err(connection.wrong("git_token", "is for addresses with https")),
            Protocol::File => Ok(Self::Open),
        }
    }

    /// As settings of git.
    pub(super) fn settings(&self, address: &Address) -> Option<(String, String)> {
        match self {
            Self::Token(header) => {
                Some((format!("http.{}/.extraHeader", address.origin()), header.reveal().to_owned()))
            }
            Self::Open | Self::Key { .. } => None,
        }
    }
}

impl fmt::Debug for Access {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Open => "Open",
            Self::Token(_) => "Token",
            Self::Key { .. } => "Key",
        })
    }
}

/// Kind and key of every line, whatever stands before and behind; `None`: there is none, or a line has none.
fn keys(text: &str) -> Option<Vec<String>> {
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    let keys: Option<Vec<String>> = lines.map(key).collect();
    keys.filter(|keys| !keys.is_empty())
}

fn key(line: &str) -> Option<String> {
    let words: Vec<&str> = line.split_whitespace().collect();
    let kind = |word: &str| ["ssh-", "ecdsa-", "sk-"].iter().any(|start| word.starts_with(start));
    let at = words.iter().position(|word| kind(word))?;
    let body = words.get(at + 1).filter(|body| STANDARD.decode(body).is_ok_and(|bytes| bytes.len() >= 32))?;
    Some(format!("{} {body}", words[at]))
}

/// What ssh reads, on disk; removed when it is dropped.
#[derive(Debug)]
pub(super) struct Keys(Option<PathBuf>);

impl Keys {
    pub(super) fn write(access: &Access, folder: &Path, addresses: &[IpAddr]) -> Result<Self, Failure> {
        let Access::Key { private, hosts } = access else { return Ok(Self(None)) };
        let folder = folder.join(FOLDER);
        let failed = |error: std::io::Error| {
            Failure::transient(format!("cannot write what ssh needs into {}: {error}", folder.display()))
        };
        fs::DirBuilder::new().mode(0o700).create(&folder).map_err(failed)?;
        let written = Self(Some(folder.clone()));
        let known: String = hosts.iter().map(|key| format!("{ALIAS} {key}\n")).collect();
        // A key ends with a line break, or ssh does not know it.
        let private = format!("{}\n", private.reveal().trim_end());
        for (name, text) in [("settings", settings(addresses)), ("known", known), ("key", private)] {
            let mut options = fs::OpenOptions::new();
            let mut file = options.write(true).create_new(true).mode(0o600).open(folder.join(name)).map_err(failed)?;
            file.write_all(text.as_bytes()).map_err(failed)?;
        }
        Ok(written)
    }
}

impl Drop for Keys {
    fn drop(&mut self) {
        if let Some(folder) = &self.0
            && let Err(error) = fs::remove_dir_all(folder)
        {
            tracing::warn!(folder = %folder.display(), %error, "cannot remove a key of git; the end of the attempt does");
        }
    }
}

/// What the server is called in the file of known ones, whatever its address is.
const ALIAS: &str = "repository";

/// Paths begin where ssh runs: in the checkout.
fn settings(addresses: &[IpAddr]) -> String {
    // The address that was looked at, and no other one that its name may lead to a moment later.
    let pinned = addresses.first().map(|address| format!("HostName {address}\n")).unwrap_or_default();
    format!(
        "Host *\n{pinned}HostKeyAlias {ALIAS}\nIdentityFile ../{FOLDER}/key\nIdentitiesOnly yes\nIdentityAgent none\n\
         UserKnownHostsFile ../{FOLDER}/known\nGlobalKnownHostsFile /dev/null\nStrictHostKeyChecking yes\nUpdateHostKeys no\n\
         BatchMode yes\nPreferredAuthentications publickey\nProxyCommand none\nPermitLocalCommand no\nForwardAgent no\n\
         ForwardX11 no\nClearAllForwardings yes\nConnectTimeout {}\nServerAliveInterval 15\nServerAliveCountMax 4\nLogLevel ERROR\n",
        GIT_CONNECT_WAIT.as_secs()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "AAAAC3NzaC1lZDI1NTE5AAAAIJqbW1EwTyfZlrjqq8Kj7vfJkQJZbSxjRkyWeQjyIBVU";

    #[test]
    fn host_keys_are_read_in_every_form_but_fingerprints() {
        let plain = format!("ssh-ed25519 {KEY}");
        for text in [
            plain.clone(),
            format!("{plain} me@here\n"),
            format!("# of github\n[git.example.com]:2222,10.0.0.1 {plain}\n\n"),
            format!("|1|c2FsdA==|aGFzaA== {plain}"),
        ] {
            assert_eq!(keys(&text).unwrap(), [plain.as_str()], "{text}");
        }
        for bad in ["", "# none", "SHA256:abc", "ssh-ed25519", "ssh-ed25519 !!", &format!("{plain}\nnonsense")] {
            assert_eq!(keys(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_key_lies_where_only_its_owner_reads_it_and_goes() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let access = Access::Key { private: Secret::new("k3y"), hosts: vec![format!("ssh-ed25519 {KEY}")] };
        assert_eq!(format!("{access:?}"), "Key");
        let keys = Keys::write(&access, folder.path(), &["10.0.0.1".parse().unwrap()]).unwrap();
        let at = folder.path().join(FOLDER);
        assert_eq!(fs::read_to_string(at.join("key")).unwrap(), "k3y\n");
        assert_eq!(fs::metadata(at.join("key")).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(fs::read_to_string(at.join("known")).unwrap(), format!("repository ssh-ed25519 {KEY}\n"));
        assert!(fs::read_to_string(at.join("settings")).unwrap().contains("HostName 10.0.0.1\n"));
        drop(keys);
        assert!(!at.exists());
        drop(Keys::write(&Access::Open, folder.path(), &[]).unwrap());
    }
}
