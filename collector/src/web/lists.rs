//! Lists that stand beside others on a page, as CSV: whoever sees one can take it away. Each is the table of its page, asked for again.

use std::sync::Arc;

use super::moment::Past;
use super::pages::{
    agents, audits, gap, grouped, history, log, retention, rollup, search, soa, targets, trends,
};
use super::routes::Routes;
use super::table::Table;
use super::{Ask, Site, WebError, page, page_of, present, timeless};

pub(super) fn routes() -> Routes<Arc<Site>> {
    Routes::new()
        .route("/search.csv", page(|ask| csv(ask, "search", search::table)))
        .route("/rollup.csv", page(rollup::csv))
        .route("/gap.csv", page(|ask| csv(ask, "gap", gap::table)))
        .route("/trends/statuses.csv", page(trends::tables::statuses))
        .route("/trends/failures.csv", page(trends::tables::failures))
        .route("/trends/ages.csv", page(trends::tables::ages))
        .route(
            "/findings/groups.csv",
            page_of(Past::Unknown, |ask| csv(ask, "finding-groups", grouped::table)),
        )
        .route("/targets/{target}/kinds.csv", page(|ask| csv(ask, "kinds", targets::kinds::table)))
        .route("/agents/{agent}/unseen.csv", page(|ask| csv(ask, "unseen", agents::unseen_table)))
        .route(
            "/agents/{agent}/schedule.csv",
            page(|ask| csv(ask, "schedule", agents::schedule_table)),
        )
        .route(
            "/agents/{agent}/noticed.csv",
            page(|ask| csv(ask, "noticed", agents::noticed_table)),
        )
        .route(
            "/agents/{agent}/entries.csv",
            page(|ask| csv(ask, "entries", agents::entries_table)),
        )
        .route("/log/noticed.csv", present(|ask| csv(ask, "noticed", log::noticed_table)))
        .route("/retention/kinds.csv", present(|ask| csv(ask, "retention", retention::kinds)))
        .route("/retention/holds.csv", present(|ask| csv(ask, "holds", retention::holds)))
        .route("/history/numbers.csv", page(|ask| csv(ask, "statuses", history::numbers_table)))
        .route(
            "/history/differing.csv",
            page(|ask| csv(ask, "differing", history::differing_table)),
        )
        .route(
            "/history/lapses/controls.csv",
            timeless(|ask| csv(ask, "lapses-by-control", history::lapses::controls_table)),
        )
        .route("/history/compare/turned.csv", timeless(history::compare::turned_csv))
        .route(
            "/history/compare/happened.csv",
            timeless(|ask| csv(ask, "happened", history::compare::happened_table)),
        )
        .route("/soa/compare.csv", page(|ask| csv(ask, "soa-compared", soa::differences_table)))
        .route(
            "/audits/{audit}/populations.csv",
            page(|ask| csv(ask, "populations", audits::populations_table)),
        )
        .route(
            "/audits/{audit}/activity.csv",
            page(|ask| csv(ask, "audit-activity", audits::did_table)),
        )
        .route(
            "/audits/{audit}/evidence.csv",
            page(|ask| csv(ask, "evidence", audits::evidence::table)),
        )
        .route(
            "/audits/{audit}/populations/{id}/items.csv",
            page(|ask| csv(ask, "items", audits::population::items_table)),
        )
}

fn csv(
    ask: &Ask,
    name: &str,
    table: fn(&Ask) -> Result<Table, WebError>,
) -> Result<axum::response::Response, WebError> {
    Ok(ask.csv(name, &table(ask)?))
}
