//! AZURE_DATA_LAKE_STORAGE/ADLS_FILE: passes when there is a file in a container, below a prefix if one is given, that is new.

use std::sync::Arc;

use async_trait::async_trait;
use jiff::fmt::rfc2822;
use serde_json::{Map, json};

use super::{
    Asked, Finding, SensorCheck,
    files::{Seen, Sight},
};
use crate::adls::{self, Blob, Container};
use crate::attempt::Failure;
use crate::connections::Fields;
use crate::connectors::parameters;
use crate::limits::CHECK_LISTED_MAX;
use crate::manifest::auth::Tokens;

#[derive(Debug, Default)]
pub(super) struct AdlsFile {
    tokens: Arc<Tokens>,
}

#[async_trait]
impl SensorCheck for AdlsFile {
    fn kind(&self) -> (&'static str, &'static str) {
        (adls::INTEGRATION, "ADLS_FILE")
    }

    fn fields(&self) -> Fields {
        adls::FIELDS
    }

    async fn look(&self, asked: &Asked) -> Result<Finding, Failure> {
        let name = parameters::required(&asked.parameters, "container_name")?;
        let prefix = parameters::text(&asked.parameters, "prefix").unwrap_or_default();
        let account = parameters::text(&asked.parameters, "account_name");
        let mut sight = Sight::begin(asked)?;
        let container = Container::open(asked.connection(adls::INTEGRATION)?, &self.tokens, account, name)?;
        let (mut marker, mut listed): (Option<String>, usize) = (None, 0);
        loop {
            let (files, next) = container.page(&prefix, marker.as_deref(), asked.time).await?;
            listed += files.len();
            files.into_iter().for_each(|file| sight.saw(seen(file)));
            marker = next;
            if marker.is_none() || listed >= CHECK_LISTED_MAX {
                break;
            }
        }
        if marker.is_some() {
            sight.cut();
        }
        Ok(sight.finding(&format!("below {prefix:?} in {}", container.place())))
    }
}

fn seen(blob: Blob) -> Seen {
    let mut told = Map::new();
    told.insert("name".to_owned(), json!(blob.name));
    told.insert("size".to_owned(), json!(blob.properties.size));
    told.insert("etag".to_owned(), json!(blob.properties.etag));
    let modified = rfc2822::parse(&blob.properties.last_modified).ok().map(|zoned| zoned.timestamp());
    Seen { modified, told }
}
