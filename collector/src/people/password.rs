//! Passwords: what is long enough, and their argon2id verifiers. Never keeps one.

use argon2::password_hash::phc::PasswordHash;
use argon2::{Argon2, PasswordHasher as _, PasswordVerifier as _};

use super::PeopleError;

/// Shortest password that is accepted.
pub const MIN_PASSWORD_CHARS: usize = 12;
/// Longest: a bound on what is hashed.
const MAX_PASSWORD_BYTES: usize = 1024;
/// Letters and digits that cannot be mistaken for one another.
const ALPHABET: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";

/// A verifier that fits no password, so that an unknown name takes as long as a known one.
const NOBODY: &str = "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

pub(super) fn hash(password: &str) -> Result<String, PeopleError> {
    let hash = Argon2::default().hash_password(password.as_bytes());
    hash.map(|hash| hash.to_string()).map_err(|error| PeopleError::Hash(error.to_string()))
}

pub(super) fn verify(verifier: Option<&str>, password: &str) -> Result<bool, PeopleError> {
    if password.len() > MAX_PASSWORD_BYTES {
        return Ok(false);
    }
    let parsed = PasswordHash::new(verifier.unwrap_or(NOBODY))
        .map_err(|error| PeopleError::Hash(error.to_string()))?;
    let fits = Argon2::default().verify_password(password.as_bytes(), &parsed).is_ok();
    Ok(fits && verifier.is_some())
}

/// Length before anything else; no rules about kinds of characters.
pub(super) fn policy(name: &str, present: &str, new: &str) -> Result<(), PeopleError> {
    let mut letters: Vec<char> = new.chars().collect();
    if letters.len() < MIN_PASSWORD_CHARS {
        return Err(PeopleError::Policy("the new password needs at least 12 characters"));
    }
    if new.len() > MAX_PASSWORD_BYTES {
        return Err(PeopleError::Policy("the new password is over 1024 bytes"));
    }
    if new == present {
        return Err(PeopleError::Policy("the new password is the present one"));
    }
    if new.to_lowercase().contains(&name.to_lowercase()) {
        return Err(PeopleError::Policy("the new password contains the user name"));
    }
    letters.sort_unstable();
    letters.dedup();
    if letters.len() < 5 {
        return Err(PeopleError::Policy("the new password repeats too few characters"));
    }
    Ok(())
}

/// 100 random bits in groups that a person can type.
pub(super) fn random() -> Result<String, PeopleError> {
    let mut bytes = [0_u8; 20];
    getrandom::fill(&mut bytes).map_err(|error| PeopleError::Random(error.to_string()))?;
    let letters: Vec<char> =
        bytes.iter().map(|byte| char::from(ALPHABET[usize::from(byte % 32)])).collect();
    let groups: Vec<String> = letters.chunks(5).map(|group| group.iter().collect()).collect();
    Ok(groups.join("-"))
}
