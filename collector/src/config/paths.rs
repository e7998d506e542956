//! Where things lie in the data directory.

use std::path::PathBuf;

use super::Config;

impl Config {
    pub fn keys(&self) -> PathBuf {
        self.data.join("keys")
    }

    pub fn log_key(&self) -> PathBuf {
        self.keys().join("log.pem")
    }

    /// The key that is to follow, until the old one is retired.
    pub fn next_log_key(&self) -> PathBuf {
        self.keys().join("log.next.pem")
    }

    pub fn ca_key(&self) -> PathBuf {
        self.keys().join("ca.key.pem")
    }

    pub fn ca_certificate(&self) -> PathBuf {
        self.keys().join("ca.pem")
    }

    pub fn log_db(&self) -> PathBuf {
        self.data.join("log.db")
    }

    pub fn views_db(&self) -> PathBuf {
        self.data.join("views.db")
    }

    pub fn secrets_db(&self) -> PathBuf {
        self.data.join("secrets.db")
    }

    pub fn witness_db(&self) -> PathBuf {
        self.data.join("witness.db")
    }

    pub fn timestamps_folder(&self) -> PathBuf {
        self.data.join("timestamps")
    }

    pub fn scrub_db(&self) -> PathBuf {
        self.data.join("scrub.db")
    }

    pub fn lock(&self) -> PathBuf {
        self.data.join("lock")
    }
}
