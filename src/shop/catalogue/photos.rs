//! The pictures of the catalogue: each is kept once, and so is Telegram's name for it.

use std::collections::HashMap;

use super::file::{Photo, Photos};
use crate::store::{Store, StoreError, Tx};
use crate::{binds, sql};

sql! {
    FIND = "catalogue.photos.find", "SELECT id FROM photos WHERE digest = $1";
    INSERT = "catalogue.photos.insert",
        "INSERT INTO photos (digest, bytes, created_at)
         VALUES ($1, $2, $3)
         ON CONFLICT (digest) DO NOTHING";
    BYTES = "catalogue.photos.bytes", "SELECT bytes FROM photos WHERE id = $1";
    FILE = "catalogue.photos.file",
        "SELECT file_id FROM photo_files WHERE photo_id = $1 AND bot = $2";
    NAME_FILE = "catalogue.photos.name_file",
        "INSERT INTO photo_files (photo_id, bot, file_id)
         SELECT id, $2, $3 FROM photos WHERE id = $1
         ON CONFLICT (photo_id, bot) DO UPDATE SET file_id = excluded.file_id";
    SWEEP_FILES = "catalogue.photos.sweep_files",
        "DELETE FROM photo_files
         WHERE NOT EXISTS (SELECT 1 FROM products WHERE products.photo_id = photo_files.photo_id)
           AND NOT EXISTS (SELECT 1 FROM families WHERE families.photo_id = photo_files.photo_id)";
    DROP = "catalogue.photos.drop",
        "DELETE FROM photos
         WHERE id = $1
           AND NOT EXISTS (SELECT 1 FROM products WHERE products.photo_id = photos.id)
           AND NOT EXISTS (SELECT 1 FROM families WHERE families.photo_id = photos.id)
           AND NOT EXISTS (SELECT 1 FROM photo_files WHERE photo_files.photo_id = photos.id)";
}

sql! {
    // A picture that a chat is naming at this moment is somebody's: it goes with the next import.
    UNUSED = "catalogue.photos.unused",
        sqlite: "SELECT id FROM photos
         WHERE NOT EXISTS (SELECT 1 FROM products WHERE products.photo_id = photos.id)
           AND NOT EXISTS (SELECT 1 FROM families WHERE families.photo_id = photos.id)",
        postgres: "SELECT id FROM photos
         WHERE NOT EXISTS (SELECT 1 FROM products WHERE products.photo_id = photos.id)
           AND NOT EXISTS (SELECT 1 FROM families WHERE families.photo_id = photos.id)
         FOR UPDATE SKIP LOCKED";
}

/// Stores the pictures that are not stored yet, each in a transaction of its own.
pub(super) async fn keep(store: &Store, photos: &Photos) -> Result<(), StoreError> {
    for photo in photos.iter() {
        let digest = photo.digest;
        let known = store
            .read("catalogue.photos.known", move |tx| {
                Box::pin(async move { find(tx, digest).await })
            })
            .await?;
        if known.is_none() {
            let photo = photo.clone();
            store
                .write("catalogue.photos.keep", move |tx| {
                    let photo = photo.clone();
                    Box::pin(async move { id(tx, &photo).await })
                })
                .await?;
        }
    }
    Ok(())
}

async fn find(tx: &mut Tx<'_>, digest: [u8; 32]) -> Result<Option<i64>, StoreError> {
    let found: Option<(i64,)> = tx.optional(&FIND, binds![digest]).await?;
    Ok(found.map(|row| row.0))
}

/// The row of a picture, made if need be.
async fn id(tx: &mut Tx<'_>, photo: &Photo) -> Result<i64, StoreError> {
    if let Some(id) = find(tx, photo.digest).await? {
        return Ok(id);
    }
    let now = tx.now();
    tx.execute(&INSERT, binds![photo.digest, photo.bytes, now])
        .await?;
    tx.one::<(i64,)>(&FIND, binds![photo.digest])
        .await
        .map(|row| row.0)
}

/// The rows of the pictures, by their paths in the file.
pub(super) async fn ids(
    tx: &mut Tx<'_>,
    photos: &Photos,
) -> Result<HashMap<String, i64>, StoreError> {
    let mut ids = HashMap::new();
    for (name, photo) in photos.named() {
        ids.insert(name.to_owned(), id(tx, photo).await?);
    }
    Ok(ids)
}

/// Forgets pictures that nothing shows any more.
pub(super) async fn sweep(tx: &mut Tx<'_>) -> Result<(), StoreError> {
    // Locked first: nobody names one of them while it goes.
    let unused: Vec<(i64,)> = tx.all(&UNUSED, binds![]).await?;
    tx.execute(&SWEEP_FILES, binds![]).await?;
    for (photo,) in unused {
        tx.execute(&DROP, binds![photo]).await?;
    }
    Ok(())
}

/// The picture itself; `None` once it is forgotten.
pub async fn bytes(tx: &mut Tx<'_>, photo: i64) -> Result<Option<Vec<u8>>, StoreError> {
    let found: Option<(Vec<u8>,)> = tx.optional(&BYTES, binds![photo]).await?;
    Ok(found.map(|row| row.0))
}

/// Telegram's name for a picture that the bot `bot` has uploaded.
pub async fn file(tx: &mut Tx<'_>, photo: i64, bot: &str) -> Result<Option<String>, StoreError> {
    let found: Option<(String,)> = tx.optional(&FILE, binds![photo, bot]).await?;
    Ok(found.map(|row| row.0))
}

/// Keeps Telegram's name for a picture, in the place of an older one.
pub async fn name_file(
    tx: &mut Tx<'_>,
    photo: i64,
    bot: &str,
    file_id: &str,
) -> Result<(), StoreError> {
    tx.execute(&NAME_FILE, binds![photo, bot, file_id]).await?;
    Ok(())
}
