//! Draws files of a backup from a seed, so that anybody can draw them again. It never looks into a file.

use std::collections::BTreeMap;

use exhibit_plugin::OutcomeKind;
use exhibit_plugin::kinds::continuity_tests::Sample;
use exhibit_plugin::plugin::Vetoes;
use jiff::Timestamp;
use sha2::{Digest as _, Sha256};

use crate::jobs::Refusal;
use crate::settings::RestoreTest;

/// One regular file of a backup.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct File {
    /// As the tool names it; absolute or relative.
    pub(crate) path: String,
    pub(crate) size: u64,
    pub(crate) modified: Option<Timestamp>,
}

/// A draw that is going on: the files with the smallest SHA-256 of seed and path, however many are offered.
#[derive(Debug)]
pub(crate) struct Draw {
    seed: String,
    scope: Vec<String>,
    wanted: usize,
    /// What the operator forbids is not restored either.
    vetoes: Vetoes,
    population: u64,
    left_out: u64,
    smallest: BTreeMap<[u8; 32], File>,
}

/// What was drawn.
#[derive(Debug)]
pub(crate) struct Drawn {
    pub(crate) files: Vec<File>,
    pub(crate) bytes: u64,
    seed: String,
    population: u64,
    left_out: u64,
}

impl Draw {
    pub(crate) fn new(wanted: &RestoreTest, vetoes: Vetoes) -> Result<Self, Refusal> {
        let seed = match &wanted.seed {
            Some(seed) => seed.clone(),
            None => fresh_seed()?,
        };
        Ok(Self {
            seed,
            scope: wanted.paths.iter().map(|path| bare(path).to_owned()).collect(),
            wanted: usize::from(wanted.files),
            vetoes,
            population: 0,
            left_out: 0,
            smallest: BTreeMap::new(),
        })
    }

    /// One more file; none stands for one whose name cannot be given back to the tool.
    pub(crate) fn offer(&mut self, file: Option<File>) {
        let Some(file) = file else {
            self.population += 1;
            self.left_out += 1;
            return;
        };
        let path = bare(&file.path);
        // It would be looked for outside of the scratch folder.
        if path.split('/').any(|part| part == "..") {
            self.population += 1;
            self.left_out += 1;
            return;
        }
        let within = |scope: &String| {
            path.strip_prefix(scope.as_str())
                .is_some_and(|rest| rest.is_empty() || scope.is_empty() || rest.starts_with('/'))
        };
        if !self.scope.is_empty() && !self.scope.iter().any(within) {
            return;
        }
        self.population += 1;
        if self.vetoes.forbids(&format!("/{path}")).is_some() {
            self.left_out += 1;
            return;
        }
        let key = Sha256::new().chain_update(&self.seed).chain_update(&file.path).finalize();
        self.smallest.insert(key.into(), file);
        if self.smallest.len() > self.wanted {
            self.smallest.pop_last();
        }
    }

    /// Ends the draw; files that would make it too large are left out.
    pub(crate) fn drawn(&mut self, wanted: &RestoreTest) -> Drawn {
        let bound = wanted.max_mib.saturating_mul(1024 * 1024);
        let (mut files, mut bytes, mut left_out) = (Vec::new(), 0_u64, self.left_out);
        for file in std::mem::take(&mut self.smallest).into_values() {
            if bytes.saturating_add(file.size) > bound {
                left_out += 1;
            } else {
                bytes += file.size;
                files.push(file);
            }
        }
        Drawn { files, bytes, seed: self.seed.clone(), population: self.population, left_out }
    }
}

impl Drawn {
    pub(crate) fn into_sample(self, wanted: &RestoreTest) -> Sample {
        let files = u64::try_from(self.files.len()).unwrap_or(u64::MAX);
        let all = self.population == files;
        Sample {
            drawn: if all { "all" } else { "random" }.to_owned(),
            seed: (!all).then_some(self.seed),
            paths: wanted.paths.clone(),
            population: self.population,
            files,
            left_out: self.left_out,
        }
    }
}

/// restic has a leading slash, borg has none.
fn bare(path: &str) -> &str {
    path.trim_matches('/')
}

fn fresh_seed() -> Result<String, Refusal> {
    let mut bytes = [0_u8; 16];
    getrandom::fill(&mut bytes).map_err(|error| {
        Refusal::new(
            OutcomeKind::Failed,
            format!("no random seed could be drawn: {error}"),
            "give the test a seed",
        )
    })?;
    Ok(hex::encode(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted(files: u16, paths: &[&str], max_mib: u64) -> RestoreTest {
        RestoreTest {
            files,
            max_mib,
            paths: paths.iter().map(|path| (*path).to_owned()).collect(),
            seed: Some("seed".into()),
            ..RestoreTest::of("t", "r")
        }
    }

    fn draw(order: impl Iterator<Item = u64>, wanted: &RestoreTest) -> Drawn {
        let mut draw = Draw::new(wanted, Vetoes::default()).unwrap();
        for number in order {
            let path = format!("/srv/{number}");
            draw.offer(Some(File { path, size: 400_000, modified: None }));
        }
        draw.offer(Some(File { path: "/srvx/1".into(), size: 1, modified: None }));
        draw.drawn(wanted)
    }

    #[test]
    fn the_same_seed_draws_the_same_files_in_whatever_order_they_come() {
        let wanted = wanted(5, &["/srv/"], 100);
        let (a, b) = (draw(0..1000, &wanted), draw((0..1000).rev(), &wanted));
        assert_eq!(a.files, b.files);
        assert_eq!((a.files.len(), a.population, a.left_out), (5, 1000, 0));
        let sample = a.into_sample(&wanted);
        assert_eq!((sample.drawn.as_str(), sample.seed.as_deref()), ("random", Some("seed")));
    }

    #[test]
    fn what_is_forbidden_or_climbs_is_never_drawn_and_told_as_left_out() {
        let vetoes = Vetoes::read(&["/etc/ssl/private/**".to_owned()]).unwrap();
        let wanted = wanted(5, &[], 1);
        let mut draw = Draw::new(&wanted, vetoes.clone()).unwrap();
        for path in ["/etc/ssl/private/a.key", "etc/ssl/private/b.key", "a/../../b", "/srv/x"] {
            draw.offer(Some(File { path: path.into(), size: 1, modified: None }));
        }
        let drawn = draw.drawn(&wanted);
        assert_eq!(
            drawn.files.iter().map(|file| file.path.as_str()).collect::<Vec<_>>(),
            ["/srv/x"]
        );
        assert_eq!((drawn.population, drawn.left_out), (4, 3));
        assert!(vetoes.met()[0].contains("/etc/ssl/private/a.key (2 times)"));
    }

    #[test]
    fn a_sample_never_grows_past_its_bound_and_says_what_it_left_out() {
        let wanted = wanted(5, &["srv"], 1);
        let drawn = draw(0..5, &wanted);
        assert_eq!((drawn.files.len(), drawn.left_out), (2, 3));
        assert!(drawn.bytes <= 1024 * 1024);
    }
}
