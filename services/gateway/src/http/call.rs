//! A request that was let through, with who asks and everything that answers it.

use std::{net::IpAddr, sync::Arc};

use axum::http::{HeaderMap, header};
use bytes::Bytes;
use downbeat_domain::access::Role;
use downbeat_proto::asked::{Asked, put_reason, reason_of};
use jiff::Timestamp;
use tonic::metadata::MetadataMap;

use super::{Fault, Query};
use crate::{
    access::{self, Principal, Table},
    server::Edge,
};

/// See the module.
pub(crate) struct Call {
    pub(crate) edge: Arc<Edge>,
    pub(crate) table: Arc<Table>,
    /// None only on routes that are open to everybody.
    pub(crate) principal: Option<Principal>,
    pub(crate) params: Vec<(String, String)>,
    pub(crate) query: Query,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    pub(crate) peer: IpAddr,
    pub(crate) now: Timestamp,
}

impl Call {
    /// A part of the path, decoded.
    pub(crate) fn param(&self, name: &str) -> &str {
        self.params.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value.as_str())
    }

    pub(crate) fn header(&self, name: header::HeaderName) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// Finds out who asks, on a route that is open to everybody.
    ///
    /// # Errors
    /// As [`access::who`].
    pub(crate) async fn identify(&mut self) -> Result<(), Fault> {
        let (table, principal) = access::who(&self.edge.doors, &self.headers, self.now.as_microsecond()).await?;
        self.edge.uses.note(&principal);
        (self.table, self.principal) = (table, Some(principal));
        Ok(())
    }

    /// Who asks, and whether they may.
    fn principal(&self) -> Result<&Principal, Fault> {
        self.principal.as_ref().ok_or_else(|| Fault::unauthorized("a key is needed: `Authorization: Bearer ...`"))
    }

    /// Who asks, as the log has it; empty = nobody.
    pub(crate) fn actor(&self) -> &str {
        self.principal.as_ref().map_or("", |principal| principal.actor.as_str())
    }

    /// A request to a service of ours, in the name of who asks.
    pub(crate) fn ask<T>(&self, message: T) -> tonic::Request<T> {
        let mut request = tonic::Request::new(message);
        let asked = Asked {
            actor: self.principal.as_ref().map(|principal| principal.actor.clone()),
            origin: Some(self.peer.to_string()),
            client: Some(self.header(header::USER_AGENT).unwrap_or_default().to_owned()),
        };
        asked.put(request.metadata_mut());
        // Why, in the caller's words: a header of REST is called as the metadata of gRPC.
        let reason = reason_of(&MetadataMap::from_headers(self.headers.clone()));
        if !reason.is_empty() {
            put_reason(request.metadata_mut(), &reason);
        }
        request
    }

    /// They may do this to everything of the account.
    ///
    /// # Errors
    /// 403.
    pub(crate) fn permit_all(&self, role: Role) -> Result<(), Fault> {
        if self.principal()?.may_all(role) {
            return Ok(());
        }
        Err(Fault::forbidden(format!("this needs the role {} for the whole account", role.as_str())))
    }

    /// They may do this to the pipeline, and to what is its own.
    ///
    /// # Errors
    /// 404 where they may not even see it: nobody learns what there is. 403 where they may see it.
    pub(crate) fn permit(&self, role: Role, pipeline_id: &str) -> Result<(), Fault> {
        let (principal, labels) = (self.principal()?, self.table.labels(pipeline_id));
        if principal.may(role, labels) {
            return Ok(());
        }
        if principal.may(Role::Viewer, labels) {
            return Err(Fault::forbidden(format!("this needs the role {} for the pipeline", role.as_str())));
        }
        Err(Fault::unknown("not found"))
    }

    /// Whether they see what is the pipeline's.
    pub(crate) fn sees(&self, pipeline_id: &str) -> bool {
        self.principal.as_ref().is_some_and(|who| who.may(Role::Viewer, self.table.labels(pipeline_id)))
    }

    /// The pipelines to which a list has to be narrowed; none = they see everything.
    pub(crate) fn narrowed(&self) -> Result<Option<Vec<String>>, Fault> {
        let principal = self.principal()?;
        Ok((!principal.may_all(Role::Viewer)).then(|| self.table.within(principal, Role::Viewer)))
    }
}
