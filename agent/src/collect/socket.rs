//! One run of a plugin that systemd starts behind a socket, with the rights of its own unit: one request line in, JSON
//! lines out. It never speaks to a listener that is neither root's nor the agent's own user's.

use std::io;
use std::path::Path;

use exhibit_proto::statement::Outcome;
use rustix::process::geteuid;
use tokio::io::AsyncWriteExt as _;
use tokio::net::UnixStream;
use tokio::net::unix::OwnedWriteHalf;
use tokio::time::{Instant, timeout_at};

use super::answer::{Answers, End};
use super::process::{read, request};
use super::{Job, Observation};

pub(super) async fn run(
    socket: &Path,
    job: &Job<'_>,
    answers: &mut Answers<'_>,
    accept: &mut dyn FnMut(Observation) -> Option<Outcome>,
) -> End {
    let deadline = Instant::now() + job.limits.deadline;
    let talk = async {
        let stream = match UnixStream::connect(socket).await {
            Ok(stream) => stream,
            Err(error) => return unreachable_socket(socket, &error),
        };
        // The kernel tells who began to listen: systemd, for a unit.
        match stream.peer_cred() {
            Ok(peer) if trusted(peer.uid(), geteuid().as_raw()) => {}
            Ok(peer) => {
                return End::Impostor(format!(
                    "uid {} listens on {}, who is neither root nor this agent's user",
                    peer.uid(),
                    socket.display()
                ));
            }
            Err(error) => return unreachable_socket(socket, &error),
        }
        let (lines, sink) = stream.into_split();
        let request = request(job);
        let end = {
            let mut lines = std::pin::pin!(read(lines, job.limits, answers, accept));
            tokio::select! {
                biased;
                end = &mut lines => end,
                () = ask(sink, &request) => lines.await,
            }
        };
        if let End::Silent(how) = end {
            return End::Silent(format!("{how}; the journal of {} says why", job.plugin.unit()));
        }
        end
    };
    // Leaving closes the connection: the plugin's next line fails, and its unit bounds what never writes one.
    tokio::select! {
        () = job.stop.cancelled() => End::Stopped,
        talked = timeout_at(deadline, talk) => {
            talked.unwrap_or(End::Deadline(job.limits.deadline.as_secs()))
        }
    }
}

fn unreachable_socket(socket: &Path, error: &io::Error) -> End {
    let reason = format!("socket {} cannot be used: {error}", socket.display());
    End::NotStarted { reason, missing: error.kind() == io::ErrorKind::NotFound }
}

/// Whether somebody may answer for a plugin: who can be root or this user can do worse already.
fn trusted(peer: u32, own: u32) -> bool {
    peer == 0 || peer == own
}

/// Writes the request and ends it.
async fn ask(mut sink: OwnedWriteHalf, request: &[u8]) {
    let written = match sink.write_all(request).await {
        Ok(()) => sink.shutdown().await,
        Err(error) => Err(error),
    };
    if let Err(error) = written {
        tracing::debug!(%error, "plugin did not read its whole request");
    }
}

#[cfg(test)]
mod tests;
