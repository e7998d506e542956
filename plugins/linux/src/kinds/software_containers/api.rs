//! Asks an engine's socket: GET alone, bounded in time and bytes. Only sockets that the settings name are asked.

use std::{
    io::{self, Read, Write},
    os::unix::net::UnixStream,
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

use exhibit_plugin::{
    OutcomeKind,
    kinds::software_containers::{Container, Image},
};
use serde_json::Value;

use super::{
    MOST, Seen, docker, engines,
    facts::{list, text, texts, time},
    stand_ins,
};
use crate::{accounts::Tables, look::Look};

/// Longest answer.
const MOST_BYTES: u64 = 16 * 1024 * 1024;
/// Longest time for all questions to one socket.
const PATIENCE: Duration = Duration::from_secs(20);

/// Why a socket gave no answer.
#[derive(Debug, thiserror::Error)]
enum Fault {
    #[error("permission denied")]
    Denied,
    #[error("nobody answered in time")]
    TimedOut,
    #[error("the answer has more than {MOST_BYTES} bytes")]
    TooMuch,
    #[error("answered {0}")]
    Status(u16),
    #[error("the answer is not understood: {0}")]
    Garbled(String),
    #[error(transparent)]
    Io(#[from] io::Error),
}

impl Fault {
    fn outcome(&self) -> OutcomeKind {
        match self {
            Self::Denied => OutcomeKind::Denied,
            Self::TimedOut => OutcomeKind::TimedOut,
            Self::TooMuch => OutcomeKind::LimitExceeded,
            Self::Status(_) | Self::Garbled(_) | Self::Io(_) => OutcomeKind::Failed,
        }
    }
}

/// A socket with the time that is left for it.
struct Socket {
    path: String,
    end: Instant,
}

/// Asks every granted socket of the form that Docker and Podman speak.
pub(super) fn granted(look: &mut Look<'_>, sockets: &[String], seen: &mut Seen) {
    for path in sockets.iter().filter(|path| !super::containerd::is_its(path)) {
        if look.host.facts(path).is_err() {
            // The veto over it is told by the run, a missing right by asking it.
            if !look.host.allows(path) {
                continue;
            }
        } else if !look.host.exists(path) {
            look.seen.outcome(
                OutcomeKind::NotApplicable,
                format!("{path} is granted and not there"),
                "start the engine, or take it out of settings.containers.sockets",
            );
            continue;
        }
        let end = Instant::now() + PATIENCE.min(look.job.remaining() / 2);
        let socket = Socket { path: path.clone(), end };
        if let Err((question, fault)) = engine(look, &socket, seen) {
            look.seen.outcome(
                fault.outcome(),
                format!("{path}: GET {question}: {fault}"),
                match fault {
                    Fault::Denied => {
                        format!("run the plugin as root, or in the group that owns {path}")
                    }
                    Fault::TimedOut
                    | Fault::TooMuch
                    | Fault::Status(_)
                    | Fault::Garbled(_)
                    | Fault::Io(_) => {
                        format!(
                            "look at the engine behind {path}; its folders were looked at instead"
                        )
                    }
                },
            );
        }
    }
}

fn engine(look: &mut Look<'_>, socket: &Socket, seen: &mut Seen) -> Result<(), (String, Fault)> {
    let ask = |look: &mut Look<'_>, question: &str| match get(socket, question) {
        Ok(answer) => {
            look.seen.method(format!("GET {question} on {}", socket.path));
            Ok(answer)
        }
        Err(fault) => Err((question.to_owned(), fault)),
    };
    let version = ask(look, "/version")?;
    let info = ask(look, "/info")?;
    let podman = list(&version["Components"]).iter().any(|one| one["Name"] == "Podman Engine");
    let id = owned(look, if podman { "podman" } else { "docker" }, &socket.path);
    let mut engine = engines::engine(&id, "socket", &socket.path);
    engine.version = text(&version["Version"]);
    engine.active = Some(true);
    if podman {
        engine.settings = engines::containers_settings(look);
    } else {
        let daemon = engines::docker_daemon(look);
        engine.settings = engines::docker_settings(look, &daemon);
    }
    engines::socket(look, &socket.path, &mut engine.settings);
    let options = texts(&info["SecurityOptions"]);
    let mapped = options
        .iter()
        .any(|one| one == "name=userns" || one == "name=rootless" || one == "name=rootless,true");
    let all = ask(look, "/containers/json?all=1")?;
    let mut containers = Vec::new();
    for one in list(&all).iter().take(MOST) {
        let Some(told) = details(look, socket, "containers", one)? else { continue };
        containers.push(Container { ..docker::inspect(&told, mapped) });
    }
    stand_ins(&mut containers, list(&all).len().saturating_sub(MOST));
    let all = ask(look, "/images/json")?;
    let mut images = Vec::new();
    for one in list(&all).iter().take(MOST) {
        let told = details(look, socket, "images", one)?.unwrap_or(Value::Null);
        images.push(image(one, &told));
    }
    stand_ins(&mut images, list(&all).len().saturating_sub(MOST));
    seen.add(look, engine, images, containers);
    Ok(())
}

/// Podman started by an account has its socket in that account's folder.
fn owned(look: &mut Look<'_>, name: &str, path: &str) -> String {
    let folder = path.strip_prefix("/run/user/").and_then(|rest| rest.split('/').next());
    let Some(uid) = folder.and_then(|uid| uid.parse::<u32>().ok()) else { return name.to_owned() };
    let user = Tables::read(look).users.into_iter().find(|user| user.uid == uid);
    format!("{name}@{}", user.map_or_else(|| uid.to_string(), |user| user.name))
}

/// What the engine tells of one thing; none when it went away meanwhile.
fn details(
    look: &mut Look<'_>,
    socket: &Socket,
    what: &str,
    one: &Value,
) -> Result<Option<Value>, (String, Fault)> {
    let id = one["Id"].as_str().unwrap_or_default();
    let plain =
        !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b':');
    if !plain {
        return Err((format!("/{what}/json"), Fault::Garbled("an id is no digest".to_owned())));
    }
    look.seen.method(format!("GET /{what}/<id>/json on {}", socket.path));
    match get(socket, &format!("/{what}/{id}/json")) {
        Ok(answer) => Ok(Some(answer)),
        Err(Fault::Status(404)) => Ok(None),
        Err(fault) => Err((format!("/{what}/{id}/json"), fault)),
    }
}

fn image(listed: &Value, told: &Value) -> Image {
    let named = |value: &Value| {
        texts(value).into_iter().filter(|name| !name.contains("<none>")).collect::<Vec<_>>()
    };
    let digest = |name: String| name.split_once('@').map(|(_, digest)| digest.to_owned());
    Image {
        id: text(&listed["Id"]).unwrap_or_default(),
        names: named(&listed["RepoTags"]),
        digests: named(&listed["RepoDigests"]).into_iter().filter_map(digest).collect(),
        created: time(&told["Created"]).or_else(|| time(&listed["Created"])),
        user: told["Config"].is_object().then(|| text(&told["Config"]["User"]).unwrap_or_default()),
        ..Image::default()
    }
}

/// One question. It is asked in a thread of its own, since to connect to a full socket waits without an end.
fn get(socket: &Socket, question: &str) -> Result<Value, Fault> {
    let left = socket.end.saturating_duration_since(Instant::now());
    if left.is_zero() {
        return Err(Fault::TimedOut);
    }
    let (sender, receiver) = mpsc::sync_channel(1);
    let (path, request) = (socket.path.clone(), request(question));
    thread::Builder::new().spawn(move || {
        // Nobody listens once the time is up.
        drop(sender.send(talk(&path, &request, left)));
    })?;
    match receiver.recv_timeout(left) {
        Ok(answer) => body(&answer?),
        Err(_) => Err(Fault::TimedOut),
    }
}

/// In version 1.0 of the protocol an answer comes in one piece and ends with the connection.
fn request(question: &str) -> String {
    format!("GET {question} HTTP/1.0\r\nHost: engine\r\nAccept: application/json\r\n\r\n")
}

fn talk(path: &str, request: &str, left: Duration) -> Result<Vec<u8>, Fault> {
    let end = Instant::now() + left;
    let refused = |error: io::Error| {
        let late = [io::ErrorKind::WouldBlock, io::ErrorKind::TimedOut];
        if late.contains(&error.kind()) {
            Fault::TimedOut
        } else if error.kind() == io::ErrorKind::PermissionDenied {
            Fault::Denied
        } else {
            Fault::Io(error)
        }
    };
    let mut stream = UnixStream::connect(path).map_err(refused)?;
    stream.set_write_timeout(Some(left))?;
    stream.write_all(request.as_bytes()).map_err(refused)?;
    let mut answer = Vec::new();
    let mut piece = [0; 16 * 1024];
    loop {
        // One that sends a byte now and then must not take longer either.
        let left = end.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(Fault::TimedOut);
        }
        stream.set_read_timeout(Some(left))?;
        let length = stream.read(&mut piece).map_err(refused)?;
        let Some(read) = piece.get(..length).filter(|read| !read.is_empty()) else {
            return Ok(answer);
        };
        answer.extend_from_slice(read);
        if u64::try_from(answer.len()).unwrap_or(u64::MAX) > MOST_BYTES {
            return Err(Fault::TooMuch);
        }
    }
}

fn body(answer: &[u8]) -> Result<Value, Fault> {
    let garbled = |what: &str| Fault::Garbled(what.to_owned());
    let end = answer.windows(4).position(|bytes| bytes == b"\r\n\r\n");
    let end = end.ok_or_else(|| garbled("it has no head"))?;
    let (head, content) = answer.split_at(end + 4);
    let head = String::from_utf8_lossy(head);
    let status = head.strip_prefix("HTTP/1.").and_then(|rest| rest.split(' ').nth(1));
    let status: u16 = status
        .and_then(|code| code.parse().ok())
        .ok_or_else(|| garbled("it is no answer of HTTP"))?;
    if status != 200 {
        return Err(Fault::Status(status));
    }
    serde_json::from_slice(content).map_err(|error| garbled(&error.to_string()))
}

#[cfg(test)]
mod tests {
    use std::os::unix::net::UnixListener;

    use super::*;

    /// A server that takes one connection and sends `answer`; without one it keeps silent until it is let go.
    fn server(answer: Option<&'static [u8]>) -> (tempfile::TempDir, Socket) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("engine.sock");
        let listener = UnixListener::bind(&path).unwrap();
        thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut request = [0; 1024];
            let length = stream.read(&mut request).unwrap();
            assert!(request[..length].starts_with(b"GET /x HTTP/1.0\r\n"));
            match answer {
                Some(answer) => stream.write_all(answer).unwrap(),
                // Ends when the other side hangs up.
                None => assert_eq!(stream.read(&mut request).unwrap_or(0), 0),
            }
        });
        let path = path.to_str().unwrap().to_owned();
        (folder, Socket { path, end: Instant::now() + Duration::from_millis(400) })
    }

    #[test]
    fn an_answer_is_read_and_anything_else_is_a_fault() {
        let ask = |answer: &'static [u8]| {
            let (_folder, socket) = server(Some(answer));
            get(&socket, "/x")
        };
        assert_eq!(ask(b"HTTP/1.0 200 OK\r\nA: b\r\n\r\n[1]").unwrap(), serde_json::json!([1]));
        assert!(matches!(ask(b"HTTP/1.1 403 Forbidden\r\n\r\n{}"), Err(Fault::Status(403))));
        for broken in [
            &b"SSH-2.0-OpenSSH\r\n"[..],
            b"HTTP/1.0 200 OK\r\n\r\n[1",
            b"HTTP/1.0 200 OK\r\n",
            b"\r\n\r\n",
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\n[1]\r\n0\r\n\r\n",
        ] {
            assert!(matches!(ask(broken), Err(Fault::Garbled(_))), "{broken:?}");
        }
    }

    #[test]
    fn a_socket_that_hangs_is_given_up_in_time() {
        let (_folder, socket) = server(None);
        let start = Instant::now();
        assert_eq!(get(&socket, "/x").unwrap_err().outcome(), OutcomeKind::TimedOut);
        assert!(start.elapsed() < Duration::from_secs(5));
    }

    #[test]
    fn a_socket_that_takes_nobody_in_is_given_up_in_time() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("engine.sock");
        let listener = UnixListener::bind(&path).unwrap();
        let path = path.to_str().unwrap().to_owned();
        // Fills the queue of those who wait to be taken in.
        let waiting: Vec<_> = (0..5_000)
            .map_while(|_| {
                let (sender, receiver) = mpsc::channel();
                let path = path.clone();
                thread::spawn(move || drop(sender.send(UnixStream::connect(path))));
                receiver.recv_timeout(Duration::from_millis(100)).ok()
            })
            .collect();
        assert!(waiting.len() < 5_000, "the queue has no end here");
        let socket = Socket { path, end: Instant::now() + Duration::from_millis(200) };
        assert_eq!(get(&socket, "/x").unwrap_err().outcome(), OutcomeKind::TimedOut);
        drop(listener);
    }
}
