//! One's own second factor: begun, confirmed by a first code, taken away by another.

use std::fmt::Write as _;
use std::sync::Arc;

use askama::Template;
use axum::Extension;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use qrcode::{Color, QrCode};
use serde_json::json;

use super::{Frame, OwnForm, Problem, Site, asked, page, problem};
use crate::people::Second;
use crate::web::guard::SignedIn;
use crate::web::sign_in::record;
use crate::web::table::encode;

const ADDRESS: &str = "/settings/second-factor";

#[derive(Template)]
#[template(path = "settings/second.html")]
struct SecondPage {
    frame: Frame,
    confirmed: bool,
    /// Codes on paper that are left.
    left: u64,
    /// A secret that waits for its first code: the picture, and to type.
    begun: Option<(String, String)>,
    /// The role of the person asks for one.
    required: bool,
    /// Codes for paper, shown this once.
    codes: Vec<String>,
    problem: String,
}

pub(super) async fn show(
    State(site): State<Arc<Site>>,
    Extension(who): Extension<SignedIn>,
) -> Response {
    shown(&site, &who, Vec::new(), String::new()).await
}

pub(super) async fn change(State(site): State<Arc<Site>>, form: OwnForm) -> Response {
    let (user, now) = (form.who.user.clone(), (site.clock)());
    let act = form.text("act").to_owned();
    if act == "begin" {
        return match asked(&site, move |people| people.begin_second(&user)).await {
            Ok(()) => Redirect::to(ADDRESS).into_response(),
            Err(error) => told(&site, &form.who, error).await,
        };
    }
    if site.limiter.second(&user, form.address).is_err() {
        let text = "Too many attempts. Please wait a minute and try again.".to_owned();
        return shown(&site, &form.who, Vec::new(), text).await;
    }
    if act == "remove" && site.second_factor.contains(&form.who.role) {
        let text = "Nothing was changed: your role asks for a second factor.".to_owned();
        return shown(&site, &form.who, Vec::new(), text).await;
    }
    // Looked at first, logged, then done; what is used up is used up by what is done.
    let (name, code) = (user.clone(), form.text("code").to_owned());
    match asked(&site, move |people| people.fits_second(&name, &code, now)).await {
        Ok(true) => {}
        Ok(false) => {
            let text = "Nothing was changed: that code is not right, or was used already.";
            return shown(&site, &form.who, Vec::new(), text.to_owned()).await;
        }
        Err(error) => return told(&site, &form.who, error).await,
    }
    let action = match act.as_str() {
        "confirm" => "second_factor_added",
        "codes" => "recovery_codes_renewed",
        "remove" => "second_factor_removed",
        _ => return crate::web::sign_in::refused(),
    };
    if let Err(response) = record(&site, &user, action, json!({})).await {
        return response;
    }
    let code = form.text("code").to_owned();
    let done = asked(&site, move |people| match act.as_str() {
        "confirm" => people.confirm_second(&user, &code, now),
        "codes" => {
            people.use_second(&user, &code, now)?;
            people.renew_codes(&user)
        }
        _ => {
            people.use_second(&user, &code, now)?;
            people.remove_second(&user)?;
            Ok(Vec::new())
        }
    });
    match done.await {
        Ok(codes) => shown(&site, &form.who, codes, String::new()).await,
        Err(error) => told(&site, &form.who, error).await,
    }
}

async fn told(site: &Arc<Site>, who: &SignedIn, error: crate::people::PeopleError) -> Response {
    match problem(error) {
        Problem::Told(problem) => shown(site, who, Vec::new(), problem).await,
        Problem::Answer(response) => response,
    }
}

async fn shown(site: &Arc<Site>, who: &SignedIn, codes: Vec<String>, problem: String) -> Response {
    let user = who.user.clone();
    let second = match asked(site, move |people| people.second(&user)).await {
        Ok(second) => second,
        Err(error) => {
            tracing::error!(%error, "second factors cannot be read");
            return StatusCode::INTERNAL_SERVER_ERROR.into_response();
        }
    };
    let (confirmed, left, begun) = match second {
        Second::None => (false, 0, None),
        Second::Confirmed(left) => (true, left, None),
        Second::Begun(secret) => {
            let address = otpauth(&site.origin, &who.user, &secret);
            let groups: Vec<char> = secret.chars().collect();
            let groups: Vec<String> = groups.chunks(4).map(|four| four.iter().collect()).collect();
            (false, 0, Some((picture(&address), groups.join(" "))))
        }
    };
    let required = site.second_factor.contains(&who.role);
    let frame = Frame::new(site, "Second factor".into(), "settings", Some(who));
    let status = if problem.is_empty() { StatusCode::OK } else { StatusCode::BAD_REQUEST };
    page(status, &SecondPage { frame, confirmed, left, begun, required, codes, problem })
}

/// What apps read from the picture.
fn otpauth(origin: &str, user: &str, secret: &str) -> String {
    let (issuer, user) = (encode(&format!("Exhibit {}", origin.replace(':', " "))), encode(user));
    format!("otpauth://totp/{issuer}:{user}?secret={secret}&issuer={issuer}")
}

/// A QR code as SVG: black on white in either theme, or cameras fail.
fn picture(text: &str) -> String {
    const QUIET: usize = 4;
    let Ok(code) = QrCode::new(text) else { return String::new() };
    let (width, colors) = (code.width(), code.to_colors());
    let side = width + 2 * QUIET;
    let mut path = String::new();
    for (row, line) in colors.chunks(width).enumerate() {
        for (column, color) in line.iter().enumerate() {
            if *color == Color::Dark {
                // Writing into a String cannot fail.
                write!(path, "M{} {}h1v1h-1z", column + QUIET, row + QUIET).unwrap_or_default();
            }
        }
    }
    format!(
        "<svg class=\"qr\" viewBox=\"0 0 {side} {side}\" role=\"img\" aria-label=\"QR code of the secret\" \
         shape-rendering=\"crispEdges\"><rect width=\"{side}\" height=\"{side}\" fill=\"#fff\"/><path d=\"{path}\" fill=\"#000\"/></svg>"
    )
}
