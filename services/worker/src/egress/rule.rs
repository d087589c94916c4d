//! One entry of the list of what a worker may reach: who, and at which port. Pure.

use std::{fmt, net::IpAddr, str::FromStr};

/// An entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Rule {
    who: Who,
    /// `None`: any.
    port: Option<u16>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Who {
    /// Every name and every address.
    Anybody,
    /// This name.
    Name(String),
    /// Every name below this one, which begins with a dot.
    Below(String),
    /// Addresses that share so many leading bits.
    Net(IpAddr, u8),
}

impl Rule {
    /// Whether a host of this name may be reached, wherever the name leads.
    pub(super) fn admits_name(&self, name: &str, port: u16) -> bool {
        let name = plain(name);
        self.admits_port(port)
            && match &self.who {
                Who::Anybody => true,
                Who::Name(own) => *own == name,
                Who::Below(own) => name.len() > own.len() && name.ends_with(own.as_str()),
                Who::Net(..) => false,
            }
    }

    /// Whether this address may be reached, whatever it is called.
    pub(super) fn admits_address(&self, address: IpAddr, port: u16) -> bool {
        self.admits_port(port)
            && match self.who {
                Who::Anybody => true,
                Who::Net(net, length) => masked(address.to_canonical(), length) == Some(net),
                Who::Name(_) | Who::Below(_) => false,
            }
    }

    /// Whether it may admit an address to which a name leads.
    pub(super) fn knows_addresses(&self, port: u16) -> bool {
        self.admits_port(port) && matches!(self.who, Who::Anybody | Who::Net(..))
    }

    fn admits_port(&self, port: u16) -> bool {
        self.port.is_none_or(|own| own == port)
    }
}

/// As names are compared.
fn plain(name: &str) -> String {
    name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase()
}

/// The address with all bits beyond the first `length` cleared; `None`: it has fewer.
fn masked(address: IpAddr, length: u8) -> Option<IpAddr> {
    match address {
        IpAddr::V4(address) => {
            let beyond = 32_u32.checked_sub(length.into())?;
            let mask = u32::MAX.checked_shl(beyond).unwrap_or(0);
            Some(IpAddr::V4((u32::from(address) & mask).into()))
        }
        IpAddr::V6(address) => {
            let beyond = 128_u32.checked_sub(length.into())?;
            let mask = u128::MAX.checked_shl(beyond).unwrap_or(0);
            Some(IpAddr::V6((u128::from(address) & mask).into()))
        }
    }
}

impl FromStr for Rule {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = |what: &str| {
            format!(
                "{text:?} {what}; write a host (db.example.com), every host below one (*.example.com), a network (10.0.0.0/8) or \
                 everybody (*), with a port if only that one is meant (db.example.com:5432, [2001:db8::/32]:443)"
            )
        };
        if text.contains("://") {
            return Err(wrong("is a URL, of which only the host counts"));
        }
        let (who, port) = split(text.trim()).ok_or_else(|| wrong("has no end to its ["))?;
        let port = port.map(|port| port.parse::<u16>().ok().filter(|port| *port > 0));
        let port = match port {
            Some(None) => return Err(wrong("has a port that is none (1 to 65535)")),
            Some(port) => port,
            None => None,
        };
        let who = match who {
            "" => return Err(wrong("names nobody")),
            "*" => Who::Anybody,
            who if who.contains('/') || who.parse::<IpAddr>().is_ok() => net(who).map_err(|what| wrong(&what))?,
            who => match who.strip_prefix('*') {
                Some(below) if below.starts_with('.') && is_name(&below[1..]) => Who::Below(plain(below)),
                None if is_name(who) => Who::Name(plain(who)),
                _ => return Err(wrong("is no name of a host")),
            },
        };
        Ok(Self { who, port })
    }
}

/// Who, and what stands after the colon. An address of version 6 has colons of its own: then brackets tell.
fn split(text: &str) -> Option<(&str, Option<&str>)> {
    if let Some(rest) = text.strip_prefix('[') {
        let (who, rest) = rest.split_once(']')?;
        return match rest {
            "" => Some((who, None)),
            rest => Some((who, Some(rest.strip_prefix(':')?))),
        };
    }
    Some(match text.split_once(':') {
        Some((who, port)) if !port.contains(':') => (who, Some(port)),
        _ => (text, None),
    })
}

fn net(text: &str) -> Result<Who, String> {
    let (address, length) = text.split_once('/').map_or((text, None), |(address, length)| (address, Some(length)));
    let address: IpAddr = address.parse().map_err(|_| "holds a / and no address before it".to_owned())?;
    let address = address.to_canonical();
    let whole = if address.is_ipv4() { 32 } else { 128 };
    let length: u8 = match length {
        None => whole,
        Some(length) => length.parse().map_err(|_| format!("has no number of bits (0 to {whole}) after the /"))?,
    };
    let net = masked(address, length).ok_or_else(|| format!("has more than {whole} bits after the /"))?;
    if net != address {
        return Err(format!(
            "is no network: its address has bits beyond the first {length}, so it would be {net}/{length}"
        ));
    }
    Ok(Who::Net(net, length))
}

fn is_name(text: &str) -> bool {
    let letters = |part: &str| part.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
    let text = text.strip_suffix('.').unwrap_or(text);
    text.len() <= 253 && text.split('.').all(|part| !part.is_empty() && part.len() <= 63 && letters(part))
}

impl fmt::Display for Rule {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let brackets = self.port.is_some() && matches!(self.who, Who::Net(IpAddr::V6(_), _));
        let who = match &self.who {
            Who::Anybody => "*".to_owned(),
            Who::Name(name) => name.clone(),
            Who::Below(name) => format!("*{name}"),
            Who::Net(net, length) => format!("{net}/{length}"),
        };
        let who = if brackets { format!("[{who}]") } else { who };
        match self.port {
            Some(port) => write!(formatter, "{who}:{port}"),
            None => formatter.write_str(&who),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(text: &str) -> Rule {
        text.parse().unwrap_or_else(|why| panic!("{why}"))
    }

    #[test]
    fn names_are_admitted_as_they_are_written_or_below_a_star() {
        for (text, name, port, admitted) in [
            ("db.example.com", "db.example.com", 5432, true),
            ("db.example.com", "DB.Example.com.", 5432, true),
            ("db.example.com", "a.db.example.com", 5432, false),
            ("db.example.com", "xdb.example.com", 5432, false),
            ("db.example.com:5432", "db.example.com", 5432, true),
            ("db.example.com:5432", "db.example.com", 22, false),
            ("*.example.com", "a.example.com", 443, true),
            ("*.example.com", "a.b.example.com", 443, true),
            ("*.example.com", "example.com", 443, false),
            ("*.example.com", "badexample.com", 443, false),
            ("*.example.com:443", "a.example.com", 80, false),
            ("*:443", "anything", 443, true),
            ("*:443", "anything", 80, false),
            ("10.0.0.0/8", "10.0.0.1", 80, false),
        ] {
            assert_eq!(rule(text).admits_name(name, port), admitted, "{text}: {name}:{port}");
        }
    }

    #[test]
    fn addresses_are_admitted_by_network() {
        for (text, address, port, admitted) in [
            ("10.0.0.0/8", "10.255.0.1", 1, true),
            ("10.0.0.0/8", "11.0.0.1", 1, false),
            ("10.0.0.0/8", "::ffff:10.0.0.1", 1, true),
            ("10.0.0.0/8:22", "10.0.0.1", 22, true),
            ("10.0.0.0/8:22", "10.0.0.1", 23, false),
            ("10.1.2.3", "10.1.2.3", 9, true),
            ("10.1.2.3", "10.1.2.4", 9, false),
            ("0.0.0.0/0", "8.8.8.8", 53, true),
            ("0.0.0.0/0", "2001:db8::1", 53, false),
            ("2001:db8::/32", "2001:db8:1::1", 53, true),
            ("[2001:db8::/32]:443", "2001:db8:1::1", 443, true),
            ("[2001:db8::/32]:443", "2001:db9::1", 443, false),
            ("[::1]:443", "::1", 443, true),
            ("::/0", "2001:db9::1", 1, true),
            ("*", "10.0.0.1", 1, true),
            ("db.example.com", "10.0.0.1", 1, false),
        ] {
            assert_eq!(rule(text).admits_address(address.parse().unwrap(), port), admitted, "{text}: {address} {port}");
        }
    }

    #[test]
    fn what_is_no_entry_is_refused_with_what_is_one() {
        for (text, what) in [
            ("", "names nobody"),
            (":443", "names nobody"),
            ("a b", "no name of a host"),
            ("https://example.com", "is a URL"),
            ("*example.com", "no name of a host"),
            ("a.*.com", "no name of a host"),
            ("a..com", "no name of a host"),
            ("bücher.example", "no name of a host"),
            ("example.com:0", "port"),
            ("example.com:70000", "port"),
            ("example.com:", "port"),
            ("10.0.0.1/8", "it would be 10.0.0.0/8"),
            ("10.0.0.0/33", "more than 32 bits"),
            ("10.0.0.0/x", "number of bits"),
            ("2001:db8::1/32", "it would be 2001:db8::/32"),
            ("[2001:db8::/32", "no end to its ["),
        ] {
            let why = text.parse::<Rule>().unwrap_err();
            assert!(why.contains(what) && why.contains("10.0.0.0/8"), "{text}: {why}");
        }
        for text in ["*", "*:443", "a.example", "*.a.example:1", "10.0.0.0/8:22", "[2001:db8::/32]:443", "::1/128"] {
            assert_eq!(rule(text).to_string(), text);
        }
    }
}
