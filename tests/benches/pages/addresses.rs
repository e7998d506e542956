//! What is asked: every address of the collector's list of rights that is only looked at, its parameters out of links, and long
//! lists from several sides.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use anyhow::{Context as _, Result};
use exhibit_tests::addresses::{looked_at, pattern_of};
use reqwest::StatusCode;
use serde_json::{Value, json};

use super::people::Person;
use super::tell;

/// Addresses that are no page and no answer of the API: streams, files, and what is met in the middle of a sign-in.
const OTHERS: [&str; 5] =
    ["/live", "/sign-in/second", "/sign-in/oidc", "/sign-in/oidc/callback", "/api/try"];
/// So many addresses of each pattern, so that not one row is asked for again and again.
const EACH: usize = 6;
/// And so many of each page as of an earlier moment.
const EARLIER: usize = 2;
/// Pages that have no past.
const ONLY_NOW: [&str; 5] = ["/decide/", "/password", "/help", "/sign-", "/search"];
/// Where somebody goes by hand.
const FIRST: [&str; 6] = ["/", "/sign-in", "/password", "/api", "/settings", "/audits"];
/// Long lists from their middle, sorted, filtered, searched; a control's and a target's own; an earlier moment.
const SIDES: [&str; 38] = [
    "/targets?page=40",
    "/targets?sort=-failing",
    "/targets?sort=seen",
    "/targets?q=77",
    "/findings?page=3000",
    "/findings?verdict=fail",
    "/findings?sort=-since",
    "/findings?q=host-77",
    "/agents?page=40",
    "/agents?sort=-unseen",
    "/agents?q=77",
    "/agents?health=silent",
    "/kinds/patch.status?page=40",
    "/kinds/patch.status?state=partly",
    "/kinds/patch.status?sort=seen",
    "/activity?q=sign",
    "/log?page=2",
    "/search?q=host-77",
    "/search?q=A.8.8",
    "/search?q=ab12",
    "/controls?as_of=1d",
    "/api/v1/targets?offset=5000",
    "/api/v1/targets?sort=-failing",
    "/api/v1/targets?q=77",
    "/api/v1/targets?limit=1000",
    "/api/v1/findings?offset=900000",
    "/api/v1/findings?verdict=fail",
    "/api/v1/findings?sort=-since",
    "/api/v1/findings?limit=1000",
    "/api/v1/evidence?offset=200000",
    "/api/v1/evidence?kind=patch.status",
    "/api/v1/evidence?sort=-last",
    "/api/v1/evidence?q=host-77",
    "/api/v1/agents?offset=5000",
    "/api/v1/agents?sort=-unseen",
    "/api/v1/entries?limit=1000",
    "/api/v1/activity?limit=1000",
    "/api/v1/search?q=host-77",
];

/// Addresses by what they are a case of.
pub(super) struct Addresses {
    pub(super) by_label: BTreeMap<String, Vec<String>>,
    /// What the first look at each took.
    pub(super) cold: Value,
    /// Patterns that no link leads to, and answers that were none.
    pub(super) unmet: Value,
}

/// Patterns of all that is only looked at and is no download.
fn patterns() -> Vec<String> {
    let asked = |path: &&str| {
        let file =
            path.ends_with(".csv") || path.ends_with("/document") || path.contains("{digest}");
        let part = ["{part}", "{list}", "/file/{index}"].iter().any(|end| path.ends_with(end));
        !(file || part || OTHERS.contains(path))
    };
    looked_at().filter(asked).map(str::to_owned).collect()
}

impl Addresses {
    /// Follows links from the first page on, then asks the API about the same things.
    pub(super) async fn found(person: &Person, (only, without): (&str, &[String])) -> Result<Self> {
        let left_out = |address: &str| without.iter().any(|text| address.contains(text.as_str()));
        let patterns = patterns();
        let mut all = Self { by_label: BTreeMap::new(), cold: Value::Null, unmet: Value::Null };
        let (mut cold, mut odd) = (Vec::new(), BTreeMap::new());
        let mut next: VecDeque<String> = FIRST.map(str::to_owned).into();
        let mut seen: BTreeSet<String> = next.iter().cloned().collect();
        while let Some(address) = next.pop_front() {
            if left_out(&address) {
                continue;
            }
            let Some(pattern) = pattern_of(&patterns, &address).cloned() else { continue };
            let register = address.split(['/', '?']).nth(2).unwrap_or_default();
            let label = pattern.replace("{register}", register);
            if all.by_label.get(&label).is_some_and(|known| known.len() >= EACH) {
                continue;
            }
            let answer = person.get(&address).await?;
            if answer.status != StatusCode::OK {
                odd.insert(address, answer.status.as_u16());
                continue;
            }
            cold.push((answer.milliseconds, address.clone()));
            let page = String::from_utf8_lossy(&answer.body).into_owned();
            for link in links(&page) {
                if seen.insert(link.clone()) {
                    next.push_back(link);
                }
            }
            all.by_label.entry(label).or_default().push(address);
        }
        let programs = patterns.iter().filter(|pattern| pattern.starts_with("/api/v1"));
        for pattern in programs {
            let paths = all.like(pattern);
            all.by_label.entry(pattern.clone()).or_default().extend(paths);
        }
        for (label, addresses) in all.earlier() {
            all.by_label.entry(label).or_default().extend(addresses);
        }
        for side in SIDES {
            all.by_label.entry(side.to_owned()).or_default().push(moment(side));
        }
        all.by_label.retain(|label, _| label.contains(only) && !left_out(label));
        let mut left = BTreeMap::new();
        for (label, paths) in std::mem::take(&mut all.by_label) {
            let mut fine = Vec::new();
            for path in paths {
                let (status, _, milliseconds) = person.weigh(&path).await?;
                if status == StatusCode::OK {
                    cold.push((milliseconds, path.clone()));
                    fine.push(path);
                } else {
                    odd.insert(path, status.as_u16());
                }
            }
            if !fine.is_empty() {
                left.insert(label, fine);
            }
        }
        all.by_label = left;
        let met = |pattern: &&String| {
            let mut labels = all.by_label.keys();
            !labels.any(|label| pattern_of(&patterns, label) == Some(*pattern))
        };
        let missed: Vec<&String> =
            patterns.iter().filter(|_| only.is_empty()).filter(met).collect();
        all.unmet = json!({ "patterns": missed, "answers": odd });
        cold.sort_by(|a, b| b.0.total_cmp(&a.0));
        for (milliseconds, address) in cold.iter().take(25) {
            tell(&format!("{milliseconds:9.1} ms  {address}"));
        }
        let slowest = cold.iter().take(40).map(|(ms, address)| json!([address, ms]));
        all.cold = json!({ "addresses": cold.len(), "slowest_ms": slowest.collect::<Vec<_>>() });
        Ok(all)
    }

    /// Pages as of a midnight a month ago, each in a few of its addresses.
    fn earlier(&self) -> Vec<(String, Vec<String>)> {
        let page = |label: &str| {
            !(label.starts_with("/api") || ONLY_NOW.iter().any(|begin| label.starts_with(begin)))
        };
        let pages = self.by_label.iter().filter(|(label, _)| page(label));
        let then = |address: &String| moment(&format!("{address}?as_of=30d"));
        let labelled = pages.map(|(label, addresses)| {
            (format!("{label}?as_of=30d"), addresses.iter().take(EARLIER).map(then).collect())
        });
        labelled.collect()
    }

    /// Addresses of the API with the parameters of pages that have the same.
    fn like(&self, pattern: &str) -> Vec<String> {
        let names: Vec<&str> = pattern.split('/').filter(|part| part.starts_with('{')).collect();
        if names.is_empty() {
            return vec![match pattern {
                "/api/v1/history/compare" => moment("/api/v1/history/compare?from=1d"),
                "/api/v1/search" => format!("{pattern}?q=host-1"),
                other => other.to_owned(),
            }];
        }
        let has = |page: &str| names.iter().all(|name| page.split('/').any(|part| part == *name));
        let pages =
            self.by_label.iter().filter(|(page, _)| has(page) && !page.starts_with("/api/"));
        // The page with the fewest parameters besides.
        let Some((page, addresses)) = pages.min_by_key(|(page, _)| page.matches('{').count())
        else {
            return Vec::new();
        };
        let filled = addresses.iter().map(|address| {
            let given: BTreeMap<&str, &str> = page.split('/').zip(address.split('/')).collect();
            let parts = pattern.split('/').map(|part| given.get(part).copied().unwrap_or(part));
            let filled = parts.collect::<Vec<_>>().join("/");
            filled.split(['?', '#']).next().unwrap_or_default().to_owned()
        });
        filled.collect()
    }
}

/// `1d` as the day before today, `30d` as that 30 days ago.
fn moment(address: &str) -> String {
    [1, 30].iter().fold(address.to_owned(), |address, days| {
        let day = jiff::Timestamp::now() - jiff::SignedDuration::from_hours(24 * days);
        let day: String = day.to_string().chars().take(10).collect();
        address.replace(&format!("={days}d"), &format!("={day}"))
    })
}

/// Our own addresses that a page leads to, without what they are asked for.
fn links(page: &str) -> Vec<String> {
    let targets = page.split("href=\"/").skip(1).filter_map(|after| after.split('"').next());
    let path = |target: &str| {
        let path = target.split(['?', '#', '&']).next().unwrap_or_default();
        (!path.starts_with("assets/")).then(|| format!("/{path}"))
    };
    targets.filter_map(path).collect()
}

/// The first page with its stylesheets and scripts, as bytes on the wire.
pub(super) async fn weight(person: &Person) -> Result<Value> {
    let (_, page, milliseconds) = person.weigh("/").await?;
    let text = String::from_utf8(person.get("/").await?.body).context("a page is text")?;
    let assets: BTreeSet<&str> = text
        .split(['"', '\''])
        .filter(|part| part.starts_with("/assets/"))
        .map(|part| part.split('#').next().unwrap_or(part))
        .collect();
    let mut bytes = page;
    for asset in &assets {
        bytes += person.weigh(asset).await?.1;
    }
    Ok(
        json!({ "page_bytes": page, "with_assets_bytes": bytes, "assets": assets.len(), "first_ms": milliseconds }),
    )
}
