//! Shapes of words and ids that other crates own, for `#[schemars(with = …)]`. Words stand in the order in which lists sort them.

use std::borrow::Cow;

use exhibit_assessment::{Severity, Status, Strength, Theme, Verdict};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use crate::people::{Role, Scope};
use crate::web::pages::kinds::STATES;

macro_rules! words {
    ($($(#[doc = $about:literal])+ $name:ident = $words:expr;)*) => {$(
        pub(super) struct $name;

        impl JsonSchema for $name {
            fn schema_name() -> Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                let about = concat!($($about),+).trim();
                json_schema!({ "type": "string", "description": about, "enum": $words })
            }
        }
    )*};
}

words! {
    /// What rules and evidence say about a control, worst first; never a judgement of conformity.
    StatusWord = [Status::NotMet, Status::NoEvidence, Status::Stale, Status::Met, Status::Manual, Status::Excluded]
        .map(Status::as_str);
    /// What a rule says about a target.
    VerdictWord = [Verdict::Fail, Verdict::Error, Verdict::Pass, Verdict::NotApplicable].map(Verdict::as_str);
    /// How much a rule says about a control; `context` never decides a status.
    StrengthWord = [Strength::Direct, Strength::Supporting, Strength::Context].map(Strength::as_str);
    /// How bad a failure of a rule is.
    SeverityWord = [Severity::Critical, Severity::High, Severity::Medium, Severity::Low].map(Severity::as_str);
    /// How much a crosswalk may be relied on: its publisher gives it, several public mappings agree, it follows from numbers or
    /// titles, or the organisation drew it itself.
    BasisWord = ["published", "indicative", "numbering", "own"];
    /// What a person is needed for, the most urgent first.
    TaskWord = ["approvals", "not_met", "stale", "silent", "due", "waivers", "outside"];
    /// How the last run of a kind on a target ended, worst first; `never`: none has answered for it.
    StateWord = STATES;
    /// What somebody is here.
    RoleWord = Role::ALL.map(Role::as_str);
    /// What a token may be used for.
    ScopeWord = Scope::ALL.map(Scope::as_str);
    /// The themes of Annex A.
    ThemeWord = Theme::ALL.map(Theme::as_str);
}

macro_rules! texts {
    ($($(#[doc = $about:literal])+ $name:ident = $pattern:literal;)*) => {$(
        pub(super) struct $name;

        impl JsonSchema for $name {
            fn schema_name() -> Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                let about = concat!($($about),+).trim();
                json_schema!({ "type": "string", "description": about, "pattern": $pattern })
            }
        }
    )*};
}

texts! {
    /// A control of Annex A, like A.8.13.
    ControlText = r"^A\.[5-8]\.[1-9][0-9]?$";
    /// A SHA-256 digest.
    DigestText = "^[0-9a-f]{64}$";
}
