//! `make local`: the Procfile's processes work together, and end together.

use std::time::Duration;

use downbeat_integration_tests::{
    cluster::{Addresses, nats_program},
    process::{Process, eventually, free_port},
    programs, repository,
};

#[test]
fn the_processes_of_the_procfile_work_together_and_end_together() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let root = folder.path();
    // A copy whose ports and folders are this test's own; everything else is what people run.
    let ports: Vec<(String, String)> = ["4222", "8222", "7410", "7412", "7400"]
        .iter()
        .map(|port| ((*port).to_owned(), free_port().to_string()))
        .collect();
    let local = root.join("deploy/local");
    std::fs::create_dir_all(&local).expect("a folder");
    for name in ["Procfile", "nats.conf", "up.sh"] {
        let mut text = std::fs::read_to_string(repository().join("deploy/local").join(name)).expect(name);
        for (from, to) in &ports {
            text = text.replace(from, to);
        }
        std::fs::write(local.join(name), text).expect(name);
    }
    let port = |at: usize| format!("127.0.0.1:{}", ports[at].1);
    let addresses = Addresses {
        server: format!("http://{}", port(2)),
        metadata: format!("http://{}", port(3)),
        log: format!("nats://{}", port(0)),
        variables: Vec::new(),
    };
    let mut up = std::process::Command::new("bash");
    up.arg(local.join("up.sh")).arg(programs()).arg(nats_program());
    let mut up = Process::start_with(&mut up, &root.join("up.txt")).expect("bash starts");

    let file = root.join("noop.yml");
    std::fs::write(&file, downbeat_integration_tests::pipelines::chain(3)).expect("a file");
    eventually("the services answer", Duration::from_secs(60), || {
        assert!(up.ended().is_none(), "{}", up.printed());
        let answers = addresses.downbeat(&["apply", file.to_str().expect("text")]).status.success();
        (answers && addresses.downbeat(&["runs"]).status.success()).then_some(())
    });
    let run = addresses.downbeat(&["run", "noop", "--wait"]);
    assert!(run.status.success(), "{}", up.printed());
    assert!(addresses.downbeat_ok(&["log", "verify"]).contains("log verify: ok"));

    up.terminate();
    for at in [0, 2, 3, 4] {
        eventually("its port is free again", Duration::from_secs(20), || {
            std::net::TcpStream::connect(port(at)).is_err().then_some(())
        });
    }
}
