//! Secrets at rest: random keys in the database, wrapped by the master key, and what is made with them. Key text is
//! encrypted here before it is stored and decrypted only to be shown.
//!
//! A wrapped secret is nonce (24 bytes) and ciphertext; its purpose and its row id are authenticated. A sealed key is
//! version 1 (1 byte), the data key's id (8, big-endian), nonce (24) and ciphertext; the product's row id (8, big-endian)
//! and the fingerprint are authenticated. The cipher is XChaCha20-Poly1305.

use std::collections::HashMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use hmac::{Hmac, Mac};
use sha2::Sha256;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::store::{ErrorKind, Store, StoreError, Tx, random_bytes};
use crate::{binds, sql};

const VERSION: u8 = 1;
const NONCE: usize = 24;
const HEAD: usize = 1 + 8 + NONCE;

/// The key that wraps all others. It is never in the database, nor in a backup of it.
#[derive(Clone, ZeroizeOnDrop)]
pub struct MasterKey([u8; 32]);

/// The text of a key that is sold. Its debug form says nothing, and its memory is wiped.
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
pub struct KeyText(String);

/// A sealed key, ready to be stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sealed {
    /// Equal for equal texts, across all products.
    pub fingerprint: [u8; 32],
    /// What only this vault can open.
    pub ciphertext: Vec<u8>,
}

/// Why a secret can't be used.
#[derive(Debug, thiserror::Error)]
pub enum VaultError {
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The master key opens nothing here.
    #[error(
        "the master key does not open this database's secrets: it belongs to another shop, or the key file was replaced. \
         Give the master key that this database was made with (secrets.master_key, or the .key file beside the database)"
    )]
    WrongMasterKey,
    /// Not 32 bytes of base64.
    #[error("secrets.master_key is no base64 of 32 bytes: make one with `openssl rand -base64 32`")]
    BadMasterKey,
    /// The key file can't be read or made.
    #[error("the master key's file {path}: {source}")]
    File {
        /// Where it is.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// A stored key was changed, or its data key is missing.
    #[error("a stored key can't be decrypted: it was changed, or moved from another product")]
    Damaged,
}

impl MasterKey {
    /// Reads 32 bytes of base64.
    pub fn from_base64(text: &str) -> Result<Self, VaultError> {
        let bytes = Zeroizing::new(
            STANDARD
                .decode(text.trim())
                .map_err(|_| VaultError::BadMasterKey)?,
        );
        let key = bytes.as_slice().try_into();
        key.map(Self).map_err(|_| VaultError::BadMasterKey)
    }

    /// The key in the file beside a SQLite database (`kiosk.db.key`), made with mode 0600 on first use.
    pub fn beside(database: &Path) -> Result<Self, VaultError> {
        let mut path = database.as_os_str().to_owned();
        path.push(".key");
        let path = PathBuf::from(path);
        let failed = |source| VaultError::File {
            path: path.clone(),
            source,
        };
        if !path.exists() {
            let fresh = Self(random_bytes()?);
            fresh.create(&path).map_err(failed)?;
        }
        let text = Zeroizing::new(std::fs::read_to_string(&path).map_err(failed)?);
        Self::from_base64(&text).map_err(|_| {
            let damaged = "it holds no base64 of 32 bytes, put the shop's own key file back";
            failed(std::io::Error::new(
                std::io::ErrorKind::InvalidData,
                damaged,
            ))
        })
    }

    /// Writes the key under another name first, so that nobody ever reads half of it. A file that is there by now stays.
    fn create(&self, path: &Path) -> std::io::Result<()> {
        use std::io::Write;
        let draft = path.with_extension(format!("key.{}", std::process::id()));
        let mut options = std::fs::OpenOptions::new();
        options.write(true).create(true).truncate(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(&draft)?;
        let text = Zeroizing::new(STANDARD.encode(self.0));
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        let linked = std::fs::hard_link(&draft, path);
        std::fs::remove_file(&draft)?;
        match linked {
            Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => Err(error),
            _ => Ok(()),
        }
    }

    fn wrap(&self, purpose: &str, id: i64, secret: &[u8; 32]) -> Result<Vec<u8>, StoreError> {
        let aad = wrapping(purpose, id);
        encrypt(&self.0, &aad, secret)
    }

    fn unwrap(&self, purpose: &str, id: i64, wrapped: &[u8]) -> Result<[u8; 32], VaultError> {
        let aad = wrapping(purpose, id);
        let secret = decrypt(&self.0, &aad, wrapped).ok_or(VaultError::WrongMasterKey)?;
        secret
            .as_slice()
            .try_into()
            .map_err(|_| VaultError::WrongMasterKey)
    }
}

impl fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MasterKey(…)")
    }
}

impl KeyText {
    /// Takes a text over.
    pub fn new(text: String) -> Self {
        Self(text)
    }

    /// The text itself: to be shown to its owner, and to nobody else.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for KeyText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeyText(…)")
    }
}

/// The shop's secrets, unwrapped. Cheap to clone.
#[derive(Clone)]
pub struct Vault {
    secrets: Arc<Secrets>,
}

#[derive(ZeroizeOnDrop)]
struct Secrets {
    /// The newest data key seals; all of them unseal.
    #[zeroize(skip)]
    data: HashMap<i64, Zeroizing<[u8; 32]>>,
    newest: i64,
    fingerprint: [u8; 32],
    payload: [u8; 32],
    link: [u8; 32],
}

impl fmt::Debug for Vault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Vault(…)")
    }
}

const PURPOSES: [&str; 4] = ["data", "fingerprint", "payload", "link"];

sql! {
    ALL = "secrets.all", "SELECT id, purpose, wrapped FROM secrets ORDER BY id";
    INSERT = "secrets.insert",
        "INSERT INTO secrets (purpose, wrapped, created_at) VALUES ($1, $2, $3) RETURNING id";
    WRAP = "secrets.wrap", "UPDATE secrets SET wrapped = $2 WHERE id = $1";
}
sql! {
    LOCK = "secrets.lock",
        sqlite: "SELECT 1",
        postgres: "SELECT CAST(1 AS BIGINT) FROM (SELECT pg_advisory_xact_lock(7310586)) AS lock";
}

type Wrapped = Vec<(i64, String, Vec<u8>)>;

impl Vault {
    /// Opens the shop's secrets, making them on first use.
    pub async fn open(store: &Store, master: &MasterKey) -> Result<Self, VaultError> {
        let all: Wrapped = store
            .read("secrets.read", |tx| Box::pin(tx.all(&ALL, &[])))
            .await?;
        if !all.is_empty() {
            return Self::unwrap(master, &all);
        }
        let key = master.clone();
        let all: Wrapped = store
            .write("secrets.make", move |tx| {
                let key = key.clone();
                Box::pin(async move { make(tx, &key).await })
            })
            .await?;
        Self::unwrap(master, &all)
    }

    /// Wraps every secret by another master key, all or none.
    pub async fn rewrap(store: &Store, old: &MasterKey, new: &MasterKey) -> Result<(), VaultError> {
        let (old, new) = (old.clone(), new.clone());
        store
            .write("secrets.rewrap", move |tx| {
                let (old, new) = (old.clone(), new.clone());
                Box::pin(async move {
                    let all: Wrapped = tx.all(&ALL, &[]).await?;
                    for (id, purpose, wrapped) in all {
                        let secret = Zeroizing::new(old.unwrap(&purpose, id, &wrapped)?);
                        let wrapped = new.wrap(&purpose, id, &secret)?;
                        tx.execute(&WRAP, binds![id, wrapped]).await?;
                    }
                    Ok(())
                })
            })
            .await
    }

    fn unwrap(master: &MasterKey, all: &Wrapped) -> Result<Self, VaultError> {
        let mut secrets = Secrets {
            data: HashMap::new(),
            newest: 0,
            fingerprint: [0; 32],
            payload: [0; 32],
            link: [0; 32],
        };
        for (id, purpose, wrapped) in all {
            let secret = master.unwrap(purpose, *id, wrapped)?;
            match purpose.as_str() {
                "fingerprint" => secrets.fingerprint = secret,
                "payload" => secrets.payload = secret,
                "link" => secrets.link = secret,
                _ => {
                    secrets.data.insert(*id, Zeroizing::new(secret));
                    secrets.newest = secrets.newest.max(*id);
                }
            }
        }
        let lasting = [secrets.fingerprint, secrets.payload, secrets.link];
        if secrets.data.is_empty() || lasting.contains(&[0; 32]) {
            let message = "a secret is missing: restore the database from a backup";
            return Err(StoreError::because("secrets.read", ErrorKind::Decode, message).into());
        }
        Ok(Self {
            secrets: Arc::new(secrets),
        })
    }

    /// Encrypts a key's text for its product.
    pub fn seal(&self, product: i64, text: &KeyText) -> Result<Sealed, VaultError> {
        let fingerprint = self.fingerprint(text);
        let id = self.secrets.newest;
        let key = self.secrets.data.get(&id).ok_or(VaultError::Damaged)?;
        let mut ciphertext = vec![VERSION];
        ciphertext.extend_from_slice(&id.to_be_bytes());
        let aad = sealing(product, &fingerprint);
        ciphertext.extend(encrypt(key, &aad, text.0.as_bytes())?);
        Ok(Sealed {
            fingerprint,
            ciphertext,
        })
    }

    /// Decrypts what [`Vault::seal`] made for the same product.
    pub fn unseal(
        &self,
        product: i64,
        fingerprint: &[u8; 32],
        ciphertext: &[u8],
    ) -> Result<KeyText, VaultError> {
        if ciphertext.len() < HEAD || ciphertext[0] != VERSION {
            return Err(VaultError::Damaged);
        }
        let (head, sealed) = ciphertext.split_at(9);
        let mut id = [0; 8];
        id.copy_from_slice(&head[1..]);
        let id = i64::from_be_bytes(id);
        let key = self.secrets.data.get(&id).ok_or(VaultError::Damaged)?;
        let aad = sealing(product, fingerprint);
        let text = decrypt(key, &aad, sealed).ok_or(VaultError::Damaged)?;
        String::from_utf8(text)
            .map(KeyText)
            .map_err(|_| VaultError::Damaged)
    }

    /// Equal for equal texts, and unguessable without the fingerprint key.
    pub fn fingerprint(&self, text: &KeyText) -> [u8; 32] {
        mac(&self.secrets.fingerprint, text.0.as_bytes())
    }

    /// The MAC of an invoice's payload.
    pub fn payload_mac(&self, message: &[u8]) -> [u8; 8] {
        let mut first = [0; 8];
        first.copy_from_slice(&mac(&self.secrets.payload, message)[..8]);
        first
    }

    /// The MAC of a link that belongs to its owner.
    pub fn link_mac(&self, message: &[u8]) -> [u8; 32] {
        mac(&self.secrets.link, message)
    }

    /// The MAC of what is derived instead of stored, or stored only so: codes, tokens, subjects of limits. `what` keeps
    /// one use apart from every other.
    pub fn derived_mac(&self, what: &str, message: &[u8]) -> [u8; 32] {
        let message = [what.as_bytes(), b"\0", message].concat();
        mac(&self.secrets.link, &message)
    }
}

/// Makes the secrets, unless another process has just done so. The row id is part of what is authenticated, so each row
/// is inserted first and wrapped in the same transaction.
async fn make(tx: &mut Tx<'_>, master: &MasterKey) -> Result<Wrapped, StoreError> {
    let _: (i64,) = tx.one(&LOCK, binds![]).await?;
    let there: Wrapped = tx.all(&ALL, &[]).await?;
    if !there.is_empty() {
        return Ok(there);
    }
    let now = tx.now();
    for purpose in PURPOSES {
        let secret = Zeroizing::new(tx.random::<32>()?);
        let (id,): (i64,) = tx
            .one(&INSERT, binds![purpose, Vec::<u8>::new(), now])
            .await?;
        let wrapped = master.wrap(purpose, id, &secret)?;
        tx.execute(&WRAP, binds![id, wrapped]).await?;
    }
    tx.all(&ALL, &[]).await
}

fn wrapping(purpose: &str, id: i64) -> Vec<u8> {
    let mut aad = purpose.as_bytes().to_vec();
    aad.extend_from_slice(&id.to_be_bytes());
    aad
}

fn sealing(product: i64, fingerprint: &[u8; 32]) -> [u8; 40] {
    let mut aad = [0; 40];
    aad[..8].copy_from_slice(&product.to_be_bytes());
    aad[8..].copy_from_slice(fingerprint);
    aad
}

/// Nonce and ciphertext.
fn encrypt(key: &[u8; 32], aad: &[u8], msg: &[u8]) -> Result<Vec<u8>, StoreError> {
    let nonce: [u8; NONCE] = random_bytes()?;
    let sealed = XChaCha20Poly1305::new(key.into())
        .encrypt(XNonce::from_slice(&nonce), Payload { msg, aad })
        .map_err(|_| StoreError::because("vault.encrypt", ErrorKind::Failed, "text too long"))?;
    Ok([nonce.as_slice(), &sealed].concat())
}

fn decrypt(key: &[u8; 32], aad: &[u8], sealed: &[u8]) -> Option<Vec<u8>> {
    let (nonce, msg) = sealed.split_at_checked(NONCE)?;
    XChaCha20Poly1305::new(key.into())
        .decrypt(XNonce::from_slice(nonce), Payload { msg, aad })
        .ok()
}

fn mac(key: &[u8; 32], message: &[u8]) -> [u8; 32] {
    // HMAC fills a key that is shorter than its block of 64 bytes up with zeros.
    let mut block = [0; 64];
    block[..32].copy_from_slice(key);
    let mut mac = <Hmac<Sha256> as KeyInit>::new(&block.into());
    block.zeroize();
    mac.update(message);
    mac.finalize().into_bytes().into()
}

#[cfg(test)]
mod tests;
