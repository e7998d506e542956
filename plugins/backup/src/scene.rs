//! What tests make with the real tools: data, repositories, backups.

pub(crate) mod barman;

use std::fs;
use std::path::PathBuf;
use std::process::Command;

/// Opens every repository of a scene; must never leave the plugin.
pub(crate) const PASSWORD: &str = "correct-horse-battery";

/// A scratch folder with data, password files and repositories `restic` and `borg`.
pub(crate) struct Scene(tempfile::TempDir);

impl Scene {
    pub(crate) fn new() -> Self {
        let scene = Self(tempfile::tempdir().unwrap());
        fs::write(scene.path("password"), format!("{PASSWORD}\n")).unwrap();
        fs::write(scene.path("wrong"), "battery staple\n").unwrap();
        fs::create_dir_all(scene.path("data/deep")).unwrap();
        fs::create_dir(scene.path("scratch")).unwrap();
        for name in ["plain", "with space", "deep/down"] {
            let file = scene.path("data").join(name);
            fs::write(file, format!("content of {name}")).unwrap();
        }
        scene
    }

    /// With one backup of everything, made a moment ago.
    pub(crate) fn with_backup(tool: &str) -> Self {
        let scene = Self::new();
        // Does not compress, so that damage in the middle of the store hits it; a name that is a pattern elsewhere.
        let noise: Vec<u8> = (0_u32..60_000)
            .flat_map(|number| number.wrapping_mul(2_654_435_761).rotate_left(7).to_le_bytes())
            .collect();
        fs::write(scene.path("data/large *[x]"), noise).unwrap();
        let data = scene.path("data").to_string_lossy().into_owned();
        if tool == "restic" {
            scene.run("restic", &["init", "-q"]);
            scene.run("restic", &["backup", "-q", &data]);
        } else {
            scene.run("borg", &["init", "-e", "repokey"]);
            scene.run("borg", &["create", "::nightly", &data]);
        }
        scene
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(crate) fn run(&self, program: &str, arguments: &[&str]) {
        let output = Command::new(program)
            .args(arguments)
            .current_dir(self.0.path())
            .env("TZ", "UTC")
            .env("RESTIC_PASSWORD_FILE", self.path("password"))
            .env("RESTIC_REPOSITORY", self.path("restic"))
            .env("RESTIC_CACHE_DIR", self.path("cache"))
            .env("BORG_REPO", self.path("borg"))
            .env("BORG_BASE_DIR", self.path("borg-base"))
            .env("BORG_PASSCOMMAND", format!("cat {}", self.path("password").display()))
            .output()
            .unwrap_or_else(|error| {
                panic!("{program}: {error}; tests/run installs the packages restic and borgbackup")
            });
        assert!(output.status.success(), "{program}: {}", String::from_utf8_lossy(&output.stderr));
    }
}
