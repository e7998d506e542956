//! The two ports, who may come in, and the bounds they are held to.

use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::time::Duration;

use exhibit_proto::document;
use serde::Deserialize;

use super::span::duration;

/// The port for agents.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Evidence {
    pub listen: SocketAddr,
    /// host:port told to agents; made from the first name and the port if absent.
    pub advertise: Option<String>,
    #[serde(deserialize_with = "duration")]
    pub heartbeat: Duration,
}

impl Default for Evidence {
    fn default() -> Self {
        let listen = SocketAddr::from(([0, 0, 0, 0], 8443));
        Self { listen, advertise: None, heartbeat: Duration::from_secs(70 * 60) }
    }
}

/// The port for people.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Web {
    pub listen: SocketAddr,
    /// Whether pages show the single score; its definition stands on the page.
    pub score: bool,
}

impl Default for Web {
    fn default() -> Self {
        Self { listen: SocketAddr::from(([127, 0, 0, 1], 8444)), score: true }
    }
}

/// Certificates and enrolment.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Identity {
    /// 1 to 397.
    pub client_certificate_days: u16,
    /// 2 to 397.
    pub server_certificate_days: u16,
    pub enrolments_per_minute: NonZeroU32,
}

impl Default for Identity {
    fn default() -> Self {
        Self {
            client_certificate_days: 30,
            server_certificate_days: 90,
            enrolments_per_minute: NonZeroU32::MIN.saturating_add(59),
        }
    }
}

/// Bounds.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    pub document_bytes: u64,
    pub in_flight_bytes: u64,
    pub connections: usize,
    pub streams: u32,
    #[serde(deserialize_with = "duration")]
    pub idle: Duration,
    #[serde(deserialize_with = "duration")]
    pub handshake: Duration,
    #[serde(deserialize_with = "duration")]
    pub body: Duration,
    #[serde(deserialize_with = "duration")]
    pub drain: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            document_bytes: document::MAX_BYTES,
            in_flight_bytes: 64 << 20,
            connections: 10_000,
            streams: 32,
            idle: Duration::from_secs(600),
            handshake: Duration::from_secs(10),
            body: Duration::from_secs(60),
            drain: Duration::from_secs(10),
        }
    }
}
