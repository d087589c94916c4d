//! What a topic looks like: its partitions, who leads them, and from where to where they hold records.

use std::{collections::BTreeMap, io};

use tokio::time::timeout;

use super::{
    Cluster, Session,
    errors::{self, LEADER_NOT_AVAILABLE, NONE, REPLICA_NOT_AVAILABLE},
    wire::{Fields, Request, strange},
};
use crate::attempt::Failure;
use crate::dial::Address;
use crate::limits::{CHECK_CONNECT_WAIT, KAFKA_LEADERS_MAX};

const LIST_OFFSETS: i16 = 2;
const METADATA: i16 = 3;
/// Instants that stand for the first and for the next offset of a partition.
const EARLIEST: i64 = -2;
const LATEST: i64 = -1;
/// Nobody, as a broker's number.
const NOBODY: i32 = -1;
/// Characters of the name of a topic.
const NAME_CHARS_MAX: usize = 249;

/// A topic that is there.
#[derive(Debug, PartialEq)]
pub(crate) struct Topic {
    /// By number.
    pub(crate) partitions: Vec<Partition>,
    /// Why the offsets of some partitions are not known.
    pub(crate) unreached: Option<String>,
}

#[derive(Debug, PartialEq)]
pub(crate) struct Partition {
    pub(crate) number: i32,
    /// `None`: nobody leads it, so nobody can read or write it.
    pub(crate) leader: Option<i32>,
    /// Replicas that are not up to date.
    pub(crate) behind: usize,
    /// First offset that is there, and the one that the next record will have; `None`: not known.
    pub(crate) offsets: Option<(i64, i64)>,
}

impl Topic {
    /// Records from the first to the last offset, all partitions taken together. Compacted topics hold fewer. `None`: not known.
    pub(crate) fn records(&self) -> Option<i64> {
        let single = |partition: &Partition| partition.offsets.map(|(first, next)| next.saturating_sub(first).max(0));
        self.partitions.iter().map(single).try_fold(0_i64, |all, one| Some(all.saturating_add(one?)))
    }
}

/// Whether a topic can have the name.
pub(crate) fn is_name(name: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    (1..=NAME_CHARS_MAX).contains(&name.len()) && name.bytes().all(plain) && ![".", ".."].contains(&name)
}

/// Brokers by their numbers.
type Brokers = BTreeMap<i32, Address>;

impl Cluster {
    /// Looks at a topic.
    pub(crate) async fn topic(&self, name: &str) -> Result<Topic, Failure> {
        let mut session = self.sign_in().await?;
        // One topic, which is not made by asking for it.
        let said = session.ask(Request::new(METADATA, 4).long(1).text(name).byte(0)).await?;
        let (brokers, found) = metadata(&said, name).map_err(|error| session.why(&error))?;
        let partitions =
            found.map_err(|code| errors::failure(&format!("the topic {name} at {}", session.address), code))?;
        drop(session);
        let mut topic = Topic { partitions, unreached: None };
        self.find_offsets(name, &brokers, &mut topic).await;
        Ok(topic)
    }

    /// Each leader knows the offsets of the partitions that it leads.
    async fn find_offsets(&self, name: &str, brokers: &Brokers, topic: &mut Topic) {
        let mut led: BTreeMap<i32, Vec<i32>> = BTreeMap::new();
        for partition in &topic.partitions {
            if let Some(leader) = partition.leader {
                led.entry(leader).or_default().push(partition.number);
            }
        }
        let mut offsets = BTreeMap::new();
        for (asked, (leader, partitions)) in led.iter().enumerate() {
            let found = match brokers.get(leader) {
                _ if asked >= KAFKA_LEADERS_MAX => Err(format!("more than {KAFKA_LEADERS_MAX} brokers lead it")),
                Some(address) => self.offsets_at(address, name, partitions).await.map_err(|failure| failure.message),
                None => Err(format!("nobody says where the broker {leader} is")),
            };
            match found {
                Ok(found) => offsets.extend(found),
                Err(why) => _ = topic.unreached.get_or_insert(why),
            }
        }
        for partition in &mut topic.partitions {
            partition.offsets = offsets.get(&partition.number).copied();
        }
    }

    async fn offsets_at(
        &self,
        address: &Address,
        name: &str,
        partitions: &[i32],
    ) -> Result<BTreeMap<i32, (i64, i64)>, Failure> {
        let asked = async {
            let mut session = self.sign_in_at(address).await?;
            let first = session.offsets(name, partitions, EARLIEST).await?;
            let next = session.offsets(name, partitions, LATEST).await?;
            let both = first.into_iter().filter_map(|(number, first)| Some((number, (first, *next.get(&number)?))));
            Ok(both.collect())
        };
        timeout(CHECK_CONNECT_WAIT, asked).await.unwrap_or_else(|_| {
            let seconds = CHECK_CONNECT_WAIT.as_secs();
            Err(Failure::transient(format!("the broker at {address} did not answer within {seconds} s")))
        })
    }
}

impl Session {
    async fn offsets(&mut self, name: &str, partitions: &[i32], at: i64) -> Result<BTreeMap<i32, i64>, Failure> {
        let head = Request::new(LIST_OFFSETS, 1).long(NOBODY).long(1).text(name).long(partitions.len() as i32);
        let request = partitions.iter().fold(head, |request, number| request.long(*number).longest(at));
        let said = self.ask(request).await?;
        let found = offsets(&said, name).map_err(|error| self.why(&error))?;
        found.map_err(|code| errors::failure(&format!("the topic {name} at {}", self.address), code))
    }
}

/// Where brokers are, and the partitions of the topic or the number of what is wrong with it.
fn metadata(said: &[u8], name: &str) -> io::Result<(Brokers, Result<Vec<Partition>, i16>)> {
    let mut fields = Fields(said);
    // How long the broker has made us wait.
    fields.long()?;
    let mut brokers = Brokers::new();
    for _ in 0..fields.count()? {
        let (number, host, port) = (fields.long()?, fields.text()?, fields.long()?);
        // Its rack.
        fields.text()?;
        if let Some(address) = u16::try_from(port).ok().and_then(|port| Address::parse(&bracketed(host), port)) {
            brokers.insert(number, address);
        }
    }
    // The cluster and its controller.
    fields.text()?;
    fields.long()?;
    if fields.count()? != 1 {
        return Err(strange("it says something of other topics than was asked"));
    }
    let (code, said) = (fields.short()?, fields.text()?);
    if code == NONE && said != name {
        return Err(strange("it says something of other topics than was asked"));
    }
    // Whether it is the cluster's own.
    fields.byte()?;
    let mut partitions = Vec::new();
    for _ in 0..fields.count()? {
        let (code, number, leader) = (fields.short()?, fields.long()?, fields.long()?);
        let (replicas, current) = (fields.brokers()?, fields.brokers()?);
        let usable = [NONE, REPLICA_NOT_AVAILABLE].contains(&code);
        let leader = Some(leader).filter(|leader| usable && *leader != NOBODY);
        partitions.push(Partition { number, leader, behind: replicas.saturating_sub(current), offsets: None });
    }
    partitions.sort_by_key(|partition| partition.number);
    let found = match code {
        NONE if partitions.is_empty() => Err(LEADER_NOT_AVAILABLE),
        NONE => Ok(partitions),
        code => Err(code),
    };
    Ok((brokers, found))
}

/// An IPv6 address as one is written before a port.
fn bracketed(host: &str) -> String {
    if host.contains(':') { format!("[{host}]") } else { host.to_owned() }
}

/// Offsets by partition, or the number of what is wrong with one of them.
fn offsets(said: &[u8], name: &str) -> io::Result<Result<BTreeMap<i32, i64>, i16>> {
    let mut fields = Fields(said);
    let mut found = BTreeMap::new();
    for _ in 0..fields.count()? {
        let same = fields.text()? == name;
        for _ in 0..fields.count()? {
            let (number, code) = (fields.long()?, fields.short()?);
            // The instant of the record.
            fields.longest()?;
            let offset = fields.longest()?;
            if code != NONE {
                return Ok(Err(code));
            }
            if same {
                found.insert(number, offset);
            }
        }
    }
    Ok(Ok(found))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_topics_are_known() {
        for (name, good) in
            [("a", true), ("a.b_c-1", true), ("", false), (".", false), ("..", false), ("a b", false), ("a/b", false)]
        {
            assert_eq!(is_name(name), good, "{name}");
        }
        assert!(is_name(&"x".repeat(249)) && !is_name(&"x".repeat(250)));
    }
}
