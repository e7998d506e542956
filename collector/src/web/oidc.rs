//! The door for people who sign in at an OpenID provider. What they come back with is held against what was kept when they
//! left, and is good once.

use std::net::IpAddr;
use std::sync::Arc;

use axum::Extension;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{AppendHeaders, IntoResponse, Redirect, Response};
use axum::routing::get;
use serde::Deserialize;
use serde_json::json;

use super::guard::{address_of, cookie, cookie_named, same_token};
use super::routes::Routes;
use super::settings::asked;
use super::sign_in::{end, from_of, own_path, record, show};
use super::{Site, failures};
use crate::net::Peer;
use crate::oidc::{OidcError, Provider, Returned, Said};
use crate::people::{Elsewhere, FLOW_SECONDS, Flow, PeopleError, Role};

/// Binds what comes back to the browser that left.
const COOKIE: &str = "__Host-exhibit-flow";

pub(super) fn routes() -> Routes<Arc<Site>> {
    Routes::new().route("/sign-in/oidc", get(begin)).route("/sign-in/oidc/callback", get(finish))
}

#[derive(Deserialize)]
struct Begin {
    #[serde(default)]
    next: String,
}

async fn begin(
    State(site): State<Arc<Site>>,
    peer: Option<Extension<Peer>>,
    Query(Begin { next }): Query<Begin>,
) -> Response {
    let Some(provider) = site.oidc.clone() else { return StatusCode::NOT_FOUND.into_response() };
    let address = address_of(peer.as_deref());
    if let Some(response) = slowed(&site, address) {
        return response;
    }
    let now = (site.clock)();
    let begun = match provider.begin(now).await {
        Ok(begun) => begun,
        Err(error) => return broken(&site, &error),
    };
    let (state, nonce, verifier) = (begun.state.clone(), begun.nonce, begun.verifier);
    let flow = Flow { nonce, verifier, next: own_path(&next) };
    match asked(&site, move |people| people.begin_flow(&state, &flow, now)).await {
        Ok(()) => {
            let held = format!(
                "{COOKIE}={}; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age={FLOW_SECONDS}",
                begun.state
            );
            ([(header::SET_COOKIE, held)], Redirect::to(&begun.address)).into_response()
        }
        Err(error) => broken(&site, &error),
    }
}

async fn finish(
    State(site): State<Arc<Site>>,
    peer: Option<Extension<Peer>>,
    headers: HeaderMap,
    Query(returned): Query<Returned>,
) -> Response {
    let Some(provider) = site.oidc.clone() else { return StatusCode::NOT_FOUND.into_response() };
    let address = address_of(peer.as_deref());
    if let Some(response) = slowed(&site, address) {
        return response;
    }
    let now = (site.clock)();
    let held = cookie_named(&headers, COOKIE).unwrap_or_default();
    let ours = !held.is_empty() && same_token(&held, &returned.state);
    let flow = match ours.then(|| returned.state.clone()) {
        Some(state) => asked(&site, move |people| people.take_flow(&state, now)).await,
        None => Ok(None),
    };
    let flow = match flow {
        Ok(Some(flow)) => flow,
        Ok(None) => {
            let why = "an answer that was not asked for";
            failures::failed(&site, "", address, why).await;
            let text = "Not signed in: that sign-in was begun elsewhere, is too old or was used already. Begin again.";
            return told(&site, StatusCode::FORBIDDEN, text);
        }
        Err(error) => return broken(&site, &error),
    };
    let said = match provider.finish(&returned, (&flow.nonce, &flow.verifier), now).await {
        Ok(said) => said,
        Err(error @ OidcError::Token(_)) => {
            failures::failed(&site, "", address, "an answer of the provider proves nothing").await;
            tracing::warn!(%error, "a sign-in elsewhere was refused");
            let text = format!("Not signed in: {error}.");
            return told(&site, StatusCode::FORBIDDEN, &text);
        }
        Err(OidcError::Denied(error)) => {
            failures::failed(&site, "", address, "the provider refused").await;
            let text = format!("Not signed in: the provider said {error:?}.");
            return told(&site, StatusCode::FORBIDDEN, &text);
        }
        Err(error) => return broken(&site, &error),
    };
    entered(&site, (&provider, said), (address, &headers), &flow.next).await
}

/// Who they are here, logged before it takes effect.
async fn entered(
    site: &Arc<Site>,
    (provider, said): (&Provider, Said),
    (address, headers): (Option<IpAddr>, &HeaderMap),
    next: &str,
) -> Response {
    let now = (site.clock)();
    let Said { issuer, subject, name, full_name, email, groups } = said;
    let who = Elsewhere { issuer, subject, name, full_name, email };
    let Some(role) = provider.role(&groups) else {
        let gone = who.clone();
        let known = match asked(site, move |people| people.unwanted(&gone, now)).await {
            Ok(Some((known, sessions, tokens))) => {
                tracing::warn!(
                    sessions,
                    tokens,
                    "somebody has no role any more: what they had open ended"
                );
                known
            }
            Ok(None) => String::new(),
            Err(error) => return broken(site, &error),
        };
        failures::failed(site, &known, address, "no role for these groups").await;
        let text =
            "Not signed in: none of your groups has a role here. Ask whoever runs this collector.";
        return told(site, StatusCode::FORBIDDEN, text);
    };
    let wanted = who.clone();
    let arrived = match asked(site, move |people| people.arrived(&wanted, now)).await {
        Ok(arrived) => arrived,
        Err(PeopleError::Closed(why)) => {
            failures::failed(site, "", address, why).await;
            return told(site, StatusCode::FORBIDDEN, &format!("Not signed in: {why}."));
        }
        Err(error) => return broken(site, &error),
    };
    let name = arrived.name;
    if let Err(response) = changed(site, &who.issuer, (&name, arrived.role), role).await {
        return response;
    }
    let from = from_of(address, headers);
    let (elsewhere, entering) = (who.clone(), name.clone());
    let opened = asked(site, move |people| people.enter((&elsewhere, &entering), role, &from, now));
    let (id, _session) = match opened.await {
        Ok(opened) => opened,
        Err(error) => return broken(site, &error),
    };
    let from = address.map(|address| address.to_string());
    let detail = json!({"from": from, "provider": who.issuer});
    if let Err(response) = record(site, &name, "sign_in", detail).await {
        end(site, &id);
        return response;
    }
    let over = format!("{COOKIE}=; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=0");
    let cookies = [(header::SET_COOKIE, cookie(Some(&id))), (header::SET_COOKIE, over)];
    (AppendHeaders(cookies), Redirect::to(next)).into_response()
}

/// Says that somebody is new, or has another role than before.
async fn changed(
    site: &Site,
    issuer: &str,
    (name, before): (&str, Option<Role>),
    role: Role,
) -> Result<(), Response> {
    let action = match before {
        None => "person_created",
        Some(before) if before != role => "person_role_changed",
        Some(_) => return Ok(()),
    };
    let detail = json!({"name": name, "role": role.as_str(), "provider": issuer});
    record(site, name, action, detail).await
}

/// The answer to whoever comes too often.
fn slowed(site: &Site, address: Option<IpAddr>) -> Option<Response> {
    let wait = site.limiter.attempt_from(address).err()?;
    let text = format!("Too many attempts. Please wait {} seconds.", wait.as_secs() + 1);
    Some(told(site, StatusCode::TOO_MANY_REQUESTS, &text))
}

fn told(site: &Site, status: StatusCode, text: &str) -> Response {
    show(site, status, String::new(), String::new(), text.to_owned())
}

fn broken(site: &Site, error: &dyn std::fmt::Display) -> Response {
    tracing::error!(%error, "a sign-in elsewhere could not be finished");
    let text =
        "Not signed in: the provider cannot be asked at present. The collector's own log says why.";
    told(site, StatusCode::BAD_GATEWAY, text)
}
