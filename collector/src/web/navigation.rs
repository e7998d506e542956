//! Where people can go: groups of pages, in the order in which they are looked for. Never decides who may see them.

/// Pages that belong together. A group of one page is a link, any other unfolds.
pub(super) struct Group {
    pub(super) label: &'static str,
    pub(super) pages: &'static [Place],
}

/// One page of the navigation.
pub(super) struct Place {
    /// What a page's [`super::Frame`] names to be the present one.
    pub(super) section: &'static str,
    pub(super) href: &'static str,
    pub(super) label: &'static str,
}

const fn place(section: &'static str, href: &'static str, label: &'static str) -> Place {
    Place { section, href, label }
}

/// A page more is a line here.
pub(super) const GROUPS: [Group; 8] = [
    Group { label: "Today", pages: &[place("today", "/", "Today")] },
    Group {
        label: "Controls",
        pages: &[
            place("controls", "/controls", "Controls"),
            place("soa", "/soa", "Statement of applicability"),
            place("gap", "/gap", "Gap analysis"),
            place("rollup", "/rollup", "Roll-up"),
            place("rules", "/rules", "Rules"),
            place("frameworks", "/frameworks", "Frameworks"),
            place("clauses", "/clauses", "Clauses"),
        ],
    },
    Group { label: "Findings", pages: &[place("findings", "/findings", "Findings")] },
    Group {
        label: "Evidence",
        pages: &[
            place("targets", "/targets", "Targets"),
            place("scope", "/scope", "Outside of the scope"),
            place("kinds", "/kinds", "Kinds"),
            place("agents", "/agents", "Agents"),
        ],
    },
    Group {
        label: "History",
        pages: &[place("history", "/history", "History"), place("trends", "/trends", "Trends")],
    },
    Group {
        label: "Work",
        pages: &[
            place("decisions", "/decisions", "Decisions"),
            place("audits", "/audits", "Audits"),
            place("reports", "/reports", "Reports"),
        ],
    },
    Group {
        label: "Log",
        pages: &[
            place("log", "/log", "Log"),
            place("activity", "/activity", "Activity"),
            place("retention", "/retention", "Retention"),
        ],
    },
    Group { label: "Help", pages: &[place("help", "/help", "Help")] },
];

impl Group {
    /// Whether the present page is one of it.
    pub(super) fn holds(&self, section: &str) -> bool {
        self.pages.iter().any(|page| page.section == section)
    }

    /// The page, where there is only one.
    pub(super) fn only(&self) -> Option<&'static Place> {
        match self.pages {
            [page] => Some(page),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn no_page_stands_in_the_navigation_twice() {
        let pages = || GROUPS.iter().flat_map(|group| group.pages);
        let sections: BTreeSet<&str> = pages().map(|page| page.section).collect();
        let addresses: BTreeSet<&str> = pages().map(|page| page.href).collect();
        assert_eq!((sections.len(), addresses.len()), (pages().count(), pages().count()));
    }
}
