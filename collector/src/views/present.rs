//! The pack in force, lent to whoever reads: what was lent stays, also when another pack comes into force meanwhile.

use std::sync::{Mutex, OnceLock, PoisonError};

use super::Assessor;

/// Assessors that were in force while somebody could ask. It only grows: a program sees few packs in its life.
pub(super) struct Present {
    first: Link,
    now: Mutex<Option<String>>,
}

struct Link {
    assessor: Assessor,
    next: OnceLock<Box<Link>>,
}

impl Present {
    /// Until something else is known, `shipped` judges.
    pub(super) fn new(shipped: Assessor) -> Self {
        let first = Link { assessor: shipped, next: OnceLock::new() };
        Self { first, now: Mutex::new(None) }
    }

    /// What the program brings.
    pub(super) fn shipped(&self) -> &Assessor {
        &self.first.assessor
    }

    /// The one in force, once that was said.
    pub(super) fn now(&self) -> Option<&Assessor> {
        let digest = self.now.lock().unwrap_or_else(PoisonError::into_inner).clone()?;
        self.find(&digest)
    }

    /// Says which one is in force from now on.
    pub(super) fn set(&self, assessor: &Assessor) {
        // Under the lock, so that nobody else adds a link meanwhile.
        let mut now = self.now.lock().unwrap_or_else(PoisonError::into_inner);
        let digest = assessor.pack().digest();
        if now.as_deref() == Some(digest) {
            return;
        }
        self.add(assessor);
        *now = Some(digest.to_owned());
    }

    /// Keeps one that was in force earlier, and says nothing of now.
    pub(super) fn keep(&self, assessor: &Assessor) {
        let _now = self.now.lock().unwrap_or_else(PoisonError::into_inner);
        self.add(assessor);
    }

    fn add(&self, assessor: &Assessor) {
        if self.find(assessor.pack().digest()).is_some() {
            return;
        }
        let mut last = &self.first;
        while let Some(next) = last.next.get() {
            last = next;
        }
        let link = || Box::new(Link { assessor: assessor.clone(), next: OnceLock::new() });
        last.next.get_or_init(link);
    }

    pub(super) fn find(&self, digest: &str) -> Option<&Assessor> {
        let mut at = Some(&self.first);
        while let Some(link) = at {
            if link.assessor.pack().digest() == digest {
                return Some(&link.assessor);
            }
            at = link.next.get().map(Box::as_ref);
        }
        None
    }
}
