//! Pipelines: read, checked, written, started.

mod check;
mod commit;
mod describe;
mod git;
mod judged;
mod read;
mod shape;
mod source;
mod start;
mod versions;
mod write;

use axum::http::Method;
use downbeat_domain::access::Role;

use crate::{
    http::{Need, Route, Routes},
    limits,
};

/// The parameters that name a pipeline.
const SELECTOR: [(&str, &str); 4] = [
    ("pipeline_id", "Id of the pipeline"),
    ("alias", "Alias of the pipeline"),
    ("repository", "owner/name of the repository that its file is kept in; with yaml_path"),
    ("yaml_path", "Path of its file there"),
];
const VERSION: [(&str, &str); 3] = [
    ("version", "Number of a version; absent = the current one"),
    ("branch", "The file as it is on this branch, where it is kept in a repository"),
    ("commit", "The file as it is at this commit (its full id), where it is kept in a repository"),
];

pub(super) fn routes(routes: &mut Routes) {
    let (viewer, operator) = (Need::Something(Role::Viewer), Need::Something(Role::Operator));
    let editor = Need::Something(Role::Editor);
    routes.add(
        Route::new(Method::POST, "/pipelines/schema", Need::Nothing, "Checks a pipeline; needs no key", check::check)
            .query(&[("canonicalize", "true: the answer holds the pipeline with names written likeThis")])
            .takes_much()
            .gives::<check::Checked>(200),
    );
    routes.add(
        Route::new(Method::GET, "/pipelines", viewer, "All pipelines, by alias", read::list)
            .gives::<Vec<shape::PublicPipeline>>(200),
    );
    routes.add(
        Route::new(Method::GET, "/pipeline", viewer, "A pipeline", read::get)
            .query(&SELECTOR)
            .query(&VERSION)
            .gives::<shape::PublicPipeline>(200),
    );
    for path in ["/pipeline/data", "/pipelines/data"] {
        routes.add(
            Route::new(Method::GET, path, viewer, "The definition of a pipeline, as YAML", read::data)
                .query(&SELECTOR)
                .query(&VERSION)
                .gives_text("application/yaml"),
        );
    }
    routes.add(
        Route::new(
            Method::POST,
            "/pipelines/check",
            viewer,
            "What is to be said of a text, with its places",
            source::check,
        )
        .takes::<source::Text>()
        .takes_much()
        .gives::<judged::Judged>(200),
    );
    let says = "Keeps the text of a pipeline as it is: a new version, or a draft of one";
    routes.add(
        Route::new(Method::PUT, "/pipelines/source", editor, says, source::keep)
            .takes::<source::Keep>()
            .takes_much()
            .gives::<source::Kept>(200),
    );
    let says = "Commits the text of a pipeline to a branch of the repository that it is kept in, and stores it";
    routes.add(
        Route::new(Method::POST, "/pipelines/{id}/commit", editor, says, commit::commit)
            .takes::<commit::Commit>()
            .takes_at_most(limits::TWO_TEXTS_BODY_BYTES_MAX)
            .takes_long(limits::COMMIT_WAIT)
            .gives::<commit::Committed>(200),
    );
    let says = "Every version of a pipeline, newest first, drafts among them";
    routes.add(
        Route::new(Method::GET, "/pipelines/{id}/versions", viewer, says, versions::list)
            .query(&[
                ("page_size", "1 to 100; absent = 100"),
                ("page_token", "nextPageToken of the page before; absent = the first page"),
            ])
            .gives::<versions::Versions>(200),
    );
    let says = "Makes a pipeline, or a draft of one";
    routes.add(
        Route::new(Method::POST, "/pipelines", editor, says, write::create)
            .takes::<write::Create>()
            .takes_much()
            .gives::<shape::PipelineWithData>(201),
    );
    routes.add(
        Route::new(
            Method::POST,
            "/pipelines/import",
            editor,
            "Makes a pipeline of a file in a repository",
            git::import,
        )
        .takes::<git::Import>()
        .gives::<shape::PipelineWithData>(201),
    );
    for path in ["/pipelines", "/pipelines/{alias}"] {
        routes.add(
            Route::new(Method::PUT, path, editor, "A new version of a pipeline, or a draft of one", write::update)
                .takes::<write::Update>()
                .takes_much()
                .gives::<shape::PipelineWithData>(200),
        );
    }
    routes.add(
        Route::new(Method::DELETE, "/pipelines", editor, "Deletes a pipeline; its runs stay", write::delete)
            .query(&SELECTOR)
            .gives_nothing(),
    );
    routes.add(
        Route::new(
            Method::PATCH,
            "/pipelines/storage-settings",
            editor,
            "Says where the file of a pipeline is kept",
            write::keep,
        )
        .query(&SELECTOR)
        .takes::<write::Storage>()
        .gives::<shape::PipelineWithData>(200),
    );
    for (path, says) in [
        ("/pipelines/{id}/pause", "Nothing of the pipeline starts until it is resumed"),
        ("/pipelines/{id}/resume", "The pipeline starts again"),
    ] {
        let route = if path.ends_with("pause") {
            Route::new(Method::POST, path, operator, says, write::pause)
        } else {
            Route::new(Method::POST, path, operator, says, write::resume)
        };
        routes.add(route.gives_nothing());
    }
    routes.add(
        Route::new(Method::POST, "/pipelines/{id}/start", operator, "Starts a run", start::start)
            .takes::<start::Start>()
            .gives::<start::Started>(200),
    );
}
