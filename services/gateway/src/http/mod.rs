//! Requests and answers, as all routes have them: one shape of call, one shape of fault, one table. Knows nothing about what routes do.

mod body;
mod call;
mod fault;
mod page;
mod query;
mod route;
mod time;

pub(crate) use body::{Json, camel, json, no_content};
pub(crate) use call::Call;
pub(crate) use fault::{Fault, Place, Violation};
pub(crate) use page::{Asked, Page};
pub(crate) use query::Query;
pub(crate) use route::{Gives, Need, Route, Routes, Takes};
pub(crate) use time::{Span, instant, parsed};
