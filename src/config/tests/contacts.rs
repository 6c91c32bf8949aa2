//! Accounts that carry mails and codes.

use phonenumber::country;

use super::*;
use crate::senders::settings::{Channel, Encryption, Preset};

const FILE: &str = r#"
    [mail.account.main]
    preset = "yandex"
    user = "shop@example.com"
    most_a_day = 40

    [mail.account.own]
    host = "127.0.0.1"
    encryption = "none"
    from = "shop@example.org"

    [phone.sender.main]
    kind = "gateway"
    username = "@my_shop"

    [phone.sender.abroad]
    kind = "whatsapp"
    number_id = "1234567890"
    template = "otp"
    languages = ["ru", "en_US"]
    skip = []

    [phone.sender.wa]
    kind = "whatsapp"
    number_id = "1234567890"
    template = "otp"
"#;
const SECRETS: [(&str, &str); 4] = [
    ("KIOSK_MAIL__ACCOUNT__MAIN__PASSWORD", "hunter2 of an app"),
    ("KIOSK_PHONE__SENDER__MAIN__TOKEN", "hunter2-gateway"),
    ("KIOSK_PHONE__SENDER__ABROAD__TOKEN", "hunter2-whatsapp"),
    ("KIOSK_PHONE__SENDER__WA__TOKEN", "hunter2-whatsapp"),
];

#[test]
fn nobody_carries_anything_unless_it_is_said() {
    let config = with("", &[]).unwrap();
    assert!(config.senders.mail.is_empty() && config.senders.phone.is_empty());
    assert_eq!(config.senders.mail_timeout, Duration::from_secs(10));
    assert!(!config.senders.development && config.vk_id.is_none());
    assert_eq!(config.confirm.default_region, country::RU);
}

#[test]
fn accounts_are_tables_and_their_secrets_are_variables() {
    let more = [
        ("KIOSK_MAIL__ACCOUNT__OWN__PORT", "2525"),
        ("KIOSK_PHONE__SENDER__WA__SKIP", "[\"+1\", \"+44\"]"),
        ("KIOSK_PHONE__SENDER__WA__MOST_A_DAY", "7"),
        ("KIOSK_CONFIRM__DEFAULT_REGION", "KZ"),
        ("KIOSK_VK_ID__CLIENT_ID", "51234567"),
    ];
    let all: Vec<_> = SECRETS.into_iter().chain(more).collect();
    let config = with(FILE, &all).unwrap();
    let [main, own] = config.senders.mail.as_slice() else {
        panic!("two accounts")
    };
    assert_eq!((main.name.as_str(), main.preset), ("main", Preset::Yandex));
    assert_eq!((main.host.as_str(), main.port), ("smtp.yandex.ru", 465));
    assert_eq!(main.from, "shop@example.com");
    assert_eq!(main.most_a_day, Some(40));
    let password = main.password.as_ref().unwrap();
    assert_eq!(password.expose_secret(), "hunter2 of an app");
    assert_eq!((own.preset, own.port), (Preset::Smtp, 2525));
    assert_eq!(own.encryption, Encryption::None);
    assert_eq!((&own.user, own.most_a_day), (&None, None));

    let [abroad, main, wa] = config.senders.phone.as_slice() else {
        panic!("three senders")
    };
    assert_eq!(abroad.skip, Vec::<String>::new());
    assert_eq!(
        (wa.skip.join(" "), wa.most_a_day),
        ("+1 +44".to_owned(), Some(7))
    );
    let Channel::Whatsapp(whatsapp) = &abroad.channel else {
        panic!("{abroad:?}")
    };
    assert_eq!(whatsapp.api_url.as_str(), "https://graph.facebook.com/");
    assert_eq!(whatsapp.language(Language::En), "en_US");
    assert_eq!(whatsapp.language(Language::Ru), "ru");
    let Channel::Gateway(gateway) = &main.channel else {
        panic!("{main:?}")
    };
    assert_eq!(gateway.username.as_deref(), Some("my_shop"));
    assert_eq!(config.confirm.default_region, country::KZ);
    assert_eq!(config.vk_id.as_ref().unwrap().client_id, "51234567");
    let shown = format!("{config:?}");
    assert!(!shown.contains("hunter2"), "{shown}");

    let config = with(FILE, &SECRETS).unwrap();
    let wa = config.senders.phone.last().unwrap();
    assert_eq!(wa.skip.join(" "), "+73 +74 +78 +79");
}

#[test]
fn an_account_can_stand_in_variables_alone() {
    let config = with(
        "",
        &[
            ("KIOSK_MAIL__ACCOUNT__MAIN__PRESET", "mailru"),
            ("KIOSK_MAIL__ACCOUNT__MAIN__USER", "shop@mail.ru"),
            ("KIOSK_MAIL__ACCOUNT__MAIN__PASSWORD", "hunter2"),
            ("KIOSK_MAIL__ACCOUNT__MAIN__ENCRYPTION", "starttls"),
        ],
    );
    let account = config.unwrap().senders.mail.remove(0);
    assert_eq!((account.host.as_str(), account.port), ("smtp.mail.ru", 587));
    assert_eq!(account.most_a_day, Some(200));
}

#[test]
fn each_mistake_in_an_account_names_the_key_and_the_mend() {
    let file = r#"
        [mail]
        timeout = 0
        [mail.account.a]
        preset = "gmail"
        port = 99999
        pasword = "hunter2"
        [mail.account.b]
        preset = "google"
        [mail.account.c]
        [mail.account.d]
        host = "mail.example.com"
        encryption = "none"
        user = "shop"
        password = "hunter2"
        [mail.account.e]
        preset = "yandex"
        user = "shop@example.com"
        most_a_day = "many"
        [mail.account.Shop-1]
        [phone]
        development = "yes"
        sender = [{ kind = "vk" }]
        [confirm]
        default_region = "Russia"
        [vk_id]
        client_id = "my app"
    "#;
    let told = problems(file, &[("KIOSK_MAIL__ACCOUNT__F__PORT", "x")]);
    insta::assert_snapshot!(told.join("\n"), @r#"
    mail.timeout (kiosk.toml) is 0, expected a whole number from 1 to 60
    phone.development (kiosk.toml) is "yes", expected true or false
    mail.account.Shop-1 (kiosk.toml) is a name with other letters, expected 1 to 32 of a to z, 0 to 9 and _
    mail.account.a.preset (kiosk.toml) is "gmail", expected yandex or google or mailru or smtp
    mail.account.a.port (kiosk.toml) is 99999, expected a whole number from 1 to 65535
    mail.account.b.user is not set: google wants the full address
    mail.account.c.host is not set, and the preset smtp knows none
    mail.account.d.encryption is none, and mail.account.d.host is another machine: the password and all links would travel in the open. Set it to implicit (port 465) or starttls (port 587)
    mail.account.d.from is not set, and mail.account.d.user is no address: set it to the one that mails come from
    mail.account.e.most_a_day (kiosk.toml) is "many", expected a whole number from 1 to 10000000
    mail.account.f.port (KIOSK_MAIL__ACCOUNT__F__PORT) is "x", expected a whole number from 1 to 65535
    phone.sender (kiosk.toml) is a list, expected a table for each, such as [phone.sender.main]
    confirm.default_region (kiosk.toml) is "Russia", expected a country in two capitals, such as RU
    vk_id.client_id (kiosk.toml) is "my app", expected the application's number
    mail.account.a.pasword (kiosk.toml) is unknown, did you mean mail.account.a.password?
    "#);
    let file = r#"
        [phone.sender.a]
        kind = "sms"
        [phone.sender.b]
        kind = "gateway"
        [phone.sender.c]
        kind = "whatsapp"
        token = "hunter2"
        skip = ["7"]
        [phone.sender.d]
        kind = "whatsapp"
        token = "hunter2"
        [phone.sender.e]
        kind = "log"
        most_a_day = 0
        [phone.sender]
        f = "gateway"
    "#;
    let more = problems(file, &[]);
    insta::assert_snapshot!(more.join("\n"), @r#"
    phone.sender.f (kiosk.toml) is a text of 7 characters, expected a table, such as [phone.sender.f]
    phone.sender.a.kind (kiosk.toml) is "sms", expected gateway or whatsapp or vk or log
    phone.sender.b.token is not set: take it from the provider, and set KIOSK_PHONE__SENDER__B__TOKEN to it
    phone.sender.c.skip (kiosk.toml) is a list with "7", expected the beginnings of numbers, such as ["+79", "+49"]
    phone.sender.d needs number_id, template and languages: Meta shows the number's id under WhatsApp, API setup, and takes codes in an approved template of the category authentication only
    phone.sender.e.most_a_day (kiosk.toml) is 0, expected a whole number from 1 to 10000000
    "#);
    assert!(!format!("{told:?}{more:?}").contains("hunter2"));
}

#[test]
fn codes_go_to_the_log_on_a_machine_for_development_only() {
    let kind = ("KIOSK_PHONE__SENDER__HERE__KIND", "log");
    let told = problems("", &[kind]);
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].contains("phone.sender.here") && told[0].contains("phone.development"));
    let config = with("", &[kind, ("KIOSK_PHONE__DEVELOPMENT", "true")]).unwrap();
    assert!(matches!(config.senders.phone[0].channel, Channel::Log));
}
