//! Where a repository is: which addresses are taken, and what is in them.
//!
//! Promises that what it takes is an address of an allowed protocol, without a credential, and can be no option of git's or ssh's. Never repeats
//! what it refuses: there may be a password in it.

use reqwest::Url;

use crate::limits::GIT_ADDRESS_BYTES_MAX;

/// How code comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Protocol {
    Https,
    Ssh,
    /// Where the operator allows it: everybody on the way can read and change what comes.
    Http,
    /// Where the operator allows it: whatever the worker may read.
    File,
}

impl Protocol {
    const ALL: [Self; 4] = [Self::Https, Self::Ssh, Self::Http, Self::File];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Https => "https",
            Self::Ssh => "ssh",
            Self::Http => "http",
            Self::File => "file",
        }
    }

    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|protocol| protocol.name() == name)
    }
}

/// An address, checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Address {
    /// As git gets it; no credential is in it.
    pub(crate) text: String,
    pub(crate) protocol: Protocol,
    /// Empty with [`Protocol::File`]. Without the brackets of an IPv6 address.
    pub(crate) host: String,
    pub(crate) port: u16,
}

const FORM: &str = "must be an address like https://git.example.com/team/code.git or git@git.example.com:team/code.git";

impl Address {
    pub(crate) fn parse(text: &str, also: &[Protocol]) -> Result<Self, String> {
        if text.len() > GIT_ADDRESS_BYTES_MAX {
            return Err(format!("is longer than {GIT_ADDRESS_BYTES_MAX} bytes"));
        }
        if text.bytes().any(|byte| byte.is_ascii_control() || byte.is_ascii_whitespace()) || text.contains('\\') {
            return Err(format!("{FORM}, without blanks, backslashes and control characters"));
        }
        let Some((scheme, _)) = text.split_once("://") else { return short(text).ok_or_else(|| FORM.to_owned()) };
        let allowed = [Protocol::Https, Protocol::Ssh].iter().chain(also).copied().collect::<Vec<_>>();
        let Some(protocol) = Protocol::named(&scheme.to_ascii_lowercase()).filter(|known| allowed.contains(known))
        else {
            let names: Vec<&str> = allowed.iter().map(|protocol| protocol.name()).collect();
            return Err(format!("must be an address of one of these protocols: {}", names.join(", ")));
        };
        let url = Url::parse(text).map_err(|error| format!("{FORM} ({error})"))?;
        if url.query().is_some() || url.fragment().is_some() {
            return Err("must have neither `?` nor `#`".to_owned());
        }
        if url.path().len() < 2 {
            return Err("names no repository behind the host".to_owned());
        }
        let host = url.host_str().unwrap_or_default().trim_start_matches('[').trim_end_matches(']').to_owned();
        match protocol {
            Protocol::File if !host.is_empty() => return Err("must begin with file:/// and be absolute".to_owned()),
            Protocol::File => {}
            _ if !plain_host(&host) => return Err(format!("{FORM}: the host's name is none")),
            Protocol::Ssh if url.password().is_some() => {
                return Err("holds a password: put a key into git_private_key".to_owned());
            }
            Protocol::Ssh if !url.username().is_empty() && !plain_user(url.username()) => {
                return Err("has a user's name with other characters than letters, digits, `.`, `_` and `-`".to_owned());
            }
            Protocol::Ssh => {}
            _ if !url.username().is_empty() || url.password().is_some() => {
                return Err("holds a user's name or password: put them into git_username and git_token".to_owned());
            }
            _ => {}
        }
        let default = if protocol == Protocol::Ssh { 22 } else { 0 };
        let port = url.port_or_known_default().unwrap_or(default);
        Ok(Self { text: url.into(), protocol, host, port })
    }

    /// Scheme, host and port: where a credential may be shown.
    pub(crate) fn origin(&self) -> String {
        let host = if self.host.contains(':') { format!("[{}]", self.host) } else { self.host.clone() };
        format!("{}://{host}:{}", self.protocol.name(), self.port)
    }
}

/// `user@host:path`, as ssh's users write it.
fn short(text: &str) -> Option<Address> {
    let (machine, path) = text.split_once(':')?;
    let (user, host) = machine.split_once('@').unwrap_or(("git", machine));
    // `ext::` and the like are programs that git would start.
    let fine = plain_user(user) && plain_host(host) && !host.contains(':');
    let fine = fine && !path.is_empty() && !path.starts_with(['-', ':']);
    let text = format!("{user}@{host}:{path}");
    fine.then(|| Address { text, protocol: Protocol::Ssh, host: host.to_owned(), port: 22 })
}

fn plain_user(user: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    !user.is_empty() && !user.starts_with('-') && user.bytes().all(plain)
}

fn plain_host(host: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-' | b':');
    !host.is_empty() && !host.starts_with('-') && host.bytes().all(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_taken_apart() {
        let both = [Protocol::Http, Protocol::File];
        for (text, protocol, host, port, origin) in [
            ("https://git.example.com/a/b.git", Protocol::Https, "git.example.com", 443, "https://git.example.com:443"),
            (
                "https://git.example.com:8443/a",
                Protocol::Https,
                "git.example.com",
                8443,
                "https://git.example.com:8443",
            ),
            ("https://[2001:db8::1]/a", Protocol::Https, "2001:db8::1", 443, "https://[2001:db8::1]:443"),
            ("ssh://git@host:2222/~/a", Protocol::Ssh, "host", 2222, "ssh://host:2222"),
            ("ssh://host/a", Protocol::Ssh, "host", 22, "ssh://host:22"),
            ("git@host.example:team/code.git", Protocol::Ssh, "host.example", 22, "ssh://host.example:22"),
            ("http://host/a", Protocol::Http, "host", 80, "http://host:80"),
            ("file:///srv/code", Protocol::File, "", 0, "file://:0"),
        ] {
            let address = Address::parse(text, &both).unwrap_or_else(|why| panic!("{text}: {why}"));
            assert_eq!(address.text, text);
            assert_eq!((address.protocol, address.host.as_str(), address.port), (protocol, host, port), "{text}");
            assert_eq!(address.origin(), origin);
        }
        // A name alone is the user's that services have for everybody.
        assert_eq!(Address::parse("host:a/b", &[]).unwrap().text, "git@host:a/b");
    }

    #[test]
    fn nothing_else_is_an_address_and_no_refusal_repeats_it() {
        for (text, why) in [
            ("ext::sh -c s3cret", "without blanks"),
            ("ext::s3cret", "must be an address like"),
            ("ext::https://s3cret/x", "must be an address of one of these protocols: https, ssh"),
            ("http://s3cret/a", "https, ssh"),
            ("file:///s3cret", "https, ssh"),
            ("git://s3cret/a", "https, ssh"),
            ("/srv/s3cret", "must be an address like"),
            ("--upload-pack=s3cret", "must be an address like"),
            ("--upload-pack=s3cret:x", "must be an address like"),
            ("-oProxyCommand=s3cret:x", "must be an address like"),
            ("git@-oProxyCommand=s3cret:x", "must be an address like"),
            ("git@-oProxyCommand:s3cret", "must be an address like"),
            ("host:--upload-pack=s3cret", "must be an address like"),
            ("ssh://-oProxyCommand=s3cret/x", "host's name is none"),
            ("ssh://-o%50roxyCommand=s3cret@host/x", "user's name with other characters"),
            ("ssh://git:s3cret@host/x", "git_private_key"),
            ("https://s3cret@host/x", "git_token"),
            ("https://me:s3cret@host/x", "git_token"),
            ("https://host/x?token=s3cret", "neither `?` nor `#`"),
            ("https://host/x#s3cret", "neither `?` nor `#`"),
            ("https://s3cret.example", "names no repository"),
            ("https://", "must be an address like"),
            ("https://host/a\nb", "control"),
            ("https://host/a\\b", "backslashes"),
            ("", "must be an address like"),
            (&format!("https://host/{}", "a".repeat(3000)), "longer than"),
        ] {
            let refused = Address::parse(text, &[]).unwrap_err();
            assert!(refused.contains(why), "{text}: {refused}");
            assert!(!refused.contains("s3cret"), "{refused}");
        }
        assert!(Address::parse("file://host/x", &[Protocol::File]).unwrap_err().contains("file:///"));
    }
}
