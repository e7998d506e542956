//! The numbers of places as a line keeps them. Pure.

/// Every number has so many digits, so that the schema's views find it by its place. It holds any index and any time.
const DIGITS: usize = 16;
/// Numbers of one place, in the order of [`Mark`].
const NUMBERS: usize = 5;

/// What repeated runs add to the rows of one place.
#[derive(Clone, Copy, Default)]
pub(super) struct Mark {
    document: Repeated,
    outcome: Repeated,
}

/// Entry of the newest of some runs, the latest time among them, and how many there were.
#[derive(Clone, Copy, Default)]
pub(in crate::views::apply) struct Repeated {
    /// 0: there were none; no run is the first entry of a log.
    pub(in crate::views::apply) index: i64,
    pub(in crate::views::apply) seen: i64,
    /// Not kept of outcomes.
    pub(in crate::views::apply) runs: i64,
}

/// Which of the two rows of a place.
#[derive(Clone, Copy)]
pub(in crate::views::apply) enum Of {
    Document,
    Outcome,
}

/// The places of a line.
pub(super) fn read(numbers: &[u8]) -> Vec<Mark> {
    numbers.chunks(DIGITS * NUMBERS).map(Mark::read).collect()
}

pub(super) fn write(marks: &[Mark]) -> Vec<u8> {
    let mut text = Vec::with_capacity(marks.len() * DIGITS * NUMBERS);
    for Mark { document, outcome } in marks {
        for number in [document.index, document.seen, document.runs, outcome.index, outcome.seen] {
            write_number(number, &mut text);
        }
    }
    text
}

impl Mark {
    pub(super) fn of(&mut self, of: Of) -> &mut Repeated {
        match of {
            Of::Document => &mut self.document,
            Of::Outcome => &mut self.outcome,
        }
    }

    fn read(digits: &[u8]) -> Self {
        let mut numbers = digits.chunks(DIGITS).map(number);
        let mut next = || numbers.next().unwrap_or(0);
        let document = Repeated { index: next(), seen: next(), runs: next() };
        Self { document, outcome: Repeated { index: next(), seen: next(), runs: 0 } }
    }
}

impl Repeated {
    /// The time, if there were any.
    pub(in crate::views::apply) fn time(&self) -> Option<i64> {
        (self.index > 0).then_some(self.seen)
    }
}

fn number(digits: &[u8]) -> i64 {
    std::str::from_utf8(digits).ok().and_then(|text| text.parse().ok()).unwrap_or(0)
}

fn write_number(number: i64, out: &mut Vec<u8>) {
    let mut digits = [b'0'; DIGITS];
    let mut rest = number.unsigned_abs();
    for digit in digits.iter_mut().rev() {
        *digit += u8::try_from(rest % 10).unwrap_or(0);
        rest /= 10;
    }
    if number < 0 {
        digits[0] = b'-';
    }
    out.extend(digits);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_back_and_have_one_width() {
        for told in [0, 1, -1, 253_402_207_200_999, -377_705_023_201_000] {
            let mut text = Vec::new();
            write_number(told, &mut text);
            assert_eq!((text.len(), number(&text)), (DIGITS, told));
        }
    }
}
