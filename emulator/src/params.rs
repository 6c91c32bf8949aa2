//! Parameters of one call, however they came: JSON body, form, query or multipart. In all but JSON every value is text, and nested
//! objects are JSON inside that text; the getters hide the difference.

use axum::{
    body::{Body, Bytes},
    extract::{FromRequest, Multipart, Request},
    http::{StatusCode, header::CONTENT_TYPE},
};
use serde_json::{Map, Value};
use std::collections::HashMap;

use crate::reply::ApiError;

/// Telegram takes uploads of up to 50 MB; a little more is read so that the refusal is ours.
pub(crate) const BODY_LIMIT: usize = 52 * 1024 * 1024;

/// A file that came in a multipart body.
#[derive(Debug, Clone)]
pub(crate) struct Upload {
    pub(crate) name: String,
    pub(crate) mime: Option<String>,
    pub(crate) bytes: Bytes,
}

/// The parameters of a call.
#[derive(Debug, Default)]
pub(crate) struct Params {
    pub(crate) values: Map<String, Value>,
    pub(crate) files: HashMap<String, Upload>,
}

impl Params {
    pub(crate) fn from_values(values: Map<String, Value>) -> Self {
        Self {
            values,
            files: HashMap::new(),
        }
    }

    /// Reads query and body of `request`.
    pub(crate) async fn read(request: Request<Body>) -> Result<Self, ApiError> {
        let mut params = Self::default();
        if let Some(query) = request.uri().query() {
            params.add_form(query.as_bytes());
        }
        let content_type = request
            .headers()
            .get(CONTENT_TYPE)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
            .to_ascii_lowercase();
        if content_type.starts_with("multipart/form-data") {
            params.add_multipart(request).await?;
            return Ok(params);
        }
        let body = axum::body::to_bytes(request.into_body(), BODY_LIMIT)
            .await
            .map_err(|_| too_large())?;
        if body.is_empty() {
            return Ok(params);
        }
        if content_type.starts_with("application/json") {
            match serde_json::from_slice(&body) {
                Ok(Value::Object(values)) => params.values.extend(values),
                Ok(Value::Null) => {}
                _ => return Err(ApiError::bad("can't parse request JSON object")),
            }
        } else {
            params.add_form(&body);
        }
        Ok(params)
    }

    fn add_form(&mut self, text: &[u8]) {
        for pair in text
            .split(|byte| *byte == b'&')
            .filter(|pair| !pair.is_empty())
        {
            let mut halves = pair.splitn(2, |byte| *byte == b'=');
            let name = percent_decoded(halves.next().unwrap_or_default());
            let value = percent_decoded(halves.next().unwrap_or_default());
            self.values.insert(name, Value::String(value));
        }
    }

    async fn add_multipart(&mut self, request: Request<Body>) -> Result<(), ApiError> {
        let broken = || ApiError::bad("can't parse multipart body");
        let mut parts = Multipart::from_request(request, &())
            .await
            .map_err(|_| broken())?;
        while let Some(part) = parts.next_field().await.map_err(|_| broken())? {
            let Some(name) = part.name().map(str::to_owned) else {
                continue;
            };
            let file_name = part.file_name().map(str::to_owned);
            let mime = part.content_type().map(str::to_owned);
            let bytes = part.bytes().await.map_err(|error| {
                if error.status() == StatusCode::PAYLOAD_TOO_LARGE {
                    too_large()
                } else {
                    broken()
                }
            })?;
            if let Some(file_name) = file_name {
                let upload = Upload {
                    name: file_name,
                    mime,
                    bytes,
                };
                self.files.insert(name, upload);
            } else {
                let text = String::from_utf8_lossy(&bytes).into_owned();
                self.values.insert(name, Value::String(text));
            }
        }
        Ok(())
    }

    /// Text; a number given in JSON is text as well. Absent and null are `None`.
    pub(crate) fn text(&self, name: &str) -> Option<String> {
        match self.values.get(name)? {
            Value::String(text) => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            Value::Bool(flag) => Some(flag.to_string()),
            _ => None,
        }
    }

    /// A whole number, also when it came as text.
    pub(crate) fn integer(&self, name: &str) -> Option<i64> {
        match self.values.get(name)? {
            Value::Number(number) => number.as_i64(),
            Value::String(text) => text.trim().parse().ok(),
            _ => None,
        }
    }

    /// A flag; Telegram reads `true`, `yes` and `1` as yes.
    pub(crate) fn flag(&self, name: &str) -> bool {
        match self.values.get(name) {
            Some(Value::Bool(flag)) => *flag,
            Some(Value::Number(number)) => number.as_i64() == Some(1),
            Some(Value::String(text)) => {
                matches!(text.to_ascii_lowercase().as_str(), "true" | "yes" | "1")
            }
            _ => false,
        }
    }

    /// An object or array, also when it came as JSON text. Empty text counts as absent.
    pub(crate) fn json(&self, name: &str) -> Result<Option<Value>, ApiError> {
        match self.values.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) if text.trim().is_empty() => Ok(None),
            Some(Value::String(text)) => serde_json::from_str(text)
                .map(Some)
                .map_err(|_| ApiError::bad(format!("can't parse {name} JSON object"))),
            Some(value) => Ok(Some(value.clone())),
        }
    }
}

fn too_large() -> ApiError {
    ApiError::new(413, "Request Entity Too Large")
}

fn percent_decoded(text: &[u8]) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((&byte, tail)) = rest.split_first() {
        rest = tail;
        match byte {
            b'+' => bytes.push(b' '),
            b'%' => {
                let code = tail
                    .get(..2)
                    .and_then(|hex| std::str::from_utf8(hex).ok())
                    .and_then(|hex| u8::from_str_radix(hex, 16).ok());
                if let Some(code) = code {
                    bytes.push(code);
                    rest = &tail[2..];
                } else {
                    bytes.push(byte);
                }
            }
            other => bytes.push(other),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_is_decoded() {
        let mut params = Params::default();
        params.add_form(b"text=a+b%26%D0%B9&chat_id=7&flag=True&markup=%7B%22a%22%3A1%7D&odd=5%");
        assert_eq!(params.text("text").as_deref(), Some("a b&й"));
        assert_eq!(params.integer("chat_id"), Some(7));
        assert!(params.flag("flag"));
        assert_eq!(params.json("markup").unwrap().unwrap()["a"], 1);
        assert_eq!(params.text("odd").as_deref(), Some("5%"));
    }
}
