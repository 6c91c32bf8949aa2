//! A Python with the packages that tests stand on. The first test to come makes it, the others wait; what was installed is
//! kept in the build folder.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

const WISHED: &str = include_str!("smtp/requirements.txt");

fn must(what: &str, done: std::io::Result<Output>) -> Output {
    let done = done.unwrap_or_else(|error| panic!("{what}: {error}"));
    assert!(
        done.status.success(),
        "{what}: {}{}",
        String::from_utf8_lossy(&done.stdout),
        String::from_utf8_lossy(&done.stderr)
    );
    done
}

/// A Python that has aiosmtpd.
pub fn python() -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let lock = File::create(folder.join("aiosmtpd.lock")).expect("a file in the build folder");
    lock.lock().expect("a lock");
    let venv = folder.join("aiosmtpd");
    let (python, installed) = (venv.join("bin/python"), venv.join("installed"));
    if std::fs::read_to_string(&installed).ok().as_deref() == Some(WISHED) {
        return python;
    }
    must(
        "mails are sent to aiosmtpd, which needs Python 3 with venv (Debian: python3-venv)",
        Command::new("python3")
            .args(["-m", "venv", "--clear"])
            .arg(&venv)
            .output(),
    );
    must(
        "mails are sent to aiosmtpd, which pip must be able to get from PyPI (or from a mirror that it is told of)",
        Command::new(&python)
            .args(["-m", "pip", "install", "--quiet", "--requirement"])
            .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/support/smtp/requirements.txt"))
            .output(),
    );
    std::fs::write(&installed, WISHED).expect("a note that it is installed");
    python
}

/// What a script says, in the Python that is there anyway.
pub fn says(script: &str, args: &[&str]) -> String {
    let ran = Command::new("python3")
        .args(["-c", script])
        .args(args)
        .output();
    let done = must("a script", ran);
    String::from_utf8(done.stdout)
        .expect("text")
        .trim_end()
        .to_owned()
}
