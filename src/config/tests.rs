use std::time::Duration;

use super::*;
use crate::shop::payments::Method;
use crate::shop::texts::Language;

fn vars(vars: &[(&str, &str)]) -> Vec<(String, String)> {
    vars.iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect()
}

fn with(file: &str, environment: &[(&str, &str)]) -> Result<Config, ConfigError> {
    Config::from_sources(Some(("kiosk.toml", file)), vars(environment))
}

fn problems(file: &str, environment: &[(&str, &str)]) -> Vec<String> {
    with(file, environment).unwrap_err().problems
}

#[test]
fn the_defaults_alone_are_a_configuration() {
    let config = Config::from_sources(None, []).unwrap();
    assert!(config.telegram.token.is_none() && config.staff.owners.is_empty());
    assert_eq!(
        config.telegram.api_url.as_str(),
        "https://api.telegram.org/"
    );
    assert_eq!(config.database.url, Location::Sqlite("kiosk.db".into()));
    assert_eq!(config.checkout.methods, [Method::Stars]);
    assert_eq!(config.checkout.hold, Duration::from_mins(15));
    assert!(config.shop.greeting.is_empty());
}

#[test]
fn the_environment_is_stronger_than_the_file_and_the_file_than_the_defaults() {
    let file = "shop = { name = 'From the file', terms = { ru = 'Условия' } }\n[web]\nlisten = '0.0.0.0:1'";
    let config = with(
        file,
        &[
            ("KIOSK_WEB__LISTEN", "[::1]:2"),
            ("KIOSK_STAFF__OWNERS", "[1, 2]"),
            ("KIOSK_CHECKOUT__REQUIRE", "[]"),
            ("KIOSK_CHECKOUT__HOLD_MINUTES", "20"),
            ("KIOSK_SHOP__GREETING", "2024"),
            ("KIOSK_SHOP__SUPPORT__RU", "Пишите"),
            ("KIOSK_TELEGRAM__TOKEN", "1:AB_c-"),
            // What Kubernetes sets for a service named kiosk.
            ("KIOSK_SERVICE_HOST", "10.0.0.1"),
            ("KIOSK_PORT", "tcp://10.0.0.1:80"),
            ("OTHER__KEY", "x"),
        ],
    )
    .unwrap();
    assert_eq!(config.shop.name, "From the file");
    assert_eq!(config.shop.terms.in_language(Language::En), "Условия");
    assert_eq!(config.web.listen.port(), 2);
    assert_eq!(config.staff.owners, [1, 2]);
    assert_eq!(config.checkout.require, []);
    assert_eq!(config.checkout.hold, Duration::from_mins(20));
    assert_eq!(config.shop.greeting.in_language(Language::Ru), "2024");
    assert_eq!(config.shop.support.get(Language::Ru), Some("Пишите"));
    let token = config.telegram.token.unwrap();
    assert_eq!(token.expose_secret(), "1:AB_c-");
}

#[test]
fn everything_that_is_wrong_is_told_at_once_with_its_origin() {
    let file = r#"
        [telegram]
        mode = "pushing"
        api_url = ""
        [staff]
        owners = [1, "two"]
        [database]
        url = "mysql://root:hunter2@host/db"
        connections = 0
        [web]
        listen = "localhost"
        public_url = "shop.example.com"
        [shop]
        nmae = "x"
        currency = "rub"
        timezone = "Europe Moscow"
        terms = { de = "Bedingungen" }
        [checkout]
        methods = ["stars", "yookassa"]
        hold_minutes = 1.5
        [shpo]
        name = "x"
    "#;
    let told = problems(
        file,
        &[
            ("KIOSK_CHECKOUT__REQUIRE", "phone"),
            ("KIOSK_LOG__FORMAT", "xml"),
            ("KIOSK_LOG__FILTER", "a=b=c"),
            ("KIOSK_LOG__LEVEL", "info"),
        ],
    );
    insta::assert_snapshot!(told.join("\n"), @r#"
    telegram.mode (kiosk.toml) is "pushing", expected polling or webhook
    telegram.api_url (kiosk.toml) is empty, expected a value
    staff.owners (kiosk.toml) is a list with "two", expected a list of Telegram ids, such as [123456789]
    database.url (kiosk.toml): found the scheme mysql://, expected sqlite://FILE or postgres://USER@HOST/DATABASE
    database.connections (kiosk.toml) is 0, expected a whole number from 1 to 1000
    web.listen (kiosk.toml) is "localhost", expected an address with a port, such as 127.0.0.1:8080
    web.public_url (kiosk.toml) is "shop.example.com", expected an address that starts with https:// or http://, without ? and #
    shop.currency (kiosk.toml) is "rub", expected an ISO 4217 code in capitals, such as RUB, or XTR
    shop.timezone (kiosk.toml) is "Europe Moscow", expected an IANA name, such as Europe/Moscow or UTC
    shop.terms (kiosk.toml) is a table with de, expected a text, or one for each language: { en = "…", ru = "…" }
    checkout.methods (kiosk.toml) is "yookassa", expected stars or telegram-card: this version takes Stars and cards by Telegram
    checkout.require (KIOSK_CHECKOUT__REQUIRE) is "phone", expected a list of words, such as ["phone"]
    checkout.hold_minutes (kiosk.toml) is a fraction, expected a whole number from 1 to 1440
    log.filter (KIOSK_LOG__FILTER) is "a=b=c", expected error, warn, info, debug or trace, or by part: "info,kiosk::store=debug"
    log.format (KIOSK_LOG__FORMAT) is "xml", expected text or json
    log.level (KIOSK_LOG__LEVEL) is unknown
    shop.nmae (kiosk.toml) is unknown, did you mean shop.name?
    shpo (kiosk.toml) is unknown, did you mean shop?
    "#);
}

#[test]
fn an_empty_list_of_methods_and_wrong_types_are_told() {
    let told = problems(
        "[checkout]\nmethods = []\nhold_minutes = true\n[shop]\nname = 7\n[telegram]\ntoken = 7\nmode = []",
        &[],
    );
    insta::assert_snapshot!(told.join("\n"), @r#"
    telegram.token (kiosk.toml) is a number, expected the token from @BotFather, such as 123456:ABC…
    telegram.mode (kiosk.toml) is a list, expected polling or webhook
    shop.name (kiosk.toml) is 7, expected a text of 1 to 64 characters
    checkout.hold_minutes (kiosk.toml) is true, expected a whole number from 1 to 1440
    checkout.methods (kiosk.toml) is empty, expected at least one
    "#);
}

#[test]
fn a_webhook_needs_a_secret_and_an_address_that_telegram_reaches() {
    let mode = ("KIOSK_TELEGRAM__MODE", "webhook");
    let told = problems("", &[mode]);
    insta::assert_snapshot!(told.join("\n"), @r"
    telegram.mode is webhook, and telegram.webhook_secret is not set: make one with `openssl rand -hex 32`, and set KIOSK_TELEGRAM__WEBHOOK_SECRET to it for every process
    telegram.mode is webhook, and web.public_url is not set: set it to the https address under which Telegram reaches this shop, such as https://shop.example.com
    ");
    let secret = ("KIOSK_TELEGRAM__WEBHOOK_SECRET", "hunter2-hunter2");
    let address = |url| ("KIOSK_WEB__PUBLIC_URL", url);
    for right in [
        "https://shop.example.com",
        "https://shop.example.com:8443/shop",
    ] {
        let config = with("", &[mode, secret, address(right)]).unwrap();
        assert_eq!(config.telegram.mode, Mode::Webhook);
    }
    for (wrong, why) in [
        ("http://shop.example.com", "not https"),
        ("https://shop.example.com:8080", "443, 80, 88 and 8443"),
        ("https://[2001:db8::1]", "IPv4 only"),
    ] {
        let told = problems("", &[mode, secret, address(wrong)]);
        assert!(told.len() == 1 && told[0].contains(why), "{told:?}");
        assert!(!told[0].contains("hunter2"), "{told:?}");
        // A Bot API server of one's own takes what it takes.
        let own = ("KIOSK_TELEGRAM__API_URL", "http://127.0.0.1:8081");
        assert!(with("", &[mode, secret, address(wrong), own]).is_ok());
    }
    let long = "x".repeat(257);
    let told = problems("", &[mode, ("KIOSK_TELEGRAM__WEBHOOK_SECRET", &long)]);
    assert!(
        told[0].contains("1 to 256") && !told[0].contains("xxx"),
        "{told:?}"
    );
}

#[test]
fn each_way_into_the_cabinet_can_be_closed() {
    use crate::shop::access::Way;
    const LOGIN: &str = "KIOSK_CABINET__LOGIN";
    let config = Config::from_sources(None, []).unwrap();
    assert_eq!(config.cabinet.login, [Way::Link, Way::App]);
    let closed = with("", &[(LOGIN, "[]")]).unwrap().cabinet;
    assert!(Way::ALL.into_iter().all(|way| !closed.allows(way)));
    for way in Way::ALL {
        let list = format!("[\"{way}\"]");
        let needs = [
            ("KIOSK_CABINET__TELEGRAM_CLIENT_ID", "4242"),
            ("KIOSK_CABINET__TELEGRAM_CLIENT_SECRET", "hunter2-hunter2"),
            ("KIOSK_WEB__PUBLIC_URL", "https://shop.example.com"),
            (LOGIN, list.as_str()),
        ];
        let open = with("", &needs).unwrap();
        assert_eq!(open.cabinet.login, [way]);
        assert!(!format!("{open:?}").contains("hunter2"));
    }
    let told = problems("[cabinet]\nlogin = ['telegram']", &[]);
    insta::assert_snapshot!(told.join("\n"), @r"
    cabinet.login has telegram, and cabinet.telegram_client_id or cabinet.telegram_client_secret is not set: get both from @BotFather (Bot Settings, Web Login), or take telegram out
    cabinet.login has telegram, and web.public_url is not set: Telegram sends customers back to an address under it
    ");
    // Telegram's older widget is none of them, whatever an older list of settings says.
    let told = problems("[cabinet]\nlogin = ['link', 'widget']", &[]);
    insta::assert_snapshot!(told.join("\n"), @r#"cabinet.login (kiosk.toml) is "widget", expected link or telegram or app or password or phone or email"#);
    let told = problems(
        "[cabinet]\nlogin = ['magic']\ntelegram_client_secret = 'hunter2 hunter2'",
        &[],
    );
    insta::assert_snapshot!(told.join("\n"), @r#"
    cabinet.login (kiosk.toml) is "magic", expected link or telegram or app or password or phone or email
    cabinet.telegram_client_secret (kiosk.toml) is a text of 15 characters, expected the client secret from @BotFather
    "#);
}

#[test]
fn a_secret_is_never_repeated() {
    let secret = "hunter2-hunter2";
    let wrong = problems(
        "[telegram]\nwebhook_secret = 'hunter2-hunter2 !'",
        &[
            ("KIOSK_TELEGRAM__TOKEN", secret),
            ("KIOSK_TELEGRAM__TOKNE", secret),
            ("KIOSK_SECRETS__MASTER_KEY", secret),
            (
                "KIOSK_DATABASE__URL",
                "postgres://kiosk:hunter2-hunter2@host:port/kiosk",
            ),
        ],
    );
    assert_eq!(wrong.len(), 5, "{wrong:?}");
    assert!(!wrong.join("\n").contains("hunter2"), "{wrong:?}");
    let broken = problems("[telegram]\ntoken = 'hunter2-hunter2", &[]);
    assert_eq!(broken.len(), 1);
    assert!(broken[0].starts_with("kiosk.toml, line 2: "), "{broken:?}");
    assert!(!broken[0].contains("hunter2"), "{broken:?}");

    let right = with(
        "",
        &[
            ("KIOSK_TELEGRAM__TOKEN", "1:hunter2-hunter2"),
            ("KIOSK_TELEGRAM__WEBHOOK_SECRET", secret),
            ("KIOSK_TELEGRAM__PROVIDER_TOKEN", secret),
            (
                "KIOSK_DATABASE__URL",
                "postgres://kiosk:hunter2-hunter2@host/kiosk",
            ),
        ],
    )
    .unwrap();
    let shown = format!("{right:?}");
    assert!(!shown.contains("hunter2"), "{shown}");
}

#[test]
fn postgresql_needs_a_master_key_and_sqlite_makes_one() {
    let url = ("KIOSK_DATABASE__URL", "postgres://kiosk@host/kiosk");
    let missing = with("", &[url]).unwrap().master_key().unwrap_err();
    assert!(matches!(missing, MasterKeyError::Missing));
    let key = (
        "KIOSK_SECRETS__MASTER_KEY",
        "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
    );
    assert!(with("", &[url, key]).unwrap().master_key().is_ok());
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}", folder.path().join("kiosk.db").display());
    let config = with("", &[("KIOSK_DATABASE__URL", &url)]).unwrap();
    assert!(config.master_key().is_ok());
    assert!(folder.path().join("kiosk.db.key").exists());
}

#[test]
fn a_named_file_must_be_there() {
    let told = Config::load(Some(Path::new("/nowhere/kiosk.toml"))).unwrap_err();
    assert!(
        told.to_string()
            .starts_with("can't read /nowhere/kiosk.toml: ")
    );
}

mod contacts;
