//! The rows as they stand in the documentation.

use serde_json::json;

/// Above this share of the machine the emulator is part of what is measured.
const VOID: f64 = 0.4;

/// A row of the table.
pub struct Row {
    pub what: String,
    pub aim: &'static str,
    pub found: String,
    pub met: bool,
    /// The emulator's share of the machine's processors, where it matters.
    pub share: Option<f64>,
}

impl Row {
    /// Whether the emulator took too much for the figure to mean anything.
    fn is_void(&self) -> bool {
        self.share.is_some_and(|share| share > VOID)
    }

    fn verdict(&self) -> &'static str {
        match (self.is_void(), self.met) {
            (true, _) => "void",
            (false, true) => "yes",
            (false, false) => "no",
        }
    }

    fn share_text(&self) -> String {
        let share = self.share.map(|share| format!("{:.0} %", share * 100.0));
        share.unwrap_or_default()
    }

    pub fn markdown(&self) -> String {
        let (share, verdict) = (self.share_text(), self.verdict());
        format!(
            "| {} | {} | {} | {verdict} | {share} |",
            self.what, self.aim, self.found
        )
    }

    pub fn json(&self) -> String {
        let row = json!({
            "what": self.what, "aim": self.aim, "found": self.found, "verdict": self.verdict(), "share": self.share,
        });
        row.to_string()
    }
}

/// What stands above the rows.
pub const HEAD: &str = "| what | aim | found | reached | emulator's share |\n|---|---|---|---|---|";
