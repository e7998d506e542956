//! A scheduled run has a process of its own: whatever becomes of it, every kind ends as a document or an outcome.

use std::fs::File;
use std::io::{BufRead as _, BufReader, Read as _};
use std::path::{Path, PathBuf};

use exhibit_proto::statement::Run;
use rustix::process::{Pid, Signal, kill_process};
use tokio::process::Child;

use crate::collector::statement;
use crate::world::{World, document, plugin};

fn signal(process: &Child, signal: Signal) {
    let pid = i32::try_from(process.id().unwrap()).unwrap();
    kill_process(Pid::from_raw(pid).unwrap(), signal).unwrap();
}

/// The first run that the collector has.
async fn run(world: &World) -> Run {
    let mut heard = world.collector.with(|state| state.heard.subscribe());
    loop {
        let found = world.collector.with(|state| {
            state.envelopes.iter().find_map(|envelope| statement(envelope).predicate_as().ok())
        });
        if let Some(run) = found {
            return run;
        }
        heard.changed().await.unwrap();
    }
}

/// A plugin that says a word into a pipe, and holds it open while it hangs.
fn hanging(pipe: &Path) -> String {
    assert!(std::process::Command::new("mkfifo").arg(pipe).status().unwrap().success());
    let body = format!("exec 3> '{}'; echo hangs >&3; sleep 1000 & wait", pipe.display());
    plugin("time.sync", &body)
}

/// The other end of the pipe, once the plugin hangs.
async fn hangs(pipe: PathBuf) -> BufReader<File> {
    let opened = tokio::task::spawn_blocking(|| {
        let mut reader = BufReader::new(File::open(pipe)?);
        let mut line = String::new();
        reader.read_line(&mut line)?;
        std::io::Result::Ok((reader, line))
    });
    let (reader, line) = opened.await.unwrap().unwrap();
    assert_eq!(line, "hangs\n");
    reader
}

/// An agent whose plugin hangs, and the pipe that the plugin holds open.
async fn amid_a_run() -> (World, Child, BufReader<File>) {
    let world = World::new().await;
    let pipe = world.dir.path().join("pipe");
    world.configure("", &[("hangs", hanging(&pipe))]);
    world.enrol().await;
    let agent = world.spawn(&["run"]);
    let reader = hangs(pipe).await;
    (world, agent, reader)
}

/// Waits until nobody holds the pipe any more: plugin and all that it started are gone.
async fn gone(mut reader: BufReader<File>) {
    let rest = tokio::task::spawn_blocking(move || reader.read_to_end(&mut Vec::new()));
    assert_eq!(rest.await.unwrap().unwrap(), 0);
}

#[tokio::test]
async fn a_run_whose_process_is_killed_keeps_what_came_and_names_the_rest() {
    let world = World::new().await;
    let fine = plugin("patch.status", &document("patch.status", r#"{"pending":[]}"#));
    // When the plugins are asked, the file is no configuration any more: the one in force is the one that was read.
    let config = world.dir.path().join("agent.toml");
    let describe = format!("[ \"$1\" = --describe ] && echo broken > '{}'", config.display());
    let fine = fine.replacen('\n', &format!("\n{describe}\n"), 1);
    world.configure("", &[("fine", fine), ("deadly", plugin("time.sync", "kill -9 $PPID"))]);
    world.enrol().await;
    let mut agent = world.spawn(&["run"]);
    let run = run(&world).await;
    assert_eq!(run.documents.len(), 1, "{run:?}");
    let [outcome] = run.outcomes.as_slice() else { panic!("{run:?}") };
    assert_eq!((outcome.kind.as_str(), outcome.outcome.as_str()), ("time.sync", "failed"));
    assert!(outcome.detail.contains("signal: 9"), "{outcome:?}");
    assert_eq!(run.plugins.len(), 2);
    signal(&agent, Signal::TERM);
    assert_eq!(agent.wait().await.unwrap().code(), Some(0), "the agent itself goes on");
}

#[tokio::test]
async fn a_stop_in_the_middle_of_a_run_ends_its_plugins_and_is_told() {
    let (world, mut agent, reader) = amid_a_run().await;
    signal(&agent, Signal::TERM);
    gone(reader).await;
    assert_eq!(agent.wait().await.unwrap().code(), Some(0));
    let run = run(&world).await;
    let [outcome] = run.outcomes.as_slice() else { panic!("{run:?}") };
    assert!(outcome.detail.contains("the agent was stopped"), "{outcome:?}");
}

#[tokio::test]
async fn an_agent_that_is_killed_takes_its_run_along() {
    let (world, mut agent, reader) = amid_a_run().await;
    agent.kill().await.unwrap();
    gone(reader).await;
    // What it had not sealed is free: the number of the run that never was is used by the next.
    world.configure("", &[("fine", plugin("time.sync", &document("time.sync", "{}")))]);
    assert_eq!(world.once().await.code, Some(0));
    let run = run(&world).await;
    assert_eq!((run.documents.len(), run.outcomes.len()), (1, 0), "{run:?}");
}

#[tokio::test]
async fn nobody_else_can_order_a_run() {
    let world = World::simple().await;
    let ended = world.agent(&["observe"]).await;
    assert_eq!(ended.code, Some(2), "{ended:?}");
    assert!(ended.err.contains("order of a run"), "{ended:?}");
}
