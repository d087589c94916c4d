//! Which sealed connections each worker was given.
//!
//! Promises: before a worker is asked for something that uses a connection, it has that connection as it is now, and a worker that is asked
//! for nothing of the kind never gets it; what it was given it hears of again when it changes or goes. Of values nothing is kept.

use std::{
    collections::{BTreeMap, BTreeSet, btree_map::Entry},
    sync::Arc,
};

use downbeat_domain::{ConnectionId, Partition, connection::of_sides, state::Connection};
use downbeat_proto::{convert, worker::v1 as wire};
use wire::coordinator_message::Message;

use super::Vault;
use crate::{api::REPOSITORIES, engine::SessionId, limits};

/// What something uses: an integration, and the name of a connection (empty = the default one).
pub(crate) type Use = (String, String);
/// Which connection that was, in which version, whether it was the default one, and whether its values could be opened.
type Told = (ConnectionId, u32, bool, bool);

/// What one worker knows.
#[derive(Debug, Default)]
struct Session {
    told: BTreeMap<Use, Told>,
    /// Names under which it has values. It keeps them when the default moves on, so they are here for longer than the use that brought them.
    held: BTreeSet<String>,
}

/// See the module.
#[derive(Debug)]
pub(crate) struct Given {
    vault: Arc<Vault>,
    told: BTreeMap<SessionId, Session>,
    /// The change of the vault that everybody has heard of.
    heard: u64,
}

impl Given {
    pub(crate) fn new(vault: Arc<Vault>) -> Self {
        Self { vault, told: BTreeMap::new(), heard: 0 }
    }

    /// Puts into a welcome what the worker needs for what it has in hand, and gives back what has to be told before the message.
    pub(crate) fn before(
        &mut self,
        session: SessionId,
        message: &mut Message,
        partition: &Partition,
        in_hand: impl FnOnce() -> BTreeSet<Use>,
    ) -> Vec<Message> {
        if let Message::Welcome(welcome) = message {
            self.told.remove(&session);
            if partition.connections.all.is_empty() {
                return Vec::new();
            }
            let mut messages = self.tell(session, in_hand(), partition, false).into_iter();
            welcome.connections = messages.next();
            // More than one message holds is seldom: what needs the rest fails until it is asked for again.
            return messages.map(Message::Connections).collect();
        }
        if partition.connections.all.is_empty() && !self.told.contains_key(&session) {
            return Vec::new();
        }
        let uses = match message {
            Message::Offers(offers) => offers.offers.iter().flat_map(of_offer).collect(),
            Message::Checks(checks) => checks.checks.iter().map(of_check).collect(),
            _ => return Vec::new(),
        };
        self.tell(session, uses, partition, false).into_iter().map(Message::Connections).collect()
    }

    /// The connection to the worker is gone.
    pub(crate) fn forget(&mut self, session: SessionId) {
        self.told.remove(&session);
    }

    /// What workers have to hear of because connections changed since the last call.
    pub(crate) fn changed(&mut self, partition: &Partition) -> Vec<(SessionId, Message)> {
        let changes = self.vault.changes();
        if self.heard == changes {
            return Vec::new();
        }
        self.heard = changes;
        let told: Vec<(SessionId, BTreeSet<Use>)> =
            self.told.iter().map(|(session, known)| (*session, known.told.keys().cloned().collect())).collect();
        let tell = |(session, uses)| self.tell(session, uses, partition, true).into_iter().map(move |it| (session, it));
        told.into_iter().flat_map(tell).map(|(session, it)| (session, Message::Connections(it))).collect()
    }

    /// What a worker does not know yet of what it uses, in messages of bounded size; where something `changed`, also which of the names that it
    /// has values under are no connection's any more.
    fn tell(
        &mut self,
        session: SessionId,
        uses: BTreeSet<Use>,
        partition: &Partition,
        changed: bool,
    ) -> Vec<wire::Connections> {
        let mut messages: Vec<wire::Connections> = Vec::new();
        let (mut gone, mut without_default) = (Vec::new(), Vec::new());
        let (mut bytes, mut changed) = (0, changed);
        let Session { told, held } = self.told.entry(session).or_default();
        // With whether its values could be opened.
        let mut sent: BTreeMap<ConnectionId, bool> = BTreeMap::new();
        for of in uses {
            let now = partition.connections.used_as(&of.0, &of.1);
            let known = told.get(&of).copied();
            let Some((id, state)) = now else {
                told.remove(&of);
                // Values under a name may have come with a use by default, and nobody used the name until now.
                if held.remove(&of.1) {
                    gone.push(of.1);
                } else if known.is_some() && of.1.is_empty() {
                    changed = true;
                    without_default.push(of.0);
                }
                continue;
            };
            // What could not be opened is tried again at each use: the blob store may be there again.
            if known == Some((id, state.version, state.is_default, true)) {
                continue;
            }
            changed |= known.is_some_and(|known| known.0 != id);
            if let Entry::Vacant(vacant) = sent.entry(id) {
                let given = given(&self.vault, id, state);
                vacant.insert(given.error.is_empty());
                if messages.is_empty() || bytes + given.fields.len() > limits::GIVEN_BYTES_PER_MESSAGE {
                    messages.push(wire::Connections::default());
                    bytes = 0;
                }
                bytes += given.fields.len();
                if let Some(message) = messages.last_mut() {
                    message.connections.push(given);
                }
            }
            held.insert(state.name.clone());
            let opened = sent.get(&id).is_some_and(|opened| *opened);
            told.insert(of, (id, state.version, state.is_default, opened));
        }
        if changed && !held.is_empty() {
            let names: BTreeSet<&str> = partition.connections.all.values().map(|it| it.name.as_str()).collect();
            let (there, no_more) = std::mem::take(held).into_iter().partition(|name| names.contains(name.as_str()));
            *held = there;
            gone.extend(no_more);
        }
        if told.is_empty() && held.is_empty() {
            self.told.remove(&session);
        }
        if !gone.is_empty() || !without_default.is_empty() {
            if messages.is_empty() {
                messages.push(wire::Connections::default());
            }
            if let Some(message) = messages.first_mut() {
                (message.gone, message.without_default) = (gone, without_default);
            }
        }
        messages
    }
}

/// What a check uses. Repositories are asked with what their host is asked with otherwise.
fn of_check(check: &wire::Check) -> Use {
    let provider = (check.integration == REPOSITORIES).then(|| convert::object(&check.parameters)).flatten();
    let provider = provider.as_ref().and_then(|parameters| parameters.get("provider")?.as_str());
    (provider.unwrap_or(&check.integration).to_owned(), check.connection.clone())
}

/// What the task of an offer uses.
fn of_offer(offer: &wire::Offer) -> Vec<Use> {
    let mut uses = vec![(offer.integration.clone(), offer.connection.clone())];
    if offer.parameters.contains("_integration\"")
        && let Some(parameters) = convert::object(&offer.parameters)
    {
        uses.extend(of_sides(&parameters).map(|(integration, named)| (integration.to_owned(), named.to_owned())));
    }
    uses
}

fn given(vault: &Vault, id: ConnectionId, state: &Connection) -> wire::GivenConnection {
    let (fields, error) = match vault.open(id, state) {
        Ok(fields) => (String::from_utf8_lossy(&fields).into_owned(), String::new()),
        Err(error) => (String::new(), error.to_string()),
    };
    wire::GivenConnection {
        name: state.name.clone(),
        integration: state.integration.clone(),
        version: state.version,
        is_default: state.is_default,
        fields,
        error,
    }
}

#[cfg(test)]
mod tests {
    use downbeat_runtime::{
        blob::{BlobKey, BlobStore},
        sealed::{MasterKey, MasterKeys},
    };
    use jiff::Timestamp;

    use super::*;

    const SHOP: ConnectionId = ConnectionId([1; 16]);

    struct Scene {
        folder: tempfile::TempDir,
        vault: Arc<Vault>,
        given: Given,
        partition: Partition,
    }

    impl Scene {
        fn new() -> Self {
            let folder = tempfile::tempdir().unwrap();
            let keys = MasterKeys::of(vec![MasterKey::from_bytes([1; 32])]);
            let vault = Arc::new(Vault::new(keys, BlobStore::open(folder.path()).unwrap()));
            let given = Given::new(Arc::clone(&vault));
            Self { folder, vault, given, partition: Partition::default() }
        }

        async fn save(&mut self, version: u32, is_default: bool, fields: &str) {
            let (seal, _) = self.vault.put(SHOP, "shop", version, fields).await.unwrap();
            self.vault.settle(SHOP, Some(seal));
            let state = Connection {
                integration: "POSTGRES".to_owned(),
                name: "shop".to_owned(),
                version,
                seal,
                fields: Vec::new(),
                is_default,
                tested: None,
                created_at: Timestamp::UNIX_EPOCH,
                updated_at: Timestamp::UNIX_EPOCH,
            };
            self.partition.connections.all.insert(SHOP, state);
        }

        /// What a worker hears before this offer.
        fn offer(&mut self, session: SessionId, integration: &str, connection: &str, parameters: &str) -> Vec<String> {
            let offer = wire::Offer {
                integration: integration.to_owned(),
                connection: connection.to_owned(),
                parameters: parameters.to_owned(),
                ..Default::default()
            };
            let mut offers = Message::Offers(wire::Offers { offers: vec![offer] });
            let before = self.given.before(session, &mut offers, &self.partition, BTreeSet::new);
            before.iter().flat_map(words).collect()
        }

        fn changed(&mut self) -> Vec<(SessionId, Vec<String>)> {
            let changed = self.given.changed(&self.partition);
            changed.iter().map(|(session, message)| (*session, words(message))).collect()
        }
    }

    fn words(message: &Message) -> Vec<String> {
        let Message::Connections(told) = message else { panic!("{message:?}") };
        let given = told.connections.iter().map(|it| {
            let default = if it.is_default { " default" } else { "" };
            format!("{} {}{default}", it.name, if it.error.is_empty() { &it.fields } else { &it.error })
        });
        let gone = told.gone.iter().map(|name| format!("{name} gone"));
        let without = told.without_default.iter().map(|name| format!("no default {name}"));
        given.chain(gone).chain(without).collect()
    }

    #[tokio::test]
    async fn a_worker_is_given_what_it_uses_once_and_others_are_given_nothing() {
        let mut scene = Scene::new();
        assert!(scene.offer(1, "POSTGRES", "shop", "").is_empty(), "there is none");
        scene.save(1, false, "{\"a\":1}").await;
        assert_eq!(scene.offer(1, "POSTGRES", "shop", ""), ["shop {\"a\":1}"]);
        assert!(scene.offer(1, "POSTGRES", "shop", "").is_empty(), "it has it");
        for (integration, connection) in [("POSTGRES", ""), ("POSTGRES", "other"), ("MYSQL", ""), ("PYTHON", "")] {
            assert!(scene.offer(2, integration, connection, "").is_empty(), "{integration} {connection}");
        }
        let both = "{\"source_integration\": \"POSTGRES\", \"source_connection_id\": \"shop\"}";
        assert_eq!(scene.offer(2, "DOWNBEAT", "", both), ["shop {\"a\":1}"]);
        scene.given.forget(2);
        assert_eq!(scene.offer(2, "DOWNBEAT", "", both), ["shop {\"a\":1}"], "after a new connection it is told again");
    }

    #[tokio::test]
    async fn who_was_given_one_hears_when_it_changes_and_when_it_goes() {
        let mut scene = Scene::new();
        scene.save(1, true, "{\"a\":1}").await;
        scene.offer(1, "POSTGRES", "", "");
        scene.offer(2, "POSTGRES", "shop", "");
        scene.offer(3, "PYTHON", "", "");
        scene.changed();
        scene.save(2, true, "{\"a\":2}").await;
        let told = vec!["shop {\"a\":2} default".to_owned()];
        assert_eq!(scene.changed(), [(1, told.clone()), (2, told)]);
        assert!(scene.changed().is_empty(), "once");
        scene.save(3, false, "{\"a\":3}").await;
        let changed = scene.changed();
        assert_eq!(changed[0], (1, vec!["no default POSTGRES".to_owned()]));
        assert_eq!(changed[1], (2, vec!["shop {\"a\":3}".to_owned()]));
        scene.partition.connections.all.clear();
        scene.vault.settle(SHOP, None);
        // The first one still has the values that it was given when this was the default.
        let gone = vec!["shop gone".to_owned()];
        assert_eq!(scene.changed(), [(1, gone.clone()), (2, gone)]);
        assert!(scene.offer(1, "POSTGRES", "shop", "").is_empty(), "it has forgotten it");
    }

    #[tokio::test]
    async fn a_default_connection_that_is_removed_is_gone_under_its_name_as_well() {
        // Removed while it is the default one.
        let mut scene = Scene::new();
        scene.save(1, true, "{}").await;
        scene.offer(1, "POSTGRES", "", "");
        scene.changed();
        scene.partition.connections.all.clear();
        scene.vault.settle(SHOP, None);
        assert_eq!(scene.changed(), [(1, vec!["shop gone".to_owned(), "no default POSTGRES".to_owned()])]);
        assert!(scene.changed().is_empty());

        // Removed, and an offer that names it comes before the vault has heard of it.
        let mut scene = Scene::new();
        scene.save(1, true, "{}").await;
        scene.offer(1, "POSTGRES", "", "");
        scene.changed();
        scene.partition.connections.all.clear();
        assert_eq!(scene.offer(1, "POSTGRES", "shop", ""), ["shop gone"]);

        // Removed after another one has become the default.
        let mut scene = Scene::new();
        scene.save(1, true, "{}").await;
        scene.offer(1, "POSTGRES", "", "");
        let other = ConnectionId([2; 16]);
        let (seal, _) = scene.vault.put(other, "other", 1, "{}").await.unwrap();
        scene.vault.settle(other, Some(seal));
        let shop = scene.partition.connections.all[&SHOP].clone();
        let state = Connection { name: "other".to_owned(), seal, ..shop };
        scene.partition.connections.all.insert(other, state);
        scene.save(2, false, "{}").await;
        assert_eq!(
            scene.changed(),
            [(1, vec!["other {} default".to_owned()])],
            "shop is still there, and so is its name"
        );
        scene.partition.connections.all.remove(&SHOP);
        scene.vault.settle(SHOP, None);
        assert_eq!(scene.changed(), [(1, vec!["shop gone".to_owned()])]);
        assert!(scene.offer(1, "POSTGRES", "", "").is_empty(), "the default one it has");
    }

    #[tokio::test]
    async fn a_welcome_holds_what_the_worker_has_in_hand() {
        let mut scene = Scene::new();
        scene.save(1, false, "{\"a\":1}").await;
        let mut welcome = Message::Welcome(wire::Welcome::default());
        let in_hand = || BTreeSet::from([("POSTGRES".to_owned(), "shop".to_owned())]);
        assert!(scene.given.before(1, &mut welcome, &scene.partition, in_hand).is_empty());
        let Message::Welcome(wire::Welcome { connections: Some(told), .. }) = welcome else { panic!() };
        assert_eq!(words(&Message::Connections(told)), ["shop {\"a\":1}"]);
        let mut welcome = Message::Welcome(wire::Welcome::default());
        scene.given.before(2, &mut welcome, &scene.partition, BTreeSet::new);
        let Message::Welcome(wire::Welcome { connections: None, .. }) = welcome else { panic!("{welcome:?}") };
    }

    #[tokio::test]
    async fn what_cannot_be_opened_is_said_and_not_left_out() {
        let mut scene = Scene::new();
        scene.save(1, false, "{}").await;
        if let Some(state) = scene.partition.connections.all.get_mut(&SHOP) {
            state.seal = [9; 16];
        }
        let told = scene.offer(1, "POSTGRES", "shop", "");
        assert!(told[0].contains("not in the blob store"), "{told:?}");
    }

    #[tokio::test]
    async fn what_could_not_be_opened_is_given_as_soon_as_it_can_be() {
        let mut scene = Scene::new();
        scene.save(1, true, "{}").await;
        let seal = scene.partition.connections.all[&SHOP].seal;
        let key = BlobKey::connection(uuid::Uuid::from_bytes(SHOP.0), uuid::Uuid::from_bytes(seal));
        let (file, aside) = (scene.folder.path().join(key.as_str()), scene.folder.path().join("aside"));
        std::fs::rename(&file, &aside).unwrap();
        // As after a restart: nothing is in memory.
        let keys = MasterKeys::of(vec![MasterKey::from_bytes([1; 32])]);
        scene.vault = Arc::new(Vault::new(keys, BlobStore::open(scene.folder.path()).unwrap()));
        scene.given = Given::new(Arc::clone(&scene.vault));
        for connection in ["", "shop", ""] {
            let told = scene.offer(1, "POSTGRES", connection, "");
            assert!(told[0].contains("not in the blob store"), "{told:?}");
        }
        std::fs::rename(&aside, &file).unwrap();
        for connection in ["", "shop"] {
            assert_eq!(scene.offer(1, "POSTGRES", connection, ""), ["shop {} default"]);
            assert!(scene.offer(1, "POSTGRES", connection, "").is_empty(), "once");
        }
    }
}
