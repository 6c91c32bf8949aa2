//! Who may open the cabinet, and how.

use secrecy::SecretString;
use url::Url;

use super::reader::{Noted, Reader};
use super::{Web, is_token_byte};
use crate::shop::access::Way;

/// The customer's own pages.
#[derive(Clone, Debug)]
pub struct Cabinet {
    /// The ways in that are open; none closes the cabinet.
    pub login: Vec<Way>,
    /// For "Log in with Telegram": who the shop is there.
    pub telegram_client_id: Option<String>,
    /// For "Log in with Telegram": what proves it.
    pub telegram_client_secret: Option<SecretString>,
    /// The OpenID provider of Telegram.
    pub telegram_issuer: Url,
}

impl Cabinet {
    /// Whether a way in is open.
    pub fn allows(&self, way: Way) -> bool {
        self.login.contains(&way)
    }

    pub(super) fn read(from: &mut Reader) -> Result<Self, Noted> {
        let words = Way::ALL.map(|way| (way.as_str(), Ok(way)));
        let login = from.choices("cabinet.login", &words);
        let id = from.text(
            "cabinet.telegram_client_id",
            "the client id from @BotFather, letters and digits",
            |text| text.len() <= 128 && text.bytes().all(is_token_byte),
        );
        let secret = from.secret(
            "cabinet.telegram_client_secret",
            "the client secret from @BotFather",
            |text| {
                text.len() <= 512
                    && !text.contains(|it: char| it.is_whitespace() || it.is_control())
            },
        );
        let issuer = from.url("cabinet.telegram_issuer");
        Ok(Self {
            login: login?,
            telegram_client_id: Some(id?).filter(|id| !id.is_empty()),
            telegram_client_secret: secret?,
            telegram_issuer: from.set("cabinet.telegram_issuer", issuer?)?,
        })
    }
}

/// What "Log in with Telegram" needs besides being listed.
pub(super) fn together(from: &mut Reader, cabinet: &Cabinet, web: &Web) {
    if !cabinet.allows(Way::Telegram) {
        return;
    }
    if cabinet.telegram_client_id.is_none() || cabinet.telegram_client_secret.is_none() {
        from.note(
            "cabinet.login has telegram, and cabinet.telegram_client_id or cabinet.telegram_client_secret is not set: get both \
             from @BotFather (Bot Settings, Web Login), or take telegram out",
        );
    }
    if web.public_url.is_none() {
        from.note(
            "cabinet.login has telegram, and web.public_url is not set: Telegram sends customers back to an address under it",
        );
    }
}
