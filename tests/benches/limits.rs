//! What this machine can do at best, on one core: signature checks, hashing, and waiting for the disk.

use std::fs::File;
use std::hint::black_box;
use std::io::Write as _;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::Result;
use exhibit_proto::digest::Digest;
use exhibit_proto::keys::SecretKey;
use serde::Serialize;

const PATIENCE: Duration = Duration::from_secs(2);

#[derive(Serialize)]
pub(crate) struct Limits {
    pub(crate) cores: usize,
    /// Ed25519, strict, over 1 KiB; one core.
    pub(crate) verify_strict_per_second: f64,
    /// One core, 1 MiB at a time.
    pub(crate) sha256_bytes_per_second: f64,
    /// 4 KiB appended and made durable, one after another.
    pub(crate) fsync_per_second: f64,
}

impl Limits {
    pub(crate) fn measure(folder: &Path) -> Result<Self> {
        let key = SecretKey::from_seed(&[1; 32]);
        let (public, message) = (key.public(), [7; 1024]);
        let signature = key.sign(&message);
        let verify_strict_per_second = per_second(|| {
            black_box(public.verifies(black_box(&message), &signature));
            Ok(())
        })?;
        let megabyte = vec![7; 1 << 20];
        let hashed = per_second(|| {
            black_box(Digest::of(black_box(&megabyte)));
            Ok(())
        })?;
        let path = folder.join("fsync");
        let mut file = File::create(&path)?;
        let fsync_per_second = per_second(|| {
            file.write_all(&[7; 4096])?;
            Ok(file.sync_data()?)
        })?;
        std::fs::remove_file(path)?;
        Ok(Self {
            cores: std::thread::available_parallelism()?.get(),
            verify_strict_per_second,
            sha256_bytes_per_second: hashed * megabyte.len() as f64,
            fsync_per_second,
        })
    }
}

fn per_second(mut once: impl FnMut() -> Result<()>) -> Result<f64> {
    let (started, mut count) = (Instant::now(), 0_u32);
    while started.elapsed() < PATIENCE {
        once()?;
        count += 1;
    }
    Ok(f64::from(count) / started.elapsed().as_secs_f64())
}
