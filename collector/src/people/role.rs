//! Roles, and what each of them may do. The only place that says so; it never knows a page.

use std::fmt;
use std::str::FromStr;

/// Something that not everybody may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Right {
    /// Be here at all: help, and what is not there.
    Enter,
    /// One's own password, sessions, second factor and tokens.
    OwnAccount,
    /// Statuses, findings, targets, decisions, the log.
    See,
    /// Documents, envelopes and files that people brought.
    SeeEvidence,
    /// Bring evidence, attest, write notes.
    Bring,
    /// Every other decision: waivers, scope, applicability, labels, ….
    Decide,
    /// Be the second person of a decision.
    Approve,
    /// Reports.
    Export,
    /// Take part in audits.
    AuditRoom,
    /// Make audits and say who takes part.
    Audit,
    /// People, their roles and sessions.
    Administer,
}

impl Right {
    pub const ALL: [Self; 11] = [
        Self::Enter,
        Self::OwnAccount,
        Self::See,
        Self::SeeEvidence,
        Self::Bring,
        Self::Decide,
        Self::Approve,
        Self::Export,
        Self::AuditRoom,
        Self::Audit,
        Self::Administer,
    ];

    /// As programs are told it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Enter => "enter",
            Self::OwnAccount => "own_account",
            Self::See => "see",
            Self::SeeEvidence => "see_evidence",
            Self::Bring => "bring",
            Self::Decide => "decide",
            Self::Approve => "approve",
            Self::Export => "export",
            Self::AuditRoom => "audit_room",
            Self::Audit => "audit",
            Self::Administer => "administer",
        }
    }

    /// What it lets a person do, after "may".
    pub fn what(self) -> &'static str {
        match self {
            Self::Enter => "sign in",
            Self::OwnAccount => "look after their own account",
            Self::See => "see controls, findings, targets and the log",
            Self::SeeEvidence => "see documents and files",
            Self::Bring => "bring evidence, attest and write notes",
            Self::Decide => "decide about waivers, scope, applicability and labels",
            Self::Approve => "approve what others decided",
            Self::Export => "make reports",
            Self::AuditRoom => "take part in audits",
            Self::Audit => "make audits",
            Self::Administer => "manage people",
        }
    }
}

/// A set of rights.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rights(u16);

impl Rights {
    pub const NONE: Self = Self(0);

    pub const fn of(rights: &[Right]) -> Self {
        let (mut set, mut at) = (0, 0);
        while at < rights.len() {
            set |= 1 << rights[at] as u16;
            at += 1;
        }
        Self(set)
    }

    pub const fn has(self, right: Right) -> bool {
        self.0 & (1 << right as u16) != 0
    }

    /// What either has.
    #[must_use]
    pub const fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// What both have.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }
}

/// What a person is here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    Viewer,
    Contributor,
    Compliance,
    Admin,
    Auditor,
}

const VIEWER: Rights =
    Rights::of(&[Right::Enter, Right::OwnAccount, Right::See, Right::SeeEvidence]);
const CONTRIBUTOR: Rights = Rights::of(&[
    Right::Enter,
    Right::OwnAccount,
    Right::See,
    Right::SeeEvidence,
    Right::Bring,
    Right::Export,
    Right::AuditRoom,
]);
const COMPLIANCE: Rights = Rights::of(&[
    Right::Enter,
    Right::OwnAccount,
    Right::See,
    Right::SeeEvidence,
    Right::Bring,
    Right::Decide,
    Right::Approve,
    Right::Export,
    Right::AuditRoom,
    Right::Audit,
]);
const AUDITOR: Rights = Rights::of(&[
    Right::Enter,
    Right::OwnAccount,
    Right::See,
    Right::SeeEvidence,
    Right::Export,
    Right::AuditRoom,
]);
/// An auditor of one audit sees that one.
const BOUND: Rights = Rights::of(&[Right::Enter, Right::OwnAccount, Right::AuditRoom]);

impl Role {
    pub const ALL: [Self; 5] =
        [Self::Viewer, Self::Contributor, Self::Compliance, Self::Admin, Self::Auditor];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Contributor => "contributor",
            Self::Compliance => "compliance",
            Self::Admin => "admin",
            Self::Auditor => "auditor",
        }
    }

    /// For whoever chooses one.
    pub fn about(self) -> &'static str {
        match self {
            Self::Viewer => "sees everything, changes nothing",
            Self::Contributor => "also brings evidence, attests, writes notes, answers audits",
            Self::Compliance => "also decides and approves, makes audits",
            Self::Admin => "everything, and people",
            Self::Auditor => {
                "sees until a date, each look at evidence logged; of one audit only, if bound to it"
            }
        }
    }

    /// What the role may do; `audit`: it is bound to one.
    pub const fn rights(self, audit: bool) -> Rights {
        match self {
            Self::Viewer => VIEWER,
            Self::Contributor => CONTRIBUTOR,
            Self::Compliance => COMPLIANCE,
            Self::Admin => Rights::of(&Right::ALL),
            Self::Auditor if audit => BOUND,
            Self::Auditor => AUDITOR,
        }
    }

    /// Names of the roles that may do it, for those that may not.
    pub fn that_may(right: Right) -> String {
        let may: Vec<&str> = Self::ALL
            .into_iter()
            .filter(|role| role.rights(false).has(right))
            .map(Self::as_str)
            .collect();
        may.join(", ")
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Role {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|role| role.as_str() == text);
        found.ok_or_else(|| {
            format!(
                "there is no role {text:?}: expected viewer, contributor, compliance, admin or auditor"
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_admin_manages_people_and_readers_change_nothing() {
        let manage: Vec<Role> = Role::ALL
            .into_iter()
            .filter(|role| role.rights(false).has(Right::Administer))
            .collect();
        assert_eq!(manage, [Role::Admin]);
        let changing = [Right::Bring, Right::Decide, Right::Approve, Right::Audit];
        for role in [Role::Viewer, Role::Auditor] {
            assert!(changing.iter().all(|right| !role.rights(false).has(*right)), "{role}");
        }
        assert!(!Role::Auditor.rights(true).has(Right::See));
        assert!(Role::ALL.into_iter().all(|role| role.rights(false).has(Right::OwnAccount)));
    }

    #[test]
    fn roles_read_as_they_are_written() {
        for role in Role::ALL {
            assert_eq!(role.as_str().parse(), Ok(role));
        }
        assert!("Admin".parse::<Role>().unwrap_err().contains("\"Admin\""));
        assert_eq!(Role::that_may(Right::Decide), "compliance, admin");
    }

    #[test]
    fn a_set_of_rights_is_what_it_was_made_of() {
        for right in Right::ALL {
            let alone = Rights::of(&[right]);
            assert_eq!(Right::ALL.into_iter().filter(|other| alone.has(*other)).count(), 1);
            assert!(alone.has(right) && Rights::of(&Right::ALL).has(right));
            assert_eq!(alone.and(Rights::NONE), Rights::NONE);
        }
    }
}
