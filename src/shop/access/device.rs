//! What is kept of the device that somebody logs in with: enough for its owner to know it again, too little to follow it.

use std::net::IpAddr;

/// Characters of a browser's name that are kept.
const AGENT: usize = 120;

/// A device, as coarse as it is kept.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Device {
    /// Its network: see [`network`].
    pub address: Option<String>,
    /// What its browser calls itself, cut off.
    pub agent: Option<String>,
}

impl Device {
    /// The device behind a request. `ip` is the client's own, not a proxy's.
    pub fn seen(ip: Option<IpAddr>, agent: Option<&str>) -> Self {
        let agent = agent.map(|agent| {
            let shown = agent.chars().filter(|letter| !letter.is_control());
            shown.take(AGENT).collect::<String>()
        });
        Self {
            address: ip.map(network),
            agent: agent.filter(|agent| !agent.is_empty()),
        }
    }
}

/// The network of an address: its first 24 bits in IPv4, its first 56 in IPv6, such as `203.0.113.0/24`.
pub fn network(ip: IpAddr) -> String {
    match ip.to_canonical() {
        IpAddr::V4(ip) => {
            let [a, b, c, _] = ip.octets();
            format!("{a}.{b}.{c}.0/24")
        }
        IpAddr::V6(ip) => {
            let mut octets = ip.octets();
            octets[7..].fill(0);
            format!("{}/56", std::net::Ipv6Addr::from(octets))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_device_is_kept_coarse() {
        for (ip, want) in [
            ("203.0.113.77", "203.0.113.0/24"),
            ("::ffff:203.0.113.77", "203.0.113.0/24"),
            ("2001:db8:1:2345:6:7:8:9", "2001:db8:1:2300::/56"),
        ] {
            assert_eq!(network(ip.parse().unwrap()), want);
        }
        let longest = "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff".parse().unwrap();
        assert!(network(longest).len() <= 43);
        let device = Device::seen(None, Some(&format!("Fire\r\nfox\0{}", "я".repeat(500))));
        let agent = device.agent.unwrap();
        assert!(agent.starts_with("Firefoxя") && agent.chars().count() == AGENT);
        assert_eq!(Device::seen(None, Some("\0")), Device::default());
    }
}
