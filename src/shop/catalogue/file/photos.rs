//! The pictures that a catalogue file mentions, read and looked at before anything is written.

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::path::Path;

use sha2::{Digest, Sha256};

use super::{CatalogueFile, Problem};
use crate::shop::catalogue::picture::{MOST_BYTES, Picture, Unfit};

/// A picture that Telegram takes.
#[derive(Clone, PartialEq, Eq)]
pub struct Photo {
    /// SHA-256 of the bytes.
    pub digest: [u8; 32],
    /// The file.
    pub bytes: Vec<u8>,
}

impl fmt::Debug for Photo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Photo({} bytes)", self.bytes.len())
    }
}

/// The pictures of a file, by the paths that it mentions.
#[derive(Clone, Debug, Default)]
pub struct Photos(BTreeMap<String, Photo>);

/// Why a picture can't be read: the end of a sentence that begins with its path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unreadable {
    /// Not there.
    Missing,
    /// A link that leads out of the folder.
    Outside,
    /// A folder, say.
    NoFile,
    /// So large that it isn't even read, in bytes.
    Heavy(u64),
    /// What the system says.
    Failed(String),
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Unreadable::Missing => f.write_str("is not there: put it beside the catalogue file"),
            Unreadable::Outside => {
                f.write_str("leads out of the catalogue file's folder: copy the picture into it")
            }
            Unreadable::NoFile => f.write_str("is no file, expected a PNG, JPEG or WebP picture"),
            Unreadable::Heavy(bytes) => Unfit::Heavy(*bytes).fmt(f),
            Unreadable::Failed(why) => write!(f, "can't be read: {why}"),
        }
    }
}

impl Photos {
    /// The pictures beside the catalogue file at `path`.
    pub fn beside(path: &Path, file: &CatalogueFile) -> Result<Photos, Vec<Problem>> {
        let folder = match path.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder,
            _ => Path::new("."),
        };
        Photos::read(file, |name| in_folder(folder, name))
    }

    /// The pictures that `source` has under their paths. An error is everything that is wrong with them, by line.
    pub fn read(
        file: &CatalogueFile,
        source: impl Fn(&str) -> Result<Vec<u8>, Unreadable>,
    ) -> Result<Photos, Vec<Problem>> {
        let mut photos = BTreeMap::new();
        let mut problems = Vec::new();
        for mention in file.photos() {
            if photos.contains_key(&mention.name) {
                continue;
            }
            let bytes = source(&mention.name).map_err(|unreadable| unreadable.to_string());
            let seen = bytes.and_then(|bytes| match Picture::read(&bytes) {
                Ok(_) => Ok(bytes),
                Err(unfit) => Err(unfit.to_string()),
            });
            match seen {
                Ok(bytes) => {
                    let digest = Sha256::digest(&bytes).into();
                    photos.insert(mention.name.clone(), Photo { digest, bytes });
                }
                Err(why) => problems.push(Problem {
                    line: mention.line,
                    what: format!("the photo {:?} {why}", mention.name),
                }),
            }
        }
        if problems.is_empty() {
            return Ok(Photos(photos));
        }
        problems.sort();
        Err(problems)
    }

    /// The pictures.
    pub fn iter(&self) -> impl Iterator<Item = &Photo> {
        self.0.values()
    }

    /// The pictures with their paths.
    pub fn named(&self) -> impl Iterator<Item = (&str, &Photo)> {
        self.0.iter().map(|(name, photo)| (name.as_str(), photo))
    }
}

/// Reads a picture that is inside the folder, also after links are followed.
fn in_folder(folder: &Path, name: &str) -> Result<Vec<u8>, Unreadable> {
    let failed = |error: std::io::Error| match error.kind() {
        std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory => Unreadable::Missing,
        _ => Unreadable::Failed(error.to_string()),
    };
    let folder = folder.canonicalize().map_err(failed)?;
    let path = folder.join(name).canonicalize().map_err(failed)?;
    if !path.starts_with(&folder) {
        return Err(Unreadable::Outside);
    }
    let about = fs::metadata(&path).map_err(failed)?;
    if !about.is_file() {
        return Err(Unreadable::NoFile);
    }
    if about.len() > MOST_BYTES as u64 {
        return Err(Unreadable::Heavy(about.len()));
    }
    fs::read(&path).map_err(failed)
}

#[cfg(test)]
mod tests {
    use super::super::{Format, parse};
    use super::*;
    use crate::shop::catalogue::picture::tests::png_of;

    fn told(folder: &Path, names: &[&str]) -> String {
        let mut csv = "id,kind,title.en,price.XTR,photo\n".to_owned();
        for (at, name) in names.iter().enumerate() {
            csv += &format!("p-{at},stock,P,1,{name}\n");
        }
        let file = parse(csv.as_bytes(), Format::Csv).unwrap();
        match Photos::beside(&folder.join("shop.csv"), &file) {
            Ok(photos) => format!("{} photos", photos.iter().count()),
            Err(problems) => {
                let lines: Vec<String> = problems.iter().map(ToString::to_string).collect();
                lines.join("\n")
            }
        }
    }

    #[test]
    fn pictures_beside_the_file_are_read_once() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("more")).unwrap();
        fs::write(folder.path().join("a.png"), png_of(8, 5)).unwrap();
        fs::write(folder.path().join("more/b.png"), png_of(8, 6)).unwrap();
        assert_eq!(
            told(folder.path(), &["a.png", "more/b.png", "a.png"]),
            "2 photos"
        );
    }

    #[test]
    fn what_is_wrong_with_pictures_is_told_by_line() {
        let home = tempfile::tempdir().unwrap();
        let folder = home.path().join("shop");
        fs::create_dir_all(folder.join("folder")).unwrap();
        fs::write(home.path().join("secret.png"), png_of(8, 5)).unwrap();
        std::os::unix::fs::symlink(home.path().join("secret.png"), folder.join("link.png"))
            .unwrap();
        fs::write(folder.join("words.png"), "words").unwrap();
        fs::write(folder.join("long.png"), png_of(5000, 200)).unwrap();
        let heavy = fs::File::create(folder.join("heavy.png")).unwrap();
        heavy.set_len(MOST_BYTES as u64 + 1).unwrap();
        let names = [
            "none.png",
            "link.png",
            "words.png",
            "long.png",
            "heavy.png",
            "folder",
        ];
        insta::assert_snapshot!(told(&folder, &names), @r#"
        line 2: the photo "none.png" is not there: put it beside the catalogue file
        line 3: the photo "link.png" leads out of the catalogue file's folder: copy the picture into it
        line 4: the photo "words.png" is no picture, expected PNG, JPEG or WebP
        line 5: the photo "long.png" is 5000 × 200 pixels, expected the longer side to be at most 20 times the shorter one
        line 6: the photo "heavy.png" has 11 MB, expected at most 10: Telegram takes no larger photos
        line 7: the photo "folder" is no file, expected a PNG, JPEG or WebP picture
        "#);
    }
}
