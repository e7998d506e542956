//! Everything that pages show and do, against the API: a page without its operation, or a reason why there is none, fails here.

use std::collections::BTreeSet;

use axum::http::Method;
use serde_json::Value;

use crate::web::rights::{Row, TABLES};

/// What stands in the API for an address of the pages.
enum There {
    /// These operations that read, below the root.
    Read(&'static [&'static str]),
    /// Nothing, and why.
    Nothing(&'static str),
}

use There::{Nothing, Read};

/// Every address that shows something; its CSV is the same list.
const SHOWN: &[(&str, There)] = &[
    ("/", Read(&["/today", "/today/tasks", "/today/changes"])),
    ("/controls", Read(&["/controls"])),
    ("/controls/{control}", Read(&["/controls/{control}", "/controls/{control}/findings"])),
    ("/history", Read(&["/history/statuses", "/history/differing"])),
    ("/history/compare", Read(&["/history/compare"])),
    ("/history/lapses", Read(&["/history/lapses"])),
    ("/history/{control}", Read(&["/controls/{control}/intervals"])),
    ("/frameworks", Read(&["/frameworks"])),
    ("/frameworks/2013", Read(&["/frameworks/2013/transition"])),
    ("/frameworks/{framework}", Read(&["/frameworks/{framework}/relations"])),
    ("/soa", Read(&["/soa", "/soa/versions"])),
    ("/soa/compare", Read(&["/soa/compare"])),
    ("/soa/versions/{entry}", Read(&["/soa/versions/{index}"])),
    ("/rollup", Read(&["/rollup"])),
    ("/gap", Read(&["/gap"])),
    ("/clauses", Read(&["/clauses"])),
    ("/rules", Read(&["/rules"])),
    ("/rules/packs", Read(&["/packs"])),
    ("/rules/packs/{entry}", Read(&["/packs/{index}"])),
    ("/rules/{rule}", Read(&["/rules/{rule}", "/rules/{rule}/findings"])),
    ("/search", Read(&["/search"])),
    ("/findings", Read(&["/findings"])),
    ("/findings/groups", Read(&["/findings/groups", "/findings"])),
    ("/kinds", Read(&["/kinds", "/coverage"])),
    ("/kinds/{kind}", Read(&["/kinds/{kind}/targets", "/rules"])),
    ("/trends", Read(&["/trends/statuses", "/trends/failures", "/trends/ages"])),
    ("/live", Nothing("tells open pages that something is newer; programs ask with If-None-Match")),
    ("/scope", Read(&["/scope/outside"])),
    ("/targets", Read(&["/targets"])),
    ("/targets/{target}", Read(&["/targets/{target}", "/targets/{target}/findings"])),
    ("/targets/{target}/{kind}", Read(&["/targets/{target}/kinds/{kind}"])),
    ("/evidence/{index}/{kind}/{target}", Read(&["/evidence/{index}/{kind}/{target}"])),
    (
        "/evidence/{index}/{kind}/{target}/document",
        Read(&["/evidence/{index}/{kind}/{target}/document"]),
    ),
    ("/entries/{index}", Read(&["/entries/{index}"])),
    ("/entries/{index}/{part}", Read(&["/entries/{index}/{part}"])),
    ("/agents", Read(&["/agents"])),
    ("/agents/{agent}", Read(&["/agents/{agent}", "/agents/{agent}/noticed"])),
    ("/log", Read(&["/log", "/log/noticed", "/entries"])),
    ("/reports", Read(&["/reports"])),
    ("/retention", Read(&["/retention/kinds", "/retention/holds", "/retention/deletions"])),
    ("/decisions", Read(&["/decisions"])),
    ("/decisions/{register}/{id}", Read(&["/decisions/{register}/{id}"])),
    ("/decisions/{register}/{id}/file/{index}", Read(&["/decisions/{register}/{id}/file/{index}"])),
    ("/decide/{register}", Nothing("an empty form; what it takes is described at POST /decisions")),
    ("/activity", Read(&["/activity"])),
    ("/help", Nothing("words for people, the same at every collector")),
    ("/audits", Read(&["/audits"])),
    ("/audits/{audit}", Read(&["/audits/{audit}"])),
    ("/audits/{audit}/requests", Read(&["/audits/{audit}/requests"])),
    ("/audits/{audit}/requests/{id}", Read(&["/audits/{audit}/requests"])),
    ("/audits/{audit}/findings", Read(&["/audits/{audit}/findings"])),
    ("/audits/{audit}/findings/{id}", Read(&["/audits/{audit}/findings"])),
    ("/audits/{audit}/files/{digest}", Read(&["/audits/{audit}/files/{digest}"])),
    ("/audits/{audit}/populations", Read(&["/audits/{audit}/populations"])),
    ("/audits/{audit}/populations/{id}", Read(&["/audits/{audit}/populations"])),
    (
        "/audits/{audit}/populations/{id}/{list}",
        Read(&["/audits/{audit}/populations/{population}/items"]),
    ),
    ("/audits/{audit}/evidence", Read(&["/audits/{audit}/evidence"])),
    (
        "/audits/{audit}/evidence/{index}/{kind}/{target}",
        Read(&["/audits/{audit}/evidence/{index}/{kind}/{target}/document"]),
    ),
    (
        "/audits/{audit}/evidence/{index}/{kind}/{target}/document",
        Read(&["/audits/{audit}/evidence/{index}/{kind}/{target}/document"]),
    ),
    ("/sign-in/second", Nothing("people sign in with a browser; programs have tokens")),
    ("/password", Nothing("the same")),
    ("/settings", Read(&["/me"])),
    ("/settings/second-factor", Nothing("a secret of a person and their app; no program has it")),
    ("/settings/sessions", Read(&["/settings/sessions"])),
    ("/settings/sessions/all", Read(&["/settings/sessions/all"])),
    ("/settings/tokens", Read(&["/settings/tokens"])),
    ("/settings/people", Read(&["/settings/people"])),
    ("/settings/people/{name}", Read(&["/settings/people/{person}"])),
    // Lists that stand beside others on a page.
    ("/history/{control}/intervals.csv", Read(&["/controls/{control}/intervals"])),
    ("/frameworks/{framework}/relations.csv", Read(&["/frameworks/{framework}/relations"])),
    ("/kinds/{kind}/targets.csv", Read(&["/kinds/{kind}/targets"])),
    ("/targets/{target}/kinds.csv", Read(&["/targets/{target}"])),
    ("/targets/{target}/{kind}/history.csv", Read(&["/targets/{target}/kinds/{kind}"])),
    ("/trends/statuses.csv", Read(&["/trends/statuses"])),
    ("/trends/failures.csv", Read(&["/trends/failures"])),
    ("/trends/ages.csv", Read(&["/trends/ages"])),
    ("/agents/{agent}/unseen.csv", Read(&["/agents/{agent}"])),
    ("/agents/{agent}/schedule.csv", Read(&["/agents/{agent}"])),
    ("/agents/{agent}/noticed.csv", Read(&["/agents/{agent}/noticed"])),
    ("/agents/{agent}/entries.csv", Read(&["/entries"])),
    ("/log/noticed.csv", Read(&["/log/noticed"])),
    ("/retention/kinds.csv", Read(&["/retention/kinds"])),
    ("/retention/holds.csv", Read(&["/retention/holds"])),
    ("/history/numbers.csv", Read(&["/history/statuses"])),
    ("/history/differing.csv", Read(&["/history/differing"])),
    ("/history/lapses/controls.csv", Read(&["/history/lapses"])),
    ("/history/compare/turned.csv", Read(&["/history/compare"])),
    ("/history/compare/happened.csv", Read(&["/history/compare"])),
    ("/audits/{audit}/activity.csv", Read(&["/audits/{audit}/activity"])),
    (
        "/audits/{audit}/populations/{id}/items.csv",
        Read(&["/audits/{audit}/populations/{population}/items"]),
    ),
];

/// Every address that changes something, with the operation that does it, too, or why there is none.
const DONE: &[(&str, Result<&str, &str>)] = &[
    ("/soa", Err("freezing is done at the page or at the command line")),
    ("/rules/packs/{entry}", Err("a second person approves at the page or at the command line")),
    ("/findings/waive", Ok("/decisions")),
    ("/reports/{kind}/{format}", Ok("/reports")),
    ("/decisions/{register}/{id}", Ok("/decisions")),
    ("/decide/{register}", Ok("/decisions")),
    ("/audits/{audit}/requests", Ok("/decisions")),
    (
        "/audits/{audit}/populations",
        Err("an auditor looks on while a list is frozen: at the page or at the command line"),
    ),
    ("/audits/{audit}/populations/{id}", Err("the same, while a sample is drawn")),
    ("/audits/{audit}/bundle", Err("a file of any size: at the page or at the command line")),
    ("/sign-in/second", Err("people sign in with a browser; programs have tokens")),
    ("/password", Err("the same")),
    ("/sign-out", Ok("/settings/sessions/end")),
    ("/settings/second-factor", Err("a secret of a person and their app; no program has it")),
    ("/settings/sessions", Ok("/settings/sessions/end")),
    ("/settings/sessions/all", Ok("/settings/sessions/all/end")),
    ("/settings/tokens", Ok("/settings/tokens")),
    ("/settings/people", Err("who may sign in, is decided by a person at the page")),
    ("/settings/people/{name}", Err("the same")),
];

/// Addresses of what people see: not those that anybody may ask, nor those of programs.
fn pages(method: &Method) -> BTreeSet<&'static str> {
    let rows = TABLES.iter().copied().flatten();
    let asked = |row: &&Row| {
        let need = row.need(method).and_then(|need| need.right(row.path));
        need.is_some() && row.path != "/api" && !row.path.starts_with("/api/")
    };
    rows.filter(asked).map(|row| row.path).collect()
}

fn operations() -> Value {
    let described: Value = serde_json::from_str(&crate::web::api::description()).unwrap();
    described["paths"].clone()
}

#[test]
fn whatever_a_page_shows_the_api_gives_too_or_says_why_not() {
    let (operations, mut wrong) = (operations(), Vec::new());
    let mut listed: BTreeSet<&str> = BTreeSet::new();
    for (page, there) in SHOWN {
        listed.insert(page);
        match there {
            Read(all) => wrong.extend(
                all.iter()
                    .filter(|path| operations[**path]["get"].is_null())
                    .map(|path| format!("{page}: there is no operation GET {path}")),
            ),
            Nothing(why) => assert!(!why.is_empty(), "{page}"),
        }
    }
    let pages = pages(&Method::GET);
    // A list as CSV is that of its page.
    let has = |page: &&str| {
        let of = page.strip_suffix(".csv").unwrap_or(page);
        listed.contains(page) || listed.contains(of)
    };
    wrong.extend(pages.iter().filter(|page| !has(page)).map(|page| {
        format!("{page}: name what stands for it in the API, or say why there is nothing")
    }));
    let spoken = |page: &&&str| pages.contains(**page) || pages.contains(&*format!("{page}.csv"));
    wrong.extend(
        listed.iter().filter(|page| !spoken(page)).map(|page| format!("{page} is no page")),
    );
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn whatever_a_form_does_the_api_does_too_or_says_why_not() {
    let (operations, mut wrong) = (operations(), Vec::new());
    for (page, there) in DONE {
        match there {
            Ok(path) if operations[*path]["post"].is_null() => {
                wrong.push(format!("{page}: there is no operation POST {path}"));
            }
            Ok(_) => {}
            Err(why) => assert!(!why.is_empty(), "{page}"),
        }
    }
    let listed: BTreeSet<&str> = DONE.iter().map(|(page, _)| *page).collect();
    let pages = pages(&Method::POST);
    wrong.extend(
        pages
            .symmetric_difference(&listed)
            .map(|page| format!("{page}: a form and its line here go together")),
    );
    assert!(wrong.is_empty(), "{wrong:#?}");
}
