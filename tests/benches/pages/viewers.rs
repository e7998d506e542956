//! Open pages that wait for news: what they cost while nothing happens, and how soon all of them are told when something does.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use reqwest::StatusCode;
use serde_json::{Value, json};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use super::people::{ADMIN, Person, Port};
use crate::measured::Cpu;

const LIVE: &str = "/live";
/// All must have been told after this.
const LATE: Duration = Duration::from_secs(30);

/// Processor time of the collector with and without the viewers, as shares of a core.
pub(super) async fn measure(
    port: &Port,
    collector: u32,
    viewers: usize,
    length: Duration,
) -> Result<Value> {
    let person = port.sign_in(ADMIN, 240).await?;
    sleep(Duration::from_secs(3)).await;
    let alone = share(collector, length).await?;
    let (told, mut news) = mpsc::unbounded_channel();
    let mut open = JoinSet::new();
    let opening = Instant::now();
    let mut streams = Vec::new();
    for _ in 0..viewers {
        let stream = person.open(LIVE).await?;
        ensure!(stream.status() == StatusCode::OK, "{LIVE}: {}", stream.status());
        streams.push(stream);
    }
    let opened = opening.elapsed().as_secs_f64();
    for mut stream in streams {
        let told = told.clone();
        open.spawn(async move {
            while let Ok(Some(piece)) = stream.chunk().await {
                // Whoever measures has gone.
                if piece.starts_with(b"data:") && told.send(Instant::now()).is_err() {
                    return;
                }
            }
        });
    }
    sleep(Duration::from_secs(3)).await;
    let with = share(collector, length).await?;
    ensure!(news.try_recv().is_err(), "something happened meanwhile");
    let seen = change(port, &mut news, viewers).await?;
    open.abort_all();
    Ok(json!({ "viewers": viewers, "seconds": length.as_secs(), "opened_in_seconds": opened,
        "core_share_without": alone, "core_share_with": with, "core_share_of_viewers": with - alone,
        "from_a_change_to_the_last_viewer_ms": seen }))
}

async fn share(collector: u32, length: Duration) -> Result<f64> {
    let cpu = Cpu::of(collector)?;
    sleep(length).await;
    Ok(cpu.since()? / length.as_secs_f64())
}

/// Somebody signs in, which is an entry of the log.
async fn change(
    port: &Port,
    news: &mut mpsc::UnboundedReceiver<Instant>,
    viewers: usize,
) -> Result<f64> {
    let person: Person = port.sign_in(ADMIN, 241).await?;
    let changed = Instant::now();
    let mut last = changed;
    for _ in 0..viewers {
        let next = timeout(LATE, news.recv()).await.context("not all viewers were told")?;
        last = last.max(next.context("the viewers ended")?);
    }
    drop(person);
    Ok(last.duration_since(changed).as_secs_f64() * 1000.0)
}
