//! Identities that Telegram vouches for, against proofs that were made and judged by others' libraries. The committed ones
//! were printed by `vectors/make.py`; it also runs anew, with keys of its own. That needs Python 3 with its module venv,
//! and the registry of packages at the first run; what was installed is kept in the build folder.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use jsonwebtoken::jwk::{Jwk, JwkSet};
use kiosk::shop::access::identity::id_token::{self, Expected, NotTaken};
use kiosk::shop::access::identity::{Identity, NotProven, app};
use serde::Deserialize;

const COMMITTED: &str = include_str!("vectors/vectors.json");
const WISHED: &str = include_str!("vectors/requirements.txt");

#[derive(Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
enum Vector {
    InitData {
        name: String,
        text: String,
        token: String,
        bot: i64,
        key: String,
        now: i64,
        by_hmac: String,
        by_signature: String,
        by_both: String,
        id: i64,
        person: String,
    },
    Keys {
        keys: Vec<Jwk>,
    },
    IdToken {
        name: String,
        text: String,
        keys: Option<Vec<Jwk>>,
        issuer: String,
        client: String,
        nonce: String,
        now: i64,
        verdict: String,
        id: i64,
        person: String,
    },
}

fn unhex(text: &str) -> [u8; 32] {
    let bytes = (0..32).map(|at| u8::from_str_radix(&text[at * 2..at * 2 + 2], 16).unwrap());
    bytes.collect::<Vec<u8>>().try_into().unwrap()
}

/// The verdict in the script's words, with the person where it is fine.
fn verdict<E: Copy>(
    judged: &Result<Identity, E>,
    word: impl Fn(E) -> &'static str,
    person: (i64, &str),
) -> &'static str {
    match judged {
        Ok(identity) => {
            assert_eq!((identity.telegram_id, identity.name.as_str()), person);
            "fine"
        }
        Err(error) => word(*error),
    }
}

fn not_proven(error: NotProven) -> &'static str {
    match error {
        NotProven::Unreadable => "unreadable",
        NotProven::Forged => "forged",
        NotProven::Old => "old",
        NotProven::Early => "early",
        NotProven::Nobody => "nobody",
    }
}

fn not_taken(error: NotTaken) -> &'static str {
    match error {
        NotTaken::Unreadable => "unreadable",
        NotTaken::UnknownKey => "unknown_key",
        NotTaken::Algorithm => "algorithm",
        NotTaken::Signature => "signature",
        NotTaken::Issuer => "issuer",
        NotTaken::Audience => "audience",
        NotTaken::Time => "time",
        NotTaken::Nonce => "nonce",
        NotTaken::Nobody => "nobody",
    }
}

fn take(token: &str, keys: &[Jwk], expected: &Expected<'_>) -> Result<Identity, NotTaken> {
    let id = id_token::key_id(token)?;
    let keys = JwkSet {
        keys: keys.to_vec(),
    };
    let key = keys.find(&id).ok_or(NotTaken::UnknownKey)?;
    id_token::check(token, key, expected)
}

/// Judges every vector; how many of each kind and verdict there were.
fn judge_all(vectors: &str) -> BTreeMap<(&'static str, &'static str), usize> {
    let mut seen = BTreeMap::new();
    let mut wrong = Vec::new();
    let mut known = Vec::new();
    let mut compare = |kind: &'static str, name: &str, ours: &'static str, theirs: &str| {
        *seen.entry((kind, ours)).or_default() += 1;
        if ours != theirs {
            wrong.push(format!("{kind}, {name}: we say {ours}, they say {theirs}"));
        }
    };
    for vector in serde_json::from_str::<Vec<Vector>>(vectors).unwrap() {
        match vector {
            Vector::InitData {
                name,
                text,
                token,
                bot,
                key,
                now,
                by_hmac,
                by_signature,
                by_both,
                id,
                person,
            } => {
                let (now, person) = (now * 1_000, (id, person.as_str()));
                let token = token.into();
                let both = app::check_both(&text, &token, &unhex(&key), now);
                compare("both", &name, verdict(&both, not_proven, person), &by_both);
                let sealed = app::check(&text, &token, now);
                compare(
                    "hmac",
                    &name,
                    verdict(&sealed, not_proven, person),
                    &by_hmac,
                );
                let signed = app::check_signature(&text, bot, &unhex(&key), now);
                compare(
                    "ed25519",
                    &name,
                    verdict(&signed, not_proven, person),
                    &by_signature,
                );
            }
            Vector::Keys { keys } => known = keys,
            Vector::IdToken {
                name,
                text,
                keys,
                issuer,
                client,
                nonce,
                now,
                verdict: theirs,
                id,
                person,
            } => {
                let expected = Expected {
                    issuer: &issuer,
                    client: &client,
                    nonce: &nonce,
                    now: now * 1_000,
                };
                let judged = take(&text, keys.as_ref().unwrap_or(&known), &expected);
                compare(
                    "id_token",
                    &name,
                    verdict(&judged, not_taken, (id, &person)),
                    &theirs,
                );
            }
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
    seen
}

#[test]
fn proofs_are_judged_as_others_judge_them() {
    let seen = judge_all(COMMITTED);
    let kinds = ["hmac", "ed25519", "both", "id_token"];
    for kind in kinds {
        assert!(seen[&(kind, "fine")] >= 1, "{kind}");
    }
    for word in ["unreadable", "forged", "old", "early", "nobody"] {
        assert!(
            seen.contains_key(&("hmac", word)) && seen.contains_key(&("ed25519", word)),
            "{word}"
        );
    }
    let words = [
        "unreadable",
        "unknown_key",
        "algorithm",
        "signature",
        "issuer",
        "audience",
        "time",
        "nonce",
        "nobody",
    ];
    for word in words {
        assert!(seen.contains_key(&("id_token", word)), "{word}");
    }
    assert!(seen.values().sum::<usize>() > 100, "{seen:?}");
}

#[test]
fn proofs_that_are_made_now_are_judged_the_same() {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/access/vectors/make.py");
    let done = must("vectors", Command::new(python()).arg(script).output());
    let fresh = judge_all(&String::from_utf8(done.stdout).unwrap());
    assert_eq!(fresh, judge_all(COMMITTED));
}

#[test]
fn telegrams_keys_are_those_that_others_have() {
    let asked = "from aiogram.utils.web_app_signature import PRODUCTION_PUBLIC_KEY as a, TEST_PUBLIC_KEY as b; print(a.hex(), b.hex())";
    let done = must("keys", Command::new(python()).args(["-c", asked]).output());
    let told = String::from_utf8(done.stdout).unwrap();
    let (production, test) = told.trim().split_once(' ').unwrap();
    assert_eq!(
        (unhex(production), unhex(test)),
        (app::TELEGRAM, app::TELEGRAM_TEST)
    );
}

#[test]
fn who_they_are_is_not_in_a_log() {
    let identity = Identity {
        telegram_id: 7,
        name: "Canary".to_owned(),
        language: None,
        phone: Some("+79995551234".to_owned()),
    };
    assert_eq!(format!("{identity:?}"), "Identity { telegram_id: 7, .. }");
}

fn must(what: &str, done: std::io::Result<Output>) -> Output {
    let done = done.unwrap_or_else(|error| panic!("{what}: {error}"));
    let (out, err) = (
        String::from_utf8_lossy(&done.stdout),
        String::from_utf8_lossy(&done.stderr),
    );
    assert!(done.status.success(), "{what}: {out}{err}");
    done
}

/// A Python that has the libraries. The first test to come makes it, the others wait.
fn python() -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let lock = File::create(folder.join("vectors.lock")).unwrap();
    lock.lock().unwrap();
    let venv = folder.join("vectors");
    let (python, installed) = (venv.join("bin/python"), venv.join("installed"));
    if std::fs::read_to_string(&installed).ok().as_deref() == Some(WISHED) {
        return python;
    }
    let made = Command::new("python3")
        .args(["-m", "venv", "--clear"])
        .arg(&venv)
        .output();
    must(
        "proofs are compared with Python's, which needs Python 3 with venv (Debian: python3-venv)",
        made,
    );
    let wished =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/access/vectors/requirements.txt");
    let pip = Command::new(&python)
        .args(["-m", "pip", "install", "--quiet", "--requirement"])
        .arg(wished)
        .output();
    must(
        "proofs are compared with Python's libraries, which pip must be able to get from PyPI (or from a mirror that it is told of)",
        pip,
    );
    std::fs::write(&installed, WISHED).unwrap();
    python
}
