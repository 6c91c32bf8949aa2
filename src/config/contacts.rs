//! Those who carry mails and codes, each account a table of its own, and what confirming a number needs to know.

use std::path::PathBuf;
use std::time::Duration;

use phonenumber::country;
use secrecy::SecretString;
use url::Url;

use super::reader::{Noted, Reader};
use crate::senders::settings::{
    Channel, Encryption, GatewaySettings, MailAccount, PhoneAccount, Preset, Settings,
    VkIdSettings, VkSettings, WhatsappSettings, is_loopback,
};

/// How numbers are read that people type.
#[derive(Clone, Debug)]
pub struct Confirm {
    /// The country of a number without a country code.
    pub default_region: country::Id,
}

/// What a mail account gets where it says nothing. `config/default.toml` explains each.
const MAIL: &[(&str, &str)] = &[
    ("preset", "'smtp'"),
    ("host", "''"),
    ("port", "''"),
    ("encryption", "'implicit'"),
    ("user", "''"),
    ("password", "''"),
    ("from", "''"),
    ("most_a_day", "''"),
    ("ca_file", "''"),
];
/// The same for a phone sender: what all kinds have in common.
const PHONE: &[(&str, &str)] = &[
    ("kind", "''"),
    ("token", "''"),
    ("api_url", "''"),
    ("most_a_day", "''"),
    ("username", "''"),
    ("version", "'v23.0'"),
    ("number_id", "''"),
    ("template", "''"),
    ("languages", "['en', 'ru']"),
    ("app_secret", "''"),
    ("verify_token", "''"),
    ("skip", "''"),
];
/// Where the providers' own servers are.
const GATEWAY: &str = "https://gatewayapi.telegram.org";
const GRAPH: &str = "https://graph.facebook.com";
const VK: &str = "https://api.vk.ru";
/// Russian numbers: WhatsApp is throttled there, and paying its owner is a risk of its own. Kazakhstan has +76 and +77.
const RUSSIA: [&str; 4] = ["+73", "+74", "+78", "+79"];

/// A kind of phone sender.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Gateway,
    Whatsapp,
    Vk,
    Log,
}

pub(super) fn confirm(from: &mut Reader) -> Result<Confirm, Noted> {
    Ok(Confirm {
        default_region: from.parsed(
            "confirm.default_region",
            "a country in two capitals, such as RU",
        )?,
    })
}

pub(super) fn vk_id(from: &mut Reader) -> Result<Option<VkIdSettings>, Noted> {
    let client_id = from.text(
        "vk_id.client_id",
        "the application's number",
        is_number_or_empty,
    );
    let url = from.url("vk_id.url");
    let community = from.url("vk_id.community");
    let url = from.set("vk_id.url", url?)?;
    let (client_id, community) = (client_id?, community?);
    Ok((!client_id.is_empty()).then_some(VkIdSettings {
        url,
        client_id,
        community,
    }))
}

pub(super) fn senders(from: &mut Reader) -> Result<Settings, Noted> {
    let mail_timeout = from.whole("mail.timeout", 1..=60);
    let phone_timeout = from.whole("phone.timeout", 1..=60);
    let development = from.truth("phone.development");
    let mail = each(from, "mail.account", MAIL, mail);
    let phone = each(from, "phone.sender", PHONE, phone);
    let settings = Settings {
        mail: mail?,
        mail_timeout: Duration::from_secs(mail_timeout? as u64),
        phone: phone?,
        phone_timeout: Duration::from_secs(phone_timeout? as u64),
        development: development?,
    };
    let logs = |account: &&PhoneAccount| matches!(account.channel, Channel::Log);
    if let Some(account) = settings.phone.iter().find(logs)
        && !settings.development
    {
        from.note(&format!(
            "phone.sender.{} is of the kind log, and phone.development is false: whoever reads the log of a shop could take \
             any number for theirs. Take the sender out; only on a machine for development, set phone.development to true",
            account.name
        ));
    }
    Ok(settings)
}

/// Reads each table of a section, all of them before the first error counts.
fn each<T>(
    from: &mut Reader,
    section: &str,
    defaults: &[(&str, &str)],
    read: impl Fn(&mut Reader, &str, &str) -> Result<T, Noted>,
) -> Result<Vec<T>, Noted> {
    let names = from.tables(section, defaults)?;
    let all: Vec<Result<T, Noted>> = names
        .iter()
        .map(|name| read(from, &format!("{section}.{name}"), name))
        .collect();
    all.into_iter().collect()
}

fn mail(from: &mut Reader, key: &str, name: &str) -> Result<MailAccount, Noted> {
    let of = |field: &str| format!("{key}.{field}");
    let preset = from.choice(
        &of("preset"),
        &[
            ("yandex", Ok(Preset::Yandex)),
            ("google", Ok(Preset::Google)),
            ("mailru", Ok(Preset::MailRu)),
            ("smtp", Ok(Preset::Smtp)),
        ],
    );
    let host = from.text(&of("host"), "a name or an address without a port", is_host);
    let port = from.whole_if_set(&of("port"), 1..=65_535);
    let encryption = from.choice(
        &of("encryption"),
        &[
            ("implicit", Ok(Encryption::Implicit)),
            ("starttls", Ok(Encryption::Starttls)),
            ("none", Ok(Encryption::None)),
        ],
    );
    let user = from.text(&of("user"), "the login, in most cases the address", is_word);
    let password = from.secret(&of("password"), "the account's password", is_line);
    let sender = from.text(
        &of("from"),
        "an address, such as shop@example.com",
        |text| text.is_empty() || is_address(text),
    );
    let most_a_day = from.whole_if_set(&of("most_a_day"), 1..=10_000_000);
    let ca_file = from.text(&of("ca_file"), "the path of a file", is_line);
    let (preset, host, encryption) = (preset?, host?, encryption?);
    let (user, password, sender) = (user?, password?, sender?);
    let (port, most_a_day, ca_file) = (port?, most_a_day?, ca_file?);

    let host = match preset.host() {
        Some(known) if host.is_empty() => known.to_owned(),
        None if host.is_empty() => {
            from.note(&format!(
                "{key}.host is not set, and the preset smtp knows none"
            ));
            return Err(Noted);
        }
        _ => host,
    };
    if encryption == Encryption::None && !is_loopback(&host) {
        from.note(&format!(
            "{key}.encryption is none, and {key}.host is another machine: the password and all links would travel in the \
             open. Set it to implicit (port 465) or starttls (port 587)"
        ));
    }
    match (user.is_empty(), password.is_some()) {
        (true, _) if preset != Preset::Smtp => from.note(&format!(
            "{key}.user is not set: {} wants the full address",
            preset.as_str()
        )),
        (false, false) => from.note(&format!(
            "{key}.password is not set: make an app password, and set {} to it",
            super::sources::variable(&of("password"))
        )),
        (true, true) => from.note(&format!("{key}.password is set, and {key}.user is not")),
        _ => {}
    }
    let sender = if sender.is_empty() {
        user.clone()
    } else {
        sender
    };
    // A preset without its user has said so above.
    let is_told = sender.is_empty() && preset != Preset::Smtp;
    if !is_told && !is_address(&sender) {
        from.note(&format!(
            "{key}.from is not set, and {key}.user is no address: set it to the one that mails come from"
        ));
    }
    Ok(MailAccount {
        name: name.to_owned(),
        preset,
        host,
        port: port.map_or(encryption.port(), |port| port as u16),
        encryption,
        user: (!user.is_empty()).then_some(user),
        password,
        from: sender,
        most_a_day: most_a_day.or(preset.most_a_day()),
        ca_file: (!ca_file.is_empty()).then(|| PathBuf::from(ca_file)),
    })
}

fn phone(from: &mut Reader, key: &str, name: &str) -> Result<PhoneAccount, Noted> {
    let of = |field: &str| format!("{key}.{field}");
    let kind = from.choice(
        &of("kind"),
        &[
            ("gateway", Ok(Kind::Gateway)),
            ("whatsapp", Ok(Kind::Whatsapp)),
            ("vk", Ok(Kind::Vk)),
            ("log", Ok(Kind::Log)),
        ],
    );
    let token = from.secret(&of("token"), "the provider's token", is_word);
    let api_url = from.url(&of("api_url"));
    let most_a_day = from.whole_if_set(&of("most_a_day"), 1..=10_000_000);
    let skip = skip(from, &of("skip"));
    let username = from.text(&of("username"), "a channel, such as @my_shop", is_word);
    let version = from.text(&of("version"), "a version, such as v23.0", is_version);
    let number_id = from.text(
        &of("number_id"),
        "the number's id: digits",
        is_number_or_empty,
    );
    let template = from.text(&of("template"), "small letters, digits and _", |text| {
        text.bytes()
            .all(|it| it.is_ascii_lowercase() || it.is_ascii_digit() || it == b'_')
    });
    let languages = from.list_of(
        &of("languages"),
        "languages as Meta writes them, such as [\"ru\", \"en_US\"]",
        |text| {
            !text.is_empty()
                && text
                    .bytes()
                    .all(|it| it.is_ascii_alphabetic() || it == b'_')
        },
    );
    let app_secret = from.secret(&of("app_secret"), "the application's secret", is_word);
    let verify_token = from.secret(&of("verify_token"), "a word of your own", is_word);
    let kind = kind?;
    let url = |default: &str, url: Option<Url>| url.or_else(|| Url::parse(default).ok());
    let (token, api_url, skip) = (token?, api_url?, skip?);
    if kind != Kind::Log && token.is_none() {
        let variable = super::sources::variable(&of("token"));
        from.note(&format!(
            "{key}.token is not set: take it from the provider, and set {variable} to it"
        ));
        return Err(Noted);
    }
    let token = token.unwrap_or_else(|| SecretString::from(String::new()));
    let username = username?.trim_start_matches('@').to_owned();
    let (version, number_id, template) = (version?, number_id?, template?);
    let (languages, app_secret, verify_token) = (languages?, app_secret?, verify_token?);
    let channel = match kind {
        Kind::Gateway => Channel::Gateway(GatewaySettings {
            api_url: from.set(&of("api_url"), url(GATEWAY, api_url))?,
            token,
            username: (!username.is_empty()).then_some(username),
        }),
        Kind::Whatsapp => {
            if number_id.is_empty() || template.is_empty() || languages.is_empty() {
                from.note(&format!(
                    "{key} needs number_id, template and languages: Meta shows the number's id under WhatsApp, API setup, and \
                     takes codes in an approved template of the category authentication only"
                ));
                return Err(Noted);
            }
            Channel::Whatsapp(WhatsappSettings {
                api_url: from.set(&of("api_url"), url(GRAPH, api_url))?,
                version,
                token,
                number_id,
                template,
                languages,
                app_secret,
                verify_token,
            })
        }
        Kind::Vk => Channel::Vk(VkSettings {
            api_url: from.set(&of("api_url"), url(VK, api_url))?,
            token,
        }),
        Kind::Log => Channel::Log,
    };
    let most = most_a_day?;
    let russia = || RUSSIA.map(str::to_owned).to_vec();
    Ok(PhoneAccount {
        name: name.to_owned(),
        skip: match skip {
            None if kind == Kind::Whatsapp => russia(),
            None => Vec::new(),
            Some(skip) => skip,
        },
        channel,
        most_a_day: most,
    })
}

/// The beginnings of numbers; `None` if nothing is said.
fn skip(from: &mut Reader, key: &str) -> Result<Option<Vec<String>>, Noted> {
    if from.is_empty_text(key) {
        return Ok(None);
    }
    let expected = "the beginnings of numbers, such as [\"+79\", \"+49\"]";
    let is_beginning = |text: &str| {
        let digits = text.strip_prefix('+').unwrap_or_default();
        (1..=14).contains(&digits.len()) && digits.bytes().all(|it| it.is_ascii_digit())
    };
    from.list_of(key, expected, is_beginning).map(Some)
}

fn is_line(text: &str) -> bool {
    text.len() <= 1_024 && !text.contains(char::is_control)
}

fn is_word(text: &str) -> bool {
    is_line(text) && !text.contains(char::is_whitespace)
}

fn is_number_or_empty(text: &str) -> bool {
    text.len() <= 32 && text.bytes().all(|it| it.is_ascii_digit())
}

fn is_version(text: &str) -> bool {
    let numbers = text.strip_prefix('v').unwrap_or_default();
    !numbers.is_empty() && numbers.bytes().all(|it| it.is_ascii_digit() || it == b'.')
}

fn is_host(text: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b".-_:[]".contains(&byte);
    text.len() <= 253 && text.bytes().all(fits)
}

/// The shape of an address; the senders look closer.
fn is_address(text: &str) -> bool {
    let parts = text.rsplit_once('@');
    parts.is_some_and(|(user, domain)| !user.is_empty() && !domain.is_empty()) && is_word(text)
}
