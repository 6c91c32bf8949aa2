//! `kiosk init`: the first settings and a sample catalogue. It asks on a terminal, and overwrites nothing.

use std::fmt::Write as _;
use std::fs::OpenOptions;
use std::io::{IsTerminal, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use console::Term;

use super::{Failure, Outcome};
use crate::config::{self, Config};
use crate::i18n::Zone;
use crate::shop::money::Currency;

const CATALOGUE: &str = include_str!("../../config/sample-catalogue.toml");
const CATALOGUE_FILE: &str = "catalogue.toml";
/// The settings may hold the bot's token.
const PRIVATE: u32 = 0o600;
const PUBLIC: u32 = 0o644;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The folder of the shop [default: the working folder]
    #[arg(long, default_value = ".", hide_default_value = true)]
    dir: PathBuf,
    /// The name that customers see
    #[arg(long)]
    name: Option<String>,
    /// The currency in which sums are told to you, such as RUB
    #[arg(long)]
    currency: Option<Currency>,
    /// Whom customers can talk to, such as @zeta
    #[arg(long)]
    support: Option<String>,
    /// Where your clocks are, such as Europe/Moscow
    #[arg(long)]
    timezone: Option<String>,
    /// Ask nothing, also on a terminal
    #[arg(long)]
    yes: bool,
}

/// What goes into the settings.
#[derive(Debug)]
struct Answers {
    name: String,
    token: String,
    currency: String,
    support: String,
    timezone: String,
}

pub(super) fn run(args: &Args) -> Result<Outcome, Failure> {
    let settings = args.dir.join(config::FILE);
    let catalogue = args.dir.join(CATALOGUE_FILE);
    for file in [&settings, &catalogue] {
        if file.exists() {
            return Err(format!(
                "{} is there already, and nothing was changed: move it away, or choose another folder with --dir",
                file.display()
            )
            .into());
        }
    }
    let answers = answers(args)?;
    let text = settings_text(&answers);
    // What was typed may be no setting: nothing is written then.
    let name = settings.display().to_string();
    let config = Config::from_sources(Some((&name, &text)), [])?;
    config.shop.timezone.parse::<Zone>()?;
    std::fs::create_dir_all(&args.dir)
        .map_err(|error| format!("can't make the folder {}: {error}", args.dir.display()))?;
    write(&settings, &text, PRIVATE)?;
    write(&catalogue, CATALOGUE, PUBLIC)?;
    Ok(Outcome::complete(hint(
        args, &answers, &settings, &catalogue,
    )))
}

fn write(path: &Path, text: &str, mode: u32) -> Result<(), Failure> {
    let failed = |error| format!("can't write {}: {error}", path.display());
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(mode)
        .open(path)
        .map_err(failed)?;
    Ok(file.write_all(text.as_bytes()).map_err(failed)?)
}

fn answers(args: &Args) -> Result<Answers, Failure> {
    let given = |value: &Option<String>, otherwise: &str| {
        value.clone().unwrap_or_else(|| otherwise.to_owned())
    };
    let mut answers = Answers {
        name: given(&args.name, "My shop"),
        token: String::new(),
        currency: args
            .currency
            .map_or("RUB".to_owned(), |currency| currency.to_string()),
        support: given(&args.support, ""),
        timezone: given(&args.timezone, "UTC"),
    };
    let term = Term::stderr();
    if args.yes || !std::io::stdin().is_terminal() || !term.is_term() {
        return Ok(answers);
    }
    term.write_line("A few questions; Enter takes what stands in brackets.")?;
    if args.name.is_none() {
        ask(&term, "The shop's name", &mut answers.name)?;
    }
    term.write_str("The bot's token from @BotFather, not shown [later]: ")?;
    term.read_secure_line()?
        .trim()
        .clone_into(&mut answers.token);
    if args.currency.is_none() {
        ask(&term, "The currency of your sums", &mut answers.currency)?;
        answers.currency = answers.currency.to_uppercase();
    }
    if args.support.is_none() {
        ask(
            &term,
            "Whom customers can write to, such as @your_name",
            &mut answers.support,
        )?;
    }
    if args.timezone.is_none() {
        ask(
            &term,
            "Your time zone, such as Europe/Moscow",
            &mut answers.timezone,
        )?;
    }
    Ok(answers)
}

/// Asks for a value; an empty answer leaves it.
fn ask(term: &Term, question: &str, value: &mut String) -> std::io::Result<()> {
    let otherwise = if value.is_empty() {
        "nobody"
    } else {
        value.as_str()
    };
    term.write_str(&format!("{question} [{otherwise}]: "))?;
    let answer = term.read_line()?;
    if !answer.trim().is_empty() {
        answer.trim().clone_into(value);
    }
    Ok(())
}

fn settings_text(answers: &Answers) -> String {
    let quoted = |text: &str| toml::Value::String(text.to_owned()).to_string();
    let mut text = String::from(
        "# The settings of your shop. What is not here has a default. The environment is stronger than this file:\n\
         # KIOSK_SECTION__KEY, such as KIOSK_TELEGRAM__TOKEN. `kiosk check` proves them.\n\n[telegram]\n\
         # The bot's token, from @BotFather. Whoever has it has the bot: keep this file to yourself.\n",
    );
    let Answers {
        name,
        token,
        currency,
        support,
        timezone,
    } = answers;
    // Writing to a String can't fail.
    let _ = write!(
        text,
        "token = {}\n\n[staff]\n# Telegram ids of the owners. While it is empty, `kiosk run` prints a link that makes its first opener the owner.\n\
         owners = []\n\n[database]\n# A file beside this one. PostgreSQL, for several processes: postgres://USER:PASSWORD@HOST/DATABASE\n\
         url = \"sqlite://kiosk.db\"\n\n[shop]\n# The name that customers see.\nname = {}\n\
         # The currency in which amounts are summed up for you.\ncurrency = {}\n\
         # Where your day begins at midnight, such as Europe/Moscow.\ntimezone = {}\n\
         # What /support and /paysupport answer. Telegram requires it of a bot that takes payments.\nsupport = {}\n\
         # Your terms of sale and your privacy policy, or links to them.\nterms = \"\"\nprivacy = \"\"\n\n[checkout]\n\
         # How customers may pay. Telegram allows only Stars for digital goods sold in a bot.\nmethods = [\"stars\"]\n",
        quoted(token),
        quoted(name),
        quoted(currency),
        quoted(timezone),
        quoted(support),
    );
    text
}

fn hint(args: &Args, answers: &Answers, settings: &Path, catalogue: &Path) -> String {
    let mut text = format!(
        "written: {}, {}\n\nnext:\n",
        settings.display(),
        catalogue.display()
    );
    let mut number = 0;
    let mut step = |what: &str| {
        number += 1;
        // Writing to a String can't fail.
        let _ = writeln!(text, "  {number}. {what}");
    };
    if args.dir != Path::new(".") {
        step(&format!("cd {}", args.dir.display()));
    }
    if answers.token.is_empty() {
        step("ask @BotFather for a bot, and put its token into kiosk.toml");
    }
    step("kiosk check                             what is still missing");
    step("kiosk import catalogue catalogue.toml   after you have changed it to what you sell");
    step("kiosk import keys zeta-month keys.txt   a key on each line");
    step("kiosk run                               opens the shop, and prints the owner's link");
    text
}
