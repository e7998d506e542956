//! A framework of the organisation's own stands wherever the others do; one that was refused says so.

use std::fs;
use std::sync::Arc;

use axum::http::StatusCode;

use super::{FRAMEWORKS, Site};
use crate::frameworks::Frameworks;

fn site(frameworks: Frameworks) -> Site {
    FRAMEWORKS.set(Some(frameworks));
    Site::new(|_nothing| {})
}

const RELATIONS: &str =
    "id_2022,framework_id,relationship,source\nA.8.13,H.1,asks for more,<b>Ada</b> 2026\n";

fn own(relations: &str) -> Frameworks {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().join("acme");
    fs::create_dir(&folder).unwrap();
    fs::write(folder.join("framework.json"), r#"{"id": "acme", "title": "House rules"}"#).unwrap();
    fs::write(folder.join("controls.csv"), "id,title\nH.1,Copies of everything\n").unwrap();
    fs::write(folder.join("crosswalk.csv"), relations).unwrap();
    Frameworks::read(Some(dir.path())).unwrap()
}

#[tokio::test]
async fn an_own_framework_stands_where_the_others_do() {
    let site = site(own(RELATIONS));
    let cookie = site.enter().await;
    for path in
        ["/frameworks", "/frameworks/acme", "/controls/A.8.13", "/controls", "/search?q=house"]
    {
        let page = site.get(path, &cookie).await;
        assert_eq!(page.status, StatusCode::OK, "{path}");
        assert!(page.body.contains("House rules"), "{path}");
    }
    let page = site.get("/frameworks/acme", &cookie).await.body;
    assert!(page.contains("&#60;b&#62;Ada") && page.contains("Copies of everything"), "{page}");
    let csv = site.get("/frameworks/acme/relations.csv", &cookie).await.body;
    assert!(csv.contains("asks for more"), "{csv}");
    let said = site.get("/api/v1/frameworks", &cookie).await.body;
    assert!(said.contains(r#""acme""#), "{said}");
}

#[tokio::test]
async fn a_refused_framework_is_named_with_the_way_out() {
    let known = own(&RELATIONS.replace("A.8.13", "A.8.99"));
    assert!(Arc::clone(&known.refused)[0].why.contains("crosswalk.csv:2: "));
    let site = site(known);
    let cookie = site.enter().await;
    let page = site.get("/frameworks", &cookie).await.body;
    assert!(page.contains("crosswalk.csv:2: ") && page.contains("frameworks test"), "{page}");
    assert_eq!(site.get("/frameworks/acme", &cookie).await.status, StatusCode::NOT_FOUND);
}
