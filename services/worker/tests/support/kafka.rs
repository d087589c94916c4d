//! A real broker of Apache Kafka, alone in its cluster, with the password [`Kafka::PASSWORD`] for the user `downbeat`.

use std::{
    io::Write as _,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use nix::sys::signal::Signal;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::servers::{Running, certificate, free_port, listening, tool};

pub struct Kafka {
    /// Without a sign-in.
    pub port: u16,
    /// With one.
    pub sasl_port: u16,
    /// With one, over TLS.
    pub tls_port: u16,
    pub folder: TempDir,
    jars: PathBuf,
    _running: Running,
}

impl Kafka {
    pub const PASSWORD: &str = "kafka-s3cret-password";

    /// `None`: `make tools` has found that Kafka cannot be had here.
    pub async fn start() -> Option<Self> {
        let jars = tool("kafka")?;
        let folder = tempfile::tempdir().unwrap();
        certificate(folder.path());
        let [port, sasl_port, tls_port, controller] = [(); 4].map(|()| free_port());
        settings(folder.path(), [port, sasl_port, tls_port, controller]);
        let user = |hash: &str| format!("{hash}=[name=downbeat,password={}]", Self::PASSWORD);
        let made = java(&jars, folder.path(), "kafka.tools.StorageTool")
            .args(["format", "--cluster-id", "4L6g3nShT-eMCtK--X86sw", "--config", "server.properties"])
            .args(["--add-scram", &user("SCRAM-SHA-256"), "--add-scram", &user("SCRAM-SHA-512")])
            .output()
            .unwrap();
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        let mut command = java(&jars, folder.path(), "kafka.Kafka");
        command.arg("server.properties").stdout(Stdio::null()).stderr(Stdio::null());
        let running = Running::with(&mut command, Signal::SIGKILL);
        let broker = Self { port, sasl_port, tls_port, folder, jars, _running: running };
        for port in [port, sasl_port, tls_port] {
            listening(port).await;
        }
        Some(broker)
    }

    /// Puts records into a topic, which is made by that, with three partitions.
    pub fn fill(&self, topic: &str, records: u32) {
        let mut producer = java(&self.jars, self.folder.path(), "org.apache.kafka.tools.ConsoleProducer")
            .args(["--bootstrap-server", &format!("127.0.0.1:{}", self.port), "--topic", topic])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut input = producer.stdin.take().unwrap();
        for record in 0..records {
            writeln!(input, "{record}").unwrap();
        }
        drop(input);
        assert!(producer.wait().unwrap().success());
    }

    /// The fields of a connection that needs no sign-in.
    pub fn fields(&self) -> Value {
        json!({ "bootstrap_servers": format!("127.0.0.1:{}", self.port), "sslmode": "disable" })
    }
}

fn java(jars: &Path, folder: &Path, program: &str) -> Command {
    let mut command = Command::new("java");
    // Each lives for some seconds: what the compiler would gain takes longer.
    command.args(["-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-cp"]).arg(jars.join("*")).arg(program);
    command.current_dir(folder).stdin(Stdio::null());
    command
}

fn settings(folder: &Path, [port, sasl, tls, controller]: [u16; 4]) {
    let both = ["server.key", "server.pem"].map(|file| std::fs::read_to_string(folder.join(file)).unwrap());
    std::fs::write(folder.join("both.pem"), both.concat()).unwrap();
    let place = folder.display();
    let security = "org.apache.kafka.common.security";
    let mut text = format!(
        "process.roles=broker,controller\nnode.id=1\ncontroller.quorum.voters=1@127.0.0.1:{controller}\n\
         listeners=OPEN://127.0.0.1:{port},SASL://127.0.0.1:{sasl},TLS://127.0.0.1:{tls},CONTROLLER://127.0.0.1:{controller}\n\
         listener.security.protocol.map=CONTROLLER:PLAINTEXT,OPEN:PLAINTEXT,SASL:SASL_PLAINTEXT,TLS:SASL_SSL\n\
         inter.broker.listener.name=OPEN\ncontroller.listener.names=CONTROLLER\n\
         sasl.enabled.mechanisms=PLAIN,SCRAM-SHA-256,SCRAM-SHA-512\n\
         ssl.keystore.type=PEM\nssl.keystore.location={place}/both.pem\nssl.client.auth=none\n\
         log.dirs={place}/data\noffsets.topic.replication.factor=1\nauto.create.topics.enable=true\nnum.partitions=3\n"
    );
    for listener in ["sasl", "tls"] {
        text += &format!(
            "listener.name.{listener}.plain.sasl.jaas.config={security}.plain.PlainLoginModule required user_downbeat=\"{}\";\n",
            Kafka::PASSWORD
        );
        for hash in ["256", "512"] {
            text += &format!(
                "listener.name.{listener}.scram-sha-{hash}.sasl.jaas.config={security}.scram.ScramLoginModule required;\n"
            );
        }
    }
    std::fs::write(folder.join("server.properties"), text).unwrap();
}
