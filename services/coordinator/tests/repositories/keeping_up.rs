//! When repositories are looked at, and what becomes of a pipeline that changes while somebody looks.

use super::*;

#[tokio::test]
async fn branches_are_looked_at_every_so_often_and_a_head_that_has_not_moved_is_not_read() {
    let service = Service::open(Duration::from_millis(200)).await;
    let repository = Repository::default();
    repository.push("main", "a", Some(&text("one")));
    let (asked, _working) = attach(&service, repository.clone(), false).await;
    service.import(import(storage())).await.unwrap();
    let other = events::PipelineStorage { yaml_path: "pipelines/other.yml".to_owned(), ..storage() };
    service.import(import(other)).await.unwrap();
    let looks = || asked.lock().unwrap().iter().filter(|(kind, _)| kind == "READ_FILE").count();
    let reads = || asked.lock().unwrap().iter().filter(|(_, it)| it["path"] != "").count();
    assert_eq!(reads(), 2);
    let before = looks();
    eventually("it looks by itself", || async { (looks() >= before + 5).then_some(()) }).await;
    assert_eq!(reads(), 2, "both are of one branch, which has not moved");

    repository.push("main", "b", Some(&text("two")));
    eventually("the new text is there", || async {
        let state = service.state().await;
        (state.commit == "b".repeat(40)).then_some(())
    })
    .await;
    assert_eq!(service.sync().await.unwrap().version, 2);

    repository.push("main", "c", None);
    let state = eventually("the failure is shown", || async {
        Some(service.state().await).filter(|state| !state.failure.is_empty())
    })
    .await;
    assert!(state.failure.contains("there is no such file"), "{}", state.failure);
    service.end().await;
}

#[tokio::test]
async fn a_look_that_failed_is_shown_until_the_next_one_that_does_not() {
    let service = Service::open(Duration::from_millis(200)).await;
    let repository = Repository::default();
    repository.push("main", "a", Some(&text("one")));
    let (asked, _working) = attach(&service, repository.clone(), false).await;
    service.import(import(storage())).await.unwrap();
    let looks = || asked.lock().unwrap().iter().filter(|(kind, _)| kind == "READ_FILE").count();
    eventually("it looks by itself", || async { (looks() >= 3).then_some(()) }).await;

    repository.0.lock().unwrap().clear();
    let shown = async |what: &str| {
        eventually(what, || async { Some(service.state().await).filter(|state| state.failure == what) }).await
    };
    shown("there is no such branch").await;
    repository.push("main", "a", Some(&text("one")));
    assert_eq!(shown("").await.failures, 0, "at the commit that it was at");

    // What is wrong with the text is another matter: it is so until there is another text.
    repository.push("main", "b", None);
    shown("there is no such file").await;
    repository.0.lock().unwrap().clear();
    shown("there is no such branch").await;
    repository.push("main", "b", None);
    shown("there is no such file").await;
    service.end().await;
}

#[tokio::test]
async fn a_host_that_hangs_keeps_no_other_push_waiting() {
    let service = Service::open(NEVER).await;
    let repository = Repository::default();
    repository.push("main", "a", Some(&text("one")));
    let (asked, working) = attach(&service, repository.clone(), false).await;
    service.import(import(storage())).await.unwrap();
    let hanging = events::PipelineStorage { repository: HANGS.to_owned(), ..storage() };
    let hanging = control::ImportPipelineRequest { alias: "hanging".to_owned(), ..import(hanging) };
    service.import(hanging).await.unwrap();
    let pushed = async |named: &str| {
        let request = control::RepositoryPushedRequest {
            provider: "GITHUB".to_owned(),
            repository: named.to_owned(),
            branch: "main".to_owned(),
        };
        assert_eq!(service.pipelines().repository_pushed(request).await.unwrap().into_inner().pipelines, 1);
    };
    let hangs = || asked.lock().unwrap().iter().filter(|(_, it)| it["repository"] == HANGS && it["path"] == "").count();
    pushed(HANGS).await;
    eventually("the host hangs", || async { (hangs() > 0).then_some(()) }).await;
    repository.push("main", "b", Some(&text("two")));
    pushed(HANGS).await;
    pushed("acme/etl").await;
    eventually("the push is looked at", || async { (service.state().await.commit == "b".repeat(40)).then_some(()) })
        .await;
    assert_eq!(hangs(), 1, "what is under way is not begun again");
    working.abort();
    service.end().await;
}

#[tokio::test]
async fn what_is_read_for_a_pipeline_that_goes_or_moves_meanwhile_is_not_stored() {
    let service = Service::open(NEVER).await;
    let repository = Repository::default();
    repository.push("main", "a", Some(&text("one")));
    let door = Arc::new(Semaphore::new(1));
    let (asked, _working) = attach_behind(&service, repository.clone(), Arc::clone(&door)).await;
    service.import(import(storage())).await.unwrap();
    repository.push("main", "b", Some(&text("two")));
    // A sync, or a run at the branch, of which the worker has read the file.
    #[allow(clippy::async_yields_async, reason = "the call goes on while the test does something else")]
    let reading = async |of_a_run: bool| {
        let before = asked.lock().unwrap().len();
        let (mut pipelines, mut runs) = (service.pipelines(), service.control());
        let calling = tokio::spawn(async move {
            let pipeline = "orders".to_owned();
            if of_a_run {
                let request = control::StartRunRequest { pipeline, branch: "main".to_owned(), ..Default::default() };
                runs.start_run(request).await.map(drop)
            } else {
                let request = control::SyncPipelineRequest { pipeline, ..Default::default() };
                pipelines.sync_pipeline(request).await.map(drop)
            }
        });
        eventually("the file is read", || async { (asked.lock().unwrap().len() > before).then_some(()) }).await;
        calling
    };
    let mut moved = storage();
    for of_a_run in [false, true] {
        let calling = reading(of_a_run).await;
        moved.repository.push('2');
        let request = control::SetPipelineStorageRequest {
            pipeline: "orders".to_owned(),
            storage: Some(moved.clone()),
            ..Default::default()
        };
        assert!(service.pipelines().set_pipeline_storage(request).await.unwrap().into_inner().changed);
        door.add_permits(1);
        let refused = calling.await.unwrap().unwrap_err();
        assert_eq!(refused.code(), Code::Unavailable, "{refused}");
        assert!(refused.message().contains("kept elsewhere than where it was read"), "{refused}");
    }
    assert_eq!(service.state().await.commit, "a".repeat(40));
    for of_a_run in [false, true] {
        let calling = reading(of_a_run).await;
        let request = control::DeletePipelineRequest { pipeline: "orders".to_owned(), ..Default::default() };
        assert!(service.control().delete_pipeline(request).await.unwrap().into_inner().changed);
        door.add_permits(1);
        assert_eq!(calling.await.unwrap().unwrap_err().code(), Code::NotFound);
        assert_eq!(service.sync().await.unwrap_err().code(), Code::NotFound, "it is still gone");
        door.add_permits(1);
        service.import(import(moved.clone())).await.unwrap();
    }
    service.end().await;
}

#[tokio::test]
async fn a_push_makes_it_look_at_once_and_only_there() {
    let service = Service::open(NEVER).await;
    let repository = Repository::default();
    repository.push("main", "a", Some(&text("one")));
    let _worker = attach(&service, repository.clone(), false).await;
    service.import(import(storage())).await.unwrap();
    repository.push("main", "b", Some(&text("two")));
    let pushed = async |provider: &str, named: &str, branch: &str| {
        let request = control::RepositoryPushedRequest {
            provider: provider.to_owned(),
            repository: named.to_owned(),
            branch: branch.to_owned(),
        };
        service.pipelines().repository_pushed(request).await.map(|heard| heard.into_inner().pipelines)
    };
    assert_eq!(pushed("GITLAB", "acme/etl", "main").await.unwrap(), 0);
    assert_eq!(pushed("GITHUB", "acme/other", "main").await.unwrap(), 0);
    assert_eq!(pushed("GITHUB", "acme/etl", "topic").await.unwrap(), 0);
    assert_eq!(pushed("SVN", "acme/etl", "main").await.unwrap_err().code(), Code::InvalidArgument);
    assert_eq!(service.state().await.commit, "a".repeat(40));
    assert_eq!(pushed("GITHUB", "Acme/ETL", "main").await.unwrap(), 1);
    eventually("the push is looked at", || async { (service.state().await.commit == "b".repeat(40)).then_some(()) })
        .await;
    service.end().await;
}
