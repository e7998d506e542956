use std::{fs, os::unix::fs::symlink};

use super::*;

#[test]
fn links_do_not_lead_out_of_the_root() {
    let root = tempfile::tempdir().unwrap();
    fs::create_dir_all(root.path().join("etc")).unwrap();
    fs::write(root.path().join("etc/passwd"), "planted").unwrap();
    symlink("/etc/passwd", root.path().join("absolute")).unwrap();
    symlink("../../../../../etc/passwd", root.path().join("etc/climbing")).unwrap();
    let host = Host::new(root.path());
    assert_eq!(host.text("/absolute").unwrap().unwrap(), "planted");
    assert_eq!(host.text("/etc/climbing").unwrap().unwrap(), "planted");
    assert_eq!(host.text("/etc/none").unwrap(), None);
    assert_eq!(host.text("/etc/passwd/below").unwrap(), None);
    assert_eq!(host.names("/etc").unwrap().unwrap(), ["climbing", "passwd"]);
    assert_eq!(host.names("/").unwrap().unwrap(), ["absolute", "etc"]);
    assert_eq!(host.link("/absolute").unwrap(), "/etc/passwd");
    assert_eq!(host.link("/etc/passwd"), None);
}

#[test]
fn neither_a_link_nor_dots_lead_around_a_veto() {
    let root = tempfile::tempdir().unwrap();
    fs::create_dir_all(root.path().join("etc/ssl/private")).unwrap();
    fs::create_dir_all(root.path().join("etc/ssl/certs")).unwrap();
    fs::write(root.path().join("etc/ssl/private/a.key"), "planted").unwrap();
    symlink("/etc/ssl/private/a.key", root.path().join("key")).unwrap();
    symlink("private", root.path().join("etc/ssl/other")).unwrap();
    let vetoes = Vetoes::read(&["/etc/ssl/private/**".to_owned()]).unwrap();
    let host = Host::new(root.path()).without(&vetoes);
    let paths = [
        "/etc/ssl/private/a.key",
        "/key",
        "/etc/ssl/other/a.key",
        "/etc/ssl/certs/../private/a.key",
        "//etc/./ssl/private/a.key",
    ];
    for path in paths {
        let refused = host.text(path).unwrap_err();
        assert!(matches!(refused, ReadError::Vetoed { .. }), "{path}: {refused}");
        assert!(matches!(host.facts(path), Err(ReadError::Vetoed { .. })), "{path}");
    }
    assert!(matches!(host.names("/etc/ssl/other"), Err(ReadError::Vetoed { .. })));
    assert!(host.directory("/etc/ssl/private").is_err());
    assert_eq!(vetoes.met().len(), 1);
    assert_eq!(host.names("/etc/ssl/certs").unwrap().unwrap(), Vec::<String>::new());
    assert!(vetoes.met().is_empty());
    assert_eq!(Host::new(root.path()).text("/key").unwrap().unwrap(), "planted");
}

#[test]
fn a_pipe_and_a_directory_in_place_of_a_file_are_errors_at_once() {
    let root = tempfile::tempdir().unwrap();
    let pipe = root.path().join("pipe");
    rustix::fs::mkfifoat(rustix::fs::CWD, &pipe, Mode::RUSR).unwrap();
    fs::create_dir(root.path().join("dir")).unwrap();
    let host = Host::new(root.path());
    assert!(host.text("/pipe").unwrap_err().to_string().contains("a pipe"));
    assert!(host.text("/dir").unwrap_err().to_string().contains("a directory"));
    assert!(host.names("/pipe").unwrap_err().to_string().contains("directory"));
}

#[test]
fn bytes_that_are_not_text_are_read_all_the_same() {
    let root = tempfile::tempdir().unwrap();
    fs::write(root.path().join("latin"), b"M\xfcller").unwrap();
    let text = Host::new(root.path()).text("/latin").unwrap().unwrap();
    assert_eq!(text, "M\u{fffd}ller");
}
