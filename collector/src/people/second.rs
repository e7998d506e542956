//! The second factor: six digits that an app computes every half minute (RFC 6238), and codes on paper for when the app is
//! lost. A code is taken once.

use jiff::Timestamp;
use ring::hmac;
use rusqlite::{OptionalExtension as _, Transaction, TransactionBehavior};

use super::{From, People, PeopleError, Session, SessionId, stored_text};

pub(super) const TABLES: &str = "
CREATE TABLE IF NOT EXISTS second_factors (
  user      TEXT PRIMARY KEY REFERENCES users (name) ON DELETE CASCADE,
  secret    BLOB NOT NULL,
  confirmed INTEGER NOT NULL,
  last_step INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS recovery_codes (
  user   TEXT NOT NULL REFERENCES users (name) ON DELETE CASCADE,
  digest TEXT NOT NULL,
  PRIMARY KEY (user, digest)
) STRICT, WITHOUT ROWID;";

const PERIOD: i64 = 30;
/// Steps before and after the present one: clocks differ, and people type slowly.
const WINDOW: i64 = 1;
const SECRET_BYTES: usize = 20;
const CODES: usize = 10;
/// RFC 4648 §6, without padding.
const BASE32: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// How somebody stands with the second factor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Second {
    None,
    /// A secret was made and no code of it shown yet; in base32.
    Begun(String),
    /// So many codes on paper are left.
    Confirmed(u64),
}

/// The six digits of a step (RFC 4226 §5.3).
fn digits(secret: &[u8], step: i64) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, secret);
    let tag = hmac::sign(&key, &step.to_be_bytes());
    let tag = tag.as_ref();
    let at = usize::from(tag.last().map_or(0, |last| last & 0xf));
    let four = tag.get(at..at + 4).unwrap_or_default();
    let number = four.iter().fold(0_u32, |number, byte| number << 8 | u32::from(*byte));
    format!("{:06}", (number & 0x7fff_ffff) % 1_000_000)
}

fn base32(bytes: &[u8]) -> String {
    let mut out = String::new();
    for five in bytes.chunks(5) {
        let mut bits = five.iter().fold(0_u64, |bits, byte| bits << 8 | u64::from(*byte));
        let letters = (five.len() * 8).div_ceil(5);
        bits <<= letters * 5 - five.len() * 8;
        for at in (0..letters).rev() {
            let letter = usize::try_from(bits >> (at * 5) & 31).unwrap_or(0);
            out.push(char::from(BASE32[letter]));
        }
    }
    out
}

fn random<const N: usize>() -> Result<[u8; N], PeopleError> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|error| PeopleError::Random(error.to_string()))?;
    Ok(bytes)
}

/// What is typed with spaces or hyphens is the same code.
fn plain(code: &str) -> String {
    code.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_uppercase()
}

/// Digest under which a code on paper is kept: 80 random bits need no slow one.
fn kept(user: &str, code: &str) -> String {
    stored_text(&format!("exhibit recovery code\n{user}\n{}", plain(code)))
}

impl People {
    pub fn second(&self, user: &str) -> Result<Second, PeopleError> {
        type Row = (Vec<u8>, bool);
        let (found, left): (Option<Row>, i64) = self.db.with(|connection| {
            let sql = "SELECT secret, confirmed FROM second_factors WHERE user = ?1";
            let row = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?));
            let found = connection.query_row(sql, [user], row).optional()?;
            let sql = "SELECT count(*) FROM recovery_codes WHERE user = ?1";
            Ok((found, connection.query_row(sql, [user], |row| row.get(0))?))
        })?;
        Ok(match found {
            None => Second::None,
            Some((secret, false)) => Second::Begun(base32(&secret)),
            Some((_, true)) => Second::Confirmed(left.unsigned_abs()),
        })
    }

    /// Makes a secret, unless one is confirmed already.
    pub fn begin_second(&self, user: &str) -> Result<(), PeopleError> {
        let secret: [u8; SECRET_BYTES] = random()?;
        self.db.with(|connection| {
            let sql = "INSERT INTO second_factors VALUES (?1, ?2, 0, 0)
                       ON CONFLICT (user) DO UPDATE SET secret = ?2, last_step = 0 WHERE NOT confirmed";
            connection.execute(sql, (user, secret.as_slice()))
        })?;
        Ok(())
    }

    /// Whether a code is right now; it is not used up.
    pub fn fits_second(&self, user: &str, code: &str, now: Timestamp) -> Result<bool, PeopleError> {
        let code = plain(code);
        Ok(self.db.with(|connection| {
            let tx = connection.transaction()?;
            Ok(step_of(&tx, user, &code, now)?.is_some() || on_paper(&tx, user, &code)?)
        })?)
    }

    /// A first code shows that the app has the secret; answers codes for paper, shown once.
    pub fn confirm_second(
        &self,
        user: &str,
        code: &str,
        now: Timestamp,
    ) -> Result<Vec<String>, PeopleError> {
        let code = plain(code);
        let codes = new_codes()?;
        let right = self.db.with(|connection| {
            let tx = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let Some(step) = step_of(&tx, user, &code, now)? else { return Ok(false) };
            let sql = "UPDATE second_factors SET confirmed = 1, last_step = ?2 WHERE user = ?1";
            tx.execute(sql, (user, step))?;
            keep(&tx, user, &codes)?;
            tx.commit()?;
            Ok(true)
        })?;
        if right { Ok(codes) } else { Err(PeopleError::Wrong) }
    }

    /// Codes for paper in the place of those that there are.
    pub fn renew_codes(&self, user: &str) -> Result<Vec<String>, PeopleError> {
        let codes = new_codes()?;
        self.db.with(|connection| {
            let tx = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            keep(&tx, user, &codes)?;
            tx.commit()
        })?;
        Ok(codes)
    }

    /// Uses a code up; `true`: it was one on paper.
    pub fn use_second(&self, user: &str, code: &str, now: Timestamp) -> Result<bool, PeopleError> {
        let code = plain(code);
        let used = self.db.with(|connection| {
            let tx = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let used = if let Some(step) = step_of(&tx, user, &code, now)? {
                let sql = "UPDATE second_factors SET last_step = ?2 WHERE user = ?1";
                tx.execute(sql, (user, step))?;
                Some(false)
            } else if on_paper(&tx, user, &code)? {
                let sql = "DELETE FROM recovery_codes WHERE user = ?1 AND digest = ?2";
                tx.execute(sql, (user, kept(user, &code)))?;
                Some(true)
            } else {
                None
            };
            tx.commit()?;
            Ok(used)
        })?;
        used.ok_or(PeopleError::Wrong)
    }

    pub fn remove_second(&self, user: &str) -> Result<(), PeopleError> {
        self.db.with(|connection| {
            let tx = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            forget(&tx, user)?;
            tx.commit()
        })?;
        Ok(())
    }

    /// A code turns a sign-in by password into a session, with an id of its own; answers whether it was one on paper, too.
    pub fn pass_second(
        &self,
        id: &SessionId,
        (user, code): (&str, &str),
        from: &From,
        now: Timestamp,
    ) -> Result<(SessionId, Session, bool), PeopleError> {
        let paper = self.use_second(user, code, now)?;
        self.sign_out(id)?;
        let (id, session) = self.open_session(user, from, super::sessions::Opened::Whole, now)?;
        Ok((id, session, paper))
    }
}

pub(super) fn forget(tx: &Transaction<'_>, user: &str) -> rusqlite::Result<usize> {
    tx.execute("DELETE FROM recovery_codes WHERE user = ?1 COLLATE NOCASE", [user])?;
    tx.execute("DELETE FROM second_factors WHERE user = ?1 COLLATE NOCASE", [user])
}

/// The step that a code is of, if it is of none that was used.
fn step_of(
    tx: &Transaction<'_>,
    user: &str,
    code: &str,
    now: Timestamp,
) -> rusqlite::Result<Option<i64>> {
    let sql = "SELECT secret, last_step FROM second_factors WHERE user = ?1";
    let row = |row: &rusqlite::Row<'_>| Ok((row.get::<_, Vec<u8>>(0)?, row.get::<_, i64>(1)?));
    let Some((secret, last)) = tx.query_row(sql, [user], row).optional()? else { return Ok(None) };
    let present = now.as_second().div_euclid(PERIOD);
    let mut steps = (present - WINDOW..=present + WINDOW).filter(|step| *step > last);
    Ok(steps.find(|step| same(&digits(&secret, *step), code)))
}

fn on_paper(tx: &Transaction<'_>, user: &str, code: &str) -> rusqlite::Result<bool> {
    let sql = "SELECT count(*) FROM recovery_codes WHERE user = ?1 AND digest = ?2";
    tx.query_row(sql, (user, kept(user, code)), |row| Ok(row.get::<_, i64>(0)? > 0))
}

fn new_codes() -> Result<Vec<String>, PeopleError> {
    let mut codes = Vec::with_capacity(CODES);
    for _ in 0..CODES {
        let letters: Vec<char> = base32(&random::<10>()?).to_ascii_lowercase().chars().collect();
        let groups: Vec<String> = letters.chunks(4).map(|group| group.iter().collect()).collect();
        codes.push(groups.join("-"));
    }
    Ok(codes)
}

fn keep(tx: &Transaction<'_>, user: &str, codes: &[String]) -> rusqlite::Result<()> {
    tx.execute("DELETE FROM recovery_codes WHERE user = ?1", [user])?;
    for code in codes {
        tx.execute("INSERT INTO recovery_codes VALUES (?1, ?2)", (user, kept(user, code)))?;
    }
    Ok(())
}

/// Compares without telling by its time where two codes part.
fn same(ours: &str, theirs: &str) -> bool {
    let differing = ours.bytes().zip(theirs.bytes()).fold(0_u8, |all, (a, b)| all | (a ^ b));
    ours.len() == theirs.len() && differing == 0
}

#[cfg(test)]
impl People {
    /// The code that an app would show.
    pub(crate) fn code_for_test(&self, user: &str, now: Timestamp) -> String {
        let sql = "SELECT secret FROM second_factors WHERE user = ?1";
        let secret: Vec<u8> =
            self.db.with(|connection| connection.query_row(sql, [user], |row| row.get(0))).unwrap();
        digits(&secret, now.as_second().div_euclid(PERIOD))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_those_of_the_specification() {
        // RFC 6238, appendix B; the last six of its eight digits.
        let secret = b"12345678901234567890";
        for (second, expected) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000, "353130"),
        ] {
            assert_eq!(digits(secret, second / PERIOD), expected, "{second}");
        }
    }

    #[test]
    fn base32_is_that_of_the_specification() {
        // RFC 4648, section 10.
        for (text, expected) in [
            ("", ""),
            ("f", "MY"),
            ("fo", "MZXQ"),
            ("foo", "MZXW6"),
            ("foob", "MZXW6YQ"),
            ("fooba", "MZXW6YTB"),
            ("foobar", "MZXW6YTBOI"),
        ] {
            assert_eq!(base32(text.as_bytes()), expected);
        }
        assert_eq!(plain("ab2c-d3ef gh"), "AB2CD3EFGH");
    }
}
