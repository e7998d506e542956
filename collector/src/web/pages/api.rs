//! The API as a page: every operation with its parameters, and a form that asks it. Works without script: a form leads to the answer.

use askama::Template;
use axum::response::{IntoResponse as _, Redirect, Response};

use super::{super::html, Ask, WebError};
use crate::web::Frame;
use crate::web::api::{self, Shown};
use crate::web::assets;
use crate::web::table::encode;

#[derive(Template)]
#[template(path = "api.html")]
struct ApiPage {
    frame: Frame,
    /// Operations by what they are about.
    groups: Vec<(&'static str, Vec<Shown>)>,
    root: &'static str,
    script: String,
}

pub(in crate::web) fn show(ask: &Ask) -> Result<Response, WebError> {
    let mut groups: Vec<(&'static str, Vec<Shown>)> = Vec::new();
    for (tag, operation) in api::shown() {
        match groups.iter_mut().find(|(of, _)| *of == tag) {
            Some((_, operations)) => operations.push(operation),
            None => groups.push((tag, vec![operation])),
        }
    }
    let (frame, root) = (ask.frame("API", "help"), api::ROOT);
    html(&ApiPage { frame, groups, root, script: assets::address("api.js") })
}

/// Leads from a form to the address that it means; what is left empty is not asked for.
pub(in crate::web) fn ask(ask: &Ask) -> Result<Response, WebError> {
    let name = ask.query.get("operation").map_or("", String::as_str);
    let shown = api::shown().map(|(_, shown)| shown).find(|shown| shown.id == name);
    let shown = shown.ok_or_else(|| WebError::NotFound(format!("operation {name:?}")))?;
    let given =
        |name: &str| ask.query.get(name).map(String::as_str).filter(|text| !text.is_empty());
    let mut address = format!("{}{}", api::ROOT, shown.path);
    let mut sign = '?';
    for field in &shown.fields {
        let text = given(&field.name);
        if field.in_path {
            let text =
                text.ok_or_else(|| WebError::NotFound(format!("{} in the form", field.name)))?;
            address = address.replace(&format!("{{{}}}", field.name), &encode(text));
        } else if let Some(text) = text {
            address.push_str(&format!("{sign}{}={}", encode(&field.name), encode(text)));
            sign = '&';
        }
    }
    Ok(Redirect::to(&address).into_response())
}
