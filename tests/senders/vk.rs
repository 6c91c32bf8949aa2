//! VK: messages of a community, and VK ID.

use std::time::Duration;

use kiosk::senders::settings::{Channel, PhoneAccount, VkIdSettings, VkSettings};
use kiosk::senders::{Connections, VkId};
use kiosk::shop::access::vk::login::{Back, Kept, VkIdError, VkLogin};
use kiosk::shop::confirmations::senders::Carried;
use kiosk::shop::customers::Phone;
use secrecy::SecretString;
use url::Url;

use super::{code_to, impatient, phone_account, phone_sender};
use crate::support::phones::vk::{self, Came, TOKEN, Vk};
use crate::support::phones::{Fault, Provider};

const PHONE: &str = "+79991234567";

fn account(provider: &Provider, token: &str) -> PhoneAccount {
    phone_account(Channel::Vk(VkSettings {
        api_url: provider.url(),
        token: SecretString::from(token.to_owned()),
    }))
}

#[tokio::test]
async fn a_code_goes_to_the_linked_account_and_a_repeat_of_it_arrives_once() {
    let vk = Vk::start().await;
    vk.permit(501);
    let (sender, reporter) = phone_sender(account(vk.provider(), TOKEN));
    assert!(reporter.is_none(), "VK tells nothing of its messages");
    let code = code_to(PHONE);
    let first = sender.carry(&code).await;
    assert_eq!(
        first,
        Carried::Accepted {
            reference: Some("100".to_owned())
        }
    );
    assert_eq!(sender.carry(&code).await, first);
    let mut next = code_to(PHONE);
    next.number = 78;
    assert_ne!(sender.carry(&next).await, first);
    let messages = vk.messages();
    assert_eq!(messages.len(), 2);
    assert_eq!(messages[0].user, 501);
    assert!(
        messages[0]
            .text
            .starts_with("048291 — ваш код в магазине Ключи & Co."),
        "{messages:?}"
    );
    // Zero is no number to VK.
    next.number = 0;
    assert!(matches!(
        sender.carry(&next).await,
        Carried::Accepted { .. }
    ));

    let mut nobody = code_to(PHONE);
    nobody.to.vk_user = None;
    assert!(sender.can_reach(&code.to) && !sender.can_reach(&nobody.to));
    assert!(matches!(
        sender.carry(&nobody).await,
        Carried::NotReachable(_)
    ));
    let mut stranger = code_to(PHONE);
    stranger.to.vk_user = Some(502);
    assert!(matches!(
        sender.carry(&stranger).await,
        Carried::NotReachable(_)
    ));
}

#[tokio::test]
async fn each_error_says_what_to_do_next_and_repeats_nothing() {
    let vk = Vk::start().await;
    let (sender, _) = phone_sender(account(vk.provider(), TOKEN));
    let class = |carried: &Carried| match carried {
        Carried::Accepted { .. } => "accepted",
        Carried::NotReachable(_) => "next",
        Carried::Busy { .. } => "busy",
        Carried::Misconfigured(_) => "mend",
        Carried::Unknown(_) => "unknown",
    };
    for (code, expected) in [
        (901, "next"),
        (902, "next"),
        (900, "next"),
        (936, "next"),
        (943, "next"),
        (944, "next"),
        (7, "mend"),
        (5, "mend"),
        (15, "mend"),
        (911, "mend"),
        (914, "mend"),
        (983, "mend"),
        (9, "busy"),
        (6, "busy"),
        (14, "busy"),
        (10, "unknown"),
        (950, "unknown"),
        (12_345, "next"),
    ] {
        vk.refuse(code);
        let carried = sender.carry(&code_to(PHONE)).await;
        assert_eq!(class(&carried), expected, "{code}: {carried:?}");
        let shown = format!("{carried:?}");
        assert!(
            !shown.contains("048291") && !shown.contains("token\""),
            "{shown}"
        );
        assert!(!shown.contains(TOKEN), "{shown}");
    }
    for (fault, expected) in [
        (Fault::Page(502, "<html>"), "unknown"),
        (Fault::Page(200, "<html>"), "unknown"),
        (Fault::Cut, "unknown"),
    ] {
        vk.provider().fail(fault.clone());
        let carried = sender.carry(&code_to(PHONE)).await;
        assert_eq!(class(&carried), expected, "{fault:?}: {carried:?}");
    }
    vk.provider().fail(Fault::Hang);
    let silent = impatient(account(vk.provider(), TOKEN));
    assert_eq!(class(&silent.carry(&code_to(PHONE)).await), "unknown");
    let wrong = phone_sender(account(vk.provider(), "vk1.a.other")).0;
    assert_eq!(class(&wrong.carry(&code_to(PHONE)).await), "mend");
}

fn application(id: &vk::VkId, client: &str) -> VkId {
    let connections = Connections::new(Duration::from_secs(10)).unwrap();
    let settings = VkIdSettings {
        url: id.provider().url(),
        client_id: client.to_owned(),
        community: None,
    };
    let redirect = Url::parse("https://shop.example.com/login/vk").unwrap();
    VkId::new(connections, settings, redirect)
}

fn back(came: &Came) -> Back {
    Back {
        code: SecretString::from(came.code.clone()),
        state: SecretString::from(came.state.clone()),
        device_id: came.device_id.clone(),
    }
}

#[tokio::test]
async fn who_logs_in_at_vk_shares_a_confirmed_number() {
    for (shared, expected) in [
        (Some("+7 (999) 123-45-67"), Phone::read(PHONE)),
        (Some("79991234567"), Phone::read(PHONE)),
        (Some(""), None),
        (None, None),
    ] {
        let id = vk::VkId::start(shared).await;
        let application = application(&id, "51234567");
        let kept = Kept::from_chance(&[1; 32], &[2; 32]);
        let came = id.agree(&application.authorize(&kept));
        let person = application.person(&kept, &back(&came)).await.unwrap();
        assert_eq!((person.user, person.phone), (501, expected), "{shared:?}");
        // The code is good once.
        let again = application.person(&kept, &back(&came)).await.unwrap_err();
        assert_eq!(again, VkIdError::Refused("invalid_grant".to_owned()));
    }
}

#[tokio::test]
async fn a_login_of_another_browser_is_nobodys() {
    let id = vk::VkId::start(Some(PHONE)).await;
    let application = application(&id, "51234567");
    let kept = Kept::from_chance(&[1; 32], &[2; 32]);
    let came = id.agree(&application.authorize(&kept));
    let other = Kept::from_chance(&[3; 32], &[2; 32]);
    let stranger = application.person(&other, &back(&came)).await.unwrap_err();
    assert_eq!(stranger, VkIdError::Stranger);
    assert_eq!(id.provider().heard().len(), 0, "VK is not asked");
    // Who stole the code and the state lacks the verifier.
    let thief = Kept::from_chance(&[1; 32], &[4; 32]);
    let refused = application.person(&thief, &back(&came)).await.unwrap_err();
    assert_eq!(refused, VkIdError::Refused("invalid_grant".to_owned()));
}

#[tokio::test]
async fn vk_that_does_not_answer_is_told_from_vk_that_refuses() {
    let id = vk::VkId::start(Some(PHONE)).await;
    let application = application(&id, "51234567");
    let kept = Kept::from_chance(&[1; 32], &[2; 32]);
    for fault in [
        Fault::Page(502, "<html>"),
        Fault::Cut,
        Fault::TooMany(1),
        Fault::Page(200, "<"),
    ] {
        let came = id.agree(&application.authorize(&kept));
        id.provider().fail(fault.clone());
        let error = application.person(&kept, &back(&came)).await.unwrap_err();
        assert!(
            matches!(error, VkIdError::Unavailable(_)),
            "{fault:?}: {error:?}"
        );
    }
    let came = id.agree(&application.authorize(&kept));
    let mut elsewhere = back(&came);
    elsewhere.device_id = "device-2".to_owned();
    let error = application.person(&kept, &elsewhere).await.unwrap_err();
    assert_eq!(error, VkIdError::Refused("invalid_grant".to_owned()));
    assert!(!format!("{error} {kept:?} {elsewhere:?}").contains("vk1.a.secret"));
}
