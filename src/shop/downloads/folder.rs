//! The shop's folder for files. A file comes in under a name that nobody serves, and gets its own when all of it is on the
//! disk: what has a name is whole.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use sha2::{Digest, Sha256};

use crate::store::PublicId;

/// How the name of a file begins that is not all here yet.
const INCOMING: &str = ".incoming-";
/// What nobody knows is left alone for so long: it may be coming in.
const GRACE: Duration = Duration::from_hours(24);
/// Bytes that are copied at once.
const PIECE: usize = 256 * 1_024;

/// The folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Folder(PathBuf);

/// A file that is all here, and has no name yet. Dropping it removes it.
#[derive(Debug)]
pub struct Incoming {
    path: PathBuf,
    /// How many bytes it has.
    pub size: i64,
    /// SHA-256 of the bytes.
    pub digest: [u8; 32],
}

/// Which side of the copying failed.
#[derive(Debug)]
pub enum Copying {
    /// What is read.
    From(io::Error),
    /// The folder.
    Into(io::Error),
}

impl Folder {
    /// The folder at `path`. It is made when the first file comes in.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self(path.into())
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Where the bytes of a file are.
    pub fn of(&self, file: PublicId) -> PathBuf {
        self.0.join(file.to_string())
    }

    /// Whether all bytes of a file are there, as far as its length tells.
    pub fn has(&self, file: &super::File) -> bool {
        self.is_whole(file.id, file.size)
    }

    fn is_whole(&self, file: PublicId, size: i64) -> bool {
        let about = fs::metadata(self.of(file));
        about.is_ok_and(|about| about.is_file() && about.len() == size as u64)
    }

    /// Copies `from` into the folder and waits until the disk has it. `progress` hears how many bytes are copied.
    pub fn take(
        &self,
        name: PublicId,
        mut from: impl Read,
        mut progress: impl FnMut(u64),
    ) -> Result<Incoming, Copying> {
        make(&self.0).map_err(Copying::Into)?;
        let path = self.0.join(format!("{INCOMING}{name}"));
        let mut into = create(&path).map_err(Copying::Into)?;
        // From here on it goes away again unless it is kept.
        let mut incoming = Incoming {
            path,
            size: 0,
            digest: [0; 32],
        };
        let mut digest = Sha256::new();
        let mut piece = vec![0; PIECE];
        loop {
            let read = match from.read(&mut piece) {
                Ok(0) => break,
                Ok(read) => read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(Copying::From(error)),
            };
            digest.update(&piece[..read]);
            into.write_all(&piece[..read]).map_err(Copying::Into)?;
            incoming.size += read as i64;
            progress(incoming.size as u64);
        }
        into.sync_all().map_err(Copying::Into)?;
        incoming.digest = digest.finalize().into();
        Ok(incoming)
    }

    /// Gives a file its name.
    pub fn keep(&self, mut incoming: Incoming, name: PublicId) -> io::Result<()> {
        fs::rename(&incoming.path, self.of(name))?;
        incoming.path = PathBuf::new();
        self.sync()
    }

    /// The names are on the disk, too.
    fn sync(&self) -> io::Result<()> {
        File::open(&self.0)?.sync_all()
    }

    /// Where the bytes of `lost` are not all there, those of `found`, which are the same, take their place. Answers whether
    /// they did.
    pub fn mend(&self, lost: PublicId, found: PublicId, size: i64) -> io::Result<bool> {
        if self.is_whole(lost, size) {
            return Ok(false);
        }
        fs::rename(self.of(found), self.of(lost))?;
        self.sync()?;
        Ok(true)
    }

    /// Removes a file. That it is not there is no error.
    pub fn remove(&self, file: PublicId) -> io::Result<()> {
        match fs::remove_file(self.of(file)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    /// Removes what an import that was cut off has left, a day later.
    #[expect(
        clippy::disallowed_methods,
        reason = "the times of files are the system's, whatever the shop's clock says"
    )]
    pub fn tidy(&self, known: &[PublicId]) -> io::Result<()> {
        for entry in fs::read_dir(&self.0)? {
            let entry = entry?;
            let name = entry.file_name();
            let Some(name) = name.to_str() else { continue };
            // Whatever else somebody keeps here is not ours.
            let is_ours = name
                .parse::<PublicId>()
                .map_or(name.starts_with(INCOMING), |id| !known.contains(&id));
            let changed = entry.metadata()?.modified()?;
            let age = SystemTime::now()
                .duration_since(changed)
                .unwrap_or_default();
            if is_ours && age > GRACE {
                fs::remove_file(entry.path())?;
            }
        }
        Ok(())
    }
}

impl Drop for Incoming {
    fn drop(&mut self) {
        if !self.path.as_os_str().is_empty() {
            // What stays is tidied up a day later.
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// The folder is for the shop, and for a server of its group that hands files out.
fn make(path: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o750);
    builder.create(path)
}

fn create(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o640);
    options.open(path)
}
