//! Where the help page explains what stands at the head of a column or beside a number. Never explains anything itself.

/// A label, and the place on the help page.
const TERMS: [(&str, &str); 41] = [
    ("Status", "statuses"),
    ("Live state", "statuses"),
    ("Worst", "statuses"),
    ("Met", "statuses"),
    ("Not met", "statuses"),
    ("Stale", "statuses"),
    ("No evidence", "statuses"),
    ("Manual", "statuses"),
    ("Excluded", "statuses"),
    ("Passing targets", "passing"),
    ("Passing", "passing"),
    ("Passing then", "passing"),
    ("Passing after", "passing"),
    ("Verdict", "verdicts"),
    ("Pass", "verdicts"),
    ("Fail", "verdicts"),
    ("Passing rules", "verdicts"),
    ("Failing rules", "verdicts"),
    ("Items", "items"),
    ("Severity", "severity"),
    ("Fresh for", "freshness"),
    ("Window (h)", "freshness"),
    ("Direct rules", "strengths"),
    ("Supporting", "strengths"),
    ("Last run", "outcomes"),
    ("Seen", "outcomes"),
    ("Wholly", "outcomes"),
    ("Partly", "outcomes"),
    ("Not seen", "outcomes"),
    ("Never answered", "outcomes"),
    ("Cannot see", "outcomes"),
    ("Unchanged since", "unchanged"),
    ("Missing statements", "gap"),
    ("Spool", "spool"),
    ("Dropped", "spool"),
    ("Clock offset", "clock"),
    ("Standing", "standing"),
    ("Applicable", "applicable"),
    ("Waived", "decision"),
    ("Relation", "relation"),
    ("Entry", "entry"),
];

/// The place on the help page that explains a label, if one does.
pub(super) fn of(label: &str) -> Option<&'static str> {
    TERMS.iter().find(|(term, _)| *term == label).map(|(_, place)| *place)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    const HELP: &str = include_str!("../../templates/help.html");

    #[test]
    fn every_term_leads_to_a_place_that_the_help_page_has() {
        let labels: BTreeSet<&str> = TERMS.iter().map(|(label, _)| *label).collect();
        assert_eq!(labels.len(), TERMS.len(), "a label stands there twice");
        for (label, place) in TERMS {
            assert_eq!(HELP.matches(&format!("id=\"{place}\"")).count(), 1, "{label}: {place}");
        }
    }
}
