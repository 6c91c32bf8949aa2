//! Files that people send to the bot, and messages that the bot takes away.

use std::time::Duration;

use secrecy::ExposeSecret;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::client::{ORDINARY, Pool};
use super::{CallError, Client};

/// Telegram gives bots no larger files.
pub const DOWNLOAD: u64 = 20 * 1024 * 1024;
/// A file of that size over a slow line.
const PATIENCE: Duration = Duration::from_mins(2);

#[derive(Deserialize)]
struct File {
    file_path: Option<String>,
}

impl Client {
    /// The bytes of a file that was sent to the bot, at most [`DOWNLOAD`].
    pub async fn download(&self, file_id: &str) -> Result<Zeroizing<Vec<u8>>, CallError> {
        #[derive(Serialize)]
        struct Params<'a> {
            file_id: &'a str,
        }
        let file: File = self
            .call(Pool::Ordinary, ORDINARY, "getFile", &Params { file_id })
            .await?;
        let path = file
            .file_path
            .ok_or_else(|| CallError::Unknown("Telegram names no path for the file".to_owned()))?;
        let (api_url, token) = self.place();
        let address = format!("{api_url}/file/bot{}/{path}", token.expose_secret());
        let response = self
            .http()
            .get(address)
            .timeout(PATIENCE)
            .send()
            .await
            .map_err(CallError::transport)?;
        let status = response.status();
        if !status.is_success() {
            return Err(CallError::Unknown(format!(
                "{} instead of a file",
                status.as_u16()
            )));
        }
        let bytes = response.bytes().await.map_err(CallError::transport)?;
        Ok(Zeroizing::new(bytes.to_vec()))
    }
}
