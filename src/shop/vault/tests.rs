use proptest::prelude::*;

use super::*;
use crate::clock::Clock;
use crate::store::{Location, migrate};

fn master(byte: u8) -> MasterKey {
    MasterKey::from_base64(&STANDARD.encode([byte; 32])).unwrap()
}

fn text(text: &str) -> KeyText {
    KeyText::new(text.to_owned())
}

/// A vault without a database.
fn vault(seed: u8) -> Vault {
    Vault {
        secrets: Arc::new(Secrets {
            data: HashMap::from([(1, Zeroizing::new([seed; 32]))]),
            newest: 1,
            fingerprint: [seed + 1; 32],
            payload: [seed + 2; 32],
            link: [seed + 3; 32],
        }),
    }
}

async fn store(folder: &tempfile::TempDir) -> Store {
    let location = Location::Sqlite(folder.path().join("kiosk.db"));
    migrate::run(&location).await.unwrap();
    Store::open(&location, 1, Clock::frozen(1_000))
        .await
        .unwrap()
}

#[tokio::test]
async fn the_secrets_are_made_once_and_only_their_master_key_opens_them() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(&folder).await;
    let first = master(1);
    // Both find no secrets; whoever writes second takes what is there.
    let (one, two) = tokio::join!(Vault::open(&store, &first), Vault::open(&store, &first));
    let sealed = one.unwrap().seal(7, &text("AAA")).unwrap();
    let again = Vault::open(&store, &first).await.unwrap();
    for vault in [two.unwrap(), again] {
        let opened = vault.unseal(7, &sealed.fingerprint, &sealed.ciphertext);
        assert_eq!(opened.unwrap().expose(), "AAA");
    }
    let other = Vault::open(&store, &master(2)).await.unwrap_err();
    assert!(matches!(other, VaultError::WrongMasterKey));
    assert!(other.to_string().contains("belongs to another shop"));
}

#[tokio::test]
async fn a_new_master_key_opens_what_the_old_one_sealed() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(&folder).await;
    let (old, new) = (master(1), master(2));
    let before = Vault::open(&store, &old).await.unwrap();
    let sealed = before.seal(7, &text("AAA")).unwrap();
    let wrong = Vault::rewrap(&store, &new, &old).await.unwrap_err();
    assert!(matches!(wrong, VaultError::WrongMasterKey));
    Vault::rewrap(&store, &old, &new).await.unwrap();
    assert!(Vault::open(&store, &old).await.is_err());
    let after = Vault::open(&store, &new).await.unwrap();
    let opened = after.unseal(7, &sealed.fingerprint, &sealed.ciphertext);
    assert_eq!(opened.unwrap().expose(), "AAA");
    assert_eq!(after.link_mac(b"x"), before.link_mac(b"x"));
}

#[tokio::test]
async fn a_wrapped_secret_does_not_serve_another_purpose_or_row() {
    let master = master(1);
    let wrapped = master.wrap("data", 1, &[9; 32]).unwrap();
    assert_eq!(master.unwrap("data", 1, &wrapped).unwrap(), [9; 32]);
    assert!(master.unwrap("link", 1, &wrapped).is_err());
    assert!(master.unwrap("data", 2, &wrapped).is_err());
    assert!(master.unwrap("data", 1, &wrapped[..20]).is_err());
}

#[test]
fn a_key_is_laid_out_as_version_data_key_nonce_and_text() {
    let sealed = vault(1).seal(7, &text("AAA")).unwrap();
    assert_eq!(sealed.ciphertext[..9], [1, 0, 0, 0, 0, 0, 0, 0, 1]);
    // Nonce, text and tag.
    assert_eq!(sealed.ciphertext.len(), 9 + 24 + 3 + 16);
    let again = vault(1).seal(8, &text("AAA")).unwrap();
    assert_eq!(again.fingerprint, sealed.fingerprint);
    assert_ne!(again.ciphertext[9..33], sealed.ciphertext[9..33]);
    assert_ne!(vault(2).fingerprint(&text("AAA")), sealed.fingerprint);
}

#[test]
fn a_key_opens_only_untouched_and_for_its_product() {
    let vault = vault(1);
    let sealed = vault.seal(7, &text("AAA")).unwrap();
    let other = vault.seal(7, &text("BBB")).unwrap();
    let open = |product, fingerprint: &[u8; 32], ciphertext: &[u8]| {
        vault.unseal(product, fingerprint, ciphertext).is_ok()
    };
    assert!(open(7, &sealed.fingerprint, &sealed.ciphertext));
    assert!(!open(8, &sealed.fingerprint, &sealed.ciphertext));
    assert!(!open(7, &other.fingerprint, &sealed.ciphertext));
    for at in 0..sealed.ciphertext.len() {
        let mut touched = sealed.ciphertext.clone();
        touched[at] ^= 1;
        assert!(!open(7, &sealed.fingerprint, &touched), "byte {at}");
        assert!(!open(7, &sealed.fingerprint, &sealed.ciphertext[..at]));
    }
}

#[test]
fn macs_are_hmac_sha_256_under_keys_of_their_own() {
    let vault = vault(1);
    assert_eq!(vault.payload_mac(b"x")[..], mac(&[3; 32], b"x")[..8]);
    assert_eq!(vault.link_mac(b"x"), mac(&[4; 32], b"x"));
    // RFC 4231, test case 1 and 2 have shorter keys; zeros at the end are what HMAC itself adds.
    let mut key = [0; 32];
    key[..4].copy_from_slice(b"Jefe");
    assert_eq!(
        mac(&key, b"what do ya want for nothing?")[..4],
        [0x5b, 0xdc, 0xc1, 0x46]
    );
}

#[test]
fn the_key_file_is_made_once_for_its_owner_alone() {
    let folder = tempfile::tempdir().unwrap();
    let database = folder.path().join("kiosk.db");
    let made = MasterKey::beside(&database).unwrap();
    let found = MasterKey::beside(&database).unwrap();
    assert_eq!(made.0, found.0);
    let names: Vec<_> = std::fs::read_dir(folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    assert_eq!(names, ["kiosk.db.key"]);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let meta = std::fs::metadata(folder.path().join("kiosk.db.key")).unwrap();
        assert_eq!(meta.permissions().mode() & 0o777, 0o600);
    }
    std::fs::write(folder.path().join("kiosk.db.key"), "short").unwrap();
    let broken = MasterKey::beside(&database).unwrap_err();
    assert!(matches!(broken, VaultError::File { .. }));
}

#[test]
fn nothing_secret_is_printed() {
    let vault = vault(1);
    let shown = format!("{:?} {:?} {:?}", text("AAA"), master(1), vault);
    assert_eq!(shown, "KeyText(…) MasterKey(…) Vault(…)");
}

proptest! {
    #[test]
    fn every_text_comes_back(line in ".*", product in any::<i64>()) {
        let vault = vault(1);
        let sealed = vault.seal(product, &text(&line)).unwrap();
        let opened = vault.unseal(product, &sealed.fingerprint, &sealed.ciphertext).unwrap();
        prop_assert_eq!(opened.expose(), line);
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..200), product in any::<i64>()) {
        let bytes = [&[1, 0, 0, 0, 0, 0, 0, 0, 1], bytes.as_slice()].concat();
        prop_assert!(vault(1).unseal(product, &[0; 32], &bytes).is_err());
        prop_assert!(vault(1).unseal(product, &[0; 32], &bytes[9..]).is_err());
        let _ = MasterKey::from_base64(&String::from_utf8_lossy(&bytes));
    }
}
