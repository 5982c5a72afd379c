#![allow(missing_docs)]
pub use call_model::*;
#[derive(Clone, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub struct DestinationId(pub compact_str::CompactString);
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Profile { Pop, Log }
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method { Get, Post }
#[derive(Clone, Debug, PartialEq)]
pub struct Rendered { pub destination: DestinationId, pub event_id: String, pub guid: CallGuid, pub sequence: u32, pub method: Method, pub url: String, pub content_type: Option<String>, pub body: Option<String>, pub browser: bool, pub profile: Profile }
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct SavedCall { pub guid: CallGuid, pub line: LineId }
