//! AWS_S3/AWS_S3_FILE: passes when there is an object under a prefix that is new. Speaks to AWS and to anything with the S3 API.

use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use reqwest::{Method, header::HeaderMap};
use rusty_s3::{
    Bucket, S3Action as _,
    actions::{ListObjectsV2, ListObjectsV2Response},
};
use serde_json::{Map, json};

use super::{
    Asked, Finding, SensorCheck,
    files::{Seen, Sight},
};
use crate::attempt::Failure;
use crate::connections::Fields;
use crate::connectors::parameters;
use crate::limits::{CHECK_LISTED_MAX, HTTP_WAIT};
use crate::s3;
use crate::web;

/// Objects in one answer, so the S3 API says.
const PAGE: usize = 1000;

#[derive(Debug)]
pub(super) struct S3File;

#[async_trait]
impl SensorCheck for S3File {
    fn kind(&self) -> (&'static str, &'static str) {
        ("AWS_S3", "AWS_S3_FILE")
    }

    fn fields(&self) -> Fields {
        s3::FIELDS
    }

    async fn look(&self, asked: &Asked) -> Result<Finding, Failure> {
        let bucket = parameters::required(&asked.parameters, "bucket_name")?;
        let prefix = parameters::text(&asked.parameters, "prefix").unwrap_or_default();
        let mut sight = Sight::begin(asked)?;
        let connection = asked.connection("AWS_S3")?;
        let (bucket, credentials) = s3::sign_in(connection, &bucket, None)?;
        let mut token: Option<String> = None;
        for _ in 0..CHECK_LISTED_MAX.div_ceil(PAGE) {
            let mut action = bucket.list_objects_v2(credentials.as_ref());
            action.with_prefix(prefix.as_str());
            if let Some(token) = token.take() {
                action.with_continuation_token(token);
            }
            let page = ask(&bucket, &action, HTTP_WAIT.min(asked.time)).await?;
            for object in page.contents {
                sight.saw(seen(object));
            }
            token = page.next_continuation_token;
            if token.is_none() {
                break;
            }
        }
        if token.is_some() {
            sight.cut();
        }
        Ok(sight.finding(&format!("below {prefix:?} in the bucket {:?}", bucket.name())))
    }
}

async fn ask(bucket: &Bucket, action: &ListObjectsV2<'_>, wait: Duration) -> Result<ListObjectsV2Response, Failure> {
    let url = action.sign(s3::SIGNED_FOR);
    let request = web::Request { method: Method::GET, url, headers: HeaderMap::new(), body: None };
    let answer = web::exchange(&request, wait, None).await?;
    let text = String::from_utf8_lossy(&answer.body);
    if !answer.status.is_success() {
        return Err(s3::refused(bucket, answer.status, &text));
    }
    if answer.cut {
        return Err(Failure::job(format!("{}: the list of objects is larger than 16 MiB", s3::place(bucket))));
    }
    ListObjectsV2::parse_response(&text).map_err(|_| {
        Failure::misconfigured(format!(
            "{} answers something that is no list of objects of the S3 API",
            s3::place(bucket)
        ))
    })
}

fn seen(object: rusty_s3::actions::list_objects_v2::ListObjectsContent) -> Seen {
    let mut told = Map::new();
    told.insert("key".to_owned(), json!(object.key));
    told.insert("size".to_owned(), json!(object.size));
    told.insert("etag".to_owned(), json!(object.etag.map(|etag| etag.trim_matches('"').to_owned())));
    let modified = object.last_modified.and_then(|text| text.parse::<Timestamp>().ok());
    Seen { modified, told }
}
