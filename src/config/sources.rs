//! Where settings come from, the weakest first, each value with its origin.

use figment::value::{Dict, Map, Value};
use figment::{Figment, Metadata, Profile, Provider};

use super::ConfigError;

/// Compiled in.
const DEFAULT: &str = include_str!("../../config/default.toml");
const PREFIX: &str = "KIOSK_";
/// Between section and key. Without it a variable is not ours: Kubernetes sets `KIOSK_SERVICE_HOST` and its like.
const SEPARATOR: &str = "__";

/// The name of the environment as an origin.
pub(super) const ENVIRONMENT: &str = "the environment";

/// One source with its name.
struct Layer {
    name: String,
    dict: Dict,
}

impl Provider for Layer {
    fn metadata(&self) -> Metadata {
        Metadata::named(self.name.clone())
    }

    fn data(&self) -> figment::Result<Map<Profile, Dict>> {
        Ok(Profile::Default.collect(self.dict.clone()))
    }
}

/// Lays the sources over each other.
pub(super) fn merge(
    file: Option<(&str, &str)>,
    vars: impl IntoIterator<Item = (String, String)>,
) -> Result<Figment, ConfigError> {
    let mut merged = Figment::from(toml("the defaults", DEFAULT)?);
    if let Some((name, text)) = file {
        merged = merged.merge(toml(name, text)?);
    }
    Ok(merged.merge(environment(vars)))
}

fn toml(name: &str, text: &str) -> Result<Layer, ConfigError> {
    let failed = |what: String| ConfigError {
        problems: vec![what],
    };
    // The parser's own message quotes the line, which may hold a secret.
    let table: toml::Table =
        toml::from_str(text.trim_start_matches('\u{feff}')).map_err(|error| {
            let at = error.span().map_or(0, |span| span.start);
            let line = 1 + text.bytes().take(at).filter(|byte| *byte == b'\n').count();
            failed(format!("{name}, line {line}: {}", error.message()))
        })?;
    let value = Value::serialize(table).map_err(|error| failed(format!("{name}: {error}")))?;
    Ok(Layer {
        name: name.to_owned(),
        dict: value.into_dict().unwrap_or_default(),
    })
}

/// Variables stay texts here: what they mean depends on the setting. Names come in any case on Windows.
fn environment(vars: impl IntoIterator<Item = (String, String)>) -> Layer {
    let mut dict = Dict::new();
    for (name, value) in vars {
        let upper = name.to_ascii_uppercase();
        let Some(path) = upper.strip_prefix(PREFIX) else {
            continue;
        };
        if path.contains(SEPARATOR) {
            let path = path.to_ascii_lowercase();
            let keys: Vec<&str> = path.split(SEPARATOR).collect();
            insert(&mut dict, &keys, Value::from(value));
        }
    }
    Layer {
        name: ENVIRONMENT.to_owned(),
        dict,
    }
}

fn insert(dict: &mut Dict, keys: &[&str], value: Value) {
    match keys {
        [] => {}
        [key] => {
            dict.insert((*key).to_owned(), value);
        }
        [key, rest @ ..] => {
            let entry = dict
                .entry((*key).to_owned())
                .or_insert_with(|| Value::from(Dict::new()));
            if let Value::Dict(_, inner) = entry {
                insert(inner, rest, value);
            }
        }
    }
}

/// What a table gets where it says nothing: values as they stand in TOML.
pub(super) fn defaults_of(key: &str, values: &[(&str, &str)]) -> impl Provider {
    let mut dict = Dict::new();
    for (name, value) in values {
        let keys: Vec<&str> = key.split('.').chain([*name]).collect();
        let parsed = toml::from_str::<toml::Table>(&format!("value = {value}"));
        let parsed = parsed
            .ok()
            .and_then(|table| Value::serialize(table.get("value")?).ok());
        if let Some(value) = parsed {
            insert(&mut dict, &keys, value);
        }
    }
    Layer {
        name: "the defaults".to_owned(),
        dict,
    }
}

/// The variable of a key: `KIOSK_TELEGRAM__TOKEN`.
pub(super) fn variable(key: &str) -> String {
    format!(
        "{PREFIX}{}",
        key.replace('.', SEPARATOR).to_ascii_uppercase()
    )
}
