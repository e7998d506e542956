//! Who asks.

use schemars::JsonSchema;
use serde::Serialize;

use super::operation::{Operation, one};
use super::{Ask, WebError};

/// Who asks.
#[derive(Serialize, JsonSchema)]
struct Me {
    /// Name of the account.
    name: String,
    /// What a change must carry as `X-CSRF-Token`.
    csrf: String,
}

pub(super) fn operations() -> Vec<Operation> {
    vec![one("/me", "You", "Who asks, and what a change must carry", me).only_now()]
}

#[expect(clippy::unnecessary_wraps, reason = "every operation has this shape")]
fn me(ask: &Ask) -> Result<Me, WebError> {
    Ok(Me { name: ask.who.user.clone(), csrf: ask.who.csrf.clone() })
}
