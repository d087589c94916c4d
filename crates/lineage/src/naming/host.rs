//! Hosts and ports, spelled one way.

/// All that means "this machine": which one that is, only the reporter knows, and all of ours are taken to be the same.
const HERE: &str = "localhost";

/// `user:password@Host:5433/path?x` without all that does not say where: `host:5433`. A port that is absent is the default.
pub(super) fn authority(text: &str, port: Option<u16>) -> String {
    let end = text.find(['/', '?', '#']).unwrap_or(text.len());
    let text = &text[..end];
    let text = text.rsplit_once('@').map_or(text, |(_, after)| after);
    let (host, given) = split(text);
    let host = self::host(host);
    match given.or(port) {
        Some(port) => format!("{host}:{port}"),
        None => host,
    }
}

/// A host name as everybody spells it.
pub(super) fn host(text: &str) -> String {
    if text.trim_start().starts_with('/') {
        // The folder of a socket.
        return HERE.to_owned();
    }
    let known = |letter: &char| letter.is_alphanumeric() || matches!(letter, '-' | '.' | '_' | ':' | '%');
    let bare: String = text.to_lowercase().chars().filter(known).collect();
    let is_address = bare.split('%').next().is_some_and(|address| address.parse::<std::net::Ipv6Addr>().is_ok());
    let bare = if is_address { bare } else { bare.replace([':', '%'], "") };
    let bare = bare.trim_end_matches('.').to_owned();
    let here = bare.is_empty()
        || bare == "::1"
        || bare == "0.0.0.0"
        || bare.parse::<std::net::Ipv4Addr>().is_ok_and(|address| address.is_loopback());
    match () {
        () if here => HERE.to_owned(),
        // As addresses with a port have to be written.
        () if is_address => format!("[{bare}]"),
        () => bare,
    }
}

/// Host and port; an IPv6 address may stand in brackets.
fn split(text: &str) -> (&str, Option<u16>) {
    let Some((host, port)) = text.rsplit_once(':') else { return (text, None) };
    // Several colons without brackets are an address without a port.
    if host.contains(':') && !host.ends_with(']') {
        return (text, None);
    }
    match port.parse() {
        Ok(port) => (host, Some(port)),
        Err(_) => (host, None),
    }
}
