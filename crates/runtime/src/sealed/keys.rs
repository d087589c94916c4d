//! Master keys: 256 bits each, from the environment, from files that nobody else may read, or from a program.
//!
//! Promises: a key is never printed, nor is what stands where one was looked for; a file that others may read is refused.

use std::{
    fmt,
    io::{self, Write as _},
    path::Path,
};

use aws_lc_rs::{digest, rand};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use zeroize::Zeroizing;

use super::{ID_LEN, KEY_LEN, program};
use crate::private_file::{self, Readers};

/// The environment variable that holds master keys.
pub const SETTING: &str = "DOWNBEAT_MASTER_KEY";
/// Master keys that may be set at once.
const KEYS_MAX: usize = 16;
/// A file of master keys, bytes.
const FILE_BYTES_MAX: u64 = 4 * 1024;

/// A master key. It cannot be printed.
pub struct MasterKey(Zeroizing<[u8; KEY_LEN]>);

impl fmt::Debug for MasterKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "MasterKey({})", self.id())
    }
}

impl MasterKey {
    /// A key of these bytes.
    pub fn from_bytes(bytes: [u8; KEY_LEN]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// From base64 of 32 bytes.
    fn from_text(text: &str) -> Option<Self> {
        let bytes = Zeroizing::new(STANDARD.decode(text).ok()?);
        Some(Self::from_bytes(bytes.as_slice().try_into().ok()?))
    }

    pub(super) fn bytes(&self) -> &[u8; KEY_LEN] {
        &self.0
    }

    /// Tells it from other keys and says nothing of it.
    pub(super) fn id_bytes(&self) -> [u8; ID_LEN] {
        let text = Zeroizing::new([b"downbeat master key id v1 ".as_slice(), self.0.as_slice()].concat());
        let mut id = [0; ID_LEN];
        id.copy_from_slice(&digest::digest(&digest::SHA256, &text).as_ref()[..ID_LEN]);
        id
    }

    /// The same for people.
    pub fn id(&self) -> String {
        shown(&self.id_bytes())
    }
}

pub(super) fn shown(id: &[u8; ID_LEN]) -> String {
    id.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// One or several master keys.
#[derive(Debug)]
pub struct MasterKeys(Vec<MasterKey>);

impl MasterKeys {
    /// These keys; `None` = there is none, or there are more than may be.
    pub fn of(keys: Vec<MasterKey>) -> Option<Self> {
        (1..=KEYS_MAX).contains(&keys.len()).then_some(Self(keys))
    }

    /// Keys in base64, with blanks, line breaks or commas between them.
    ///
    /// # Errors
    /// In words, without anything of the text.
    pub fn from_text(text: &str) -> Result<Self, String> {
        let words = text.split(|letter: char| letter.is_whitespace() || letter == ',').filter(|word| !word.is_empty());
        let keys: Option<Vec<MasterKey>> = words.map(MasterKey::from_text).collect();
        keys.and_then(Self::of).ok_or_else(|| {
            format!(
                "a master key is the base64 of 32 bytes (openssl rand -base64 32); 1 to {KEYS_MAX} of them are allowed"
            )
        })
    }

    /// Keys from a file, which only its owner may read.
    ///
    /// # Errors
    /// In words that name the file.
    pub fn from_file(path: &Path) -> Result<Self, String> {
        let bytes = private_file::read("the file of the master key", path, Readers::Owner, FILE_BYTES_MAX)?;
        let text = std::str::from_utf8(&bytes)
            .map_err(|_| format!("the file of the master key {} is no text", path.display()))?;
        Self::from_text(text).map_err(|why| format!("{}: {why}", path.display()))
    }

    /// The keys in the file, which is made with a new key if it is not there.
    ///
    /// # Errors
    /// In words that name the file.
    pub fn from_file_or_new(path: &Path) -> Result<Self, String> {
        use std::os::unix::fs::OpenOptionsExt as _;
        let cannot = |error: io::Error| format!("cannot write the file of the master key {}: {error}", path.display());
        let mut key = Zeroizing::new([0; KEY_LEN]);
        rand::fill(key.as_mut_slice()).map_err(|_| "the operating system gives no randomness".to_owned())?;
        let text = Zeroizing::new(STANDARD.encode(key.as_slice()));
        let folder = path.parent().unwrap_or(Path::new("."));
        std::fs::create_dir_all(folder).map_err(cannot)?;
        let mut options = std::fs::OpenOptions::new();
        match options.write(true).create_new(true).mode(0o600).open(path) {
            Ok(mut file) => {
                file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).map_err(cannot)?;
                // Sealed bytes whose key is lost are lost: its name must survive, too.
                std::fs::File::open(folder).and_then(|folder| folder.sync_all()).map_err(cannot)?;
            }
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(cannot(error)),
        }
        Self::from_file(path)
    }

    /// Those in the environment variable [`SETTING`], in the file, or those that the command prints; `None` = nothing is given.
    ///
    /// # Errors
    /// Several are given, or the one holds no keys.
    pub fn configured(text: Option<&str>, file: Option<&Path>, command: Option<&str>) -> Result<Option<Self>, String> {
        let text = text.filter(|text| !text.trim().is_empty());
        // A variable that is set to nothing, as compose files do it, is none.
        let command = command.filter(|command| !command.trim().is_empty());
        match (text, file, command) {
            (Some(text), None, None) => Self::from_text(text).map(Some).map_err(|why| format!("{SETTING}: {why}")),
            (None, Some(path), None) => Self::from_file(path).map(Some),
            (None, None, Some(command)) => {
                let printed = program::printed(command, None)?;
                Self::from_text(&printed).map(Some).map_err(|why| format!("what the command prints: {why}"))
            }
            (None, None, None) => Ok(None),
            _ => Err(format!("{SETTING}, a file of the master key, a command that prints it: leave out all but one")),
        }
    }

    /// The one that seals.
    pub(super) fn first(&self) -> &MasterKey {
        // There is one: see `of`.
        &self.0[0]
    }

    pub(super) fn of_id(&self, id: &[u8; ID_LEN]) -> Option<&MasterKey> {
        self.0.iter().find(|key| key.id_bytes() == *id)
    }
}

#[cfg(test)]
mod tests {
    use std::{fs, os::unix::fs::PermissionsExt as _};

    use super::*;

    #[test]
    fn keys_are_base64_of_32_bytes() {
        let (one, other) = (STANDARD.encode([1; 32]), STANDARD.encode([2; 32]));
        for text in [format!("{one},{other}"), format!(" {one}\n{other}\n")] {
            let keys = MasterKeys::from_text(&text).unwrap();
            assert_eq!(keys.first().bytes(), &[1; 32]);
            let second = MasterKey::from_bytes([2; 32]);
            assert!(keys.of_id(&second.id_bytes()).is_some());
        }
        for wrong in
            ["", "hunter2", &STANDARD.encode([1; 31]), &format!("{one},hunter2"), &format!("{one} ").repeat(17)]
        {
            let why = MasterKeys::from_text(wrong).unwrap_err();
            assert!(why.contains("openssl rand") && !why.contains("hunter2"), "{why}");
        }
    }

    #[test]
    fn a_file_that_others_may_read_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("below/master.key");
        let made = MasterKeys::from_file_or_new(&path).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        let again = MasterKeys::from_file_or_new(&path).unwrap();
        assert_eq!(made.first().id(), again.first().id(), "a key that is there stays");
        for mode in [0o640, 0o604, 0o620] {
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            let why = MasterKeys::from_file(&path).unwrap_err();
            assert!(why.contains("chmod 600") && why.contains("master.key"), "{why}");
        }
        let gone = MasterKeys::from_file(&folder.path().join("gone")).unwrap_err();
        assert!(gone.contains("gone cannot be read"), "{gone}");
    }

    #[test]
    fn one_place_holds_the_keys_and_without_any_there_are_none() {
        let text = STANDARD.encode([1; 32]);
        assert!(MasterKeys::configured(None, None, None).unwrap().is_none());
        assert!(MasterKeys::configured(Some(" "), None, Some(" ")).unwrap().is_none());
        assert!(MasterKeys::configured(Some(&text), None, None).unwrap().is_some());
        let both = MasterKeys::configured(Some(&text), Some(Path::new("/x")), None).unwrap_err();
        assert!(both.contains("leave out all but one"), "{both}");
        let printed = MasterKeys::configured(None, None, Some(&format!("echo {text}"))).unwrap().unwrap();
        assert_eq!(printed.first().bytes(), &[1; 32]);
        let wrong = MasterKeys::configured(None, None, Some("echo hunter2")).unwrap_err();
        assert!(wrong.contains("prints") && !wrong.contains("hunter2"), "{wrong}");
        let wrong = MasterKeys::configured(Some("hunter2"), None, None).unwrap_err();
        assert!(wrong.contains(SETTING) && !wrong.contains("hunter2"), "{wrong}");
    }
}
