//! Importing: a file becomes what customers of a product get. It is copied into the shop's folder first, and is the
//! product's in one transaction when all of it is on the disk. Downloads that were started before go on with the file that
//! they were started with; it goes away when none of them is open any more.

use std::io::{self, Read};
use std::path::PathBuf;

use super::MISSING;
use super::folder::{Copying, Folder, Incoming};
use crate::bus::attention;
use crate::shop::catalogue::{self, Kind, Meant};
use crate::spelling::suggestion;
use crate::store::{PublicId, Store, StoreError, Tx};
use crate::{binds, sql};

/// The longest name of a file, in characters.
pub const LONGEST_NAME: usize = 120;

/// What an import did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Report {
    /// How many bytes the file has.
    pub size: i64,
    /// SHA-256 of them.
    pub digest: [u8; 32],
    /// What became of it.
    pub change: Change,
}

/// What an import changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// The product had no file: it can be bought from now on.
    First,
    /// It took the place of another one.
    Another,
    /// The product has this file under this name already.
    None,
}

/// Why a file can't be imported. Nothing is changed.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// There is no such product.
    #[error("there is no product {slug}{}", suggestion(.nearest.as_deref()))]
    UnknownProduct {
        /// What was asked for.
        slug: String,
        /// The product that may have been meant.
        nearest: Option<String>,
    },
    /// The product delivers something else.
    #[error(
        "{slug} is of the kind {kind}, expected a product of the kind download: only these have a file"
    )]
    NotDownload {
        /// The product.
        slug: String,
        /// How it is delivered.
        kind: Kind,
    },
    /// Customers can't save it under this name.
    #[error(
        "{0:?} is no name for a file, expected 1 to {LONGEST_NAME} characters without slashes, such as \"handbook.pdf\""
    )]
    Name(String),
    /// There is nothing in it.
    #[error("the file is empty")]
    Empty,
    /// It can't be read.
    #[error("can't be read: {0}")]
    Read(#[source] io::Error),
    /// It can't be kept.
    #[error(
        "can't be written into {}: {source}; see that the folder belongs to the shop's user and that there is room on its disk",
        .folder.display()
    )]
    Write {
        /// The shop's folder.
        folder: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

sql! {
    // Two imports into one product come one after the other; orders of it go on.
    LOCK = "downloads.import.lock",
        sqlite: "SELECT id FROM products WHERE id = $1",
        postgres: "SELECT id FROM products WHERE id = $1 FOR NO KEY UPDATE";
    // Whoever starts a download of one of them at this moment keeps it: it goes with the next import.
    UNUSED = "downloads.import.unused",
        sqlite: "SELECT id FROM files WHERE NOT EXISTS (SELECT 1 FROM products p WHERE p.file_id = files.id)",
        postgres: "SELECT id FROM files WHERE NOT EXISTS (SELECT 1 FROM products p WHERE p.file_id = files.id)
             FOR UPDATE SKIP LOCKED";
}
sql! {
    CURRENT = "downloads.import.current",
        "SELECT f.digest, f.name, f.public_id FROM products p JOIN files f ON f.id = p.file_id WHERE p.id = $1";
    INSERT = "downloads.import.insert",
        "INSERT INTO files (public_id, digest, size, name, created_at) VALUES ($1, $2, $3, $4, $5) RETURNING id";
    SET = "downloads.import.set", "UPDATE products SET file_id = $2, updated_at = $3 WHERE id = $1";
    FORGET = "downloads.import.forget", "DELETE FROM download_starts WHERE file_id = $1 AND expires_at <= $2";
    DROP = "downloads.import.drop",
        "DELETE FROM files
         WHERE id = $1
           AND NOT EXISTS (SELECT 1 FROM products p WHERE p.file_id = files.id)
           AND NOT EXISTS (SELECT 1 FROM download_starts s WHERE s.file_id = files.id)
         RETURNING public_id";
    KNOWN = "downloads.import.known", "SELECT public_id FROM files";
}

/// Makes what `from` holds the file of the product `slug`, under the name `name`. Before anything is changed, `progress`
/// hears how many bytes are copied.
pub async fn import<R, P>(
    store: &Store,
    folder: &Folder,
    slug: &str,
    name: &str,
    from: R,
    progress: P,
) -> Result<Report, ImportError>
where
    R: Read + Send + 'static,
    P: FnMut(u64) + Send + 'static,
{
    if !is_name(name) {
        return Err(ImportError::Name(name.to_owned()));
    }
    let (product, id) = find(store, slug).await?;
    let incoming = copy(folder, id, from, progress).await?;
    store.points().pass("downloads.copied").await;
    let (size, digest) = (incoming.size, incoming.digest);
    let named = {
        let folder = folder.clone();
        blocking(move || folder.keep(incoming, id)).await
    };
    named.map_err(|source| unwritten(folder, source))?;
    store.points().pass("downloads.kept").await;
    let new = New {
        id,
        size,
        digest,
        name: name.to_owned(),
    };
    let set = store
        .write("downloads.import", move |tx| {
            let new = new.clone();
            Box::pin(async move { set(tx, product, &new).await })
        })
        .await;
    let (change, unused) = match set {
        Ok(Set::Changed { change, unused }) => (change, unused),
        Ok(Set::Same(file)) => {
            mend(store, folder, file, id, size).await?;
            // It is there no longer if it was needed.
            (Change::None, vec![id])
        }
        Err(error) => {
            // Whether it was committed may be unknown: then the file stays, and is tidied up if it is nobody's.
            if let Ok(known) = known(store).await
                && !known.contains(&id)
            {
                remove(folder, vec![id]).await;
            }
            return Err(ImportError::Store(error));
        }
    };
    remove(folder, unused).await;
    tidy(store, folder).await;
    Ok(Report {
        size,
        digest,
        change,
    })
}

/// Whether customers can save a file under this name on any system, and headers and pages can say it.
fn is_name(name: &str) -> bool {
    let is_plain = |letter: char| !letter.is_control() && !"/\\:*?\"<>|".contains(letter);
    (1..=LONGEST_NAME).contains(&name.chars().count())
        && name.chars().all(is_plain)
        && name.trim() == name
        && !name.starts_with('.')
}

/// The product's row, and a name for its new file.
async fn find(store: &Store, slug: &str) -> Result<(i64, PublicId), ImportError> {
    let slug = slug.to_owned();
    store
        .read("downloads.import.find", move |tx| {
            let slug = slug.clone();
            Box::pin(async move {
                match catalogue::meant(tx, &slug, Kind::Download).await? {
                    Meant::Product(product) => Ok((product, PublicId::random(tx)?)),
                    Meant::OtherKind(kind) => Err(ImportError::NotDownload { slug, kind }),
                    Meant::Nothing(nearest) => Err(ImportError::UnknownProduct { slug, nearest }),
                }
            })
        })
        .await
}

async fn copy<R, P>(
    folder: &Folder,
    id: PublicId,
    from: R,
    progress: P,
) -> Result<Incoming, ImportError>
where
    R: Read + Send + 'static,
    P: FnMut(u64) + Send + 'static,
{
    let taken = {
        let folder = folder.clone();
        blocking(move || Ok(folder.take(id, from, progress))).await
    };
    let incoming = match taken {
        Ok(Ok(incoming)) => incoming,
        Ok(Err(Copying::From(source))) => return Err(ImportError::Read(source)),
        Ok(Err(Copying::Into(source))) | Err(source) => return Err(unwritten(folder, source)),
    };
    if incoming.size == 0 {
        return Err(ImportError::Empty);
    }
    Ok(incoming)
}

fn unwritten(folder: &Folder, source: io::Error) -> ImportError {
    ImportError::Write {
        folder: folder.path().to_owned(),
        source,
    }
}

/// Runs what waits for the disk where nobody else waits for it.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> io::Result<T> {
    tokio::task::spawn_blocking(work)
        .await
        .unwrap_or_else(|panic| Err(io::Error::other(panic)))
}

#[derive(Clone, Debug)]
struct New {
    id: PublicId,
    size: i64,
    digest: [u8; 32],
    name: String,
}

enum Set {
    /// The file is the product's.
    Changed {
        change: Change,
        /// Files that nobody fetches any more.
        unused: Vec<PublicId>,
    },
    /// The product has this one already.
    Same(PublicId),
}

async fn set(tx: &mut Tx<'_>, product: i64, new: &New) -> Result<Set, StoreError> {
    let now = tx.now();
    let _: (i64,) = tx.one(&LOCK, binds![product]).await?;
    let current: Option<(Vec<u8>, String, PublicId)> =
        tx.optional(&CURRENT, binds![product]).await?;
    let change = match &current {
        None => Change::First,
        Some((digest, name, file)) if *digest == new.digest && *name == new.name => {
            return Ok(Set::Same(*file));
        }
        Some(_) => Change::Another,
    };
    let binds = binds![new.id, new.digest, new.size, new.name, now];
    let (file,): (i64,) = tx.one(&INSERT, binds).await?;
    tx.execute(&SET, binds![product, file, now]).await?;
    tx.pause("downloads.import").await;
    // Locked first: nobody starts a download of one of them while it goes.
    let candidates: Vec<(i64,)> = tx.all(&UNUSED, binds![]).await?;
    let mut unused = Vec::new();
    for (file,) in candidates {
        tx.execute(&FORGET, binds![file, now]).await?;
        let dropped: Option<(PublicId,)> = tx.optional(&DROP, binds![file]).await?;
        if let Some((name,)) = dropped {
            // Nobody looks for it any more.
            attention::resolve(tx, MISSING, &name.to_string()).await?;
            unused.push(name);
        }
    }
    tx.pause("downloads.dropped").await;
    Ok(Set::Changed { change, unused })
}

/// The product has the file `file`, and its bytes are those of `id`: where they are lost, they are back now.
async fn mend(
    store: &Store,
    folder: &Folder,
    file: PublicId,
    id: PublicId,
    size: i64,
) -> Result<(), ImportError> {
    let mended = {
        let folder = folder.clone();
        blocking(move || folder.mend(file, id, size)).await
    };
    if mended.map_err(|source| unwritten(folder, source))? {
        let subject = file.to_string();
        store
            .write("downloads.import.mended", move |tx| {
                let subject = subject.clone();
                Box::pin(async move { attention::resolve(tx, MISSING, &subject).await })
            })
            .await?;
    }
    Ok(())
}

async fn known(store: &Store) -> Result<Vec<PublicId>, StoreError> {
    let rows: Vec<(PublicId,)> = store
        .read("downloads.import.known", |tx| {
            Box::pin(async move { tx.all(&KNOWN, binds![]).await })
        })
        .await?;
    Ok(rows.into_iter().map(|row| row.0).collect())
}

/// What can't be removed now is tidied up later.
async fn remove(folder: &Folder, files: Vec<PublicId>) {
    let folder = folder.clone();
    let removed = blocking(move || files.into_iter().try_for_each(|file| folder.remove(file)));
    if let Err(error) = removed.await {
        tracing::warn!(%error, "a file that nobody needs any more can't be removed");
    }
}

async fn tidy(store: &Store, folder: &Folder) {
    let Ok(known) = known(store).await else {
        return;
    };
    let folder = folder.clone();
    if let Err(error) = blocking(move || folder.tidy(&known)).await {
        tracing::warn!(%error, "the folder for files can't be tidied up");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_can_be_saved_anywhere() {
        let longest = "я".repeat(LONGEST_NAME);
        for name in ["handbook.pdf", "Книга в 2 томах.epub", "a", &longest] {
            assert!(is_name(name), "{name}");
        }
        let too_long = "я".repeat(LONGEST_NAME + 1);
        for name in [
            "", ".profile", "a/b", "a\\b", "a\nb", " a", "a ", "..", "con:", "a\"b", &too_long,
        ] {
            assert!(!is_name(name), "{name:?}");
        }
    }
}
