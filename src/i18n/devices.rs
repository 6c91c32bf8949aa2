//! Devices, and the ways by which they log in, as people call them.

use super::clean;
use crate::shop::access::Way;

/// The text that says how a way to log in is called.
pub fn way(way: Way) -> &'static str {
    match way {
        Way::Link => "safety-by-link",
        Way::Telegram => "safety-by-telegram",
        Way::App => "safety-by-app",
        Way::Password => "safety-by-password",
        Way::Phone => "safety-by-phone",
        Way::Email => "safety-by-email",
    }
}

/// What a browser calls itself, for people: which one on which system, if we know it, or all that it says.
pub fn browser(agent: &str) -> String {
    // Each calls itself by the names of those before it, too: the order counts.
    const BROWSERS: [(&str, &str); 7] = [
        ("YaBrowser", "Yandex Browser"),
        ("Edg", "Edge"),
        ("OPR", "Opera"),
        ("Firefox", "Firefox"),
        ("Telegram", "Telegram"),
        ("Chrome", "Chrome"),
        ("Safari", "Safari"),
    ];
    const SYSTEMS: [(&str, &str); 6] = [
        ("Android", "Android"),
        ("iPhone", "iPhone"),
        ("iPad", "iPad"),
        ("Windows", "Windows"),
        ("Mac OS X", "macOS"),
        ("Linux", "Linux"),
    ];
    let named = |names: &[(&str, &'static str)]| {
        let found = names.iter().find(|(word, _)| agent.contains(word));
        found.map(|(_, name)| *name)
    };
    match (named(&BROWSERS), named(&SYSTEMS)) {
        (Some(browser), Some(system)) => format!("{browser}, {system}"),
        _ => clean(agent),
    }
}

/// A neighbourhood for people, who don't count in bits: `203.0.113.*` for `203.0.113.0/24`.
pub fn network(address: &str) -> String {
    match address.strip_suffix(".0/24") {
        Some(start) => format!("{start}.*"),
        None => address
            .split_once("::/")
            .map_or_else(|| address.to_owned(), |(start, _)| format!("{start}:*")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_browser_is_called_as_people_call_it() {
        let chrome = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Safari/537.36";
        let yandex = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/138.0 YaBrowser/25.8 Safari/537.36";
        let iphone = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1";
        for (agent, name) in [
            (chrome, "Chrome, Linux"),
            (yandex, "Yandex Browser, Windows"),
            (iphone, "Safari, iPhone"),
            ("curl/8", "curl/8"),
        ] {
            assert_eq!(browser(agent), name);
        }
    }

    #[test]
    fn a_neighbourhood_is_written_as_people_read_it() {
        assert_eq!(network("203.0.113.0/24"), "203.0.113.*");
        assert_eq!(network("2001:db8:1::/56"), "2001:db8:1:*");
        assert_eq!(network("elsewhere"), "elsewhere");
    }
}
