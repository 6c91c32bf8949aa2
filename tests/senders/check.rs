//! What `kiosk check` says of the accounts, the log sender's door, and that nothing secret is told anywhere.

use kiosk::senders::settings::{
    Channel, Encryption, GatewaySettings, MailAccount, Settings, VkSettings, WhatsappSettings,
};
use kiosk::senders::{BadSenders, Finding, build, probe};
use kiosk::shop::confirmations::senders::Carried;
use secrecy::SecretString;

use super::{around, code_to, nobody, phone_account};
use crate::support::phones::Fault;
use crate::support::phones::gateway::{self, Gateway};
use crate::support::phones::vk::{self, Vk};
use crate::support::phones::whatsapp::{self, Graph};
use crate::support::smtp::Smtp;

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

    // A provider that does not answer proves nothing against the token.
    gateway.provider().fail(Fault::Page(502, "<html>"));
    let settings = Settings {
        phone: channels("")[..1].to_vec(),
        ..nobody()
    };
    let findings = probe(&settings, &around()).await;
    assert!(
        told(&findings[0]).starts_with("warning gateway:main"),
        "{findings:?}"
    );
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
