//! Answers of the console: a file of the table, the page for everything that is a place inside of it, or that there is nothing.

use std::{collections::BTreeMap, sync::Arc};

use axum::{
    body::Body,
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header},
    response::{IntoResponse as _, Response},
};
use bytes::Bytes;

use super::{
    BASE, encoding,
    file::{ASSETS, File, ending},
    missing,
};

/// What a page may do: run our scripts, use our styles, pictures and fonts, ask this gateway.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; \
                      connect-src 'self'; worker-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'self'; \
                      frame-ancestors 'none'";
const PERMISSIONS: &str = "accelerometer=(), autoplay=(), camera=(), display-capture=(), geolocation=(), gyroscope=(), magnetometer=(), \
                           microphone=(), midi=(), payment=(), usb=()";
const FOR_GOOD: &str = "public, max-age=31536000, immutable";
const PAGE: &str = "index.html";

/// The table, as it is served. Cheap to clone.
#[derive(Clone, Debug)]
pub(super) struct Console {
    files: Arc<BTreeMap<&'static str, Served>>,
}

/// A file, with what is worked out of it once.
#[derive(Debug)]
struct Served {
    file: &'static File,
    kind: HeaderValue,
    tag: Option<HeaderValue>,
}

impl Console {
    pub(super) fn of(files: &'static [File]) -> Self {
        let served = files.iter().map(|file| {
            let kind = HeaderValue::from_static(file.kind());
            (file.path, Served { file, kind, tag: HeaderValue::from_str(&file.tag()).ok() })
        });
        Self { files: Arc::new(served.collect()) }
    }

    /// What is at this path of a request, as it stands there.
    pub(super) fn answer(&self, method: &Method, path: &str, headers: &HeaderMap) -> Response {
        let mut response = self.found(path, headers);
        if method == Method::HEAD {
            *response.body_mut() = Body::empty();
        }
        for (name, value) in protection() {
            response.headers_mut().insert(name, value);
        }
        response
    }

    fn found(&self, path: &str, headers: &HeaderMap) -> Response {
        // Nothing of a path is decoded: names in the table need no escapes, and what has some is a place inside of the console, or nothing.
        let name = path.strip_prefix(BASE).unwrap_or_default();
        let Some(page) = self.files.get(PAGE) else {
            let not_there = if is_place(name, headers) { missing::PAGE.to_owned() } else { String::new() };
            let kind = HeaderValue::from_static("text/html; charset=utf-8");
            return (StatusCode::NOT_FOUND, [(header::CONTENT_TYPE, kind)], not_there).into_response();
        };
        match self.files.get(name) {
            Some(served) => sent(served, headers),
            None if is_place(name, headers) => sent(page, headers),
            None => (StatusCode::NOT_FOUND, "there is no such file").into_response(),
        }
    }
}

/// Whether a path that is no file is a place inside of the console, which its page finds: it has no ending and lies not among the files; or
/// somebody goes there, and does not load it into a page.
fn is_place(name: &str, headers: &HeaderMap) -> bool {
    const MODE: HeaderName = HeaderName::from_static("sec-fetch-mode");
    let is_gone_to = headers.get(MODE).is_some_and(|mode| mode == "navigate");
    is_gone_to || (ending(name).is_none() && !name.starts_with(ASSETS))
}

fn sent(served: &Served, headers: &HeaderMap) -> Response {
    let mut response = StatusCode::OK.into_response();
    let is_known = served.tag.as_ref().is_some_and(|tag| knows(headers, tag));
    if is_known {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
    }
    let (bytes, coding) = encoding::packed(served.file, headers);
    let answered = response.headers_mut();
    if let Some(tag) = &served.tag {
        answered.insert(header::ETAG, tag.clone());
    }
    let kept = if served.file.is_for_good() { FOR_GOOD } else { "no-cache" };
    answered.insert(header::CACHE_CONTROL, HeaderValue::from_static(kept));
    answered.insert(header::VARY, HeaderValue::from_static("Accept-Encoding"));
    if is_known {
        return response;
    }
    answered.insert(header::CONTENT_TYPE, served.kind.clone());
    answered.insert(header::CONTENT_LENGTH, HeaderValue::from(bytes.len()));
    if let Some(coding) = coding {
        answered.insert(header::CONTENT_ENCODING, HeaderValue::from_static(coding));
    }
    *response.body_mut() = Body::from(Bytes::from_static(bytes));
    response
}

/// Whether the browser has it already.
fn knows(headers: &HeaderMap, tag: &HeaderValue) -> bool {
    let strong = |tag: &str| tag.trim().trim_start_matches("W/").to_owned();
    let tag = strong(tag.to_str().unwrap_or_default());
    let lines = headers.get_all(header::IF_NONE_MATCH).iter().filter_map(|line| line.to_str().ok());
    lines.flat_map(|line| line.split(',')).any(|known| known.trim() == "*" || strong(known) == tag)
}

/// What every answer says of what a browser may do with it.
fn protection() -> [(HeaderName, HeaderValue); 7] {
    [
        (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY)),
        (header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
        (HeaderName::from_static("permissions-policy"), HeaderValue::from_static(PERMISSIONS)),
        (HeaderName::from_static("cross-origin-opener-policy"), HeaderValue::from_static("same-origin")),
        (HeaderName::from_static("cross-origin-resource-policy"), HeaderValue::from_static("same-origin")),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    static FILES: &[File] = &[
        File { path: "index.html", plain: b"<page>", gzip: Some(b"packed page"), brotli: None },
        File { path: "assets/main-1a2b.js", plain: b"script", gzip: Some(b"gz"), brotli: Some(b"br") },
        File { path: "icon.svg", plain: b"<svg>", gzip: None, brotli: None },
    ];

    async fn body(response: Response) -> String {
        let bytes = axum::body::to_bytes(response.into_body(), 100_000).await.unwrap();
        String::from_utf8(bytes.to_vec()).unwrap()
    }

    async fn ask(files: &'static [File], path: &str, lines: &[(HeaderName, &str)]) -> (Response, String) {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(name.clone(), value.parse().unwrap());
        }
        let console = Console::of(files);
        let (shown, whole) =
            (console.answer(&Method::HEAD, path, &headers), console.answer(&Method::GET, path, &headers));
        assert_eq!((shown.status(), shown.headers()), (whole.status(), whole.headers()), "{path}");
        assert_eq!(body(shown).await, "", "{path}");
        let (parts, content) = whole.into_parts();
        let text = body(Response::new(content)).await;
        (Response::from_parts(parts, Body::empty()), text)
    }

    #[tokio::test]
    async fn a_path_is_a_file_a_place_or_nothing() {
        for (path, expected) in [
            ("/console/", Some("<page>")),
            ("/console/index.html", Some("<page>")),
            ("/console/assets/main-1a2b.js", Some("script")),
            ("/console/icon.svg", Some("<svg>")),
            // Places inside of the console.
            ("/console/runs/0b5c6c8e", Some("<page>")),
            ("/console/signed-in", Some("<page>")),
            ("/console/assets", Some("<page>")),
            ("/console/a%2Fb", Some("<page>")),
            // Nothing, and nothing of a file system.
            ("/console/assets/main-9.js", None),
            ("/console/assets/", None),
            ("/console/assets/../../Cargo.toml", None),
            ("/console/assets/%2e%2e/index.html", None),
            ("/console/../Cargo.toml", None),
            ("/console/%2e%2e%2fCargo.toml", None),
            ("/console//etc/passwd.txt", None),
            ("/console/index.html/x.js", None),
            ("/console/index.html%00.js", None),
            ("/console/INDEX.HTML", None),
        ] {
            let (response, text) = ask(FILES, path, &[]).await;
            match expected {
                Some(expected) => assert_eq!((response.status(), text.as_str()), (StatusCode::OK, expected), "{path}"),
                None => assert_eq!(response.status(), StatusCode::NOT_FOUND, "{path}: {text}"),
            }
        }
        // Whoever goes to a place whose name has a dot finds it.
        let going = [(HeaderName::from_static("sec-fetch-mode"), "navigate")];
        assert_eq!(ask(FILES, "/console/assets/db.schema.table", &going).await.1, "<page>");
    }

    #[tokio::test]
    async fn files_stay_for_good_and_the_page_is_asked_for_again() {
        let (page, _) = ask(FILES, "/console/runs", &[]).await;
        assert_eq!(page.headers()[header::CACHE_CONTROL], "no-cache");
        let tag = page.headers()[header::ETAG].to_str().unwrap().to_owned();
        for known in [tag.clone(), format!("\"x\", {tag}"), tag.replace("W/", ""), "*".to_owned()] {
            let (again, text) = ask(FILES, "/console/", &[(header::IF_NONE_MATCH, &known)]).await;
            assert_eq!((again.status(), text.as_str()), (StatusCode::NOT_MODIFIED, ""), "{known}");
            assert_eq!(again.headers()[header::ETAG], tag.as_str());
        }
        let (other, _) = ask(FILES, "/console/", &[(header::IF_NONE_MATCH, "W/\"other\"")]).await;
        assert_eq!(other.status(), StatusCode::OK);

        let (script, _) = ask(FILES, "/console/assets/main-1a2b.js", &[]).await;
        assert_eq!(script.headers()[header::CACHE_CONTROL], FOR_GOOD);
        assert_eq!(script.headers()[header::CONTENT_TYPE], "text/javascript; charset=utf-8");
        let (packed, text) = ask(FILES, "/console/assets/main-1a2b.js", &[(header::ACCEPT_ENCODING, "gzip, br")]).await;
        let headers = packed.headers();
        assert_eq!(
            (text.as_str(), &headers[header::CONTENT_ENCODING], &headers[header::CONTENT_LENGTH]),
            ("br", &HeaderValue::from_static("br"), &HeaderValue::from(2))
        );
        assert_eq!(headers[header::VARY], "Accept-Encoding");
    }

    #[tokio::test]
    async fn nothing_from_elsewhere_runs_and_no_frame_holds_it() {
        let everything: &[(&'static [File], &str)] = &[
            (FILES, "/console/"),
            (FILES, "/console/assets/main-1a2b.js"),
            (FILES, "/console/no.js"),
            (&[], "/console/"),
        ];
        for (files, path) in everything {
            let (response, _) = ask(files, path, &[]).await;
            let policy = response.headers()[header::CONTENT_SECURITY_POLICY].to_str().unwrap();
            for part in ["default-src 'none';", "script-src 'self';", "frame-ancestors 'none'", "base-uri 'none';"] {
                assert!(policy.contains(part), "{policy}");
            }
            assert!(!policy.contains("unsafe") && !policy.contains("http") && !policy.contains('*'), "{policy}");
            for (name, value) in [
                ("x-frame-options", "DENY"),
                ("x-content-type-options", "nosniff"),
                ("referrer-policy", "no-referrer"),
                ("cross-origin-opener-policy", "same-origin"),
            ] {
                assert_eq!(response.headers()[name], value, "{path}");
            }
        }
    }

    #[tokio::test]
    async fn without_a_console_it_is_said_how_to_get_it() {
        for path in ["/console/", "/console/runs"] {
            let (response, text) = ask(&[], path, &[]).await;
            assert_eq!(response.status(), StatusCode::NOT_FOUND);
            assert!(text.contains("make console"), "{text}");
        }
        assert_eq!(ask(&[], "/console/assets/x.js", &[]).await.1, "");
    }
}
