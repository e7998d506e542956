//! A form that one of our own pages sent for the person who is signed in. Anything else is refused before a handler sees it.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;

use axum::extract::{Form, FromRequest, Request};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

use crate::net::Peer;
use crate::people::From;
use crate::web::guard::{SignedIn, address_of, from_own_page, same_token};
use crate::web::{Site, sign_in};

/// Longest field.
const MAX_FIELD: usize = 2000;

pub(in crate::web) struct OwnForm {
    pub(in crate::web) who: SignedIn,
    pub(in crate::web) address: Option<IpAddr>,
    pub(in crate::web) from: From,
    fields: BTreeMap<String, String>,
}

impl OwnForm {
    /// What was typed, without space around it; empty if nothing was.
    pub(in crate::web) fn text(&self, name: &str) -> &str {
        self.fields.get(name).map_or("", |text| text.trim())
    }

    pub(in crate::web) fn fields(&self) -> &BTreeMap<String, String> {
        &self.fields
    }
}

impl FromRequest<Arc<Site>> for OwnForm {
    type Rejection = Response;

    async fn from_request(request: Request, site: &Arc<Site>) -> Result<Self, Response> {
        let own = from_own_page(request.headers(), request.uri());
        let who = request.extensions().get::<SignedIn>().cloned();
        let Some(who) = who.filter(|_| own) else { return Err(sign_in::refused()) };
        let address = address_of(request.extensions().get::<Peer>());
        let from = sign_in::from_of(address, request.headers());
        let Form(fields) = Form::<BTreeMap<String, String>>::from_request(request, site)
            .await
            .map_err(|broken| broken.into_response())?;
        if !same_token(&who.csrf, fields.get("csrf").map_or("", String::as_str)) {
            return Err(sign_in::refused());
        }
        if fields.values().any(|text| text.len() > MAX_FIELD) {
            let text = format!("a field has more than {MAX_FIELD} bytes");
            return Err((StatusCode::PAYLOAD_TOO_LARGE, text).into_response());
        }
        Ok(Self { who, address, from, fields })
    }
}
