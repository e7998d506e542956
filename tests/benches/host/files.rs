//! A walk over a million files: made, walked by the plugin alone, removed.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};
use exhibit_tests::Programs;
use serde_json::{Value, json};

use super::timed::{timed, words};

const FOLDERS: u32 = 1_000;

pub(crate) fn measure(programs: &Programs, folder: &Path, files: u32) -> Result<Value> {
    let tree = folder.join("files");
    for outer in 0..FOLDERS {
        let inner = tree.join(format!("{outer}"));
        fs::create_dir_all(&inner)?;
        for file in 0..files / FOLDERS {
            fs::File::create(inner.join(format!("{file}")))?;
        }
    }
    let request = json!({
        "v": 1, "kinds": ["access.resource_permissions"], "target": "host:bench",
        "deadline_ms": 1_200_000, "root": "/", "secrets": {},
        "settings": {"permissions": {"paths": [tree]}},
    });
    let asked = folder.join("request");
    fs::write(&asked, request.to_string())?;
    let script = folder.join("ask");
    let plugin = programs.path("exhibit-plugin-linux");
    fs::write(&script, format!("exec '{}' < '{}'\n", plugin.display(), asked.display()))?;
    let ran = timed(folder, &words(&format!("sh {}", script.display())), &[]);
    fs::remove_dir_all(&tree)?;
    let ran = ran?;
    let line = ran.printed.lines().find(|line| line.contains("\"document\""));
    let document: Value = serde_json::from_str(line.context("the plugin gave no document")?)?;
    Ok(json!({
        "files": files,
        "wall_seconds": ran.wall,
        "cpu_seconds": ran.cpu,
        "peak_mib": ran.peak_mib,
        "files_per_second": f64::from(files) / ran.wall,
        "method": document.pointer("/capture/method"),
    }))
}
