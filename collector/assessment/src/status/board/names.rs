//! Texts by number, so that what is said of ten thousand targets takes a place in a row instead of a text.

use std::{collections::HashMap, sync::Arc};

/// Numbers from 0 in the order of arrival; a number is never given twice.
#[derive(Debug, Clone, Default)]
pub(in crate::status) struct Names {
    numbers: HashMap<Arc<str>, usize>,
    texts: Vec<Arc<str>>,
}

impl Names {
    /// The number of a text, a new one if it has none.
    pub(in crate::status) fn number(&mut self, text: &str) -> usize {
        if let Some(number) = self.numbers.get(text) {
            return *number;
        }
        let (number, text) = (self.texts.len(), Arc::<str>::from(text));
        self.texts.push(Arc::clone(&text));
        self.numbers.insert(text, number);
        number
    }

    pub(in crate::status) fn find(&self, text: &str) -> Option<usize> {
        self.numbers.get(text).copied()
    }

    pub(in crate::status) fn text(&self, number: usize) -> &str {
        self.texts.get(number).map_or("", AsRef::as_ref)
    }

    pub(in crate::status) fn count(&self) -> usize {
        self.texts.len()
    }

    /// For each number, which place its text has in the order of the alphabet.
    pub(in crate::status) fn ranks(&self) -> Vec<usize> {
        let mut order: Vec<usize> = (0..self.texts.len()).collect();
        order.sort_unstable_by(|a, b| self.texts.get(*a).cmp(&self.texts.get(*b)));
        let mut ranks = vec![0; order.len()];
        for (rank, number) in order.into_iter().enumerate() {
            if let Some(slot) = ranks.get_mut(number) {
                *slot = rank;
            }
        }
        ranks
    }
}
