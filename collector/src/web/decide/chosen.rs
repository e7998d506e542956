//! Failures that somebody chose in a list, waived together: one form, one decision of its own for each, through the desk as any
//! other. What the desk refuses is told beside what it took; nothing is half done.

use std::sync::Arc;

use axum::Extension;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use exhibit_proto::statement::{Act, Decision};

use super::fields::{self, Typed};
use super::{ask, from_own_page, same_token, sent, sign_in, sorry, with};
use crate::decisions::{Deciding, next_id};
use crate::web::guard::SignedIn;
use crate::web::{Site, pages};

/// Failures that one form may choose.
pub(in crate::web) const MOST: usize = 100;
/// Before the rule and the target of a failure in the name of its box.
pub(in crate::web) const PICK: &str = "pick:";
/// Between rule and target.
const APART: char = '|';

/// What came of one failure that was chosen.
pub(in crate::web) struct Outcome {
    pub(in crate::web) rule: String,
    pub(in crate::web) target: String,
    /// The record that now stands, or why there is none.
    pub(in crate::web) done: Result<String, String>,
}

/// The name of the box of a failure.
pub(in crate::web) fn pick(rule: &str, target: &str) -> String {
    format!("{PICK}{rule}{APART}{target}")
}

pub(in crate::web) async fn waive(
    State(site): State<Arc<Site>>,
    Extension(who): Extension<SignedIn>,
    request: Request,
) -> Response {
    if !from_own_page(request.headers(), request.uri()) {
        return sign_in::refused();
    }
    let asked = ask(&site, &who, request.uri().path());
    let typed = match sent::sent(request).await {
        Ok(sent) => sent.typed,
        Err((status, problem)) => return (status, problem).into_response(),
    };
    if !same_token(&who.csrf, typed.get("csrf").map_or("", String::as_str)) {
        return sign_in::refused();
    }
    let picks: Vec<(String, String)> = typed
        .keys()
        .filter_map(|name| name.strip_prefix(PICK)?.split_once(APART))
        .map(|(rule, target)| (rule.to_owned(), target.to_owned()))
        .collect();
    let problem = match picks.len() {
        0 => Some("choose at least one failure".to_owned()),
        many if many > MOST => Some(format!("choose at most {MOST} failures at once, not {many}")),
        _ => None,
    };
    let mut outcomes = Vec::new();
    for (rule, target) in picks.into_iter().filter(|_| problem.is_none()) {
        let done = one(&site, &who, (&rule, &target), &typed).await;
        outcomes.push(Outcome { rule, target, done });
    }
    let failed = problem.is_some() || outcomes.iter().any(|one| one.done.is_err());
    let page = tokio::task::spawn_blocking(move || {
        pages::grouped::waived(&asked, outcomes, problem)
            .unwrap_or_else(|error| sorry(&asked, &error))
    });
    with(page.await, if failed { StatusCode::BAD_REQUEST } else { StatusCode::OK })
}

/// Waives one failure; answers the record's id.
async fn one(
    site: &Arc<Site>,
    who: &SignedIn,
    (rule, target): (&str, &str),
    typed: &Typed,
) -> Result<String, String> {
    let mut given = typed.clone();
    given.retain(|name, _| ["until", "from"].contains(&name.as_str()));
    given.insert("about".to_owned(), rule.to_owned());
    // Ids of targets hold no quotation mark; one that does selects nothing and is refused.
    given.insert("targets".to_owned(), format!("target = \"{target}\""));
    let value = fields::value("waiver", &given, None)?;
    let (views, now) = (site.views.clone(), (site.clock)());
    let id = tokio::task::spawn_blocking(move || next_id(&views, "waiver", now)).await;
    let id = id.map_err(|ended| ended.to_string())?.map_err(|error| error.to_string())?;
    let decision = Decision {
        register: "waiver".to_owned(),
        id: id.clone(),
        after: None,
        act: Act::Put,
        value: Some(value),
        by: who.user.clone(),
        reason: typed.get("reason").cloned().unwrap_or_default(),
    };
    let decided = (site.decide)(Deciding { decision, file: None }).await;
    decided.map(|_| id).map_err(|error| error.to_string())
}
