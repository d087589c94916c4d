//! Where this process may go: every connection that the worker itself opens to somebody outside asks here first.
//!
//! Promises: a name is resolved once, and the connection goes to one of the addresses that were looked at, so that the name cannot lead
//! elsewhere a moment later; addresses at which clouds serve their machines' credentials are refused whatever is allowed; with a list, what
//! is not on it is refused before anything is sent, a question to the name server included. It is one gate for the process, because
//! what it guards is the process. Programs that a worker starts (scripts, dbt) open connections of their own and pass no gate.

mod rule;

use std::{
    fmt, io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    sync::OnceLock,
};

use tokio::net::TcpStream;

use crate::attempt::Failure;
use rule::Rule;

/// The setting that holds the list.
pub(crate) const SETTING: &str = "DOWNBEAT_WORKER_EGRESS_ALLOW";
/// What a refusal of an address of a cloud says, whatever is allowed.
const NEVER: &str = "link-local addresses are refused";

/// What may be reached.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) struct Egress {
    /// Empty: everybody.
    rules: Vec<Rule>,
}

/// Somebody may not be reached. Says who, and by which setting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refused(String);

impl fmt::Display for Refused {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl std::error::Error for Refused {}

impl From<Refused> for io::Error {
    fn from(refused: Refused) -> Self {
        Self::other(refused)
    }
}

impl From<Refused> for Failure {
    fn from(refused: Refused) -> Self {
        Self::misconfigured(refused.0)
    }
}

static EVERYBODY: Egress = Egress { rules: Vec::new() };
static GATE: OnceLock<Egress> = OnceLock::new();

/// The gate of this process.
pub(crate) fn gate() -> &'static Egress {
    GATE.get().unwrap_or(&EVERYBODY)
}

/// Sets the gate of this process, once.
///
/// # Errors
/// Another worker of this process has another list.
pub(crate) fn set(egress: Egress) -> Result<(), String> {
    let set = GATE.get_or_init(|| egress.clone());
    if *set == egress { Ok(()) } else { Err("another worker of this process may reach other hosts".to_owned()) }
}

impl Egress {
    /// Reads the list as the settings have it.
    ///
    /// # Errors
    /// The entry that is wrong.
    pub(crate) fn read(entries: &[String]) -> Result<Self, String> {
        let rules: Result<Vec<Rule>, String> = entries.iter().map(|entry| entry.parse()).collect();
        Ok(Self { rules: rules? })
    }

    /// Whether there is a list.
    pub(crate) fn is_limited(&self) -> bool {
        !self.rules.is_empty()
    }

    /// Whether it may be asked where this name leads; of an address: whether it may be reached.
    ///
    /// # Errors
    /// It may not.
    pub(crate) fn ask(&self, host: &str, port: u16) -> Result<(), Refused> {
        let host = bare(host);
        match host.parse::<IpAddr>() {
            Ok(address) => self.admitted(host, port, [address]).map(drop),
            Err(_) if self.rules.is_empty() => Ok(()),
            Err(_) => {
                let may = self.rules.iter().any(|rule| rule.admits_name(host, port) || rule.knows_addresses(port));
                if may { Ok(()) } else { Err(unlisted(host, port, &[])) }
            }
        }
    }

    /// Of the addresses of a host, those that may be reached.
    ///
    /// # Errors
    /// None of them may, or one of them never.
    pub(crate) fn admitted(
        &self,
        host: &str,
        port: u16,
        found: impl IntoIterator<Item = IpAddr>,
    ) -> Result<Vec<IpAddr>, Refused> {
        let host = bare(host);
        let found: Vec<IpAddr> = found.into_iter().collect();
        if found.iter().copied().any(serves_credentials) {
            let leads = if host.parse::<IpAddr>().is_ok() { "" } else { " leads to a link-local address" };
            return Err(Refused(format!("{host}{leads}: {NEVER}")));
        }
        let is_address = host.parse::<IpAddr>().is_ok();
        let by_name = !is_address && self.rules.iter().any(|rule| rule.admits_name(host, port));
        if self.rules.is_empty() || by_name || found.is_empty() {
            return Ok(found);
        }
        let may = |address: &IpAddr| self.rules.iter().any(|rule| rule.admits_address(*address, port));
        let admitted: Vec<IpAddr> = found.iter().copied().filter(may).collect();
        if admitted.is_empty() { Err(unlisted(host, port, &found)) } else { Ok(admitted) }
    }
}

fn unlisted(host: &str, port: u16, found: &[IpAddr]) -> Refused {
    let place = if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") };
    let leads = match found.first() {
        Some(address) if address.to_string() != host => format!(", which leads to {address},"),
        _ => String::new(),
    };
    Refused(format!(
        "{place}{leads} is refused: it is not among the hosts that this worker may reach (--egress-allow, {SETTING}); whoever runs the worker \
         can add it"
    ))
}

/// Where a host is, looked up once; every address was admitted.
///
/// # Errors
/// It may not be reached ([`is_refusal`]), or nobody knows where it is.
pub(crate) async fn resolve(host: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
    let host = bare(host);
    gate().ask(host, port)?;
    let found = tokio::net::lookup_host((host, port)).await?.map(|address| address.ip());
    let admitted = gate().admitted(host, port, found)?;
    Ok(admitted.into_iter().map(|address| SocketAddr::new(address, port)).collect())
}

/// Opens a connection to a host.
///
/// # Errors
/// As [`resolve`], or it takes none.
pub(crate) async fn connect(host: &str, port: u16) -> io::Result<TcpStream> {
    TcpStream::connect(resolve(host, port).await?.as_slice()).await
}

/// Why somebody was not reached. `what`: whom, for people. A refusal is no matter of another try.
pub(crate) fn unreached(what: impl fmt::Display, error: &io::Error) -> Failure {
    let message = format!("cannot reach {what}: {error}");
    if is_refusal(error) { Failure::misconfigured(message) } else { Failure::transient(message) }
}

/// Whether an error, or one that it comes from, is a refusal of this gate.
pub(crate) fn is_refusal(error: &(dyn std::error::Error + 'static)) -> bool {
    let mut cause = Some(error);
    while let Some(inner) = cause {
        if inner.is::<Refused>() {
            return true;
        }
        // What an error of input and output wraps is not among its sources.
        cause = match inner.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
            Some(wrapped) => Some(wrapped),
            None => inner.source(),
        };
    }
    false
}

fn bare(host: &str) -> &str {
    host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host)
}

/// Where clouds serve their machines' credentials: link-local addresses, and those that some clouds use beside them.
fn serves_credentials(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_cloud_v4(address),
        IpAddr::V6(address) => {
            let embedded = address.to_ipv4_mapped().or_else(|| nat64(address));
            // fd00:ec2::/32 is AWS's.
            let aws = matches!(address.segments(), [0xfd00, 0x0ec2, ..]);
            aws || address.is_unicast_link_local() || embedded.is_some_and(is_cloud_v4)
        }
    }
}

fn is_cloud_v4(address: Ipv4Addr) -> bool {
    // The wire server of Azure and the metadata service of Alibaba Cloud.
    address.is_link_local() || matches!(address.octets(), [168, 63, 129, 16] | [100, 100, 100, 200])
}

/// 64:ff9b::/96 leads to an IPv4 address behind a translator.
fn nat64(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let [0x64, 0xff9b, 0, 0, 0, 0, high, low] = address.segments() else { return None };
    Some(Ipv4Addr::from((u32::from(high) << 16) | u32::from(low)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn egress(entries: &[&str]) -> Egress {
        Egress::read(&entries.iter().map(|entry| (*entry).to_owned()).collect::<Vec<_>>()).unwrap()
    }

    fn admitted(egress: &Egress, host: &str, port: u16, found: &[&str]) -> Result<Vec<String>, String> {
        let found = found.iter().map(|address| address.parse().unwrap());
        let admitted = egress.ask(host, port).and_then(|()| egress.admitted(host, port, found));
        admitted.map(|all| all.iter().map(ToString::to_string).collect()).map_err(|refused| refused.to_string())
    }

    #[test]
    fn addresses_of_clouds_are_refused_in_every_dress_whatever_is_allowed() {
        for egress in [egress(&[]), egress(&["*"]), egress(&["0.0.0.0/0", "::/0", "evil.example.com"])] {
            for address in [
                "169.254.169.254",
                "fe80::1",
                "::ffff:169.254.169.254",
                "64:ff9b::a9fe:a9fe",
                "fd00:ec2::254",
                "168.63.129.16",
                "100.100.100.200",
                "::ffff:100.100.100.200",
            ] {
                for host in [address, "evil.example.com"] {
                    let why = admitted(&egress, host, 80, &[address]).unwrap_err();
                    assert!(why.contains(NEVER) && why.contains(host), "{address}: {why}");
                }
                // One bad address of a name is enough.
                assert!(admitted(&egress, "evil.example.com", 80, &["10.0.0.1", address]).is_err(), "{address}");
            }
        }
    }

    #[test]
    fn without_a_list_everybody_else_may_be_reached() {
        for (host, found) in [("example.com", "93.184.216.34"), ("127.0.0.1", "127.0.0.1"), ("[::1]", "::1")] {
            assert_eq!(admitted(&egress(&[]), host, 80, &[found]), Ok(vec![found.to_owned()]), "{host}");
        }
        assert!(!egress(&[]).is_limited() && egress(&["*"]).is_limited());
    }

    #[test]
    fn with_a_list_a_name_is_admitted_by_itself_or_by_where_it_leads() {
        let egress = egress(&["*.example.com:443", "10.0.0.0/8:5432", "[2001:db8::/32]:5432"]);
        let both: &[&str] = &["10.0.0.1", "192.0.2.1"];
        for (host, port, found, expected) in [
            ("api.example.com", 443, &["192.0.2.1"][..], Ok(&["192.0.2.1"][..])),
            ("api.example.com", 80, &["192.0.2.1"], Err("api.example.com:80 is refused")),
            ("db.internal", 5432, &["10.0.0.1"], Ok(&["10.0.0.1"])),
            // Only there it goes where it may.
            ("db.internal", 5432, both, Ok(&["10.0.0.1"])),
            ("db.internal", 5432, &["192.0.2.1"], Err("db.internal:5432, which leads to 192.0.2.1, is refused")),
            // It is not even asked where it leads.
            ("db.internal", 22, &["10.0.0.1"], Err("db.internal:22 is refused")),
            ("10.0.0.1", 5432, &["10.0.0.1"], Ok(&["10.0.0.1"])),
            ("10.0.0.1", 22, &["10.0.0.1"], Err("10.0.0.1:22 is refused")),
            ("[2001:db8::1]", 5432, &["2001:db8::1"], Ok(&["2001:db8::1"])),
            ("[2001:db9::1]", 5432, &["2001:db9::1"], Err("[2001:db9::1]:5432 is refused")),
        ] {
            match (admitted(&egress, host, port, found), expected) {
                (Ok(all), Ok(expected)) => assert_eq!(all, expected, "{host}:{port}"),
                (Err(why), Err(expected)) => {
                    assert!(why.starts_with(expected), "{host}:{port}: {why}");
                    assert!(why.contains("--egress-allow") && why.contains(SETTING), "{why}");
                }
                other => panic!("{host}:{port}: {other:?}"),
            }
        }
    }

    #[tokio::test]
    async fn a_refusal_is_known_through_what_wraps_it() {
        let error = resolve("169.254.169.254", 80).await.unwrap_err();
        assert!(is_refusal(&error), "{error}");
        let wrapped = io::Error::other(error);
        assert!(is_refusal(&wrapped));
        assert_eq!(unreached("x", &wrapped).class, downbeat_proto::events::v1::FailureClass::Misconfigured);
        let other = io::Error::from(io::ErrorKind::ConnectionRefused);
        assert!(!is_refusal(&other));
        assert_eq!(unreached("x", &other).class, downbeat_proto::events::v1::FailureClass::Transient);
    }
}
