//! A real OpenSSH server that lets in a user with a key: whoever runs the tests, or, where that is root, one who is known to the
//! server alone (it sends no signals to commands of root).

use std::{
    fs::Permissions,
    os::unix::fs::{MetadataExt as _, PermissionsExt as _},
    path::Path,
    process::{Command, Stdio},
    time::Duration,
};

use serde_json::{Value, json};
use tempfile::TempDir;

use super::servers::{Running, free_port, tool};

pub struct OpenSsh {
    pub port: u16,
    pub folder: TempDir,
    _running: Running,
}

impl OpenSsh {
    /// `None`: `make tools` has found that OpenSSH cannot be had here.
    pub async fn start() -> Option<Self> {
        let root = tool("openssh")?;
        let folder = folder_for_all();
        for name in ["host", "user"] {
            keygen(&folder.path().join(name));
        }
        std::fs::copy(folder.path().join("user.pub"), folder.path().join("authorized")).unwrap();
        let port = free_port();
        let at = folder.path().display();
        let settings = format!(
            "Port {port}\nListenAddress 127.0.0.1\nHostKey {at}/host\nAuthorizedKeysFile {at}/authorized\nStrictModes no\n\
             UsePAM no\nPidFile none\nAcceptEnv DOWNBEAT_* OPENLINEAGE_*\nSubsystem sftp internal-sftp\n"
        );
        std::fs::write(folder.path().join("settings"), settings).unwrap();
        let mut command = command(&root, folder.path());
        let running = Running::start(command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()));
        let begun = std::time::Instant::now();
        while tokio::net::TcpStream::connect(("127.0.0.1", port)).await.is_err() {
            assert!(begun.elapsed() < Duration::from_secs(30), "OpenSSH never came");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        Some(Self { port, folder, _running: running })
    }

    /// The fields of a connection to it.
    pub fn fields(&self) -> Value {
        let host_key = std::fs::read_to_string(self.folder.path().join("host.pub")).unwrap();
        json!({
            "host": "127.0.0.1", "port": self.port, "username": user(), "host_key": host_key,
            "private_key": format!("file:{}", self.folder.path().join("user").display()),
        })
    }
}

/// Who signs in where the tests run as root.
const TESTER: &str = "downbeat-tester";

fn runs_as_root() -> bool {
    std::fs::metadata("/proc/self").unwrap().uid() == 0
}

fn user() -> String {
    if runs_as_root() {
        return TESTER.to_owned();
    }
    let id = Command::new("id").arg("-un").output().unwrap();
    String::from_utf8(id.stdout).unwrap().trim().to_owned()
}

/// A folder that the user may write.
pub fn folder_for_all() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::set_permissions(folder.path(), Permissions::from_mode(0o777)).unwrap();
    folder
}

fn keygen(file: &Path) {
    let made = Command::new("ssh-keygen").args(["-q", "-t", "ed25519", "-N", "", "-f"]).arg(file).status().unwrap();
    assert!(made.success());
}

/// As root it wants a user `sshd` and a folder of its own: it sees them, and who signs in, in a file system of its own.
fn command(root: &Path, folder: &Path) -> Command {
    let server = root.join("usr/sbin/sshd");
    let settings = folder.join("settings");
    let mut command = if runs_as_root() {
        let users = std::fs::read_to_string("/etc/passwd").unwrap();
        let known = if users.contains("\nsshd:") { "" } else { "sshd:x:65533:65534::/run/sshd:/usr/sbin/nologin\n" };
        let extended = folder.join("passwd");
        std::fs::write(&extended, format!("{users}{known}{TESTER}:x:65532:65534::/tmp:/bin/sh\n")).unwrap();
        let script = "mount --bind \"$1\" /etc/passwd && mount -t tmpfs none /run && mkdir /run/sshd && exec \"$2\" -D -f \"$3\"";
        let mut command = Command::new("unshare");
        command.args(["-m", "sh", "-c", script, "sh"]).arg(extended).arg(server).arg(settings);
        command
    } else {
        let mut command = Command::new(server);
        command.arg("-D").arg("-f").arg(settings);
        command
    };
    if root != Path::new("/") {
        command
            .env("LD_LIBRARY_PATH", format!("{0}/lib/x86_64-linux-gnu:{0}/usr/lib/x86_64-linux-gnu", root.display()));
    }
    command
}
