//! `kiosk import catalogue`, `kiosk import keys` and `kiosk import file`.

use std::fmt::Write;
use std::fs::File;
use std::io::{IsTerminal, Read};
use std::path::{Path, PathBuf};

use indicatif::{ProgressBar, ProgressStyle};

use super::{Failure, Outcome};
use crate::config::Config;
use crate::shop::catalogue::file::{self, Format, Photos, Problem};
use crate::shop::catalogue::import as catalogue;
use crate::shop::downloads::import as files;
use crate::shop::keys::import as keys;
use crate::shop::vault::Vault;

/// The name of the standard input.
const STDIN: &str = "-";

#[derive(Debug, clap::Subcommand)]
pub(super) enum Command {
    /// Add and change products; those that the file does not name stay
    Catalogue {
        /// A .toml or .csv file
        #[arg(value_parser = catalogue_file)]
        file: PathBuf,
    },
    /// Add keys to a product's stock, a line each; those that are there already are skipped
    Keys {
        /// The product's id
        product: String,
        /// A text file, or - for the standard input
        file: PathBuf,
    },
    /// Make a file what customers of a product download, in the place of an older one
    File {
        /// The product's id
        product: String,
        /// The file, or - for the standard input
        file: PathBuf,
        /// The name under which customers save it; without it, its own
        #[arg(long)]
        name: Option<String>,
    },
}

fn catalogue_file(name: &str) -> Result<PathBuf, String> {
    let path = PathBuf::from(name);
    if Format::of(&path).is_none() {
        return Err("expected a file whose name ends in .toml or .csv".to_owned());
    }
    Ok(path)
}

pub(super) async fn run(command: Command, config: &Config) -> Result<Outcome, Failure> {
    match command {
        Command::Catalogue { file } => import_catalogue(&file, config).await,
        Command::Keys { product, file } => import_keys(&product, &file, config).await,
        Command::File {
            product,
            file,
            name,
        } => import_file(&product, &file, name, config).await,
    }
}

fn unreadable(path: &Path, error: &std::io::Error) -> Failure {
    format!("can't read {}: {error}", path.display()).into()
}

async fn import_catalogue(path: &Path, config: &Config) -> Result<Outcome, Failure> {
    let bytes = std::fs::read(path).map_err(|error| unreadable(path, &error))?;
    let format = Format::of(path).ok_or("expected a .toml or .csv file")?;
    let nothing = |problems: Vec<Problem>| -> Failure {
        let mut text = format!("{}: nothing is imported", path.display());
        for problem in problems {
            text = text + "\n" + &problem.to_string();
        }
        text.into()
    };
    let file = file::parse(&bytes, format).map_err(nothing)?;
    let photos = Photos::beside(path, &file).map_err(nothing)?;
    let store = super::open(config).await?;
    let report = catalogue::import(&store, file, photos).await;
    store.close().await;
    match report {
        Ok(report) => Ok(Outcome::complete(catalogue_text(&report))),
        Err(catalogue::ImportError::Unfit(problems)) => Err(nothing(problems)),
        Err(error) => Err(error.into()),
    }
}

/// What an import did, for people. Categories and families are told of where there are any.
fn catalogue_text(report: &catalogue::Report) -> String {
    let mut text = String::new();
    changes_text("products", &report.products, &mut text);
    let groups = [
        ("categories", &report.categories),
        ("families", &report.families),
    ];
    for (what, changes) in groups {
        if *changes != catalogue::Changes::default() {
            changes_text(what, changes, &mut text);
        }
    }
    if !report.archived.is_empty() {
        text += &named("products that are archived, and stay so", &report.archived);
    }
    text
}

fn changes_text(what: &str, changes: &catalogue::Changes, text: &mut String) {
    let mut line = |line: String| {
        *text += &line;
        text.push('\n');
    };
    line(format!(
        "{what} added: {}, changed: {}, unchanged: {}",
        changes.added.len(),
        changes.changed.len(),
        changes.unchanged
    ));
    for slug in &changes.added {
        line(format!("  {slug}: new"));
    }
    let shown = |value: &Option<String>| {
        value
            .as_ref()
            .map_or("nothing".to_owned(), |v| format!("{v:?}"))
    };
    for changed in &changes.changed {
        for field in &changed.fields {
            let (old, new) = (shown(&field.old), shown(&field.new));
            line(format!("  {}: {} {old} → {new}", changed.slug, field.name));
        }
    }
    if changes.moved > 0 {
        line(format!(
            "{what} with another place in the list: {}",
            changes.moved
        ));
    }
    if !changes.not_in_file.is_empty() {
        let left = format!("{what} that are not in the file, and stay");
        *text += &named(&left, &changes.not_in_file);
    }
}

fn named(what: &str, slugs: &[String]) -> String {
    format!("{what}: {} ({})\n", slugs.len(), slugs.join(", "))
}

async fn import_keys(product: &str, path: &Path, config: &Config) -> Result<Outcome, Failure> {
    let (from, bytes) = source(path)?;
    let master = config.master_key()?;
    let store = super::open(config).await?;
    let vault = Vault::open(&store, &master).await?;
    let bar = std::io::stderr().is_terminal().then(|| progress_bar(bytes));
    let report = keys::import(&store, &vault, product, from, |at| {
        if let Some(bar) = &bar {
            bar.set_position(at.bytes);
            bar.set_message(format!("{} keys added", at.added));
        }
    })
    .await;
    if let Some(bar) = &bar {
        bar.finish_and_clear();
    }
    store.close().await;
    let report = report?;
    Ok(Outcome {
        text: keys_text(product, &report),
        is_complete: report.refused == 0,
    })
}

/// What a path holds, and how many bytes that is if it can be told.
fn source(path: &Path) -> Result<(Box<dyn Read + Send>, Option<u64>), Failure> {
    if path.as_os_str() == STDIN {
        return Ok((Box::new(std::io::stdin()), None));
    }
    let file = File::open(path).map_err(|error| unreadable(path, &error))?;
    let meta = file.metadata().map_err(|error| unreadable(path, &error))?;
    Ok((Box::new(file), meta.is_file().then_some(meta.len())))
}

async fn import_file(
    product: &str,
    path: &Path,
    name: Option<String>,
    config: &Config,
) -> Result<Outcome, Failure> {
    let folder = config.files().ok_or(
        "downloads.folder is not set, and a shop on PostgreSQL needs one: set it to a folder that every process of the shop \
         sees",
    )?;
    let (from, bytes) = source(path)?;
    let name = match (name, path.file_name().and_then(|name| name.to_str())) {
        (Some(name), _) => name,
        (None, Some(name)) if name != STDIN => name.to_owned(),
        (None, _) => {
            return Err("say with --name under which name customers save it".into());
        }
    };
    let store = super::open(config).await?;
    let bar = std::io::stderr().is_terminal().then(|| progress_bar(bytes));
    let shown = bar.clone();
    let report = files::import(&store, &folder, product, &name, from, move |copied| {
        if let Some(bar) = &shown {
            bar.set_position(copied);
        }
    })
    .await;
    if let Some(bar) = &bar {
        bar.finish_and_clear();
    }
    store.close().await;
    let report = report.map_err(|error| match error {
        files::ImportError::Read(_) | files::ImportError::Empty => {
            format!("{}: {error}", path.display()).into()
        }
        error => Failure::from(error),
    })?;
    let mut text = match report.change {
        files::Change::First => format!("{product} has its file now, and can be bought: "),
        files::Change::Another => {
            format!("{product} has another file now, for those who have bought it already, too: ")
        }
        files::Change::None => format!("{product} has this file already: "),
    };
    let digest: String = report
        .digest
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    // Writing to a String can't fail.
    let _ = write!(text, "{name}, {} bytes, SHA-256 {digest}", report.size);
    if config.web.public_url.is_none() {
        text += "\nbut web.public_url is not set: nobody can buy it until customers reach the shop's pages";
    }
    Ok(Outcome::complete(text))
}

fn progress_bar(bytes: Option<u64>) -> ProgressBar {
    let (bar, template) = match bytes {
        Some(bytes) => (
            ProgressBar::new(bytes),
            "{bar:40} {bytes}/{total_bytes} {msg}, {eta} left",
        ),
        None => (ProgressBar::new_spinner(), "{spinner} {bytes} {msg}"),
    };
    // A template that can't be read leaves the bar in its plain style.
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style);
    }
    bar
}

fn keys_text(product: &str, report: &keys::Report) -> String {
    let mut text = format!("keys added to {product}: {}\n", report.added);
    let lists = [
        (
            "lines that repeat an earlier line",
            &report.duplicates_in_file,
        ),
        ("lines that the shop has already", &report.already_known),
    ];
    // Writing to a String can't fail.
    for (what, lines) in lists.into_iter().filter(|(_, lines)| lines.count > 0) {
        let numbers: Vec<String> = lines.first.iter().map(u64::to_string).collect();
        let more = if lines.count > lines.first.len() as u64 {
            ", …"
        } else {
            ""
        };
        let _ = writeln!(
            text,
            "{what}: {} (line {}{more})",
            lines.count,
            numbers.join(", ")
        );
    }
    if report.empty > 0 {
        let _ = writeln!(text, "empty lines: {}", report.empty);
    }
    if report.refused > 0 {
        let _ = writeln!(text, "lines that are no keys: {}", report.refused);
        for (line, why) in &report.refused_lines {
            let _ = writeln!(text, "  line {line}: {why}");
        }
        if report.refused > report.refused_lines.len() as u64 {
            text.push_str("  …\n");
        }
    }
    text
}
