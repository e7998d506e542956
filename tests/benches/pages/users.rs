//! Many people who read at the same time: each goes from address to address, in an order of their own, and thinks in between.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use reqwest::StatusCode;
use serde_json::{Map, Value, json};
use tokio::task::JoinSet;

use super::addresses::Addresses;
use super::people::{PEOPLE, Person, Port};
use super::tell;
use crate::measured::Cpu;

/// Every address is to be answered within this, 99 times of 100.
const AIM_MS: f64 = 100.0;

/// One reader, and what they may open.
#[derive(Clone)]
pub(super) struct User {
    person: Person,
    /// Addresses with their labels.
    open: Vec<(String, Vec<String>)>,
}

/// One answer, by its label.
struct Read {
    label: String,
    milliseconds: f64,
    bytes: u64,
    fine: bool,
}

/// Signs everybody in; what a role may not open, its people do not ask for.
pub(super) async fn enter(port: &Port, count: usize, all: &Addresses) -> Result<Vec<User>> {
    let mut users: Vec<User> = Vec::new();
    for number in 0..count {
        let (name, role) = *PEOPLE.get(number % PEOPLE.len()).context("people")?;
        let person = port.sign_in(name, number).await?;
        let known = users.iter().find(|user| user.person.name == name);
        let open = match known {
            Some(user) => user.open.clone(),
            None => open_to(&person, all).await?,
        };
        ensure!(!open.is_empty(), "{name}, {role}, may open nothing");
        users.push(User { person, open });
    }
    Ok(users)
}

async fn open_to(person: &Person, all: &Addresses) -> Result<Vec<(String, Vec<String>)>> {
    let mut open = Vec::new();
    for (label, addresses) in &all.by_label {
        let first = addresses.first().context("an address")?;
        if person.weigh(first).await?.0 == StatusCode::OK {
            open.push((label.clone(), addresses.clone()));
        }
    }
    Ok(open)
}

/// Everybody reads for a while, with pauses of up to twice `pause`.
pub(super) async fn read(
    users: &[User],
    collector: u32,
    (length, pause): (Duration, Duration),
) -> Result<Value> {
    let (began, cpu) = (Instant::now(), Cpu::of(collector)?);
    let own = Cpu::of(std::process::id())?;
    let mut reading = JoinSet::new();
    for (number, user) in users.iter().enumerate() {
        let (user, dice) = (user.clone(), Dice(number as u64 + 1));
        reading.spawn(reads(user, dice, (began + length, pause)));
    }
    let mut answers = Vec::new();
    while let Some(done) = reading.join_next().await {
        answers.extend(done??);
    }
    let seconds = began.elapsed().as_secs_f64();
    let (spent, own) = (cpu.since()?, own.since()?);
    let count = answers.len() as f64;
    let mut figures = told(answers);
    for (name, figure) in [
        ("seconds", seconds),
        ("answers", count),
        ("answers_a_second", count / seconds),
        ("collector_cores_busy", spent / seconds),
        ("collector_ms_an_answer", 1000.0 * spent / count),
        ("readers_cores_busy", own / seconds),
    ] {
        figures.insert(name.to_owned(), json!(figure));
    }
    Ok(Value::Object(figures))
}

async fn reads(
    user: User,
    mut dice: Dice,
    (until, pause): (Instant, Duration),
) -> Result<Vec<Read>> {
    let mut answers = Vec::new();
    loop {
        let mut order: Vec<usize> = (0..user.open.len()).collect();
        for place in (1..order.len()).rev() {
            order.swap(place, dice.below(place + 1));
        }
        for place in order {
            let wait = pause.mul_f64(2.0 * dice.below(1_000) as f64 / 1_000.0);
            tokio::time::sleep(wait).await;
            if Instant::now() >= until {
                return Ok(answers);
            }
            let (label, addresses) = user.open.get(place).context("an address")?;
            let address = addresses.get(dice.below(addresses.len())).context("an address")?;
            let (label, asked) = (label.clone(), Instant::now());
            // Whoever waits in vain is told as that, with how long it was.
            answers.push(match user.person.weigh(address).await {
                Ok((status, bytes, milliseconds)) => {
                    Read { label, milliseconds, bytes, fine: status == StatusCode::OK }
                }
                Err(error) => {
                    tell(&format!("{error:#}"));
                    let milliseconds = asked.elapsed().as_secs_f64() * 1000.0;
                    Read { label, milliseconds, bytes: 0, fine: false }
                }
            });
        }
    }
}

/// Percentiles of all answers, and of each label.
fn told(answers: Vec<Read>) -> Map<String, Value> {
    let mut by_label: BTreeMap<String, Vec<Read>> = BTreeMap::new();
    let mut all: Vec<f64> = answers.iter().map(|answer| answer.milliseconds).collect();
    for answer in answers {
        by_label.entry(answer.label.clone()).or_default().push(answer);
    }
    let (mut each, mut late) = (Map::new(), BTreeSet::new());
    let mut heaviest = 0;
    for (label, answers) in by_label {
        let mut times: Vec<f64> = answers.iter().map(|answer| answer.milliseconds).collect();
        let bytes = answers.iter().map(|answer| answer.bytes).max().unwrap_or(0);
        heaviest = heaviest.max(bytes);
        let bad = answers.iter().filter(|answer| !answer.fine).count();
        let [p50, p99, max] = percentiles(&mut times);
        if p99 >= AIM_MS {
            late.insert(label.clone());
        }
        each.insert(
            label,
            json!({ "p50_ms": p50, "p99_ms": p99, "max_ms": max, "answers": times.len(),
                "not_fine": bad, "most_bytes": bytes }),
        );
    }
    let [p50, p99, max] = percentiles(&mut all);
    let figures = json!({ "p50_ms": p50, "p99_ms": p99, "max_ms": max, "addresses": each.len(),
        "p99_over_the_aim": late, "heaviest_bytes": heaviest, "each": each });
    figures.as_object().cloned().unwrap_or_default()
}

/// The middle, the 99th of 100, the longest.
fn percentiles(times: &mut [f64]) -> [f64; 3] {
    times.sort_by(f64::total_cmp);
    [50, 99, 100].map(|hundredths| {
        let place = (times.len() * hundredths / 100).min(times.len().saturating_sub(1));
        times.get(place).copied().unwrap_or_default()
    })
}

/// Orders and pauses that are the same in each run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: usize) -> usize {
        // SplitMix64.
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        let number = (z ^ (z >> 31)) % (end.max(1) as u64);
        usize::try_from(number).unwrap_or(0)
    }
}
