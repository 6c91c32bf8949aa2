//! Files that the bot or a customer uploaded.

use axum::body::Bytes;
use std::collections::HashMap;

use crate::ids::Random;

/// A file in memory.
#[derive(Debug, Clone)]
pub(crate) struct StoredFile {
    pub(crate) id: String,
    pub(crate) unique_id: String,
    pub(crate) path: String,
    pub(crate) name: String,
    pub(crate) mime: String,
    pub(crate) is_photo: bool,
    pub(crate) bytes: Bytes,
}

/// All files, by id and by path.
#[derive(Default)]
pub(crate) struct Files {
    by_id: HashMap<String, StoredFile>,
    by_path: HashMap<String, String>,
}

impl Files {
    pub(crate) fn add(
        &mut self,
        random: &mut Random,
        name: &str,
        mime: Option<&str>,
        bytes: Bytes,
        is_photo: bool,
    ) -> StoredFile {
        let number = self.by_id.len();
        let (prefix, folder) = if is_photo {
            ("AgAC", "photos")
        } else {
            ("BQAC", "documents")
        };
        let extension = name
            .rsplit_once('.')
            .map_or("bin", |(_, extension)| extension);
        let extension: String = extension
            .chars()
            .filter(char::is_ascii_alphanumeric)
            .take(10)
            .collect();
        let file = StoredFile {
            id: format!("{prefix}{}", random.text(52)),
            unique_id: format!("AQAD{}", random.text(11)),
            path: format!("{folder}/file_{number}.{extension}"),
            name: name.to_owned(),
            mime: mime.unwrap_or("application/octet-stream").to_owned(),
            is_photo,
            bytes,
        };
        self.by_path.insert(file.path.clone(), file.id.clone());
        self.by_id.insert(file.id.clone(), file.clone());
        file
    }

    pub(crate) fn get(&self, id: &str) -> Option<&StoredFile> {
        self.by_id.get(id)
    }

    pub(crate) fn at_path(&self, path: &str) -> Option<&StoredFile> {
        self.by_id.get(self.by_path.get(path)?)
    }
}

/// Whether the bytes begin as a picture does; Telegram refuses other photos.
pub(crate) fn looks_like_picture(bytes: &[u8]) -> bool {
    const STARTS: [&[u8]; 4] = [b"\xff\xd8\xff", b"\x89PNG", b"GIF8", b"RIFF"];
    STARTS.iter().any(|start| bytes.starts_with(start))
}

/// The content type of a picture by its first bytes.
pub(crate) fn picture_kind(bytes: &[u8]) -> &'static str {
    match bytes {
        [0x89, ..] => "image/png",
        [b'G', ..] => "image/gif",
        [b'R', ..] => "image/webp",
        _ => "image/jpeg",
    }
}
