//! What `kiosk check` says of VK: what is missing so that codes reach somebody there.

use crate::on_both_engines;
use crate::support::child::{Ended, command, run};

/// The line with these words.
fn line(done: &Ended, words: &str) -> String {
    let found = done.out.lines().find(|line| line.contains(words));
    found
        .unwrap_or_else(|| panic!("{words:?}: {}{}", done.out, done.err))
        .to_owned()
}

on_both_engines! {
    async fn a_check_says_what_vk_lacks(db: TestDb) {
        let check = async |vars: &[(&str, &str)]| {
            let mut command = command(&db);
            command.arg("check").envs(vars.iter().copied());
            run(command, "").await
        };
        let none = check(&[]).await;
        assert!(!none.out.lines().any(|it| it.contains(" vk ")), "{}", none.out);
        let sender = [
            ("KIOSK_PHONE__SENDER__VK__KIND", "vk"),
            ("KIOSK_PHONE__SENDER__VK__TOKEN", "hunter2"),
            ("KIOSK_PHONE__SENDER__VK__API_URL", "http://127.0.0.1:9"),
        ];
        let application = ("KIOSK_VK_ID__CLIENT_ID", "51234567");
        let url = ("KIOSK_WEB__PUBLIC_URL", "https://shop.example.com");
        let community = ("KIOSK_VK_ID__COMMUNITY", "https://vk.ru/my_shop");
        for (vars, words) in [
            ([&sender[..], &[url]].concat(), "nobody can link a VK account"),
            ([&sender[..], &[application]].concat(), "web.public_url is not: VK"),
            ([&sender[..], &[application, url, ("KIOSK_CABINET__LOGIN", "[]")]].concat(), "cabinet.login is empty"),
            ([&sender[..], &[application, url]].concat(), "vk_id.community is not set"),
        ] {
            let told = line(&check(&vars).await, words);
            assert!(told.starts_with("warning  vk "), "{told}");
        }
        let well = check(&[&sender[..], &[application, url, community]].concat()).await;
        let told = line(&well, "/cabinet/vk/back");
        assert!(told.starts_with("ok       vk ") && told.contains("https://shop.example.com/cabinet/vk/back"), "{told}");
        assert!(!well.out.contains("hunter2"), "{}", well.out);
    }
}
