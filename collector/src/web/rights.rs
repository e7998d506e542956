//! Which right each address needs, by method: the only such list. What is not in it is refused, whoever asks.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use axum::http::Method;

use crate::people::Right;
use crate::people::Right::{
    Administer, Approve, Bring, Decide, Enter, Export, OwnAccount, See, SeeEvidence,
};
use crate::people::Right::{Audit, AuditRoom};

/// Registers whose records people bring rather than decide.
const BROUGHT: [&str; 5] = ["manual_evidence", "attested", "note", "request", "audit_comment"];

/// What must hold for whoever asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Need {
    /// Nothing: not even a session.
    Anybody,
    This(Right),
    /// What the first parameter of the path needs, which is a register.
    Register,
}

/// An address as the router has it, with the methods that it takes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Row {
    pub(crate) path: &'static str,
    get: Option<Need>,
    post: Option<Need>,
}

const fn row(path: &'static str) -> Row {
    Row { path, get: None, post: None }
}

/// A page that is only looked at.
const fn page(path: &'static str, right: Right) -> Row {
    row(path).get(Need::This(right))
}

const fn public(path: &'static str) -> Row {
    row(path).get(Need::Anybody)
}

impl Row {
    const fn get(mut self, need: Need) -> Self {
        self.get = Some(need);
        self
    }

    const fn post(mut self, need: Need) -> Self {
        self.post = Some(need);
        self
    }

    /// Methods that it takes, as `Allow` lists them.
    pub(crate) fn methods(&self) -> &'static str {
        match (self.get, self.post) {
            (Some(_), Some(_)) => "GET, HEAD, POST",
            (Some(_), None) => "GET, HEAD",
            (None, Some(_)) => "POST",
            (None, None) => "",
        }
    }

    /// What a method of it needs; `None`: the address does not take it.
    pub(crate) fn need(&self, method: &Method) -> Option<Need> {
        match *method {
            Method::GET | Method::HEAD => self.get,
            Method::POST => self.post,
            _ => None,
        }
    }
}

/// Sign-in, and what it needs to look right.
const DOOR: &[Row] = &[
    row("/sign-in").get(Need::Anybody).post(Need::Anybody),
    public("/sign-in/oidc"),
    public("/sign-in/oidc/callback"),
    page("/sign-in/second", OwnAccount).post(Need::This(OwnAccount)),
    public("/assets/{digest}/{name}"),
];

const PAGES: &[Row] = &[
    page("/", See),
    page("/controls", See),
    page("/controls.csv", See),
    page("/controls/{control}", See),
    page("/history", See),
    page("/history/compare", See),
    page("/history/compare.csv", See),
    page("/history/lapses", See),
    page("/history/lapses.csv", See),
    page("/history/{control}", See),
    page("/history/{control}/intervals.csv", See),
    page("/frameworks", See),
    page("/frameworks/2013", See),
    page("/frameworks/2013.csv", See),
    page("/frameworks/{framework}", See),
    page("/frameworks/{framework}/relations.csv", See),
    page("/soa", See).post(Need::This(Decide)),
    page("/soa.csv", See),
    page("/soa/compare", See),
    page("/soa/versions/{entry}", See),
    page("/rollup", See),
    page("/gap", See),
    page("/gap.csv", See),
    page("/clauses", See),
    page("/clauses.csv", See),
    page("/rules", See),
    page("/rules.csv", See),
    page("/rules/packs", See),
    page("/rules/packs.csv", See),
    page("/rules/packs/{entry}", See).post(Need::This(Approve)),
    page("/rules/{rule}", See),
    page("/search", See),
    page("/findings", See),
    page("/findings.csv", See),
    page("/findings/groups", See),
    row("/findings/waive").post(Need::This(Decide)),
    page("/kinds", See),
    page("/kinds.csv", See),
    page("/kinds/{kind}", See),
    page("/kinds/{kind}/targets.csv", See),
    page("/trends", See),
    page("/live", See),
    page("/scope", See),
    page("/scope.csv", See),
    page("/targets", See),
    page("/targets.csv", See),
    page("/targets/{target}", See),
    page("/targets/{target}/{kind}", See),
    page("/targets/{target}/{kind}/history.csv", See),
    page("/evidence/{index}/{kind}/{target}", SeeEvidence),
    page("/evidence/{index}/{kind}/{target}/document", SeeEvidence),
    page("/entries/{index}", See),
    page("/entries/{index}/{part}", SeeEvidence),
    page("/agents", See),
    page("/agents.csv", See),
    page("/agents/{agent}", See),
    page("/log", See),
    page("/log.csv", See),
    page("/reports", See),
    row("/reports/{kind}/{format}").post(Need::This(Export)),
    page("/retention", See),
    page("/retention.csv", See),
    page("/decisions", See),
    page("/decisions.csv", See),
    page("/decisions/{register}/{id}", See).post(Need::Register),
    page("/decisions/{register}/{id}/file/{index}", SeeEvidence),
    row("/decide/{register}").get(Need::Register).post(Need::Register),
    page("/activity", See),
    page("/activity.csv", See),
    page("/help", Enter),
];

/// Lists that stand beside others on a page.
const LISTS: &[Row] = &[
    page("/search.csv", See),
    page("/rollup.csv", See),
    page("/trends/statuses.csv", See),
    page("/trends/failures.csv", See),
    page("/trends/ages.csv", See),
    page("/findings/groups.csv", See),
    page("/targets/{target}/kinds.csv", See),
    page("/agents/{agent}/unseen.csv", See),
    page("/agents/{agent}/schedule.csv", See),
    page("/agents/{agent}/noticed.csv", See),
    page("/agents/{agent}/entries.csv", See),
    page("/log/noticed.csv", See),
    page("/retention/kinds.csv", See),
    page("/retention/holds.csv", See),
    page("/history/numbers.csv", See),
    page("/history/differing.csv", See),
    page("/history/lapses/controls.csv", See),
    page("/history/compare/turned.csv", See),
    page("/history/compare/happened.csv", See),
    page("/soa/compare.csv", See),
    page("/audits/{audit}/populations.csv", AuditRoom),
    page("/audits/{audit}/activity.csv", AuditRoom),
    page("/audits/{audit}/evidence.csv", AuditRoom),
    page("/audits/{audit}/populations/{id}/items.csv", AuditRoom),
];

/// The audit room; an auditor who is bound to one audit has no other.
const AUDITS: &[Row] = &[
    page("/audits", AuditRoom),
    page("/audits.csv", AuditRoom),
    page("/audits/{audit}", AuditRoom),
    row("/audits/{audit}/requests").post(Need::This(Audit)),
    page("/audits/{audit}/requests.csv", AuditRoom),
    page("/audits/{audit}/requests/{id}", AuditRoom),
    page("/audits/{audit}/findings.csv", AuditRoom),
    page("/audits/{audit}/findings/{id}", AuditRoom),
    page("/audits/{audit}/files/{digest}", AuditRoom),
    page("/audits/{audit}/populations", Audit).post(Need::This(Audit)),
    page("/audits/{audit}/populations/{id}", AuditRoom).post(Need::This(Audit)),
    page("/audits/{audit}/populations/{id}/{list}", AuditRoom),
    page("/audits/{audit}/evidence", AuditRoom),
    page("/audits/{audit}/evidence/{index}/{kind}/{target}", AuditRoom),
    page("/audits/{audit}/evidence/{index}/{kind}/{target}/document", AuditRoom),
    row("/audits/{audit}/bundle").post(Need::This(AuditRoom)),
];

/// A person's own account.
const ACCOUNT: &[Row] = &[
    page("/password", OwnAccount).post(Need::This(OwnAccount)),
    row("/sign-out").post(Need::This(OwnAccount)),
    page("/settings", OwnAccount),
    page("/settings/sessions", OwnAccount).post(Need::This(OwnAccount)),
    page("/settings/sessions/all", Administer).post(Need::This(Administer)),
    page("/settings/sessions.csv", OwnAccount),
    page("/settings/sessions/all.csv", Administer),
    page("/settings/tokens.csv", OwnAccount),
    page("/settings/second-factor", OwnAccount).post(Need::This(OwnAccount)),
    page("/settings/tokens", OwnAccount).post(Need::This(OwnAccount)),
    page("/settings/people", Administer).post(Need::This(Administer)),
    page("/settings/people.csv", Administer),
    page("/settings/people/{name}", Administer).post(Need::This(Administer)),
];

/// The log's public read side; served beside the pages, without any session.
const PUBLIC: &[Row] = &[
    public("/log/checkpoint"),
    public("/log/checkpoint/cosigned"),
    public("/log/log-keys.json"),
    public("/log/tile/{*path}"),
    public("/log/proof/{index}"),
    public("/log/proof/by-digest/{digest}"),
    public("/log/consistency/{old}/{new}"),
    public("/log/timestamps/"),
    public("/log/timestamps/{name}"),
    public("/healthz"),
    public("/readyz"),
];

/// For programs, and whoever tries them. A decision is held against its register where it is read.
const API: &[Row] = &[
    page("/api", Enter),
    page("/api/try", Enter),
    page("/api/v1/me", Enter),
    page("/api/v1/openapi.json", Enter),
    page("/api/v1/decisions", See).post(Need::This(Bring)),
    page("/api/v1/reports", See).post(Need::This(Export)),
    page("/api/v1/entries/{index}/{part}", SeeEvidence),
    page("/api/v1/evidence/{index}/{kind}/{target}", SeeEvidence),
    page("/api/v1/evidence/{index}/{kind}/{target}/document", SeeEvidence),
    page("/api/v1/scope/outside", See),
    page("/api/v1/agents", See),
    page("/api/v1/agents/{agent}", See),
    page("/api/v1/controls", See),
    page("/api/v1/controls/{control}", See),
    page("/api/v1/controls/{control}/findings", See),
    page("/api/v1/controls/{control}/intervals", See),
    page("/api/v1/entries", See),
    page("/api/v1/activity", See),
    page("/api/v1/entries/{index}", See),
    page("/api/v1/findings", See),
    page("/api/v1/findings/groups", See),
    page("/api/v1/today", See),
    page("/api/v1/today/tasks", See),
    page("/api/v1/today/changes", See),
    page("/api/v1/trends/statuses", See),
    page("/api/v1/trends/failures", See),
    page("/api/v1/trends/ages", See),
    page("/api/v1/log/noticed", See),
    page("/api/v1/agents/{agent}/noticed", See),
    page("/api/v1/clauses", See),
    page("/api/v1/frameworks", See),
    page("/api/v1/frameworks/2013/transition", See),
    page("/api/v1/frameworks/{framework}/relations", See),
    page("/api/v1/kinds", See),
    page("/api/v1/kinds/{kind}/targets", See),
    page("/api/v1/coverage", See),
    page("/api/v1/evidence", See),
    page("/api/v1/log", See),
    page("/api/v1/retention/kinds", See),
    page("/api/v1/retention/holds", See),
    page("/api/v1/retention/deletions", See),
    page("/api/v1/rules", See),
    page("/api/v1/rules/{rule}", See),
    page("/api/v1/rules/{rule}/findings", See),
    page("/api/v1/packs", See),
    page("/api/v1/packs/{index}", See),
    page("/api/v1/search", See),
    page("/api/v1/soa", See),
    page("/api/v1/soa/versions", See),
    page("/api/v1/soa/compare", See),
    page("/api/v1/soa/versions/{index}", See),
    page("/api/v1/gap", See),
    page("/api/v1/rollup", See),
    page("/api/v1/targets", See),
    page("/api/v1/targets/{target}", See),
    page("/api/v1/targets/{target}/findings", See),
    page("/api/v1/targets/{target}/kinds/{kind}", See),
    page("/api/v1/decisions/{register}/{id}", See),
    page("/api/v1/decisions/{register}/{id}/file/{index}", SeeEvidence),
    page("/api/v1/audits", AuditRoom),
    page("/api/v1/audits/{audit}", AuditRoom),
    page("/api/v1/audits/{audit}/requests", AuditRoom),
    page("/api/v1/audits/{audit}/findings", AuditRoom),
    page("/api/v1/audits/{audit}/populations", AuditRoom),
    page("/api/v1/audits/{audit}/populations/{population}/items", AuditRoom),
    page("/api/v1/audits/{audit}/files/{digest}", AuditRoom),
    page("/api/v1/audits/{audit}/activity", AuditRoom),
    page("/api/v1/audits/{audit}/evidence", AuditRoom),
    page("/api/v1/audits/{audit}/evidence/{index}/{kind}/{target}/document", AuditRoom),
    page("/api/v1/settings/people", Administer),
    page("/api/v1/settings/people/{person}", Administer),
    page("/api/v1/settings/sessions", OwnAccount),
    row("/api/v1/settings/sessions/end").post(Need::This(OwnAccount)),
    page("/api/v1/settings/sessions/all", Administer),
    row("/api/v1/settings/sessions/all/end").post(Need::This(Administer)),
    page("/api/v1/settings/tokens", OwnAccount).post(Need::This(OwnAccount)),
    row("/api/v1/settings/tokens/revoke").post(Need::This(OwnAccount)),
    page("/api/v1/history/statuses", See),
    page("/api/v1/history/differing", See),
    page("/api/v1/history/compare", See),
    page("/api/v1/history/compare/turned", See),
    page("/api/v1/history/lapses", See),
];

/// Every list. A room with many addresses adds one of its own.
pub(crate) const TABLES: &[&[Row]] = &[DOOR, PAGES, LISTS, AUDITS, ACCOUNT, API, PUBLIC];

static BY_PATH: LazyLock<BTreeMap<&'static str, Row>> =
    LazyLock::new(|| TABLES.iter().copied().flatten().map(|row| (row.path, *row)).collect());

/// The row of an address, as the router spells it.
pub(crate) fn of(path: &str) -> Option<&'static Row> {
    BY_PATH.get(path)
}

/// The row of an address as a browser has it; the more it spells out, the sooner it is taken, as by the router.
pub(crate) fn matching(path: &str) -> Option<&'static Row> {
    let fits = |row: &&Row| {
        let (mut given, mut ours) = (path.split('/'), row.path.split('/'));
        loop {
            match (given.next(), ours.next()) {
                (None, None) => return true,
                (Some(_), Some(ours)) if ours.starts_with("{*") => return true,
                (Some(given), Some(ours)) if ours.starts_with('{') || given == ours => {}
                (Some(_) | None, _) => return false,
            }
        }
    };
    let open = |row: &&'static Row| row.path.matches('{').count();
    TABLES.iter().copied().flatten().filter(fits).min_by_key(open)
}

/// The right that a decision in a register needs.
pub(crate) fn of_register(register: &str) -> Right {
    match register {
        brought if BROUGHT.contains(&brought) => Right::Bring,
        "audit" | "audit_finding" | "population" | "sample" => Audit,
        _ => Decide,
    }
}

impl Need {
    /// The right, if it needs one; `path`: the request's own.
    pub(crate) fn right(self, path: &str) -> Option<Right> {
        match self {
            Self::Anybody => None,
            Self::This(right) => Some(right),
            // Registers have no letters that would be escaped: an escaped one is none that people bring.
            Self::Register => Some(of_register(path.split('/').nth(2).unwrap_or_default())),
        }
    }
}
