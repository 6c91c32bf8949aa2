//! What `kiosk check` says of the accounts, the log sender's door, and that nothing secret is told anywhere.

use kiosk::senders::settings::{
    Channel, Encryption, GatewaySettings, MailAccount, Settings, VkSettings, WhatsappSettings,
};
use kiosk::senders::{BadSenders, Finding, build, probe};
use kiosk::shop::confirmations::senders::Carried;
use kiosk::shop::texts::Language;
use secrecy::SecretString;

use super::mail::confirm;
use super::{around, code_to, nobody, phone_account};
use crate::on_both_engines;
use crate::support::child::{Ended, command, run};
use crate::support::log::Log;
use crate::support::phones::Fault;
use crate::support::phones::gateway::{self, Gateway};
use crate::support::phones::vk::{self, Vk};
use crate::support::phones::whatsapp::{self, Graph};
use crate::support::smtp::{LOGIN, Smtp};

fn secret(text: &str) -> SecretString {
    SecretString::from(text.to_owned())
}

fn told(finding: &Finding) -> String {
    match &finding.trouble {
        None => format!("ok {}: {}", finding.account, finding.found),
        Some(trouble) => {
            let verdict = if trouble.is_fatal { "WRONG" } else { "warning" };
            format!(
                "{verdict} {}: {} → {}",
                finding.account, finding.found, trouble.mend
            )
        }
    }
}

#[tokio::test]
async fn each_account_is_tried_and_what_is_wrong_is_told_with_its_mend() {
    let (smtp, gateway, graph, vk) = tokio::join!(
        Smtp::start(Encryption::Implicit),
        Gateway::start(),
        Graph::start(),
        Vk::start()
    );
    let channels = |token: &str| {
        let gateway = GatewaySettings {
            api_url: gateway.provider().url(),
            token: secret(if token.is_empty() {
                gateway::TOKEN
            } else {
                token
            }),
            username: None,
        };
        let whatsapp = WhatsappSettings {
            api_url: graph.provider().url(),
            version: whatsapp::VERSION.to_owned(),
            token: secret(if token.is_empty() {
                whatsapp::TOKEN
            } else {
                token
            }),
            number_id: whatsapp::NUMBER.to_owned(),
            template: whatsapp::TEMPLATE.to_owned(),
            languages: vec!["ru".to_owned()],
            app_secret: None,
            verify_token: None,
        };
        let vk = VkSettings {
            api_url: vk.provider().url(),
            token: secret(if token.is_empty() { vk::TOKEN } else { token }),
        };
        [
            Channel::Gateway(gateway),
            Channel::Whatsapp(whatsapp),
            Channel::Vk(vk),
        ]
        .map(phone_account)
    };
    let settings = Settings {
        mail: vec![smtp.account("main")],
        phone: channels("").to_vec(),
        ..nobody()
    };
    let findings = probe(&settings, &around()).await;
    let lines: Vec<String> = findings.iter().map(told).collect();
    assert_eq!(
        lines[0],
        format!("ok mail:main: localhost:{} takes the login", smtp.port())
    );
    assert_eq!(lines[1], "ok gateway:main: the token is taken");
    assert!(
        lines[2].starts_with("warning whatsapp:main: the token is taken"),
        "{lines:?}"
    );
    assert_eq!(lines[3], "ok vk:main: the token is taken");

    let wrong = MailAccount {
        password: Some(secret("hunter2")),
        ..smtp.account("a")
    };
    let nowhere = MailAccount {
        port: 9,
        ..smtp.account("b")
    };
    let untrusted = MailAccount {
        ca_file: None,
        ..smtp.account("c")
    };
    let settings = Settings {
        mail: vec![wrong, nowhere, untrusted],
        phone: channels("hunter2").to_vec(),
        ..nobody()
    };
    let findings = probe(&settings, &around()).await;
    assert!(
        findings
            .iter()
            .all(|it| it.trouble.as_ref().is_some_and(|it| it.is_fatal)),
        "{findings:?}"
    );
    let all = findings.iter().map(told).collect::<Vec<_>>().join("\n");
    for words in [
        "mail:a: localhost",
        "refuses the login",
        "close the ports of mail",
        "ca_file",
        "ACCESS_TOKEN_INVALID",
        "error 190",
        "error 5",
    ] {
        assert!(all.contains(words), "{words}: {all}");
    }
    assert!(!all.contains("hunter2"), "{all}");

    // A provider that does not answer proves nothing for or against the token.
    let settings = Settings {
        phone: channels("")[..1].to_vec(),
        ..nobody()
    };
    let broken = serde_json::json!({ "ok": false, "error": "INTERNAL_ERROR" });
    for fault in [
        Fault::Page(502, "<html>"),
        Fault::Answer(500, broken),
        Fault::TooMany(5),
    ] {
        gateway.provider().fail(fault);
        let findings = probe(&settings, &around()).await;
        assert!(
            told(&findings[0]).starts_with("warning gateway:main"),
            "{findings:?}"
        );
    }
    // Nothing was sent all this time.
    assert_eq!(
        gateway.sent().len() + graph.sent().len() + vk.messages().len(),
        0
    );
}

#[tokio::test]
async fn the_log_takes_codes_on_a_machine_for_development_only() {
    let mut settings = Settings {
        phone: vec![phone_account(Channel::Log)],
        ..nobody()
    };
    let refused = build(&settings, &around()).err();
    assert!(
        matches!(refused, Some(BadSenders::Log { .. })),
        "{refused:?}"
    );
    settings.development = true;
    let sender = build(&settings, &around()).unwrap().phone.remove(0);
    assert_eq!(sender.account(), "log:main");
    let carried = sender.carry(&code_to("+79991234567")).await;
    assert_eq!(carried, Carried::Accepted { reference: None });
}

#[tokio::test]
async fn no_log_tells_a_code_a_number_an_address_or_a_secret() {
    // This test's runtime has one thread: all that it runs is heard, by whichever library.
    let (everything, heard) = Log::of_this_thread("trace");
    let (smtp, gateway, vk) = tokio::join!(
        Smtp::start(Encryption::Implicit),
        Gateway::start(),
        Vk::start()
    );
    let channels = [
        Channel::Gateway(GatewaySettings {
            api_url: gateway.provider().url(),
            token: secret(gateway::TOKEN),
            username: None,
        }),
        Channel::Vk(VkSettings {
            api_url: vk.provider().url(),
            token: secret(vk::TOKEN),
        }),
    ];
    let settings = Settings {
        mail: vec![smtp.account("main")],
        phone: channels.map(phone_account).to_vec(),
        ..nobody()
    };
    let senders = build(&settings, &around()).unwrap();
    vk.refuse(901);
    gateway.refuse("PHONE_NUMBER_INVALID");
    for _ in 0..2 {
        for sender in &senders.phone {
            sender.carry(&code_to("+79991234567")).await;
        }
        senders.mail[0].send(&confirm(Language::En)).await;
    }
    let body = gateway::report("1", "read", super::NOW / 1_000);
    let headers = gateway::signed(gateway::TOKEN, super::NOW / 1_000, &body);
    senders.reporters[0].read(&super::post(&headers, &body));
    tracing::info!("the end");
    drop(heard);
    let log = everything.text();
    assert!(log.contains("the end"), "the log is heard");
    for secret in [
        "048291",
        "9991234567",
        "ann@example.com",
        gateway::TOKEN,
        vk::TOKEN,
        LOGIN.1,
        "AbC-_123",
    ] {
        assert!(!log.contains(secret), "{secret}");
    }
}

on_both_engines! {
    async fn the_command_tells_of_accounts_in_lines_of_their_own(db: TestDb) {
        let (smtp, gateway) = tokio::join!(Smtp::start(Encryption::Starttls), Gateway::start());
        let check = async |password: &str| {
            let mut command = command(&db);
            command
                .arg("check")
                .env("KIOSK_MAIL__ACCOUNT__MAIN__HOST", "localhost")
                .env("KIOSK_MAIL__ACCOUNT__MAIN__PORT", smtp.port().to_string())
                .env("KIOSK_MAIL__ACCOUNT__MAIN__ENCRYPTION", "starttls")
                .env("KIOSK_MAIL__ACCOUNT__MAIN__USER", LOGIN.0)
                .env("KIOSK_MAIL__ACCOUNT__MAIN__PASSWORD", password)
                .env("KIOSK_MAIL__ACCOUNT__MAIN__CA_FILE", smtp.ca())
                .env("KIOSK_PHONE__SENDER__TG__KIND", "gateway")
                .env("KIOSK_PHONE__SENDER__TG__API_URL", gateway.provider().url().as_str())
                .env("KIOSK_PHONE__SENDER__TG__TOKEN", gateway::TOKEN);
            run(command, "").await
        };
        let line = |done: &Ended, words: &str| {
            let line = done.out.lines().find(|line| line.contains(words));
            line.unwrap_or_else(|| panic!("{words}: {}{}", done.out, done.err)).to_owned()
        };
        let well = check(LOGIN.1).await;
        assert!(line(&well, "mail:main").starts_with("ok       mail "), "{}", well.out);
        let told = line(&well, "gateway:tg");
        assert!(told.starts_with("warning  phone ") && well.out.contains("web.public_url"), "{}", well.out);
        let wrong = check("hunter2").await;
        let told = line(&wrong, "mail:main");
        assert!(told.starts_with("WRONG    mail ") && told.contains("refuses the login"), "{}", wrong.out);
        assert_eq!(wrong.status, 1);
        for done in [&well, &wrong] {
            for secret in ["hunter2", LOGIN.1, gateway::TOKEN] {
                assert!(!done.out.contains(secret) && !done.err.contains(secret), "{}", done.out);
            }
        }
        // A log sender keeps the shop closed.
        let mut command = command(&db);
        command.arg("check").env("KIOSK_PHONE__SENDER__HERE__KIND", "log");
        let refused = run(command, "").await;
        assert!(refused.status != 0 && refused.err.contains("phone.development"), "{}", refused.err);
    }
}
