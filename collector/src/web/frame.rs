//! What every page shows around its content: where people can go, who they are, what they may. Judges nothing: `rights` does.

use axum::http::Method;

use super::guard::SignedIn;
use super::moment::Picker;
use super::{Site, assets, navigation, rights};
use crate::people::{Right, Rights};

/// What every page shows around its content.
pub(super) struct Frame {
    pub(super) title: String,
    /// Which entry of the navigation is the present one.
    pub(super) section: &'static str,
    pub(super) user: Option<String>,
    /// What may be offered on the page.
    pub(super) rights: Rights,
    pub(super) csrf: String,
    pub(super) origin: String,
    pub(super) css: String,
    pub(super) script: String,
    /// Of pages that have a past.
    pub(super) picker: Option<Picker>,
}

impl Frame {
    pub(super) fn new(
        site: &Site,
        title: String,
        section: &'static str,
        who: Option<&SignedIn>,
    ) -> Self {
        let (css, script) = (assets::address("exhibit.css"), assets::address("exhibit.js"));
        Self {
            title,
            section,
            user: who.map(|who| who.user.clone()),
            rights: who.map_or(Rights::NONE, |who| who.rights),
            csrf: who.map(|who| who.csrf.clone()).unwrap_or_default(),
            origin: site.origin.clone(),
            css,
            script,
            picker: None,
        }
    }

    pub(super) fn is_past(&self) -> bool {
        self.picker.as_ref().is_some_and(|picker| picker.then.is_some())
    }

    /// Whether to offer something that needs the right.
    pub(super) fn may(&self, right: Right) -> bool {
        self.rights.has(right)
    }

    /// Whether to offer a decision in a register.
    pub(super) fn may_decide(&self, register: &str) -> bool {
        self.rights.has(rights::of_register(register))
    }

    /// Whether the person may look at one of our own addresses.
    pub(super) fn may_open(&self, href: &str) -> bool {
        let path = href.split(['?', '#']).next().unwrap_or_default();
        let need = rights::matching(path).and_then(|row| row.need(&Method::GET));
        need.is_some_and(|need| need.right(path).is_none_or(|right| self.rights.has(right)))
    }

    /// Whether they may look at any page of a group.
    pub(super) fn may_any(&self, group: &navigation::Group) -> bool {
        group.pages.iter().any(|page| self.may_open(page.href))
    }

    pub(super) fn here(&self, section: &str) -> bool {
        self.section == section
    }
}
