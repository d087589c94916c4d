//! How many connections, or requests without a key, there are at once: in all, and from one address.

use std::{
    collections::HashMap,
    net::{IpAddr, Ipv6Addr},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::net::TcpStream;

use crate::limits;

/// What is open, within bounds.
#[derive(Clone, Debug)]
pub(crate) struct Connections {
    open: Arc<Mutex<Open>>,
    most: usize,
    most_per_address: usize,
}

#[derive(Debug, Default)]
struct Open {
    all: usize,
    by_address: HashMap<IpAddr, usize>,
}

/// One of them, until it is dropped.
#[derive(Debug)]
pub(crate) struct Place {
    connections: Connections,
    address: IpAddr,
}

impl Connections {
    /// So many at most.
    pub(crate) fn at_most(most: usize, most_per_address: usize) -> Self {
        Self { open: Arc::default(), most, most_per_address }
    }

    /// A place; none = there are too many.
    pub(crate) fn enter(&self, address: IpAddr) -> Option<Place> {
        let address = whose(address);
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let here = open.by_address.get(&address).copied().unwrap_or_default();
        if open.all >= self.most || here >= self.most_per_address {
            return None;
        }
        open.all += 1;
        open.by_address.insert(address, here + 1);
        drop(open);
        Some(Place { connections: self.clone(), address })
    }
}

/// What a client of HTTP/2 begins with.
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
/// How often it is looked whether more of it came.
const LOOK_AGAIN: Duration = Duration::from_millis(50);

/// Waits until it is clear which version of HTTP somebody speaks: with whoever says nothing, or half of it, nobody else would lose patience.
pub(super) async fn has_begun(stream: &TcpStream) -> bool {
    let mut seen = [0; PREFACE.len()];
    let looks = async {
        loop {
            match stream.peek(&mut seen).await {
                Ok(0) | Err(_) => return false,
                Ok(count) if count == PREFACE.len() || !PREFACE.starts_with(&seen[..count]) => return true,
                Ok(_) => tokio::time::sleep(LOOK_AGAIN).await,
            }
        }
    };
    tokio::time::timeout(limits::HEAD_WAIT, looks).await.unwrap_or(false)
}

/// Whoever has one address of IPv6 mostly has 2^64 of them.
pub(crate) fn whose(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
        address @ IpAddr::V4(_) => address,
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut open = self.connections.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.all = open.all.saturating_sub(1);
        let left = open.by_address.get(&self.address).copied().unwrap_or_default().saturating_sub(1);
        if left == 0 {
            open.by_address.remove(&self.address);
        } else {
            open.by_address.insert(self.address, left);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_address_has_not_all_of_them_and_places_come_back() {
        let connections = Connections::at_most(100, 10);
        let (one, other): (IpAddr, IpAddr) = ("2001:db8::1".parse().unwrap(), "192.0.2.1".parse().unwrap());
        let neighbour = "2001:db8::2".parse().unwrap();
        let held: Vec<Place> = (0..20).map_while(|_| connections.enter(one)).collect();
        assert_eq!(held.len(), 10);
        assert!(connections.enter(one).is_none() && connections.enter(neighbour).is_none());
        assert!(connections.enter(other).is_some());
        drop(held);
        assert!(connections.enter(one).is_some());
        assert!(connections.open.lock().unwrap().by_address.is_empty(), "nothing is kept of whoever is gone");
    }
}
