//! Pages of a sign-in: made here, without a script, a picture or anything from elsewhere.
//!
//! Promises: what others wrote is text on them and nothing else; no other page shows them in a frame; their forms lead only where they should.

use std::sync::LazyLock;

use axum::{
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};

use super::{asked::Program, secret};

const STYLE: &str = "body{font:16px/1.5 system-ui,sans-serif;max-width:28rem;margin:15vh auto;padding:0 1rem;color:#1c2430;background:#fff}\
h1{font-size:1.25rem}label{display:block;margin:1.5rem 0 .25rem}input{width:100%;box-sizing:border-box;padding:.5rem;font:inherit}\
button,a.go{display:inline-block;margin-top:1rem;padding:.5rem 1.25rem;font:inherit;border:0;border-radius:4px;background:#14532d;color:#fff;\
text-decoration:none;cursor:pointer}p.wrong{color:#991b1b}";

const CSP: HeaderName = header::CONTENT_SECURITY_POLICY;
const REFERRER: HeaderName = header::REFERRER_POLICY;

/// A page with this title and body. `forms`: where its forms may lead.
fn page(status: StatusCode, title: &str, body: &str, forms: &str) -> Response {
    static HASH: LazyLock<String> = LazyLock::new(|| STANDARD.encode(secret::hash(STYLE)));
    let title = text(title);
    let html = format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\
         <title>{title}</title><style>{STYLE}</style></head>\n<body><h1>{title}</h1>\n{body}\n</body></html>\n"
    );
    let policy = format!(
        "default-src 'none'; style-src 'sha256-{}'; form-action {forms}; frame-ancestors 'none'; base-uri 'none'",
        *HASH
    );
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    headers.insert(REFERRER, HeaderValue::from_static("no-referrer"));
    if let Ok(policy) = HeaderValue::from_str(&policy) {
        headers.insert(CSP, policy);
    }
    (status, headers, html).into_response()
}

/// Where a key is pasted. `action` and `place` are ours; the program's name is its own word.
pub(super) fn sign_in(
    program: Program<'_>,
    action: &str,
    place: &str,
    token: &str,
    wrong: Option<(StatusCode, &str)>,
) -> Response {
    let status = wrong.map_or(StatusCode::OK, |(status, _)| status);
    let wrong = wrong.map(|(_, said)| format!("<p class=\"wrong\">{}</p>\n", text(said))).unwrap_or_default();
    let body = format!(
        "{}{wrong}<form method=\"post\" action=\"{}\">\n<input type=\"hidden\" name=\"csrf\" value=\"{}\">\n\
         <label for=\"key\">Your key (<code>downbeat key create</code>)</label>\n\
         <input id=\"key\" name=\"key\" type=\"password\" autocomplete=\"off\" autofocus required>\n\
         <button>Log in</button>\n</form>\n<p>The login may what the key may, and ends with it.</p>",
        asks(program),
        text(action),
        text(token)
    );
    page(status, "Log in to Downbeat", &body, &format!("'self' {place}"))
}

/// From where somebody goes on to the identity provider.
pub(super) fn go_on(program: Program<'_>, link: &str) -> Response {
    let body = format!("{}<a class=\"go\" href=\"{}\">Go on</a>", asks(program), text(link));
    page(StatusCode::OK, "Log in to Downbeat", &body, "'none'")
}

fn asks(program: Program<'_>) -> String {
    if program.is_console {
        return "<p>The <strong>console</strong> of this Downbeat wants to act as you. Go on only if you have just opened it yourself.</p>\n"
            .to_owned();
    }
    format!(
        "<p><strong>{}</strong>, a program on this machine, wants to act as you. Go on only if you have just started it yourself.</p>\n",
        text(program.name)
    )
}

/// What went wrong, where there is nobody to tell it to but whoever looks at it.
pub(super) fn wrong(status: StatusCode, said: &str) -> Response {
    page(status, "This did not work", &format!("<p class=\"wrong\">{}</p>", text(said)), "'none'")
}

/// Sends the browser there.
pub(super) fn send(to: &str) -> Response {
    let Ok(to) = HeaderValue::from_str(to) else {
        return wrong(StatusCode::INTERNAL_SERVER_ERROR, "the address cannot be written");
    };
    let mut response = StatusCode::SEE_OTHER.into_response();
    response.headers_mut().insert(header::LOCATION, to);
    response.headers_mut().insert(REFERRER, HeaderValue::from_static("no-referrer"));
    response
}

/// As HTML shows it.
fn text(text: &str) -> String {
    let mut written = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => written.push_str("&amp;"),
            '<' => written.push_str("&lt;"),
            '>' => written.push_str("&gt;"),
            '"' => written.push_str("&quot;"),
            '\'' => written.push_str("&#39;"),
            letter => written.push(letter),
        }
    }
    written
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_others_wrote_is_text() {
        assert_eq!(text("<b a=\"x\">'&'</b>"), "&lt;b a=&quot;x&quot;&gt;&#39;&amp;&#39;&lt;/b&gt;");
    }

    #[test]
    fn whoever_is_sent_to_our_console_is_not_told_that_it_is_another_program() {
        for (is_console, expected) in
            [(true, "The <strong>console</strong>"), (false, "<strong>Bank</strong>, a program")]
        {
            let said = asks(Program { name: "Bank", is_console });
            assert!(said.contains(expected) && said.contains("Bank") != is_console, "{said}");
        }
    }

    #[test]
    fn a_page_runs_nothing_and_stands_in_no_frame() {
        let program = Program { name: "<script>", is_console: false };
        let page = sign_in(program, "/oauth/authorize?a=b&c=\"", "http://127.0.0.1:1", "t", None);
        let headers = page.headers();
        let policy = headers[CSP].to_str().unwrap();
        for part in [
            "default-src 'none'",
            "form-action 'self' http://127.0.0.1:1;",
            "frame-ancestors 'none'",
            "base-uri 'none'",
        ] {
            assert!(policy.contains(part), "{policy}");
        }
        assert!(!policy.contains("unsafe") && !policy.contains("script-src"), "{policy}");
        assert_eq!(
            (headers[header::X_FRAME_OPTIONS].as_bytes(), headers[REFERRER].as_bytes()),
            (&b"DENY"[..], &b"no-referrer"[..])
        );
        assert_eq!(headers[header::CACHE_CONTROL], "no-store");
    }
}
