//! Who asks.

use schemars::JsonSchema;
use serde::Serialize;

use super::operation::{Operation, one};
use super::{Ask, WebError};
use crate::people::Right;
use crate::web::guard::SignedIn;

/// Who asks.
#[derive(Serialize, JsonSchema)]
struct Me {
    /// Name of the account.
    name: String,
    /// viewer, contributor, compliance, admin or auditor.
    role: &'static str,
    /// What they may, or the token that asks for them.
    rights: Vec<&'static str>,
    /// The only audit that they may see.
    #[serde(skip_serializing_if = "Option::is_none")]
    audit: Option<String>,
    /// Id of the token that asks.
    #[serde(skip_serializing_if = "Option::is_none")]
    token: Option<String>,
    /// What a change must carry as `X-CSRF-Token`; empty where a token asks, which needs none.
    csrf: String,
}

pub(super) fn operations() -> Vec<Operation> {
    vec![one("/me", "You", "Who asks, and what a change must carry", me).only_now()]
}

#[expect(clippy::unnecessary_wraps, reason = "every operation has this shape")]
fn me(ask: &Ask) -> Result<Me, WebError> {
    let SignedIn { user, role, audit, token, csrf, .. } = ask.who.clone();
    let rights = Right::ALL.into_iter().filter(|right| ask.who.may(*right)).map(Right::as_str);
    let (rights, role) = (rights.collect(), role.as_str());
    Ok(Me { name: user, role, rights, audit, token, csrf })
}
