//! A file that was built, and how it is told apart from another one.

use std::fmt::Write as _;

use aws_lc_rs::digest;

/// One of them.
#[derive(Debug)]
pub(super) struct File {
    /// Below the console's base, with slashes.
    pub(super) path: &'static str,
    pub(super) plain: &'static [u8],
    /// The same, packed.
    pub(super) gzip: Option<&'static [u8]>,
    pub(super) brotli: Option<&'static [u8]>,
}

impl File {
    /// Its media type, by the ending of its name.
    pub(super) fn kind(&self) -> &'static str {
        match ending(self.path).unwrap_or_default() {
            "html" => "text/html; charset=utf-8",
            "js" | "mjs" => "text/javascript; charset=utf-8",
            "css" => "text/css; charset=utf-8",
            "json" => "application/json",
            "webmanifest" => "application/manifest+json",
            "svg" => "image/svg+xml",
            "png" => "image/png",
            "ico" => "image/x-icon",
            "webp" => "image/webp",
            "woff2" => "font/woff2",
            "wasm" => "application/wasm",
            "txt" => "text/plain; charset=utf-8",
            _ => "application/octet-stream",
        }
    }

    /// Its name says what is in it: another content has another name.
    pub(super) fn is_for_good(&self) -> bool {
        self.path.starts_with(ASSETS)
    }

    /// Says whether it is still the same. Weak, since packed or not it is.
    pub(super) fn tag(&self) -> String {
        let hash = digest::digest(&digest::SHA256, self.plain);
        let mut tag = String::from("W/\"");
        for byte in hash.as_ref().iter().take(16) {
            // Writing into a text does not fail.
            let _ = write!(tag, "{byte:02x}");
        }
        tag.push('"');
        tag
    }
}

/// Where files lie whose names say what is in them.
pub(super) const ASSETS: &str = "assets/";

/// What stands behind the last dot of the last part of a path.
pub(super) fn ending(path: &str) -> Option<&str> {
    path.rsplit('/').next()?.rsplit_once('.').map(|(_, ending)| ending)
}
