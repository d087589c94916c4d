//! The answer of "List Blobs": names, sizes, times, and where the next page begins.

use serde::Deserialize;

/// A file of a container.
#[derive(Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub(crate) struct Blob {
    pub(crate) name: String,
    pub(crate) properties: Properties,
}

#[derive(Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub(crate) struct Properties {
    /// As HTTP has it.
    #[serde(rename = "Last-Modified")]
    pub(crate) last_modified: String,
    #[serde(rename = "Content-Length")]
    pub(crate) size: Option<u64>,
    #[serde(rename = "Etag")]
    pub(crate) etag: Option<String>,
    #[serde(rename = "ResourceType")]
    kind: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct Answer {
    blobs: Blobs,
    next_marker: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct Blobs {
    blob: Vec<Blob>,
}

/// Files of a page, without the folders of accounts that have those, and where the next page begins.
///
/// # Errors
/// It is something else.
pub(super) fn read(body: &[u8]) -> Result<(Vec<Blob>, Option<String>), String> {
    let text = std::str::from_utf8(body).map_err(|error| error.to_string())?;
    let text = text.trim_start_matches('\u{feff}');
    if !text.contains("<EnumerationResults") {
        return Err("there are no EnumerationResults in it".to_owned());
    }
    let answer: Answer = quick_xml::de::from_str(text).map_err(|error| error.to_string())?;
    let files = answer.blobs.blob.into_iter().filter(|blob| blob.properties.kind.as_deref() != Some("directory"));
    Ok((files.collect(), answer.next_marker.filter(|marker| !marker.is_empty())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_listed_and_folders_are_not() {
        let (files, next) = read(
            "\u{feff}<?xml version=\"1.0\" encoding=\"utf-8\"?><EnumerationResults ServiceEndpoint=\"https://x/\" ContainerName=\"c\"><Blobs>\
             <Blob><Name>in/a &amp; b.csv</Name><Properties><Last-Modified>Fri, 26 Jun 2015 23:39:12 GMT</Last-Modified><Etag>0x8</Etag>\
             <Content-Length>4</Content-Length><Other>x</Other></Properties><OrMetadata /></Blob>\
             <Blob><Name>in</Name><Properties><ResourceType>directory</ResourceType></Properties></Blob>\
             </Blobs><NextMarker>2!4</NextMarker></EnumerationResults>"
                .as_bytes(),
        )
        .unwrap();
        assert_eq!(next.as_deref(), Some("2!4"));
        let [file] = files.as_slice() else { panic!("{files:?}") };
        assert_eq!((file.name.as_str(), file.properties.size), ("in/a & b.csv", Some(4)));
        let empty = read(b"<EnumerationResults><Blobs /><NextMarker /></EnumerationResults>").unwrap();
        assert_eq!(empty, (Vec::new(), None));
        for other in ["", "<html>", "<EnumerationResults><Blobs>", "<EnumerationResults>&x;</EnumerationResults>"] {
            assert!(read(other.as_bytes()).is_err(), "{other}");
        }
    }
}
