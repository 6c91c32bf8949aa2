//! What is kept of the device that somebody logs in with: enough for its owner to know it again, too little to follow it.

use std::net::IpAddr;

use crate::shop::throttle::neighbourhood;

/// Characters of a browser's name that are kept.
const AGENT: usize = 120;

/// A device, as coarse as it is kept.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Device {
    /// Its neighbourhood on the network, such as `203.0.113.0/24`.
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
            address: ip.map(neighbourhood),
            agent: agent.filter(|agent| !agent.is_empty()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_device_is_kept_coarse() {
        let device = Device::seen(Some("203.0.113.77".parse().unwrap()), None);
        assert_eq!(device.address.as_deref(), Some("203.0.113.0/24"));
        let longest = "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff".parse().unwrap();
        assert!(neighbourhood(longest).len() <= 43);
        let device = Device::seen(None, Some(&format!("Fire\r\nfox\0{}", "я".repeat(500))));
        let agent = device.agent.unwrap();
        assert!(agent.starts_with("Firefoxя") && agent.chars().count() == AGENT);
        assert_eq!(Device::seen(None, Some("\0")), Device::default());
    }
}
