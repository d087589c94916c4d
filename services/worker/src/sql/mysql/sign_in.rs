//! Signing in: what a server says of itself, and how a password is proved to it.
//!
//! A password is proved with the two plugins that the servers have by default, `mysql_native_password` and `caching_sha2_password`; as it is it
//! leaves only through TLS, and only for the latter.

use aws_lc_rs::digest::{Algorithm, SHA1_FOR_LEGACY_USE_ONLY, SHA256, digest};

use super::errors::{Fault, Said, cut_short};
use super::packets::{Fields, Line, Packets, put_counted};

/// The version of the protocol, the only one since 1998.
const VERSION: u8 = 10;
const NATIVE: &str = "mysql_native_password";
const CACHING: &str = "caching_sha2_password";
/// Bytes of the puzzle that a password is proved with.
const NONCE_BYTES: usize = 20;
/// UTF-8 of up to four bytes.
const UTF8MB4: u8 = 45;
/// Bytes of a packet that we say we take; what is taken is limited elsewhere.
const PACKET_BYTES: u32 = 1 << 30;

/// What a client can do, and here does.
mod can {
    const LONG_PASSWORD: u32 = 1;
    const LONG_FLAG: u32 = 1 << 2;
    pub(super) const DATABASE: u32 = 1 << 3;
    pub(super) const PROTOCOL_41: u32 = 1 << 9;
    pub(super) const TLS: u32 = 1 << 11;
    const TRANSACTIONS: u32 = 1 << 13;
    const SECURE_CONNECTION: u32 = 1 << 15;
    const SEVERAL_RESULTS: u32 = 1 << 17;
    pub(super) const PLUGINS: u32 = 1 << 19;
    pub(super) const ATTRIBUTES: u32 = 1 << 20;
    pub(super) const ALWAYS: u32 =
        LONG_PASSWORD | LONG_FLAG | PROTOCOL_41 | TRANSACTIONS | SECURE_CONNECTION | SEVERAL_RESULTS | PLUGINS;
}

/// What a server says before anybody has signed in.
#[derive(Debug)]
pub(super) struct Greeting {
    pub(super) server: String,
    /// Of the session; `KILL` takes it.
    pub(super) session: u64,
    can: u32,
    nonce: Vec<u8>,
    plugin: String,
}

impl Greeting {
    pub(super) fn read(packet: &[u8]) -> Result<Self, Fault> {
        match packet.first() {
            Some(0xFF) => return Err(Fault::Said(Said::read(&packet[1..]))),
            Some(&VERSION) => {}
            _ => return Err(Fault::Strange("it does not speak the protocol of MySQL".to_owned())),
        }
        let read = || {
            let mut fields = Fields(&packet[1..]);
            let server = String::from_utf8_lossy(fields.up_to_null()).into_owned();
            let session = fields.fixed(4)?;
            let mut nonce = fields.bytes(8)?.to_vec();
            fields.bytes(1)?;
            let low = fields.fixed(2)?;
            // Character set and status.
            fields.bytes(3)?;
            let high = fields.fixed(2)?;
            let nonce_bytes = fields.byte()?;
            fields.bytes(10)?;
            nonce.extend_from_slice(fields.bytes(usize::from(nonce_bytes).saturating_sub(8).max(13))?);
            nonce.truncate(NONCE_BYTES);
            let plugin = String::from_utf8_lossy(fields.up_to_null()).into_owned();
            Some(Self { server, session, can: (low | high << 16) as u32, nonce, plugin })
        };
        read().ok_or_else(cut_short)
    }

    pub(super) fn offers_tls(&self) -> bool {
        self.can & can::TLS != 0
    }

    pub(super) fn is_mariadb(&self) -> bool {
        self.server.contains("MariaDB")
    }

    /// Asks for TLS; nothing else is said before it is there.
    pub(super) fn ask_for_tls(&self) -> Vec<u8> {
        head(can::ALWAYS | can::TLS)
    }
}

/// The beginning that the request for TLS and the sign-in have in common.
fn head(can: u32) -> Vec<u8> {
    let mut packet = can.to_le_bytes().to_vec();
    packet.extend_from_slice(&PACKET_BYTES.to_le_bytes());
    packet.push(UTF8MB4);
    packet.extend_from_slice(&[0; 23]);
    packet
}

/// Who signs in.
pub(super) struct Who<'a> {
    pub(super) username: &'a str,
    pub(super) password: &'a str,
    pub(super) database: &'a str,
    /// What the session is called.
    pub(super) name: &'a str,
    /// Whether the line is encrypted.
    pub(super) tls: bool,
}

/// Signs in, after the greeting and, where it is wanted, TLS.
pub(super) async fn sign_in<L: Line>(
    packets: &mut Packets<L>,
    greeting: &Greeting,
    who: &Who<'_>,
) -> Result<(), Fault> {
    // What the server takes first need not be what this user has: it says so then.
    let first = if greeting.plugin == CACHING { CACHING } else { NATIVE };
    packets.write(&who.request(greeting, first)).await?;
    let mut plugin = first.to_owned();
    loop {
        let packet = packets.read().await?;
        let rest = packet.get(1..).unwrap_or_default();
        match (packet.first(), plugin.as_str(), rest) {
            (Some(0x00), ..) => return Ok(()),
            (Some(0xFF), ..) => return Err(Fault::Said(Said::read(rest))),
            (Some(0xFE), ..) => {
                let mut fields = Fields(rest);
                plugin = String::from_utf8_lossy(fields.up_to_null()).into_owned();
                packets.write(&proof(&plugin, who.password, fields.up_to_null())?).await?;
            }
            // The server remembers the password, and has seen the proof.
            (Some(0x01), CACHING, [3]) => {}
            (Some(0x01), CACHING, [4]) if who.tls => {
                packets.write(&[who.password.as_bytes(), b"\0"].concat()).await?;
            }
            (Some(0x01), CACHING, [4]) => {
                return Err(refused("the server wants the password itself (caching_sha2_password), which needs TLS"));
            }
            _ => return Err(Fault::Strange("the server says something else than how it wants a password".to_owned())),
        }
    }
}

impl Who<'_> {
    fn request(&self, greeting: &Greeting, plugin: &str) -> Vec<u8> {
        let mut can = can::ALWAYS | greeting.can & can::ATTRIBUTES;
        can |= if self.tls { can::TLS } else { 0 };
        can |= if self.database.is_empty() { 0 } else { can::DATABASE };
        let mut packet = head(can);
        packet.extend_from_slice(self.username.as_bytes());
        packet.push(0);
        // One of the two that are known: both prove in less than 251 bytes.
        let proof = proof(plugin, self.password, &greeting.nonce).unwrap_or_default();
        put_counted(&mut packet, &proof);
        if can & can::DATABASE != 0 {
            packet.extend_from_slice(self.database.as_bytes());
            packet.push(0);
        }
        packet.extend_from_slice(plugin.as_bytes());
        packet.push(0);
        if can & can::ATTRIBUTES != 0 {
            let mut attributes = Vec::new();
            put_counted(&mut attributes, b"program_name");
            put_counted(&mut attributes, self.name.as_bytes());
            put_counted(&mut packet, &attributes);
        }
        packet
    }
}

fn refused(why: &str) -> Fault {
    Fault::Refused(why.to_owned())
}

/// Proves that the password is known without saying it.
fn proof(plugin: &str, password: &str, nonce: &[u8]) -> Result<Vec<u8>, Fault> {
    let hash = |with: &'static Algorithm, parts: &[&[u8]]| digest(with, &parts.concat()).as_ref().to_vec();
    let (one, other) = match plugin {
        _ if password.is_empty() && [NATIVE, CACHING].contains(&plugin) => return Ok(Vec::new()),
        NATIVE => {
            let once = hash(&SHA1_FOR_LEGACY_USE_ONLY, &[password.as_bytes()]);
            let twice = hash(&SHA1_FOR_LEGACY_USE_ONLY, &[&once]);
            (once, hash(&SHA1_FOR_LEGACY_USE_ONLY, &[nonce, &twice]))
        }
        CACHING => {
            let once = hash(&SHA256, &[password.as_bytes()]);
            let twice = hash(&SHA256, &[&once]);
            (once, hash(&SHA256, &[&twice, nonce]))
        }
        _ => {
            let plugin: String = plugin.chars().filter(char::is_ascii_graphic).take(64).collect();
            return Err(refused(&format!(
                "the server wants the password by {plugin:?}; give the user {NATIVE} or {CACHING}"
            )));
        }
    };
    Ok(one.iter().zip(other).map(|(one, other)| one ^ other).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    const NONCE: &[u8; 20] = b"abcdefghijklmnopqrst";

    fn greeting(plugin: &str) -> Vec<u8> {
        let mut packet = vec![VERSION];
        packet.extend_from_slice(b"8.4.0\0\x07\0\0\0");
        packet.extend_from_slice(&NONCE[..8]);
        packet.extend_from_slice(&[0, 0xFF, 0xFF, 45, 2, 0, 0xFF, 0xDF, 21]);
        packet.extend_from_slice(&[0; 10]);
        packet.extend_from_slice(&NONCE[8..]);
        packet.push(0);
        packet.extend_from_slice(plugin.as_bytes());
        packet.push(0);
        packet
    }

    /// Signs in to a server that says this, one answer after the other; returns what it heard.
    async fn with(answers: &[&[u8]], tls: bool) -> (Result<(), Fault>, Vec<Vec<u8>>) {
        let greeting = Greeting::read(&greeting(CACHING)).unwrap();
        let (here, there) = tokio::io::duplex(1 << 16);
        let who = Who { username: "u", password: "pässword", database: "d", name: "n", tls };
        let server = async {
            let mut packets = Packets::new(there);
            let mut heard = Vec::new();
            for answer in answers {
                // After "fast" nobody says anything.
                if heard.is_empty() || answers[heard.len() - 1] != [1, 3] {
                    let Ok(packet) = packets.read().await else { break };
                    heard.push(packet);
                }
                packets.write(answer).await.unwrap();
            }
            if let Ok(packet) = packets.read().await {
                heard.push(packet);
            }
            heard
        };
        let client = async {
            let mut packets = Packets::new(here);
            sign_in(&mut packets, &greeting, &who).await
        };
        tokio::join!(client, server)
    }

    #[test]
    fn greetings_are_read_and_broken_ones_are_refused() {
        let whole = greeting(NATIVE);
        let read = Greeting::read(&whole).unwrap();
        assert_eq!((read.server.as_str(), read.session, read.plugin.as_str()), ("8.4.0", 7, NATIVE));
        assert!(read.nonce == NONCE && read.offers_tls() && !read.is_mariadb());
        for length in 0..whole.len() - NATIVE.len() - 2 {
            assert!(Greeting::read(&whole[..length]).is_err(), "{length}");
        }
        let busy = Greeting::read(b"\xFF\x10\x04Too many connections").unwrap_err();
        assert!(matches!(busy, Fault::Said(said) if said.code == 1040));
    }

    #[tokio::test]
    async fn a_password_is_said_through_tls_alone_and_to_no_unknown_plugin() {
        let scramble = proof(CACHING, "pässword", NONCE).unwrap();
        let (said, heard) = with(&[&[1, 3], &[0, 0, 0, 2, 0, 0, 0]], false).await;
        assert!(said.is_ok());
        assert!(heard[0].windows(scramble.len()).any(|part| part == scramble));

        let (said, heard) = with(&[&[1, 4], &[0, 0, 0, 2, 0, 0, 0]], true).await;
        assert!(said.is_ok() && heard[1] == "pässword\0".as_bytes());

        let (said, heard) = with(&[&[1, 4]], false).await;
        assert!(matches!(said, Err(Fault::Refused(why)) if why.contains("needs TLS")));
        assert_eq!(heard.len(), 1, "nothing more was said");

        for plugin in ["mysql_clear_password", "dialog", "client_ed25519"] {
            let switch = [b"\xFE", plugin.as_bytes(), b"\0", NONCE, b"\0"].concat();
            let (said, heard) = with(&[&switch], true).await;
            assert!(matches!(said, Err(Fault::Refused(why)) if why.contains(plugin)));
            assert_eq!(heard.len(), 1, "nothing more was said");
        }
        let switch = [b"\xFE", NATIVE.as_bytes(), b"\0", NONCE, b"\0"].concat();
        let (said, heard) = with(&[&switch, &[0, 0, 0, 2, 0, 0, 0]], false).await;
        assert!(said.is_ok() && heard[1] == proof(NATIVE, "pässword", NONCE).unwrap());
    }

    /// The servers' own check: they keep the hash of the hash, and take the proof apart with it.
    #[test]
    fn proofs_are_what_the_servers_check() {
        for (plugin, with) in [(NATIVE, &SHA1_FOR_LEGACY_USE_ONLY), (CACHING, &SHA256)] {
            let proof = proof(plugin, "s", NONCE).unwrap();
            let kept = digest(with, digest(with, b"s").as_ref());
            let mask = if plugin == NATIVE {
                digest(with, &[NONCE, kept.as_ref()].concat())
            } else {
                digest(with, &[kept.as_ref(), NONCE].concat())
            };
            let once: Vec<u8> = proof.iter().zip(mask.as_ref()).map(|(proof, mask)| proof ^ mask).collect();
            assert_eq!(digest(with, &once).as_ref(), kept.as_ref());
        }
        assert!(proof(NATIVE, "", NONCE).unwrap().is_empty());
    }
}
