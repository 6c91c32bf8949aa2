//! What the settings tell of VK: a community that writes codes reaches whoever has linked VK, and nobody else.

use super::Report;
use crate::app::login::VK_BACK;
use crate::config::Config;
use crate::senders::settings::Channel;

pub(super) fn check(report: &mut Report, config: &Config) {
    let mut accounts = config.senders.phone.iter();
    let writes = accounts.any(|account| matches!(account.channel, Channel::Vk(_)));
    let Some(vk_id) = &config.vk_id else {
        if writes {
            report.warning(
                "vk",
                "a community writes codes, and vk_id.client_id is not set: nobody can link a VK account, so that its codes \
                 reach nobody",
                "make an application at id.vk.ru with the right to the phone number, and set vk_id.client_id to its number",
            );
        }
        return;
    };
    let Some(url) = config.web.public_url.as_ref() else {
        report.warning(
            "vk",
            "vk_id.client_id is set, and web.public_url is not: VK is linked on a page of the cabinet, which is not there",
            "set web.public_url, or take vk_id.client_id out",
        );
        return;
    };
    if config.cabinet.login.is_empty() {
        report.warning(
            "vk",
            "vk_id.client_id is set, and cabinet.login is empty: VK is linked on a page of the cabinet, which is closed",
            "open the cabinet by a way in cabinet.login, or take vk_id.client_id out",
        );
        return;
    }
    if writes && vk_id.community.is_none() {
        report.warning(
            "vk",
            "vk_id.community is not set: who links VK is told to let the community write to them, and not where",
            "set it to the community's page, such as \"https://vk.ru/my_shop\"",
        );
    }
    let mut back = url.clone();
    back.set_path(VK_BACK);
    report.ok(
        "vk",
        format!("customers link VK; the application at id.vk.ru must know the address {back}"),
    );
}
