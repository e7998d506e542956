//! What is counted once is shown to whoever may see it, and to nobody else.

use axum::http::StatusCode;

use super::{Site, fill};
use crate::people::Role;

#[tokio::test]
async fn what_was_counted_for_one_opens_nothing_to_who_may_not_see_it() {
    let site = Site::new(fill);
    let viewer = site.entered("vera", Role::Viewer, None);
    let other = site.entered("nora", Role::Compliance, None);
    let bound = site.entered("bela", Role::Auditor, Some("AU-1"));
    for path in [
        "/gap",
        "/kinds",
        "/trends",
        "/findings/groups?by=target",
        "/history/compare",
        "/history/lapses",
        "/api/v1/gap",
        "/api/v1/kinds",
        "/api/v1/history/compare",
    ] {
        for cookie in [&viewer, &other] {
            let shown = site.get(path, cookie).await;
            assert_eq!(shown.status, StatusCode::OK, "{path}: {}", shown.body);
            let names = ["vera", "nora"].map(|name| shown.body.contains(name));
            let own = if path.starts_with("/api/") {
                [false; 2]
            } else {
                [cookie == &viewer, cookie == &other]
            };
            assert_eq!(names, own, "{path} is made for whoever asks");
        }
        let refused = site.get(path, &bound).await;
        assert_eq!(refused.status, StatusCode::FORBIDDEN, "{path}: {}", refused.body);
        let stranger = site.get(path, "").await.status;
        assert!(
            [StatusCode::SEE_OTHER, StatusCode::UNAUTHORIZED].contains(&stranger),
            "{path}: {stranger}"
        );
    }
}
